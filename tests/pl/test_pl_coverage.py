"""Bars of the coverage plot against the table they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

import cytosig as cs
from cytosig._errors import DataError, UsageError
from cytosig.pl import _grades

if TYPE_CHECKING:
    from collections.abc import Callable

    from anndata import AnnData
    from matplotlib.axes import Axes

    Stored = Callable[..., AnnData]
    Labels = Callable[..., list[str]]

REASONS = [
    "",
    "17% of its weight in the data, less than 25%",
    "only 4 of its genes in the data, fewer than 5",
    "none of its genes is in the data",
    "",
    "a reason of another kind that goes on and on and on, with a clause",
]


@pytest.fixture
def adata(stored: Stored) -> AnnData:
    made = stored(np.zeros((2, 6)), ["A", "B", "C", "D", "C", ""])
    made.uns["cytosig"]["coverage"]["reason"] = REASONS
    made.uns["cytosig"]["coverage"]["coverage"] = [1.0, 0.17, 0.8, 0.0, 0.5, 0.9]
    return made


def _key(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_bars_are_the_table_from_top_to_bottom(adata: AnnData, labels: Labels) -> None:
    ax = cs.pl.coverage(adata)
    bars = ax.containers[0]
    assert [bar.get_width() for bar in bars] == [1.0, 0.17, 0.8, 0.0, 0.5, 0.9]
    assert [bar.get_y() + bar.get_height() / 2 for bar in bars] == pytest.approx(range(6))
    assert ax.yaxis_inverted()
    assert labels(ax.yaxis) == ["I00", "I01", "I02 (C)", "I03 (D)", "I04 (C)", "I05"]
    assert ax.get_xlim() == (0, 1)
    assert labels(ax.xaxis)[0] == "0%"


def test_grades_are_solid_or_faded_and_hatched(adata: AnnData) -> None:
    adata.uns["cytosig"]["coverage"]["reason"] = ""
    bars = list(cs.pl.coverage(adata).containers[0])
    assert [bool(bar.get_hatch()) for bar in bars] == [False, False, True, True, True, False]
    solid = np.array(to_rgb(bars[1].get_facecolor()))
    faded = np.array(to_rgb(bars[2].get_facecolor()))
    np.testing.assert_allclose(faded, solid + _grades.FADE * (1 - solid))
    colours = [bars[k].get_facecolor() for k in (0, 1, 2, 5)]
    assert len(set(colours)) == 4
    red, green, blue = to_rgb(bars[5].get_facecolor())
    assert red == green == blue, "without a grade: plain grey"


def test_minimum_is_a_line(adata: AnnData) -> None:
    ax = cs.pl.coverage(adata)
    (line,) = ax.lines
    assert list(line.get_xdata()) == [0.25, 0.25]
    assert "minimum to be scored (25%)" in _key(ax)
    del adata.uns["cytosig"]["params"]
    ax = cs.pl.coverage(adata)
    assert list(ax.lines) == []
    assert not any("minimum" in text for text in _key(ax))


def test_unscored_signatures_are_empty_bars_with_their_reason(adata: AnnData) -> None:
    ax = cs.pl.coverage(adata)
    bars = list(ax.containers[0])
    assert [to_rgb(bar.get_facecolor()) == (1, 1, 1) for bar in bars] == [bool(r) for r in REASONS]
    said = {round(text.get_position()[1]): text.get_text() for text in ax.texts}
    assert said[1] == "17% of its weight in the data"
    assert said[2] == "only 4 of its genes in the data"
    assert said[3] == "none of its genes is in the data"
    assert said[5] == "a reason of another kind that goes on…"
    assert set(said) == {1, 2, 3, 5}
    assert "not scored (4)" in _key(ax)


def test_reasons_lie_inside_the_axes(adata: AnnData) -> None:
    ax = cs.pl.coverage(adata)
    ax.figure.canvas.draw()
    frame = ax.get_window_extent()
    (line,) = ax.lines
    for text in ax.texts:
        box = text.get_window_extent()
        assert frame.x0 <= box.x0
        assert box.x1 <= frame.x1
        assert not box.overlaps(line.get_window_extent().padded(0.5))


def test_legend_names_what_is_there(stored: Stored) -> None:
    assert _key(cs.pl.coverage(stored(np.zeros((2, 3)), "AAD"))) == [
        "grade A",
        _grades.NOTE,
        "minimum to be scored (25%)",
    ]
    mixed = _key(cs.pl.coverage(stored(np.zeros((2, 2)), ["B", ""])))
    assert mixed[:2] == ["grade B", "no grade"]
    assert _key(cs.pl.coverage(stored(np.zeros((2, 2))))) == ["minimum to be scored (25%)"]


def test_a_table_without_grades_is_drawn_plain(adata: AnnData, labels: Labels) -> None:
    del adata.uns["cytosig"]["coverage"]["grade"]
    ax = cs.pl.coverage(adata)
    assert labels(ax.yaxis) == [f"I{k:02d}" for k in range(6)]
    assert not any(bar.get_hatch() for bar in ax.containers[0])


@pytest.mark.parametrize("n", [1, 5, 32, 100, 300])
@pytest.mark.parametrize("given", [False, True])
def test_no_labels_overlap(
    stored: Stored, overlaps: Callable[[Axes], int], n: int, given: bool
) -> None:
    adata = stored(np.zeros((1, n)), ("ABCD" * n)[:n], [f"CYTOKINE{k}" for k in range(n)])
    ax = Figure(figsize=(4, 3)).subplots() if given else None
    assert overlaps(cs.pl.coverage(adata, ax=ax)) == 0


def test_everything_is_inside_the_figure(adata: AnnData) -> None:
    ax = cs.pl.coverage(adata)
    ax.figure.canvas.draw()
    box = ax.figure.get_tightbbox()
    width, height = ax.figure.get_size_inches()
    assert min(box.x0, box.y0) >= 0
    assert box.x1 <= width
    assert box.y1 <= height


def test_given_axes_are_drawn_on_and_pyplot_left_alone(adata: AnnData) -> None:
    given = Figure().subplots()
    assert cs.pl.coverage(adata, ax=given) is given
    assert plt.get_fignums() == []
    ax = cs.pl.coverage(adata)
    assert plt.get_fignums() == [ax.figure.number]


def test_errors_say_what_to_do(adata: AnnData) -> None:
    with pytest.raises(UsageError, match=r"under 'mine'; it has 'cytosig'.*key_added"):
        cs.pl.coverage(adata, key="mine")
    with pytest.raises(UsageError, match="adata is a str"):
        cs.pl.coverage("scored.h5ad")
    adata.uns["cytosig"]["coverage"] = adata.uns["cytosig"]["coverage"].iloc[:0]
    with pytest.raises(DataError, match="has no rows; score again"):
        cs.pl.coverage(adata)
    assert plt.get_fignums() == []
