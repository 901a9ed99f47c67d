"""From labels to compartments: what a reader would say, and what the Cell Ontology says."""

from __future__ import annotations

import csv
import gzip
import re
from collections import Counter
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cytosig._errors import UsageError
from cytosig.cells import compartment_of, map_labels
from cytosig.cells.rules import read
from cytosig.signatures import COMPARTMENTS

FIVE = ("epithelial", "stromal", "myeloid", "T_NK", "B")


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))


def _data(name: str) -> bytes:
    return (files("cytosig") / "cells" / "data" / name).read_bytes()


LABELS = _rows((Path(__file__).parent / "labels.tsv").read_text(encoding="utf-8"))
CURATED = _rows(_data("cell_types.tsv").decode())
ONTOLOGY = _rows(gzip.decompress(_data("cell_ontology.tsv.gz")).decode())


def test_the_compartments_are_those_of_the_signatures() -> None:
    assert COMPARTMENTS == FIVE


@pytest.mark.parametrize("group", sorted({row["group"] for row in LABELS}))
def test_labels_are_read_as_people_read_them(group: str) -> None:
    mine = {row["label"]: row["compartment"] or None for row in LABELS if row["group"] == group}
    assert {label: compartment_of(label) for label in mine} == mine


def test_the_list_is_long_and_has_every_compartment() -> None:
    counts = Counter(row["compartment"] for row in LABELS)
    assert len({row["label"] for row in LABELS}) >= 300
    assert all(counts[name] >= 20 for name in (*FIVE, "generic", ""))


@pytest.mark.parametrize("pattern", ["{}_3", "12_{}", "c3: {}", " {} ", "({})"])
def test_numbers_and_punctuation_do_not_matter(pattern: str) -> None:
    wrong = {}
    for row in LABELS:
        if row["compartment"] and row["group"] != "ids":
            label = pattern.format(row["label"])
            if compartment_of(label) != row["compartment"]:
                wrong[label] = compartment_of(label)
    assert wrong == {}


def test_blank_labels_say_nothing() -> None:
    assert [compartment_of(label) for label in ("", " ", "_", "7", "???")] == [None] * 5


# --- the tables ---------------------------------------------------------------------------------


def test_every_ontology_id_has_the_compartment_of_its_ancestors() -> None:
    expected = {row["ontology_id"]: row["compartment"] for row in ONTOLOGY}
    assert {id: compartment_of(id) for id in expected} == expected
    assert {id: compartment_of(id.replace(":", "_")) for id in expected} == expected
    counts = Counter(expected.values())
    assert counts["T_NK"] > 200
    assert set(counts) == {*FIVE, "generic"}


def test_the_curated_table_agrees_with_the_ontology() -> None:
    names = {row["ontology_id"]: row["name"] for row in ONTOLOGY}
    where = {row["ontology_id"]: row["compartment"] for row in ONTOLOGY}
    for row in CURATED:
        id, first = row["ontology_id"], row["names"].split("|")[0]
        assert re.fullmatch(r"CL:\d{7}|", id)
        if id in names:
            assert (first, row["compartment"]) == (names[id], where[id])


def test_the_curated_table_is_tidy() -> None:
    assert {row["match"] for row in CURATED} == {
        "name", "word", "hint", "vague", "tumour", "state",
    }  # fmt: skip
    for row in CURATED:
        assert bool(row["compartment"]) == (row["match"] not in ("vague", "state"))
        assert row["compartment"] in (*FIVE, "generic", "")
    names = Counter(name for row in CURATED for name in set(row["names"].split("|")))
    assert [name for name, n in names.items() if n > 1] == []
    ids = Counter(row["ontology_id"] for row in CURATED if row["ontology_id"])
    assert [id for id, n in ids.items() if n > 1] == []


def test_the_rules_alone_say_of_ontology_names_what_the_ancestors_say() -> None:
    """1,650 terms in the five compartments: found for most, contradicted for almost none."""
    mine = [row for row in ONTOLOGY if row["compartment"] in FIVE]
    said = [read(row["name"]) for row in mine]
    wrong = [
        (row["name"], found)
        for row, found in zip(mine, said, strict=True)
        if found not in (None, row["compartment"])
    ]
    assert len(wrong) <= 0.007 * len(mine), wrong
    assert sum(found is not None for found in said) >= 0.84 * len(mine)


# --- a column of labels -------------------------------------------------------------------------


@pytest.fixture
def labels() -> pd.Series:
    values = [
        "CD8 T",
        "Mac",
        None,
        "ND",
        "CD8 T",
        "CAF",
        np.nan,
        "ND",
        "CD8 T",
        "CL:0000236",
    ]
    return pd.Series(values, index=[f"cell{i}" for i in range(10)], dtype=object)


def test_a_column_is_mapped_row_by_row(labels: pd.Series) -> None:
    found = map_labels(labels)
    assert list(found.compartment) == [
        "T_NK", "myeloid", "generic", "generic", "T_NK",
        "stromal", "generic", "generic", "T_NK", "B",
    ]  # fmt: skip
    assert found.table.reset_index().to_dict("list") == {
        "label": ["CD8 T", "(empty)", "ND", "CAF", "CL:0000236", "Mac"],
        "n": [3, 2, 2, 1, 1, 1],
        "compartment": ["T_NK", "generic", "generic", "stromal", "B", "myeloid"],
        "how": ["rule", "unmapped", "unmapped", "table", "table", "table"],
    }


@pytest.mark.parametrize("dtype", ["category", "string", object])
def test_the_kind_of_column_does_not_matter(labels: pd.Series, dtype: object) -> None:
    expected = map_labels(labels)
    found = map_labels(labels.astype(dtype))
    assert list(found.compartment) == list(expected.compartment)
    pd.testing.assert_frame_equal(found.table, expected.table)


def test_categories_nobody_has_are_not_told(labels: pd.Series) -> None:
    part = labels.astype("category").iloc[:2]
    assert list(map_labels(part).table.index) == ["CD8 T", "Mac"]


def test_cluster_numbers_say_nothing() -> None:
    found = map_labels(pd.Series([0, 1, 1]))
    assert found.table["how"].to_dict() == {"1": "unmapped", "0": "unmapped"}
    assert list(found.compartment) == ["generic"] * 3
    assert list(map_labels(pd.Series([0, 1, 1]), overrides={"1": "B"}).compartment) == [
        "generic", "B", "B",
    ]  # fmt: skip


def test_no_labels_at_all() -> None:
    found = map_labels(pd.Series([], dtype=object))
    assert (len(found.compartment), len(found.table)) == (0, 0)


def test_the_users_word_counts_most(labels: pd.Series) -> None:
    found = map_labels(labels, overrides={"ND": "epithelial", "CD8 T": "generic"})
    table = found.table
    assert table.loc[["ND", "CD8 T"], "compartment"].to_list() == ["epithelial", "generic"]
    assert table.loc[["ND", "CD8 T"], "how"].to_list() == ["user", "user"]
    assert found.compartment[3] == "epithelial"
    assert found.compartment[0] == "generic"


def test_an_override_to_no_compartment_is_refused(labels: pd.Series) -> None:
    with pytest.raises(UsageError, match=r"maps 'ND' to 'tumor'; expected one of epithelial, str"):
        map_labels(labels, overrides={"ND": "tumor"})


def test_an_override_of_a_label_that_is_not_there_is_refused(labels: pd.Series) -> None:
    text = r"names 'Nd', which no observation is labelled; the labels are 'CAF', 'CD8 T', 'CL:"
    with pytest.raises(UsageError, match=text):
        map_labels(labels, overrides={"Nd": "B"})
