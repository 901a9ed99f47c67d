"""Where results of a large run are kept while they come, and what tells one run from another."""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cytosig._errors import UsageError
from cytosig.blocks.stored import path_of
from cytosig.engine.room import Folder, Room, is_run
from cytosig.io import stamp
from cytosig.tl._store import versions

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

    from cytosig.engine.align import Aligned
    from cytosig.engine.centre import Baseline


def room_of(scratch: Folder | str | os.PathLike[str] | None, /) -> Room:
    """The room for the results: memory, or a folder."""
    if scratch is None:
        return Room()
    if isinstance(scratch, Folder):
        return scratch
    path = Path(scratch)
    if path.exists() and not is_run(path) and (not path.is_dir() or any(path.iterdir())):
        raise UsageError(f"scratch={str(path)!r} holds other files; name a new folder.")
    return Folder(path)


def run_of(
    matrix: Any, aligned: Aligned, baseline: Baseline, compartment: NDArray[Any] | None, /
) -> dict[str, object]:
    """What the numbers of a run depend on, besides what was asked for."""
    digest = hashlib.sha256()
    stored = baseline.reference
    moments = (None, None) if stored is None else (stored.mean, stored.sd)
    for array in (baseline.control, baseline.batch, *moments, compartment):
        digest.update(repr(array is None).encode())
        if array is not None:
            digest.update(array.astype("U" if array.dtype == object else array.dtype).tobytes())
    genes = () if stored is None else stored.genes
    for names in (aligned.labels, aligned.universe.keys, genes):
        digest.update("\0".join(map(str, names)).encode())
        digest.update(b"\n")
    return {
        "data": _identity(matrix),
        "spans": aligned.rows.spans,
        "genes and zero": digest.hexdigest(),
        "versions": dict(versions()),
    }


def _identity(matrix: Any) -> object:
    """Where the matrix is on disk and when it was written; what is in memory is never the same."""
    if hasattr(matrix, "parts"):  # of several files
        return [_identity(part) for part in matrix.parts]
    path = path_of(matrix)
    if path is None:
        return secrets.token_hex(8)
    return str(path.resolve()), *stamp(path), str(getattr(matrix, "group", matrix).name)
