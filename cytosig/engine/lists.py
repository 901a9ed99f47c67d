"""Which signatures each observation is scored by: the generic ones, or its compartment's."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from cytosig._errors import DataError
from cytosig.genes import GeneMap, coverage_table
from cytosig.signatures import COMPARTMENTS, Catalogue
from cytosig.signatures.model import GENERIC

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from cytosig.engine.align import Aligned
    from cytosig.engine.options import Options
    from cytosig.signatures import Signature


@dataclass(frozen=True)
class Group:
    """Observations that are scored by the same signatures.

    Parameters
    ----------
    name
        Their compartment, or ``generic``.
    catalogue
        Their signatures.
    ids
        Those of them that can be scored, in order.
    """

    name: str
    catalogue: Catalogue
    ids: list[str]


@dataclass(frozen=True)
class Lists:
    """What a run scores.

    Parameters
    ----------
    groups
        Every set of signatures in use.
    which
        The group of every observation.
    coverage
        One row a generic signature.
    variants
        One row a variant of a compartment that occurs; None where there is none.
    notes
        What was decided, a line each.
    """

    groups: tuple[Group, ...]
    which: NDArray[np.int64]
    coverage: pd.DataFrame
    variants: pd.DataFrame | None
    notes: tuple[str, ...]


def choose_lists(
    aligned: Aligned,
    catalogue: Catalogue,
    options: Options,
    compartment: NDArray[Any] | None,
    /,
) -> Lists:
    """Give every observation its signatures.

    A variant that the data do not cover is replaced by the generic signature, with a note.

    Parameters
    ----------
    compartment
        Of every observation, or ``generic``; None to score all with the generic signatures.

    Raises
    ------
    DataError
        When some observations have no signature that can be scored.
    """
    coverage = _coverage(aligned, catalogue, options)
    scored = [id for id in catalogue.ids if not coverage.loc[id, "reason"]]
    groups = [Group(GENERIC, catalogue, scored)]
    which = np.zeros(aligned.rows.n_obs, dtype=np.int64)
    tables: list[pd.DataFrame] = []
    notes: list[str] = []
    for name in COMPARTMENTS if compartment is not None else ():
        mine = np.asarray(compartment == name, dtype=bool)
        if mine.any() and catalogue.variants.get(name):
            table, group = _variants(aligned, catalogue, name, options, scored)
            which[mine] = len(groups)
            groups.append(group)
            tables.append(table)
            notes.extend(_notes(name, table, group.ids))
    if compartment is not None and not tables:
        notes.append("no compartment here has signatures of its own: generic ones everywhere")
    used, which = np.unique(which, return_inverse=True)
    in_use = tuple(groups[k] for k in used)
    _check_any(in_use, aligned, coverage)
    return Lists(in_use, which, coverage, _joined(tables), tuple(notes))


def weight_matrix(aligned: Aligned, catalogue: Catalogue, ids: list[str], /) -> NDArray[np.float64]:
    """Weights of the named signatures over the whole gene universe, genes × signatures."""
    weights = np.zeros((aligned.rows.n_genes, len(ids)))
    place = aligned.place
    for k, id in enumerate(ids):
        for gene, weight in _placed(catalogue.signatures[id], place).items():
            weights[gene, k] = weight
    return weights


def _placed(signature: Signature, place: Mapping[str, int]) -> dict[int, float]:
    """Weights by engine gene; those of genes that share one are added."""
    found: dict[int, float] = {}
    for gene, weight in signature.weights.items():
        if gene in place:
            found[place[gene]] = found.get(place[gene], 0.0) + weight
    return found


def _variants(
    aligned: Aligned, catalogue: Catalogue, name: str, options: Options, scored: list[str]
) -> tuple[pd.DataFrame, Group]:
    """Coverage of a compartment's own signatures, and what its observations are scored by."""
    every = catalogue.variants[name]
    table = _coverage(aligned, Catalogue(every), options)
    usable = {id: every[id] for id in table.index[table["reason"] == ""]}
    own = replace(catalogue, variants={name: usable} if usable else {})
    ids = [id for id in catalogue.ids if id in usable or id in scored]
    table.insert(0, "compartment", name)
    return table, Group(name, own.for_compartment(name), ids)


def _notes(name: str, table: pd.DataFrame, ids: list[str]) -> list[str]:
    """How many variants are used, and which are not and why."""
    lost = {id: reason for id, reason in table["reason"].items() if reason}
    notes = [f"{name}: {len(table) - len(lost)} signature(s) of its own"]
    for id, reason in lost.items():
        how = "scored by its generic signature" if id in ids else "not scored"
        notes.append(f"{name}: {id} {how} ({reason})")
    return notes


def _joined(tables: list[pd.DataFrame]) -> pd.DataFrame | None:
    import pandas as pd

    if not tables:
        return None
    table = pd.concat([table.reset_index() for table in tables])
    table = table[["compartment", *(c for c in table.columns if c != "compartment")]]
    names = table["compartment"].astype(str) + ":" + table["signature"].astype(str)
    return table.set_index(pd.Index(names.to_list(), dtype=str))


def _check_any(groups: tuple[Group, ...], aligned: Aligned, coverage: pd.DataFrame) -> None:
    if all(group.ids for group in groups):
        return
    raise DataError(
        f"None of {len(coverage)} signatures can be scored; {coverage.index[0]}:"
        f" {coverage['reason'].iloc[0]}. The gene names begin"
        f" {', '.join(aligned.universe.keys[:4])}. Check gene_symbols=, organism= and signatures=."
    )


def _coverage(aligned: Aligned, catalogue: Catalogue, options: Options) -> pd.DataFrame:
    here = aligned.place
    found = aligned.found
    how = tuple(h if g in here else "missing" for g, h in zip(found.genes, found.how, strict=True))
    seen = GeneMap(found.genes, found.columns, how, found.found_as)
    coverage = coverage_table(
        seen,
        catalogue.to_dict(),
        min_coverage=options.min_coverage,
        min_genes=options.min_genes,
        grades=catalogue.grades,
    )
    _mark_flat(coverage, aligned, catalogue)
    return coverage


def _mark_flat(coverage: pd.DataFrame, aligned: Aligned, catalogue: Catalogue) -> None:
    """A signature that weighs every gene of the universe alike says nothing."""
    place = aligned.place
    for id in [id for id in catalogue.ids if not coverage.loc[id, "reason"]]:
        named = _placed(catalogue.signatures[id], place)
        rest = [0.0] if len(named) < aligned.rows.n_genes else []
        weights = np.array([*named.values(), *rest])
        if np.ptp(weights) <= 1e-12 * np.abs(weights).max():
            coverage.loc[id, "reason"] = "the same weight on every gene of the background"
