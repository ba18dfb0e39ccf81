"""The layout families, one file each. A layout draws one cover on a canvas from its Style.

Chance decides only what no factor explains. Every layout asks for its random numbers first and in fixed amounts, so
that changing a factor leaves them as they were.
"""

from helpers.sources.synthetic.layouts.emblem import emblem
from helpers.sources.synthetic.layouts.frame import frame
from helpers.sources.synthetic.layouts.grid import grid
from helpers.sources.synthetic.layouts.horizon import horizon
from helpers.sources.synthetic.layouts.pattern import pattern
from helpers.sources.synthetic.layouts.portrait import portrait

DRAW = {"horizon": horizon, "emblem": emblem, "grid": grid, "portrait": portrait, "pattern": pattern, "frame": frame}
