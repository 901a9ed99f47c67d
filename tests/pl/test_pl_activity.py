"""Groups of samples: points at what is stored, cells only behind, p as it stands in the table."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

import cytosig as cs
from cytosig._errors import DataError, UsageError
from cytosig.pl import _colours, _strip, _tips

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from matplotlib.axes import Axes
    from matplotlib.text import Text

    Stored = Callable[..., AnnData]
    Labels = Callable[..., list[str]]


def _row(group: str = "R", reference: str = "N", p: float = 0.0123, **more: object) -> dict:
    return {
        "table": "score", "name": "I00", "contrast": f"{group} vs {reference}", "group": group,
        "reference": reference, "estimate": 0.5, "ci_low": -0.25, "ci_high": 1.25, "p": p,
        "q": 2 * p, "test": "moderated t", "reason": "", **more,
    }  # fmt: skip


def _params(**given: object) -> dict[str, object]:
    plain = {"groupby": "arm", "sample_key": "none", "cell_type_key": "none", "paired": "none"}
    return {**plain, "method": "moderated", "min_cells": 10, **given}


@pytest.fixture
def bulk(stored: Stored) -> Callable[..., AnnData]:
    """Samples with these values of I00 and groups, and rows of a comparison."""

    def build(
        values: Sequence[float],
        arms: Sequence[object],
        *rows: dict,
        grade: str = "",
        **params: object,
    ) -> AnnData:
        adata = stored(np.asarray(values, dtype=float)[:, None], grade)
        adata.obs["arm"] = list(arms)
        if rows:
            adata.uns["cytosig"]["compare"] = pd.DataFrame(rows)
            adata.uns["cytosig"]["compare_params"] = _params(**params)
        return adata

    return build


@pytest.fixture
def cells() -> AnnData:
    """Samples A to D of 20 cells each, z around 0, 1, 2, 3; half of the cells are T, two higher."""
    rng = np.random.default_rng(3)
    obs = pd.DataFrame(
        {
            "sample": np.repeat(list("ABCD"), 20),
            "arm": np.repeat(["N", "N", "R", "R"], 20),
            "type": ["T", "B"] * 40,
        },
        index=[f"cell-{k}" for k in range(80)],
    )
    adata = AnnData(np.zeros((80, 2), np.float32), obs=obs)
    z = np.repeat([0.0, 1, 2, 3], 20) + rng.normal(0, 1, 80) + 2 * (obs["type"] == "T").to_numpy()
    adata.obsm["cytosig_score"] = pd.DataFrame({"I00": z}, index=obs.index)
    adata.uns["cytosig"] = {}
    return adata


if TYPE_CHECKING:
    Bulk = Callable[..., AnnData]


def _draw(adata: AnnData, id: str, **options: object) -> Axes:
    """On axes without a layout, which would take most of the time."""
    return cs.pl.activity(adata, id=id, ax=Figure(figsize=(4, 4)).subplots(), **options)


def _points(ax: Axes) -> dict[str, tuple[float, float]]:
    found = {}
    for marks in ax.collections:
        if isinstance(marks, PathCollection):
            texts = _tips.read(marks.get_gid() or "")
            assert len(texts) == len(marks.get_offsets())
            names = [text.split(":")[0] for text in texts]
            found |= dict(zip(names, map(tuple, marks.get_offsets().tolist()), strict=True))
    return found


def _means(ax: Axes) -> list[float]:
    lines = [c for c in ax.collections if isinstance(c, LineCollection) and c.get_zorder() == 4]
    return [line.get_segments()[0][0][1] for line in lines]


def _above(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.child_axes[0].get_xticklabels()]


def _note(ax: Axes) -> str:
    return " ".join(ax.get_xlabel().split())


# --- what is drawn ----------------------------------------------------------------------------


def test_points_are_samples_at_their_value_in_their_group(bulk: Bulk, labels: Labels) -> None:
    values = [1.0, 2.0, 3.0, 10.0, 20.0]
    ax = _draw(bulk(values, list("RNRNN")), "I00", groupby="arm")
    points = _points(ax)
    assert [points[f"patient-{k:03d}"][1] for k in range(5)] == values
    assert [round(points[f"patient-{k:03d}"][0]) for k in range(5)] == [1, 0, 1, 0, 0]
    assert labels(ax.xaxis) == ["N\nn = 3", "R\nn = 2"]
    assert _means(ax) == pytest.approx([32 / 3, 2])
    assert ax.get_ylabel() == "z"
    assert ax.get_title() == "I00"


def test_groups_stand_in_their_order(bulk: Bulk, labels: Labels) -> None:
    adata = bulk(range(6), list("aabbcc"))
    adata.obs["arm"] = pd.Categorical(adata.obs["arm"], categories=["c", "unused", "a", "b"])
    ax = _draw(adata, "I00", groupby="arm")
    assert labels(ax.xaxis) == ["c\nn = 2", "a\nn = 2", "b\nn = 2"]
    ax = _draw(adata, "I00", groupby="arm", order=["b", "c"])
    assert labels(ax.xaxis) == ["b\nn = 2", "c\nn = 2"]
    assert set(_points(ax)) == {f"patient-{k:03d}" for k in (2, 3, 4, 5)}


def test_groups_differ_in_colour_and_shape(bulk: Bulk) -> None:
    ax = _draw(bulk(range(20), np.arange(20) % 10), "I00", groupby="arm")
    marks = [c for c in ax.collections if isinstance(c, PathCollection)]
    looks = {(to_rgb(m.get_facecolor()[0]), m.get_paths()[0].vertices.tobytes()) for m in marks}
    assert len(looks) == 10
    assert to_rgb(marks[0].get_facecolor()[0]) == to_rgb(_colours.GROUPS[0])


def test_points_stand_apart_at_the_same_places_whenever_drawn(bulk: Bulk) -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(0, 1, 60)
    adata = bulk(values, ["a", "b"] * 30)
    state = np.random.get_state()[1].tolist()
    first = _points(_draw(adata, "I00", groupby="arm"))
    assert np.random.get_state()[1].tolist() == state
    assert _points(_draw(adata, "I00", groupby="arm")) == first
    turned = adata[::-1].copy()
    assert _points(_draw(turned, "I00", groupby="arm")) == first
    assert len({round(x, 6) for x, _ in first.values()}) == 60
    assert all(abs(x - round(x)) <= _strip.WIDE for x, _ in first.values())


def test_neighbours_in_value_stand_apart() -> None:
    values = np.random.default_rng(0).permutation(np.linspace(0, 1, 60))
    beside = _strip.offsets(values)[np.argsort(values)]
    assert np.abs(np.diff(beside)).min() > 0.1


@pytest.mark.parametrize("n", [1, 2, 3, 7, 50])
def test_equal_values_stand_side_by_side(n: int) -> None:
    beside = _strip.offsets(np.full(n, 2.5))
    assert len(set(np.round(beside, 9))) == n
    assert np.abs(beside).max() <= _strip.WIDE
    assert beside[0] == 0, "the first in the middle"


def test_a_density_is_that_of_scipy_and_none_is_made_up(bulk: Bulk) -> None:
    from scipy.stats import gaussian_kde

    for values in (np.r_[np.linspace(0, 1, 8), 5.0], np.random.default_rng(0).normal(0, 1, 5000)):
        at = np.linspace(values.min(), values.max(), 2001)
        kernel = gaussian_kde(values)(at)
        np.testing.assert_allclose(_strip.density(values, at), kernel / kernel.max(), atol=2e-3)
    shapes = {}
    for n in (7, 8):
        ax = _draw(bulk(range(2 * n), ["a", "b"] * n), "I00", groupby="arm")
        shapes[n] = [c for c in ax.collections if c.get_zorder() == 0.6]
    assert len(shapes[7]) == 0, "fewer than 8: points alone"
    assert len(shapes[8]) == 2
    outline = shapes[8][0].get_paths()[0].vertices
    assert outline[:, 1].min() == 0, "nothing beyond the values"
    assert outline[:, 1].max() == 14


def test_weak_grades_are_lettered_and_explained(bulk: Bulk) -> None:
    ax = _draw(bulk(range(4), list("abab"), grade="D"), "I00", groupby="arm")
    assert ax.get_title() == "I00 (D)"
    assert "grade D: weak experimental support" in _note(ax)


def test_who_is_not_drawn_is_counted(bulk: Bulk) -> None:
    ax = _draw(bulk([1, np.nan, 3, 4], ["a", "a", None, "b"]), "I00", groupby="arm")
    assert set(_points(ax)) == {"patient-000", "patient-003"}
    assert "not drawn: 1 without a value, 1 without 'arm'" in _note(ax)


# --- single cells -----------------------------------------------------------------------------


def test_cells_are_averaged_and_stay_behind(cells: AnnData) -> None:
    ax = _draw(cells, "I00", groupby="arm", sample_key="sample")
    z = cells.obsm["cytosig_score"]["I00"].to_numpy().reshape(4, 20)
    assert {k: v[1] for k, v in _points(ax).items()} == pytest.approx(
        dict(zip("ABCD", z.mean(axis=1), strict=True))
    )
    assert ax.get_ylabel() == "mean z"
    assert "pale: cells (middle 90%), no replicates" in _note(ax)
    backdrop = [c for c in ax.collections if c.get_zorder() == 0.5]
    assert [to_rgb(c.get_facecolor()[0]) for c in backdrop] == [to_rgb(_colours.PALE)] * 2
    reach = backdrop[0].get_paths()[0].vertices[:, 1]
    low, high = np.percentile(z[:2], [5, 95])
    inside = np.sort(z[:2][(z[:2] >= low) & (z[:2] <= high)])
    assert (reach.min(), reach.max()) == pytest.approx((inside[0], inside[-1]))
    marks = next(c for c in ax.collections if isinstance(c, PathCollection))
    text = _tips.read(marks.get_gid())[0]
    assert text.startswith("A: I00 ")
    assert text.endswith(", N, 20 cells")


def test_one_cell_type(cells: AnnData) -> None:
    ax = _draw(
        cells, "I00", groupby="arm", sample_key="sample", cell_type_key="type", cell_type="B"
    )
    z = cells.obsm["cytosig_score"]["I00"].to_numpy().reshape(4, 20)[:, 1::2]
    assert [v[1] for v in _points(ax).values()] == pytest.approx(z.mean(axis=1))


def test_samples_with_few_cells_are_left_out_as_in_the_test(cells: AnnData) -> None:
    cells.obsm["cytosig_score"].iloc[8:20] = np.nan  # A keeps 8
    ax = _draw(cells, "I00", groupby="arm", sample_key="sample")
    assert set(_points(ax)) == set("BCD")
    assert "not drawn: 1 with fewer than 10 cells" in _note(ax)
    cells.uns["cytosig"]["compare_params"] = _params(min_cells=8, sample_key="sample")
    ax = _draw(cells, "I00", groupby="arm", sample_key="sample")
    assert set(_points(ax)) == set("ABCD")


def test_a_row_a_sample_is_no_mean_of_few_cells(bulk: Bulk) -> None:
    adata = bulk([1, 2, 3, 4], list("NNRR"))
    adata.obs["patient"] = list("wxyz")
    ax = _draw(adata, "I00", groupby="arm", sample_key="patient")
    assert {k: v[1] for k, v in _points(ax).items()} == dict(zip("wxyz", [1, 2, 3, 4], strict=True))
    assert "pale" not in _note(ax)


def test_balance_of_samples_and_of_a_cell_type(cells: AnnData) -> None:
    table = pd.DataFrame({"balance": [0.1, -0.2, 0.3, 0.4], "verdict": "x"}, index=list("ABCD"))
    by_type = pd.DataFrame({"sample": list("AC"), "cell_type": "T", "balance": [5.0, 6.0]})
    cells.uns["cytosig"] = {"balance": table, "balance_cell_types": by_type}
    of = {"groupby": "arm", "what": "balance", "sample_key": "sample"}
    ax = _draw(cells, "balance", **of)
    assert [v[1] for v in _points(ax).values()] == [0.1, -0.2, 0.3, 0.4]
    assert ax.get_ylabel() == "balance"
    ax = _draw(cells, "balance", **of, cell_type_key="type", cell_type="T")
    assert {k: v[1] for k, v in _points(ax).items()} == {"A": 5.0, "C": 6.0}
    with pytest.raises(UsageError, match=r"\['balance'\] has no column 'verdict'"):
        _draw(cells, "verdict", **of)


def test_ligands_have_no_test(bulk: Bulk) -> None:
    adata = bulk([1, 2, 3, 4], list("NNRR"), _row())
    adata.obsm["cytosig_ligand"] = adata.obsm["cytosig_score"]
    ax = _draw(adata, "I00", groupby="arm", what="ligand")
    assert ax.get_title() == "I00 ligand"
    assert ax.get_ylabel() == "expression"
    assert "no test: cs.tl.compare reads no ligand expression" in _note(ax)
    assert not ax.child_axes


# --- the test that is stored ------------------------------------------------------------------


def test_what_is_printed_is_what_is_stored(bulk: Bulk) -> None:
    ax = _draw(bulk([1, 2, 3, 4], list("NNRR"), _row(p=0.0123)), "I00", groupby="arm")
    reference, tested = _above(ax)
    assert reference == "reference"
    assert " ".join(tested.split()) == "+0.5 (−0.25 to +1.25) p = 0.012, q = 0.025"
    said = "above: difference from N, interval, two-sided p and q as stored in 'compare'"
    assert f"{said} (moderated t)" in _note(ax)
    places = [text.get_position()[0] for text in ax.child_axes[0].get_xticklabels()]
    assert places == [0, 1]


def test_each_group_has_its_own_row_and_all_have_the_omnibus(bulk: Bulk) -> None:
    over = {"omnibus_p": 0.04, "omnibus_q": 0.2, "omnibus_test": "Welch's ANOVA"}
    rows = [_row("S", "N", 0.5, **over), _row("R", "N", 0.001, **over)]
    ax = _draw(bulk(range(8), list("NNRRSSTT"), *rows), "I00", groupby="arm")
    assert [text.split("p = ")[-1].split(",")[0].split("\n")[0] for text in _above(ax)] == [
        "reference", "0.001", "0.5", "not tested",
    ]  # fmt: skip
    assert "any difference: Welch's ANOVA, p = 0.04, q = 0.2" in _note(ax)


def test_the_row_of_another_name_table_or_type_is_not_taken(bulk: Bulk, cells: AnnData) -> None:
    rows = [_row(name="I01"), _row(table="axis")]
    ax = _draw(bulk([1, 2, 3, 4], list("NNRR"), *rows), "I00", groupby="arm")
    assert "no test of I00 stored: cs.tl.compare(adata, groupby='arm')" in _note(ax)
    table = pd.DataFrame([_row(cell_type="T", p=0.11), _row(cell_type="B", p=0.22)])
    cells.uns["cytosig"] = {
        "compare": table,
        "compare_params": _params(sample_key="sample", cell_type_key="type"),
    }
    of = {"groupby": "arm", "sample_key": "sample", "cell_type_key": "type"}
    assert "p = 0.22" in _above(_draw(cells, "I00", **of, cell_type="B"))[1]
    assert "p = 0.11" in _above(_draw(cells, "I00", **of, cell_type="T"))[1]


def test_of_cohorts_the_pooled_row(bulk: Bulk) -> None:
    rows = [
        _row(cohort=name, p=p, n_cohorts=n)
        for name, p, n in (("A", 0.5, 1), ("pooled", 0.03, 3), ("Z", 0.9, 1))
    ]
    ax = _draw(bulk([1, 2, 3, 4], list("NNRR"), *rows), "I00", groupby="arm")
    assert "p = 0.03" in _above(ax)[1]
    assert "3 cohorts pooled" in _note(ax)


def test_nothing_stored_says_how_to_test(bulk: Bulk, cells: AnnData) -> None:
    ax = _draw(bulk([1, 2, 3, 4], list("NNRR")), "I00", groupby="arm")
    assert "no test stored: cs.tl.compare(adata, groupby='arm')" in _note(ax)
    assert not ax.child_axes
    ax = _draw(cells, "I00", groupby="arm", sample_key="sample")
    assert "cs.tl.compare(adata, groupby='arm', sample_key='sample')" in _note(ax)


@pytest.mark.parametrize(
    "params", [{"groupby": "sex"}, {"sample_key": "patient"}, {"cell_type_key": "type"}]
)
def test_a_test_of_something_else_is_not_shown(bulk: Bulk, params: dict[str, str]) -> None:
    adata = bulk([1, 2, 3, 4], list("NNRR"), _row(p=0.0123), **params)
    ax = _draw(adata, "I00", groupby="arm")
    (name, value), *_ = params.items()
    assert f"no test stored of this, compare_key='compare' has {name}='{value}'" in _note(ax)
    assert "0.012" not in _note(ax)
    assert not ax.child_axes


def test_other_numbers_of_samples_and_missing_p_are_said(bulk: Bulk) -> None:
    adata = bulk([1, 2, 3, 4], list("NNRR"), _row(n_group=2, n_reference=1))
    assert "R vs N: tested 2 against 1 samples" in _note(_draw(adata, "I00", groupby="arm"))
    adata = bulk([1, 2, 3, 4], list("NNRR"), _row(n_group=2, n_reference=2))
    assert "tested" not in _note(_draw(adata, "I00", groupby="arm"))
    adata = bulk([1, 2, 3, 4], list("NNRR"), _row(p=np.nan, reason="too few samples"))
    ax = _draw(adata, "I00", groupby="arm")
    assert _above(ax) == ["reference", "no p"]
    assert "R: no p, too few samples" in _note(ax)


def test_pairs_are_joined_where_pairs_were_compared(bulk: Bulk) -> None:
    adata = bulk([1, 2, 3, 4, 5], list("NNRRR"), _row(), paired="patient")
    adata.obs["patient"] = ["x", "y", "y", "x", None]
    ax = _draw(adata, "I00", groupby="arm")
    (lines,) = [c for c in ax.collections if isinstance(c, LineCollection) and c.get_zorder() == 2]
    ends = sorted(sorted(segment[:, 1].tolist()) for segment in lines.get_segments())
    assert ends == [[1, 4], [2, 3]]


# --- room -------------------------------------------------------------------------------------


def _apart(ax: Axes) -> None:
    ax.figure.canvas.draw()
    over = ax.child_axes[0].xaxis if ax.child_axes else None
    for axis in filter(None, (ax.xaxis, over)):
        shown: list[Text] = [text for text in axis.get_ticklabels() if text.get_text()]
        assert shown
        boxes = [text.get_window_extent() for text in shown]
        assert not any(a.overlaps(b) for a, b in combinations(boxes, 2))


SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    ("n_groups", "n", "given"),
    [
        (2, 5, False),
        (20, 100, False),
        (3, 100, True),
        pytest.param(2, 5, True, marks=SLOW),
        pytest.param(3, 100, False, marks=SLOW),
        pytest.param(7, 40, False, marks=SLOW),
        pytest.param(7, 40, True, marks=SLOW),
        pytest.param(20, 100, True, marks=SLOW),
    ],
)
def test_no_texts_overlap(bulk: Bulk, n_groups: int, n: int, given: bool) -> None:
    names = [f"group number {k}" for k in range(n_groups)]
    rows = [_row(name, names[0], 0.000123, estimate=-12.34) for name in names[1:]]
    adata = bulk(np.sin(np.arange(n)), [names[k % n_groups] for k in range(n)], *rows)
    ax = None
    if given:
        ax = plt.figure(figsize=(9, 6), layout="constrained").subplots(1, 2)[1]
    ax = cs.pl.activity(adata, id="I00", groupby="arm", ax=ax)
    _apart(ax)
    assert all("0.00012" in text for text in _above(ax)[1:])
    title = ax.title.get_window_extent()
    over = ax.child_axes[0].xaxis.get_ticklabels()
    assert not any(title.overlaps(text.get_window_extent()) for text in over)
    box = ax.figure.get_tightbbox()
    width, height = ax.figure.get_size_inches()
    assert min(box.x0, box.y0) >= 0
    assert box.x1 <= width
    assert box.y1 <= height


def test_intervals_are_left_out_only_where_there_is_no_room(bulk: Bulk) -> None:
    names = [f"g{k}" for k in range(20)]
    rows = [_row(name, "g0") for name in names[1:]]
    adata = bulk(np.arange(40.0), names * 2, *rows)
    wide = cs.pl.activity(adata, id="I00", groupby="arm")
    assert "(−0.25 to +1.25)" in _above(wide)[1]
    narrow = cs.pl.activity(adata, id="I00", groupby="arm", ax=Figure(figsize=(3, 4)).subplots())
    assert "+0.5, p = 0.012, q = 0.025" in _above(narrow)[1]
    assert "interval" not in _note(narrow)


def test_odd_names_are_drawn_as_they_are(bulk: Bulk, labels: Labels) -> None:
    odd = ["$x^2$", "<img src=x onerror=alert(1)>", "y" * 60]
    adata = bulk(range(6), odd * 2, _row(odd[0], odd[1]))
    ax = cs.pl.activity(adata, id="I00", groupby="arm")
    assert labels(ax.xaxis)[0].startswith(r"\$x^2\$")
    assert max(len(text.split("\n")[0]) for text in labels(ax.xaxis)) <= 32
    ax.figure.canvas.draw()
    box = ax.figure.get_tightbbox()
    assert box.x1 <= ax.figure.get_size_inches()[0]


def test_thousands_of_samples_have_no_texts_and_are_an_image(bulk: Bulk) -> None:
    ax = _draw(bulk(np.arange(2100) % 97, np.arange(2100) % 2), "I00", groupby="arm")
    marks = [c for c in ax.collections if isinstance(c, PathCollection)]
    assert all(c.get_gid() is None and c.get_rasterized() for c in marks)


# --- manners ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"groupby": "arms"}, "groupby: obs has no column 'arms'"),
        ({"what": "receptor"}, 'expected "score", "axis", "ligand" or "balance"'),
        ({"what": "balance"}, "no 'balance'.*cs.tl.balance"),
        ({"id": "I07"}, "no column 'I07'"),
        ({"order": ["N", "X"]}, r"order=.*which has 'N', 'R'"),
        ({"order": []}, "expected a list of groups"),
        ({"cell_type": "T"}, "go together"),
        ({"sample_key": "patients"}, "no column 'patients'"),
        ({"cell_type_key": "arm", "cell_type": "Q"}, "cell_type='Q'.*'N', 'R'"),
        ({"groupby": "many"}, r"obs\['many'\] has 30 values in 30 samples"),
        ({"ax": 3}, "ax is a int"),
    ],
)
def test_calls_at_fault(bulk: Bulk, options: dict[str, object], said: str) -> None:
    adata = bulk(range(30), ["N", "R"] * 15)
    adata.obs["many"] = np.linspace(0, 1, 30)
    with pytest.raises(UsageError, match=said):
        cs.pl.activity(adata, **{"id": "I00", "groupby": "arm", **options})
    assert plt.get_fignums() == []


def test_data_at_fault(bulk: Bulk, cells: AnnData) -> None:
    with pytest.raises(
        DataError, match=r"obs\['type'\] is not the same in all cells of sample 'A'"
    ):
        cs.pl.activity(cells, id="I00", groupby="type", sample_key="sample")
    with pytest.raises(DataError, match="No sample has a value and a group"):
        cs.pl.activity(bulk([np.nan, 1.0], ["a", None]), id="I00", groupby="arm")
    adata = bulk([1, 2], ["a", "b"])
    adata.obs_names = ["x", "x"]
    adata.obsm["cytosig_score"].index = adata.obs_names
    with pytest.raises(DataError, match=r"Two observations are called 'x'.*sample_key="):
        cs.pl.activity(adata, id="I00", groupby="arm")


def test_numbers_as_groups_meet_their_rows(bulk: Bulk, labels: Labels) -> None:
    adata = bulk([1, 2, 3, 4, 5], [0.0, 1.0, 0.0, 1.0, np.nan], _row("1", "0", 0.02))
    ax = _draw(adata, "I00", groupby="arm")
    assert labels(ax.xaxis) == ["0\nn = 2", "1\nn = 2"]
    assert "p = 0.02" in _above(ax)[1]


def test_given_axes_are_drawn_on_and_pyplot_left_alone(bulk: Bulk) -> None:
    given = Figure().subplots()
    assert cs.pl.activity(bulk([1, 2], list("NR")), id="I00", groupby="arm", ax=given) is given
    assert plt.get_fignums() == []
