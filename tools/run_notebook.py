"""Run one notebook with the Python that runs this file, whatever kernels the machine has installed."""

import asyncio
import contextlib
import re
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from ipykernel.kernelspec import get_kernel_dict
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

# Progress bars of Keras, tqdm and rich: a bar and a time, which is another one in every run
PROGRESS = re.compile(r"^.*[━█].*(?:\d:\d\d|s/step|it/s).*(?:\n|\Z)", re.MULTILINE)


class CellFailed(Exception):
    """A cell raised, took too long or lost its kernel; the message names the heading it stands under."""


class _ThisPython(AsyncKernelManager):
    """Starts `sys.executable`, so that `.venv/bin/python tools/…` works without activating the environment."""

    @property
    def kernel_spec(self):
        return KernelSpec(**get_kernel_dict())  # its first argument is sys.executable


def run_notebook(
    notebook: NotebookNode,
    folder: Path,
    env: dict,
    timeout: int,
    on_cell: Callable[[int, str], None] | None = None,
    allow_errors: bool = False,
    keep_noise: bool = False,
) -> None:
    """Execute all cells in order; outputs, without noise, and execution counts are written into `notebook`.

    Args:
        notebook: the notebook, as nbformat reads it.
        folder: the kernel's working folder.
        env: the kernel's environment variables.
        timeout: seconds one cell may take.
        on_cell: called with the index of each code cell and the heading above it, before the cell runs.
        allow_errors: go on after a cell that raised.
        keep_noise: leave stderr, widgets and progress bars among the outputs.

    Raises:
        CellFailed: at the first cell that does not finish.
        KeyboardInterrupt: on SIGINT and SIGTERM, after the kernel was stopped.
    """
    client = NotebookClient(
        notebook,
        timeout=timeout,
        allow_errors=allow_errors,
        kernel_manager_class=_ThisPython,
        extra_arguments=["--log-level=ERROR"],  # no notices of the kernel between our own lines
        shutdown_kernel="immediate",
        record_timing=False,
    )
    try:
        asyncio.run(_run_cells(client, folder, env, on_cell))
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    for cell in notebook.cells:
        if cell.cell_type == "code" and not keep_noise:
            cell.outputs = without_noise(cell.outputs)


async def _run_cells(client, folder, env, on_cell):
    # What TensorFlow's C++ writes before the kernel captures it would land in our terminal.
    async with client.async_setup_kernel(cwd=str(folder), env=env, stderr=subprocess.DEVNULL):
        # nbclient's own handlers only stop the kernel; cancelling also ends this coroutine, which stops the kernel.
        with contextlib.suppress(NotImplementedError):  # Windows
            for stop in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(stop, asyncio.current_task().cancel)
        for index, cell in enumerate(client.nb.cells):
            if cell.cell_type != "code":
                continue
            above = heading_above(client.nb, index)
            if on_cell:
                on_cell(index, above)
            try:
                await client.async_execute_cell(cell, index, execution_count=client.code_cells_executed + 1)
            except CellExecutionError as error:
                raise CellFailed(f'under "{above}": {error.ename}: {_first_line(error.evalue)}') from None
            except CellTimeoutError:
                raise CellFailed(f'under "{above}": the cell took more than {client.timeout} s') from None
            except DeadKernelError:
                if asyncio.current_task().cancelling():  # nbclient takes every cancellation for a dead kernel
                    raise asyncio.CancelledError from None
                raise CellFailed(f'under "{above}": the kernel died; is there enough memory?') from None


def without_noise(outputs: list) -> list:
    """Outputs without what differs from run to run: stderr, widgets and progress bars."""
    kept = []
    for output in outputs:
        if output.output_type == "stream":
            output.text = PROGRESS.sub("", output.text)
            noise = output.name == "stderr" or not output.text
        else:
            data = output.get("data", {})
            noise = "application/vnd.jupyter.widget-view+json" in data or PROGRESS.search(data.get("text/html", ""))
        if not noise:
            kept.append(output)
    return kept


def heading_above(notebook: NotebookNode, index: int) -> str:
    """The last Markdown heading above cell `index`, without its number signs."""
    for cell in reversed(notebook.cells[:index]):
        headings = re.findall(r"^#+ +(.+)$", cell.source, re.MULTILINE) if cell.cell_type == "markdown" else []
        if headings:
            return headings[-1].strip()
    return "the beginning"


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0] if text.strip() else "no message"
