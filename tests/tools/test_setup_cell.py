"""The setup cell in a small image of Colab: a new environment, real git and pip, and packages made on the spot."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import build_notebooks
import pytest

ROOT = Path(build_notebooks.__file__).parents[1]
COURSE = "album-cover-gans"

PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "album-cover-gans"
dependencies = ["old.package>=2.0", "pinned>=1.0", "missing>=1.0"]
"""
BACKEND = """
import zipfile

def build_editable(folder, config_settings=None, metadata_directory=None):
    info, name = "album_cover_gans-9.dist-info", "album_cover_gans-9-py3-none-any.whl"
    with zipfile.ZipFile(folder + "/" + name, "w") as wheel:
        wheel.writestr(info + "/METADATA", "Metadata-Version: 2.1\\nName: album-cover-gans\\nVersion: 9\\n")
        wheel.writestr(info + "/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(info + "/RECORD", "")
    return name
"""


def make_wheel(folder, name, version, requires=()):
    """A package with one module that knows its version."""
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}.py", f"VERSION = {version!r}\n")
        lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
        lines += [f"Requires-Dist: {line}" for line in requires]
        info = f"{name}-{version}.dist-info"
        wheel.writestr(f"{info}/METADATA", "\n".join(lines) + "\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """The Python of an environment with `old_package` and `pinned`, both in version 1, and pip knows newer ones."""
    folder = tmp_path_factory.mktemp("image")
    wheels = folder / "wheels"
    wheels.mkdir()
    make_wheel(wheels, "old_package", "1.0")
    make_wheel(wheels, "old_package", "2.0")
    make_wheel(wheels, "pinned", "1.0")
    make_wheel(wheels, "pinned", "2.0")
    make_wheel(wheels, "missing", "1.0", ["pinned>=1"])
    make_wheel(wheels, "missing", "2.0", ["pinned>=2"])  # the newest, which would change the image
    make_wheel(wheels, "needy", "1.0", ["pinned>=2"])
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    python = folder / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
    variables = os.environ | {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels), "PIP_CONFIG_FILE": os.devnull}
    command = [python, "-m", "pip", "install", "--quiet", "old_package==1.0", "pinned==1.0"]
    subprocess.run(command, check=True, env=variables)
    return python, variables


@pytest.fixture
def content(tmp_path, image):
    """An empty working folder, and the environment as it was."""
    yield tmp_path
    command = [image[0], "-m", "pip", "uninstall", "--quiet", "--yes", COURSE, "missing"]
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path_factory):
    """A course of nothing but what the setup cell needs."""
    folder = tmp_path_factory.mktemp("repository") / "course"
    git(folder.parent, "init", "--initial-branch=main", folder)
    (folder / "helpers").mkdir()
    for name in ("__init__.py", "colab.py", "errors.py"):
        shutil.copy(ROOT / "helpers" / name, folder / "helpers")
    (folder / "pyproject.toml").write_text(PYPROJECT)
    (folder / "backend.py").write_text(BACKEND)
    (folder / "lesson").write_text("first")
    git(folder, "add", ".")
    git(folder, "commit", "-m", "first")
    return folder


def git(folder, *command):
    identity = ["-c", "user.name=nobody", "-c", "user.email=nobody@example.org"]
    subprocess.run(["git", "-C", folder, *identity, *command], check=True, capture_output=True)


def run_cell(content, image, repository, after="", platform="COLAB_RELEASE_TAG", **variables):
    """Run the cell, and `after` it, in the working folder; returns how that ended."""
    cell = (ROOT / "tools" / "setup_cell.py").read_text(encoding="utf-8")
    cell = cell.replace("REPOSITORY_ADDRESS", repository.as_uri())
    python, inherited = image
    inherited = {name: inherited[name] for name in inherited if not name.startswith(("COLAB", "KAGGLE", "TF_"))}
    variables = inherited | ({platform: "1"} if platform else {}) | variables
    command = [python, "-c", f"{cell}\n{after}"]
    return subprocess.run(command, cwd=content, env=variables, capture_output=True, text=True)


def versions(image):
    """What the environment holds, by pip's own account."""
    listing = subprocess.run([image[0], "-m", "pip", "list", "--format=freeze"], capture_output=True, text=True)
    return dict(line.split("==") for line in listing.stdout.splitlines())


def last_line(done):
    assert done.returncode == 1
    return done.stderr.strip().splitlines()[-1]


def test_it_installs_what_is_missing_and_changes_nothing(content, image, repository):
    before = versions(image)
    done = run_cell(content, image, repository, "import missing\nprint(missing.VERSION)")
    assert done.returncode == 0 and done.stderr == ""
    assert versions(image) == before | {"missing": "1.0", COURSE: "9"}
    sentence, imported = done.stdout.splitlines()
    assert sentence.startswith("Older here than the course was tested with: old-package 1.0 (tested: 2.0 and newer).")
    assert imported == "1.0"


def test_it_updates_the_course_and_does_without_when_it_cannot(content, image, repository):
    lesson = content / COURSE / "lesson"
    said = "The course could not be updated, so it is used as it is here."
    on_kaggle = run_cell(content, image, repository, platform="KAGGLE_KERNEL_RUN_TYPE")
    assert on_kaggle.returncode == 0 and said not in on_kaggle.stdout
    (repository / "lesson").write_text("second")
    git(repository, "commit", "-am", "second")
    again = run_cell(content, image, repository, "print('helpers' in sys.modules)")
    assert again.stdout.endswith("True\n") and said not in again.stdout
    assert lesson.read_text() == "second"
    (repository / "lesson").write_text("third")
    git(repository, "commit", "-am", "third")
    lesson.write_text("the student's")
    edited = run_cell(content, image, repository)
    assert edited.returncode == 0 and said in edited.stdout
    assert lesson.read_text() == "the student's"
    repository.rename(repository.with_name("out of reach"))
    offline = run_cell(content, image, repository)
    assert offline.returncode == 0 and said in offline.stdout


def test_without_internet_one_sentence_says_what_to_do(content, image, repository):
    done = run_cell(content, image, repository.with_name("nowhere"))
    assert last_line(done).startswith("RuntimeError: The course could not be fetched (fatal: ")
    assert last_line(done).endswith("on Kaggle, choose Settings > Internet on, then run this cell again.")
    assert list(content.iterdir()) == []


@pytest.mark.parametrize("name", ["nowhere", "needy"])
def test_what_pip_cannot_install_beside_the_rest_is_one_sentence(content, image, repository, name):
    before = versions(image)
    project = repository / "pyproject.toml"
    project.write_text(project.read_text().replace('"missing', f'"{name}'))
    git(repository, "commit", "-am", "more")
    done = run_cell(content, image, repository)
    assert last_line(done).startswith("helpers.errors.CourseError: pip failed (")
    assert last_line(done).endswith("then run the setup cell again.")
    assert versions(image) == before | {COURSE: "9"}


def test_a_folder_by_its_name_that_is_not_the_course_is_left_alone(content, image, repository):
    (content / COURSE).mkdir()
    (content / COURSE / "thesis.txt").touch()
    done = run_cell(content, image, repository)
    assert last_line(done) == (
        f"RuntimeError: {content / COURSE} is not this course, or too old: rename it and run this again."
    )
    assert done.stdout == "" and [path.name for path in content.rglob("*")] == [COURSE, "thesis.txt"]


def test_a_clone_from_before_there_was_a_setup_cell_is_brought_up_to_date_or_told(content, image, repository):
    module = repository / "helpers" / "colab.py"
    text = module.read_text()
    module.unlink()
    git(repository, "commit", "-am", "the past")
    subprocess.run(["git", "clone", "--quiet", repository.as_uri(), content / COURSE], check=True)
    assert "too old: rename it" in last_line(run_cell(content, image, repository))
    module.write_text(text)
    git(repository, "add", ".")
    git(repository, "commit", "-m", "the present")
    assert run_cell(content, image, repository).returncode == 0


def test_the_cell_is_short_enough_to_be_read():
    assert len((ROOT / "tools" / "setup_cell.py").read_text(encoding="utf-8").splitlines()) <= 30


def test_an_interrupted_clone_is_begun_anew(content, image, repository, tmp_path_factory):
    folder = tmp_path_factory.mktemp("slow")
    slow = folder / "git"  # a clone that is killed half-way, whatever name it was given
    slow.write_text('#!/bin/sh\nfor folder; do :; done\nmkdir -p "$folder/.git"\nexit 9\n')
    slow.chmod(0o755)
    path = os.pathsep.join([str(folder), os.environ["PATH"]])
    assert run_cell(content, image, repository, PATH=path).returncode == 1
    assert run_cell(content, image, repository).returncode == 0
    assert (content / COURSE / "lesson").read_text() == "first"


def test_at_home_it_does_nothing(content, image, repository):
    done = run_cell(content, image, repository, "print(os.environ['TF_CPP_MIN_LOG_LEVEL'])", platform=None)
    assert (done.stdout, done.stderr) == ("3\n", "") and list(content.iterdir()) == []
