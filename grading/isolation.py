"""Where a submission runs: without network, seeing none of the grader's files, within limits of memory and disk.

Those limits hold for each process and for each file; a submission that starts many processes, or writes many files, can
take more.

bubblewrap (https://github.com/containers/bubblewrap; Debian's package `bubblewrap`) does this on Linux with the means
of the kernel: the whole file system is there but read-only, what must not be seen is covered by empty folders, and only
the submission's own folder can be written. Elsewhere a submission runs with the grader's own rights, and `make grade`
says so.
"""

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Tests and answers, other submissions and grades; a submission needs helpers/, data/ and the Python environment.
HIDDEN = (".git", "build", "grading", "notebooks/solutions", "notebooks/source", "tests")
MEMORY = 6 * 2**30  # bytes of data: TensorFlow takes about 2 GiB by itself
FILE_SIZE = 2 * 2**30  # bytes, the largest file that may be written

# Sets the limits, then becomes the command: also where there is no bubblewrap.
_LIMITS = (
    "import os, resource as r, sys; memory, size = map(int, sys.argv[1:3]);"
    "r.setrlimit(r.RLIMIT_DATA, (memory, memory)); r.setrlimit(r.RLIMIT_FSIZE, (size, size));"
    "r.setrlimit(r.RLIMIT_CORE, (0, 0)); os.execvp(sys.argv[3], sys.argv[3:])"
)


@cache
def can_isolate() -> bool:
    """Whether bubblewrap is installed and allowed to do its work."""
    if not shutil.which("bwrap"):
        return False
    probe = ["bwrap", *_view([]), sys.executable, "-c", ""]  # which root may be unable to read without its privileges
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


def _view(secret: list[Path]) -> list[str]:
    """Options that show everything read-only, but nothing of the user's home, of /tmp, of /run and of `secret`."""
    shown = {ROOT, Path(sys.prefix), Path(sys.base_prefix)}
    options = ["--unshare-net", "--unshare-pid", "--unshare-ipc", "--die-with-parent", "--new-session"]
    options += ["--cap-drop", "ALL"]  # with those of root it could uncover what is hidden
    # A kernel that cannot see the process of this number thinks itself orphaned.
    options += ["--unsetenv", "JPY_PARENT_PID"]
    options += ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp"]
    # In /run are the sockets of the system's services, which can be spoken to without a network.
    options += ["--tmpfs", "/run", "--tmpfs", str(Path.home())]
    for folder in sorted(shown):
        options += ["--ro-bind", str(folder), str(folder)]
    for folder in [*(ROOT / name for name in HIDDEN), *secret]:
        if folder.is_dir():
            options += ["--tmpfs", str(folder)]
    return options


def isolated(command: list[str], writable: list[Path], secret: list[Path]) -> list[str]:
    """The command line that runs `command` shut in.

    Args:
        command: program and arguments.
        writable: the folders that it may change; it works in the first.
        secret: further folders it must not see, beside the grader's own.

    Raises:
        ValueError: if a folder is not absolute: bubblewrap is started elsewhere and would cover another one.
    """
    for folder in [*writable, *secret]:
        if not folder.is_absolute():
            raise ValueError(f"{folder} is not absolute; resolve it before the working directory can change")
    if sys.platform != "win32":
        command = [sys.executable, "-c", _LIMITS, str(MEMORY), str(FILE_SIZE), *command]
    if not can_isolate():
        return command
    options = _view(secret)
    for folder in writable:
        options += ["--bind", str(folder), str(folder)]
    covered = [place for option, place in zip(options, options[1:], strict=False) if option == "--tmpfs"]
    for folder in covered:  # only now: the folders that are writable may lie in them
        options += ["--remount-ro", folder]
    return ["bwrap", *options, "--chdir", str(writable[0]), *command]


def environment(folder: Path) -> dict[str, str]:
    """What a submission's kernel is told of the machine: no keys, no names, the smoke profile, home in `folder`."""
    passed = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "LC_ALL", "SYSTEMROOT")}
    home = {"HOME": str(folder), "TMPDIR": str(folder), "MPLCONFIGDIR": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    course = {"COVERGAN_PROFILE": "smoke", "COVERGAN_WORK": "work", "TF_CPP_MIN_LOG_LEVEL": "3"}
    return passed | home | course
