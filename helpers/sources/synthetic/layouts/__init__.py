"""The layout families, one file each. A layout draws one cover on a canvas from its Style.

Chance decides only what no factor explains. Every layout asks for its random numbers first and in fixed amounts, so
that changing a factor leaves them as they were.
"""

from helpers.sources.synthetic.layouts.blur import blur
from helpers.sources.synthetic.layouts.collage import collage
from helpers.sources.synthetic.layouts.emblem import emblem
from helpers.sources.synthetic.layouts.frame import frame
from helpers.sources.synthetic.layouts.gradient import gradients
from helpers.sources.synthetic.layouts.grid import grid
from helpers.sources.synthetic.layouts.group import group
from helpers.sources.synthetic.layouts.horizon import horizon
from helpers.sources.synthetic.layouts.label import label
from helpers.sources.synthetic.layouts.pattern import pattern
from helpers.sources.synthetic.layouts.portrait import portrait
from helpers.sources.synthetic.layouts.silhouette import silhouette
from helpers.sources.synthetic.layouts.type import typographic

DRAW = {
    "horizon": horizon,
    "emblem": emblem,
    "grid": grid,
    "portrait": portrait,
    "pattern": pattern,
    "frame": frame,
    "group": group,
    "silhouette": silhouette,
    "collage": collage,
    "gradient": gradients,
    "type": typographic,
    "label": label,
    "blur": blur,
}
