"""Shares and changes of output against tables written by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anndata
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgba

import cytosig as cs
from cytosig._errors import DataError, UsageError
from cytosig.pl import _colours, _tips

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes

    Labels = Callable[..., list[str]]
    Overlaps = Callable[[Axes], int]

TYPES = ["T cell", "macrophage", "CAF", "B cell"]


def _sources(types: list[str] = TYPES, **columns: Any) -> pd.DataFrame:
    n = len(types)
    usual = {
        "cytokine": "IL6", "condition": "all", "n_samples": 8, "q": 0.5, "share": 1 / n,
        "share_low": 0.5 / n, "share_high": 1.5 / n, "flags": "",
    }  # fmt: skip
    return pd.DataFrame({"cell_type": types}).assign(**(usual | columns))


def _changes(types: list[str] = TYPES[:3], **columns: Any) -> pd.DataFrame:
    """Output is made the sum of the parts unless it is given."""
    usual = {
        "cytokine": "IL6", "contrast": "after - before", "n_samples": 12, "q": 0.5,
        "recruitment": 0.5, "induction": 0.25,
    }  # fmt: skip
    table = pd.DataFrame({"cell_type": types}).assign(**(usual | columns))
    if "output" not in table:
        table["output"] = table["recruitment"] + table["induction"]
    for name in ("output", "recruitment", "induction"):
        table[f"{name}_low"], table[f"{name}_high"] = table[name] - 0.2, table[name] + 0.2
    return table


def _stored(**tables: Any) -> anndata.AnnData:
    adata = anndata.AnnData(np.ones((1, 1), np.float32))
    adata.uns["cytosig"] = {"sources_params": {"level": 0.9}, **tables}
    return adata


def _small_print(ax: Axes) -> str:
    return " ".join(
        text.replace("\n", " ") for text in (ax.get_xlabel(), *(t.get_text() for t in ax.texts))
    )


def _keys(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.get_legend().get_texts()]


def _lines(ax: Axes) -> list[tuple[float, float, float]]:
    """(y, from, to) of what is drawn across."""
    found = []
    for drawn in ax.collections:
        if isinstance(drawn, LineCollection):
            for (x0, y0), (x1, y1) in (path.vertices for path in drawn.get_paths()):
                if y0 == y1:
                    found.append((y0, x0, x1))
    return sorted(found)


# --- shares -----------------------------------------------------------------------------------


def test_bars_are_shares_from_the_largest_to_the_smallest(labels: Labels) -> None:
    share = [0.1, 0.6, 0.25, 0.05]
    table = _sources(
        share=share, share_low=np.array(share) - 0.02, share_high=np.array(share) + 0.1
    )
    ax = cs.pl.share(_stored(sources=table), cytokine="IL6")
    assert labels(ax.yaxis) == ["macrophage", "CAF", "T cell", "B cell"]
    assert ax.get_ylim()[0] > ax.get_ylim()[1], "the largest is on top"
    assert [bar.get_width() for bar in ax.patches] == [0.6, 0.25, 0.1, 0.05]
    np.testing.assert_allclose([bar.get_y() + 0.35 for bar in ax.patches], [0, 1, 2, 3], atol=1e-12)
    expected = [(y, s - 0.02, s + 0.1) for y, s in enumerate([0.6, 0.25, 0.1, 0.05])]
    np.testing.assert_allclose(_lines(ax), expected)
    assert labels(ax.xaxis)[1].endswith("%")
    assert "share of the output of IL6" in _small_print(ax)
    assert "8 samples; bars: means over samples, lines: 90 % intervals" in _small_print(ax)


def test_types_that_make_more_than_others_are_filled() -> None:
    table = _sources(share=[0.4, 0.3, 0.2, 0.1], q=[0.05, 0.06, np.nan, 0.001])
    ax = cs.pl.share(_stored(sources=table), cytokine="IL6")
    grey, white = to_rgba(_colours.UNDECIDED), (1, 1, 1, 1)
    assert [bar.get_facecolor() for bar in ax.patches] == [grey, white, white, grey]
    assert _keys(ax) == [
        "makes more than other types, q ≤ 0.05 (2)", "not found to make more (1)",
        "no q: too few samples (1)",
    ]  # fmt: skip


def test_a_type_without_a_share_stands_last_and_says_so(labels: Labels) -> None:
    table = _sources(
        share=[np.nan, 0.3, 0.7, np.nan], n_samples=[8, 8, 8, 0], flags=["not detected", "", "", ""]
    )
    ax = cs.pl.share(_stored(sources=table), cytokine="IL6")
    assert labels(ax.yaxis) == ["CAF", "macrophage", "T cell", "B cell"]
    assert len(ax.patches) == 2
    reasons = {t.get_position()[1]: t.get_text() for t in ax.texts if t.get_position()[0] == 0.05}
    assert reasons == {2: "no sample makes any of it", 3: "too few cells in every sample"}
    tips = [_tips.read(c.get_gid() or "") for c in ax.collections]
    assert ["T cell: no share; not detected", "B cell: no share"] in tips
    assert _keys(ax) == ["not found to make more (2)"]


def test_a_bar_says_what_it_is() -> None:
    table = _sources(
        TYPES[:1], share=0.7, share_low=0.55, share_high=0.8, q=0.004, flags="ambient suspect"
    )
    ax = cs.pl.share(_stored(sources=table), cytokine="IL6")
    assert _tips.read(ax.patches[0].get_gid()) == [
        "T cell: 70.0% (55.0% to 80.0%) of the IL6 made; more than the other types: q = 0.004;"
        " 8 samples; ambient suspect"
    ]


def test_shares_of_a_condition() -> None:
    both = pd.concat([_sources(condition="before"), _sources(condition="after", share=0.9)])
    with pytest.raises(UsageError, match="of 'before', 'after': pass one as condition="):
        cs.pl.share(_stored(sources=both), cytokine="IL6")
    ax = cs.pl.share(_stored(sources=both), cytokine="IL6", condition="after")
    assert [bar.get_width() for bar in ax.patches] == [0.9] * 4
    assert "condition after, 8 samples" in _small_print(ax)


# --- changes ----------------------------------------------------------------------------------


def test_steps_begin_at_0_follow_each_other_and_end_at_the_output(labels: Labels) -> None:
    table = _changes(recruitment=[0.5, -1.0, -0.25], induction=[0.25, 2.0, -0.5])
    ax = cs.pl.share(_stored(sources_change=table), cytokine="IL6", kind="change")
    assert labels(ax.yaxis) == ["macrophage", "T cell", "CAF"], "by output: 1, .75, -.75"
    bars = [(b.get_x(), b.get_width()) for b in ax.patches]
    assert bars == [(0, -1.0), (-1.0, 2.0), (0, 0.5), (0.5, 0.25), (0, -0.25), (-0.25, -0.5)]
    (diamonds,) = [c for c in ax.collections if not isinstance(c, LineCollection)]
    output = np.asarray(diamonds.get_offsets())[:, 0]
    np.testing.assert_array_equal(output, [1.0, 0.75, -0.75])
    ends = [x + width for x, width in bars[1::2]]
    np.testing.assert_array_equal(ends, output)
    expected = [(y + 0.27, x - 0.2, x + 0.2) for y, x in enumerate(output)]
    np.testing.assert_allclose(_lines(ax), expected)
    assert ax.get_xlim()[0] < -1.0, "where the first step ends is in sight"


def test_parts_and_total_of_a_row_stand_apart() -> None:
    ax = cs.pl.share(_stored(sources_change=_changes(TYPES[:1])), cytokine="IL6", kind="change")
    cells, expression = ax.patches
    (diamond,) = [c for c in ax.collections if not isinstance(c, LineCollection)]
    at = np.asarray(diamond.get_offsets())[0, 1]
    assert cells.get_y() + cells.get_height() <= expression.get_y()
    assert expression.get_y() + expression.get_height() < at < 0.5
    assert cells.get_facecolor() != expression.get_facecolor()


def test_the_diamond_of_a_small_q_is_filled() -> None:
    table = _changes(q=[0.05, 0.0501, np.nan], recruitment=[3.0, 2.0, 1.0])
    ax = cs.pl.share(_stored(sources_change=table), cytokine="IL6", kind="change")
    (diamonds,) = [c for c in ax.collections if not isinstance(c, LineCollection)]
    fills = [tuple(colour) for colour in diamonds.get_facecolor()]
    assert fills == [to_rgba(_colours.INK), (1, 1, 1, 1), (1, 1, 1, 1)]
    assert _keys(ax)[2:] == ["output, q ≤ 0.05 (1)", "output, q above that or none (2)"]


def test_texts_of_a_change() -> None:
    table = _changes(TYPES[:1], recruitment_p=0.03, induction_p=0.4, q=0.02)
    ax = cs.pl.share(_stored(sources_change=table), cytokine="IL6", kind="change")
    assert [_tips.read(bar.get_gid()) for bar in ax.patches] == [
        ["T cell, share of cells (recruitment): +0.5 (+0.3 to +0.7) log2; p = 0.03"],
        ["T cell, expression in a cell (induction): +0.25 (+0.05 to +0.45) log2; p = 0.4"],
    ]
    tips = [_tips.read(c.get_gid() or "") for c in ax.collections]
    assert [
        "T cell: output +0.75 (+0.55 to +0.95) log2, the sum of recruitment +0.5 and induction"
        " +0.25; q = 0.02; 12 samples"
    ] in tips
    assert "after - before, 12 samples. Lines: 90 % intervals" in _small_print(ax)


def test_who_is_not_compared_is_said() -> None:
    table = _changes(recruitment=[0.5, np.nan, 0.1])
    ax = cs.pl.share(
        _stored(sources_change=table, sources=_sources()), cytokine="IL6", kind="change"
    )
    assert len(ax.patches) == 4
    words = _small_print(ax)
    assert "not compared: too few samples" in words, "a row without a value"
    assert "Not compared, too few samples: B cell." in words, "no row at all"


def test_a_contrast_is_asked_for_where_there_are_several() -> None:
    two = pd.concat([_changes(), _changes(contrast="later - before", recruitment=2.0)])
    with pytest.raises(UsageError, match="of 'after - before', 'later - before': pass one as con"):
        cs.pl.share(_stored(sources_change=two), cytokine="IL6", kind="change")
    ax = cs.pl.share(
        _stored(sources_change=two), cytokine="IL6", kind="change", contrast="later - before"
    )
    assert ax.patches[0].get_width() == 2.0


# --- calls and room ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"cytokine": "IL66"}, "cytokine: the stored tables have no 'IL66'. Near: IL6"),
        ({"kind": "both"}, 'expected "share" or "change"'),
        ({"contrast": "a - b"}, "says nothing of kind=\"share\"; pass condition="),
        ({"kind": "change", "condition": "a"}, "says nothing of kind=\"change\"; pass contrast="),
        ({"kind": "change"}, "has no 'sources_change'.*condition_key="),
        ({"key": "other"}, "has no 'sources'; it has none"),
    ],
)  # fmt: skip
def test_wrong_calls_say_what_to_do(asked: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        cs.pl.share(_stored(sources=_sources()), **({"cytokine": "IL6"} | asked))


def test_a_table_without_shares_is_refused() -> None:
    with pytest.raises(DataError, match=r"has no column 'share_low'; run cs.tl.sources"):
        cs.pl.share(_stored(sources=_sources().drop(columns="share_low")), cytokine="IL6")


@pytest.mark.parametrize("n", [3, 20])
@pytest.mark.parametrize("kind", ["share", "change"])
def test_names_fit_with_few_and_many(n: int, kind: str, overlaps: Overlaps) -> None:
    types = [f"a cell type of the tissue {k}" for k in range(n)]
    adata = _stored(sources=_sources(types), sources_change=_changes(types))
    ax = cs.pl.share(adata, cytokine="IL6", kind=kind)
    assert overlaps(ax) == 0
    assert len([t for t in ax.get_yticklabels() if t.get_text()]) == n
    legend = ax.get_legend().get_window_extent()
    assert legend.y0 >= ax.get_window_extent().y1 - 1, "the key stands above"
    assert ax.figure.bbox.x0 <= ax.get_tightbbox().x0
    assert ax.get_tightbbox().x1 <= ax.figure.bbox.x1 + 1


@pytest.mark.slow
def test_drawn_into_cells_of_a_grid(overlaps: Overlaps) -> None:
    types = [f"cell type {k}" for k in range(12)]
    adata = _stored(sources=_sources(types), sources_change=_changes(types))
    _, axes = plt.subplots(2, 2, figsize=(11, 8), layout="constrained")
    for at, kind in ((axes[0, 0], "share"), (axes[1, 1], "change")):
        assert cs.pl.share(adata, cytokine="IL6", kind=kind, ax=at) is at
    assert overlaps(axes[0, 0]) == overlaps(axes[1, 1]) == 0
    assert not axes[0, 0].get_tightbbox().overlaps(axes[1, 1].get_tightbbox())


def test_hostile_names_are_only_names(labels: Labels) -> None:
    odd = ["$x^2$", "<img src=x onerror=alert(1)>", "a|b", "z" * 90]
    table = _sources(odd, cytokine="$IL$", condition="$c$", share=[0.4, 0.3, 0.2, 0.1])
    ax = cs.pl.share(_stored(sources=table), cytokine="$IL$")
    assert labels(ax.yaxis)[:3] == [r"\$x^2\$", "<img src=x onerror=alert(1)>", "a|b"]
    assert r"share of the output of \$IL\$" in _small_print(ax)
    assert r"condition \$c\$" in _small_print(ax)
