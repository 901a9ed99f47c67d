"""Strips beside the heat map, numbers in it, clustered rows, and the other tables it shows."""

from __future__ import annotations

from itertools import combinations, pairwise
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.patches import Rectangle
from scipy.cluster.hierarchy import dendrogram, linkage

import cytosig as cs
from cytosig._errors import DataError, UsageError
from cytosig.pl import _colours, _numbers, _tips

if TYPE_CHECKING:
    from collections.abc import Callable

    from anndata import AnnData
    from matplotlib.axes import Axes

    Stored = Callable[..., AnnData]
    Labels = Callable[..., list[str]]
    Pixel = Callable[[Axes, int, int], tuple[int, ...]]


def _noise(n_rows: int, n_columns: int) -> np.ndarray:
    return np.random.default_rng(1).normal(0, 2, (n_rows, n_columns))


def _draw(adata: AnnData, **options: object) -> Axes:
    """On axes without a layout, which would take most of the time."""
    return cs.pl.heatmap(adata, ax=Figure(figsize=(6, 4)).subplots(), **options)


def _strips(ax: Axes) -> list[list[tuple[str, tuple[float, ...]]]]:
    """Text and colour of every row, strip by strip from left to right."""
    cells = [p for p in ax.patches if isinstance(p, Rectangle) and _tips.read(p.get_gid() or "")]
    lefts = sorted({round(p.get_x(), 6) for p in cells})
    found = []
    for left in lefts:
        own = sorted((p for p in cells if round(p.get_x(), 6) == left), key=Rectangle.get_y)
        assert [p.get_y() + 0.5 for p in own] == list(range(len(own)))
        found.append([(_tips.read(p.get_gid())[0], to_rgb(p.get_facecolor())) for p in own])
    return found


def _keys(ax: Axes) -> list[list[str]]:
    """Words of the keys from top to bottom."""
    ax.figure.draw_without_rendering()
    legends = [child for child in ax.get_children() if isinstance(child, Legend)]
    legends.sort(key=lambda legend: -legend.get_window_extent().y0)
    return [[text.get_text() for text in legend.get_texts()] for legend in legends]


def _numbered(ax: Axes) -> dict[tuple[int, int], str]:
    ax.figure.draw_without_rendering()
    shown = [text for text in ax.texts if text.get_visible() and text.get_ha() == "center"]
    return {tuple(map(int, text.get_position()[::-1])): text.get_text() for text in shown}


# --- strips -----------------------------------------------------------------------------------


def test_a_strip_says_what_obs_says_of_each_row(stored: Stored) -> None:
    adata = stored(_noise(4, 3))
    adata.obs["arm"] = pd.Categorical(["b", "a", "b", "c"], categories=["c", "b", "x", "a"])
    ax = _draw(adata, annotate="arm", cluster=False)
    (strip,) = _strips(ax)
    assert [text for text, _ in strip] == [
        f"patient-00{k}: arm {arm}" for k, arm in enumerate("babc")
    ]
    colours = [to_rgb(_colours.of_group(place)) for place in (1, 2, 1, 0)]
    assert [colour for _, colour in strip] == colours
    assert _keys(ax) == [["arm:", "c", "b", "a"]]
    np.testing.assert_array_equal(ax.images[0].get_array().shape, (4, 3))
    assert ax.get_xlim()[0] == -0.5
    labels = [label.get_text() for label in ax.get_xticklabels(minor=True)]
    assert labels == ["arm"]


def test_groups_differ_in_their_marks_too(stored: Stored) -> None:
    adata = stored(_noise(10, 3))
    adata.obs["arm"] = [f"g{k}" for k in range(10)]
    ax = _draw(adata, annotate="arm")
    looks = set()
    for marks in (c for c in ax.collections if isinstance(c, PathCollection)):
        shape = marks.get_paths()[0].vertices.tobytes()
        rows = marks.get_offsets()[:, 1].astype(int)
        looks |= {(shape, _strips(ax)[0][row][1]) for row in rows}
    assert len(looks) == 10, "eight colours, ten looks"


def test_strips_follow_the_clustered_rows(stored: Stored, labels: Labels) -> None:
    values = _noise(12, 6)
    adata = stored(values)
    adata.obs["number"] = np.arange(12.0)
    ax = _draw(adata, annotate="number", cluster="rows")
    (strip,) = _strips(ax)
    rows = labels(ax.yaxis)
    assert rows != sorted(rows)
    assert [text for text, _ in strip] == [f"{row}: number {int(row[-3:])}" for row in rows]


def test_numbers_run_from_pale_to_dark(stored: Stored) -> None:
    adata = stored(_noise(5, 3))
    adata.obs["age"] = [35.0, 50.0, np.nan, 84.0, 59.5]
    ax = _draw(adata, annotate=["age"], cluster=False)
    (strip,) = _strips(ax)
    light = [sum(colour) for _, colour in strip]
    assert light[0] > light[1] > light[4] > light[3]
    assert strip[2] == ("patient-002: age no value", (0, 0, 0)), "nothing painted"
    assert ax.patches[2].get_facecolor()[3] == 0
    assert _keys(ax) == [["age:", "35", "59.5", "84", "no value"]]
    (mark,) = [c for c in ax.collections if isinstance(c, PathCollection)]
    assert mark.get_offsets()[:, 1].tolist() == [2], "a cross where there is no value"


def test_a_group_has_what_all_of_it_have(stored: Stored) -> None:
    adata = stored(_noise(6, 3))
    adata.obs["sample"] = list("aabbcc")
    adata.obs["arm"] = ["R", "R", "N", "N", None, None]
    ax = _draw(adata, groupby="sample", annotate="arm")
    assert [text for text, _ in _strips(ax)[0]] == [
        "a (n = 2): arm R", "b (n = 2): arm N", "c (n = 2): arm no value",
    ]  # fmt: skip
    adata.obs.loc["patient-003", "arm"] = "R"
    with pytest.raises(DataError, match=r"obs\['arm'\] is not the same .* the row 'b \(n = 2\)'"):
        _draw(adata, groupby="sample", annotate="arm")


def test_strips_of_one_width_right_of_the_map_in_the_order_asked(stored: Stored) -> None:
    for n_columns in (3, 12):
        adata = stored(_noise(6, n_columns))
        adata.obs["a"], adata.obs["b"] = list("uvuvuv"), [True, False] * 3
        ax = cs.pl.heatmap(adata, annotate=["b", "a", "b"])
        assert [label.get_text() for label in ax.get_xticklabels(minor=True)] == ["b", "a"]
        cells = [p for p in ax.patches if _tips.read(p.get_gid() or "")]
        assert min(p.get_x() for p in cells) > n_columns - 0.5
        ax.figure.draw_without_rendering()
        inches = {round(p.get_window_extent().width / ax.figure.dpi, 1) for p in cells}
        assert inches == {0.1}
        assert _keys(ax) == [["b:", "False", "True"], ["a:", "u", "v"]]


@pytest.mark.parametrize(
    ("n", "given"),
    [
        (5, None),
        (100, (3, 3)),
        pytest.param(100, None, marks=pytest.mark.slow),
        pytest.param(20, (4, 3), marks=pytest.mark.slow),
    ],
)
def test_keys_and_labels_stand_apart_inside_the_figure(
    stored: Stored, n: int, given: tuple[float, float] | None
) -> None:
    adata = stored(_noise(n, 12), "ABCD" * 3)
    adata.obs["study"] = [f"study number {k % 9}" for k in range(n)]
    adata.obs["age"] = np.arange(n)
    adata.obs["$x$ <img>"] = list("ab" * n)[:n]
    figure = None if given is None else plt.figure(figsize=given, layout="constrained")
    ax = None if figure is None else figure.subplots()
    ax = cs.pl.heatmap(adata, annotate=["study", "age", "$x$ <img>"], ax=ax)
    assert len(_keys(ax)) == 3
    legends = [child for child in ax.get_children() if isinstance(child, Legend)]
    boxes = [legend.get_window_extent() for legend in legends]
    assert max(box.y1 for box in boxes) <= ax.figure.bbox.height
    boxes += [ax.get_window_extent()]
    boxes += [label.get_window_extent() for label in ax.get_xticklabels(minor=True)]
    shrunk = [box.padded(-0.5) for box in boxes]
    assert not any(a.overlaps(b) for a, b in combinations(shrunk, 2))
    whole = ax.figure.get_tightbbox()
    width, height = ax.figure.get_size_inches()
    assert min(whole.x0, whole.y0) >= 0
    assert whole.x1 <= width
    assert whole.y1 <= height


# --- numbers ----------------------------------------------------------------------------------


def test_few_cells_have_their_numbers(stored: Stored) -> None:
    values = np.array([[-3.04, 0.01, 2.55], [np.nan, -0.02, 1.0]])
    ax = _draw(stored(values), cluster=False)
    assert _numbered(ax) == {
        (0, 0): "−3.0", (0, 1): "0.0", (0, 2): "2.5", (1, 1): "0.0", (1, 2): "1.0",
    }  # fmt: skip
    dark = {t.get_text(): t.get_color() for t in ax.texts}
    assert dark["−3.0"] == "white"
    assert dark["1.0"] != "white"
    assert _numbered(_draw(stored(values), values=False)) == {}


@pytest.mark.parametrize(("size", "shown"), [(0.042, "0.042"), (4.2, "4.2"), (420.0, "420")])
def test_two_digits_of_the_largest(stored: Stored, size: float, shown: str) -> None:
    assert _numbered(_draw(stored(np.full((1, 2), size))))[0, 0] == shown


def test_many_cells_have_numbers_only_when_asked(stored: Stored) -> None:
    adata = stored(_noise(5, 32))
    assert _numbered(cs.pl.heatmap(adata)) == {}
    ax = cs.pl.heatmap(adata, values=True)
    assert len(_numbered(ax)) == 5 * 32
    boxes = [text.get_window_extent() for text in ax.texts]
    columns = {text.get_position()[0]: box for text, box in zip(ax.texts, boxes, strict=True)}
    edges = [columns[k] for k in range(32)]
    assert not any(a.overlaps(b) for a, b in pairwise(edges))


def test_numbers_that_do_not_fit_are_left_out_and_said(stored: Stored) -> None:
    adata = stored(_noise(5, 32))
    figure = plt.figure(figsize=(4, 3), layout="constrained")
    ax = cs.pl.heatmap(adata, values=True, ax=figure.subplots())
    assert _numbered(ax) == {}
    said = " ".join([ax.get_xlabel(), *(text.get_text() for text in ax.texts)])
    assert _numbers.LEFT_OUT in said
    figure.set_size_inches(16, 6)
    assert len(_numbered(ax)) == 5 * 32, "worked out whenever it is drawn"
    quiet = cs.pl.heatmap(stored(_noise(4, 32)), ax=Figure(figsize=(3, 2)).subplots())
    assert _numbers.LEFT_OUT not in quiet.get_xlabel()


# --- order ------------------------------------------------------------------------------------


def _leaves(values: np.ndarray) -> list[int]:
    tree = linkage(values, "average", optimal_ordering=True)
    return dendrogram(tree, no_plot=True)["leaves"]


@pytest.mark.parametrize("cluster", ["rows", "both", False])
def test_either_side_is_clustered_where_asked(
    stored: Stored, labels: Labels, cluster: str | bool
) -> None:
    values = _noise(12, 7)
    rows, columns = list(range(12)), list(range(7))
    if cluster in ("rows", "both"):
        rows = _leaves(values)
    if cluster == "both":
        columns = _leaves(values.T)
    ax = _draw(stored(values), cluster=cluster, values=False)
    np.testing.assert_array_equal(ax.images[0].get_array(), values[np.ix_(rows, columns)])
    assert labels(ax.yaxis) == [f"patient-{k:03d}" for k in rows]
    assert labels(ax.xaxis) == [f"I{k:02d}" for k in columns]


# --- other tables -----------------------------------------------------------------------------


def test_expression_has_one_side_and_no_grades(stored: Stored, labels: Labels) -> None:
    adata = stored(_noise(4, 3), "DDD")
    values = np.abs(_noise(4, 2))
    for what in ("ligand", "receptor"):
        adata.obsm[f"cytosig_{what}"] = pd.DataFrame(values, adata.obs_names, ["CCL2", "IL6"])
        ax = _draw(adata, what=what, cluster=False)
        np.testing.assert_array_equal(ax.images[0].get_array(), values)
        assert labels(ax.xaxis) == ["CCL2", "IL6"]
        assert ax.images[0].get_cmap().name == "Blues"
        assert ax.figure.axes[1].get_ylabel() == f"{what}\nexpression"


@pytest.fixture
def balanced(stored: Stored) -> AnnData:
    """Cells of the samples p, q, r, and what cytokines add to their balance."""
    adata = stored(np.zeros((7, 2)), "AD")
    adata.obs["sample"] = list("rpqqprx")
    adata.obs["arm"] = list("RNRRNRR")
    table = pd.DataFrame([[0.3, -0.1], [-0.2, 0.0], [0.1, 0.1]], list("pqr"), ["I00", "I01"])
    adata.uns["cytosig"] |= {
        "balance_contributions": table, "balance_params": {"sample_key": "sample"},
    }  # fmt: skip
    return adata


def test_contributions_are_of_samples(balanced: AnnData, labels: Labels, pixel: Pixel) -> None:
    ax = cs.pl.heatmap(balanced, what="contributions", cluster=False, annotate="arm", values=False)
    assert labels(ax.yaxis) == ["p", "q", "r"]
    assert labels(ax.xaxis) == ["I00", "I01 (D)"]
    np.testing.assert_array_equal(
        ax.images[0].get_array(), balanced.uns["cytosig"]["balance_contributions"]
    )
    assert [text for text, _ in _strips(ax)[0]] == ["p: arm N", "q: arm R", "r: arm R"]
    assert ax.get_ylabel() == "3 samples"
    low, high = ax.images[0].get_clim()
    assert low == -high
    against, towards = (np.array(pixel(ax, row, 0)) / 255 for row in (0, 1))
    np.testing.assert_allclose(against, to_rgb(_colours.ANTI), atol=0.05)
    assert towards[0] > towards[2] + 0.3, "orange, for the tumour"


def test_contributions_of_groups_are_means_over_samples(balanced: AnnData, labels: Labels) -> None:
    ax = _draw(balanced, what="contributions", groupby="arm", cluster=False)
    assert labels(ax.yaxis) == ["N (n = 1)", "R (n = 2)"]
    np.testing.assert_allclose(ax.images[0].get_array(), [[0.3, -0.1], [-0.05, 0.05]])
    note = " ".join(ax.get_xlabel().split())
    assert "mean contribution to the balance of n samples; descriptive" in note
    assert "cells" not in note


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"what": "balance"}, 'expected "score", "axis", "ligand", "receptor" or "contributions"'),
        ({"what": "contributions"}, "no 'balance_contributions'.*cs.tl.balance"),
        ({"what": "receptor"}, r"no 'cytosig_receptor'.*cs.tl.channels"),
        ({"cluster": "row"}, 'expected True .columns., False, "rows"'),
        ({"annotate": "arms"}, "annotate: obs has no column 'arms'"),
        ({"annotate": "name"}, r"annotate: obs\['name'\] has 30 values, and a strip shows 24"),
    ],
)
def test_calls_at_fault(stored: Stored, options: dict[str, object], said: str) -> None:
    adata = stored(_noise(30, 3))
    adata.obs["name"] = [f"n{k}" for k in range(30)]
    with pytest.raises(UsageError, match=said):
        cs.pl.heatmap(adata, **options)
    assert plt.get_fignums() == []
