"""What is scored: files opened where they are, or read into memory; one, or several as one."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cytosig._errors import DataError, FileError, UsageError
from cytosig._log import logger
from cytosig.cli._cluster import check_seen
from cytosig.cli._files import TABLES_RUN, is_zarr
from cytosig.cli._plan import names_of
from cytosig.engine.room import Folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from anndata import AnnData  # type: ignore[import-untyped,unused-ignore]

    from cytosig.cli._plan import Call, DataSet


def is_stored(data: DataSet, call: Call, /) -> bool:
    """Whether rows are read piece by piece; other formats are read whole.

    So is a zarr store that is to become an h5ad file with expression.

    Raises
    ------
    UsageError
        When what is asked for needs a store, or one of another kind.
    """
    from cytosig import io

    stored = not call.transpose and all(io.can_open(path) for path in data.sources)
    source, main, outputs = data.sources[0], data.outputs.main, data.outputs
    if call.scheduler is not None and not stored:
        raise UsageError(
            f"{', '.join(map(str, data.sources))}: workers of --scheduler read .h5ad and .zarr"
            " stores of today's layout only; leave it out, or convert the data."
        )
    if outputs.in_place and not stored:
        raise UsageError(f"{source} is no store of today's layout; give -o OUT instead.")
    if main is not None and is_zarr(main) and not (stored or data.joined):
        raise UsageError(
            f"{main}: a zarr store is written from .h5ad and .zarr stores of today's layout only,"
            f" and {source} is none; give -o OUT.h5ad."
        )
    if main is None or outputs.scores_only:
        return stored
    if is_zarr(main) and not source.is_dir():
        raise UsageError(
            f"{main}: a zarr store with expression is written from a zarr store only; give -o"
            " OUT.h5ad, or --scores-only."
        )
    return stored and not (source.is_dir() and main.suffix.lower() == ".h5ad")


@contextmanager
def opened(data: DataSet, call: Call, client: Any | None, /, *, stored: bool) -> Iterator[AnnData]:
    """The data as AnnData; rows stay where they are if it is ``stored``."""
    from cytosig import io

    if client is not None:
        check_seen(client, data.sources)
    with ExitStack() as stack:
        parts = []
        for path in data.sources:
            if stored or (data.joined and not call.transpose and io.can_open(path)):
                parts.append(stack.enter_context(io.open_store(path)))
            else:
                parts.append(io.read(path, transpose=call.transpose))
        if client is None and not data.joined:
            yield parts[0]
        else:
            yield _together(data, call, parts, there=client is not None)


def _together(data: DataSet, call: Call, parts: list[AnnData], *, there: bool) -> AnnData:
    """One matrix of all files, read here or by workers."""
    from cytosig._anndata import matrix_of
    from cytosig.engine.alike import check_alike
    from cytosig.io.filerows import rows_here, rows_there
    from cytosig.io.joined import Opened, together

    names = names_of(data.sources)
    files = [Opened(*file) for file in zip(data.sources, names, parts, strict=True)]
    how = call.arguments
    layer, use_raw = how.get("layer"), how.get("use_raw", False)
    rows = partial(rows_there, chunk_size=how.get("chunk_size")) if there else rows_here
    found = together(files, layer=layer, use_raw=use_raw, rows=rows)
    if len(files) > 1 and how.get("normalize") != "none":
        matrix, _ = matrix_of(found, layer=layer, use_raw=use_raw)
        sizes = [part.n_obs for part in parts]
        check_alike(matrix.source, sizes, [str(path) for path in data.sources])
    return found


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
    from cytosig.io import clear_leftovers

    path = _run_folder(Path(os.path.realpath(place)))
    room = Folder(path)
    room.claim()
    clear_leftovers(place)
    if not resume and room.begun:
        logger.info("A run that was cut off is begun anew; --resume would go on with it.")
        room.remove()
    try:
        yield room
    except DataError as exc:
        if isinstance(exc, FileError) and room.begun:  # such as a full disk
            logger.warning("What is done is kept in %s; go on with --resume.", path)
        else:
            room.remove()
        raise
    except BaseException:
        if room.begun:
            logger.warning("What is done is kept in %s; go on with --resume.", path)
        else:
            room.remove()
        raise
    room.remove()


def _run_folder(place: Path) -> Path:
    """Inside a folder of tables, else beside the file or store."""
    if place.is_dir() and not is_zarr(place):
        return place / TABLES_RUN
    return place.with_name(f".{place.name[:200]}.run")


@contextmanager
def one_source(source: Path, transpose: bool | None, /, *, whole: bool) -> Iterator[AnnData]:
    """The data: left where they are, unless all of them are to be written again."""
    from cytosig import io

    if not whole and transpose is None and io.can_open(source):
        with io.open_store(source) as adata:
            yield adata
    else:
        yield io.read(source, transpose=transpose)


@contextmanager
def scored_source(path: Path, /, *, whole: bool) -> Iterator[AnnData]:
    """A file with results as AnnData; its matrix stays on disk unless it is to be written again."""
    from cytosig import io

    with io.unchanged(path):
        adata = None if whole or path.suffix.lower() != ".h5ad" else _backed(path)
        if adata is None:
            yield io.read(path)
            return
        try:
            yield adata
        finally:
            adata.file.close()


def _backed(path: Path) -> AnnData | None:
    """None where the file is not of today's layout; reading it whole then says what it is."""
    import warnings

    import anndata

    from cytosig import io

    try:
        if not io.can_open(path):
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # repeated names are judged elsewhere
            return anndata.read_h5ad(path, backed="r")
    except Exception:  # whatever it is, reading it whole names it
        return None
