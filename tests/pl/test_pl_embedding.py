"""Embeddings: which cell stands where, in what colour, above whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

import cytosig as cs
from cytosig._errors import DataError, UsageError
from cytosig.pl import _scales, _tips

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from anndata import AnnData
    from matplotlib.axes import Axes
    from matplotlib.collections import PathCollection

    Stored = Callable[..., AnnData]


@pytest.fixture
def cells(stored: Stored) -> Callable[..., AnnData]:
    """Cell k at (k, -k) of the map, its z in the columns I00 ..."""

    def build(values: object, grades: str = "") -> AnnData:
        table = np.asarray(values, dtype=float)
        table = table[:, None] if table.ndim == 1 else table
        adata = stored(table, grades)
        place = np.arange(len(table), dtype=float)
        adata.obsm["X_umap"] = np.column_stack([place, -place])
        for slot in ("ligand", "receptor"):
            adata.obsm[f"cytosig_{slot}"] = adata.obsm["cytosig_score"].abs()
        return adata

    return build


if TYPE_CHECKING:
    Cells = Callable[..., AnnData]


def _colours(marks: PathCollection) -> np.ndarray:
    marks.update_scalarmappable()
    return marks.get_facecolors()[:, :3]


def _scored(ax: Axes) -> PathCollection:
    return ax.collections[-1]


def test_cells_stand_at_their_place_with_their_value(cells: Cells) -> None:
    ax = cs.pl.embedding(cells([3.0, -1.0, 0.5]), ids="I00", sort=False)
    np.testing.assert_array_equal(_scored(ax).get_offsets(), [[0, 0], [1, -1], [2, -2]])
    np.testing.assert_array_equal(_scored(ax).get_array(), [3.0, -1.0, 0.5])
    assert ax.get_title() == "I00"
    assert ax.get_xlabel() == "UMAP1"
    assert ax.get_ylabel() == "UMAP2"


def test_strong_values_are_drawn_last_on_either_side(cells: Cells) -> None:
    ax = cs.pl.embedding(cells([0.1, -5.0, 2.0, -1.0]), ids="I00")
    np.testing.assert_array_equal(_scored(ax).get_array(), [0.1, -1.0, 2.0, -5.0])
    np.testing.assert_array_equal(_scored(ax).get_offsets()[:, 0], [0, 3, 2, 1])
    one_sided = cells([4.0, 1.0, 3.0])
    ax = cs.pl.embedding(one_sided, ids="I00", what="ligand")
    np.testing.assert_array_equal(_scored(ax).get_array(), [1.0, 3.0, 4.0])


def test_colours_of_z_are_symmetric_and_robust(cells: Cells) -> None:
    ax = cs.pl.embedding(cells(np.arange(-20.0, 81.0)), ids="I00", sort=False)
    limit = np.percentile(np.abs(np.arange(-20.0, 81.0)), 98)
    assert _scored(ax).get_clim() == (-limit, limit)
    assert _scored(ax).colorbar.extend == "max"
    colours = _colours(_scored(ax))
    assert colours[0][2] > colours[0][0] + 0.05, "blue below zero"
    assert colours[-1][0] > colours[-1][2] + 0.3, "red above"
    assert 0.8 < colours[20].min() < 0.9, "zero is seen on white"
    assert np.ptp(colours[20]) < 0.02, "and has no colour"


def test_expression_runs_on_one_side(cells: Cells) -> None:
    values = np.zeros(1000)
    values[:5] = [1, 2, 3, 4, 5]
    for what in ("ligand", "receptor"):
        ax = cs.pl.embedding(cells(values), ids="I00", what=what)
        assert _scored(ax).get_clim() == (0, 5), "the 98th percentile is 0: to the highest"
        assert ax.get_title() == f"I00 {what}"
        assert ax.figure.axes[1].get_ylabel() == "expression"
        colours = _colours(_scored(ax))
        assert colours[-1].sum() < colours[0].sum()


def test_one_sided_scores_have_their_own_scale(cells: Cells) -> None:
    adata = cells(np.linspace(0, 1, 101))
    adata.uns["cytosig"] |= {"unit": "UCell score", "about_zero": False}
    ax = cs.pl.embedding(adata, ids="I00")
    assert _scored(ax).get_clim() == pytest.approx((0.02, 0.98))
    assert ax.figure.axes[1].get_ylabel() == "UCell score"


def test_axes_are_another_table(cells: Cells) -> None:
    ax = cs.pl.embedding(cells([1.0, 2.0], "D"), ids="I00", what="axis", sort=False)
    np.testing.assert_array_equal(_scored(ax).get_array(), [-1.0, -2.0])
    assert ax.get_title() == "I00", "grades are those of cytokines"


def test_cells_not_scored_are_small_grey_below_and_counted(cells: Cells) -> None:
    ax = cs.pl.embedding(cells([1.0, np.nan, -2.0, np.nan]), ids="I00", size=30)
    below, above = ax.collections
    np.testing.assert_array_equal(below.get_offsets()[:, 0], [1, 3])
    np.testing.assert_array_equal(above.get_offsets()[:, 0], [0, 2])
    assert to_rgb(below.get_facecolors()[0]) == to_rgb(_scales.NOT_SCORED)
    assert below.get_sizes() == pytest.approx([10])
    assert above.get_sizes() == pytest.approx([30])
    assert [text.get_text() for text in ax.texts] == ["small, grey: 2 not scored"]


def test_nothing_scored_at_all_is_all_grey(cells: Cells) -> None:
    ax = cs.pl.embedding(cells([np.nan, np.nan]), ids="I00")
    assert len(ax.collections) == 1
    assert ax.figure.axes == [ax], "no colours to explain"
    assert "2 not scored" in ax.texts[0].get_text()


def test_cells_without_a_place_are_counted(cells: Cells) -> None:
    adata = cells([1.0, 2.0, 3.0])
    adata.obsm["X_umap"][1] = np.nan
    ax = cs.pl.embedding(adata, ids="I00")
    np.testing.assert_array_equal(_scored(ax).get_array(), [1.0, 3.0])
    assert "1 without a place in the embedding not drawn" in ax.texts[0].get_text()


def test_weak_grades_stand_in_the_title(cells: Cells) -> None:
    panels = cs.pl.embedding(cells(np.ones((4, 3)), "ACD"), ids=["I00", "I01", "I02"])
    assert [ax.get_title() for ax in panels.values()] == ["I00", "I01 (C)", "I02 (D)"]
    said = " ".join(panels["I02"].texts[0].get_text().split())
    assert said == "grade D: weak experimental support"
    assert not panels["I00"].texts


def test_several_ids_are_panels_by_id(cells: Cells) -> None:
    values = np.arange(24.0).reshape(4, 6)
    panels = cs.pl.embedding(
        cells(values), ids=["I05", "I00", "I05", "I01", "I02", "I03"], sort=False
    )
    assert list(panels) == ["I05", "I00", "I01", "I02", "I03"]
    for id, ax in panels.items():
        np.testing.assert_array_equal(_scored(ax).get_array(), values[:, int(id[1:])])
    assert plt.get_fignums() == [panels["I05"].figure.number], "one figure"
    rows = {round(ax.get_position().y0, 3) for ax in panels.values()}
    assert len(rows) == 2, "four in a row"
    assert list(cs.pl.embedding(cells(values), ids=["I01"])) == ["I01"]


def test_points_are_as_large_as_scanpys_on_its_panel(cells: Cells) -> None:
    adata = cells(np.ones(3000))
    figure = Figure(figsize=(4, 4))
    whole = cs.pl.embedding(adata, ids="I00", ax=figure.add_axes((0, 0, 1, 1)))
    assert _scored(whole).get_sizes() == pytest.approx([120_000 / 3000])
    quarter = cs.pl.embedding(adata, ids="I00", ax=figure.add_axes((0, 0, 0.5, 0.5)))
    assert _scored(quarter).get_sizes() == pytest.approx([30_000 / 3000])
    assert _scored(cs.pl.embedding(adata, ids="I00", size=7)).get_sizes() == [7]
    assert _scored(cs.pl.embedding(cells([1.0]), ids="I00")).get_sizes() == [120]


def test_many_points_are_one_image_in_a_vector_file(cells: Cells, tmp_path: Path) -> None:
    ax = cs.pl.embedding(cells(np.linspace(-2, 2, 501)), ids="I00")
    assert all(marks.get_rasterized() for marks in ax.collections)
    ax.figure.savefig(tmp_path / "many.svg")
    written = (tmp_path / "many.svg").read_text()
    assert written.count("<use ") < 200, "ticks and letters"
    assert "data:image/png" in written
    few = cs.pl.embedding(cells(np.linspace(-2, 2, 500)), ids="I00")
    assert not any(marks.get_rasterized() for marks in few.collections)


def test_few_points_say_who_they_are(cells: Cells) -> None:
    ax = cs.pl.embedding(cells([-1.234, np.nan, 0.5]), ids="I00")
    below, above = ax.collections
    assert _tips.read(below.get_gid()) == ["patient-001: I00 not scored"]
    assert _tips.read(above.get_gid()) == ["patient-002: I00 0.5", "patient-000: I00 −1.23"]


@pytest.mark.parametrize("kind", ["frame", "sparse", "three columns"])
def test_embeddings_of_other_kinds(cells: Cells, kind: str) -> None:
    adata = cells([1.0, 2.0])
    place = np.array([[1.0, 2.0], [3.0, 4.0]])
    adata.obsm["mine"] = {
        "frame": pd.DataFrame(place, index=adata.obs_names, columns=["a", "b"]),
        "sparse": sp.csr_matrix(place),
        "three columns": np.column_stack([place, [9.0, 9.0]]),
    }[kind]
    ax = cs.pl.embedding(adata, ids="I00", basis="mine", sort=False)
    np.testing.assert_array_equal(_scored(ax).get_offsets(), place)
    assert ax.get_xlabel() == "MINE1"


def test_odd_names_are_drawn_as_they_are(stored: Stored) -> None:
    ids = ["$x^2$", "<img src=x>", "z" * 80]
    adata = stored(np.ones((3, 3)), "", ids)
    adata.obsm["X_$u$"] = np.eye(3)
    panels = cs.pl.embedding(adata, ids=ids, basis="$u$")
    figure = panels[ids[0]].figure
    figure.canvas.draw()
    titles = [ax.get_title() for ax in panels.values()]
    assert titles[:2] == [r"\$x^2\$", "<img src=x>"]
    assert len(titles[2]) == 36
    box = figure.get_tightbbox()
    assert box.x0 >= 0
    assert box.x1 <= figure.get_size_inches()[0]


@pytest.mark.parametrize(
    ("ids", "options", "said"),
    [
        ("I07", {}, r"ids: obsm\['cytosig_score'\] has no column 'I07'.*Near: I0"),
        ([], {}, "expected a list of columns"),
        ("I00", {"basis": "tsne"}, r"neither 'X_tsne' nor 'tsne'; it has .*'X_umap'"),
        ("I00", {"what": "balance"}, 'expected "score", "axis", "ligand" or "receptor"'),
        ("I00", {"key": "other"}, "no 'other_score'"),
        ("I00", {"size": 0}, "size=0: expected an area"),
        (["I00"], {"ax": Figure().subplots()}, r"ax= is one axes, and ids=\['I00'\] a list"),
        ("I00", {"ax": 3}, "ax is a int"),
    ],
)
def test_calls_at_fault(cells: Cells, ids: object, options: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        cs.pl.embedding(cells([1.0, 2.0]), ids=ids, **options)
    assert plt.get_fignums() == []


def test_data_at_fault(cells: Cells) -> None:
    adata = cells([1.0, 2.0])
    adata.obsm["X_line"] = np.ones((2, 1))
    with pytest.raises(DataError, match=r"'X_line'\] has the shape \(2, 1\); expected two columns"):
        cs.pl.embedding(adata, ids="I00", basis="line")
    del adata.obsm["cytosig_receptor"]
    with pytest.raises(UsageError, match=r"no 'cytosig_receptor'.*Run cs\.tl\.channels"):
        cs.pl.embedding(adata, ids="I00", what="receptor")


def test_given_axes_are_drawn_on_and_pyplot_left_alone(cells: Cells) -> None:
    given = Figure().subplots(1, 2)[1]
    assert cs.pl.embedding(cells([1.0, 2.0]), ids="I00", ax=given) is given
    assert plt.get_fignums() == []
