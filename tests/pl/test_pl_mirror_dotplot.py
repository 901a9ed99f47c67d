"""Dots of sources and targets against tables written by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anndata
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgba

import cytosig as cs
from cytosig._errors import DataError, UsageError
from cytosig.pl import _scales, _tips

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from matplotlib.axes import Axes
    from matplotlib.collections import PathCollection

    Labels = Callable[..., list[str]]
    Overlaps = Callable[[Axes], int]

TYPES = ["T cell", "macrophage", "CAF"]
IDS = ["IL6", "TNF", "IFNG", "CCL2"]


def _rows(ids: Iterable[str], types: Sequence[str], **columns: Any) -> pd.DataFrame:
    """One row a cytokine and cell type; columns are scalars or one value a row."""
    pairs = [(id, type_) for id in ids for type_ in types]
    usual = {"condition": "all", "fraction": 0.2, "p": 0.2, "q": 0.5, "n_samples": 8}
    table = pd.DataFrame(pairs, columns=["cytokine", "cell_type"])
    return table.assign(**(usual | columns))


def _stored(
    made: pd.DataFrame | None = None, heard: pd.DataFrame | None = None, **more: pd.DataFrame
) -> anndata.AnnData:
    adata = anndata.AnnData(np.ones((1, 1), np.float32))
    made = _rows(IDS, TYPES, specificity=0.5) if made is None else made
    heard = _rows(IDS, TYPES, response=0.1) if heard is None else heard
    adata.uns["cytosig"] = {"sources": made, "targets": heard, **more}
    return adata


def _drawn(ax: Axes, label: str) -> PathCollection | None:
    found = [c for c in ax.collections if c.get_label() == label]
    return found[0] if found else None


def _places(ax: Axes, label: str) -> list[tuple[float, float]]:
    drawn = _drawn(ax, label)
    return [] if drawn is None else [tuple(map(float, at)) for at in drawn.get_offsets()]


def _note(ax: Axes) -> str:
    return ax.get_xlabel().replace("\n", " ")


# --- where dots stand, and what they look like ------------------------------------------------


def test_rows_are_cytokines_and_columns_cell_types_of_both_sides(labels: Labels) -> None:
    ax = cs.pl.mirror_dotplot(_stored(), cytokines=["TNF", "IL6"])
    assert labels(ax.yaxis) == ["TNF", "IL6"]
    assert ax.get_ylim() == (1.5, -0.5), "the first is on top"
    columns = labels(ax.xaxis)
    assert [name for name in columns if name] == TYPES * 2
    first = len(columns) - 3
    assert first > 3, "the names of the rows stand between the halves"
    assert _places(ax, "sources: tested") == [(x, y) for y in (0, 1) for x in (0, 1, 2)]
    assert _places(ax, "targets: tested") == [
        (x, y) for y in (0, 1) for x in (first, first + 1, first + 2)
    ]


def test_a_side_has_the_types_of_its_table(labels: Labels) -> None:
    heard = _rows(IDS, ["macrophage", "B cell"], response=0.1)
    ax = cs.pl.mirror_dotplot(_stored(heard=heard))
    assert [name for name in labels(ax.xaxis) if name] == [*TYPES, "macrophage", "B cell"]


def test_colours_are_values_on_a_scale_of_their_own_side() -> None:
    specificity = np.array([-2.0, 1.0, 0.5, 2.0, 0.0, -1.0])
    response = specificity[::-1] / 10
    ax = cs.pl.mirror_dotplot(
        _stored(
            _rows(["IL6", "TNF"], TYPES, specificity=specificity),
            _rows(["IL6", "TNF"], TYPES, response=response),
        ),
        cytokines=["IL6", "TNF"],
    )
    for side, values in (("sources", specificity), ("targets", response)):
        low, high = -np.percentile(np.abs(values), 98), np.percentile(np.abs(values), 98)
        expected = _scales.both_sides()((values - low) / (high - low))
        np.testing.assert_allclose(_drawn(ax, f"{side}: tested").get_facecolor(), expected)
    bars = ax.child_axes
    limits = [tuple(np.round(bar.get_xlim(), 9)) for bar in bars]
    assert limits == [(-2.0, 2.0), (-0.2, 0.2)]
    assert [text.get_text() for bar in bars for text in bar.texts] == [
        "specificity, log2", "sources", "response", "targets",
    ]  # fmt: skip


def test_areas_are_shares_of_cells() -> None:
    fraction = [0.4, 0.2, 0.1]
    made = _rows(["IL6"], TYPES, specificity=1.0, fraction=fraction)
    heard = _rows(["IL6"], TYPES, response=1.0, fraction=[0.4, 0.0, np.nan])
    ax = cs.pl.mirror_dotplot(_stored(made, heard))
    areas = _drawn(ax, "sources: tested").get_sizes()
    np.testing.assert_allclose(areas / areas[0], [1, 0.5, 0.25])
    heard_areas = _drawn(ax, "targets: tested").get_sizes()
    np.testing.assert_allclose(heard_areas, [areas[0], 4, 4], err_msg="one scale, two points least")
    sizes = [text.get_text() for text in ax.get_legend().get_texts()]
    assert sizes[:3] == ["50 % of cells", "20 % of cells", "5 % of cells"]
    shown = ax.get_legend().legend_handles[0].get_markersize() ** 2
    np.testing.assert_allclose(shown * 0.4 / 0.5, areas[0], rtol=1e-6)


def test_a_ring_where_q_is_small_and_nowhere_else() -> None:
    made = _rows(["IL6", "TNF"], TYPES, specificity=1.0, q=[0.05, 0.051, np.nan, 1, 1e-9, 0.2])
    adata = _stored(made, _rows(["IL6", "TNF"], TYPES, response=0.1, q=0.2))
    ax = cs.pl.mirror_dotplot(adata, cytokines=["IL6", "TNF"])
    assert _places(ax, "sources: ring") == [(0, 0), (1, 1)]
    assert _places(ax, "targets: ring") == []
    wider = _drawn(ax, "sources: ring").get_sizes() ** 0.5
    assert (wider > _drawn(ax, "sources: tested").get_sizes()[0] ** 0.5 + 1).all()
    assert len(_places(cs.pl.mirror_dotplot(adata, max_q=0.2), "targets: ring")) == 6
    assert _places(cs.pl.mirror_dotplot(adata, max_q=None), "sources: ring") == []


def test_what_has_no_p_is_open_what_has_no_list_is_grey_and_nothing_is_a_cross() -> None:
    heard = _rows(
        ["IL6", "CCL2"], ["T cell", "CAF"],
        response=[0.3, -0.2, np.nan, np.nan], p=[0.1, np.nan, 0.3, np.nan],
    )  # fmt: skip
    made = _rows(["IL6", "CCL2"], ["T cell", "CAF"], specificity=1.0)
    ax = cs.pl.mirror_dotplot(_stored(made, heard), cytokines=["IL6", "CCL2"])
    first = _places(ax, "targets: tested")[0][0]
    assert _places(ax, "targets: untested") == [(first + 1, 0)]
    assert _places(ax, "targets: unread") == [(first, 1)]
    assert _places(ax, "targets: nothing") == [(first + 1, 1)]
    hollow = _drawn(ax, "targets: untested")
    np.testing.assert_allclose(hollow.get_facecolor(), [[1, 1, 1, 1]])
    limit = np.percentile([0.3, 0.2], 98)
    np.testing.assert_allclose(
        hollow.get_edgecolor()[0], _scales.both_sides()((limit - 0.2) / (2 * limit))
    )
    grey = _drawn(ax, "targets: unread").get_facecolor()[0]
    np.testing.assert_allclose(grey, to_rgba(_scales.NOT_SCORED))
    words = " ".join(text.get_text() for text in ax.get_legend().get_texts())
    assert "no p: too few samples" in words
    assert "receptor only" in words
    plain = cs.pl.mirror_dotplot(_stored()).get_legend().get_texts()
    assert len(plain) == 4, "what does not occur is not explained"


def test_texts_say_what_a_dot_shows() -> None:
    made = _rows(
        ["IL6"], TYPES[:1], specificity=2.1, ci_low=1.5, ci_high=2.7, q=0.003, share=0.7,
        flags="ambient suspect",
    )  # fmt: skip
    heard = _rows(["IL6"], TYPES[:1], response=0.25, grade="B", **{"class": "responsive"})
    ax = cs.pl.mirror_dotplot(_stored(made, heard))
    assert _tips.read(_drawn(ax, "sources: tested").get_gid()) == [
        "T cell makes IL6: specificity +2.1 (+1.5 to +2.7); q = 0.003; 20% of its cells; share 70%"
        " of the tissue's output; ambient suspect"
    ]
    assert _tips.read(_drawn(ax, "targets: tested").get_gid()) == [
        "T cell answers IL6: response +0.25; q = 0.5; 20% of its cells; responsive; grade B"
    ]


# --- which rows -------------------------------------------------------------------------------


def test_rows_are_those_with_the_smallest_q_of_either_side(labels: Labels) -> None:
    made = _rows(IDS, TYPES, specificity=1.0, q=np.repeat([0.3, 0.02, 0.9, 0.8], 3))
    heard = _rows(IDS, TYPES, response=1.0, q=np.repeat([0.9, 0.9, 0.001, 0.8], 3))
    ax = cs.pl.mirror_dotplot(_stored(made, heard), n=3)
    assert labels(ax.yaxis) == ["IFNG", "TNF", "IL6"]
    assert "3 of 4 cytokines, by the smallest q of a source or target" in _note(ax)
    every = cs.pl.mirror_dotplot(_stored(made, heard))
    assert labels(every.yaxis) == ["IFNG", "TNF", "IL6", "CCL2"]
    assert "rows: 4 cytokines, by" in _note(every)


def test_without_any_q_rows_are_those_with_the_largest_specificity(labels: Labels) -> None:
    specificity = np.repeat([0.1, -3.0, 0.5, 2.0], 3)
    made = _rows(IDS, TYPES, specificity=specificity, p=np.nan, q=np.nan)
    heard = _rows(IDS, TYPES, response=1.0, p=np.nan, q=np.nan)
    ax = cs.pl.mirror_dotplot(_stored(made, heard), n=2)
    assert labels(ax.yaxis) == ["TNF", "CCL2"]
    assert "there is no q: too few samples" in _note(ax)


def test_weak_grades_are_lettered(labels: Labels) -> None:
    heard = _rows(IDS, TYPES, response=1.0, grade=np.repeat(["A", "C", "", "D"], 3))
    ax = cs.pl.mirror_dotplot(_stored(heard=heard), cytokines=IDS)
    assert labels(ax.yaxis) == ["IL6", "TNF (C)", "IFNG", "CCL2 (D)"]
    assert "C, D: weak experimental support" in _note(ax)
    assert "lists of their own" not in _note(ax)


def test_grades_that_differ_by_cell_type_are_a_range(labels: Labels) -> None:
    by_type = ["A", "B", "B", "D", "A", "C", "", "C", "A", "", "", ""]
    heard = _rows(IDS, TYPES, response=1.0, grade=by_type)
    coverage = pd.DataFrame({"grade": ["D"]}, index=["IL6"])
    ax = cs.pl.mirror_dotplot(_stored(heard=heard, coverage=coverage), cytokines=IDS)
    assert labels(ax.yaxis) == ["IL6", "TNF (A–D)", "IFNG (A–C)", "CCL2"]
    assert "cell types are read by lists of their own" in _note(ax)


def test_without_grades_of_targets_those_of_scoring_are_lettered(labels: Labels) -> None:
    heard = _rows(IDS, TYPES, response=1.0).drop(columns="grade", errors="ignore")
    coverage = pd.DataFrame({"grade": ["D"]}, index=["IL6"])
    ax = cs.pl.mirror_dotplot(_stored(heard=heard, coverage=coverage), cytokines=IDS)
    assert labels(ax.yaxis) == ["IL6 (D)", "TNF", "IFNG", "CCL2"]


def test_a_condition_is_asked_for_where_there_are_several() -> None:
    made = pd.concat(
        _rows(IDS, TYPES, specificity=x, condition=name, n_samples=n)
        for name, x, n in (("before", 1.0, 8), ("after", -1.0, 5))
    )
    heard = pd.concat(
        _rows(IDS, TYPES, response=x, condition=name) for name, x in (("before", 1), ("after", 2))
    )
    with pytest.raises(UsageError, match="sources are of 'before', 'after': pass one as condition"):
        cs.pl.mirror_dotplot(_stored(made, heard))
    with pytest.raises(UsageError, match="condition='during': the sources are of"):
        cs.pl.mirror_dotplot(_stored(made, heard), condition="during")
    ax = cs.pl.mirror_dotplot(_stored(made, heard), condition="after")
    assert "condition after, 5 samples" in _note(ax)
    colour = _drawn(ax, "sources: tested").get_facecolor()[0]
    np.testing.assert_allclose(colour, _scales.both_sides()(0.0), err_msg="the lowest value")


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"cytokines": ["IL66"]}, "no 'IL66'. Near: IL6"),
        ({"cytokines": []}, "names none"),
        ({"n": 0}, "expected 1 row or more"),
        ({"max_q": 1.5}, "expected a number above 0 and at most 1"),
        ({"key": "other"}, r"has no 'sources'.*Run cs.tl.sources"),
        ({"ax": plt}, "expected one matplotlib Axes"),
    ],
)
def test_wrong_calls_say_what_to_do(asked: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        cs.pl.mirror_dotplot(_stored(), **asked)


def test_tables_that_the_tools_did_not_write_are_refused() -> None:
    with pytest.raises(DataError, match="has no column 'specificity'; run"):
        cs.pl.mirror_dotplot(_stored(_rows(IDS, TYPES)))
    twice = _rows(["IL6", "IL6"], TYPES, specificity=1.0)
    with pytest.raises(DataError, match="two rows for IL6, T cell, all"):
        cs.pl.mirror_dotplot(_stored(twice))


# --- room -------------------------------------------------------------------------------------


def _many(n_ids: int, n_types: int) -> anndata.AnnData:
    rng = np.random.default_rng(0)
    ids, types = [f"CXCL{k}" for k in range(n_ids)], [f"cell type {k}" for k in range(n_types)]
    of = {"fraction": rng.random(n_ids * n_types), "q": rng.random(n_ids * n_types)}
    return _stored(
        _rows(ids, types, specificity=rng.normal(size=n_ids * n_types), **of),
        _rows(ids, types, response=rng.normal(size=n_ids * n_types), grade="D", **of),
    )


def _check_room(ax: Axes, overlaps: Overlaps) -> None:
    """No labels on each other, names of rows beside no dot, dots apart."""
    assert overlaps(ax) == 0
    first = min(x for x, _ in _places(ax, "targets: tested"))
    last = max(x for x, _ in _places(ax, "sources: tested"))
    left, right = ax.transData.transform([(last, 0), (first, 0)])[:, 0]
    names = [label.get_window_extent() for label in ax.get_yticklabels() if label.get_text()]
    assert all(left < box.x0 and box.x1 < right for box in names)
    (x0, y0), (x1, y1) = ax.transData.transform([(0, 0), (1, 1)])
    across = _drawn(ax, "sources: tested").get_sizes().max() ** 0.5 * ax.figure.dpi / 72
    assert across < min(abs(x1 - x0), abs(y1 - y0))


@pytest.mark.parametrize(("n_ids", "n_types"), [(5, 3), (70, 20)])
def test_names_fit_with_few_and_many(n_ids: int, n_types: int, overlaps: Overlaps) -> None:
    ax = cs.pl.mirror_dotplot(_many(n_ids, n_types), n=n_ids)
    _check_room(ax, overlaps)
    assert len([t for t in ax.get_yticklabels() if t.get_text()]) == n_ids, "all of them"


def test_drawn_into_a_cell_of_a_grid(overlaps: Overlaps) -> None:
    figure, axes = plt.subplots(1, 2, figsize=(13, 5), layout="constrained")
    ax = cs.pl.mirror_dotplot(_many(20, 6), ax=axes[0])
    assert ax is axes[0]
    _check_room(ax, overlaps)
    assert ax.get_tightbbox().x1 < axes[1].get_tightbbox().x1
    assert figure.axes[:2] == list(axes)


def test_hostile_names_are_only_names(labels: Labels) -> None:
    odd = ["$x^2$", "<img src=x onerror=alert(1)>", "a|b", "z" * 90]
    made = _rows(odd, odd, specificity=1.0, condition="$c$")
    ax = cs.pl.mirror_dotplot(_stored(made, _rows(odd, odd, response=1.0, condition="$c$")))
    shown = labels(ax.yaxis)
    assert shown[:3] == [r"\$x^2\$", "<img src=x onerror=alert(1)>", "a|b"]
    assert len(shown[3]) == 36
    assert r"condition \$c\$, 8 samples" in _note(ax)
