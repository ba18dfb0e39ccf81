"""Run one submission in a kernel of its own, within limits, and keep what came out."""

import asyncio
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

CELL_SECONDS = 120
TOTAL_SECONDS = 600
TIMEOUT = "CellTimeout"  # what an error of a cell that took too long is called
MOST_OUTPUT = 20 * 2**20  # bytes of output in one submission, then it is stopped


class TooMuchOutput(Exception):
    pass


class IsolatedKernel(AsyncKernelManager):
    """A Python kernel that is shut in; it is spoken to through sockets in its folder, so it needs no network."""

    command = Any()  # from the kernel's own command line to the one that shuts it in

    @property
    def kernel_spec(self):
        spec = get_kernel_dict()
        # A message reaches the kernel inside, a signal would end the wall around it.
        return KernelSpec(**{**spec, "argv": self.command(spec["argv"]), "interrupt_mode": "message"})


class Client(NotebookClient):
    """Counts what cells print, and writes timeouts into the notebook as errors of their cells."""

    printed = Int(0)

    def process_message(self, msg, cell, cell_index):
        self.printed += sum(len(buffer) for buffer in msg.get("buffers", [])) + len(str(msg["content"]))
        if self.printed > MOST_OUTPUT:
            raise TooMuchOutput
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
        interrupt_on_timeout=True,  # the cell ends in a KeyboardInterrupt, and the next one runs
        allow_errors=True,
        record_timing=False,
        shutdown_kernel="immediate",
    )
    stopped = ""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    setup = client.async_setup_kernel(cwd=str(folder), env=environment(folder), **quiet)
    limit = asyncio.timeout(total_seconds)
    watch = asyncio.create_task(_end_when(interrupted, manager))
    try:
        async with limit, setup:
            for index, cell in enumerate(notebook.cells):
                if cell.cell_type == "code":
                    await client.async_execute_cell(cell, index, store_history=True)
    except (TimeoutError, DeadKernelError):
        if limit.expired():  # nbclient takes being cancelled for a dead kernel
            stopped = f"it ran for more than {total_seconds} s and was stopped"
        else:
            stopped = "its kernel died; it may have asked for more memory than it was given"
    except TooMuchOutput:
        stopped = f"it printed more than {MOST_OUTPUT >> 20} MiB and was stopped"
    finally:
        watch.cancel()
        with contextlib.suppress(Exception):
            await manager.shutdown_kernel(now=True)
        shutil.rmtree(sockets, ignore_errors=True)
    finish_outputs(notebook, stopped, cell_seconds)
    return stopped


async def _end_when(interrupted: threading.Event | None, manager: IsolatedKernel) -> None:
    while interrupted is not None:
        await asyncio.sleep(0.5)
        if interrupted.is_set():
            await manager.shutdown_kernel(now=True)
            return


def finish_outputs(notebook: NotebookNode, stopped: str, cell_seconds: int) -> None:
    """Make of each check an outcome that nbgrader reads rightly, and name timeouts.

    nbgrader takes anything on stderr for a failure, also a library's warning, and a check that never ran for a success.
    """
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error" and output.ename == "KeyboardInterrupt":
                output.ename = TIMEOUT
                output.evalue = f"This cell took more than {cell_seconds} s and was stopped."
                output.traceback = [output.evalue]
        if cell.cell_type != "code" or not cell.metadata.get("nbgrader", {}).get("grade"):
            continue
        cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
        ran = cell.get("execution_count") is not None
        if not ran and not any(output.output_type == "error" for output in cell.outputs):
            message = f"This check was not reached: {stopped or 'the notebook stopped before it'}."
            cell.outputs.append(new_output("error", ename="NotRun", evalue=message, traceback=[message]))
