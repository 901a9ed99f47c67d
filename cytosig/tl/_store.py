"""From what the engine found to the slots of an AnnData."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from cytosig._errors import UsageError
from cytosig._keys import FORMAT, Keys
from cytosig._log import logger

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from anndata import AnnData

    from cytosig.cells import Cells
    from cytosig.engine.scores import Scores

OTHER_TOOLS = ("balance", "channels", "sources", "targets", "links", "blockade")
"""How the names of what other tools store in the same record begin."""
_PACKAGES = ("cytosig-toolkit", "anndata", "numpy", "scipy", "pandas", "numba", "gseapy")


@cache
def versions() -> tuple[tuple[str, str], ...]:
    """Packages that numbers depend on, with their versions."""
    return tuple((name, version(name)) for name in _PACKAGES)


def say(found: Mapping[str, Scores]) -> None:
    """Tell what is not scored; nothing is dropped without a word, and nothing told twice."""
    told: set[str] = set()
    for number, (name, scores) in enumerate(found.items()):
        for line in _lines(scores, f" by {name}" if number else ""):
            key = line.replace(f" by {name}", "")
            if key not in told:
                told.add(key)
                logger.warning("%s", line)


def _lines(found: Scores, by: str) -> Iterator[str]:
    own = found.coverage_compartments
    where = "" if own is None else " by its generic signature"
    for id, reason in found.coverage["reason"].items():
        if reason:
            yield f"{id} is not scored{where}{by}: {reason}."
    if own is not None:
        for _, row in own[own["reason"] != ""].iterrows():
            yield (
                f"The {row['compartment']} signature of {row['signature']} is not used:"
                f" {row['reason']}."
            )
    lost = found.unscored
    if len(lost):
        yield (
            f"{len(lost)} observation(s) not scored{by} (NaN), first {lost.index[0]!r}:"
            f" {lost['reason'].iloc[0]}."
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
    note: Mapping[str, str],
) -> None:
    """Write tables to ``obsm`` and the record of the run to ``uns``, in place of an older run's.

    The first method goes to the slots of ``keys``, every further one to slots of its own, as if it
    had been the only one of a run under that name; the ligands go with the first.

    Parameters
    ----------
    params
        What was asked for, by method.
    note
        Of what the observations are, for every record.
    """
    _forget(adata, keys)
    first, *further = found
    for name in found:
        own = keys if name == first else keys.of_method(name)
        if name != first and own.uns in adata.uns:
            logger.warning("What was stored under %r is overwritten by method %r.", own.uns, name)
        _forget(adata, own)
        _write(adata, found[name], own, with_ligand=name == first)
        record = _record(found[name], params[name], digest, cells) | dict(note)
        if name == first:
            adata.uns[own.uns] = _of_other_tools(adata, own) | record
        else:
            adata.uns[own.uns] = {**record, "part_of": keys.uns}
    if further:
        adata.uns[keys.uns]["further"] = [keys.of_method(name).uns for name in further]


def replace_entries(adata: AnnData, key: str, prefix: str, entries: Mapping[str, Any], /) -> None:
    """Write what a tool found, in place of its older run; what other tools stored stays.

    ``entries`` are by suffix: ``""`` for ``prefix`` itself, else ``_`` and a word.

    Raises
    ------
    UsageError
        When ``uns[key]`` is something else than a record.
    """
    older = adata.uns.get(key, {"format": FORMAT})
    if not isinstance(older, Mapping):
        raise UsageError(
            f"uns[{key!r}] holds a {type(older).__name__} of something else; pass another name in"
            " key_added=."
        )
    kept = {
        name: held
        for name, held in older.items()
        if name != prefix and not str(name).startswith(f"{prefix}_")
    }
    adata.uns[key] = kept | {f"{prefix}{suffix}": held for suffix, held in entries.items()}


def _of_other_tools(adata: AnnData, keys: Keys) -> dict[str, Any]:
    """What other tools left under this key that rests on no score; comparisons do, and go."""
    older = adata.uns.get(keys.uns)
    if not isinstance(older, Mapping):
        return {}
    return {name: held for name, held in older.items() if str(name).startswith(OTHER_TOOLS)}


def _forget(adata: AnnData, keys: Keys) -> None:
    """Take away what further methods of an older run left under this key, and nothing else."""
    older = adata.uns.get(keys.uns)
    names = older.get("further", []) if isinstance(older, Mapping) else []
    for name in map(str, names):
        record = adata.uns.get(name)
        if not isinstance(record, Mapping) or record.get("part_of") != keys.uns:
            continue
        for slot in Keys(name).tables:
            adata.obsm.pop(slot, None)
        del adata.uns[name]


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
        "format": FORMAT,
        "params": deepcopy(params),
        "unit": found.unit,
        "about_zero": found.about_zero,
        "versions": dict(versions()),
        "catalogue_digest": digest,
        "notes": list(found.notes),
        "coverage": found.coverage,
        "unscored": found.unscored,
    }
    optional = {
        "agreement": found.agreement,
        "compartments": None if cells is None else cells.table.copy(),
        "coverage_compartments": found.coverage_compartments,
    }
    return record | {name: table for name, table in optional.items() if table is not None}
