"""People: their looks, head and shoulders, and full length.

Outlines are drawn for a head in the middle of the unit square, x to the right of its axis and y downwards.
"""

from dataclasses import dataclass

import numpy as np

from helpers.sources.synthetic.canvas import Canvas, ellipse, rectangle, smooth
from helpers.sources.synthetic.palettes import RGB, mix
from helpers.sources.synthetic.style import Style
from helpers.sources.synthetic.wardrobe import choose

SKINS = ((243, 211, 184), (236, 193, 160), (222, 167, 128), (196, 134, 94), (146, 93, 61), (95, 60, 44))
NATURAL_HAIR = ((22, 17, 17), (38, 26, 22), (74, 46, 30), (120, 72, 38), (205, 165, 105), (196, 192, 188))


def _mirrored(*right: complex, bend: bool = True) -> np.ndarray:
    """A symmetric outline from its right half, top to bottom: a curve, or straight lines."""
    points = [*right, *(complex(-z.real, z.imag) for z in reversed(right))]
    return smooth(points, per_segment=4) if bend else np.array(points)


_FACES = {
    "oval": _mirrored(0.09 + 0.16j, 0.168 + 0.32j, 0.148 + 0.5j, 0.052 + 0.645j),
    "square": _mirrored(0.1 + 0.16j, 0.172 + 0.32j, 0.16 + 0.51j, 0.085 + 0.635j),
    "heart": _mirrored(0.1 + 0.16j, 0.176 + 0.32j, 0.138 + 0.5j, 0.03 + 0.65j),
}

_FALLING = _mirrored(0.07j, 0.17 + 0.12j, 0.235 + 0.3j, 0.25 + 0.6j, 0.27 + 0.9j, 0.1 + 0.95j)
_WAVY = _mirrored(0.06j, 0.2 + 0.12j, 0.25 + 0.34j, 0.34 + 0.52j, 0.28 + 0.66j, 0.36 + 0.84j, 0.16 + 0.92j)
_CHIN_LONG = _mirrored(0.07j, 0.18 + 0.12j, 0.245 + 0.32j, 0.265 + 0.58j, 0.14 + 0.62j)
_AFRO = ellipse(0.3j, 0.64, 0.56)
_CURLS = smooth([0.3j + r * np.exp(2j * np.pi * k / 18) for k, r in enumerate((0.3, 0.25) * 9)], per_segment=4)
_LOCKS = _mirrored(0.06j, 0.2 + 0.12j, 0.26 + 0.34j, 0.35 + 0.68j, 0.28 + 0.72j, 0.25 + 0.5j, 0.25 + 0.79j,
                   0.18 + 0.79j, 0.18 + 0.5j, bend=False)  # fmt: skip
_BUN = ellipse(0.03j, 0.2, 0.17)
_TAIL = smooth([0.1 + 0.14j, 0.3 + 0.1j, 0.4 + 0.35j, 0.34 + 0.75j, 0.27 + 0.5j, 0.2 + 0.28j])
_TAILS = (_TAIL, np.conj(-_TAIL))
_CAP_OF_HAIR = _mirrored(0.065j, 0.14 + 0.1j, 0.2 + 0.24j, 0.185 + 0.42j)

_BANGS = _mirrored(0.075j, 0.13 + 0.1j, 0.195 + 0.24j, 0.192 + 0.48j, 0.165 + 0.33j, 0.08 + 0.315j)
_PARTED = smooth([-0.19 + 0.46j, -0.195 + 0.24j, -0.1 + 0.09j, 0.08j, 0.12 + 0.1j, 0.195 + 0.24j, 0.19 + 0.5j,
                  0.15 + 0.32j, 0.02 + 0.17j, -0.09 + 0.25j, -0.155 + 0.33j], per_segment=4)  # fmt: skip
_CURTAIN = _mirrored(0.1j, 0.1 + 0.05j, 0.21 + 0.18j, 0.2 + 0.4j, 0.14 + 0.36j, 0.05 + 0.22j, 0.01 + 0.16j)
_SWEEP = smooth([-0.19 + 0.4j, -0.21 + 0.2j, -0.12 + 0.05j, 0.06 + 0.035j, 0.2 + 0.13j, 0.195 + 0.4j, 0.165 + 0.28j,
                 0.08 + 0.22j, -0.1 + 0.29j, -0.16 + 0.3j], per_segment=4)  # fmt: skip
_QUIFF = smooth([-0.175 + 0.35j, -0.18 + 0.2j, -0.2 + 0.05j, 0.02 - 0.03j, 0.17 + 0.06j, 0.18 + 0.35j, 0.14 + 0.21j,
                 -0.1 + 0.2j], per_segment=4)  # fmt: skip
_CROP = _mirrored(0.085j, 0.12 + 0.11j, 0.18 + 0.25j, 0.168 + 0.36j, 0.13 + 0.23j, 0.05 + 0.2j)
_BEARD = _mirrored(0.54j, 0.09 + 0.51j, 0.165 + 0.42j, 0.16 + 0.55j, 0.08 + 0.675j, 0.7j)
_CROWN = _mirrored(0.06j, 0.13 + 0.055j, 0.175 + 0.23j)
_VISOR = smooth([-0.15 + 0.225j, 0.05 + 0.215j, 0.3 + 0.24j, 0.36 + 0.29j, 0.2 + 0.285j, -0.1 + 0.265j], per_segment=4)
_BEANIE = _mirrored(0.015j, 0.12 + 0.05j, 0.195 + 0.25j, 0.09 + 0.265j)

# Hair behind the shoulders' front, and hair before the face.
_HAIRDOS = {
    "long": ([_FALLING], [_PARTED]),
    "straight": ([_FALLING], [_BANGS]),
    "wavy": ([_WAVY], [_PARTED]),
    "bob": ([_CHIN_LONG], [_BANGS]),
    "tails": ([*_TAILS, _CAP_OF_HAIR], [_BANGS]),
    "bun": ([_BUN], [_CROP]),
    "afro": ([_AFRO], [_CROP]),
    "curls": ([_CURLS], [_CROP]),
    "curtain": ([_CAP_OF_HAIR], [_CURTAIN]),
    "sweep": ([_CAP_OF_HAIR], [_SWEEP]),
    "quiff": ([], [_QUIFF]),
    "crop": ([], [_CROP]),
    "beard": ([], [_CROP, _BEARD]),
    "hat": ([], [_CROP]),
    "beanie": ([_CHIN_LONG], [_CROP]),
    "cap": ([], [_CROP]),
    "locks": ([_LOCKS], [_CURTAIN]),
    "mane": ([_WAVY], [_PARTED, _BEARD]),
}
_HEADGEAR = {"hat": [ellipse(0.225j, 0.58, 0.1), _CROWN], "beanie": [_BEANIE], "cap": [_CROWN, _VISOR]}

_SHOULDERS = _mirrored(0.12 + 0.745j, 0.3 + 0.79j, 0.46 + 0.9j, 0.6 + 1.5j)
_NECK = _mirrored(0.09 + 0.5j, 0.092 + 0.7j, 0.15 + 0.79j, bend=False)
_TOP = _mirrored(0.99j, 0.19 + 0.95j, 0.23 + 0.775j, 0.3 + 0.79j, 0.34 + 1.0j, 0.4 + 1.5j, bend=False)
_ROLL = _mirrored(0.1 + 0.66j, 0.14 + 0.8j, bend=False)
_VEE = np.array([-0.11 + 0.72j, 0.11 + 0.72j, 0.98j])
_COLLAR = np.array([0.1 + 0.7j, 0.2 + 0.78j, 0.1 + 0.92j, 0.01 + 0.82j])
_LAPEL = np.array([0.12 + 0.74j, 0.24 + 0.79j, 0.2 + 0.95j, 0.02 + 1.2j])
_HOOD = _mirrored(0.62j, 0.2 + 0.66j, 0.27 + 0.8j, 0.12 + 0.88j)

_LID = smooth([-0.04 + 0.404j, -0.006 + 0.376j, 0.038 + 0.391j, 0.004 + 0.417j], per_segment=4)
_EYE = smooth([-0.029 + 0.408j, -0.004 + 0.392j, 0.027 + 0.401j, 0.003 + 0.415j], per_segment=4)
_IRIS = ellipse(0.402j, 0.026, 0.03)[::4]
_BROW = np.array([-0.045 + 0.357j, 0.01 + 0.342j, 0.048 + 0.357j, 0.01 + 0.355j])
_RIM, _LENS = ellipse(0.405j, 0.135, 0.1)[::2], ellipse(0.405j, 0.105, 0.072)[::2]
_BRIDGE = rectangle(-0.15 + 0.375j, 0.3, 0.016)
_NOSE = np.array([0.006 + 0.4j, 0.03 + 0.49j, 0.01 + 0.508j, -0.028 + 0.497j, 0.004 + 0.488j])
_UPPER_LIP = 0.562j + np.array([-0.05, -0.014 - 0.016j, -0.009j, 0.014 - 0.016j, 0.05, 0.004j])
_LOWER_LIP = 0.562j + smooth([-0.045, 0.006j, 0.045, 0.024j], per_segment=4)
_ARC = np.exp(1j * np.pi * np.linspace(1, 2, 17))
_CHAIN = 0.7j + np.append(-0.135 * _ARC.real - 0.3j * _ARC.imag, (0.1 * _ARC.real - 0.25j * _ARC.imag))
_BAND = 0.33j + np.append(0.235 * _ARC, 0.205 * _ARC[::-1])

EXTRAS = ("none", "none", "none", "sunglasses", "glasses", "headphones", "earrings", "chain")
WEAR = ("crew", "vee", "collar", "jacket", "roll", "bare", "hood")


@dataclass(frozen=True)
class Looks:
    """A person's colours and shapes.

    Attributes:
        skin, shade, hair, cloth, trim, lips: colours; shade is skin in shadow.
        face, hairdo, wear, extra: which outline; extra is one of EXTRAS.
        width: of the face, 1 on average.
        turn: 0 to 0.07, how far the face looks to its lit side.
        side: 1 if the light comes from the left, -1 if from the right.
    """

    skin: RGB
    shade: RGB
    hair: RGB
    cloth: RGB
    trim: RGB
    lips: RGB
    face: str
    hairdo: str
    wear: str
    extra: str
    width: float
    turn: float
    side: int


def make_looks(style: Style, manner: str, u: np.ndarray) -> Looks:
    """Looks from ten numbers between 0 and 1, to the taste of the genre.

    `manner` is "natural" (skin as it is, hair as it is or dyed), "print" (the palette's colours) or "silhouette"
    (one colour).
    """
    inks = (style.main, style.accent, style.deep, style.light)
    if manner == "silhouette":
        skin = shade = lips = hair = mix(style.deep, (0, 0, 0), 0.4)
        cloth, trim = mix(hair, style.main, 0.3), mix(hair, style.main, 0.15)
    elif manner == "print":
        k = int(6 * u[1])
        skin, hair = style.light, (style.deep, style.deep, style.deep, style.deep, style.main, style.accent)[k]
        cloth, trim = (style.accent, style.main) if k == 4 or u[2] < 0.3 else (style.main, style.accent)
        shade = mix(skin, style.deep if k < 4 else hair, 0.45)
        lips = style.accent if u[2] < 0.7 else style.deep
    else:
        skin = mix(SKINS[int(len(SKINS) * u[1])], style.light, 0.1)
        natural = mix(NATURAL_HAIR[int(len(NATURAL_HAIR) * u[0] ** 1.5)], style.deep, 0.3)
        dyed = choose(style.genre, ("undyed", "undyed", "dyed"), u[2]) == "dyed"
        hair = inks[int(64 * u[2]) % 4] if dyed else natural
        cloth, trim = inks[int(4 * u[6])], inks[(int(4 * u[6]) + 1 + int(3 * u[7])) % 4]
        shade = mix(skin, mix(style.deep, (60, 25, 20), 0.4), 0.42)
        lips = mix(shade, (196, 44, 62), 0.6)
    return Looks(
        skin, shade, hair, cloth, trim, lips,
        face=tuple(_FACES)[int(len(_FACES) * u[3])],
        hairdo=choose(style.genre, _HAIRDOS, u[4]),
        wear=choose(style.genre, WEAR, u[5]),
        extra=choose(style.genre, EXTRAS, u[8]),
        width=0.88 + 0.22 * u[7],
        turn=0.07 * u[9],
        side=1 if u[6] < 0.5 else -1,
    )  # fmt: skip


def bust(canvas: Canvas, style: Style, manner: str, rng: np.random.Generator) -> None:
    """Head and shoulders filling the canvas, lit from one side; for `manner` see make_looks."""
    draw_bust(canvas, make_looks(style, manner, rng.random(10)))


def draw_bust(canvas: Canvas, looks: Looks) -> None:
    """Head and shoulders filling the canvas."""
    pen = _Pen(canvas, looks.side)
    dark = mix(looks.cloth, looks.shade, 0.35)
    _hair_behind(pen, looks)
    if looks.wear == "hood":
        pen.put(_HOOD, dark)
    pen.put(_SHOULDERS, looks.skin if looks.wear == "bare" else looks.cloth)
    if looks.wear == "bare":
        pen.put(_TOP, looks.cloth)
    elif looks.wear == "jacket":
        pen.put(_VEE, looks.trim)
        for side in (1, -1):
            pen.put(side * _LAPEL.real + 1j * _LAPEL.imag, dark)
    elif looks.wear == "vee":
        pen.put(_VEE, looks.skin)
    elif looks.wear == "crew":
        pen.put(ellipse(0.765j, 0.3, 0.12), looks.trim)
    pen.put(_NECK, looks.shade)
    if looks.wear == "roll":
        pen.put(_ROLL, dark)
    elif looks.wear == "collar":
        for side in (1, -1):
            pen.put(side * _COLLAR.real + 1j * _COLLAR.imag, looks.trim)
    _head(pen, looks)


class _Pen:
    """Draws outlines about the axis of the unit square, mirrored where the light comes from the right."""

    def __init__(self, canvas: Canvas, side: int):
        self.canvas, self.side = canvas, side

    def put(self, points: np.ndarray, colour: RGB, width: float = 1.0, shift: float = 0.0) -> None:
        self.canvas.polygon(0.5 + self.side * (width * points.real + shift) + 1j * points.imag, colour)


def _hair_behind(pen: _Pen, looks: Looks) -> None:
    for points in _HAIRDOS[looks.hairdo][0]:
        pen.put(points, mix(looks.hair, looks.shade, 0.15), looks.width)


def _head(pen: _Pen, looks: Looks) -> None:
    """Face, the hair before it and what is worn on it."""
    face, ink = _FACES[looks.face], mix(looks.shade, (0, 0, 0), 0.75)
    pen.put(face, looks.skin, looks.width)
    edge = 0.07 - looks.turn + 0.028 * np.sin(9 * face.imag)
    pen.put(np.maximum(face.real, edge) + 1j * face.imag, looks.shade, looks.width)
    if looks.skin != looks.shade:
        _features(pen, looks, ink)
    for points in _HAIRDOS[looks.hairdo][1]:
        pen.put(points, looks.hair, looks.width)
    for points in _HEADGEAR.get(looks.hairdo, ()):
        pen.put(points, looks.trim, looks.width)
    if looks.extra == "headphones":
        pen.put(_BAND, looks.trim, looks.width)
        for side in (-1, 1):
            pen.put(ellipse(side * 0.2 + 0.4j, 0.085, 0.15), looks.trim, looks.width)
    elif looks.extra == "chain":
        pen.put(_CHAIN, mix(looks.trim, (240, 190, 70), 0.7))
    elif looks.extra == "earrings":
        for side in (-1, 1):
            pen.put(ellipse(side * 0.175 + 0.53j, 0.035, 0.06), looks.trim, looks.width)


def _features(pen: _Pen, looks: Looks, ink: RGB) -> None:
    """Eyes or glasses, nose and mouth."""
    turn = looks.turn
    pen.put(_NOSE, looks.shade, 1, -turn)
    pen.put(_UPPER_LIP, mix(looks.lips, looks.shade, 0.4), 1 - 2 * turn, -turn)
    pen.put(_LOWER_LIP, looks.lips, 1 - 2 * turn, -turn)
    white = mix(looks.skin, (255, 255, 255), 0.6)
    for side in (-1, 1):
        at = side * 0.075 - turn * (1.15 if side > 0 else 0.85)  # the far eye is nearer the nose
        pen.put(side * _BROW.real + 1j * _BROW.imag, mix(looks.hair, ink, 0.5), 1, at)
        if looks.extra in ("glasses", "sunglasses"):
            pen.put(_RIM, ink, 1, at)
        if looks.extra == "glasses":
            pen.put(_LENS, mix(looks.skin, (255, 255, 255), 0.35), 1, at)
        elif looks.extra != "sunglasses":
            pen.put(side * _LID.real + 1j * _LID.imag, ink, 1, at)
            pen.put(side * _EYE.real + 1j * _EYE.imag, white, 1, at)
        pen.put(_IRIS, ink, 1, at)
    if looks.extra in ("glasses", "sunglasses"):
        pen.put(_BRIDGE, ink, 1, -turn)


def _limb(width: float, *joints: complex) -> np.ndarray:
    """A bent limb through its joints, narrower at the end."""
    z = np.array(joints)
    along = np.gradient(z)
    across = 0.5j * width * along / np.abs(along) * np.linspace(1, 0.7, len(z))
    return np.concatenate([z + across, (z - across)[::-1]])


# Full length: a person one unit tall, standing at 0, the head at the top.
_TORSO = _mirrored(0.035 - 0.855j, 0.115 - 0.82j, 0.125 - 0.77j, 0.08 - 0.62j, 0.098 - 0.5j, 0.03 - 0.42j, bend=False)
_TROUSERS = np.array([0.098 - 0.52j, 0.115 - 0.25j, 0.12 - 0.02j, 0.05 - 0.02j, 0.035 - 0.25j, -0.44j])
_SKIRT = _mirrored(0.085 - 0.62j, 0.165 - 0.37j, bend=False)
_GOWN = _mirrored(0.085 - 0.62j, 0.13 - 0.3j, 0.2 - 0.03j)
_SHOE = ellipse(0.095 - 0.015j, 0.1, 0.045)[::4]
_ARMS = {  # shoulder, elbow and hand
    "down": (0.105 - 0.8j, 0.15 - 0.63j, 0.145 - 0.47j),
    "hip": (0.105 - 0.8j, 0.215 - 0.66j, 0.09 - 0.55j),
    "up": (0.105 - 0.8j, 0.19 - 0.93j, 0.16 - 1.1j),
    "folded": (0.11 - 0.8j, 0.15 - 0.66j, -0.05 - 0.68j),
    "out": (0.105 - 0.8j, 0.24 - 0.73j, 0.35 - 0.82j),
}
_SLEEVES = {name: _limb(0.055, *joints) for name, joints in _ARMS.items()}
_HANDS = {name: joints[-1] + ellipse(0, 0.05, 0.06)[::4] for name, joints in _ARMS.items()}
_POSES = {  # left and right arm
    "hip": ("down", "hip"),
    "lean": ("hip", "down"),
    "plain": ("down", "down"),
    "dance": ("hip", "up"),
    "folded": ("folded", "down"),
    "show": ("out", "hip"),
    "cheer": ("down", "up"),
}
_HELD = {
    "empty": (),
    "guitar": (ellipse(0.09 - 0.5j, 0.24, 0.19)[::4], _limb(0.035, 0.09 - 0.52j, 0.44 - 0.72j)),
    "mic": (rectangle(-0.15 - 0.84j, 0.02, 0.84), ellipse(-0.13 - 0.86j, 0.07, 0.08)[::4]),  # on a stand
}


def standing(
    canvas: Canvas, style: Style, foot: complex, height: float, looks: Looks, pose: float, holds: float
) -> None:
    """A person at full length, to the taste of the genre.

    Of two numbers from 0 to 1, `pose` says where the arms are and whether it is trousers, skirt or gown, and `holds`
    whether there is a guitar or a microphone.
    """
    body = _Pen(canvas.within(foot - height * (0.5 + 1j), height), looks.side)
    head = _Pen(canvas.within(foot - height * (0.13 + 1.018j), 0.26 * height), looks.side)
    left, right = _POSES[choose(style.genre, _POSES, pose)]
    lower = choose(style.genre, ("trousers", "skirt", "gown"), 64 * pose % 1)  # its later digits: another chance
    sleeves = looks.skin if looks.wear in ("bare", "vee") else mix(looks.cloth, looks.shade, 0.2)
    legs = looks.trim if lower == "trousers" else looks.skin

    def put(points: np.ndarray, colour: RGB) -> None:
        body.put(points + 1j, colour)

    _hair_behind(head, looks)
    for points in () if lower == "gown" else (_TROUSERS, -np.conj(_TROUSERS)):
        put(points, legs)
    for points in (_SHOE, -np.conj(_SHOE)):
        put(points, mix(looks.trim, looks.hair, 0.8))
    put(_limb(0.06, -0.84j, -0.9j), looks.shade)
    put(_TORSO, looks.cloth)
    if lower == "gown":
        put(_GOWN, looks.cloth)
    elif lower == "skirt":
        put(_SKIRT, looks.trim)
    for points, colour in ((_HANDS, looks.skin), (_SLEEVES, sleeves)):
        put(points[right], colour)
        put(-np.conj(points[left]), colour)
    for points in _HELD[choose(style.genre, _HELD, holds)]:
        put(points, looks.lips)
    _head(head, looks)
