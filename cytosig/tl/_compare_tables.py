"""Scores, axes and balance of every sample, from where they are stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cytosig._errors import DataError, UsageError
from cytosig._keys import Keys
from cytosig._obs import in_memory, names_of
from cytosig.compare import Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from anndata import AnnData

    from cytosig.tl._compare_samples import Samples

KINDS = ("score", "axis", "balance")
BALANCE = (
    "balance", "anti", "pro", "intensity", "balance_adjusted", "balance_context",
    "balance_network",
)  # fmt: skip


def tables_of(
    adata: AnnData, samples: Samples, use: Sequence[str] | None, key: str, /
) -> list[Table]:
    """What is to be compared, one table a kind and cell type.

    Parameters
    ----------
    use
        The kinds; those that are stored when None.

    Raises
    ------
    UsageError
        When a kind is unknown or not stored.
    DataError
        When what is stored is not what cytosig writes, or is of other samples.
    """
    wanted = _wanted(use)
    stored = {kind: _stored(adata, samples, kind, key) for kind in wanted}
    lacking = [kind for kind, tables in stored.items() if tables is None]
    if use is not None and lacking:
        raise UsageError(f"use: {lacking[0]!r} is not stored. {_where(adata, lacking[0], key)}")
    found = [table for tables in stored.values() if tables is not None for table in tables]
    if not found:
        raise UsageError(f"Nothing to compare. {_where(adata, 'score', key)}")
    return found


def _wanted(use: Sequence[str] | None) -> tuple[str, ...]:
    if use is None:
        return KINDS
    wanted = (use,) if isinstance(use, str) else tuple(dict.fromkeys(use))
    odd = [kind for kind in wanted if kind not in KINDS]
    if odd or not wanted:
        raise UsageError(f"use={use!r}: expected some of {names_of(KINDS)}.")
    return wanted


def _where(adata: AnnData, kind: str, key: str) -> str:
    if kind == "balance":
        return (
            f"Run cs.tl.balance first (with the same sample_key= and cell_type_key=); uns[{key!r}]"
            f" has {names_of(_record(adata, key))}."
        )
    return (
        f"obsm has no {getattr(Keys(key), kind)!r}; it has {names_of(adata.obsm)}. Run"
        " cs.tl.score(adata) first, or pass the key= it was given as key_added."
    )


def _record(adata: AnnData, key: str) -> Mapping[str, Any]:
    found = adata.uns.get(Keys(key).uns, {})
    return found if hasattr(found, "keys") else {}


def _stored(adata: AnnData, samples: Samples, kind: str, key: str) -> list[Table] | None:
    if kind == "balance":
        return _balance(adata, samples, key)
    slot = getattr(Keys(key), kind)
    if slot not in adata.obsm:
        return None
    table = in_memory(adata.obsm[slot])
    if not hasattr(table, "columns"):
        raise DataError(
            f"obsm[{slot!r}] is a {type(table).__name__}; expected the DataFrame that cs.tl.score"
            " writes. Score again."
        )
    table = table.set_axis([str(name) for name in table.columns], axis=1)
    if not table.columns.is_unique:
        twice = table.columns[table.columns.duplicated()][0]
        raise DataError(f"obsm[{slot!r}] has two columns {twice!r}. Rename one.")
    odd = [name for name, dtype in table.dtypes.items() if dtype.kind not in "fiu"]
    if odd:
        raise DataError(f"obsm[{slot!r}]: column {odd[0]!r} holds no numbers. Score again.")
    return [Table(kind, values, label) for label, values in samples.means(table)]


def _balance(adata: AnnData, samples: Samples, key: str) -> list[Table] | None:
    record, by_type = _record(adata, key), samples.cell_types != ("",)
    slot = "balance_cell_types" if by_type else "balance"
    if slot not in record:
        return None
    where = f"uns[{key!r}][{slot!r}]"
    stored = in_memory(record[slot])
    columns = [name for name in BALANCE if name in getattr(stored, "columns", ())]
    if not columns:
        raise DataError(f"{where} has none of the columns {names_of(BALANCE)}. Run cs.tl.balance.")
    if not by_type:
        own = stored[columns].set_axis(stored.index.astype(str), axis=0)
        return [Table("balance", _of_samples(own, samples, "", where))]
    text = stored["cell_type"].astype(str)
    found = []
    for label in samples.cell_types:
        own = stored[(text == label).to_numpy()]
        own = own[columns].set_axis(own["sample"].astype(str), axis=0)
        if len(own):
            found.append(Table("balance", _of_samples(own, samples, label, where), label))
    if not found:
        raise DataError(f"{where} has none of the cell types {names_of(samples.cell_types[:5])}.")
    return found


def _of_samples(own: pd.DataFrame, samples: Samples, label: str, where: str) -> pd.DataFrame:
    """In the order of the samples; nothing for those with too few cells."""
    if not own.index.is_unique:
        raise DataError(
            f"{where} has two rows of sample {own.index[own.index.duplicated()][0]!r}. Run"
            " cs.tl.balance again."
        )
    if not own.index.isin(samples.names).any():
        raise DataError(
            f"{where} has rows such as {own.index[0]!r}, none of them one of the samples, such as"
            f" {samples.names[0]!r}. Run cs.tl.balance with the same sample_key=."
        )
    values = own.astype("float64").reindex(samples.names)
    return values.where(samples.has_cells(label), axis=0)
