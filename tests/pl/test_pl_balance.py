"""Rows of the balance against the table they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

import cytosig as cs
from cytosig._errors import DataError, UsageError
from cytosig.pl import _colours, _tips

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes
    from matplotlib.collections import PathCollection

    Balanced = Callable[[list[float]], AnnData]
    Labels = Callable[..., list[str]]

VALUES = [0.05, -0.3, 0.25, -0.05, 0.4]
ORDER = ["S004", "S002", "S000", "S003", "S001"]


def _marks(ax: Axes) -> list[PathCollection]:
    """Scatters with texts: points, then hollow marks."""
    from matplotlib.collections import PathCollection

    return [c for c in ax.collections if isinstance(c, PathCollection) and c.get_gid()]


def _key(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.get_legend().get_texts()]


def _print(ax: Axes) -> str:
    """Small print, unwrapped."""
    return " ".join(" ".join(text.get_text() for text in ax.texts).split())


def test_rows_stand_in_the_order_of_the_balance(balanced: Balanced, labels: Labels) -> None:
    ax = cs.pl.balance(balanced(VALUES))
    (points,) = _marks(ax)
    np.testing.assert_allclose(
        points.get_offsets(), [[0.4, 0], [0.25, 1], [0.05, 2], [-0.05, 3], [-0.3, 4]]
    )
    assert labels(ax.yaxis) == ORDER
    assert ax.yaxis_inverted()
    anti, pro, grey = _colours.ANTI.lower(), _colours.PRO.lower(), _colours.UNDECIDED.lower()
    assert [to_hex(c) for c in points.get_facecolors()] == [anti, anti, grey, grey, pro]


def test_lines_are_the_stored_intervals(balanced: Balanced) -> None:
    adata = balanced(VALUES)
    adata.uns["cytosig"]["balance"]["ci_low"] -= 0.01
    ax = cs.pl.balance(adata)
    drawn = np.array(ax.collections[0].get_segments())
    value = np.array([0.4, 0.25, 0.05, -0.05, -0.3])
    np.testing.assert_allclose(drawn[:, 0, 0], value - 0.11)
    np.testing.assert_allclose(drawn[:, 1, 0], value + 0.1)
    np.testing.assert_allclose(drawn[:, 0, 1], range(5))


def test_arms_are_bars_that_differ_by_the_balance(balanced: Balanced) -> None:
    ax = cs.pl.balance(balanced(VALUES))
    anti, pro = ax.containers
    np.testing.assert_allclose([b.get_width() for b in anti], [0.43, 0.28, 0.08, -0.02, -0.27])
    np.testing.assert_allclose([b.get_width() for b in pro], -0.03)
    total = np.array([a.get_width() + p.get_width() for a, p in zip(anti, pro, strict=True)])
    np.testing.assert_allclose(total, sorted(VALUES, reverse=True))
    assert all(a.get_y() < p.get_y() for a, p in zip(anti, pro, strict=True)), "anti above"
    assert to_hex(anti[0].get_facecolor()) == _colours.ANTI.lower()
    assert not cs.pl.balance(balanced(VALUES), which="context").containers


def test_samples_without_a_balance_come_last_with_the_reason(
    balanced: Balanced, labels: Labels
) -> None:
    ax = cs.pl.balance(balanced([np.nan, 0.3, np.nan, -0.3]))
    assert labels(ax.yaxis) == ["S001", "S003", "S000", "S002"]
    hollow, points = sorted(_marks(ax), key=lambda m: -float(m.get_offsets()[0][1]))
    np.testing.assert_allclose(points.get_offsets(), [[0.3, 0], [-0.3, 1]])
    np.testing.assert_allclose(hollow.get_offsets()[:, 1], [2, 3])
    assert to_hex(hollow.get_facecolor()[0]) == "#ffffff"
    assert _tips.read(hollow.get_gid())[0] == "S000: no balance; 30% of the votes are measured"
    reasons = [t for t in ax.texts if t.get_text() == "30% of the votes are measured"]
    assert [t.get_position()[1] for t in reasons] == [2, 3]
    assert _key(ax) == ["anti-tumour (1)", "pro-tumour (1)", "insufficient coverage (2)"]


def test_nobody_has_a_balance(balanced: Balanced) -> None:
    ax = cs.pl.balance(balanced([np.nan, np.nan]))
    assert _key(ax) == ["insufficient coverage (2)"]
    assert len(_marks(ax)) == 1


def test_marks_say_what_a_reader_asks(balanced: Balanced) -> None:
    ax = cs.pl.balance(balanced(VALUES))
    texts = _tips.read(_marks(ax)[0].get_gid())
    assert texts[0] == (
        "S004: anti-tumour; balance +0.4 (+0.3 to +0.5); 50% of draws above 0;"
        " arm against the tumour +0.43, for it +0.03; driver IFNG"
    )
    context = _tips.read(_marks(cs.pl.balance(balanced(VALUES), which="context"))[0].get_gid())
    assert "rules that hold: CR04, CR37" in context[0]
    assert "+0.38 (+0.33 to +0.43) in context" in context[0]


def test_balances_in_context_have_their_own_verdicts(balanced: Balanced, labels: Labels) -> None:
    ax = cs.pl.balance(balanced([0.08, -0.05, 0.0]), which="context")
    np.testing.assert_allclose(_marks(ax)[0].get_offsets()[:, 0], [0.06, -0.02, -0.07])
    assert _key(ax) == ["anti-tumour (1)", "pro-tumour (1)", "indeterminate (1)"]
    assert "context rules that hold" in _print(ax)


def test_adjusted_balances_are_coloured_by_their_interval_alone(balanced: Balanced) -> None:
    adata = balanced([0.09, 0.07, -0.3, np.nan])
    ax = cs.pl.balance(adata, which="adjusted")
    points = min(_marks(ax), key=lambda m: float(m.get_offsets()[0][1]))
    np.testing.assert_allclose(points.get_offsets()[:, 0], [0.045, 0.035, -0.15])
    assert _key(ax) == [
        "interval above 0 (1)", "interval below 0 (1)", "interval holds 0 (1)",
        "insufficient coverage (1)",
    ]  # fmt: skip
    assert "Content held constant (immune, stroma): a sensitivity analysis." in _print(ax)


def test_nothing_adjusted_is_said(balanced: Balanced) -> None:
    adata = balanced(VALUES)
    adata.uns["cytosig"]["balance"]["balance_adjusted"] = np.nan
    with pytest.raises(UsageError, match=r"no sample has an adjusted.*none.*10 reference samples"):
        cs.pl.balance(adata, which="adjusted")
    adata.uns["cytosig"]["balance_params"]["not_adjusted"] = "5 reference samples"
    with pytest.raises(UsageError, match=r"adjusted balance \(5 reference samples\)"):
        cs.pl.balance(adata, which="adjusted")
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({}, "relative to the mean of the 5 samples themselves"),
        ({"control": "arm=no", "n_reference": 3}, "relative to the 3 samples with arm=no"),
        ({"reference": "given", "n_reference": 40, "level": 0.9},
         "with its 90% interval, relative to a stored reference of 40 samples"),
    ],
)  # fmt: skip
def test_small_print_says_what_it_is_relative_to(
    balanced: Balanced, params: dict[str, object], said: str
) -> None:
    adata = balanced(VALUES)
    adata.uns["cytosig"]["balance_params"].update(params)
    found = _print(cs.pl.balance(adata))
    assert said in found
    assert "A score, no probability of response." in found


def test_long_intervals_are_cut_and_it_is_said(balanced: Balanced) -> None:
    adata = balanced(VALUES * 3)
    adata.uns["cytosig"]["balance"].loc["S004", "ci_high"] = np.inf
    ax = cs.pl.balance(adata)
    assert ax.get_xlim()[1] < 1
    assert "an arrow: the interval goes on" in _print(ax)
    assert "arrow" not in _print(cs.pl.balance(balanced(VALUES)))


# --- groups -----------------------------------------------------------------------------------


def _strip(ax: Axes) -> list[Rectangle]:
    bars = {bar for container in ax.containers for bar in container}
    return [p for p in ax.patches if isinstance(p, Rectangle) and p not in bars]


def test_groups_are_blocks_ordered_within(balanced: Balanced, labels: Labels) -> None:
    adata = balanced(VALUES)
    adata.obs["arm"] = pd.Categorical(list("yxxyy"), categories=["y", "x", "z"])
    ax = cs.pl.balance(adata, groupby="arm")
    assert labels(ax.yaxis) == ["S004", "S000", "S003", "S002", "S001"]
    y, x = _strip(ax)
    assert (y.get_y(), y.get_height()) == (-0.45, 2.9)
    assert (x.get_y(), x.get_height()) == (2.55, 1.9)
    colours = {to_hex(y.get_facecolor()), to_hex(x.get_facecolor())}
    assert len(colours) == 2
    assert not colours & {_colours.ANTI.lower(), _colours.PRO.lower()}, "a group is no side"
    named = {t.get_text(): t.get_position()[1] for t in ax.texts if "n = " in t.get_text()}
    assert named == {"y (n = 3)": 1.0, "x (n = 2)": 3.5}


def _cells(adata: AnnData, group: list[str]) -> AnnData:
    """Two cells a sample, the samples named in a column."""
    names = [f"c{i}" for i in range(2 * adata.n_obs)]
    obs = pd.DataFrame({"patient": np.repeat(adata.obs_names, 2), "arm": group}, index=names)
    made = AnnData(np.zeros((len(names), 2), np.float32), obs=obs, uns=dict(adata.uns))
    made.uns["cytosig"]["balance_params"]["sample_key"] = "patient"
    return made


def test_groups_of_cells_are_those_of_their_sample(balanced: Balanced, labels: Labels) -> None:
    cells = _cells(balanced([0.1, 0.2, 0.3]), list("bbaabb"))
    assert labels(cs.pl.balance(cells, groupby="arm").yaxis) == ["S001", "S002", "S000"]
    mixed = _cells(balanced([0.1, 0.2, 0.3]), list("bbabbb"))
    with pytest.raises(DataError, match=r"'arm'.*not the same in all cells of sample 'S001'"):
        cs.pl.balance(mixed, groupby="arm")
    shown = cs.pl.balance(mixed, groupby="arm", samples=["S000", "S002"])
    assert labels(shown.yaxis) == ["S002", "S000"], "samples that are not shown do not matter"


def test_groups_of_samples_that_are_gone(balanced: Balanced) -> None:
    adata = balanced(VALUES)
    adata.obs["arm"] = "a"
    part = adata[:3].copy()
    with pytest.raises(DataError, match=r"sample 'S003' .* not in obs_names \(2 of 5"):
        cs.pl.balance(part, groupby="arm")
    assert len(_marks(cs.pl.balance(part))[0].get_offsets()) == 5, "without groups they are shown"


def test_names_of_many_small_groups_do_not_touch(balanced: Balanced) -> None:
    adata = balanced(list(np.linspace(-0.5, 0.5, 60)))
    adata.obs["arm"] = [f"g{i // 2:02d}" for i in range(60)]
    ax = cs.pl.balance(adata, groupby="arm", ax=Figure(figsize=(4, 2)).subplots())
    ax.figure.canvas.draw()
    boxes = [t.get_window_extent() for t in ax.texts if "(n = 2)" in t.get_text()]
    assert 1 < len(boxes) < 30
    assert not any(a.overlaps(b) for k, a in enumerate(boxes) for b in boxes[:k])
    assert len(_strip(ax)) == 30


# --- what is asked for ------------------------------------------------------------------------


def test_chosen_samples(balanced: Balanced, labels: Labels) -> None:
    ax = cs.pl.balance(balanced(VALUES), samples=np.array(["S003", "S004", "S003"]))
    assert labels(ax.yaxis) == ["S004", "S003"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"which": "raw"}, 'expected "usual", "context" or "adjusted"'),
        ({"key": "mine"}, r"no 'balance'.*cs\.tl\.balance"),
        ({"samples": ["s001"]}, r"no sample 's001'.*Near: S001"),
        ({"samples": ["QQQQ"]}, r"It has 5: 'S000'"),
        ({"samples": "S001"}, "expected a list"),
        ({"max_rows": 4}, "5 samples are more rows than max_rows=4; pass samples="),
        ({"groupby": "arms"}, "obs has no column 'arms'"),
        ({"ax": 3}, "ax is a int"),
    ],
)
def test_calls_at_fault(balanced: Balanced, options: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        cs.pl.balance(balanced(VALUES), **options)
    assert plt.get_fignums() == []


def test_tables_at_fault(balanced: Balanced) -> None:
    adata = balanced(VALUES)
    table = adata.uns["cytosig"]["balance"]
    table.loc["S002", "verdict"] = "maybe"
    with pytest.raises(DataError, match="'S002' has the verdict 'maybe'"):
        cs.pl.balance(adata)
    adata.uns["cytosig"]["balance"] = table.drop(columns="driver")
    with pytest.raises(DataError, match="no column 'driver'"):
        cs.pl.balance(adata)
    adata.uns["cytosig"]["balance"] = table.iloc[[0, 1, 0]]
    with pytest.raises(DataError, match="two rows of sample 'S000'"):
        cs.pl.balance(adata)


# --- how it fits ------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "given"), [(5, False), (100, False), (100, True)])
def test_no_labels_overlap(
    balanced: Balanced, overlaps: Callable[[Axes], int], n: int, given: bool
) -> None:
    ax = Figure(figsize=(4, 3)).subplots() if given else None
    ax = cs.pl.balance(balanced(list(np.linspace(-0.5, 0.5, n))), ax=ax)
    assert overlaps(ax) == 0


def test_a_cell_of_a_grid_holds_everything(balanced: Balanced) -> None:
    figure = Figure(figsize=(10, 6), layout="constrained")
    left, right = figure.subplots(1, 2)
    adata = balanced([*VALUES, np.nan])
    adata.obs["arm"] = list("aabbbb")
    assert cs.pl.balance(adata, groupby="arm", ax=left) is left
    cs.pl.balance(adata, ax=right)
    figure.canvas.draw()
    first, second = left.get_tightbbox(), right.get_tightbbox()
    assert not first.overlaps(second)
    width, height = figure.bbox.size
    for box in (first, second):
        assert min(box.x0, box.y0) >= 0
        assert (box.x1 <= width, box.y1 <= height) == (True, True)


def test_hostile_names_are_only_names(balanced: Balanced, labels: Labels) -> None:
    adata = balanced(VALUES)
    odd = ["$\\frac{x}$", "<img src=x onerror=alert(1)>", "q" * 300, "two\nlines", "a & b\\"]
    adata.obs_names = odd
    adata.uns["cytosig"]["balance"].index = odd
    adata.obs["arm"] = ["$a$", "<b>", "<b>", "$", "$"]
    ax = cs.pl.balance(adata, groupby="arm")
    shown = labels(ax.yaxis)
    assert "two lines" in shown
    assert "<img src=x onerror=alert(1)>" in shown
    assert r"\$\frac{x}\$" in shown
    assert max(map(len, shown)) <= 37
    ax.figure.canvas.draw()


def test_the_data_stay_as_they_were(balanced: Balanced) -> None:
    adata = balanced(VALUES)
    before = adata.uns["cytosig"]["balance"].copy()
    given = Figure().subplots()
    assert cs.pl.balance(adata, ax=given) is given
    assert plt.get_fignums() == []
    pd.testing.assert_frame_equal(adata.uns["cytosig"]["balance"], before)
