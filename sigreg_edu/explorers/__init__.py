"""One function per explorer; each returns a widget for a notebook."""

from sigreg_edu.explorers.collapse import (
    conditions_explorer,
    kinds_explorer,
    schedule_explorer,
    sweep_explorer,
)
from sigreg_edu.explorers.epps_pulley import (
    aliasing_explorer,
    epps_pulley_explorer,
    forms_explorer,
    gradient_explorer,
    null_explorer,
    power_explorer,
    winding_explorer,
)
from sigreg_edu.explorers.inspection import inspection_explorer
from sigreg_edu.explorers.shadows import (
    diaconis_freedman_explorer,
    direction_count_explorer,
    shadow2d_explorer,
    shadow3d_explorer,
)
from sigreg_edu.explorers.sigreg import (
    accepts_explorer,
    fresh_or_fixed_explorer,
    outlier_explorer,
    particles_explorer,
    reading_explorer,
    spectrum_explorer,
)
from sigreg_edu.explorers.start_here import embedding_explorer
from sigreg_edu.explorers.training import training_explorer
from sigreg_edu.explorers.vit import (
    digit_views_explorer,
    factors_explorer,
    ranking_explorer,
    stems_explorer,
    vit_replay_explorer,
    vit_sweep_explorer,
    vit_training_explorer,
)

#: Every explorer by name, in the order of the notebooks.
GALLERY = {
    "embedding": embedding_explorer,
    "shadow2d": shadow2d_explorer,
    "shadow3d": shadow3d_explorer,
    "direction_count": direction_count_explorer,
    "diaconis_freedman": diaconis_freedman_explorer,
    "winding": winding_explorer,
    "epps_pulley": epps_pulley_explorer,
    "null": null_explorer,
    "aliasing": aliasing_explorer,
    "power": power_explorer,
    "gradients": gradient_explorer,
    "forms": forms_explorer,
    "particles": particles_explorer,
    "fresh_or_fixed": fresh_or_fixed_explorer,
    "spectrum": spectrum_explorer,
    "accepts": accepts_explorer,
    "outlier": outlier_explorer,
    "reading": reading_explorer,
    "training": training_explorer,
    "kinds": kinds_explorer,
    "conditions": conditions_explorer,
    "sweep": sweep_explorer,
    "schedule": schedule_explorer,
    "digit_views": digit_views_explorer,
    "stems": stems_explorer,
    "vit_training": vit_training_explorer,
    "vit_replay": vit_replay_explorer,
    "factors": factors_explorer,
    "vit_sweep": vit_sweep_explorer,
    "ranking": ranking_explorer,
    "inspection": inspection_explorer,
}

__all__ = [
    "GALLERY",
    "accepts_explorer",
    "aliasing_explorer",
    "conditions_explorer",
    "diaconis_freedman_explorer",
    "digit_views_explorer",
    "direction_count_explorer",
    "embedding_explorer",
    "epps_pulley_explorer",
    "factors_explorer",
    "forms_explorer",
    "fresh_or_fixed_explorer",
    "gradient_explorer",
    "inspection_explorer",
    "kinds_explorer",
    "null_explorer",
    "outlier_explorer",
    "particles_explorer",
    "power_explorer",
    "ranking_explorer",
    "reading_explorer",
    "schedule_explorer",
    "shadow2d_explorer",
    "shadow3d_explorer",
    "spectrum_explorer",
    "stems_explorer",
    "sweep_explorer",
    "training_explorer",
    "vit_replay_explorer",
    "vit_sweep_explorer",
    "vit_training_explorer",
    "winding_explorer",
]
