"""The commands for the models beyond DCGAN: training each, asking an audio model for numbers, and for a song."""

import imageio.v3 as imageio
import numpy as np
import pytest
import songs
import soundfile

from helpers.covers import CoverSet
from helpers.gan import load
from helpers.gan.runs import Run
from helpers.metrics.response import brightness, contrast
from helpers.records import FEATURE_NAMES, Record
from helpers.sources.synthetic import synthetic_covers

TINY = ("--width", 4, "--batch-size", 8, "--steps", 2)
WEIGHTS = "audio_dsleeves_32"


@pytest.fixture(scope="module")
def covers(tmp_path_factory):
    """A CoverSet of 96 synthetic covers, 32 px."""
    return CoverSet.build(synthetic_covers(96, 32, jobs=1), tmp_path_factory.mktemp("covers") / "set", 32).path


@pytest.fixture(scope="module")
def trained(covers, tmp_path_factory):
    """The folder of a run of an audio model that knows energy and tempo."""
    from helpers.gan import audio
    from helpers.gan.audio_features import AudioFeatures

    path, covers = tmp_path_factory.mktemp("runs") / "run", CoverSet.open(covers)
    features = AudioFeatures.of(covers, ("energy", "tempo")).settings
    audio.build(width=4, features=features).fit(covers, 2, 8, run=path, verbose=0)
    return path


@pytest.fixture(scope="module")
def song(tmp_path_factory):
    """song(energy) -> the path of a WAV file."""
    folder = tmp_path_factory.mktemp("songs")

    def write(energy):
        path = folder / f"{energy}.wav"
        soundfile.write(path, songs.song(energy), 22_050)
        return path

    return write


@pytest.mark.parametrize("model", ["wgan", "wgan_gp", "logan", "audio"])
def test_every_model_trains_draws_and_goes_on(covergan, covers, tmp_path, model):
    run, grid = tmp_path / "run", tmp_path / "grid.png"
    code, out, _ = covergan("train", model, covers, run, *TINY)
    assert code == 0 and "2 steps" in out
    code, out, _ = covergan("train", model, covers, run, *TINY[:-1], 3, "--resume")
    assert code == 0 and "3 steps" in out
    assert covergan("sample", run, grid, "--n", 6)[0] == 0
    assert imageio.imread(grid).shape == (2 * 34 + 2, 3 * 34 + 2, 3)


def test_any_subset_of_features_can_be_the_condition(covergan, covers, tmp_path):
    assert covergan("train", "audio", covers, tmp_path / "run", *TINY, "--condition", "valence,tempo")[0] == 0
    assert load(tmp_path / "run").features.names == ("valence", "tempo")


def test_by_default_it_is_all_ten(covergan, covers, tmp_path):
    assert covergan("train", "audio", covers, tmp_path / "run", *TINY)[0] == 0
    assert tuple(Run(tmp_path / "run").settings()["features"]["names"]) == FEATURE_NAMES


def test_a_feature_that_never_changes_is_reported_and_ignored(covergan, tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (40, 32, 32, 3), np.uint8)
    records = [
        Record("t", str(k), ml_use="allowed", features={"energy": k / 40, "tempo": 120.0}) for k in range(len(images))
    ]
    CoverSet.build(zip(records, images, strict=True), tmp_path / "set", 32)
    code, out, _ = covergan("train", "audio", tmp_path / "set", tmp_path / "run", *TINY)
    assert code == 0
    assert (
        "tempo is left out: it is 120 on every cover that has it." in out
        and "valence is left out: no cover has it." in out
    )


def test_energy_changes_what_is_drawn(covergan, trained, tmp_path):
    pictures = []
    for energy in (0.1, 0.9, 0.1):
        assert covergan("sample", trained, tmp_path / "grid.png", "--n", 4, "--energy", energy, "--tempo", 120)[0] == 0
        pictures.append(imageio.imread(tmp_path / "grid.png"))
    assert (pictures[0] != pictures[1]).any()
    np.testing.assert_array_equal(pictures[0], pictures[2])


@pytest.mark.parametrize(
    "options, said",
    [
        (("--energy", 1.5), "energy goes from 0 to 1"),
        (("--tempo", 300), "tempo goes from 0 to 250"),
        (("--valence", 0.5), "knows no 'valence'"),
        (("--energy", "nan"), "energy must be a number"),
        (("--energy", "loud"), "energy"),
        (("--genre", "rock"), "knows no genres"),
    ],
)
def test_what_an_audio_model_cannot_do_is_said_in_a_sentence(covergan, trained, tmp_path, options, said):
    code, _, errors = covergan("sample", trained, tmp_path / "grid.png", *options)
    assert code == 2 and said in errors and errors.count("\n") == 1
    assert not (tmp_path / "grid.png").exists()


def test_other_models_are_not_asked_for_energy(covergan, tmp_path):
    code, _, errors = covergan("sample", "dcgan_dsleeves_64", tmp_path / "grid.png", "--energy", 0.5)
    assert code == 2 and "leave --energy out" in errors


@pytest.mark.parametrize("arguments", [("wgan_gp", "--recipe", "historical"), ("logan", "--condition", "energy")])
def test_options_that_a_model_does_not_have_are_refused(covergan, covers, tmp_path, arguments):
    model, *options = arguments
    code, _, errors = covergan("train", model, covers, tmp_path / "run", *TINY, *options)
    assert code == 2 and errors.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_an_energetic_song_gets_a_brighter_cover_of_more_contrast_than_a_calm_one(covergan, song, tmp_path):
    """As energetic songs do among the covers learnt from. Contrast also rises to the wildest song, which is darker."""
    light, spread = {}, {}
    for energy in (0.0, 0.8, 1.0):
        out = tmp_path / f"{energy}.png"
        code, said, _ = covergan("cover", song(energy), WEIGHTS, out, "--n", 64)
        assert code == 0 and "energy" in said and "loudness" in said
        grid = imageio.imread(out)
        covers = np.stack([grid[y : y + 32, x : x + 32] for y in range(2, 274, 34) for x in range(2, 274, 34)])
        light[energy], spread[energy] = brightness(covers).mean(), contrast(covers).mean()
    assert light[0.8] > light[0.0] + 0.05, light
    assert 1.2 * spread[0.0] < spread[1.0] and 1.08 * spread[0.0] < spread[0.8], spread


def test_one_song_gets_one_cover_the_same_each_time(covergan, song, tmp_path):
    for name in ("a.png", "b.png"):
        assert covergan("cover", song(0.5), WEIGHTS, tmp_path / name, "--seed", 3)[0] == 0
    assert imageio.imread(tmp_path / "a.png").shape == (36, 36, 3)
    np.testing.assert_array_equal(*(imageio.imread(tmp_path / name) for name in ("a.png", "b.png")))


def test_what_cannot_be_heard_or_drawn_is_said_in_a_sentence(covergan, song, tmp_path):
    (tmp_path / "picture.wav").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    cases = [
        ((tmp_path / "none.wav", WEIGHTS, tmp_path / "o.png"), "none.wav"),
        ((tmp_path / "picture.wav", WEIGHTS, tmp_path / "o.png"), "picture.wav"),
        ((song(0.5), WEIGHTS, tmp_path / "o.gif"), "no picture file"),
        ((song(0.5), "dcgan_dsleeves_64", tmp_path / "o.png"), "knows no audio features"),
        ((song(0.5), "nobody", tmp_path / "o.png"), "neither a run's folder nor weights"),
    ]
    for arguments, said in cases:
        code, _, errors = covergan("cover", *arguments)
        assert code == 2 and said in errors and errors.count("\n") == 1, errors
