"""Tiles of links against a table written by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anndata
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PolyCollection, QuadMesh
from matplotlib.colors import to_rgba

import cytosig as cs
from cytosig._errors import DataError, UsageError
from cytosig.pl import _colours, _tips

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from matplotlib.axes import Axes

    Labels = Callable[..., list[str]]
    Overlaps = Callable[[Axes], int]

TYPES = ["T cell", "CAF"]
SIGNS = {"IFNG": 1, "IL6": -1, "BAFF": 0}


def _links(
    types: Sequence[str] = TYPES, signs: dict[str, int] = SIGNS, **columns: Any
) -> pd.DataFrame:
    """Links of all cytokines between all types, in the order of the tool."""
    rows = [(id, a, b, sign) for id, sign in signs.items() for a in types for b in types]
    table = pd.DataFrame(rows, columns=["cytokine", "source", "target", "sign"])
    usual = {"condition": "all", "strength": 0.25, "q": 0.5}
    return table.assign(**(usual | columns))


def _found(*links: str, **columns: Any) -> pd.DataFrame:
    """As above, with a small q for these (``cytokine|source|target``)."""
    table = _links(**columns)
    names = table["cytokine"] + "|" + table["source"] + "|" + table["target"]
    assert set(links) <= set(names)
    return table.assign(q=np.where(names.isin(links), 0.01, 0.5))


def _stored(links: pd.DataFrame, **more: Any) -> anndata.AnnData:
    adata = anndata.AnnData(np.ones((1, 1), np.float32))
    adata.uns["cytosig"] = {"links": links, **more}
    return adata


def _mesh(ax: Axes) -> QuadMesh:
    (found,) = [c for c in ax.collections if isinstance(c, QuadMesh)]
    return found


def _values(ax: Axes) -> np.ndarray:
    return np.ma.filled(_mesh(ax).get_array(), np.nan)


def _polygons(ax: Axes, label: str) -> PolyCollection | None:
    found = [c for c in ax.collections if isinstance(c, PolyCollection) and c.get_label() == label]
    return found[0] if found else None


def _framed(ax: Axes) -> set[tuple[int, int]]:
    found = _polygons(ax, "found")
    paths = [] if found is None else found.get_paths()
    return {tuple(np.round(path.vertices[:4].mean(axis=0)).astype(int)[::-1]) for path in paths}


def _note(ax: Axes) -> str:
    return ax.get_xlabel().replace("\n", " ")


# --- of one cytokine --------------------------------------------------------------------------


def test_tiles_of_a_cytokine_are_sources_by_targets(labels: Labels) -> None:
    strength = np.arange(12) / 20
    ax = cs.pl.links_tile(_stored(_links(strength=strength)), cytokine="IL6")
    assert labels(ax.xaxis) == labels(ax.yaxis) == TYPES
    np.testing.assert_array_equal(_values(ax), strength[4:8].reshape(2, 2))
    assert ax.get_ylim() == (1.5, -0.5), "the first source is on top"
    assert _mesh(ax).get_clim() == (0, 0.35)
    assert ax.get_title(loc="left") == "IL6: sources (rows) to targets (columns)"
    written = {t.get_position(): t.get_text() for t in ax.texts}
    assert written[(1, 0)] == "0.25"
    assert written[(0, 1)] == "0.30"


def test_links_with_a_small_q_are_framed() -> None:
    links = _found("IL6|T cell|CAF", "IFNG|CAF|CAF")
    ax = cs.pl.links_tile(_stored(links), cytokine="IL6")
    assert _framed(ax) == {(0, 1)}
    assert "Framed: q ≤ 0.05." in _note(ax)
    assert _framed(cs.pl.links_tile(_stored(links), cytokine="IL6", max_q=0.5)) == {
        (0, 0), (0, 1), (1, 0), (1, 1),
    }  # fmt: skip
    assert _framed(cs.pl.links_tile(_stored(links), cytokine="IL6", max_q=None)) == set()


def test_without_a_small_q_the_tiles_are_drawn_and_the_reason_is_said() -> None:
    ax = cs.pl.links_tile(_stored(_links(q=[0.5, 0.31, 0.9, 0.7] * 3)), cytokine="IL6")
    assert _framed(ax) == set()
    assert "No link has q of 0.05 or less; the smallest is 0.31." in _note(ax)
    none = cs.pl.links_tile(_stored(_links(q=np.nan)), cytokine="IL6")
    assert "No link has a q: too few samples." in _note(none)


def test_contributions_have_the_colours_of_what_they_lean_to() -> None:
    links = _links(contribution=[0.0, 0.02, -0.02, 0.01] * 3)
    ax = cs.pl.links_tile(_stored(links), cytokine="IL6", value="contribution")
    assert _mesh(ax).get_clim() == (-0.02, 0.02)
    ax.figure.canvas.draw()
    colours = _mesh(ax).get_facecolor()
    np.testing.assert_allclose(colours[1], to_rgba(_colours.ANTI), atol=0.01)
    np.testing.assert_allclose(colours[2], to_rgba(_colours.PRO), atol=0.01)
    np.testing.assert_allclose(colours[0], (1, 1, 1, 1), atol=0.01)
    assert {t.get_text() for t in ax.texts} == {"+0.020", "−0.020", "+0.010"}


def test_couplings_run_from_minus_1_to_1_and_gaps_are_grey() -> None:
    links = _links(coupling=[np.nan, 0.5, -0.5, np.nan] * 3, coupling_p=0.03)
    ax = cs.pl.links_tile(_stored(links), cytokine="IL6", value="coupling")
    assert _mesh(ax).get_clim() == (-1, 1)
    np.testing.assert_array_equal(_values(ax), [[np.nan, 0.5], [-0.5, np.nan]])
    assert "Grey: no value." in _note(ax)


def test_texts_of_the_tiles_of_a_cytokine() -> None:
    links = _links(
        strength_low=0.1, strength_high=0.4, contribution=-0.01, flags="source: few samples"
    )
    texts = _tips.read(_mesh(cs.pl.links_tile(_stored(links), cytokine="IL6")).get_gid())
    assert texts[1] == (
        "IL6, T cell to CAF: strength +0.25 (+0.1 to +0.4); q = 0.5; contribution −0.01;"
        " source: few samples"
    )
    assert len(texts) == 4


def test_a_weak_grade_is_in_the_title() -> None:
    grades = pd.DataFrame({"grade": ["D"]}, index=["IL6"])
    ax = cs.pl.links_tile(_stored(_links(), coverage=grades), cytokine="IL6")
    assert ax.get_title(loc="left").startswith("IL6 (D):")


# --- of all cytokines -------------------------------------------------------------------------

FOUND = ("IFNG|T cell|CAF", "IL6|T cell|CAF", "IL6|CAF|CAF", "BAFF|CAF|T cell")


def _counted(ax: Axes) -> tuple[list[list[float]], list[list[float]]]:
    anti, pro = (_polygons(ax, label) for label in ("against\nthe tumour", "for it"))
    return anti.get_array().reshape(2, 2).tolist(), pro.get_array().reshape(2, 2).tolist()


def test_links_are_counted_by_the_side_their_cytokines_work_for(labels: Labels) -> None:
    ax = cs.pl.links_tile(_stored(_found(*FOUND)))
    assert _counted(ax) == ([[0, 1], [0, 0]], [[0, 1], [0, 1]])
    assert labels(ax.yaxis) == TYPES
    (neither,) = [c for c in ax.collections if c.get_label() == "neither"]
    assert np.asarray(neither.get_offsets()).tolist() == [[0, 1]]
    texts = _tips.read(_polygons(ax, "for it").get_gid())
    assert texts == [
        "T cell to T cell: no link",
        "T cell to CAF: 2 links; against the tumour: IFNG; for it: IL6",
        "CAF to T cell: 1 links; neither: BAFF",
        "CAF to CAF: 1 links; for it: IL6",
    ]
    assert _tips.read(neither.get_gid()) == [texts[2]]
    assert "4 of 12 links with q ≤ 0.05, of 3 cytokines." in _note(ax)


def test_triangles_do_not_overlap_and_fill_the_tile() -> None:
    ax = cs.pl.links_tile(_stored(_found(*FOUND)))
    for at in range(4):
        upper, lower = (
            _polygons(ax, label).get_paths()[at].vertices[:3]
            for label in ("against\nthe tumour", "for it")
        )
        row, column = divmod(at, 2)
        assert upper.mean(axis=0).tolist() == pytest.approx([column - 1 / 6, row - 1 / 6])
        assert lower.mean(axis=0).tolist() == pytest.approx([column + 1 / 6, row + 1 / 6])


def test_counts_are_written_in_their_triangle() -> None:
    signs = {f"A{k}": 1 for k in range(3)} | {f"P{k}": -1 for k in range(2)}
    ax = cs.pl.links_tile(_stored(_links(signs=signs, q=0.01)))
    written = {(t.get_position()): t.get_text() for t in ax.texts}
    assert written[(-0.2, -0.2)] == "3"
    assert written[(0.2, 0.2)] == "2"
    assert len(written) == 8
    bars = [a for a in ax.figure.axes if a is not ax]
    assert [bar.get_ylim() for bar in bars] == [(0, 3), (0, 3)], "one scale for both"


def test_all_with_traffic_count_without_a_limit() -> None:
    links = _links(q=np.nan, strength=[0.0, 0.5, 0.3, 0.2] * 3)
    ax = cs.pl.links_tile(_stored(links), max_q=None)
    assert _counted(ax) == ([[0, 1], [1, 1]], [[0, 1], [1, 1]])
    assert "9 of 12 links with traffic, whatever their q, of 3 cytokines. Descr" in _note(ax)


def test_values_are_summed_over_the_links_that_count() -> None:
    links = _found(*FOUND).assign(strength=np.arange(1, 13) / 20, contribution=np.arange(12.0))
    ax = cs.pl.links_tile(_stored(links), value="strength")
    np.testing.assert_allclose(_values(ax), [[0, (2 + 6) / 20], [11 / 20, 8 / 20]])
    links.loc[links["cytokine"] == "BAFF", "contribution"] = np.nan
    ax = cs.pl.links_tile(_stored(links), value="contribution")
    np.testing.assert_allclose(_values(ax), [[0, 1 + 5], [0, 7]])
    assert "1 of them have no contribution." in _note(ax)


# --- calls and room ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"value": "weight"}, "expected one of 'strength', 'contribution', 'coupling', 'n'"),
        ({"value": "n", "cytokine": "IL6"}, "counts cytokines; leave cytokine= out"),
        ({"value": "coupling"}, "is of one cytokine; pass it as cytokine="),
        ({"value": "contribution"}, r"no link has one; run cs\.tl\.balance"),
        ({"cytokine": "IL66"}, "no 'IL66'. Near: IL6"),
        ({"condition": "before"}, "condition='before': the links are of 'all'"),
        ({"max_q": 0.0}, "expected a number above 0"),
        ({"key": "other"}, "has no 'links'; it has none"),
    ],
)
def test_wrong_calls_say_what_to_do(asked: dict[str, Any], words: str) -> None:
    links = _links(contribution=np.nan, coupling=0.1)
    with pytest.raises(UsageError, match=words):
        cs.pl.links_tile(_stored(links), **asked)


def test_where_nothing_counts_the_numbers_of_links_are_said() -> None:
    links = _links(q=[0.5, np.nan, 0.31, 0.9] * 3)
    with pytest.raises(
        UsageError, match=r"None of the 12 links has q of 0\.05 .*is 0\.31\. 3 have"
    ):
        cs.pl.links_tile(_stored(links))
    with pytest.raises(UsageError, match="max_q=None shows the links whatever their q"):
        cs.pl.links_tile(_stored(links))


def test_a_table_that_links_did_not_write_is_refused() -> None:
    with pytest.raises(DataError, match=r"has no column 'strength'; run cs\.tl\.links"):
        cs.pl.links_tile(_stored(_links().drop(columns="strength")))


@pytest.mark.parametrize("n", [3, pytest.param(20, marks=pytest.mark.slow)])
@pytest.mark.parametrize("cytokine", [None, "IL6"])
def test_names_fit_with_few_and_many(n: int, cytokine: str | None, overlaps: Overlaps) -> None:
    types = [f"a cell type {k}" for k in range(n)]
    ax = cs.pl.links_tile(_stored(_links(types, q=0.01)), cytokine=cytokine)
    assert overlaps(ax) == 0
    assert len([t for t in ax.get_yticklabels() if t.get_text()]) == n
    assert len([t for t in ax.get_xticklabels() if t.get_text()]) == n
    names = [t.get_window_extent() for t in ax.get_xticklabels() if t.get_text()]
    assert ax._left_title.get_window_extent().y0 >= max(box.y1 for box in names) - 1
    (x0, y0), (x1, y1) = ax.transData.transform([(0, 1), (1, 0)])
    for text in ax.texts:
        box = text.get_window_extent()
        assert box.width < (x1 - x0), "numbers stay in their tile"
        assert box.height < (y1 - y0)


@pytest.mark.slow
def test_drawn_into_cells_of_a_grid(overlaps: Overlaps) -> None:
    _, axes = plt.subplots(2, 2, figsize=(12, 9), layout="constrained")
    adata = _stored(_links([f"type {k}" for k in range(8)], q=0.01))
    for at, cytokine in ((axes[0, 0], None), (axes[1, 1], "IL6")):
        assert cs.pl.links_tile(adata, cytokine=cytokine, ax=at) is at
    assert overlaps(axes[0, 0]) == overlaps(axes[1, 1]) == 0


def test_hostile_names_are_only_names(labels: Labels) -> None:
    odd = ["$x^2$", "<img src=x>", "a|b", "z" * 90]
    links = _links(odd, {"$IL$": 1}, q=0.01, condition="$c$")
    for cytokine in (None, "$IL$"):
        ax = cs.pl.links_tile(_stored(links), cytokine=cytokine)
        assert labels(ax.yaxis)[:3] == [r"\$x^2\$", "<img src=x>", "a|b"]
        assert r"condition \$c\$" in _note(ax)
    assert ax.get_title(loc="left").startswith(r"\$IL\$: sources")
