"""Bands over contexts and curves of one cytokine, against tables written by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

import cytosig as cs
from cytosig._errors import UsageError
from cytosig.pl import _colours, _tips

if TYPE_CHECKING:
    from collections.abc import Callable

    from anndata import AnnData
    from matplotlib.axes import Axes

    Balanced = Callable[[list[float]], AnnData]
    Labels = Callable[..., list[str]]

OPEN = "#a6a6a6"


def _texts(ax: Axes) -> str:
    return " ".join(" ".join(text.get_text() for text in ax.texts).split())


def _scatters(ax: Axes) -> list[PathCollection]:
    return [c for c in ax.collections if isinstance(c, PathCollection)]


# --- bands ------------------------------------------------------------------------------------


def test_bands_are_the_least_to_the_most_favourable_context(
    balanced: Balanced, labels: Labels
) -> None:
    ax = cs.pl.balance_context(balanced([0.05, -0.3, 0.25, -0.03]))
    assert labels(ax.yaxis) == ["S002", "S000", "S003", "S001"]
    bars = [container[0] for container in ax.containers]
    value = np.array([0.25, 0.05, -0.03, -0.3])
    np.testing.assert_allclose([bar.get_x() for bar in bars], value - 0.08)
    np.testing.assert_allclose([bar.get_width() for bar in bars], 0.12)
    np.testing.assert_allclose([bar.get_y() + bar.get_height() / 2 for bar in bars], range(4))
    anti, pro = _colours.ANTI.lower(), _colours.PRO.lower()
    assert [to_hex(bar.get_facecolor()) for bar in bars] == [anti, OPEN, OPEN, pro]
    assert "2 of 4 samples may lean either way." in _texts(ax)


def test_marks_are_the_usual_balance_and_that_in_context(balanced: Balanced) -> None:
    ax = cs.pl.balance_context(balanced([0.05, -0.3, 0.25]))
    held, usual = _scatters(ax)
    np.testing.assert_allclose(usual.get_offsets(), [[0.25, 0], [0.05, 1], [-0.3, 2]])
    np.testing.assert_allclose(held.get_offsets(), [[0.23, 0], [0.03, 1], [-0.32, 2]])
    anti, pro, grey = _colours.ANTI.lower(), _colours.PRO.lower(), _colours.UNDECIDED.lower()
    assert [to_hex(c) for c in usual.get_facecolors()] == [anti, grey, pro]
    assert [to_hex(c) for c in held.get_edgecolors()] == [anti, grey, pro]
    assert len(held.get_facecolors()) == 0, "diamonds leave the point inside them to be seen"


def test_marks_say_which_rules_hold(balanced: Balanced) -> None:
    ax = cs.pl.balance_context(balanced([0.25, -0.03]))
    expected = (
        "S001: indeterminate at the usual roles, −0.03; indeterminate in context, −0.05;"
        " −0.11 to +0.01 over contexts; may lean either way; rules that hold: CR04, CR37"
    )
    assert _tips.read(ax.containers[1][0].get_gid()) == [expected]
    assert _tips.read(_scatters(ax)[1].get_gid())[1] == expected


def test_samples_without_a_balance_are_listed(balanced: Balanced, labels: Labels) -> None:
    ax = cs.pl.balance_context(balanced([np.nan, 0.2]))
    assert labels(ax.yaxis) == ["S001", "S000"]
    assert len(ax.containers) == 1
    assert "30% of the votes are measured" in _texts(ax)
    assert "0 of 1 samples may lean" in _texts(ax)


def test_no_band_is_cut(balanced: Balanced) -> None:
    adata = balanced([0.05] * 20)
    table = adata.uns["cytosig"]["balance"]
    table[["balance_least", "balance_most"]] = 0.05
    table.loc["S003", "balance_most"] = 2.0
    assert cs.pl.balance_context(adata).get_xlim()[1] > 2


@pytest.mark.parametrize(("n", "given"), [(5, False), (100, True)])
def test_no_labels_overlap(
    balanced: Balanced, overlaps: Callable[[Axes], int], n: int, given: bool
) -> None:
    ax = Figure(figsize=(4, 3)).subplots() if given else None
    adata = balanced(list(np.linspace(-0.5, 0.5, n)))
    assert overlaps(cs.pl.balance_context(adata, ax=ax)) == 0


# --- curves -----------------------------------------------------------------------------------


def _swept(adata: AnnData) -> AnnData:
    """Balance = role · slope + offset: slope 0.2 and offset as the balance; tipping solved."""
    value = adata.uns["cytosig"]["balance"]["balance"]
    rows, tips = [], []
    for name, offset in value.items():
        for kind, at in (("role", np.linspace(-1, 1, 5)), ("dose", np.linspace(-3, 3, 7))):
            curve = offset + 0.2 * at
            one = {"sample": name, "cytokine": "IFNG", "kind": kind, "value": at, "balance": curve}
            rows.append(pd.DataFrame(one | {"ci_low": curve - 0.1, "ci_high": curve + 0.1}))
        tip = -offset / 0.2
        one = {"sample": name, "cytokine": "IFNG", "role": 0.7, "tipping_dose": tip}
        tips.append(one | {"tipping_role": tip if abs(tip) <= 1 else np.nan})
    adata.uns["cytosig"]["balance_sweep"] = pd.concat(rows, ignore_index=True)
    adata.uns["cytosig"]["balance_tipping"] = pd.DataFrame(tips)
    return adata


def test_few_samples_have_a_line_each_and_tip_at_zero(balanced: Balanced) -> None:
    ax = cs.pl.balance_context(_swept(balanced([0.1, -0.05, 0.6])), cytokine="IFNG")
    curves = [line for line in ax.lines if len(line.get_xdata()) == 5]
    assert [line.get_label() for line in curves] == ["S000", "S001", "S002"]
    np.testing.assert_allclose(curves[1].get_ydata(), -0.05 + 0.2 * np.linspace(-1, 1, 5))
    assert len({line.get_color() for line in curves}) == 3
    (tips,) = _scatters(ax)
    np.testing.assert_allclose(tips.get_offsets(), [[-0.5, 0], [0.25, 0]], atol=1e-12)
    assert [to_hex(c) for c in tips.get_edgecolors()] == [to_hex(c.get_color()) for c in curves[:2]]
    assert "tips (2 of 3; no role from −1 to 1 turns the others)." in _texts(ax)
    assert _tips.read(curves[2].get_gid()) == ["S002: no role from −1 to 1 turns it"]
    assert _tips.read(tips.get_gid())[0] == "S000: tips at a role of −0.5 of IFNG (usual +0.7)"
    usual = [line for line in ax.lines if line.get_linestyle() == "--"]
    assert list(usual[0].get_xdata()) == [0.7, 0.7]


def test_doses_that_tip_beyond_the_axes_are_counted(balanced: Balanced) -> None:
    adata = _swept(balanced([0.1, -0.05, 0.8]))
    ax = cs.pl.balance_context(adata, cytokine="IFNG", by="dose")
    assert ax.get_xlim() == (-3, 3)
    np.testing.assert_allclose(_scatters(ax)[0].get_offsets()[:, 0], [-0.5, 0.25])
    assert "tips (3 of 3). 1 tip beyond what is shown." in _texts(ax)


def test_one_sample_has_its_interval(balanced: Balanced) -> None:
    adata = _swept(balanced([0.1, -0.05]))
    ax = cs.pl.balance_context(adata, cytokine="IFNG", samples=["S001"])
    (band,) = [c for c in ax.collections if not isinstance(c, PathCollection)]
    box = band.get_paths()[0].get_extents()
    assert (box.y0, box.y1) == pytest.approx((-0.35, 0.25))
    assert "Band: 95% interval." in _texts(ax)


def test_many_samples_are_pale_under_their_median(balanced: Balanced) -> None:
    values = [float(v) for v in np.random.default_rng(0).normal(0, 0.1, 31)]
    ax = cs.pl.balance_context(_swept(balanced(values)), cytokine="IFNG")
    curves = [line for line in ax.lines if len(line.get_xdata()) == 5]
    assert len(curves) == 32
    middle = curves[-1]
    np.testing.assert_allclose(
        middle.get_ydata(), np.median(values) + 0.2 * np.linspace(-1, 1, 5), atol=1e-12
    )
    assert middle.get_linewidth() > curves[0].get_linewidth()
    assert middle.get_label() == "median of 31 samples (descriptive)"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"cytokine": "IL6"}, r"'IL6' was not swept; 'IFNG' were.*sweep=\['IL6'\]"),
        ({"cytokine": "IFNG", "by": "time"}, 'expected "role" or "dose"'),
        ({"cytokine": "IFNG", "samples": ["S9"]}, "no sample 'S9'"),
        ({"samples": []}, "expected a list"),
        ({"max_rows": 1}, "2 samples are more rows than max_rows=1"),
    ],
)
def test_calls_at_fault(balanced: Balanced, options: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        cs.pl.balance_context(_swept(balanced([0.1, 0.2])), **options)
    assert plt.get_fignums() == []


def test_nothing_was_swept(balanced: Balanced) -> None:
    with pytest.raises(UsageError, match=r"no 'balance_sweep'.*sweep="):
        cs.pl.balance_context(balanced([0.1, 0.2]), cytokine="IFNG")
