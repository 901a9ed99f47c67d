"""The heat map against scipy's dendrogram, hand-made means, and the pixels drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from anndata import AnnData, read_h5ad
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from scipy.cluster.hierarchy import dendrogram, linkage

import cytosig as cs
from cytosig._errors import DataError, UsageError
from cytosig.pl import _grades

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from matplotlib.axes import Axes

    Stored = Callable[..., AnnData]
    Labels = Callable[..., list[str]]
    Pixel = Callable[[Axes, int, int], tuple[int, ...]]

GREY = (0xB3, 0xB3, 0xB3)


def _noise(n_rows: int, n_columns: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 2, (n_rows, n_columns))


def _veiled(ax: Axes) -> list[float]:
    """Columns that a hatched rectangle covers."""
    patches = [p for p in ax.patches if isinstance(p, Rectangle) and p.get_hatch()]
    assert {(p.get_width(), p.get_y()) for p in patches} <= {(1, -0.5)}
    return sorted(p.get_x() + 0.5 for p in patches)


# --- which value stands where -----------------------------------------------------------------


def test_catalogue_order_shows_the_stored_table(stored: Stored, labels: Labels) -> None:
    values = _noise(6, 4)
    ax = cs.pl.heatmap(stored(values), cluster=False)
    np.testing.assert_array_equal(ax.images[0].get_array(), values)
    assert labels(ax.xaxis) == ["I00", "I01", "I02", "I03"]
    assert labels(ax.yaxis) == [f"patient-{i:03d}" for i in range(6)]
    assert ax.get_ylim() == (5.5, -0.5), "the first observation is on top"


def test_chosen_columns_in_the_order_asked_for(stored: Stored, labels: Labels) -> None:
    values = _noise(6, 4)
    ids = np.array(["I03", "I01", "I03"])
    ax = cs.pl.heatmap(stored(values), ids=ids, cluster=False)
    assert labels(ax.xaxis) == ["I03", "I01"]
    np.testing.assert_array_equal(ax.images[0].get_array(), values[:, [3, 1]])


def test_axes_are_another_table_without_grades(stored: Stored, labels: Labels) -> None:
    values = _noise(6, 4)
    ax = cs.pl.heatmap(stored(values, "DDDD"), what="axis", cluster=False)
    np.testing.assert_array_equal(ax.images[0].get_array(), -values[:, :3])
    assert labels(ax.xaxis) == ["I00", "I01", "I02"]
    assert _veiled(ax) == []


def test_clustered_order_is_that_of_scipys_dendrogram(stored: Stored, labels: Labels) -> None:
    values = _noise(30, 12)
    tree = linkage(values.T, method="average", metric="euclidean", optimal_ordering=True)
    leaves = dendrogram(tree, no_plot=True)["leaves"]
    assert leaves != sorted(leaves)
    ax = cs.pl.heatmap(stored(values))
    assert labels(ax.xaxis) == [f"I{k:02d}" for k in leaves]
    np.testing.assert_array_equal(ax.images[0].get_array(), values[:, leaves])
    again = cs.pl.heatmap(stored(values))
    assert labels(again.xaxis) == labels(ax.xaxis)


def test_planted_blocks_come_to_stand_together(stored: Stored, labels: Labels) -> None:
    rng = np.random.default_rng(4)
    hidden = rng.normal(0, 3, (20, 2))
    block = np.array([0, 1, 0, 1, 1, 0, 0, 1])
    ax = cs.pl.heatmap(stored(hidden[:, block] + rng.normal(0, 0.3, (20, 8))))
    found = block[[int(name[1:]) for name in labels(ax.xaxis)]]
    assert np.abs(np.diff(found)).sum() == 1, "one border between the two blocks"


def test_gaps_do_not_enter_the_clustering(stored: Stored, labels: Labels) -> None:
    values = _noise(20, 8)
    leaves = dendrogram(
        linkage(np.delete(values, [5], axis=1)[3:].T, "average", optimal_ordering=True),
        no_plot=True,
    )["leaves"]
    kept = [0, 1, 2, 3, 4, 6, 7]
    values[:3] = np.nan
    values[:, 5] = np.nan
    ax = cs.pl.heatmap(stored(values))
    assert labels(ax.xaxis) == [f"I{kept[k]:02d}" for k in leaves] + ["I05"]


@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (3, 1), (1, 6)])
def test_tables_too_small_to_cluster_are_drawn(
    stored: Stored, labels: Labels, shape: tuple[int, int]
) -> None:
    ax = cs.pl.heatmap(stored(_noise(*shape)))
    assert sorted(labels(ax.xaxis)) == [f"I{k:02d}" for k in range(shape[1])]


# --- colours ----------------------------------------------------------------------------------


def test_colours_are_symmetric_and_robust(stored: Stored) -> None:
    values = np.arange(101.0).reshape(1, 101).T  # the 98th percentile of 0 ... 100 is 98
    ax = cs.pl.heatmap(stored(values), cluster=False)
    assert ax.images[0].get_clim() == (-98.0, 98.0)
    bar = ax.images[0].colorbar
    assert bar.extend == "max", "99 and 100 lie beyond"
    assert bar.ax.get_ylabel() == "z"
    both = cs.pl.heatmap(stored(np.vstack([values, -values])), cluster=False, max_rows=300)
    assert both.images[0].colorbar.extend == "both"


def test_zero_is_white_and_signs_are_far_apart(stored: Stored, pixel: Pixel) -> None:
    ax = cs.pl.heatmap(stored(np.array([[-3.0, 0.0, 3.0]])), cluster=False)
    low, zero, high = (pixel(ax, 0, k) for k in range(3))
    assert min(zero) > 240
    assert low[2] > low[0] + 60, "blue below zero"
    assert high[0] > high[2] + 60, "red above zero"


def test_what_is_not_scored_is_grey_even_where_faded(stored: Stored, pixel: Pixel) -> None:
    values = np.full((4, 3), 2.0)
    values[:, 0] = np.nan
    values[2] = np.nan
    ax = cs.pl.heatmap(stored(values, "DDA"), cluster=False)
    assert {pixel(ax, row, 0) for row in range(4)} == {GREY}
    assert {pixel(ax, 2, column) for column in range(3)} == {GREY}
    assert pixel(ax, 1, 1) != GREY
    assert "grey: not scored" in ax.get_xlabel()
    assert "grey" not in cs.pl.heatmap(stored(np.ones((4, 3)))).get_xlabel()


def test_nothing_scored_at_all_is_all_grey(stored: Stored, pixel: Pixel) -> None:
    ax = cs.pl.heatmap(stored(np.full((2, 3), np.nan)))
    assert {pixel(ax, row, column) for row in range(2) for column in range(3)} == {GREY}


# --- grades -----------------------------------------------------------------------------------


def test_grades_below_b_are_hatched_lettered_and_explained(stored: Stored, labels: Labels) -> None:
    adata = stored(_noise(8, 5), ["A", "C", "", "D", "B"], ["IFNG", "IL22", "MINE", "IL33", "TNF"])
    ax = cs.pl.heatmap(adata, cluster=False)
    assert labels(ax.xaxis) == ["IFNG", "IL22 (C)", "MINE", "IL33 (D)", "TNF"]
    assert _veiled(ax) == [1, 3]
    assert ax.get_xlabel() == "faded, hatched: weak experimental support (grade C or D)"


def test_hatching_moves_with_the_clustered_columns(stored: Stored, labels: Labels) -> None:
    adata = stored(_noise(20, 10), "ABCDABCDAB")
    ax = cs.pl.heatmap(adata)
    names = labels(ax.xaxis)
    weak = {"I02 (C)", "I03 (D)", "I06 (C)", "I07 (D)"}
    assert {name for name in names if "(" in name} == weak
    assert _veiled(ax) == [k for k, name in enumerate(names) if name in weak]


def test_fading_mixes_with_white(stored: Stored, pixel: Pixel) -> None:
    ax = cs.pl.heatmap(stored(np.full((1, 2), 2.0), "AD"), cluster=False)
    strong, weak = pixel(ax, 0, 0), pixel(ax, 0, 1)
    expected = [c + _grades.FADE * (255 - c) for c in strong]
    np.testing.assert_allclose(weak, expected, atol=2)
    assert strong != weak


@pytest.mark.parametrize("kind", ["no column", "no table", "no record"])
def test_without_grades_nothing_is_faded(stored: Stored, labels: Labels, kind: str) -> None:
    adata = stored(_noise(4, 3), "DDD")
    if kind == "no column":
        del adata.uns["cytosig"]["coverage"]["grade"]
    elif kind == "no table":
        del adata.uns["cytosig"]["coverage"]
    else:
        del adata.uns["cytosig"]
    ax = cs.pl.heatmap(adata, cluster=False)
    assert _veiled(ax) == []
    assert labels(ax.xaxis) == ["I00", "I01", "I02"]
    assert ax.get_xlabel() == ""


def test_grades_survive_a_file(stored: Stored, labels: Labels, tmp_path: Path) -> None:
    stored(_noise(4, 3), ["A", "", "D"]).write_h5ad(tmp_path / "scored.h5ad")
    ax = cs.pl.heatmap(read_h5ad(tmp_path / "scored.h5ad"), cluster=False)
    assert labels(ax.xaxis) == ["I00", "I01", "I02 (D)"]


# --- groups -----------------------------------------------------------------------------------


def _grouped(stored: Stored) -> tuple[AnnData, dict[str, list[int]]]:
    values = _noise(9, 3)
    values[4] = np.nan  # an observation that was not scored
    adata = stored(values)
    groups = list("babbabcab")
    adata.obs["arm"] = pd.Categorical(groups, categories=["c", "b", "unused", "a"])
    members = {g: [i for i, x in enumerate(groups) if x == g and i != 4] for g in "cba"}
    return adata, members


def test_group_means_are_those_made_by_hand(stored: Stored, labels: Labels) -> None:
    adata, members = _grouped(stored)
    z = adata.obsm["cytosig_score"].to_numpy()
    expected = [[sum(z[i, k] for i in m) / len(m) for k in range(3)] for m in members.values()]
    ax = cs.pl.heatmap(adata, groupby="arm", cluster=False)
    np.testing.assert_allclose(ax.images[0].get_array(), expected)
    assert labels(ax.yaxis) == ["c (n = 1)", "b (n = 5)", "a (n = 2)"]
    assert ax.get_ylabel() == "arm"


def test_group_means_are_called_descriptive(stored: Stored) -> None:
    adata, _ = _grouped(stored)
    ax = cs.pl.heatmap(adata, groupby="arm")
    assert ax.images[0].colorbar.ax.get_ylabel() == "mean z"
    note = " ".join(ax.get_xlabel().split())
    assert "mean z of n observations; descriptive, as cells are not replicates" in note


def test_groups_that_are_no_categories_are_sorted(stored: Stored, labels: Labels) -> None:
    adata = stored(_noise(5, 3))
    adata.obs["day"] = [10, 2, 10, 2, 33]
    ax = cs.pl.heatmap(adata, groupby="day")
    assert labels(ax.yaxis) == ["2 (n = 2)", "10 (n = 2)", "33 (n = 1)"]


def test_a_group_without_scores_stays_as_a_grey_row(stored: Stored, pixel: Pixel) -> None:
    values = _noise(4, 3)
    values[2:] = np.nan
    adata = stored(values)
    adata.obs["arm"] = list("aabb")
    ax = cs.pl.heatmap(adata, groupby="arm", cluster=False)
    assert {pixel(ax, 1, column) for column in range(3)} == {GREY}
    assert ax.images[0].get_array().shape == (2, 3)


# --- labels that fit --------------------------------------------------------------------------


@pytest.mark.parametrize("n_rows", [5, 30, 100, 200])
@pytest.mark.parametrize("given", [None, "plain", "constrained"])
def test_no_labels_overlap(
    stored: Stored, overlaps: Callable[[Axes], int], n_rows: int, given: str | None
) -> None:
    adata = stored(_noise(n_rows, 32), "ABCD" * 8)
    ax = None
    if given:
        layout = "constrained" if given == "constrained" else None
        ax = plt.figure(figsize=(5, 3.5), layout=layout).subplots(1, 2)[0]
    assert overlaps(cs.pl.heatmap(adata, ax=ax)) == 0


@pytest.mark.parametrize("n_rows", [5, 30, 100])
def test_up_to_a_hundred_samples_every_label_is_there(
    stored: Stored, labels: Labels, n_rows: int
) -> None:
    ax = cs.pl.heatmap(stored(_noise(n_rows, 70)), cluster=False)
    assert labels(ax.yaxis) == [f"patient-{i:03d}" for i in range(n_rows)]
    assert labels(ax.xaxis) == [f"I{k:02d}" for k in range(70)]


def test_thinned_labels_still_name_their_rows(stored: Stored, labels: Labels) -> None:
    ax = cs.pl.heatmap(stored(_noise(150, 5)), ax=Figure(figsize=(4, 3)).subplots())
    shown = labels(ax.yaxis)
    step = int(shown[1].removeprefix("patient-"))
    assert step > 1
    assert shown == [f"patient-{i:03d}" for i in range(0, 150, step)]
    np.testing.assert_array_equal(ax.get_yticks(), range(0, 150, step))
    ax.set_ylim(20.5, 9.5)  # zoomed in, there is room for all
    assert labels(ax.yaxis)[9:21] == [f"patient-{i:03d}" for i in range(9, 21)]


def test_everything_is_inside_the_figure(stored: Stored) -> None:
    adata = stored(_noise(100, 32), "ABCD" * 8)
    adata.obsm["cytosig_score"].iloc[3] = np.nan
    adata.obs["arm"] = ["treated", "untreated"] * 50
    for groupby in (None, "arm"):
        ax = cs.pl.heatmap(adata, groupby=groupby)
        ax.figure.canvas.draw()
        box = ax.figure.get_tightbbox()
        width, height = ax.figure.get_size_inches()
        assert min(box.x0, box.y0) >= 0
        assert box.x1 <= width
        assert box.y1 <= height


def test_odd_names_are_drawn_as_they_are(stored: Stored, labels: Labels) -> None:
    adata = stored(_noise(3, 3))
    adata.obs_names = ["a$b$c", "TCGA-3C-AAAU-01A-11R-A41B-07", "x" * 40 + "END"]
    adata.obsm["cytosig_score"].index = adata.obs_names
    ax = cs.pl.heatmap(adata)
    ax.figure.canvas.draw()
    first, second, third = labels(ax.yaxis)
    assert first == r"a\$b\$c", "dollars are no formula"
    assert second == "TCGA-3C-AAAU-01A-11R-A41B-07"
    assert len(third) == 36
    assert third.startswith("xxx")
    assert third.endswith("END")


# --- manners ----------------------------------------------------------------------------------


def test_given_axes_are_drawn_on_and_pyplot_left_alone(stored: Stored) -> None:
    given = Figure().subplots()
    assert cs.pl.heatmap(stored(_noise(4, 3)), ax=given) is given
    assert plt.get_fignums() == []
    other = plt.figure()
    cs.pl.heatmap(stored(_noise(4, 3)), ax=given)
    assert plt.get_fignums() == [other.number]
    assert plt.gcf() is other


def test_without_axes_one_figure_is_made(stored: Stored) -> None:
    ax = cs.pl.heatmap(stored(_noise(4, 3)))
    assert plt.get_fignums() == [ax.figure.number]


def test_the_data_stay_as_they_were(stored: Stored) -> None:
    adata = stored(_noise(4, 3), ["A", "D", None])
    before = adata.copy()
    cs.pl.heatmap(adata)
    assert list(adata.obsm) == list(before.obsm)
    pd.testing.assert_frame_equal(adata.obsm["cytosig_score"], before.obsm["cytosig_score"])
    pd.testing.assert_frame_equal(
        adata.uns["cytosig"]["coverage"], before.uns["cytosig"]["coverage"]
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"what": "pvalue"}, 'expected "score"'),
        ({"key": "other"}, r"no 'other_score'.*'cytosig_score'.*cs\.tl\.score"),
        ({"ids": ["i01", "I02"]}, r"no column 'i01'.*Near: I01"),
        ({"ids": ["QQQQ"]}, r"no column 'QQQQ'.*It has 'I00'"),
        ({"ids": "I01"}, "expected a list"),
        ({"ids": []}, "expected a list"),
        ({"groupby": "arms"}, r"no column 'arms'.*'arm'"),
        ({"max_rows": 3}, "4 observations are more rows than max_rows=3.*groupby="),
        ({"groupby": "arm", "max_rows": 1}, r"2 groups of obs\['arm'\]"),
        ({"ax": [1, 2]}, "ax is a list; expected one matplotlib Axes"),
    ],
)
def test_calls_at_fault(stored: Stored, options: dict[str, object], said: str) -> None:
    adata = stored(_noise(4, 3))
    adata.obs["arm"] = list("aabb")
    with pytest.raises(UsageError, match=said):
        cs.pl.heatmap(adata, **options)
    assert plt.get_fignums() == []


def test_data_at_fault(stored: Stored) -> None:
    adata = stored(_noise(4, 3))
    adata.obs["arm"] = ["a", None, "b", None]
    with pytest.raises(DataError, match="empty for 2 observations, 'patient-001' first"):
        cs.pl.heatmap(adata, groupby="arm")
    adata.obsm["cytosig_score"] = np.zeros((4, 3))
    with pytest.raises(DataError, match="is a ndarray; expected the DataFrame"):
        cs.pl.heatmap(adata)
    with pytest.raises(UsageError, match="adata is a list"):
        cs.pl.heatmap([1])
    with pytest.raises(UsageError, match="no observations"):
        cs.pl.heatmap(stored(np.zeros((0, 3))))


def test_the_demonstration_data_as_scored(labels: Labels) -> None:
    adata = cs.datasets.oligodendroglioma()
    cs.tl.score(adata, n_jobs=1)
    ax = cs.pl.heatmap(adata, groupby="cell_type")
    names = [name.split(" (")[0] for name in labels(ax.xaxis)]
    assert sorted(names) == sorted(adata.obsm["cytosig_score"].columns)
    row = (adata.obs["cell_type"] == "microglia-macrophage").to_numpy()
    expected = adata.obsm["cytosig_score"]["IFNG"].to_numpy()[row].mean()
    assert ax.images[0].get_array()[1, names.index("IFNG")] == pytest.approx(expected)
