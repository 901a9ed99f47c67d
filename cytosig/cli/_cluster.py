"""A dask scheduler that runs already: reached, looked at, and left as it was."""

from __future__ import annotations

import json
import os
import re
from contextlib import contextmanager, suppress
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cytosig._errors import FileError, UsageError
from cytosig._log import logger

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_PATIENCE = 30  # seconds to wait for the scheduler, and for a worker
_PACKAGE = "cytosig-toolkit"
_ADDRESS = re.compile(r"(tcp|tls)://\S+:\d+")


def check_scheduler(address: str, /) -> None:
    """Refuse what is no address, and a scheduler where dask is not installed.

    Raises
    ------
    UsageError
        The address is neither ``tcp://HOST:PORT`` (or tls) nor a ``.json`` file, or dask is
        not installed for clusters.
    FileError
        The file is missing or names no scheduler.
    """
    if address.endswith(".json"):
        _check_file(Path(address))
    elif not _ADDRESS.fullmatch(address):
        raise UsageError(
            f"--scheduler {address!r}: expected tcp://HOST:PORT, tls://HOST:PORT, or the .json file"
            " that the scheduler wrote."
        )
    if find_spec("distributed") is None:
        raise UsageError(
            "--scheduler needs dask.distributed. Run 'pip install"
            f' "{_PACKAGE}[distributed]"\', here and for the workers.'
        )


def _check_file(path: Path) -> None:
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise FileError(f"--scheduler {path} cannot be read: {exc.strerror or exc}.") from exc
    except ValueError:
        known = None
    if not (isinstance(known, dict) and isinstance(known.get("address"), str)):
        raise FileError(
            f"--scheduler {path} names no scheduler: give the file that 'dask scheduler"
            " --scheduler-file' wrote."
        )


@contextmanager
def connected(address: str, /) -> Iterator[Any]:
    """A client of the scheduler; tasks go to its workers as long as the context lasts.

    Raises
    ------
    UsageError
        Nobody answers, there is no worker, or a worker has another version of this package.
    """
    import distributed

    make: Any = distributed.Client
    where = "scheduler_file" if address.endswith(".json") else "address"
    try:
        client = make(**{where: address}, timeout=_PATIENCE)
    except (OSError, ValueError) as exc:  # a timeout is an OSError
        raise UsageError(
            f"--scheduler {address}: nobody answers within {_PATIENCE} s"
            f" ({type(exc).__name__}). Is the scheduler running, and can it be reached from here?"
        ) from exc
    with client:
        _check_workers(client, address)
        try:
            yield client
        finally:
            _close_files(client)


def _check_workers(client: Any, address: str) -> None:
    try:
        client.wait_for_workers(1, timeout=_PATIENCE)
    except TimeoutError as exc:
        raise UsageError(
            f"--scheduler {address} has no worker. Start some: dask worker {address}"
        ) from exc
    own, found = _own_version(), client.run(metadata.version, _PACKAGE, on_error="return")
    for worker, theirs in found.items():
        if theirs != own:
            what = "lacks it" if isinstance(theirs, BaseException) else f"has {theirs}"
            raise UsageError(
                f"Here {_PACKAGE} is {own}, and the worker {worker} {what}: install the same"
                " version for all, or numbers could differ."
            )
    logger.info("Scoring on %d worker(s) of %s.", len(found), address)


def _own_version() -> str:
    return metadata.version(_PACKAGE)


def check_seen(client: Any, paths: Sequence[Path], /) -> None:
    """Refuse files that a worker cannot see.

    Raises
    ------
    FileError
        Naming the file and the worker.
    """
    for path in paths:
        for worker, there in client.run(os.path.exists, str(path.resolve())).items():
            if not there:
                raise FileError(
                    f"{path} is not there for the worker {worker}: put it where all workers see it"
                    " under the same path."
                )


def _close_files(client: Any) -> None:
    from cytosig.io.filerows import close_there

    with suppress(Exception):  # the numbers are there; workers forget in time anyway
        client.run(close_there, on_error="ignore")
