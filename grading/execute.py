"""Run one submission in a kernel of its own, within limits, and keep what came out."""

import asyncio
import atexit
import contextlib
import shutil
import subprocess
import tempfile
import threading
from pathlib import Path

from ipykernel.kernelspec import get_kernel_dict
from isolation import environment, isolated
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_output
from traitlets import Any, Int

from helpers.errors import CourseError

CELL_SECONDS = 120
TOTAL_SECONDS = 600
TIMEOUT = "CellTimeout"  # what an error of a cell that took too long is called
MOST_OUTPUT = 20 * 2**20  # bytes of output in one submission, then it is stopped


class IsolatedKernel(AsyncKernelManager):
    """A Python kernel that is shut in; it is spoken to through sockets in its folder, so it needs no network."""

    command = Any()  # from the kernel's own command line to the one that shuts it in

    @property
    def kernel_spec(self):
        spec = get_kernel_dict()
        # A message reaches the kernel inside, a signal would end the wall around it.
        return KernelSpec(**{**spec, "argv": self.command(spec["argv"]), "interrupt_mode": "message"})


class Client(NotebookClient):
    """Counts what cells print, and stops the run when it is too much."""

    printed = Int(0)

    @property
    def flooded(self) -> bool:
        return self.printed > MOST_OUTPUT

    def process_message(self, msg, cell, cell_index):
        self.printed += sum(len(buffer) for buffer in msg.get("buffers", [])) + len(str(msg["content"]))
        if self.flooded:
            self.task_poll_for_reply.cancel()  # nbclient would go on as long as the cell does
            return None
        return super().process_message(msg, cell, cell_index)


def execute(
    notebook: NotebookNode,
    folder: Path,
    secret: list[Path] = (),
    cell_seconds: int = CELL_SECONDS,
    total_seconds: int = TOTAL_SECONDS,
    interrupted: threading.Event | None = None,
) -> str:
    """Run all cells in order and write their outputs into `notebook`; errors do not stop it.

    Args:
        notebook: the submission, with the checks as they are graded.
        folder: its own, empty folder.
        secret: folders that it must not see, such as that of all submissions.
        cell_seconds, total_seconds: limits of time for one cell and for all.
        interrupted: when it is set, from whatever thread, the kernel is ended.

    Returns:
        Why it was stopped before its end, a sentence; empty if it was not.

    Raises:
        CourseError: if no kernel could be started, which is not the submission's fault.
    """
    return asyncio.run(_execute(notebook, folder, list(secret), cell_seconds, total_seconds, interrupted))


async def _execute(notebook, folder, secret, cell_seconds, total_seconds, interrupted) -> str:
    sockets = Path(tempfile.mkdtemp(prefix="k"))  # not in `folder`: the path of a socket may have about 100 characters
    manager = IsolatedKernel(
        transport="ipc",
        ip=str(sockets / "k"),
        connection_file=str(sockets / "kernel.json"),
        command=lambda argv: isolated(argv, [folder, sockets], secret),
    )
    client = Client(
        notebook,
        km=manager,
        timeout=cell_seconds,
        startup_timeout=total_seconds,  # the limit for all is up before
        interrupt_on_timeout=True,  # the cell ends in a KeyboardInterrupt, and the next one runs
        allow_errors=True,
        record_timing=False,
        shutdown_kernel="immediate",
        on_cell_executed=note_failure,
    )
    stopped, finished = "", set()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    setup = client.async_setup_kernel(cwd=str(folder), env=environment(folder), **quiet)
    limit = asyncio.timeout(total_seconds)
    watch = asyncio.create_task(_end_when(interrupted, limit))
    try:
        async with limit, setup:
            for index, cell in enumerate(notebook.cells):
                if cell.cell_type == "code":
                    await client.async_execute_cell(cell, index, store_history=True)
                    finished.add(index)
    except (TimeoutError, RuntimeError) as error:  # nbclient takes being cancelled for a dead kernel
        if client.flooded:
            stopped = f"it printed more than {MOST_OUTPUT >> 20} MiB and was stopped"
        elif interrupted is not None and interrupted.is_set():
            stopped = "the grading was interrupted"
        elif limit.expired():
            stopped = f"it ran for more than {total_seconds} s and was stopped"
        elif isinstance(error, DeadKernelError):
            stopped = "its kernel died; it may have asked for more memory than it was given"
        else:
            raise CourseError(f"no kernel could be started for it ({error}); run the same command again") from None
    finally:
        watch.cancel()
        with contextlib.suppress(Exception):
            await manager.shutdown_kernel(now=True)
        atexit.unregister(client._cleanup_kernel)  # nbclient leaves it there when the start does not succeed
        shutil.rmtree(sockets, ignore_errors=True)
    finish_outputs(notebook, stopped, cell_seconds, finished)
    return stopped


async def _end_when(interrupted: threading.Event | None, limit: asyncio.Timeout) -> None:
    """Let the time be up as soon as `interrupted` is set, also while the kernel still starts."""
    while interrupted is not None:
        await asyncio.sleep(0.5)
        if interrupted.is_set():
            limit.reschedule(asyncio.get_running_loop().time())
            return


def note_failure(cell: NotebookNode, cell_index: int, execute_reply: dict) -> None:
    """Give a cell that failed its error, also where the submission keeps IPython from showing any."""
    reply = execute_reply["content"]
    if reply["status"] != "ok" and not has_error(cell):
        name, value = reply.get("ename", "Error"), reply.get("evalue", "")
        cell.outputs.append(new_output("error", ename=name, evalue=value, traceback=[f"{name}: {value}"]))


def has_error(cell: NotebookNode) -> bool:
    return any(output.output_type == "error" for output in cell.outputs)


def finish_outputs(notebook: NotebookNode, stopped: str, cell_seconds: int, finished: set[int]) -> None:
    """Make of each check an outcome that nbgrader reads rightly, and name timeouts.

    nbgrader takes anything on stderr for a failure, also a library's warning, and a check for passed unless it shows an
    error, also one whose cell is not among those `finished`.
    """
    for index, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            if output.output_type == "error" and output.ename == "KeyboardInterrupt":
                output.ename = TIMEOUT
                output.evalue = f"This cell took more than {cell_seconds} s and was stopped."
                output.traceback = [output.evalue]
        if cell.cell_type != "code" or not cell.metadata.get("nbgrader", {}).get("grade"):
            continue
        cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
        for output in cell.outputs:
            if output.output_type == "error" and len(output.traceback) > 1:  # it quotes lines of the hidden tests
                output.traceback = [f"{output.ename}: {output.evalue}"]
        if index not in finished and not has_error(cell):
            begun = "finished" if cell.get("execution_count") else "reached"
            message = f"This check was not {begun}: {stopped}."
            cell.outputs.append(new_output("error", ename="NotRun", evalue=message, traceback=[message]))
