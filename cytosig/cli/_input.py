"""What is scored: a file opened where it is, or read into memory."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from cytosig._errors import DataError
from cytosig._log import logger
from cytosig.engine.room import Folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from anndata import AnnData  # type: ignore[import-untyped,unused-ignore]


def is_store(source: Path, transpose: bool | None, main: Path | None, /) -> bool:
    """Whether rows are read piece by piece; other formats are read whole.

    So is a zarr store that is to become an h5ad file, ``main``.
    """
    from cytosig import io

    changes = source.is_dir() and main is not None and main.suffix.lower() == ".h5ad"
    return not transpose and not changes and io.can_open(source)


@contextmanager
def opened(source: Path, /, *, transpose: bool | None, stored: bool) -> Iterator[AnnData]:
    """The file as AnnData; rows stay where they are if it is ``stored``."""
    from cytosig import io

    if stored:
        with io.open_store(source) as adata:
            yield adata
    else:
        yield io.read(source, transpose=transpose)


@contextmanager
def scratch(place: Path, /, *, resume: bool) -> Iterator[Folder]:
    """A folder for results while they come, beside where they go.

    It is removed when all is written, or nothing worth keeping is in it.

    Parameters
    ----------
    place
        The file or folder that the results go to.
    resume
        Go on with what a run that was cut off left there.
    """
    path = place.parent / f".{place.name}.run"
    room = Folder(path)
    if not resume and room.begun:
        logger.info("A run that was cut off is begun anew; --resume would go on with it.")
        room.remove()
    try:
        yield room
    except DataError:
        room.remove()
        raise
    except BaseException:
        if room.begun:
            logger.warning("What is done is kept in %s; go on with --resume.", path)
        else:
            room.remove()
        raise
    room.remove()
