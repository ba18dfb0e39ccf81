"""Run the setup cell and the solution notebooks with the versions of packages that Google Colab has.

    python tools/colab_environment.py --python python3.13         everything, in the smoke profile
    python tools/colab_environment.py --python python3.13 00 04   only these notebooks

What is committed is tried, not what has been edited since. A new environment in build/colab gets the packages of
tests/tools/colab_packages.txt. There the setup cell runs as it does on Colab, except that it fetches the course from
this folder; none of the packages may change. Then each notebook runs in the environment's own kernel.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import nbformat
from build_notebooks import CELL_TIMEOUT, ROOT, Course

from helpers.colab import COURSE
from helpers.errors import CourseError

PACKAGES = ROOT / "tests" / "tools" / "colab_packages.txt"
VERSIONS = """
import importlib.metadata, json
print(json.dumps({each.name: each.version for each in importlib.metadata.distributions()}))
"""


class Colab:
    """An environment with Colab's packages, and a folder for its notebooks."""

    def __init__(self, folder: Path, course: Course):
        self.folder, self.course = folder, course
        self.python = folder / "venv" / "bin" / "python"
        self.content = folder / "content"  # what Colab calls the notebooks' working folder

    def make(self, python: str) -> None:
        """Make the environment, with nothing in it but Colab's packages.

        One that was made with the same list and the same Python is cleared of what was installed in it since.

        Raises:
            CourseError: if the Python cannot make environments, or the packages cannot be installed.
        """
        state = self.folder / "state.json"
        version = version_of(python)
        made_with = [version, PACKAGES.read_text(encoding="utf-8")]
        shutil.rmtree(self.content, ignore_errors=True)
        self.content.mkdir(parents=True)
        if state.exists() and (made := json.loads(state.read_text(encoding="utf-8")))["with"] == made_with:
            if added := [name for name in self.packages() if name not in made["packages"]]:
                self.run("-m", "pip", "uninstall", "--quiet", "--yes", *added)
            return
        print(f"Installing Colab's packages for {version}; this takes a few minutes.", flush=True)
        shutil.rmtree(self.python.parents[1], ignore_errors=True)
        subprocess.run([python, "-m", "venv", self.python.parents[1]], check=True)
        self.run("-m", "pip", "install", "--quiet", "--only-binary=:all:", "-r", str(PACKAGES))
        packages = list(self.packages())
        state.write_text(json.dumps({"with": made_with, "packages": packages}), encoding="utf-8")

    def run(self, *command) -> str:
        """What a Python command prints on this Colab; raises CourseError if it fails."""
        done = subprocess.run(
            [self.python, *command], cwd=self.content, env=self.variables(), capture_output=True, text=True
        )
        if done.returncode:
            raise CourseError(f"This failed on Colab's versions:\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def variables(self) -> dict[str, str]:
        """The environment variables of a notebook on Colab; git takes this folder for the address on GitHub."""
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith(("COVERGAN", "KERAS", "PYTHON"))
        }
        return inherited | {
            "COLAB_RELEASE_TAG": "imitated",
            "COVERGAN_PROFILE": "smoke",
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",
            "PATH": f"{self.python.parent}{os.pathsep}{os.environ['PATH']}",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.{self.course.root.as_uri()}.insteadOf",
            "GIT_CONFIG_VALUE_0": self.course.repository,
        }

    def packages(self) -> dict[str, str]:
        return json.loads(self.run("-c", VERSIONS))

    def set_up(self, cell: str) -> None:
        """Run the setup cell; raises CourseError if it fails or changes a package."""
        before, start = self.packages(), time.monotonic()
        print(self.run("-c", cell), end="")
        seconds, after = time.monotonic() - start, self.packages()
        changed = [f"{name} {before[name]} -> {after.get(name)}" for name in before if after.get(name) != before[name]]
        if changed:
            raise CourseError(f"The setup cell changed what was installed: {', '.join(changed)}.")
        added = [f"{name} {version}" for name, version in sorted(after.items()) if name not in before]
        print(f"The setup cell took {seconds:.0f} s. It changed nothing and added {', '.join(added)}.", flush=True)

    def execute(self, notebook: Path) -> None:
        """Run a notebook of the course that was fetched, from its first cell to its last.

        Raises:
            CourseError: if a cell fails.
        """
        start = time.monotonic()
        shutil.copy(self.content / COURSE / notebook.relative_to(self.course.root), self.content)
        timeout = f"--ExecutePreprocessor.timeout={CELL_TIMEOUT}"
        self.run("-m", "nbconvert", "--to", "notebook", "--execute", "--inplace", timeout, notebook.name)
        print(f"{notebook.stem} ran in {time.monotonic() - start:.0f} s.", flush=True)


def version_of(python: str) -> str:
    """What a Python calls itself, such as Python 3.13.5.

    Raises:
        CourseError: if it is no Python, or cannot make environments, as Debian's without a further package.
    """
    code = "import ensurepip, platform, venv; print('Python', platform.python_version())"
    try:
        version = subprocess.run([python, "-c", code], capture_output=True, text=True).stdout.strip()
    except OSError:
        version = ""
    if not version.startswith("Python "):
        raise CourseError(
            f"{python} is no Python that can make virtual environments: name another, as in make colab "
            "PYTHON=python3.13, or install its venv module (on Debian and Ubuntu: sudo apt install python3-venv)."
        )
    return version


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("numbers", nargs="*", metavar="NN", help="only these notebooks, e.g. 00 04; default: all")
    parser.add_argument("--python", default=sys.executable, help="Colab's is a 3.13; default: the one that runs this")
    options = parser.parse_args(arguments)
    try:
        course = Course()
        notebooks = [course.solutions / f"{source.stem}.ipynb" for source in course.sources(options.numbers)]
        colab = Colab(ROOT / "build" / "colab", course)
        colab.make(options.python)
        code = [cell for cell in nbformat.read(notebooks[0], as_version=4).cells if cell.cell_type == "code"]
        colab.set_up(code[0].source)
        for notebook in notebooks:
            colab.execute(notebook)
    except (CourseError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
