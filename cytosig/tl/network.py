"""The links between cell types as a graph."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from cytosig._anndata import check_anndata
from cytosig._errors import DataError, UsageError
from cytosig._keys import Keys, check_format
from cytosig._log import logger
from cytosig._obs import names_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import networkx as nx
    import pandas as pd
    from anndata import AnnData

_NUMBERS = ("q", "p", "contribution", "strength_low", "strength_high")
_WORDS = ("route", "flags")
_COLUMNS = ("cytokine", "source", "target", "condition", "sign", "strength", "q")


def network(
    adata: AnnData,
    *,
    sample: str | None = None,
    condition: str | None = None,
    max_q: float | None = 0.05,
    min_strength: float = 0.0,
    key_added: str = "cytosig",
) -> nx.MultiDiGraph:
    """The links between cell types as a directed graph, of a cohort or of one sample.

    Nothing is computed: :func:`cytosig.tl.links` has done that. Every attribute is a plain number
    or text, so that the graph can be written by ``networkx.write_graphml`` (for Cytoscape, Gephi
    or yEd) and ``networkx.cytoscape_data``.

    Parameters
    ----------
    adata
        With the tables of :func:`cytosig.tl.links` in ``uns``.
    sample
        Weigh the links as in this sample; over all samples when None. Which links there are is
        told by the cohort in both cases: q is a statement about samples, not about one of them.
    condition
        Level of the ``condition_key`` that the links were made with; needed where there are
        several.
    max_q
        Leave out links with a larger q, or none; None keeps all.
    min_strength
        Leave out weaker links. A link without any traffic is none.
    key_added
        Slot of ``uns`` with the links.

    Returns
    -------
    A ``networkx.MultiDiGraph``. A node is a cell type, with ``n_cells`` (where known), ``n_sent``
    and ``n_received`` (links from and to it; autocrine ones count in both). An edge is a link, its
    key the cytokine, with ``id`` (``CYTOKINE|source|target``), ``cytokine``, ``sign`` (+1 against
    the tumour, -1 for it, 0), ``weight`` (the strength, 0 to 1), ``strength_low``,
    ``strength_high`` (of the cohort only), ``q``, ``p``, ``contribution`` to the balance,
    ``route`` and ``flags``. What is not known is left out.

    Raises
    ------
    UsageError
        When there are no links, or no such sample or condition.
    DataError
        When the tables are not as :func:`cytosig.tl.links` writes them.

    Examples
    --------
    >>> import anndata
    >>> import numpy as np
    >>> import pandas as pd
    >>> import cytosig as cs
    >>> link = {"cytokine": "IL6", "source": "CAF", "target": "T cell", "condition": "all",
    ...         "sign": -1, "strength": 0.4, "q": 0.01, "p": 0.001, "route": "secreted"}
    >>> adata = anndata.AnnData(np.ones((1, 1)))
    >>> adata.uns["cytosig"] = {"links": pd.DataFrame([link])}
    >>> graph = cs.tl.network(adata)
    >>> graph.edges["CAF", "T cell", "IL6"]["weight"], graph.nodes["CAF"]["n_sent"]
    (0.4, 1)
    """
    check_anndata(adata)
    _check(max_q, min_strength)
    record = adata.uns.get(Keys(key_added).uns, {})
    check_format(record, key_added)
    links = _of_condition(_links(record, key_added), condition)
    links = links if sample is None else _in_sample(links, record, sample)
    kept = links[(links["strength"] > 0) & (links["strength"] >= min_strength)]
    if max_q is not None:
        kept = kept[kept["q"] <= max_q]
        if kept.empty and len(links):
            logger.warning(
                "None of %d links has q of %g or less (%d have no q: too few samples); max_q=None"
                " shows them all.", len(links), max_q, int(links["q"].isna().sum()),
            )  # fmt: skip
    return _graph(kept, links, _n_cells(record, condition, sample), sample)


def _check(max_q: float | None, min_strength: float) -> None:
    if max_q is not None and not 0 < max_q <= 1:
        raise UsageError(f"max_q={max_q}: expected a number above 0 and at most 1, or None.")
    if not 0 <= min_strength <= 1:
        raise UsageError(f"min_strength={min_strength}: expected a share from 0 to 1.")


def _links(record: Mapping[str, Any], key: str) -> pd.DataFrame:
    if "links" not in record:
        raise UsageError(
            f"uns[{key!r}] has no links. Run cs.tl.links(adata, sample_key=..., cell_type_key=...)"
            " first, or pass the key_added= that it was given."
        )
    table: pd.DataFrame = record["links"]
    missing = [name for name in _COLUMNS if name not in table]
    if missing:
        raise DataError(
            f"uns[{key!r}]['links'] has no column {missing[0]!r}; run cs.tl.links again."
        )
    return table


def _of_condition(links: pd.DataFrame, condition: str | None) -> pd.DataFrame:
    there = list(dict.fromkeys(links["condition"].astype(str)))
    if condition is None:
        if len(there) > 1:
            raise UsageError(f"The links are of {names_of(there)}: pass one as condition=.")
        return links
    if condition not in there:
        raise UsageError(f"condition={condition!r}: the links are of {names_of(there)}.")
    return links[links["condition"].astype(str) == condition]


def _in_sample(links: pd.DataFrame, record: Mapping[str, Any], sample: str) -> pd.DataFrame:
    """The links with strength and contribution of one sample."""
    if "links_strength" not in record:
        raise DataError("There is no links_strength beside the links; run cs.tl.links again.")
    found = links.drop(columns=["strength_low", "strength_high"], errors="ignore").copy()
    ids = _ids(links)
    for column, name in (("strength", "links_strength"), ("contribution", "links_contributions")):
        found[column] = math.nan
        if name in record:
            table: pd.DataFrame = record[name]
            own = sample.replace("/", "_")  # as the columns are called
            if own not in table.columns:
                raise UsageError(
                    f"sample={sample!r} is not among those of the links: {names_of(table.columns)}."
                )
            found[column] = table[own].reindex(ids).to_numpy(dtype=float)
    return found


def _ids(links: pd.DataFrame) -> list[str]:
    """The name of every link."""
    parts = (links[name].astype(str) for name in ("cytokine", "source", "target"))
    return ["|".join(names) for names in zip(*parts, strict=True)]


def _n_cells(
    record: Mapping[str, Any], condition: str | None, sample: str | None
) -> dict[str, int]:
    """Cells of every type, over the samples of the condition; unknown for one sample."""
    found: dict[str, int] = {}
    for name in ("targets", "sources"):
        table: pd.DataFrame | None = record.get(name) if sample is None else None
        if table is None or not {"cell_type", "condition", "n_cells"} <= set(table):
            continue
        conditions = table["condition"].astype(str)
        if condition is not None:
            table = table[conditions == condition]
        elif conditions.nunique() > 1:
            continue
        counts = table.groupby(table["cell_type"].astype(str))["n_cells"].max().dropna()
        found.update({str(label): int(n) for label, n in counts.items()})
    return found


def _graph(
    kept: pd.DataFrame, links: pd.DataFrame, n_cells: Mapping[str, int], sample: str | None
) -> nx.MultiDiGraph:
    import networkx as nx

    graph = nx.MultiDiGraph(sample="all" if sample is None else sample)
    for label in dict.fromkeys([*links["source"].astype(str), *links["target"].astype(str)]):
        known = {"n_cells": n_cells[label]} if label in n_cells else {}
        graph.add_node(label, **known, n_sent=0, n_received=0)
    for id, (_, link) in zip(_ids(kept), kept.iterrows(), strict=True):
        source, target, cytokine = (str(link[k]) for k in ("source", "target", "cytokine"))
        graph.add_edge(source, target, key=cytokine, id=id, cytokine=cytokine, **_attributes(link))
        graph.nodes[source]["n_sent"] += 1
        graph.nodes[target]["n_received"] += 1
    return graph


def _attributes(link: pd.Series[Any]) -> dict[str, str | int | float]:
    """What is known of a link, as plain numbers and text."""
    found: dict[str, str | int | float] = {
        "sign": int(link["sign"]),
        "weight": float(link["strength"]),
    }
    for name in _NUMBERS:
        value = float(link.get(name, math.nan))
        if math.isfinite(value):
            found[name] = value
    for name in _WORDS:
        word = link.get(name, "")
        if isinstance(word, str) and word:
            found[name] = word
    return found
