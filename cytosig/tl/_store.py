"""From what the engine found to the slots of an AnnData."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from cytosig._keys import Keys
from cytosig._log import logger

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

    from cytosig.cells import Cells
    from cytosig.engine.scores import Scores

_PACKAGES = ("cytosig-toolkit", "anndata", "numpy", "scipy", "pandas", "numba", "gseapy")


@cache
def _versions() -> tuple[tuple[str, str], ...]:
    return tuple((name, version(name)) for name in _PACKAGES)


def say(found: Mapping[str, Scores]) -> None:
    """Tell what is not scored; nothing is dropped without a word."""
    first, *further = found.items()
    _say_unscored(first[1], {}, "")
    for name, scores in further:
        _say_unscored(scores, dict(first[1].coverage["reason"]), f" by {name}")


def _say_unscored(found: Scores, told: Mapping[Any, str], by: str) -> None:
    own = found.coverage_compartments
    where = "" if own is None else " by its generic signature"
    for id, reason in found.coverage["reason"].items():
        if reason and reason != told.get(id):
            logger.warning("%s is not scored%s%s: %s.", id, by, where, reason)
    if by:
        return
    if own is not None:
        for _, row in own[own["reason"] != ""].iterrows():
            logger.warning(
                "The %s signature of %s is not used: %s.",
                row["compartment"],
                row["signature"],
                row["reason"],
            )
    if len(found.unscored):
        logger.warning(
            "%d observation(s) not scored (NaN), first %r: %s.",
            len(found.unscored),
            found.unscored.index[0],
            found.unscored["reason"].iloc[0],
        )


def copied(adata: AnnData, /) -> AnnData:
    """A copy in memory."""
    return adata.to_memory() if adata.isbacked else adata.copy()


def store(
    adata: AnnData,
    found: Mapping[str, Scores],
    keys: Keys,
    /,
    *,
    params: Mapping[str, dict[str, Any]],
    digest: str,
    cells: Cells | None,
) -> None:
    """Write tables to ``obsm`` and the record of the run to ``uns``, in place of an older run's.

    The first method goes to the slots of ``keys``, every further one to slots of its own, as if it
    had been the only one of a run under that name; the ligands go with the first.

    Parameters
    ----------
    params
        What was asked for, by method.
    """
    _forget(adata, keys)
    first, *further = found
    for name in found:
        own = keys if name == first else keys.of_method(name)
        _write(adata, found[name], own, with_ligand=name == first)
        adata.uns[own.uns] = _record(found[name], params[name], digest, cells)
    if further:
        adata.uns[keys.uns]["further"] = [keys.of_method(name).uns for name in further]


def _forget(adata: AnnData, keys: Keys) -> None:
    """Take away what further methods of an older run left under this key."""
    older = adata.uns.get(keys.uns)
    names = older.get("further", []) if isinstance(older, Mapping) else []
    for name in names:
        for slot in Keys(str(name)).tables:
            adata.obsm.pop(slot, None)
        adata.uns.pop(str(name), None)


def _write(adata: AnnData, found: Scores, keys: Keys, *, with_ligand: bool) -> None:
    tables: dict[str, pd.DataFrame | None] = {
        keys.score: found.score,
        keys.pvalue: found.pvalue,
        keys.estimate: found.estimate,
        keys.axis: found.axis,
        keys.axis_pvalue: found.axis_pvalue,
        keys.ligand: found.ligand if with_ligand else None,
        keys.spread: found.spread,
    }
    for key, table in tables.items():
        if table is not None and table.shape[1]:
            adata.obsm[key] = table
        elif key in adata.obsm:
            del adata.obsm[key]


def _record(
    found: Scores, params: dict[str, Any], digest: str, cells: Cells | None
) -> dict[str, Any]:
    record: dict[str, Any] = {
        "format": 1,
        "params": params,
        "unit": found.unit,
        "about_zero": found.about_zero,
        "versions": dict(_versions()),
        "catalogue_digest": digest,
        "notes": list(found.notes),
        "coverage": found.coverage,
        "unscored": found.unscored,
    }
    optional = {
        "agreement": found.agreement,
        "compartments": None if cells is None else cells.table,
        "coverage_compartments": found.coverage_compartments,
    }
    return record | {name: table for name, table in optional.items() if table is not None}
