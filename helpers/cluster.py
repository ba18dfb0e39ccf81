"""Work on other machines: what joblib does inside `on_dask` is done by the workers of a Dask cluster."""

from collections.abc import Iterator
from contextlib import contextmanager

import joblib

from helpers.errors import CourseError

SECONDS = 5  # to wait for the scheduler, and for a first worker


@contextmanager
def on_dask(address: str) -> Iterator[None]:
    """Send joblib's tasks to a Dask cluster (https://joblib.readthedocs.io, "Dask"; https://distributed.dask.org).

    Every worker needs this package, and must see the files under the same paths. When a worker dies, its tasks go to
    the others.

    Args:
        address: of the scheduler, like "tcp://10.0.0.1:8786".

    Raises:
        CourseError: if distributed is not installed, no scheduler answers, or the cluster has no workers.
    """
    try:
        from distributed import Client
    except ImportError:
        raise CourseError("--dask needs one more package: pip install 'album-cover-gans[dask]'.") from None
    try:
        client = Client(address, timeout=SECONDS)
    except (OSError, ValueError) as error:
        raise CourseError(f"No Dask scheduler answers at {address}; start one with dask scheduler.") from error
    with client:
        try:
            client.wait_for_workers(1, timeout=SECONDS)
        except TimeoutError:
            raise CourseError(f"The cluster at {address} has no workers; start some with dask worker.") from None
        with joblib.parallel_config("dask"):
            yield
