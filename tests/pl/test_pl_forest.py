"""Rows of a forest against a comparison written by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Polygon

import cytosig as cs
from cytosig._errors import DataError, UsageError
from cytosig.pl import _tips

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes

    Labels = Callable[..., list[str]]

# cohort: estimate, half its interval, samples of R and NR
COHORTS = {"Alpha": (0.4, 0.3, 10, 15), "Beta": (-0.1, 0.5, 4, 6), "pooled": (0.2, 0.25, 14, 21)}


def _stored(table: pd.DataFrame, params: dict[str, object] | None = None) -> AnnData:
    adata = AnnData(np.zeros((2, 1), np.float32))
    coverage = pd.DataFrame({"grade": ["A", "D"], "reason": ""}, index=["IFNG", "IL10"])
    adata.uns["cytosig"] = {"compare": table, "coverage": coverage, "compare_params": params or {}}
    return adata


def _rows(name: str = "IFNG", table: str = "score", contrast: str = "R vs NR") -> pd.DataFrame:
    """One name in every cohort and pooled."""
    made = []
    for cohort, (value, half, n_group, n_reference) in COHORTS.items():
        ends = {"ci_low": value - half, "ci_high": value + half}
        areas = {"auroc": 0.5 + value / 2, "auroc_low": 0.5, "auroc_high": 0.5 + value}
        made.append(
            {"table": table, "name": name, "cohort": cohort, "contrast": contrast, "group": "R",
             "reference": "NR", "n_group": n_group, "n_reference": n_reference, "estimate": value,
             "se": half / 2, "p": 0.03, "q": 0.25, **ends, **areas, "test": "t", "reason": ""}
        )  # fmt: skip
    found = pd.DataFrame(made)
    spread = {"tau2": 0.004, "i2": 0.23, "cochran_q": 2.0, "cochran_p": 0.54, "n_cohorts": 2}
    expected = {"prediction_low": -0.6, "prediction_high": 1.0, "test": "random effects"}
    for column, value in (spread | expected).items():
        found.loc[2, column] = value
    return found


def _said(ax: Axes) -> str:
    return " ".join(" ".join(text.get_text() for text in ax.texts).split())


def _squares(ax: Axes) -> PathCollection:
    return next(c for c in ax.collections if isinstance(c, PathCollection) and c.get_gid())


def _segments(ax: Axes) -> list[np.ndarray]:
    return [s for c in ax.collections if isinstance(c, LineCollection) for s in c.get_segments()]


def _names(n: int) -> pd.DataFrame:
    found = _rows().iloc[:1].drop(columns="cohort")
    many = pd.concat([found] * n, ignore_index=True)
    return many.assign(name=[f"CYTOKINE{k}" for k in range(n)])


# --- cohorts ----------------------------------------------------------------------------------


def test_cohorts_are_squares_and_pooled_a_diamond(labels: Labels) -> None:
    rows = _rows().iloc[[2, 0, 1]]  # pooled comes last, wherever it is stored
    ax = cs.pl.forest(_stored(rows), name="IFNG")
    assert labels(ax.yaxis) == ["Alpha", "Beta", "pooled"]
    np.testing.assert_allclose(_squares(ax).get_offsets(), [[0.4, 0], [-0.1, 1]])
    segments = _segments(ax)
    np.testing.assert_allclose(segments[0], [[0.1, 0], [0.7, 0]])
    np.testing.assert_allclose(segments[1], [[-0.6, 1], [0.4, 1]])
    (diamond,) = [p for p in ax.patches if isinstance(p, Polygon)]
    corners = diamond.get_xy()[:4]
    np.testing.assert_allclose(corners[:, 0], [-0.05, 0.2, 0.45, 0.2])
    np.testing.assert_allclose(corners[:, 1], [2, 1.68, 2, 2.32])
    assert ax.get_xlabel() == "difference: R less NR"
    assert ax.get_title(loc="left") == "IFNG, R vs NR"


def test_squares_grow_with_samples() -> None:
    areas = _squares(cs.pl.forest(_stored(_rows()), name="IFNG")).get_sizes()
    assert areas[0] / areas[1] == pytest.approx(25 / 35 / 0.3), "25 of 35; 10 of 35 is the least"


def test_the_expected_effect_of_a_new_cohort_is_dotted() -> None:
    ax = cs.pl.forest(_stored(_rows()), name="IFNG")
    dotted = _segments(ax)[-1]
    np.testing.assert_allclose(dotted[:, 1], 2)
    np.testing.assert_allclose(dotted[:, 0], np.clip([-0.6, 1.0], *ax.get_xlim()))
    assert "Dotted: where the effect of a new cohort is expected." in _said(ax)
    area = cs.pl.forest(_stored(_rows()), name="IFNG", effect="auroc")
    assert "Dotted" not in _said(area), "it is not on the scale of the AUROC"


def test_small_print_has_p_and_the_spread_between_cohorts() -> None:
    said = _said(cs.pl.forest(_stored(_rows(), {"level": 0.9}), name="IFNG"))
    assert "90% intervals" in said
    assert (
        "Pooled: 2 cohorts by random effects, p = 0.03, q = 0.25. Between them I² = 23%,"
        " τ² = 0.004, Cochran's Q p = 0.54." in said
    )


def test_marks_and_numbers_say_the_row() -> None:
    ax = cs.pl.forest(_stored(_rows()), name="IFNG")
    assert _tips.read(_squares(ax).get_gid())[0] == (
        "Alpha: +0.4 (+0.1 to +0.7); n = 25 (10 R, 15 NR); p = 0.03 (t); q = 0.25"
    )
    assert "+0.40 (+0.10 to +0.70) n = 25" in _said(ax)
    (diamond,) = [p for p in ax.patches if isinstance(p, Polygon)]
    assert _tips.read(diamond.get_gid())[0].startswith("pooled: +0.2 (−0.05 to +0.45); n = 35")


def test_a_cohort_without_a_value_is_listed_with_its_reason(labels: Labels) -> None:
    rows = _rows()
    rows.loc[1, ["estimate", "ci_low", "ci_high", "p", "q"]] = np.nan
    rows.loc[1, "reason"] = "one group has 1 sample"
    ax = cs.pl.forest(_stored(rows), name="IFNG")
    assert labels(ax.yaxis) == ["Alpha", "Beta", "pooled"]
    np.testing.assert_allclose(_squares(ax).get_offsets(), [[0.4, 0]])
    assert "one group has 1 sample" in _said(ax)


def test_cohorts_that_could_not_be_pooled() -> None:
    rows = _rows()
    rows.loc[2, ["estimate", "ci_low", "ci_high"]] = np.nan
    rows.loc[2, "reason"] = "nothing to pool"
    ax = cs.pl.forest(_stored(rows), name="IFNG")
    assert not [p for p in ax.patches if isinstance(p, Polygon)]
    assert "Not pooled: nothing to pool." in _said(ax)


def test_intervals_without_end_become_arrows() -> None:
    rows = _rows()
    rows.loc[1, ["ci_low", "ci_high"]] = [-np.inf, np.inf]
    ax = cs.pl.forest(_stored(rows), name="IFNG")
    assert np.isfinite(ax.get_xlim()).all()
    np.testing.assert_allclose(_segments(ax)[1][:, 0], ax.get_xlim())
    assert "an arrow: the interval goes on" in _said(ax)
    assert "(−∞ to +∞)" in _said(ax)


# --- scales -----------------------------------------------------------------------------------


def _hazards(ratio: float, low: float, high: float) -> pd.DataFrame:
    logs = dict(zip(("estimate", "ci_low", "ci_high"), np.log([ratio, low, high]), strict=True))
    one = {"table": "balance", "name": "balance", "contrast": "months, died", "n": 50,
           "n_events": 21, "p": 0.01, "q": 0.02, "hazard_ratio": ratio, "hazard_ratio_low": low,
           "hazard_ratio_high": high, "test": "Cox, Wald", "reason": ""} | logs  # fmt: skip
    return pd.DataFrame([one])


@pytest.mark.parametrize("ends", [(0.5, 0.9), (0.01, 40.0)])
def test_hazard_ratios_are_on_a_logarithmic_scale(
    labels: Labels, ends: tuple[float, float]
) -> None:
    ax = cs.pl.forest(_stored(_hazards(0.7, *ends)), name="balance")
    assert ax.get_xscale() == "log"
    assert _squares(ax).get_offsets()[0][0] == pytest.approx(0.7)
    assert list(ax.lines[0].get_xdata()) == [1.0, 1.0]
    assert len([label for label in labels(ax.xaxis) if label]) >= 3
    assert ax.get_xlabel() == "hazard ratio for one SD more (months, died)"
    assert "Above 1: higher values go with earlier events." in _said(ax)
    assert "n = 50, 21 events; p = 0.01 (Cox, Wald)" in _tips.read(_squares(ax).get_gid())[0]


def test_the_log_of_a_hazard_ratio_is_an_effect_as_well() -> None:
    ax = cs.pl.forest(_stored(_hazards(0.7, 0.5, 0.9)), name="balance", effect="estimate")
    assert ax.get_xscale() == "linear"
    assert _squares(ax).get_offsets()[0][0] == pytest.approx(np.log(0.7))
    assert "p and q are of" not in _said(ax)


def test_areas_have_their_middle_at_a_half() -> None:
    ax = cs.pl.forest(_stored(_rows()), name="IFNG", effect="auroc")
    np.testing.assert_allclose(_squares(ax).get_offsets()[:, 0], [0.7, 0.45])
    assert list(ax.lines[0].get_xdata()) == [0.5, 0.5]
    assert "p and q are of the difference or slope." in _said(ax)


def test_what_p_is_of_is_drawn_unless_asked() -> None:
    rows = _rows()
    rows["test"] = ["Mann-Whitney", "Mann-Whitney", "random effects of AUROC"]
    rows.loc[2, "estimate"] = np.nan
    ax = cs.pl.forest(_stored(rows), name="IFNG")
    assert ax.get_xlabel() == "AUROC: R against NR"
    assert "p and q are of" not in _said(ax)


# --- names, cell types, contrasts ---------------------------------------------------------------


def test_several_names_are_rows_in_the_order_asked_for(labels: Labels) -> None:
    both = pd.concat([_rows(), _rows("IL10")], ignore_index=True)
    both.loc[both["name"] == "IL10", "estimate"] = 0.3
    alone = both[both["cohort"] == "Alpha"].drop(columns="cohort")
    ax = cs.pl.forest(_stored(alone), name=["IL10", "IFNG"])
    assert labels(ax.yaxis) == ["IL10 (D)", "IFNG"]
    np.testing.assert_allclose(_squares(ax).get_offsets()[:, 0], [0.3, 0.4])
    weak, strong = (to_hex(c) for c in _squares(ax).get_facecolors())
    assert weak == "#ffffff"
    assert strong != "#ffffff"
    assert "hollow: weak experimental support" in _said(ax)
    pooled = cs.pl.forest(_stored(both), name=["IFNG", "IL10"])
    assert labels(pooled.yaxis) == ["IFNG", "IL10 (D)"]
    assert len([p for p in pooled.patches if isinstance(p, Polygon)]) == 2


def test_one_name_in_cell_types_or_contrasts(labels: Labels) -> None:
    rows = _rows().iloc[:2].drop(columns="cohort")
    ax = cs.pl.forest(_stored(rows.assign(cell_type=["B", "T"])), name="IFNG")
    assert labels(ax.yaxis) == ["B", "T"]
    one = cs.pl.forest(_stored(rows.assign(cell_type=["B", "T"])), name="IFNG", cell_type="T")
    assert len(_squares(one).get_offsets()) == 1
    ax = cs.pl.forest(_stored(rows.assign(contrast=["R vs NR", "X vs NR"])), name="IFNG")
    assert labels(ax.yaxis) == ["R vs NR", "X vs NR"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"name": "IFNGG"}, "name='IFNGG' is not in .*Near: IFNG"),
        ({"name": []}, "expected a name"),
        ({"name": "IFNG"}, r"2 labels in 'table': 'score', 'axis'.*table="),
        ({"name": ["IFNG"], "table": "balance"}, "table='balance' is not in"),
        ({"name": "IFNG", "table": "score", "effect": "hedges_g"},
         r"effect='hedges_g'.*has 'estimate', 'auroc'"),
        ({"name": "IFNG", "table": "score", "contrast": "X"}, "contrast='X' is not in"),
        ({"name": "IFNG", "compare_key": "other"}, r"no 'other'.*cs\.tl\.compare"),
    ],
)  # fmt: skip
def test_calls_at_fault(options: dict[str, object], said: str) -> None:
    both = pd.concat([_rows(), _rows(table="axis")], ignore_index=True)
    with pytest.raises(UsageError, match=said):
        cs.pl.forest(_stored(both), **options)
    assert plt.get_fignums() == []


def test_cohorts_of_two_contrasts_are_not_mixed() -> None:
    both = pd.concat([_rows(), _rows(contrast="X vs NR")], ignore_index=True)
    with pytest.raises(UsageError, match=r"2 labels in 'contrast'.*contrast="):
        cs.pl.forest(_stored(both), name="IFNG")
    ax = cs.pl.forest(_stored(both), name="IFNG", contrast="X vs NR")
    assert ax.get_title(loc="left") == "IFNG, X vs NR"


def test_an_effect_that_is_empty_everywhere() -> None:
    rows = _rows().assign(estimate=np.nan, reason="too few")
    with pytest.raises(DataError, match="estimate is empty in all 3 rows: too few"):
        cs.pl.forest(_stored(rows), name="IFNG")


@pytest.mark.parametrize(("n", "given"), [(5, False), (100, False), (100, True)])
def test_no_labels_overlap(overlaps: Callable[[Axes], int], n: int, given: bool) -> None:
    rows = _names(n)
    ax = Figure(figsize=(4, 3)).subplots() if given else None
    assert overlaps(cs.pl.forest(_stored(rows), name=list(rows["name"]), ax=ax)) == 0


def test_hostile_names_are_only_names() -> None:
    rows = _rows("$\\frac{x}$" + "q" * 99)
    rows["cohort"] = ["<img src=x>", "$a$ $", "pooled"]
    rows["group"], rows["contrast"] = "$R$", "$R$ vs $"
    ax = cs.pl.forest(_stored(rows), name=rows["name"].iloc[0])
    ax.figure.canvas.draw()
    assert ax.get_xlabel() == r"difference: \$R\$ less NR"
    assert ax.get_title(loc="left").startswith(r"\$\frac{x}\$")
