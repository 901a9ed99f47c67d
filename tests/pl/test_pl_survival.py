"""Kaplan-Meier curves against arithmetic by hand, and the test that is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from matplotlib.collections import PathCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

import cytosig as cs
from cytosig._errors import DataError, UsageError
from cytosig.pl import _colours, _tips

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes

    Balanced = Callable[[list[float]], AnnData]

MONTHS = [3.0, 5.0, 7.0, 9.0, 2.0, 4.0, 4.0, 8.0]
DIED = [1, 0, 1, 1, 1, 1, 0, 0]
ABOVE = [0.2, 0.3, 0.05, 0.1]
BELOW = [-0.3, -0.05, -0.2, -0.02]
FOLLOW = ("months", "died")


@pytest.fixture
def followed(balanced: Balanced) -> AnnData:
    """Four samples above 0 and four below, with their follow-up."""
    adata = balanced([*ABOVE, *BELOW])
    adata.obs["months"], adata.obs["died"] = MONTHS, DIED
    return adata


def _key(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.get_legend().get_texts()]


def _said(ax: Axes) -> str:
    return " ".join(" ".join(text.get_text() for text in ax.texts).split())


def _strokes(ax: Axes) -> list[PathCollection]:
    return [c for c in ax.collections if isinstance(c, PathCollection)]


def _cox(name: str = "balance", table: str = "balance", **more: object) -> pd.DataFrame:
    one = {"table": table, "name": name, "contrast": "months, died", "n": 8, "n_events": 5,
           "estimate": 0.3, "p": 0.19, "q": 0.4, "hazard_ratio": 1.35, "hazard_ratio_low": 0.8,
           "hazard_ratio_high": 2.1, "test": "Cox, Wald", "reason": ""}  # fmt: skip
    return pd.DataFrame([one | more])


def test_curves_are_those_worked_out_by_hand(followed: AnnData) -> None:
    ax = cs.pl.survival(followed, survival=FOLLOW)
    above, below = ax.lines
    assert above.get_drawstyle() == "steps-post"
    # 4 at risk at 3, 2 at 7 (one was censored at 5), 1 at 9
    np.testing.assert_allclose(above.get_xdata(), [0, 3, 7, 9, 9])
    np.testing.assert_allclose(above.get_ydata(), [1, 3 / 4, 3 / 8, 0, 0], atol=1e-15)
    # 4 at risk at 2, 3 at 4 (the one censored at 4 among them); followed to 8
    np.testing.assert_allclose(below.get_xdata(), [0, 2, 4, 8])
    np.testing.assert_allclose(below.get_ydata(), [1, 3 / 4, 1 / 2, 1 / 2])
    assert _key(ax) == ["balance > 0 (n = 4, 3 events)", "balance ≤ 0 (n = 4, 2 events)"]
    assert _tips.read(above.get_gid()) == ["balance > 0 (n = 4, 3 events); median months 7"]


def test_strokes_are_the_censored(followed: AnnData) -> None:
    above, below = _strokes(cs.pl.survival(followed, survival=FOLLOW))
    np.testing.assert_allclose(above.get_offsets(), [[5, 3 / 4]])
    np.testing.assert_allclose(below.get_offsets(), [[4, 1 / 2], [8, 1 / 2]])
    assert _tips.read(below.get_gid()) == [
        "balance ≤ 0: censored at 4", "balance ≤ 0: censored at 8"
    ]  # fmt: skip


def test_bands_are_greenwood_on_the_log_log_scale(followed: AnnData) -> None:
    followed.uns["cytosig"]["compare_params"] = {"level": 0.9}
    ax = cs.pl.survival(followed, survival=FOLLOW)
    band = next(c for c in ax.collections if not isinstance(c, PathCollection))
    corners = band.get_paths()[0].vertices
    ends = corners[(corners[:, 0] > 3) & (corners[:, 0] <= 7)][:, 1]
    s, se = 0.75, 0.75 * np.sqrt(1 / (4 * 3))
    half = 1.6448536269514722 * se / (s * abs(np.log(s)))
    expected = [s ** np.exp(half), s ** np.exp(-half)]
    for end in expected:
        assert np.isclose(ends, end).any()
    assert "90% intervals" in _said(ax)


def test_numbers_at_risk_stand_under_the_ticks(followed: AnnData) -> None:
    ax = cs.pl.survival(followed, survival=FOLLOW)
    ticks = list(ax.get_xticks())
    at = [(t.xy[0], t.xyann[1], t.get_text()) for t in ax.texts if t.get_text().isdigit()]
    heights = sorted({height for _, height, _ in at}, reverse=True)
    time = np.array(MONTHS)
    for height, own in zip(heights, (time[:4], time[4:]), strict=True):
        row = {x: int(text) for x, y, text in at if y == height}
        assert row == {tick: int((own >= tick).sum()) for tick in ticks}
    names = [t.get_text() for t in ax.texts if t.xyann[0] == -14]
    assert names == ["at risk", "balance > 0", "balance ≤ 0"]


def test_colours_and_lines_differ(followed: AnnData) -> None:
    above, below = cs.pl.survival(followed, survival=FOLLOW).lines
    assert to_hex(above.get_color()) == _colours.ANTI.lower()
    assert to_hex(below.get_color()) == _colours.PRO.lower()
    assert above.get_linestyle() != below.get_linestyle()


def test_split_at_the_median_or_by_verdict(followed: AnnData) -> None:
    ax = cs.pl.survival(followed, survival=FOLLOW, split="median")
    assert _key(ax)[0] == "balance > median, +0.015 (n = 4, 3 events)"
    ax = cs.pl.survival(followed, survival=FOLLOW, split="verdict")
    assert _key(ax) == [
        "anti-tumour (n = 2, 1 event)", "indeterminate (n = 4, 3 events)",
        "pro-tumour (n = 2, 1 event)",
    ]  # fmt: skip
    assert [to_hex(line.get_color()) for line in ax.lines][1] == _colours.UNDECIDED.lower()


def test_other_columns_have_colours_without_a_side(followed: AnnData) -> None:
    values = pd.DataFrame({"IFNG": np.arange(8.0) - 3}, index=followed.obs_names)
    followed.obsm["cytosig_score"] = values
    ax = cs.pl.survival(followed, survival=FOLLOW, by="IFNG")
    assert _key(ax) == ["IFNG > 0 (n = 4, 2 events)", "IFNG ≤ 0 (n = 4, 3 events)"]
    sides = {_colours.ANTI.lower(), _colours.PRO.lower()}
    assert not sides & {to_hex(line.get_color()) for line in ax.lines}


# --- the test -----------------------------------------------------------------------------------


def test_p_is_that_of_the_stored_regression(followed: AnnData) -> None:
    followed.uns["cytosig"]["cox"] = pd.concat([_cox("anti", p=0.9), _cox()], ignore_index=True)
    followed.uns["cytosig"]["cox_params"] = {"survival": list(FOLLOW), "covariates": ["age"]}
    said = _said(cs.pl.survival(followed, compare_key="cox"))
    assert (
        "Test, of balance as it is: hazard ratio for one SD more 1.35 (0.8 to 2.1), holding age"
        " constant; p = 0.19, q = 0.4; n = 8, 5 events." in said
    )
    assert "The split (above 0 or not) is for the eye only, and no p comes from it." in said


def test_pooled_cohorts_are_what_is_printed(followed: AnnData) -> None:
    both = pd.concat(
        [_cox(cohort="A", p=0.9), _cox(cohort="pooled", p=0.02, test="random effects")]
    )
    followed.uns["cytosig"]["compare"] = both
    said = _said(cs.pl.survival(followed, survival=FOLLOW))
    assert "p = 0.02" in said
    assert "random effects" in said


@pytest.mark.parametrize(
    "table",
    [
        None,
        _cox("anti"),
        _cox(table="score"),
        _cox(contrast="weeks, died"),
        _cox().drop(columns="hazard_ratio"),
        _cox(cell_type="T"),
    ],
    ids=["nothing", "other name", "other table", "other follow-up", "groups", "cell types"],
)
def test_no_p_is_made_up(followed: AnnData, table: pd.DataFrame | None) -> None:
    if table is not None:
        followed.uns["cytosig"]["compare"] = table
    said = _said(cs.pl.survival(followed, survival=FOLLOW))
    assert "No test stored: run cs.tl.compare(adata, survival=('months', 'died'))" in said
    assert "p =" not in said


def test_a_regression_that_failed_says_why(followed: AnnData) -> None:
    followed.uns["cytosig"]["compare"] = _cox(hazard_ratio=np.nan, reason="3 events, 5 are needed")
    said = _said(cs.pl.survival(followed, survival=FOLLOW))
    assert "Cox regression on balance: none (3 events, 5 are needed)." in said


# --- samples ------------------------------------------------------------------------------------


def test_samples_without_follow_up_or_value_are_counted(followed: AnnData) -> None:
    followed.obs.loc["S001", "months"] = np.nan
    followed.uns["cytosig"]["balance"].loc["S004", "balance"] = np.nan
    ax = cs.pl.survival(followed, survival=FOLLOW)
    assert _key(ax) == ["balance > 0 (n = 3, 3 events)", "balance ≤ 0 (n = 3, 1 event)"]
    assert "2 of 8 samples lack the value or the follow-up, and are not drawn." in _said(ax)


def test_cells_are_brought_to_samples(followed: AnnData) -> None:
    names = [f"c{i}" for i in range(16)]
    obs = pd.DataFrame({"patient": np.repeat(followed.obs_names, 2)}, index=names)
    obs["months"], obs["died"] = np.repeat(MONTHS, 2), np.repeat(DIED, 2)
    cells = AnnData(np.zeros((16, 2), np.float32), obs=obs, uns=dict(followed.uns))
    cells.uns["cytosig"]["balance_params"]["sample_key"] = "patient"
    scores = np.repeat([1.0, 1, -1, -1, 1, 1, -1, -1], 2) + np.tile([5.0, -5.0], 8)
    cells.obsm["cytosig_score"] = pd.DataFrame({"IFNG": scores}, index=names)
    assert _key(cs.pl.survival(cells, survival=FOLLOW))[0] == "balance > 0 (n = 4, 3 events)"
    assert _key(cs.pl.survival(cells, survival=FOLLOW, by="IFNG")) == [
        "IFNG > 0 (n = 4, 3 events)", "IFNG ≤ 0 (n = 4, 2 events)"
    ]  # fmt: skip
    cells.obs.loc["c3", "died"] = 1
    with pytest.raises(DataError, match=r"'died'.*not the same in all cells of sample 'S001'"):
        cs.pl.survival(cells, survival=FOLLOW)


def test_nobody_died_and_one_sample_alone(balanced: Balanced) -> None:
    adata = balanced([0.2, 0.3, -0.2])
    adata.obs["months"], adata.obs["died"] = [4.0, 6.0, 5.0], [0, 0, 1]
    above, below = cs.pl.survival(adata, survival=FOLLOW).lines
    assert list(above.get_ydata()) == [1, 1]
    assert list(above.get_xdata()) == [0, 6]
    assert list(below.get_ydata()) == [1, 0, 0]
    assert _tips.read(above.get_gid())[0].endswith("median months not reached")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"survival": None}, "no comparison of survival is stored as compare_key='compare'"),
        ({"survival": "months"}, r"expected \(time, event\)"),
        ({"survival": ("weeks", "died")}, "survival: obs has no column 'weeks'"),
        ({"survival": ("months", "state")}, r"'state'.*holds no numbers but 'yes'.*1 for an event"),
        ({"by": "IFNG"}, "by='IFNG' is no number of the balance table, no score and no axis"),
        ({"by": "verdict"}, "by='verdict' is no number"),
        ({"split": "best"}, 'expected "sign", "median" or "verdict"'),
        ({"by": "anti", "split": "verdict"}, "'anti' has none"),
    ],
)
def test_calls_at_fault(followed: AnnData, options: dict[str, object], said: str) -> None:
    followed.obs["state"] = "yes"
    with pytest.raises(UsageError, match=said):
        cs.pl.survival(followed, **({"survival": FOLLOW} | options))
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("months", 0.0, r"'months'\] is 0 in sample 'S002'; expected a time above 0"),
        ("months", np.inf, r"is inf in sample 'S002'"),
        ("died", 2, r"'died'\] is 2 in sample 'S002'; expected 1 for an event and 0"),
    ],
)
def test_data_at_fault(followed: AnnData, column: str, value: float, said: str) -> None:
    followed.obs.loc["S002", column] = value
    with pytest.raises(DataError, match=said):
        cs.pl.survival(followed, survival=FOLLOW)


def test_nobody_has_both(followed: AnnData) -> None:
    followed.obs["months"] = np.nan
    with pytest.raises(DataError, match=r"No sample has 'balance', a time in obs\['months'\]"):
        cs.pl.survival(followed, survival=FOLLOW)


@pytest.mark.parametrize(("n", "given"), [(5, False), (100, True)])
def test_no_labels_overlap(
    balanced: Balanced, overlaps: Callable[[Axes], int], n: int, given: bool
) -> None:
    rng = np.random.default_rng(0)
    adata = balanced([float(v) for v in rng.normal(0, 0.2, n)])
    adata.obs["mo$"], adata.obs["<died>"] = rng.exponential(900, n) + 1, rng.random(n) < 0.6
    ax = Figure(figsize=(3, 3)).subplots() if given else None
    ax = cs.pl.survival(adata, survival=("mo$", "<died>"), ax=ax)
    assert overlaps(ax) == 0
    assert ax.get_xlabel() == r"mo\$"
