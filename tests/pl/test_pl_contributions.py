"""Steps of the waterfall against sums written by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

import cytosig as cs
from cytosig._errors import DataError, UsageError
from cytosig.pl import _colours, _tips

if TYPE_CHECKING:
    from collections.abc import Callable

    from anndata import AnnData
    from matplotlib.axes import Axes

    Balanced = Callable[[list[float]], AnnData]
    Labels = Callable[..., list[str]]


def _edges(ax: Axes) -> tuple[np.ndarray, np.ndarray]:
    """Where bars begin and end, in the order drawn."""
    bars = ax.containers[0]
    start = np.array([bar.get_x() for bar in bars])
    return start, start + [bar.get_width() for bar in bars]


def test_bars_lead_from_zero_to_the_balance(balanced: Balanced, labels: Labels) -> None:
    ax = cs.pl.contributions(balanced([0.2, 0.4]), sample="S001")
    assert labels(ax.yaxis) == ["IFNG", "TGFB1", "IL6", "IL10 (D)", "TNF", "IL33 (C)", "balance"]
    start, end = _edges(ax)
    np.testing.assert_allclose(end[:6], [0.2, 0.38, 0.26, 0.34, 0.38, 0.4])
    np.testing.assert_allclose(start[1:6], end[:5], atol=1e-15)
    assert (start[0], start[6]) == (0, 0)
    assert end[5] == pytest.approx(0.4, abs=1e-15)
    assert end[6] == 0.4
    assert ax.yaxis_inverted()


def test_what_is_not_shown_is_pooled_and_adds_up(balanced: Balanced, labels: Labels) -> None:
    adata = balanced([0.2, 0.4])
    ax = cs.pl.contributions(adata, sample="S001", n=2)
    assert labels(ax.yaxis) == ["IFNG", "TGFB1", "other (4)", "balance"]
    start, end = _edges(ax)
    np.testing.assert_allclose(end - start, [0.2, 0.18, 0.02, 0.4], atol=1e-15)
    other = _tips.read(ax.containers[0][2].get_gid())[0]
    assert other.startswith("4 others together: +0.02; largest: IL6 −0.12, IL10 +0.08")


@pytest.mark.parametrize("n", [1, 3, 6, 50])
def test_steps_of_a_random_sample_end_at_its_balance(balanced: Balanced, n: int) -> None:
    adata = balanced([0.3, 0.0])
    own = np.random.default_rng(n).normal(0, 0.1, 6)
    adata.uns["cytosig"]["balance_contributions"].loc["S000"] = own
    total = float(own.sum())
    columns = ["balance", "ci_low", "ci_high"]
    adata.uns["cytosig"]["balance"].loc["S000", columns] = [total, total - 0.1, total + 0.1]
    start, end = _edges(cs.pl.contributions(adata, sample="S000", n=n))
    steps = (end - start)[:-1]
    assert abs(steps.sum() - total) < 1e-15
    assert end[-2] == pytest.approx(total, abs=1e-15)
    shown = steps[: min(n, 6)]
    assert np.all(np.diff(np.abs(shown)) <= 1e-15), "the largest come first"
    np.testing.assert_allclose(np.sort(np.abs(shown)), np.sort(np.abs(own))[-len(shown) :])


def test_colours_are_the_side_and_weak_grades_are_hatched(balanced: Balanced) -> None:
    ax = cs.pl.contributions(balanced([0.2, 0.4]), sample="S001")
    bars = ax.containers[0]
    anti, pro = _colours.ANTI.lower(), _colours.PRO.lower()
    assert [to_hex(bars[k].get_facecolor()) for k in (0, 1, 2, 4)] == [anti, anti, pro, anti]
    assert [bool(bar.get_hatch()) for bar in bars] == [k in (3, 5) for k in range(7)]
    assert "grade C or D" in [text.get_text() for text in ax.get_legend().get_texts()]


def test_the_balance_has_its_interval_and_the_colour_of_its_verdict(balanced: Balanced) -> None:
    ax = cs.pl.contributions(balanced([0.2, -0.05]), sample="S001")
    (line,) = [c for c in ax.collections if c.get_zorder() == 2.5]
    np.testing.assert_allclose(line.get_segments()[0], [[-0.15, 6], [0.05, 6]])
    bar = ax.containers[0][6]
    assert to_hex(bar.get_facecolor()) == _colours.UNDECIDED.lower()
    assert _tips.read(bar.get_gid()) == ["S001: indeterminate, balance −0.05 (−0.15 to +0.05)"]
    assert ax.get_legend().get_title().get_text() == "S001"


def test_axes_are_the_sums_of_their_members(balanced: Balanced, labels: Labels) -> None:
    ax = cs.pl.contributions(balanced([1.0, 0.4]), sample="S000", by="axis")
    assert labels(ax.yaxis) == ["IFN-II", "SMAD2-3", "NF-kB", "STAT3", "balance"]
    start, end = _edges(ax)
    np.testing.assert_allclose(end - start, [0.5, 0.45, 0.15, -0.1, 1.0])
    assert not any(bar.get_hatch() for bar in ax.containers[0])
    said = _tips.read(ax.containers[0][3].get_gid())
    assert said == ["STAT3: −0.1, for the tumour; its cytokines: IL6, IL10"]


def test_bars_say_role_axis_and_grade(balanced: Balanced) -> None:
    ax = cs.pl.contributions(balanced([0.2, 0.4]), sample="S001")
    assert _tips.read(ax.containers[0][3].get_gid()) == [
        "IL10: +0.08, against the tumour; role +0.7 (dual, high confidence); axis STAT3; grade D"
    ]


def test_numbers_stand_at_the_ends(balanced: Balanced) -> None:
    ax = cs.pl.contributions(balanced([0.2, 0.4]), sample="S001")
    said = {round(t.xy[1]): t.get_text() for t in ax.texts if hasattr(t, "xy") and t.xy[1] > 0}
    assert [said[k] for k in range(1, 6)] == ["+0.180", "−0.120", "+0.080", "+0.040", "+0.020"]
    small = Figure(figsize=(3, 0.8)).subplots()
    ax = cs.pl.contributions(balanced([0.2, 0.4]), sample="S001", ax=small)
    assert not any("+0.180" in text.get_text() for text in ax.texts), "no room"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"sample": "S01"}, "sample: the balance has no sample 'S01'.*Near: S001"),
        ({"sample": "S002"}, "'S002' has no balance: 30% of the votes are measured"),
        ({"sample": "S000", "by": "gene"}, 'expected "cytokine" or "axis"'),
        ({"sample": "S000", "n": 0}, "n=0: expected 1 or more"),
        ({"sample": "S000", "key": "mine"}, "no 'balance'"),
    ],
)
def test_calls_at_fault(balanced: Balanced, options: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        cs.pl.contributions(balanced([0.2, 0.4, np.nan]), **options)
    assert plt.get_fignums() == []


def test_parts_that_do_not_add_up_are_refused(balanced: Balanced) -> None:
    adata = balanced([0.2, 0.4])
    adata.uns["cytosig"]["balance_contributions"].loc["S001", "IL6"] += 0.01
    with pytest.raises(DataError, match=r"'S001' add up to 0\.41.*is 0\.4.*different runs"):
        cs.pl.contributions(adata, sample="S001")


@pytest.mark.parametrize(("n", "given"), [(5, False), (100, True)])
def test_no_labels_overlap(
    balanced: Balanced, overlaps: Callable[[Axes], int], n: int, given: bool
) -> None:
    adata = balanced([0.2, 0.4])
    table = adata.uns["cytosig"]["balance_contributions"]
    for k in range(94):
        table[f"CYTOKINE{k}"] = 0.0
    ax = Figure(figsize=(4, 3)).subplots() if given else None
    assert overlaps(cs.pl.contributions(adata, sample="S001", n=n, ax=ax)) == 0


def test_a_sample_with_a_hostile_name(balanced: Balanced) -> None:
    adata = balanced([0.2, 0.4])
    odd = ["$\\frac{x}$" + "y" * 90, "<script>"]
    for name in ("balance", "balance_contributions"):
        adata.uns["cytosig"][name].index = odd
    ax = cs.pl.contributions(adata, sample=odd[0])
    ax.figure.canvas.draw()
    assert ax.get_legend().get_title().get_text().startswith(r"\$\frac{x}\$")
