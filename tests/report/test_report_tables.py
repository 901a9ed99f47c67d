"""Tables of the page: every row in the file that is saved, digits to read on the page."""

from __future__ import annotations

import base64
import gzip
import io
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from cytosig.report._columns import Column, column_of, columns_of
from cytosig.report._record import Record
from cytosig.report._shelf import Shelf
from cytosig.report._table import STATIC_ROWS, rounded, sorted_by, tab_separated, table_of
from cytosig.report._words import Words, words_of

from .conftest import FORMULA, Node, Stored, stored_tables

if TYPE_CHECKING:
    import anndata


@pytest.fixture(scope="module")
def saved(tree: Node) -> dict[str, Stored]:
    return stored_tables(tree)


def _text(value: object) -> str:
    """A cell of text as the file has it: nothing where there is none, and never a formula."""
    text = "" if value is None or value is pd.NA or value != value else str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _same(column: list[str], stored: pd.Series) -> None:
    if pd.api.types.is_numeric_dtype(stored) and not pd.api.types.is_bool_dtype(stored):
        found = np.array([float(cell) if cell else np.nan for cell in column])
        np.testing.assert_array_equal(found, stored.to_numpy(dtype=np.float64))
    else:
        assert column == [_text(value) for value in stored]


def test_every_stored_table_is_there_with_every_row_and_digit(
    hostile: anndata.AnnData, saved: dict[str, Stored]
) -> None:
    tables = {k: v for k, v in hostile.uns["cytosig"].items() if isinstance(v, pd.DataFrame)}
    assert len(tables) > 25
    assert set(tables) <= set(saved)
    for name, table in tables.items():
        header, *rows = saved[name].rows
        assert len(rows) == len(table) == saved[name].spec["rows"], name
        columns = dict(zip(header, zip(*rows, strict=True), strict=True)) if rows else {}
        for column in table.columns if rows else ():
            _same(list(columns[_text(column)]), table[column])


def test_names_of_rows_are_a_column_where_they_mean_something(
    hostile: anndata.AnnData, saved: dict[str, Stored]
) -> None:
    assert [row[0] for row in saved["balance"].rows[1:]] == [
        _text(name) for name in hostile.uns["cytosig"]["balance"].index
    ]
    assert saved["links"].rows[0][0] == "cytokine"


def test_formulas_are_disarmed_in_the_file_and_only_there(
    tree: Node, saved: dict[str, Stored]
) -> None:
    for stored in saved.values():
        for row in stored.rows:
            for cell in row:
                if cell[:1] in ("=", "+", "@", "\t", "\r"):
                    pytest.fail(f"{stored.spec['name']}: {cell!r}")
                assert cell[:1] != "-" or float(cell) <= 0
    assert f"'{FORMULA}" in [row[0] for row in saved["balance"].rows]
    shown = [cell.text for cell in tree.one("details", **{"data-name": "balance"}).all("td")]
    assert FORMULA in shown
    assert f"'{FORMULA}" not in shown


def test_scores_of_cells_are_means_of_groups(
    hostile: anndata.AnnData, saved: dict[str, Stored]
) -> None:
    header, *rows = saved["mean_score_by_sample"].rows
    place = header.index("IFNG")
    by_hand = hostile.obsm["cytosig_score"]["IFNG"].groupby(hostile.obs["sample"], observed=True)
    expected = by_hand.mean()
    found = {row[0].rsplit(" (n = ", 1)[0].removeprefix("'"): float(row[place]) for row in rows}
    assert found.keys() == set(map(str, expected.index))
    for name, value in expected.items():
        assert found[str(name)] == pytest.approx(value, rel=1e-12)


def test_first_rows_stand_there_without_a_script(hostile: anndata.AnnData, tree: Node) -> None:
    box = tree.one("details", **{"data-name": "sources"})
    table = hostile.uns["cytosig"]["sources"]
    expected = table.sort_values("q", kind="stable")[["cytokine", "cell_type"]].head(STATIC_ROWS)
    rows = [[cell.text for cell in line.all("td")][:2] for line in box.one("tbody").all("tr")]
    assert rows == [[str(a), " ".join(str(b).split())] for a, b in expected.to_numpy()]
    sorted_ = [th.text for th in box.all("th") if th.attributes["aria-sort"] != "none"]
    assert sorted_ == ["q"]
    assert f"of {len(table)}" in box.text


def test_headers_are_buttons_with_their_scope(tree: Node) -> None:
    headers = tree.all("th")
    assert len(headers) > 100
    for header in headers:
        assert header.attributes["scope"] == "col"
        assert header.attributes["aria-sort"] in ("none", "ascending", "descending")
        assert header.one("button").attributes["type"] == "button"


def test_columns_that_are_explained_are_columns(hostile: anndata.AnnData) -> None:
    """No word of the glossary is about a column that no tool writes."""
    from cytosig.report._words import _tables

    record = Record(hostile, "cytosig")
    stored = {str(column) for table in record.tables.values() for column in table.columns}
    more = {  # of comparisons of other kinds, and of data with conditions
        "spearman", "concordance", "hazard_ratio", "ph_p", "i2", "cohort", "n_events",
        "sample",
    }  # fmt: skip
    assert set(_tables()["columns"]) - stored <= more
    for name, words in _tables().items():
        if name in record.tables:
            known = {*map(str, record.tables[name].columns), words.get("rows", "")}
            assert set(words.get("shown", ())) <= known, name
            assert words.get("order", known and next(iter(known))).removeprefix("-") in known


@pytest.mark.parametrize(
    ("name", "values", "shown"),
    [
        ("z", [1.23456, -0.5], ["1.23", "−0.50"]),
        ("z", [-0.0001, 3.0], ["0.00", "3.00"]),
        ("effect", [0.01234, np.nan], ["0.0123", "–"]),
        ("big", [1234.5, 2.25], ["1234", "2"]),
        ("x", [np.inf, -np.inf], ["∞", "−∞"]),
        ("p", [0.04321, 1.0], ["0.043", "1.0"]),
        ("q", [0.00012345, 0.5], ["1.2e-4", "0.50"]),
        ("p_above_zero", [0.004, 1.0], ["0.004", "1.000"]),
        ("n", [1200, -3], ["1200", "−3"]),
        ("flag", [True, False], ["True", "False"]),
        ("text", ["a", None], ["a", ""]),
    ],
)
def test_digits(name: str, values: list[object], shown: list[str]) -> None:
    series = pd.Series(values)
    column = column_of(name, series, help="", place=1)
    assert [column.text(value) for value in series] == shown


def test_columns_of_one_kind_have_the_same_digits() -> None:
    frame = pd.DataFrame({"a": [0.123, 0.2], "b": [12.3, 30.0]})
    assert [c.decimals for c in columns_of(frame, Words())] == [3, 3]
    assert [c.decimals for c in columns_of(frame, Words(shown=("a", "b")))] == [3, 1]


def test_rows_without_a_value_come_last() -> None:
    frame = pd.DataFrame({"q": [np.nan, 0.2, 0.1]})
    assert sorted_by(frame, ("q", False)).index.tolist() == [2, 1, 0]
    assert sorted_by(frame, ("q", True)).index.tolist() == [1, 2, 0]


def test_text_with_tabs_lines_and_quotes_comes_back() -> None:
    frame = pd.DataFrame({"a": ['x\t"y"\nz', "c\rd"], "b": [1.0, 2.0]})
    found = pd.read_csv(io.StringIO(tab_separated(frame)), sep="\t")
    assert found["a"].tolist() == frame["a"].tolist()


@pytest.fixture
def wide() -> anndata.AnnData:
    """A run with a large folded table, a larger one, and a main one."""
    import anndata as ad

    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(200, 40)), columns=[f"S{i}" for i in range(40)])
    adata = ad.AnnData(np.ones((1, 1)))
    adata.uns["cytosig"] = {
        "links_strength": frame.set_axis([f"a|b|{i}" for i in range(200)]),
        "links_contributions": frame.head(100).set_axis([f"a|b|{i}" for i in range(100)]),
        "links": pd.DataFrame({"cytokine": ["IL6"] * 500, "q": rng.random(500)}),
    }
    return adata


def _sizes(adata: anndata.AnnData, room: int) -> dict[str, tuple[int, str]]:
    tables = Shelf(Record(adata, "cytosig")).fitting(room)
    return {name: (len(table.data), table.cut) for name, table in tables.items()}


def test_tables_that_are_too_large_are_rounded_and_then_left_out(wide: anndata.AnnData) -> None:
    whole = _sizes(wide, 10**9)
    assert not any(cut for _, cut in whole.values())
    total = sum(size for size, _ in whole.values())
    rounded = _sizes(wide, total - 1)
    assert "seven digits" in rounded["links_strength"][1]
    assert rounded["links_strength"][0] < 0.65 * whole["links_strength"][0]
    assert rounded["links_contributions"] == whole["links_contributions"]
    least = _sizes(wide, whole["links"][0])
    assert least["links_strength"][0] == least["links_contributions"][0] == 0
    assert "adata.uns['cytosig']['links_strength']" in least["links_strength"][1]
    assert least["links"][0] > 0


def test_a_main_table_that_has_no_room_keeps_its_first_rows(wide: anndata.AnnData) -> None:
    table = Shelf(Record(wide, "cytosig")).fitting(0)["links"]
    assert table.data == ""
    assert len(table.head) == STATIC_ROWS
    assert table.n_rows == 500


def test_seven_digits_are_seven(wide: anndata.AnnData) -> None:
    frame = wide.uns["cytosig"]["links_strength"]
    words = words_of("links_strength")
    small = rounded(table_of("links_strength", frame, words), frame, words)
    text = gzip.decompress(base64.b64decode(small.data)).decode()
    found = pd.read_csv(io.StringIO(text), sep="\t", index_col=0)
    np.testing.assert_allclose(found.to_numpy(), frame.to_numpy(), rtol=2e-7)


def test_a_column_knows_a_missing_value() -> None:
    column = Column("a", "a", "", "text", 0, 1)
    assert column.text(pd.NA) == ""
    assert replace(column, kind="number").text(None) == "–"
