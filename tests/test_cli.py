"""The command line as a user meets it: what it makes, what it says, and how it exits."""

import json
import os
import signal
import subprocess
import sys
import time

import imageio.v3 as imageio
import numpy as np
import pytest
from PIL import Image

from helpers.covers import CoverSet
from helpers.gan import weights
from helpers.plots import image_grid
from helpers.records import RECORDS_FILE, Record, append_records
from helpers.sources.synthetic import synthetic_covers


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """A folder of twelve JPEGs in two sub-folders."""
    folder = tmp_path_factory.mktemp("images")
    rng = np.random.default_rng(0)
    for genre in ("jazz", "metal"):
        (folder / genre).mkdir()
        for index in range(6):
            pixels = np.kron(rng.integers(0, 256, (4, 4, 3)), np.ones((20, 20, 1))).astype(np.uint8)
            Image.fromarray(pixels).save(folder / genre / f"{index}.jpg")
    return folder


@pytest.fixture(scope="module")
def covers(tmp_path_factory):
    """A CoverSet of 64 synthetic covers, 32 px."""
    from helpers.sources.synthetic import synthetic_covers

    return CoverSet.build(synthetic_covers(64, 32, jobs=1), tmp_path_factory.mktemp("covers") / "set", 32).path


TINY = ("--width", 4, "--batch-size", 8, "--seed", 1)


@pytest.fixture(scope="module")
def trained(covers, tmp_path_factory):
    """The folder of a run of six steps."""
    from helpers.gan import dcgan

    path = tmp_path_factory.mktemp("runs") / "run"
    dcgan.build(width=4, seed=1).fit(CoverSet.open(covers), steps=6, batch_size=8, seed=1, run=path, verbose=0)
    return path


def test_from_images_to_covers_in_four_commands(covergan, covers, tmp_path):
    run, grid, scores = tmp_path / "run", tmp_path / "grid.png", tmp_path / "scores.json"
    assert covergan("train", "dcgan", covers, run, "--steps", 5, *TINY)[0] == 0
    assert covergan("sample", run, grid, "--n", 6)[0] == 0
    assert imageio.imread(grid).shape == (2 * 34 + 2, 3 * 34 + 2, 3)
    code, out, _ = covergan("evaluate", run, covers, "--json", scores, "--html", tmp_path / "page.html")
    assert code == 0 and "KID" in out and "recall" in out
    measured = json.loads(scores.read_text())
    assert {"value", "se", "floor"} == measured["kid_lite0"].keys()
    assert {"value", "floor"} == measured["precision"].keys() == measured["recall"].keys()
    assert "Compared 32 covers" in out and measured["n_fake"] == 32  # half of the 64 there are
    assert "data:image/png" in (tmp_path / "page.html").read_text()


def test_runtime_names_the_profile(covergan, monkeypatch):
    monkeypatch.setenv("COVERGAN_PROFILE", "smoke")
    code, out, _ = covergan("runtime")
    assert code == 0 and "smoke" in out


def test_synth_is_the_same_twice(covergan, tmp_path):
    for name in ("a", "b"):
        assert covergan("synth", tmp_path / name, "--n", 3, "--size", 32, "--seed", 5)[0] == 0
    a, b = CoverSet.open(tmp_path / "a"), CoverSet.open(tmp_path / "b")
    assert np.array_equal(a.images, b.images) and a.table.equals(b.table)


def test_prepare_names_genres_by_folder_and_counts_rejects(covergan, images, tmp_path):
    (images / "jazz" / "page.jpg").write_text("<html>not found</html>")
    code, out, _ = covergan("prepare", images, tmp_path / "set", "--size", 32)
    (images / "jazz" / "page.jpg").unlink()
    assert code == 0 and "1 rejected" in out
    covers = CoverSet.open(tmp_path / "set")
    assert covers.card["genres"] == {"jazz": 6, "metal": 6}
    assert covers.card["rejected"] == [{"file": "jazz/page.jpg", "reason": "not an image"}]


def test_several_sizes_go_to_folders_of_their_own(covergan, images, tmp_path):
    assert covergan("prepare", images, tmp_path, "--size", "32,16")[0] == 0
    assert [CoverSet.open(tmp_path / name).size for name in ("16", "32")] == [16, 32]


def test_steps_and_choices_are_taken_from_the_command_line(covergan, images, tmp_path):
    options = (
        "--size",
        32,
        "--steps",
        "square=pad:1.5",
        "--background",
        "border",
        "--keep-duplicates",
        "--genre",
        "jazz",
    )
    assert covergan("prepare", images, tmp_path / "set", *options)[0] == 0
    settings = CoverSet.open(tmp_path / "set").card["settings"]
    assert settings["steps"] == [{"name": "square", "by": "pad", "most": 1.5}]
    assert (settings["background"], settings["merge"]) == ("border", False)
    assert settings["choice"] == {"genres": ["jazz"]}


def test_what_a_ranking_shows_to_be_no_cover_is_left_out_by_hand(covergan, tmp_path):
    (tmp_path / "crawl").mkdir()
    for index, (_, pixels) in enumerate(synthetic_covers(24, 96, seed=2, jobs=1)):
        imageio.imwrite(tmp_path / "crawl" / f"{index:02}.png", pixels[:80] if index == 5 else pixels)
    assert covergan("prepare", tmp_path / "crawl", tmp_path / "set", "--size", 32)[0] == 0
    ranking, sheet = tmp_path / "ranking.csv", tmp_path / "sheet.png"
    assert covergan("rank", tmp_path / "set", ranking, "--sheet", sheet, "--n", 5)[0] == 0
    files = [line.split(",")[0] for line in ranking.read_text().splitlines()[1:]]
    assert files[0] == "05.png" and len(set(files)) == 24 and imageio.imread(sheet).shape[2] == 3
    (tmp_path / "out.txt").write_text("05.png\ntypo.png\n", encoding="utf-8-sig")  # as an editor on Windows writes
    again = ("prepare", tmp_path / "crawl", tmp_path / "clean", "--size", 32, "--leave-out", tmp_path / "out.txt")
    assert "Of the 2 names to leave out, 1 are of no file" in covergan(*again)[1]
    assert CoverSet.open(tmp_path / "clean").card["rejected"] == [{"file": "05.png", "reason": "left out"}]
    ranking.write_text("\n".join(ranking.read_text().splitlines()[:2]))
    again = ("prepare", tmp_path / "crawl", tmp_path / "too", "--size", 32, "--leave-out", ranking)
    assert covergan(*again)[0] == 0 and len(CoverSet.open(tmp_path / "too")) == 23


def test_shipped_weights_are_sampled_by_name(covergan, tmp_path):
    name = weights.names()[0]
    assert covergan("sample", name, tmp_path / "grid.png", "--n", 4, "--seed", 7)[0] == 0
    expected = image_grid(weights.load(name)[0].generate(4, seed=7))
    assert np.array_equal(imageio.imread(tmp_path / "grid.png"), expected)


def test_sample_can_be_a_jpeg_and_depends_on_the_seed(covergan, trained, tmp_path):
    for name, seed in (("a.jpg", 0), ("b.jpg", 0), ("c.jpg", 1)):
        assert covergan("sample", trained, tmp_path / name, "--n", 4, "--seed", seed)[0] == 0
    a, b, c = ((tmp_path / name).read_bytes() for name in ("a.jpg", "b.jpg", "c.jpg"))
    assert a[:2] == b"\xff\xd8" and a == b and a != c


def test_evaluate_takes_a_folder_of_images_and_a_coverset(covergan, covers, tmp_path):
    folder = tmp_path / "fakes"
    folder.mkdir()
    for index, cover in enumerate(CoverSet.open(covers)[:24]):
        Image.fromarray(cover).save(folder / f"{index}.png")
    for subject in (folder, covers):
        assert covergan("evaluate", subject, covers)[0] == 0


def test_a_finished_run_says_so(covergan, covers, trained):
    code, out, _ = covergan("train", "dcgan", covers, trained, "--steps", 6, *TINY, "--resume")
    assert code == 0 and "finished" in out and "6 steps" in out


def test_resume_goes_on(covergan, covers, tmp_path):
    run = tmp_path / "run"
    assert covergan("train", "dcgan", covers, run, "--steps", 2, *TINY)[0] == 0
    assert "--resume" in covergan("train", "dcgan", covers, run, "--steps", 4, *TINY)[2]
    code, out, _ = covergan("train", "dcgan", covers, run, "--steps", 4, *TINY, "--resume")
    assert code == 0 and "4 steps" in out


def test_resume_alone_keeps_the_settings_of_the_run(covergan, covers, tmp_path):
    run = tmp_path / "run"
    assert covergan("train", "dcgan", covers, run, "--steps", 2, *TINY)[0] == 0
    code, out, _ = covergan("train", "dcgan", covers, run, "--resume", "--steps", 3)
    assert code == 0 and "3 steps" in out
    code, out, _ = covergan("train", "dcgan", covers, run, "--resume")
    assert code == 0 and "finished" in out and "3 steps" in out


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot send Ctrl-C to one process")
def test_ctrl_c_ends_training_with_130_and_resume_finishes_it(covergan, covers, tmp_path):
    run = tmp_path / "run"
    # Where the tests run in the background, a shell has told them to ignore Ctrl-C.
    code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
    code += "from helpers.cli import main; main()"
    command = ["train", "dcgan", covers, run, "--profile", "smoke", "--steps", 200, *TINY]
    process = subprocess.Popen([sys.executable, "-c", code, *map(str, command)], stderr=subprocess.PIPE, text=True)
    while not (run / "samples" / "0000000.png").exists() and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert process.returncode == 130
    (line,) = [line for line in err.splitlines() if line.startswith("covergan: ")]
    assert "--resume" in line and "Traceback" not in err
    code, out, _ = covergan("train", "dcgan", covers, run, "--resume")
    assert code == 0 and out.startswith("200 steps")


def test_covers_in_order_of_their_genre_are_near_the_floor(covergan, tmp_path):
    """Comparing the first covers of a sorted folder with covers from all over the set would find them far apart."""
    rng = np.random.default_rng(0)
    folder = tmp_path / "covers"
    folder.mkdir()
    for index in range(120):
        low, high = (0, 60) if index < 60 else (180, 256)
        pixels = np.kron(rng.integers(low, high, (4, 4, 3)), np.ones((8, 8, 1))).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{index:03}.png")
    covers = CoverSet.build(folder, tmp_path / "set", 32).path
    for subject in (folder, covers):
        assert covergan("evaluate", subject, covers, "--json", tmp_path / "scores.json")[0] == 0
        scores = json.loads((tmp_path / "scores.json").read_text())
        kid, recall = scores["kid_lite0"], scores["recall"]
        assert kid["value"] < kid["floor"] + 0.5 and recall["value"] > recall["floor"] - 0.2


def test_covers_whose_terms_forbid_training_need_the_option_permission(covergan, refused, images, tmp_path):
    (tmp_path / "source").mkdir()
    cover = Record("shop", "1", cover_path=f"{images}/jazz/0.jpg", ml_use="forbidden", terms_url="http://a.b/c")
    append_records(tmp_path / "source" / RECORDS_FILE, [cover])
    line = refused("prepare", tmp_path / "source", tmp_path / "set")
    assert "http://a.b/c" in line and "with --permission." in line
    assert covergan("prepare", tmp_path / "source", tmp_path / "set", "--permission", "a letter")[0] == 0


def test_wrong_input_is_one_sentence(refused, covers, images, trained, tmp_path):
    text = tmp_path / "text"
    text.mkdir()
    (text / "notes.txt").write_text("no cover")
    empty = tmp_path / "empty"
    empty.mkdir()
    html = tmp_path / "html"
    html.mkdir()
    (html / "cover.jpg").write_text("<html>")
    out, run = tmp_path / "out", tmp_path / "run"

    assert "no folder" in refused("prepare", tmp_path / "nowhere", out)
    assert "no images" in refused("prepare", empty, out)
    assert "no images" in refused("prepare", text, out)
    assert "The only file could not be used" in refused("prepare", html, out)
    assert "The size is 0; it must be from 8 to 1024 pixels" in refused("prepare", images, run, "--size", "64,0")
    assert not run.exists()
    assert "--size: 'large' is no whole number" in refused("prepare", images, out, "--size", "large")
    assert "There is no step 'squish'" in refused("prepare", images, out, "--steps", "squish")
    assert "--years: '1990' is no range" in refused("prepare", images, out, "--years", "1990")
    assert "There is no colour 'octarine'" in refused("prepare", images, out, "--palette", "octarine")
    assert "Nothing here looks for 'cats'" in refused("prepare", images, out, "--detect", "cats")
    assert "No Dask scheduler answers" in refused("prepare", images, out, "--dask", "tcp://127.0.0.1:9")
    assert "nowhere.txt cannot be used" in refused("prepare", images, out, "--leave-out", tmp_path / "nowhere.txt")
    assert "no text in UTF-8" in refused("prepare", images, out, "--leave-out", images / "jazz" / "0.jpg")
    assert "--jobs counts processes" in refused("prepare", images, out, "--dask", "tcp://127.0.0.1:9", "--jobs", 2)
    assert "Name one size" in refused("prepare", images, out, "--size", ",")
    assert "has 2 settings at most" in refused("prepare", images, out, "--steps", "square=pad:2:3")
    assert not out.exists()
    assert "'--n'" in refused("synth", out, "--n", 0)
    assert "'--size': it must be at most 512" in refused("synth", out, "--size", 100_000)
    assert "MODEL" in refused("train")
    assert "'tortoise'" in refused("train", "tortoise", covers, run)
    assert "'abacus'" in refused("train", "dcgan", covers, run, "--backend", "abacus")
    assert "'--steps'" in refused("train", "dcgan", covers, run, "--steps", 0)
    assert "batch" in refused("train", "dcgan", covers, run, "--steps", 1, "--batch-size", 65, "--width", 4)
    assert "no folder" in refused("train", "dcgan", tmp_path / "nowhere", run)
    assert "not a training run" in refused("sample", covers, tmp_path / "grid.png")
    assert weights.names()[0] in refused("sample", tmp_path / "nowhere", tmp_path / "grid.png")
    assert "must end in" in refused("sample", trained, tmp_path / "grid.txt")
    assert "cannot be written" in refused("sample", trained, text / "notes.txt" / "grid.png")


def test_no_progress_bar_is_drawn_before_the_input_is_known_to_be_right(covergan, images, covers, trained, tmp_path):
    for command in (
        ("prepare", images, covers),
        ("train", "dcgan", covers, tmp_path / "run", "--batch-size", 65, "--width", 4),
        ("train", "dcgan", covers, trained, "--batch-size", 9, "--resume"),
        ("evaluate", images, covers),
    ):
        code, _, err = covergan(*command)
        assert (code, err.count("\n")) == (2, 1) and err.startswith("covergan: ")


def test_other_settings_of_an_existing_run_are_refused(refused, covers, trained):
    line = refused("train", "dcgan", covers, trained, "--steps", 9, "--width", 8, "--batch-size", 8, "--resume")
    assert "other settings (width 4, now 8)" in line


def test_a_cut_off_set_is_refused(refused, images, covergan, tmp_path):
    assert covergan("prepare", images, tmp_path / "set", "--size", 16)[0] == 0
    pixels = tmp_path / "set" / "images.npy"
    os.truncate(pixels, pixels.stat().st_size - 1)
    assert "cut off" in refused("train", "dcgan", tmp_path / "set", tmp_path / "run")


def test_a_checkpoint_of_another_architecture_is_refused(refused, covers, trained, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    settings = json.loads((trained / "run.json").read_text()) | {"width": 8}
    (run / "run.json").write_text(json.dumps(settings))
    (run / "checkpoint.npz").write_bytes((trained / "checkpoint.npz").read_bytes())
    assert "another architecture" in refused("sample", run, tmp_path / "grid.png")


@pytest.mark.skipif(sys.platform == "win32", reason="limits on file sizes are a POSIX thing")
def test_a_full_disk_is_one_sentence(covers, tmp_path):
    """A limit on file sizes stands in for the disk: the same failing write, without a disk to fill."""
    limit = "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
    limit += "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY));"
    limit += f"sys.argv = ['covergan', 'synth', {str(tmp_path / 'set')!r}, '--n', '64', '--size', '64', '--jobs', '1'];"
    done = subprocess.run(
        [sys.executable, "-c", limit + "from helpers.cli import main; main()"], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "cannot be written" in done.stderr and "Traceback" not in done.stderr


def test_a_conditional_model_is_trained_and_draws_what_it_is_asked_for(covergan, refused, covers, tmp_path):
    run = tmp_path / "run"
    train = ("train", "acgan", covers, run, "--width", 4, "--batch-size", 8)
    assert covergan(*train, "--condition", "genre,decade", "--steps", 30)[0] == 0
    assert covergan(*train, "--steps", 40, "--resume")[0] == 0  # goes on with what it was told before
    settings = json.loads((run / "run.json").read_text())
    assert settings["steps"] == 40 and settings["conditions"]["decades"]
    drawn = {}
    for name, wanted in (
        ("jazz", ("--genre", "jazz")),
        ("mixed", ("--genre", "jazz:0.7,metal:0.3")),
        ("nineties", ("--genre", "jazz", "--decade", 1990)),
        ("fifties", ("--genre", "jazz", "--decade", 1950)),
    ):
        assert covergan("sample", run, tmp_path / f"{name}.png", "--n", 4, *wanted)[0] == 0
        drawn[name] = imageio.imread(tmp_path / f"{name}.png")
    assert not np.array_equal(drawn["jazz"], drawn["mixed"])
    assert not np.array_equal(drawn["nineties"], drawn["fifties"])
    assert "no genre 'polka'" in refused("sample", run, tmp_path / "no.png", "--genre", "polka")
    assert "no decade 1815" in refused("sample", run, tmp_path / "no.png", "--decade", 1815)
    assert "rock:0.7,jazz:0.3" in refused("sample", run, tmp_path / "no.png", "--genre", "rock:loud")
    assert "other settings (conditions)" in refused(*train, "--steps", 41, "--resume", "--condition", "decade")


def test_only_conditional_models_are_told_what_to_draw(refused, covers, trained, tmp_path):
    assert "leave --condition out" in refused("train", "dcgan", covers, tmp_path / "run", "--condition", "genre")
    assert "take an acgan" in refused("sample", trained, tmp_path / "no.png", "--genre", "rock")
    assert "Cannot condition on mood" in refused("train", "acgan", covers, tmp_path / "run", "--condition", "mood")
