"""Google Colab and Kaggle: what the setup cell of every notebook does once it has fetched the course.

Their images are kept as they are. What the course needs beyond them is installed beside them, and pip is held to the
versions that are there, because an upgrade under a running notebook asks for a restart and may break the platform.

Only Python's own modules are imported here: nothing else of the course's may be installed yet.
"""

import importlib
import importlib.metadata
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from helpers.errors import CourseError

COURSE = "album-cover-gans"
RUNS = f"{COURSE}-runs"  # on Drive; by another name than the course, which would be looked for in it
MOUNT = Path("/content/drive")  # where all of Colab's own notebooks have it
REQUIREMENT = re.compile(r"(?P<name>[\w.-]+)>=(?P<version>[\d.]+)")  # the only form that pyproject.toml has


def set_up(folder: str | os.PathLike, save_to_drive: bool = False) -> None:
    """Install what is missing for the course in `folder`, and connect Google Drive if that is wanted.

    Raises:
        CourseError: if something cannot be installed, or Drive cannot be connected.
    """
    install(Path(folder).absolute())
    os.environ.pop("COVERGAN_KEEP", None)
    if save_to_drive:
        connect_drive()


def install(folder: Path) -> None:
    """Install the course without its dependencies, and then those that are missing; what is there stays as it is.

    A package that is there in an older version than the course was tested with is named in a printed sentence.

    Raises:
        CourseError: if pip fails, as it does without internet access.
    """
    present = installed()
    wanted = requirements(folder)
    if COURSE not in present:
        pip("--no-deps", "--editable", str(folder))
    if missing := [f"{name}>={version}" for name, version in wanted.items() if name not in present]:
        with tempfile.TemporaryDirectory() as temporary:
            constraints = Path(temporary) / "installed.txt"
            # "===" compares the text, so that a version that is no valid one, as Debian has them, does no harm.
            constraints.write_text("".join(f"{name}==={version}\n" for name, version in present.items()))
            pip("--constraint", str(constraints), *missing)
    importlib.invalidate_caches()
    if old := [
        f"{name} {present[name]} (tested: {version} and newer)"
        for name, version in wanted.items()
        if name in present and numbers(present[name]) < numbers(version)
    ]:
        print(
            f"Older here than the course was tested with: {', '.join(old)}. If something fails, choose the latest "
            "version (on Colab: Runtime > Change runtime type; on Kaggle: Settings > Environment)."
        )


def installed() -> dict[str, str]:
    """Name and version of every package; of several by one name that which is imported."""
    found = {}
    for package in importlib.metadata.distributions():  # in the order of sys.path
        if package.name:  # a broken one has none
            found.setdefault(canonical(package.name), package.version)
    return found


def requirements(folder: Path) -> dict[str, str]:
    """The packages that the course in `folder` needs, and the oldest version of each that it was tested with."""
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = [REQUIREMENT.fullmatch(line) for line in project["dependencies"]]
    return {canonical(requirement["name"]): requirement["version"] for requirement in found}


def canonical(name: str) -> str:
    """A package's name as pip compares names: Some_Thing -> some-thing."""
    return re.sub(r"[-_.]+", "-", name).lower()


def numbers(version: str) -> list[int]:
    """What versions are compared by: 2.10.1+cu128 -> [2, 10, 1]."""
    return [int(number) for number in re.match(r"[\d.]*", version)[0].split(".") if number]


def pip(*arguments: str) -> None:
    """Run pip's install.

    Raises:
        CourseError: with what pip gave as the reason.
    """
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        reasons = re.findall(r"^ERROR: (.+)$", done.stderr, re.MULTILINE) or ["no reason given"]
        raise CourseError(
            f"pip failed ({reasons[-1].rstrip('.')}): see that this notebook has internet access (on Kaggle: "
            "Settings > Internet on), then run the setup cell again."
        )


def connect_drive() -> None:
    """Connect the reader's Google Drive and let training runs keep a copy there, see `helpers.gan.keeping`.

    Raises:
        CourseError: if it cannot be connected, for example because the reader did not allow it.
    """
    if "KAGGLE_KERNEL_RUN_TYPE" in os.environ:  # which may have Colab's package, too
        print("There is no Google Drive on Kaggle; switch on Settings > Persistence > Files only before you train.")
        return
    folder = MOUNT / "MyDrive" / RUNS
    try:
        from google.colab import drive

        drive.mount(str(MOUNT))
        folder.mkdir(exist_ok=True)
    except Exception as error:  # Colab's own kinds, ValueErrors, and whatever a mounted drive answers
        raise CourseError(
            f"Google Drive was not connected ({str(error).rstrip('.')}): allow it, or untick SAVE_TO_DRIVE, and run "
            "the setup cell again."
        ) from None
    os.environ["COVERGAN_KEEP"] = str(folder)
    print(f"What you train is copied to {folder}, and goes on from there on a new machine.")
