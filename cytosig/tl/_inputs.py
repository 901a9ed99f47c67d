"""From what users hand over to what the engine takes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, cast

import numpy as np

from cytosig._errors import UsageError
from cytosig._obs import column_of, in_memory, names_of
from cytosig.engine.centre import Baseline
from cytosig.engine.reference import Reference
from cytosig.signatures import Catalogue, load

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from anndata import AnnData
    from numpy.typing import NDArray

    from cytosig.blocks.watch import Watch
    from cytosig.engine.options import Center

    Signatures = (
        Catalogue
        | pd.DataFrame
        | Mapping[str, Mapping[str, float] | Iterable[str]]
        | str
        | os.PathLike[str]
        | None
    )


def listeners(
    progress: Callable[[int], None] | Watch | None, /
) -> tuple[Watch | None, Callable[[int], None] | None]:
    """Who is told of every pass over the rows, and who of the last alone."""
    if progress is None or not hasattr(progress, "begin"):
        return None, progress
    return cast("Watch", progress), None


def as_catalogue(signatures: Signatures, /) -> Catalogue:
    """The curated catalogue, or whatever the user brought as one."""
    if signatures is None:
        return load()
    if isinstance(signatures, Catalogue):
        return signatures
    if isinstance(signatures, Mapping):
        return Catalogue.from_dict(signatures)
    if isinstance(signatures, str | os.PathLike):
        return Catalogue.from_file(signatures)
    if hasattr(signatures, "columns"):
        return Catalogue.from_frame(signatures)
    raise UsageError(
        f"signatures is a {type(signatures).__name__}; expected a Catalogue, a DataFrame"
        " (source, target, weight), a dict or a path to .toml, .gmt, .csv or .tsv."
    )


def control_mask(adata: AnnData, control: tuple[str, object], /) -> NDArray[np.bool_]:
    """Observations where obs[column] equals value (compared as text)."""
    if isinstance(control, tuple) and len(control) == 2:
        column_of(adata, control[0], argument="control")  # without gaps
    return chosen(in_memory(adata.obs), control, "control")


def chosen(obs: pd.DataFrame, pair: tuple[str, object], argument: str, /) -> NDArray[np.bool_]:
    """Rows of obs where a column equals a value (compared as text)."""
    if not isinstance(pair, tuple) or len(pair) != 2:
        raise UsageError(f"{argument}={pair!r}: expected (obs column, value).")
    key, value = pair
    if key not in obs.columns:
        raise UsageError(f"{argument}: obs has no column {key!r}; it has {names_of(obs)}.")
    values = obs[key].astype(str)
    mask: NDArray[np.bool_] = (values == str(value)).to_numpy(dtype=bool)
    if not mask.any():
        raise UsageError(
            f"{argument}={pair!r}: no observation has that value; obs[{key!r}] holds"
            f" {names_of(sorted(values.unique())[:8])}."
        )
    return mask


def baseline_of(
    adata: AnnData,
    /,
    *,
    control: tuple[str, object] | None,
    batch_key: str | None,
    reference: Reference | str | os.PathLike[str] | None,
    center: Center,
) -> Baseline:
    """Where zero is, from the arguments of ``score``."""
    given = (("control", control), ("batch_key", batch_key), ("reference", reference))
    for name, value in given:
        if center is None and value is not None:
            raise UsageError(f"center=None excludes {name}=, which says what to centre on.")
    if reference is not None:
        if control is not None or batch_key is not None:
            raise UsageError("reference= excludes control= and batch_key=: it sets the zero.")
        if not isinstance(reference, Reference):
            reference = Reference.load(reference)
        return Baseline(reference=reference)
    mask = None if control is None else control_mask(adata, control)
    if batch_key is None:
        return Baseline(control=mask)
    names, codes = np.unique(
        column_of(adata, batch_key, argument="batch_key").astype(str).to_numpy(dtype=str),
        return_inverse=True,
    )
    return Baseline(mask, codes.astype(np.int64), tuple(names.tolist()))
