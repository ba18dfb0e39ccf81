"""`make course` on a course of two tiny notebooks: what it writes, skips, resumes, and says when something fails."""

import base64
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import formulas
import nbformat
import pytest
import run_course
from PIL import Image

TOOLS = Path(run_course.__file__).parent

NOTEBOOK = """\
# %% [markdown]
# # {number} · Dots & lines
#
# **3 minutes** · **What you will learn:** nothing.
#
# Dots are the atoms of `pictures`. Lines come later.

# %% tags=["setup"]
# filled in by the builder

# %% tags=["parameters"]
COLOUR = "red"

# %% [markdown]
# ## A dot in {number}

# %%
import os
from pathlib import Path

from IPython.display import Image as Show
from PIL import Image

work = Path(os.environ["COVERGAN_WORK"])
with (work / "runs.txt").open("a") as runs:
    runs.write(os.environ["COVERGAN_PROFILE"] + "\\n")
Image.new("RGB", (4, 3), COLOUR).save(work / "dot.png")
Show(work / "dot.png")

# %% [markdown]
# ## It moves

# %%
frames = [Image.new("RGB", (5, 5), colour) for colour in ("red", "blue")]
frames[0].save(work / "dot.gif", save_all=True, append_images=frames[1:])
Show(work / "dot.gif")
"""


@pytest.fixture
def new_course(tmp_path, monkeypatch):
    """The root of a course with two notebooks that draw and count their runs; nothing is executed yet."""
    monkeypatch.delenv("COVERGAN_PROFILE", raising=False)
    return write_course(tmp_path / "new")


def write_course(root):
    (root / "notebooks" / "source").mkdir(parents=True)
    (root / "helpers").mkdir()
    (root / "helpers" / "module.py").write_text("VALUE = 1\n")
    (root / "pyproject.toml").write_text('[project.urls]\nRepository = "https://github.com/some/course"\n')
    for stem in ("00_dots", "03_lines"):
        (root / "notebooks" / "source" / f"{stem}.py").write_text(NOTEBOOK.format(number=stem[:2]))
    return root


@pytest.fixture(scope="module")
def run_once(tmp_path_factory):
    """The same course after one run, with what the run printed; tests work on copies of it."""
    root = write_course(tmp_path_factory.mktemp("once") / "course")
    command = [sys.executable, "-c", PROGRAM, TOOLS, root]
    environment = {name: value for name, value in os.environ.items() if name != "COVERGAN_PROFILE"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return root, done.stdout


PROGRAM = """\
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import run_course
sys.exit(run_course.main(Path(sys.argv[2])))
"""


@pytest.fixture
def course(run_once, tmp_path, monkeypatch):
    """The root of the course after a first run."""
    monkeypatch.delenv("COVERGAN_PROFILE", raising=False)
    return Path(shutil.copytree(run_once[0], tmp_path / "course"))


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def source(course, stem="00_dots"):
    return course / "notebooks" / "source" / f"{stem}.py"


def runs(course, stem="00_dots", profile="smoke"):
    """How often the notebook has run in its present work folder."""
    return (course / "build" / "course" / "work" / profile / stem / "runs.txt").read_text().count(profile)


def index(course):
    return (course / "build" / "course" / "index.html").read_text(encoding="utf-8")


def test_the_run_says_what_it_did_and_where_the_page_is(run_once):
    root, printed = run_once
    first, second, last = printed.splitlines()
    assert re.fullmatch(r"00 · Dots & lines \(\d+ s\)", first) and second.startswith("03 · Dots & lines (")
    assert last == f"The pictures are in {root / 'build' / 'course' / 'index.html'}"


def test_the_page_shows_every_picture_under_its_heading(course):
    page = index(course)
    figures = re.findall(r'<img src="([^"]+)" alt="([^"]+)"', page)
    assert figures == [
        ("images/00_dots-01.png", "A dot in 00"),
        ("images/00_dots-02.gif", "It moves"),
        ("images/03_lines-01.png", "A dot in 03"),
        ("images/03_lines-02.gif", "It moves"),
    ]
    for name, _ in figures:
        with Image.open(course / "build" / "course" / name) as picture:
            assert picture.size == ((4, 3) if name.endswith("png") else (5, 5))
    assert '<a href="00_dots.html">00 · Dots &amp; lines</a>' in page
    assert "<p>Dots are the atoms of <code>pictures</code>.</p>" in page
    assert "2 notebooks, executed in" in page and "smoke profile" in page


def test_every_notebook_is_there_executed_and_as_a_page(course):
    for stem in ("00_dots", "03_lines"):
        notebook = nbformat.read(course / "build" / "course" / f"{stem}.ipynb", as_version=4)
        nbformat.validate(notebook)
        assert [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"] == [1, 2, 3, 4]
        page = (course / "build" / "course" / f"{stem}.html").read_text(encoding="utf-8")
        gif = re.search(r"data:image/gif;base64,([^\"]+)", page)[1]
        assert Image.open(io.BytesIO(base64.b64decode(gif))).n_frames == 2
        assert f'alt="A dot in {stem[:2]}"' in page and "frames" in page


def test_the_pages_need_nothing_from_the_network(course):
    for path in (course / "build" / "course").glob("*.html"):
        page = path.read_text(encoding="utf-8")
        assert not re.search(r"(?:src|href)=\"(?:https?:)?//|@import|url\(", page)


def test_formulas_become_pictures_and_code_stays_code():
    page = formulas.with_formulas("A `cost in $` of $x^2$:\n\n$$\\frac{1}{n} \\sum_i x_i$$\n\n```sh\necho $A $B\n```")
    pictures = re.findall(r'alt="([^"]+)" src="data:image/svg\+xml;base64,([^"]+)"', page)
    assert [tex for tex, _ in pictures] == ["x^2", "\\frac{1}{n} \\sum_i x_i"]
    assert all(b"<svg" in base64.b64decode(svg) for _, svg in pictures)
    assert "`cost in $`" in page and "echo $A $B" in page


def test_a_formula_that_cannot_be_drawn_stays_readable():
    assert formulas.with_formulas(r"Here: $\begin{matrix}a\end{matrix}$.") == r"Here: $\begin{matrix}a\end{matrix}$."


def test_a_second_run_executes_nothing(course, capsys):
    first = index(course)
    assert run_course.main(course) == 0
    assert capsys.readouterr().out.count("nothing changed") == 2
    assert runs(course, "00_dots") == runs(course, "03_lines") == 1
    assert index(course) == first


def test_what_was_deleted_is_made_again(course):
    missing = course / "build" / "course" / "00_dots.html"
    missing.unlink()
    assert run_course.main(course) == 0
    assert missing.exists() and runs(course, "00_dots") == 2 and runs(course, "03_lines") == 1


def test_a_damaged_state_only_costs_time(course):
    source(course, "03_lines").unlink()
    state = course / "build" / "course" / "state.json"
    state.write_text('{"00_dots": {"noteb')
    assert run_course.main(course) == 0
    assert json.loads(state.read_text()).keys() == {"00_dots"}


def test_changed_prose_runs_one_notebook_again_and_keeps_its_work(course):
    edit(source(course), "## It moves", "## Now it moves")
    run_course.main(course)
    assert runs(course, "00_dots") == 2 and runs(course, "03_lines") == 1
    assert "Now it moves" in index(course)


def test_changed_code_starts_the_work_afresh(course):
    edit(source(course), '"red", "blue"', '"red", "green"')
    run_course.main(course)
    assert runs(course, "00_dots") == 1  # counted in a new folder
    assert "green" in (course / "build" / "course" / "00_dots.html").read_text()


def test_changed_helpers_run_everything_again(course, capsys):
    source(course, "03_lines").unlink()
    (course / "helpers" / "module.py").write_text("VALUE = 2\n")
    run_course.main(course)
    assert re.match(r"00 · Dots & lines \(\d+ s\)", capsys.readouterr().out)


def test_another_profile_leaves_the_work_of_the_first_alone(course, monkeypatch):
    source(course, "03_lines").unlink()
    monkeypatch.setenv("COVERGAN_PROFILE", "cpu")
    assert run_course.main(course) == 0
    assert runs(course, profile="cpu") == runs(course, profile="smoke") == 1
    assert "cpu profile" in index(course)


def test_an_unknown_profile_is_wrong_input(new_course, monkeypatch, capsys):
    monkeypatch.setenv("COVERGAN_PROFILE", "huge")
    assert run_course.main(new_course) == 2
    assert "There is no profile 'huge'; choose smoke, cpu, gpu." in capsys.readouterr().err


def test_a_failing_notebook_is_named_and_the_page_shows_what_was_done_before(course, capsys):
    edit(source(course, "03_lines"), "frames[0].save", "frames[7].save")
    assert run_course.main(course) == 2
    message = capsys.readouterr().err
    assert message == '03_lines.py stopped under "It moves": IndexError: list index out of range\n'
    assert "00_dots-01.png" in index(course) and "03_lines" not in index(course)


def test_a_dead_kernel_is_noticed(new_course, capsys):
    edit(source(new_course), "frames[0].save", "os._exit(1)\nframes[0].save")
    assert run_course.main(new_course) == 2
    assert 'stopped under "It moves": the kernel died' in capsys.readouterr().err


def start_and_wait(course):
    """Run the second notebook again in a process of its own; return it and its kernel when in the slow cell."""
    edit(source(course, "03_lines"), "frames[0].save", SLOW_UNLESS_RESUMED + "frames[0].save")
    command = [sys.executable, "-c", PROGRAM, TOOLS, course]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    started = course / "build" / "course" / "work" / "smoke" / "03_lines" / "started"
    deadline = time.monotonic() + 60
    while not started.exists() or not started.read_text():
        assert process.poll() is None and time.monotonic() < deadline, process.communicate()
        time.sleep(0.05)
    return process, int(started.read_text())


SLOW_UNLESS_RESUMED = """\
import time
if not (work / "started").exists():
    (work / "started").write_text(str(os.getpid()))
    time.sleep(600)
"""


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text() if Path("/proc").is_dir() else True


def wait_until_gone(pid):
    deadline = time.monotonic() + 60
    while is_running(pid):
        assert time.monotonic() < deadline, "the kernel outlived the run"
        time.sleep(0.05)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for other processes")
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGKILL])
def test_a_stopped_run_goes_on_where_it_was(course, stop):
    process, kernel = start_and_wait(course)
    process.send_signal(stop)
    _, errors = process.communicate(timeout=60)
    wait_until_gone(kernel)
    if stop == signal.SIGKILL:
        assert process.returncode == -signal.SIGKILL
    else:
        assert process.returncode == 130
        assert errors == "Stopped; the same command goes on from here.\n"
        assert "00_dots-01.png" in index(course) and "03_lines" not in index(course)
    assert run_course.main(course) == 0
    assert runs(course, "00_dots") == 1  # done before, not run again
    assert runs(course, "03_lines") == 2  # run again, in the folder it had worked in
