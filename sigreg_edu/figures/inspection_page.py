"""The report of ``sigreg-edu inspect``: one page of HTML that needs no other file, no network."""

from __future__ import annotations

import base64
from html import escape
from string import Template

from sigreg_edu import __version__
from sigreg_edu.figures.base import ExplorerFigure
from sigreg_edu.figures.inspection import InspectionFigure, SearchedFigure
from sigreg_edu.training.inspection import BROKEN, NOTABLE, Inspection
from sigreg_edu.views.inspection import (
    ADVICE,
    HEALTHY,
    UNEXPLAINED,
    InspectionView,
    Shadow,
    inspection_view_of,
    kind_name,
    sentences,
)
from sigreg_edu.views.sample import p_in_words

PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Inspection: $title</title>
<style>
body { font: 17px/1.5 "DejaVu Sans", "Segoe UI", Helvetica, Arial, sans-serif; color: #222;
       max-width: 980px; margin: 2em auto; padding: 0 1em; background: #fff; }
h1 { font-size: 1.5em; margin-bottom: 0; } h2 { font-size: 1.2em; margin-top: 2em; }
.verdict { font-size: 1.3em; font-weight: bold; border-left: 8px solid $colour;
           padding: 0.2em 0.7em; }
img { max-width: 100%; height: auto; }
table { border-collapse: collapse; } td, th { padding: 0.3em 1em 0.3em 0; text-align: left;
border-bottom: 1px solid #ddd; vertical-align: top; }
footer { color: #666; margin: 3em 0 1em; border-top: 1px solid #ddd; padding-top: 1em; }
@media print { body { font-size: 11pt; margin: 0; } }
</style>
</head>
<body>
<h1>Inspection of embeddings</h1>
<p>$title</p>
<p class="verdict">$verdict</p>
$summary
<h2>What T / N comes from</h2>
<table>
<tr><th>kind</th><th>T / N</th><th></th><th>what to do</th></tr>
$effects
</table>
<p>T / N is what a shadow's statistic is worth for each row, whatever their number: 0 for a shadow
that is N(0, 1), 0.402 for one that is a single point at 0. From $notable on it is worth a look,
from $broken on something is broken. Each row tells it as if all else were well.</p>
<h2>All sides</h2>
<p><img src="data:image/png;base64,$picture" alt="$alternative"></p>
<p>1: mean and standard deviation of each coordinate. 2: standard deviation along the principal
axes. 3: the table above; the dotted lines are its two bars. 4: T / N along random directions, with
what samples of N(0, I) have on average. 5: the drawn rows along the worst of these. 6: along the
worst direction that a search found, rows that the search did not see. Dashes: what N(0, I) has.</p>
<h2>Worst directions</h2>
<p><img src="data:image/png;base64,$searched" alt="The directions of the table below."></p>
<table>
<tr><th>direction</th><th>T / N beyond the floor, rows not seen</th><th>p</th>
<th>the same, rows searched</th></tr>
$directions
</table>
<p>Half of $drawn drawn rows was searched, the other half tested. What a search finds looks bad on
the rows that it searched even in pure noise; the other half tells. For shape alone the searched
half was whitened and the tested shadow standardized: neither place nor width nor tilt counts. The
rows must not know each other: of several views of one image take one (--rows), or a view of the
tested half has its twin in the searched one, and the test is void.</p>
<footer>sigreg_edu $version. Nothing in this page is loaded from elsewhere.</footer>
</body>
</html>
""")


def inspection_page(found: Inspection, *, title: str) -> str:
    """Return the report as HTML.

    Args:
        found: from :func:`sigreg_edu.training.inspect_embeddings`.
        title: what was looked at.

    >>> import torch
    >>> from sigreg_edu.training import inspect_embeddings
    >>> z = torch.randn(500, 2, generator=torch.Generator().manual_seed(0))
    >>> page = inspection_page(inspect_embeddings(z), title="<z>")
    >>> "&lt;z&gt;" in page, "healthy" in page, "<script" in page
    (True, True, False)
    """
    view = inspection_view_of(found)
    names = [kind_name(kind, found) for kind in found.kinds]
    otherwise = UNEXPLAINED if found.effect >= NOTABLE and not found.remarks else HEALTHY
    return PAGE.substitute(
        title=escape(title),
        verdict=escape((", ".join(names) or otherwise).capitalize()),
        colour="#009E73" if not names and otherwise == HEALTHY else "#D55E00",
        summary="\n".join(f"<p>{escape(text)}</p>" for text in sentences(found)),
        effects="\n".join(_effect_row(kind, found) for kind in found.effects),
        notable=f"{NOTABLE:g}",
        broken=f"{BROKEN:g}",
        picture=_picture(InspectionFigure(), view),
        alternative=escape(view.readout, quote=True),
        searched=_picture(SearchedFigure(), view),
        directions="\n".join(_direction_rows(view)),
        drawn=f"{len(found.rows):,}",
        version=__version__,
    )


def _picture(figure: ExplorerFigure, view: InspectionView) -> str:
    figure.set_pixel_ratio(2.0)
    figure.update(view)
    return base64.b64encode(figure.png()).decode("ascii")


def _effect_row(kind: str, found: Inspection) -> str:
    judged = (
        "broken" if kind in found.kinds else "worth a look" if kind in found.remarks else "fine"
    )
    advice = escape(ADVICE[kind]) if judged != "fine" else ""
    effect = found.effects[kind]
    return (
        f"<tr><td>{escape(kind_name(kind, found))}</td><td>{effect:.3g}</td>"
        f"<td>{judged}</td><td>{advice}</td></tr>"
    )


def _direction_rows(view: InspectionView) -> list[str]:
    several = {"as they are": view.worst, "shape alone": view.shapes}
    return [
        f"<tr><td>{what}, {i}</td><td>{shadow.effect:.3g}</td><td>{_p(shadow)}</td>"
        f"<td>{shadow.searched_effect:.3g}</td></tr>"
        for what, shadows in several.items()
        for i, shadow in enumerate(shadows, 1)
    ]


def _p(shadow: Shadow) -> str:
    return escape(p_in_words(shadow.p_value).removeprefix("p ").removeprefix("= "))
