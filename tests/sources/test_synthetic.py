"""dSleeves: the same covers everywhere, and every factor seen where the documentation says it is."""

import hashlib
import itertools
import json
import math
import re
import subprocess
import sys
from collections import Counter
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path

import numpy as np
import PIL
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.errors import CourseError
from helpers.records import FEATURE_NAMES, FEATURES, Record
from helpers.sources import synthetic
from helpers.sources.synthetic import (
    BACKDROPS,
    GENRES,
    LAYOUTS,
    TEXTURES,
    TYPEFACES,
    draw_cover,
    draw_factors,
    factors_of,
    fingerprint,
    synthetic_covers,
    to_record,
)
from helpers.sources.synthetic.palettes import PALETTES, from_oklab, palette_colours, to_oklab
from helpers.sources.synthetic.wardrobe import choose

ROOT = Path(__file__).parents[2]
HANGUL = re.compile("[가-힣]")


@cache
def drawn(n: int = 2000):
    return [draw_factors(0, index) for index in range(n)]


def some(n: int, **wanted):
    """The first `n` factors of seed 0 that have the wanted values."""
    fitting = (f for f in drawn() if all(getattr(f, name) == value for name, value in wanted.items()))
    return list(itertools.islice(fitting, n))


def with_features(factors, **features):
    return replace(factors, features={**factors.features, **features})


def plainly(covers):
    """The covers in a print that changes colours alone, pixel by pixel, so that shapes can be measured."""
    return [replace(factors, year=1950, texture="clean") for factors in covers]


# Determinism


def test_factors_are_the_same_on_every_machine():
    text = json.dumps([asdict(draw_factors(seed, index)) for seed, index in ((0, 0), (0, 1), (7, 123_456))])
    digest = hashlib.sha256(text.encode()).hexdigest()
    assert digest == "f67e3db1cb5af1908c087fc1b97f8669757cb62c7d5894fa04b93b410ad67583"


def test_pixels_are_the_same_with_locked_versions():
    locked = re.search(r"^pillow==(\S+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE).group(1)
    if PIL.__version__ != locked:
        pytest.skip(f"Pillow is {PIL.__version__}, the lock file says {locked}")
    assert fingerprint() == "9282cd9caf660f35cf45cfdd1d8fff8ab2873aebee22fb04478228fed061b20b"


def test_covers_do_not_depend_on_the_number_of_processes():
    n, size = 200, 32  # three chunks
    alone = list(synthetic_covers(n, size, seed=3, jobs=1))
    together = list(synthetic_covers(n, size, seed=3, jobs=2))
    assert [record.source_id for record, _ in together] == [f"3-{index}" for index in range(n)]
    assert [record for record, _ in together] == [record for record, _ in alone]
    assert all(np.array_equal(a, b) for (_, a), (_, b) in zip(alone, together, strict=True))


def test_covers_are_drawn_when_asked_for():
    for jobs in (1, 2):
        covers = synthetic_covers(10_000_000, 512, jobs=jobs)
        record, image = next(covers)
        assert record == to_record(draw_factors(0, 0))
        assert np.array_equal(image, draw_cover(draw_factors(0, 0), 512))
        covers.close()


def test_seeds_give_different_sets():
    assert [draw_factors(0, i).title for i in range(20)] != [draw_factors(1, i).title for i in range(20)]


def test_an_unguarded_script_is_told_what_to_do(tmp_path):
    script = tmp_path / "unguarded.py"
    script.write_text("from helpers.sources import synthetic\nlist(synthetic.synthetic_covers(700, 32, jobs=2))\n")
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}
    )
    assert done.returncode == 1
    assert "if __name__ == '__main__':" in done.stderr.strip().splitlines()[-1]


# Factors


@given(seed=st.integers(0, 2**32 - 1), index=st.integers(0, 2**32 - 1))
def test_any_seed_and_index_give_a_valid_cover(seed, index):
    factors = draw_factors(seed, index)  # raises if anything is outside its range
    assert factors.artist.strip() and factors.title.strip()
    record = to_record(factors)
    assert Record.from_json(record.to_json()) == record
    assert record.ml_use == "allowed" and record.licence == "CC0-1.0" and record.source == "synthetic"
    assert record.genres == (factors.genre,) and record.features == factors.features


def test_every_value_of_every_factor_appears():
    for name, values in (("genre", GENRES), ("layout", LAYOUTS), ("palette", PALETTES)):
        assert {getattr(factors, name) for factors in drawn()} == set(values)
    years = [factors.year for factors in drawn()]
    assert min(years) == 1950 and max(years) == 2029


@pytest.mark.parametrize("genre", GENRES)
def test_a_genre_is_a_distribution_not_a_mark(genre):
    covers = [factors for factors in drawn() if factors.genre == genre]
    assert len(covers) > 100
    for name in ("palette", "layout", "typeface"):
        counts = Counter(getattr(factors, name) for factors in covers)
        assert len(counts) >= 3 and max(counts.values()) < 0.8 * len(covers)


def test_features_are_as_one_expects_of_the_genres():
    def typical(genre, feature):
        return np.median([f.features[feature] for f in drawn() if f.genre == genre])

    assert typical("classical", "acousticness") > 0.8 > 0.3 > typical("metal", "acousticness")
    assert typical("metal", "energy") > typical("folk", "energy") > typical("ambient", "energy")
    assert max(GENRES, key=lambda genre: typical(genre, "speechiness")) == "hiphop"
    assert max(GENRES, key=lambda genre: typical(genre, "instrumentalness")) == "ambient"
    for genre in GENRES:
        assert -30 < typical(genre, "loudness") < -3 and 80 < typical(genre, "tempo") < 140
    values = {name: [f.features[name] for f in drawn()] for name in FEATURE_NAMES}
    assert np.corrcoef(values["energy"], values["loudness"])[0, 1] > 0.5
    assert np.corrcoef(values["energy"], values["acousticness"])[0, 1] < -0.4


def test_kpop_is_mostly_hangul_and_the_rest_mostly_latin():
    def share(covers):
        return np.mean([bool(HANGUL.search(factors.title)) for factors in covers])

    assert 0.6 < share([f for f in drawn() if f.genre == "kpop"]) < 0.9
    assert 0 < share([f for f in drawn() if f.genre != "kpop"]) < 0.1


@pytest.mark.parametrize("genre", GENRES)
def test_a_genre_prefers_some_looks_and_has_them_all(genre):
    """Three covers in four choose among what the genre likes, the others among everything."""
    options = ("none", "glasses", "sunglasses", "earrings", "headphones", "chain")
    counts = Counter(choose(genre, options, (k + 0.5) / 4000) for k in range(4000))
    assert set(counts) == set(options)
    assert counts.most_common(1)[0][1] > 1.5 * counts.most_common()[-1][1]


def test_a_genre_without_a_preference_takes_anything():
    counts = Counter(choose("jazz", ("never", "heard", "of"), (k + 0.5) / 3000) for k in range(3000))
    assert max(counts.values()) - min(counts.values()) <= 2


def test_a_record_leads_back_to_all_factors():
    for factors in drawn(20):
        assert factors_of(to_record(factors)) == factors


@pytest.mark.parametrize("changes", [{"source": "folder"}, {"source_id": "cover.jpg"}, {"source_id": ""}])
def test_a_record_of_something_else_has_no_factors(changes):
    with pytest.raises(CourseError, match="not a drawn cover's"):
        factors_of(replace(to_record(draw_factors(0, 0)), **changes))


# Pictures


def grey(image):
    return image @ np.array([0.299, 0.587, 0.114])


def saturation(image):
    return (image.max(-1).astype(float) - image.min(-1)).mean()


def edges(image):
    return np.abs(np.diff(grey(image), axis=0)).mean() + np.abs(np.diff(grey(image), axis=1)).mean()


def roughness(image):
    g = grey(image)
    return np.abs(4 * g[1:-1, 1:-1] - g[:-2, 1:-1] - g[2:, 1:-1] - g[1:-1, :-2] - g[1:-1, 2:]).mean()


def warmth(image):
    return (image[..., 0].astype(float) - image[..., 2]).mean()


@pytest.mark.parametrize(
    ("feature", "low", "high", "measure"),
    [
        ("loudness", -60, 0, saturation),
        ("energy", 0, 1, lambda image: grey(image).std()),
        ("energy", 0, 1, edges),
        ("valence", 0, 1, lambda image: grey(image).mean()),
        ("valence", 0, 1, warmth),
        ("acousticness", 0, 1, roughness),
        ("acousticness", 1, 0, saturation),
    ],
)
def test_a_feature_is_seen_in_every_layout(feature, low, high, measure):
    for layout in LAYOUTS:
        rises = [
            measure(draw_cover(with_features(factors, **{feature: high}), 64))
            - measure(draw_cover(with_features(factors, **{feature: low}), 64))
            for factors in some(9, layout=layout)
            if factors.palette != "silver"  # black and white has no colour to change
        ]
        assert np.mean(rises) > 0 and np.mean(np.array(rises) > 0) > 0.6, layout


@pytest.mark.parametrize(
    ("name", "values", "but_not"),
    [
        ("palette", ("ember", "mint"), ()),
        ("typeface", ("poster", "book"), ()),
        ("texture", ("clean", "halftone"), ()),
        ("year", (1955, 2015), ()),
        ("figure", (False, True), ("portrait",)),  # which shows a person anyway
        ("backdrop", ("black", "clouds"), ("grid", "frame")),  # which have none
    ],
)
def test_what_has_a_name_is_seen_in_every_layout(name, values, but_not):
    for layout in (layout for layout in LAYOUTS if layout not in but_not):
        covers = [with_features(f, instrumentalness=0, popularity=50) for f in plainly(some(4, layout=layout))]
        pairs = [[draw_cover(replace(f, **{name: value}), 64).astype(int) for value in values] for f in covers]
        assert np.mean([np.abs(a - b).mean() for a, b in pairs]) > 0.5, layout


def test_a_person_is_shown_more_often_on_popular_covers():
    popular, unknown = (
        np.mean([f.figure for f in drawn() if low <= f.features["popularity"] < high])
        for low, high in ((70, 101), (0, 30))
    )
    assert popular > unknown + 0.3


@pytest.mark.parametrize("layout", ["emblem", "grid", "pattern"])
def test_tempo_is_spatial_frequency(layout):
    covers = plainly(some(10, layout=layout, figure=False))
    slow = [edges(draw_cover(with_features(f, tempo=60, instrumentalness=1), 64)) for f in covers]
    fast = [edges(draw_cover(with_features(f, tempo=190, instrumentalness=1), 64)) for f in covers]
    assert np.mean(fast) > 1.1 * np.mean(slow)


def test_danceable_grids_repeat_themselves():
    def unlike_itself(factors, danceability):
        # At this tempo there are four rows, so the pattern of two by two tiles comes again after half a cover.
        image = draw_cover(
            with_features(factors, danceability=danceability, tempo=85, instrumentalness=1, liveness=0, energy=0.8), 64
        ).astype(float)
        return np.abs(image[:32] - image[32:]).mean() + np.abs(image[:, :32] - image[:, 32:]).mean()

    covers = plainly(some(10, layout="grid", figure=False))
    assert np.mean([unlike_itself(f, 0.95) for f in covers]) < 0.5 * np.mean([unlike_itself(f, 0.05) for f in covers])


def test_live_covers_tilt():
    def upright(factors, liveness):
        g = grey(draw_cover(with_features(factors, liveness=liveness, danceability=0, acousticness=0), 64))
        dx, dy = np.abs(np.diff(g, axis=1))[:-1], np.abs(np.diff(g, axis=0))[:, :-1]
        return np.minimum(dx, dy).sum() / np.maximum(dx, dy).sum()  # slanted edges change in both directions

    covers = plainly(some(10, layout="frame", figure=False))
    assert np.mean([upright(f, 0.9) for f in covers]) > 1.1 * np.mean([upright(f, 0) for f in covers])


@pytest.mark.parametrize("layout", ["emblem", "portrait", "pattern", "frame", "silhouette", "collage", "type"])
def test_live_covers_are_lit_from_above(layout):
    def light_above(factors, liveness):
        g = grey(draw_cover(with_features(replace(factors, backdrop="black"), liveness=liveness), 64))
        return g[:24].mean() - g[40:].mean()

    covers = plainly(some(8, layout=layout))
    assert np.mean([light_above(f, 0.9) - light_above(f, 0) for f in covers]) > 5


@pytest.mark.parametrize("layout", ["emblem", "portrait", "pattern", "silhouette", "type"])
def test_black_and_white_grounds_are_nearly_black_and_white(layout):
    for factors in some(4, layout=layout, figure=False) or some(4, layout=layout):
        unknown = replace(with_features(factors, popularity=0, liveness=0, acousticness=0), year=2010, texture="clean")
        black, white = (grey(draw_cover(replace(unknown, backdrop=name), 64)) for name in ("black", "white"))
        assert np.percentile(black, 10) < 25 and np.percentile(white, 90) > 230


def test_popular_marks_are_larger_and_nearer_the_middle():
    def mark(factors, popularity):
        image = draw_cover(with_features(factors, popularity=popularity, instrumentalness=1), 64).astype(float)
        drawn_on = np.abs(image - np.median(image[:3].reshape(-1, 3), axis=0)).max(-1) > 60
        return drawn_on.mean(), abs(np.nonzero(drawn_on)[1].mean() - 31.5)

    covers = [
        replace(with_features(f, energy=0.9, acousticness=0), year=2029, backdrop="flat", figure=False)
        for f in some(16, layout="emblem")
    ]
    unknown, famous = (np.array([mark(f, popularity) for f in covers]).mean(axis=0) for popularity in (0, 100))
    assert famous[0] > 1.2 * unknown[0]
    assert famous[1] < 0.5 * unknown[1]


def test_old_prints_have_brown_blacks_and_yellow_whites():
    for factors in some(6, genre="metal"):
        prints = (draw_cover(replace(factors, year=year, texture="clean"), 64) for year in (2010, 1950))
        new, old = (image.reshape(-1, 3) for image in prints)
        darkest, brightest = grey(new).argmin(), grey(new).argmax()
        assert grey(old[darkest]) > grey(new[darkest])
        assert int(old[brightest][0]) - int(old[brightest][2]) > int(new[brightest][0]) - int(new[brightest][2])


def type_area(factors):
    """Share of pixels that differ when other words of the same length are set."""
    other = replace(factors, artist=factors.artist.translate(SWAP), title=factors.title.translate(SWAP))
    return (np.abs(draw_cover(factors, 64).astype(int) - draw_cover(other, 64)).max(-1) > 8).mean()


LETTERS = "abcdefghijklmnopqrstuvwxyz"
SWAP = str.maketrans(LETTERS + LETTERS.upper(), LETTERS[::-1] + LETTERS[::-1].upper())


@pytest.mark.parametrize("layout", LAYOUTS)
def test_instrumental_covers_have_less_type_and_talkative_ones_larger(layout):
    covers = [replace(factors, artist="Ada Fox", title="Mile") for factors in some(6, layout=layout)]
    sung, partly, silent = (
        np.mean([type_area(with_features(f, instrumentalness=share, speechiness=0.1)) for f in covers])
        for share in (0, 0.7, 1)
    )
    assert sung > partly > silent == 0
    quiet, talkative = (
        np.mean([type_area(with_features(f, instrumentalness=0, speechiness=share)) for f in covers])
        for share in (0, 0.8)
    )
    assert talkative > quiet


@pytest.mark.parametrize("typeface", ["poster", "modern", "serif", "book", "hand"])
def test_hangul_is_drawn_letter_by_letter(typeface):
    """A font without Hangul would draw the same box for every syllable."""
    factors = replace(with_features(some(1, layout="emblem")[0], instrumentalness=0), typeface=typeface, artist="별")
    images = [draw_cover(replace(factors, title=title), 128) for title in ("봄날", "여름", "하늘")]
    for first, second in itertools.combinations(images, 2):
        assert (first != second).any(-1).sum() > 50


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_composition_is_the_same_at_every_size(layout):
    for factors in some(3, layout=layout):
        reference = draw_cover(factors, 64).astype(float)
        other = draw_cover(some(4, layout=layout)[-1], 64).astype(float)
        for size in (128, 256, 512):
            image = draw_cover(factors, size)
            assert image.shape == (size, size, 3) and image.dtype == np.uint8
            smaller = image.reshape(64, size // 64, 64, size // 64, 3).mean((1, 3))
            assert np.abs(smaller - reference).mean() < min(10, 0.3 * np.abs(other - reference).mean())
        smaller = reference.reshape(32, 2, 32, 2, 3).mean((1, 3))
        assert np.abs(smaller - draw_cover(factors, 32)).mean() < 10


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_whatever_the_factors_are_a_cover_is_drawn(data):
    index = data.draw(st.integers(0, 2**32 - 1))
    features = {f.name: data.draw(st.sampled_from((f.low, f.high)) | st.floats(f.low, f.high)) for f in FEATURES}
    named = {"layout": LAYOUTS, "texture": TEXTURES, "backdrop": BACKDROPS, "typeface": TYPEFACES}
    factors = replace(
        draw_factors(0, index),
        features=features,
        year=data.draw(st.integers(1950, 2029)),
        figure=data.draw(st.booleans()),
        title=data.draw(st.sampled_from(("i", "늑대 " * 20, "W" * 100, "a b c d e f g")) | st.text(min_size=1)) + ".",
        **{name: data.draw(st.sampled_from(values)) for name, values in named.items()},
    )
    assert draw_cover(factors, 32).shape == (32, 32, 3)


def test_odd_sizes_are_drawn_too():
    for size in (32, 33, 63, 65, 100, 129):
        assert draw_cover(draw_factors(0, 5), size).shape == (size, size, 3)


@given(colour=st.tuples(*[st.integers(0, 255)] * 3))
def test_oklab_and_back(colour):
    assert from_oklab(*to_oklab(colour)) == colour


def test_oklab_of_known_colours():
    # https://bottosson.github.io/posts/oklab/ : white is (1, 0, 0); pure red is (0.628, 0.225, 0.126).
    assert to_oklab((255, 255, 255)) == pytest.approx((1, 0, 0), abs=1e-3)
    assert to_oklab((255, 0, 0)) == pytest.approx((0.628, 0.225, 0.126), abs=1e-3)


@pytest.mark.parametrize("name", PALETTES)
def test_palettes_are_dark_to_light_where_type_needs_it(name):
    _, deep, _, _, light = (to_oklab(colour)[0] for colour in palette_colours(name))
    assert light - deep > 0.3


# Errors


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"n": 0, "size": 64}, "n is 0"),
        ({"n": 2.5, "size": 64}, "n is 2.5"),
        ({"n": True, "size": 64}, "n is True"),
        ({"n": 10_000_001, "size": 64}, "n is 10000001"),
        ({"n": 1, "size": 31}, "size is 31"),
        ({"n": 1, "size": 513}, "size is 513"),
        ({"n": 1, "size": 64, "seed": -1}, "seed is -1"),
        ({"n": 1, "size": 64, "seed": 2**32}, "seed is 4294967296"),
        ({"n": 1, "size": 64, "jobs": 0}, "jobs is 0"),
    ],
)
def test_arguments_out_of_range_are_refused_at_once(arguments, name):
    with pytest.raises(CourseError, match=f"^{re.escape(name)}; it must be a whole number from .*\\.$"):
        synthetic_covers(**arguments)


def test_numpy_integers_are_whole_numbers():
    ((record, image),) = synthetic_covers(np.int64(1), np.int32(32), seed=np.uint8(3))
    assert record.source_id == "3-0" and image.shape == (32, 32, 3)


@pytest.mark.parametrize(
    "changes",
    [
        {"genre": "polka"},
        {"layout": "gatefold"},
        {"palette": "beige"},
        {"typeface": "comic"},
        {"backdrop": "lasers"},
        {"year": 1949},
        {"features": {}},
        {"features": dict.fromkeys(FEATURE_NAMES, 2.0)},
        {"features": {**draw_factors(0, 0).features, "tempo": math.nan}},
        {"features": {**draw_factors(0, 0).features, "tempo": "120"}},
        {"features": None},
        {"artist": ""},
        {"title": None},
        {"figure": "no"},
    ],
)
def test_impossible_factors_are_refused(changes):
    with pytest.raises(CourseError):
        replace(draw_factors(0, 0), **changes)


def test_the_public_names_are_there():
    assert len(GENRES) == 12 and len(LAYOUTS) == 13
    assert all(hasattr(synthetic, name) for name in synthetic.__all__)
