"""From what the engine found to the slots of an AnnData."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from cytosig._log import logger

if TYPE_CHECKING:
    from anndata import AnnData

    from cytosig._keys import Keys
    from cytosig.cells import Cells
    from cytosig.engine.scores import Scores

_PACKAGES = ("cytosig-toolkit", "anndata", "numpy", "scipy", "pandas", "numba")


def say(found: Scores) -> None:
    """Tell what is not scored; nothing is dropped without a word."""
    own = found.coverage_compartments
    where = "" if own is None else " by its generic signature"
    for id, reason in found.coverage["reason"].items():
        if reason:
            logger.warning("%s is not scored%s: %s.", id, where, reason)
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
    found: Scores,
    keys: Keys,
    /,
    *,
    params: dict[str, Any],
    digest: str,
    cells: Cells | None,
) -> None:
    """Write tables to ``obsm`` and the record of the run to ``uns``, in place of an older run's."""
    tables = {
        keys.score: found.score,
        keys.pvalue: found.pvalue,
        keys.estimate: found.estimate,
        keys.axis: found.axis,
        keys.axis_pvalue: found.axis_pvalue,
        keys.ligand: found.ligand,
    }
    for key, table in tables.items():
        if table.shape[1]:
            adata.obsm[key] = table
        elif key in adata.obsm:
            del adata.obsm[key]
    record: dict[str, Any] = {
        "format": 1,
        "params": params,
        "versions": {name: version(name) for name in _PACKAGES},
        "catalogue_digest": digest,
        "notes": list(found.notes),
        "coverage": found.coverage,
        "unscored": found.unscored,
    }
    if cells is not None:
        record["compartments"] = cells.table
    if found.coverage_compartments is not None:
        record["coverage_compartments"] = found.coverage_compartments
    adata.uns[keys.uns] = record
