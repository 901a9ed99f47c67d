"""The graph of links: what is in it, and whether other programs can read it."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

import anndata
import networkx as nx
import numpy as np
import pandas as pd
import pytest

import cytosig as cs
from cytosig._errors import DataError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

TYPES = ["CAF", "T cell", "tumour <1>|b"]
PAIRS = [(a, b) for a in TYPES for b in TYPES]
SAMPLES = ["s1", "s2", "s3"]
PLAIN = {str, int, float}


def _links(condition: str, rng: np.random.Generator) -> pd.DataFrame:
    """Two cytokines, every pair of three types, as ``tl.links`` writes them."""
    rows = []
    for cytokine, sign in (("IFNG", 1), ("IL6", -1)):
        share = rng.dirichlet(np.ones(len(PAIRS)))
        for (source, target), strength in zip(PAIRS, share, strict=True):
            rows.append(
                {
                    "cytokine": cytokine, "source": source, "target": target,
                    "condition": condition, "sign": sign, "route": "secreted",
                    "strength": strength, "strength_low": strength / 2,
                    "strength_high": np.nan, "p": rng.random(), "q": rng.random() / 5,
                    "contribution": np.nan, "flags": "",
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


@pytest.fixture
def talk() -> anndata.AnnData:
    """Links of one condition, their strength in three samples, and cell numbers."""
    rng = np.random.default_rng(5)
    table = _links("all", rng)
    table.loc[3, ["q", "strength"]] = np.nan  # too few samples
    table.loc[4, ["q", "strength"]] = [0.01, 0.0]  # no traffic
    table.loc[5, ["q", "contribution", "flags"]] = [0.001, -0.25, "ambient;few cells"]
    ids = ["|".join(row) for row in table[["cytokine", "source", "target"]].to_numpy()]
    strength = pd.DataFrame(rng.random((3, len(ids))).T, index=ids, columns=SAMPLES)
    strength.iloc[5, 0] = np.nan
    strength.iloc[5, 1] = 0.0
    adata = anndata.AnnData(np.ones((1, 1)))
    cells = pd.DataFrame(
        {"cytokine": "IL6", "cell_type": TYPES[:2], "condition": "all", "n_cells": [40.0, 60.0]}
    )
    adata.uns["cytosig"] = {"links": table, "links_strength": strength, "sources": cells}
    return adata


def _kept(table: pd.DataFrame, max_q: float, min_strength: float) -> pd.DataFrame:
    """Row by row, in plain words."""
    keep = [
        q <= max_q and strength > 0 and strength >= min_strength
        for q, strength in zip(table["q"], table["strength"], strict=True)
    ]
    return table[keep]


@pytest.mark.parametrize(("max_q", "min_strength"), [(0.05, 0.0), (0.15, 0.05), (1.0, 0.1)])
def test_edges_are_the_links_that_pass(
    talk: anndata.AnnData, max_q: float, min_strength: float
) -> None:
    graph = cs.tl.network(talk, max_q=max_q, min_strength=min_strength)
    expected = _kept(talk.uns["cytosig"]["links"], max_q, min_strength)
    names = zip(expected["source"], expected["target"], expected["cytokine"], strict=True)
    assert set(graph.edges(keys=True)) == set(names)
    assert graph.number_of_edges() == len(expected) > 0
    for row in expected.to_dict("records"):
        edge = graph.edges[row["source"], row["target"], row["cytokine"]]
        assert edge["weight"] == row["strength"]
        assert (edge["q"], edge["p"], edge["sign"]) == (row["q"], row["p"], row["sign"])
        assert edge["id"] == f"{row['cytokine']}|{row['source']}|{row['target']}"


def test_nodes_count_what_they_send_and_hear(talk: anndata.AnnData) -> None:
    graph = cs.tl.network(talk, max_q=0.1)
    kept = _kept(talk.uns["cytosig"]["links"], 0.1, 0.0)
    assert list(graph.nodes) == TYPES  # those without a link as well
    for label in TYPES:
        node = graph.nodes[label]
        assert node["n_sent"] == (kept["source"] == label).sum() == graph.out_degree(label)
        assert node["n_received"] == (kept["target"] == label).sum() == graph.in_degree(label)
    assert [graph.nodes[label].get("n_cells") for label in TYPES] == [40, 60, None]


def test_attributes_are_plain_and_what_is_not_known_is_left_out(talk: anndata.AnnData) -> None:
    graph = cs.tl.network(talk, max_q=None)
    links = talk.uns["cytosig"]["links"]
    assert graph.number_of_edges() == (links["strength"] > 0).sum()
    for _, _, held in [*graph.edges(data=True), *((0, 0, n) for _, n in graph.nodes(data=True))]:
        assert {type(value) for value in held.values()} <= PLAIN
        assert all(value == value for value in held.values())
        assert "strength_high" not in held
    edge = graph.edges["T cell", TYPES[2], "IFNG"]
    assert edge["contribution"] == -0.25
    assert edge["flags"] == "ambient;few cells"
    assert sum("contribution" in held for *_, held in graph.edges(data=True)) == 1
    assert graph.graph == {"sample": "all"}


def test_one_sample_has_its_own_weights(talk: anndata.AnnData) -> None:
    record = talk.uns["cytosig"]
    record["links_contributions"] = record["links_strength"] * -0.5
    for sample in SAMPLES:
        graph = cs.tl.network(talk, sample=sample, max_q=None)
        row = record["links_strength"][sample]
        there = row[row > 0]
        assert {held["id"] for *_, held in graph.edges(data=True)} == set(there.index)
        for *_, held in graph.edges(data=True):
            assert held["weight"] == there[held["id"]]
            assert held["contribution"] == there[held["id"]] * -0.5
            assert "strength_low" not in held  # of the cohort
        assert all("n_cells" not in held for _, held in graph.nodes(data=True))
    assert len(there) == len(row)
    assert cs.tl.network(talk, sample="s2", max_q=None).number_of_edges() == len(row) - 1


def test_of_several_conditions_one_must_be_named(talk: anndata.AnnData) -> None:
    rng = np.random.default_rng(1)
    parts = {name: _links(name, rng) for name in ("before", "after")}
    talk.uns["cytosig"]["links"] = pd.concat(parts.values(), ignore_index=True)
    with pytest.raises(UsageError, match="links are of 'before', 'after': pass one"):
        cs.tl.network(talk)
    with pytest.raises(UsageError, match="condition='during'"):
        cs.tl.network(talk, condition="during")
    for name, part in parts.items():
        graph = cs.tl.network(talk, condition=name, max_q=1)
        expected = part.set_index(["source", "target", "cytokine"])["strength"]
        assert {e[:3]: e[3] for e in graph.edges(keys=True, data="weight")} == dict(expected)


@pytest.mark.parametrize("sample", [None, "s1"])
def test_graphml_gives_the_graph_back(
    talk: anndata.AnnData, tmp_path: Path, sample: str | None
) -> None:
    graph = cs.tl.network(talk, max_q=None, sample=sample)
    path = tmp_path / "net.graphml"
    nx.write_graphml(graph, path, edge_id_from_attribute="id")
    again = nx.read_graphml(path, force_multigraph=True)
    assert dict(again.nodes(data=True)) == dict(graph.nodes(data=True))
    mine = {(a, b, held["cytokine"]): held for a, b, held in graph.edges(data=True)}
    theirs = {(a, b, held["cytokine"]): dict(held) for a, b, held in again.edges(data=True)}
    assert theirs.keys() == mine.keys()
    for edge, held in mine.items():
        assert {k: v for k, v in theirs[edge].items() if k != "id"} == {
            k: v for k, v in held.items() if k != "id"
        }
    ids = [key for *_, key in again.edges(keys=True)]
    assert sorted(ids) == sorted(held["id"] for held in mine.values())  # each its own


def test_cytoscape_json_gives_the_graph_back(talk: anndata.AnnData) -> None:
    graph = cs.tl.network(talk, max_q=None)
    text = json.dumps(nx.cytoscape_data(graph), allow_nan=False)
    again = nx.cytoscape_graph(json.loads(text))
    assert set(again.nodes) == set(graph.nodes)
    assert set(again.edges(keys=True)) == set(graph.edges(keys=True))
    for *edge, held in graph.edges(keys=True, data=True):
        assert held.items() <= again.edges[tuple(edge)].items()


def test_no_link_that_passes_is_said(
    talk: anndata.AnnData, caplog: pytest.LogCaptureFixture
) -> None:
    talk.uns["cytosig"]["links"]["q"] = np.nan
    with caplog.at_level(logging.WARNING, logger="cytosig"):
        graph = cs.tl.network(talk)
    assert graph.number_of_edges() == 0
    assert list(graph.nodes) == TYPES
    assert "None of 18 links has q of 0.05 or less (18 have no q" in caplog.text


def test_the_table_is_left_as_it_was(talk: anndata.AnnData) -> None:
    before = talk.uns["cytosig"]["links"].copy()
    cs.tl.network(talk, sample="s3", max_q=0.2)
    pd.testing.assert_frame_equal(talk.uns["cytosig"]["links"], before)


def test_wrong_calls(talk: anndata.AnnData) -> None:
    with pytest.raises(UsageError, match=r"no links. Run cs\.tl\.links"):
        cs.tl.network(talk, key_added="other")
    with pytest.raises(UsageError, match=r"sample='s9' is not among .*'s1', 's2', 's3'"):
        cs.tl.network(talk, sample="s9")
    for wrong in ({"max_q": 0}, {"max_q": 2}, {"min_strength": -1}, {"min_strength": 1.5}):
        with pytest.raises(UsageError, match=next(iter(wrong))):
            cs.tl.network(talk, **wrong)
    del talk.uns["cytosig"]["links_strength"]
    with pytest.raises(DataError, match="no links_strength"):
        cs.tl.network(talk, sample="s1")
    talk.uns["cytosig"]["links"] = talk.uns["cytosig"]["links"].drop(columns="sign")
    with pytest.raises(DataError, match="no column 'sign'"):
        cs.tl.network(talk)


def test_what_links_wrote_becomes_a_graph(tmp_path: Path) -> None:
    """A planted cohort: T cells make the interferon, everybody answers."""
    cohort = cs.datasets.simulate_cohort(n_samples=6, cells_per_sample=100, n_genes=3000).adata
    keys = {"sample_key": "sample", "cell_type_key": "cell_type"}
    cs.tl.links(cohort, **keys, n_boot=50)
    graph = cs.tl.network(cohort)
    table = cohort.uns["cytosig"]["links"]
    found = table[(table["q"] <= 0.05) & (table["strength"] > 0)]
    assert graph.number_of_edges() == len(found) > 0
    assert ("T cell", "malignant", "IFNG") in set(graph.edges(keys=True))
    cohort.write_h5ad(tmp_path / "with.h5ad")
    again = cs.tl.network(cs.read(tmp_path / "with.h5ad"))
    assert list(again.edges(keys=True)) == list(graph.edges(keys=True))
    nx.write_graphml(again, tmp_path / "net.graphml", edge_id_from_attribute="id")
