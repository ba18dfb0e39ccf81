import numpy as np
from PIL import Image

from helpers.sources.synthetic.canvas import Canvas, rectangle
from helpers.sources.synthetic.light import aperture, blur, ring, soft_layer, vignette
from helpers.sources.synthetic.palettes import RGB, brightness, mix
from helpers.sources.synthetic.parts import backdrop, lettering, wave
from helpers.sources.synthetic.people import bust
from helpers.sources.synthetic.style import Style
from helpers.sources.synthetic.wardrobe import choose


def gradients(canvas: Canvas, style: Style, rng: np.random.Generator) -> None:
    """Fields of colour that melt into each other, one quiet mark, and type."""
    u, rough = rng.random(8), rng.random((4, 24))
    inks = (style.light, style.main, style.accent, style.deep, style.ground)
    layer = soft_layer(style.ground)
    backdrop(layer, style, rng)
    turned = layer.within(0, 1, style.tilt)
    fields = {"mesh": _mesh, "glass": _glass, "sunset": _sunset, "rings": _rings}
    fields[choose(style.genre, fields, u[0])](turned, style, inks, rough)
    if u[1] < 0.35:
        vignette(layer, style.deep, 0.7)
    canvas.paint(layer.image)
    canvas = canvas.within(0, 1, style.tilt)
    below = u[6] < 0.65
    centre = complex(0.5 + style.offset, (0.35 if below else 0.55) + 0.15 * u[2])
    size = (0.3 + 0.25 * u[3]) * style.scale
    under = canvas.brightness(centre - size / 4 * (1 + 1j), centre + size / 4 * (1 + 1j))
    pens = mix(style.light, (255, 255, 255), 0.5), mix(style.deep, (0, 0, 0), 0.4)
    pen = max(pens, key=lambda ink: abs(brightness(ink) - under))
    if style.figure:
        side = (0.8 + 0.2 * u[4]) * style.scale
        corner = complex(0.5 + style.offset - side / 2, 1.04 - side)
        bust(canvas.within(corner, side), style, "silhouette" if u[5] < 0.5 else "print", rng)
    else:
        _mark(canvas, centre, size, pen, u[4], style)
    align = ("left", "centre", "right")[int(3 * u[7])]
    lettering(canvas, style, 0.95 if below else 0.05, align, rise=below)


def _mark(canvas: Canvas, centre: complex, size: float, pen: RGB, kind: float, style: Style) -> None:
    """A thin ring, a small disc, a line, or a far ridge."""
    if kind < 0.35:
        canvas.polygon(ring(centre, size, 0.012), pen)
    elif kind < 0.6:
        canvas.polygon(aperture(centre, 0.6 * size, style.curvature), pen)
    elif kind < 0.75:
        canvas.polygon(rectangle(centre - size - 0.006j, 2 * size, 0.012), pen)
    else:
        x = np.linspace(-0.3, 1.3, 97)
        rise = 0.09 * (1 - 0.5 * np.abs(x - 0.5)) * wave(x, kind, style.frequency / 2, style.curvature)
        crest = x + 1j * (0.78 - rise)
        canvas.polygon(np.append(crest, [1.4 + 1.4j, -0.4 + 1.4j]), mix(style.deep, (0, 0, 0), 0.3))


def _blobs(layer: Canvas, style: Style, inks: tuple[RGB, ...], rough: np.ndarray) -> None:
    """Patches of colour: the more energy the more of them, the more danceable the rounder and softer."""
    for k in range(2 * style.shapes):
        at = complex(1.2 * rough[0, k] - 0.1, 1.2 * rough[1, k] - 0.1)
        width = (0.4 + 0.4 * rough[2, k]) * (1.3 - 0.05 * style.shapes)
        layer.polygon(aperture(at, width, style.curvature, 6 * rough[3, k]), inks[k % 5])
    blur(layer, 0.01 + 0.06 * style.curvature)


def _mesh(layer: Canvas, style: Style, inks: tuple[RGB, ...], rough: np.ndarray) -> None:
    """Patches that melt into each other, with folds as in silk."""
    _blobs(layer, style, inks, rough)
    x, folds = np.linspace(-0.3, 1.3, 65), round(style.frequency)
    silk = Canvas(layer.image.copy(), layer.origin, layer.scale)
    for k in range(-1, folds + 1):
        crest = x + 1j * ((k + 0.5) / folds + 0.06 * wave(x, rough[0, 0], 1 + style.frequency / 4, style.curvature))
        silk.polygon(np.append(crest, crest[::-1] + 0.5j / folds), (style.light, style.deep)[k % 2])
    blur(silk, 0.15 / folds)
    layer.image.paste(Image.blend(layer.image, silk.image, 0.35))


def _glass(layer: Canvas, style: Style, inks: tuple[RGB, ...], rough: np.ndarray) -> None:
    """Patches seen through reeded glass."""
    _blobs(layer, style, inks, rough)
    side, reeds = layer.image.width, round(1.3 * style.frequency) + 1
    seen = layer.image.copy()
    edges = [round(k * side / reeds) for k in range(reeds + 1)]
    for left, right in zip(edges, edges[1:], strict=False):
        box = (max(left - 12, 0), 0, min(right + 12, side), side)
        layer.image.paste(seen.resize((right - left, side), box=box), (left, 0))


def _sunset(layer: Canvas, style: Style, inks: tuple[RGB, ...], rough: np.ndarray) -> None:
    """Layers of colour one before the other, each paler towards its edge."""
    bands = round(1.2 * style.frequency) + 1
    x = np.linspace(-0.3, 1.3, 65)
    for k in range(bands):
        height = (k + 0.6 + 0.6 * style.irregularity * (rough[0, k] - 0.5)) / bands
        crest = 0.6 * wave(x, rough[1, k], 1 + style.frequency / 4, style.curvature) / bands
        ink = _along(inks[: 2 + style.shapes // 3], k / bands)
        for step in range(3):
            top = x + 1j * (height + crest + 0.4 * step / bands)
            layer.polygon(np.append(top, [1.5 + 1.5j, -0.5 + 1.5j]), mix(mix(ink, style.light, 0.55), ink, step / 2))
    blur(layer, 0.012)


def _rings(layer: Canvas, style: Style, inks: tuple[RGB, ...], rough: np.ndarray) -> None:
    """Rings of soft colour around a light."""
    rings = round(style.frequency) + 1
    centre = complex(0.5 + style.offset, 0.45)
    for k in range(rings):
        width = 1.5 * style.scale * (1 - (k + 0.8 * style.irregularity * (rough[0, k] - 0.5)) / rings)
        ink = _along(inks[: 2 + style.shapes // 3], 1 - k / rings)
        for step in range(3):
            outline = aperture(centre, width - 0.5 * step / rings, style.curvature)
            layer.polygon(outline, mix(mix(ink, style.deep, 0.35), ink, step / 2))
    blur(layer, 0.015)


def _along(inks: tuple[RGB, ...], share: float) -> RGB:
    """The colour at `share`, 0 to 1, of the way from the first ink to the last."""
    place = share * (len(inks) - 1)
    k = min(int(place), len(inks) - 2)
    return mix(inks[k], inks[k + 1], place - k)
