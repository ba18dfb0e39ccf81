"""Print eras and textures of dSleeves: each leaves the mark it is known for, and the picture stays the picture."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from helpers.errors import CourseError
from helpers.sources.synthetic import draw_cover, draw_factors
from helpers.sources.synthetic.eras import PRINT, print_era
from helpers.sources.synthetic.factors import ERAS, TEXTURES, era
from helpers.sources.synthetic.finish import finish
from helpers.sources.synthetic.style import make_style

COVERS = [draw_factors(0, index) for index in range(12)]


def of_era(name, **changes):
    return replace(COVERS[0], year=1950 + 10 * ERAS.index(name), **changes)


def printed(picture, name, seed=0):
    """A picture, uint8 [side, side, 3], in the undiluted print of an era: float [side, side, 3] from 0 to 1."""
    style = make_style(of_era(name), (0.1, 0.2, 0.3))
    chance = np.random.default_rng(seed).random(16, np.float32)
    return PRINT[name](Image.fromarray(picture), style, chance).transpose(1, 2, 0).astype(float)


def textured(picture, texture, grain=0.0, seed=0):
    """A picture, floats [side, side] or [side, side, 3] from 0 to 1, with a texture: [side, side, 3]."""
    planes = np.broadcast_to(picture.reshape(*picture.shape[:2], -1), (*picture.shape[:2], 3)).transpose(2, 0, 1)
    planes = np.ascontiguousarray(planes, np.float32)
    return finish(planes, texture, grain, np.random.default_rng(seed)).transpose(1, 2, 0).astype(float)


def plain(tone, side=64):
    return np.full((side, side), tone)


def flat_picture(*colour, side=64):
    return np.broadcast_to(np.array(colour, np.uint8), (side, side, 3)).copy()


def ramp(side=64):
    """Grey from black on the left to white on the right."""
    steps = np.linspace(0, 255, side).round().astype(np.uint8)
    return np.broadcast_to(steps[None, :, None], (side, side, 3)).copy()


def grey(image):
    return image @ np.array([0.299, 0.587, 0.114])


def saturation(image):
    return (image.max(-1) - image.min(-1)).mean()


def reduced(image, side):
    step = image.shape[0] // side
    return image.reshape(side, step, side, step, 3).mean((1, 3))


# Textures


def test_clean_prints_stay_flat():
    assert np.ptp(textured(plain(0.4), "clean")) == 0


@pytest.mark.parametrize("texture", TEXTURES)
def test_acousticness_roughens_every_texture(texture):
    smooth = textured(plain(0.5), texture)
    amounts = [np.abs(textured(plain(0.5), texture, grain) - smooth).mean() for grain in (0, 0.25, 0.5, 1)]
    assert amounts[0] == 0 and all(np.diff(amounts) > 0)
    assert amounts[-1] > 3 / 255  # what one sees


@pytest.mark.parametrize("texture", TEXTURES[1:])
@pytest.mark.parametrize("side", [32, 64, 65, 512])
def test_textures_show_at_every_size(texture, side):
    mark = np.abs(textured(plain(0.5, side), texture) - 0.5)
    assert mark.shape == (side, side, 3)
    assert 0.003 < mark.mean() < 0.2


@pytest.mark.parametrize("tone", [0.2, 0.4, 0.5, 0.7, 0.85])
def test_halftone_keeps_the_tone_and_grows_dots_in_the_dark(tone):
    image = textured(plain(tone, 512), "halftone")
    assert image.mean() == pytest.approx(tone, abs=0.01)
    assert (image[..., 0] < tone).mean() == pytest.approx(1 - tone, abs=0.03)


@pytest.mark.parametrize("side", [64, 128, 512])
def test_halftone_is_a_screen_at_45_degrees(side):
    spectrum = np.abs(np.fft.fft2(textured(plain(0.5, side), "halftone")[..., 0] - 0.5))[: side // 2, : side // 2]
    down, across = np.unravel_index(spectrum.argmax(), spectrum.shape)
    cycles = 64 / 3.6 / 2**0.5  # along each edge of the cover: 3.6 pixels from dot to dot at 64
    assert down == pytest.approx(cycles, abs=1) and across == pytest.approx(cycles, abs=1)


def test_scanlines_are_every_third_row_of_a_thumbnail():
    image = grey(textured(plain(0.5), "scanlines"))
    assert np.ptp(image, axis=1).max() < 1e-6
    rows = image[:63, 0].reshape(21, 3)
    assert (rows == rows[0]).all() and rows[0].min() < 0.9 * rows[0].max()


def test_film_grain_shows_in_grey_and_not_in_black_or_white():
    rough = {tone: textured(plain(tone), "grain").std() for tone in (0.0, 0.1, 0.5, 0.9, 1.0)}
    assert rough[0.0] < 1e-6 and rough[1.0] < 1e-6
    assert rough[0.5] > 1.5 * rough[0.1] > 0 and rough[0.5] > 1.5 * rough[0.9] > 0


def test_fibres_of_paper_lie_along_the_rows():
    image = textured(plain(0.5), "paper")[..., 0]
    assert np.abs(np.diff(image, axis=1)).mean() < 0.9 * np.abs(np.diff(image, axis=0)).mean()


def test_dust_is_specks_and_the_ring_of_the_record():
    images = np.stack([textured(plain(0.4, 128), "dust", seed=seed)[..., 0] for seed in range(20)])
    changed = np.abs(images - 0.4) > 0.02
    assert 0.02 < changed.mean() < 0.3
    assert images.min() < 0.3 and images.max() > 0.6
    x = (np.arange(128) + 0.5) / 128 - 0.5
    radius = np.hypot(x, x[:, None])
    ring, inside = (abs(radius - 0.45) < 0.02), radius < 0.3
    assert images.mean(0)[ring].mean() > 0.03 + images.mean(0)[inside].mean()


def test_worn_files_show_blocks_and_worn_sleeves_white_edges():
    x = np.linspace(0, 1, 64)
    wavy = 0.4 + 0.25 * np.sin(40 * x * x)[None, :] * np.sin(23 * x)[:, None]
    image = textured(wavy, "worn")[..., 0]
    loss = np.abs(np.diff(image - wavy, axis=1))[8:-8, 8:-8]  # away from the edges; columns 8 to 54
    border = np.arange(8, 55) % 8 == 7
    assert loss[:, border].mean() > 1.3 * loss[:, ~border].mean()
    dark = textured(plain(0.1), "worn")[..., 0]
    assert dark[[0, -1]].mean() > 0.1 + dark[20:44, 20:44].mean()


# Eras


def test_an_era_is_a_decade():
    assert [era(year) for year in (1950, 1959, 1960, 1984, 2029)] == [
        "duotone",
        "duotone",
        "letterpress",
        "neon",
        "mesh",
    ]


def test_duotones_have_two_inks():
    """Colours of two inks and paper lie near a plane: the third axis carries almost nothing, unlike on a flat print."""

    def off_plane(name):
        shares = []
        for factors in COVERS:
            features = {**factors.features, "acousticness": 0.0, "loudness": -4.0}
            year = 1950 + 10 * ERAS.index(name)
            image = draw_cover(replace(factors, features=features, year=year, texture="clean"), 64)
            spread = np.linalg.eigvalsh(np.cov(image.reshape(-1, 3).T.astype(float)))
            shares.append(spread[0] / spread.sum())
        return np.mean(shares)

    assert off_plane("duotone") < 0.7 * off_plane("flat")


def test_old_whites_are_cream_and_old_blacks_brown():
    for name in ("duotone", "letterpress"):
        white, black = printed(flat_picture(255, 255, 255), name), printed(flat_picture(0, 0, 0), name)
        assert (white[..., 0] - white[..., 2]).mean() > 0.05 and grey(white).min() > 0.85
        assert 0.03 < grey(black).mean() < 0.25


def test_letterpress_is_out_of_register_and_mottled():
    picture = flat_picture(255, 255, 255)
    picture[16:48, 16:48] = (255, 120, 0)  # a colour without black: its ink moves as a whole
    at = grey(printed(picture, "letterpress")) < 0.8
    rows, columns = np.nonzero(at)
    assert abs(rows.mean() - 31.5) > 1 and abs(columns.mean() - 31.5) > 1
    ink = printed(flat_picture(200, 40, 40, side=128), "letterpress")
    assert grey(ink).std() > 0.01


def test_seventies_are_soft_warm_and_darker_in_the_corners():
    image = printed(flat_picture(128, 128, 128), "seventies")
    assert (image[..., 0] - image[..., 2]).mean() > 0.15
    assert grey(image)[[0, 0, -1, -1], [0, -1, 0, -1]].max() < 0.7 * grey(image)[28:36, 28:36].mean()
    picture = ramp()
    picture[:, :32], picture[:, 32:] = 0, 255
    across = grey(printed(picture, "seventies"))[32]
    assert across[32] - across[31] < 0.8 * np.ptp(across)


def test_neon_is_night_with_magenta_to_cyan_light():
    day, night = (
        np.array([draw_cover(replace(factors, year=year, texture="clean"), 64) for factors in COVERS])
        for year in (2010, 1980)
    )
    assert grey(night).mean() < grey(day).mean()
    glow = printed(flat_picture(230, 230, 230), "neon")
    reds = [glow[corner][0] - glow[corner][1] for corner in ((0, 0), (0, -1), (-1, 0), (-1, -1))]
    assert max(reds) > 0.05 + min(reds)  # one side is magenta, the opposite one is not
    assert printed(flat_picture(0, 0, 0), "neon")[..., 2].min() > 0.08  # shadows are violet


def test_collages_are_photocopies_with_a_strip_pasted_askew():
    tones = grey(printed(ramp(), "collage"))
    assert np.median(tones[:, 12]) < 11 / 63 and np.median(tones[:, 51]) > 51 / 63  # harder than it was
    picture = flat_picture(255, 255, 255)
    picture[:, 30:34] = 0
    for seed in range(5):
        line = (grey(printed(picture, "collage", seed)) < 0.5).astype(int)
        places = Counter(np.nonzero(row)[0][0] for row in line if row.sum() == 4)
        (usual, _), (shifted, rows) = places.most_common(2)
        assert usual == 30 and abs(shifted - 30) == 6 and rows > 4


def test_gloss_is_a_lid_that_reflects():
    grey_image = grey(printed(flat_picture(110, 110, 110), "gloss"))
    assert grey_image[0:1, 8:-8].min() > grey_image[32, 50]  # the upper bevel catches the light
    assert grey_image[-1].mean() < 0.8 * grey_image[50, 20:50].mean() and grey_image[40, :3].mean() < grey_image[40, 20]
    column = np.diff(grey_image[6:-6, 16])
    assert column.min() < -0.1  # the hard edge of the reflection
    vivid = flat_picture(180, 90, 60)
    assert saturation(printed(vivid, "gloss")[44:58, 20:58]) > 0.9 * saturation(vivid[44:58, 20:58] / 255)


def test_flat_prints_have_few_tones_inside_a_thin_frame():
    inside = printed(ramp(512), "flat")[40:-40, 40:-40]
    level = np.abs(np.diff(grey(inside)[0])) < 1e-6
    assert level.mean() > 0.6
    colour = flat_picture(200, 60, 60)
    assert (np.ptp(printed(colour, "flat")[6:-6, 6:-6], axis=(0, 1)) == 0).all()
    assert np.abs(printed(colour, "flat")[:4, 30] - printed(colour, "flat")[30, 30]).max() > 0.1


def test_meshes_leak_soft_coloured_light():
    image = printed(flat_picture(128, 128, 128, side=128), "mesh")
    light = reduced(image, 16)
    assert saturation(light) > 0.08
    hues = light - light.mean(-1, keepdims=True)
    assert len(set(hues.argmax(-1).ravel().tolist())) >= 2  # not one tint
    assert np.abs(np.diff(light, axis=0)).mean() < 0.05


@pytest.mark.parametrize("decade", range(1950, 2030, 10))
def test_neighbouring_years_look_alike_and_decades_differ(decade):
    def apart(first, second):
        pairs = ([draw_cover(replace(f, year=year), 64).astype(float) for year in (first, second)] for f in COVERS)
        return np.mean([np.abs(one - other).mean() for one, other in pairs])

    other = decade + 10 if decade < 2020 else 2010
    assert apart(decade, decade + 1) < apart(decade, decade + 9) < apart(decade, other)
    assert apart(decade, decade + 1) < 0.25 * apart(decade, other)


# What must survive


@pytest.mark.parametrize("name", ERAS)
def test_features_are_still_seen_in_every_era(name):
    measures = {
        ("loudness", -25, -4): saturation,
        ("energy", 0.2, 0.9): lambda image: grey(image).std(),
        ("valence", 0.1, 0.9): lambda image: grey(image).mean(),
        ("acousticness", 1, 0): saturation,
    }
    for (feature, low, high), measure in measures.items():
        rises = []
        for factors in COVERS:
            factors = replace(factors, year=1950 + 10 * ERAS.index(name), texture="clean")
            first, last = (
                draw_cover(replace(factors, features={**factors.features, feature: value}), 64).astype(float)
                for value in (low, high)
            )
            rises.append(measure(last) - measure(first))
        assert np.mean(rises) > 0 and np.mean(np.array(rises) > 0) >= 0.75, feature


@pytest.mark.parametrize("name", ERAS)
@pytest.mark.parametrize("texture", TEXTURES)
def test_the_picture_is_the_same_at_every_size(name, texture):
    factors = of_era(name, texture=texture)
    large, small = draw_cover(factors, 512).astype(float), draw_cover(factors, 64).astype(float)
    other = draw_cover(replace(COVERS[1], year=factors.year, texture=texture), 64)
    assert np.abs(reduced(large, 64) - small).mean() < min(9, 0.3 * np.abs(other - small).mean())


@given(seed=st.integers(0, 2**32 - 1), name=st.sampled_from(ERAS), texture=st.sampled_from(TEXTURES))
def test_any_print_is_drawn_again_exactly(seed, name, texture):
    factors = replace(draw_factors(seed, 0), year=1950 + 10 * ERAS.index(name), texture=texture)
    image = draw_cover(factors, 32)
    assert image.dtype == np.uint8 and image.std() > 0
    assert np.array_equal(image, draw_cover(factors, 32))


def test_chance_does_not_depend_on_era_or_texture():
    """So that changing one factor leaves the noise of the paper where it was."""
    states = set()
    for name in ERAS:
        for texture in TEXTURES:
            rng = np.random.default_rng(0)
            style = make_style(of_era(name), (0.1, 0.2, 0.3))
            finish(print_era(Image.fromarray(ramp(32)), style, rng), texture, 0.5, rng)
            states.add(rng.random())
    assert len(states) == 1


# The factor


def test_decades_have_their_textures_and_chance_the_rest():
    drawn = [draw_factors(1, index) for index in range(4000)]
    counts = {name: Counter(f.texture for f in drawn if era(f.year) == name) for name in ERAS}
    for name in ERAS:
        assert set(counts[name]) | {"scanlines"} == set(TEXTURES)  # there was no video before the seventies
        assert counts[name].most_common(1)[0][1] < 0.7 * counts[name].total()

    def likeliest(texture):
        return max(ERAS, key=lambda name: counts[name][texture] / counts[name].total())

    assert likeliest("scanlines") == "neon" and likeliest("worn") == "gloss" and likeliest("clean") == "flat"
    assert likeliest("halftone") == "duotone" and likeliest("grain") in ("seventies", "mesh")


def test_unknown_textures_are_refused():
    with pytest.raises(CourseError, match="^texture is 'velvet'; it must be one of clean, .*\\.$"):
        replace(COVERS[0], texture="velvet")
