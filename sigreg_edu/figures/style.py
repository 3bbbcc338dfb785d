"""One look for every figure: what each colour means, and type that a back row can read.

The colours are Okabe and Ito's (https://jfly.uni-koeln.de/color/), which people with the common
forms of colour blindness can tell apart; each has a line style of its own, for a grey print.
"""

from __future__ import annotations

from types import MappingProxyType

DATA = "#0072B2"  # the sample, the embeddings; solid
DATA_SOFT = "#56B4E9"  # the same data seen a second way (imaginary part, another form)
TARGET = "#E69F00"  # the standard Gaussian that SIGReg asks for; dashed
TARGET_INK = "#8A5A00"  # the same orange, dark enough for letters
SLICE = "#009E73"  # the direction looked along, the frequency looked at
FAILURE = "#D55E00"  # the gap to the target, what goes wrong; hatched
OTHER = "#CC79A7"  # a rival method beside ours
INK = "#222222"
GREY = "#767676"
FAINT = "#DDDDDD"

TARGET_LINE = (0, (5, 2))  # dashes
SLICE_LINE = (0, (6, 1.5, 1.2, 1.5))  # dash-dot
SOFT_LINE = (0, (1.2, 1.2))  # dots
HATCH = "////"
#: Behind words that lines may cross.
WHITE_BOX = MappingProxyType({"facecolor": "white", "edgecolor": "none", "pad": 1.5})

#: One marker and colour per class (the ten digits), so that no class rests on its colour alone.
CLASS_COLOURS = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7",
    "#56B4E9", "#663300", "#222222", "#8000E6", "#B3B366",
)  # fmt: skip

#: Matplotlib settings; sizes are in points at 100 dots per inch.
RC = MappingProxyType(
    {
        "font.family": "DejaVu Sans",
        "font.size": 12.5,
        "axes.titlesize": 13.5,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.labelsize": 12.5,
        "axes.edgecolor": GREY,
        "axes.labelcolor": INK,
        "axes.linewidth": 1.0,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "xtick.labelsize": 11.5,
        "ytick.labelsize": 11.5,
        "xtick.color": INK,
        "ytick.color": INK,
        "text.color": INK,
        "lines.linewidth": 2.2,
        "legend.fontsize": 11.5,
        "legend.frameon": False,
        "legend.handlelength": 2.4,
        "hatch.linewidth": 0.8,
        "figure.facecolor": "white",
        "axes.facecolor": "white",
        "savefig.facecolor": "white",
    }
)
