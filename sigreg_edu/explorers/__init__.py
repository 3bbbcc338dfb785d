"""One function per explorer; each returns a widget for a notebook."""

from sigreg_edu.explorers.epps_pulley import (
    aliasing_explorer,
    epps_pulley_explorer,
    null_explorer,
    winding_explorer,
)

#: Every explorer by name, in the order of the notebooks.
GALLERY = {
    "winding": winding_explorer,
    "epps_pulley": epps_pulley_explorer,
    "null": null_explorer,
    "aliasing": aliasing_explorer,
}

__all__ = [
    "GALLERY",
    "aliasing_explorer",
    "epps_pulley_explorer",
    "null_explorer",
    "winding_explorer",
]
