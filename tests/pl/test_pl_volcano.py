"""The volcano against tables written by hand: places, colours, names that do not collide."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text
from scipy.stats import false_discovery_control

import cytosig as cs
from cytosig._errors import DataError, UsageError
from cytosig.pl import _scales, _tips
from cytosig.pl.volcano import HOLLOW, threshold

if TYPE_CHECKING:
    from collections.abc import Callable

    from anndata import AnnData
    from matplotlib.axes import Axes

    Stored = Callable[..., AnnData]
    Compared = Callable[..., AnnData]


def _table(p: list[float], estimate: list[float] | None = None, **labels: object) -> pd.DataFrame:
    n = len(p)
    estimate = estimate or [(-1.0) ** k * (k + 1) / n for k in range(n)]
    known = np.asarray(p, dtype=float)
    q = np.full(n, np.nan)
    q[~np.isnan(known)] = false_discovery_control(known[~np.isnan(known)])
    plain = {"table": "score", "name": [f"I{k:02d}" for k in range(n)], "contrast": "R vs NR"}
    return pd.DataFrame(
        {**plain, "group": "R", "reference": "NR", "estimate": estimate,
         "ci_low": np.array(estimate) - 0.1, "ci_high": np.array(estimate) + 0.1,
         "p": p, "q": q, "reason": "", **labels}
    )  # fmt: skip


@pytest.fixture
def compared(stored: Stored) -> Callable[..., AnnData]:
    def build(table: pd.DataFrame, grades: str = "") -> AnnData:
        adata = stored(np.zeros((2, max(len(table), len(grades), 1))), grades)
        adata.uns["cytosig"]["compare"] = table
        return adata

    return build


def _points(ax: Axes) -> dict[str, tuple[float, float]]:
    """Place of every row by its name, from the marks and their texts."""
    found = {}
    for marks in ax.collections:
        names = [text.split(":")[0] for text in _tips.read(marks.get_gid() or "")]
        found |= dict(zip(names, map(tuple, marks.get_offsets().tolist()), strict=True))
    return found


def _named(ax: Axes) -> dict[str, Text]:
    """Names that are visible as drawn, for the second time as when a figure is saved."""
    ax.figure.canvas.draw()
    ax.figure.canvas.draw()
    return {t.get_text(): t for t in ax.texts if t.arrowprops and t.get_visible()}


def test_marks_stand_at_effect_and_log_p(compared: Compared) -> None:
    p = [1e-4, 0.5, 0.01, 1.0]
    ax = cs.pl.volcano(compared(_table(p, [0.5, -2.0, -0.25, 0.0])))
    points = _points(ax)
    assert points["I00"] == pytest.approx((0.5, 4.0))
    assert points["I01"] == pytest.approx((-2.0, np.log10(2)))
    assert points["I02"] == pytest.approx((-0.25, 2.0))
    assert points["I03"] == (0.0, 0.0)
    low, high = ax.get_xlim()
    assert low == -high < -2.0
    assert ax.get_xlabel() == "R vs NR: difference, z"


def test_colour_and_shape_are_those_of_sign_and_stored_q(compared: Compared) -> None:
    table = _table([0.001, 0.002, 0.003, 0.004], [1.0, -1.0, 2.0, -2.0])
    table["q"] = [0.04, 0.01, 0.05, 0.9]  # as stored, whatever p says
    ax = cs.pl.volcano(compared(table))
    seen = {}
    for marks in ax.collections:
        vertices = len(marks.get_paths()[0].vertices)
        for text in _tips.read(marks.get_gid()):
            seen[text[:3]] = (to_rgb(marks.get_edgecolor()[0]), vertices)
    higher, lower, neither, also = (seen[f"I{k:02d}"] for k in range(4))
    assert higher[0] == to_rgb(_scales.ABOVE)
    assert lower[0] == to_rgb(_scales.BELOW)
    assert neither == also
    assert len({higher[0], lower[0], neither[0]}) == 3
    assert higher[1] == lower[1] < neither[1], "triangles, and a circle"
    said = [text.get_text() for text in ax.get_legend().get_texts()]
    assert said == ["q < 0.05, higher in R: 1", "q < 0.05, lower in R: 1", "q ≥ 0.05: 2"]


def test_texts_say_what_is_stored(compared: Compared) -> None:
    table = _table([0.0123], [0.5])
    table["q"] = 0.345
    (marks,) = cs.pl.volcano(compared(table, "D")).collections
    assert _tips.read(marks.get_gid()) == ["I00 (D): +0.5 (+0.4 to +0.6), p = 0.012, q = 0.34"]


@pytest.mark.parametrize("seed", range(5))
def test_the_line_parts_p_by_their_q(seed: int) -> None:
    rng = np.random.default_rng(seed)
    p = np.r_[rng.uniform(0, 0.004, 7), rng.uniform(0, 1, 30)]
    table = _table(p.tolist())
    line = threshold(table, 0.05)
    np.testing.assert_array_equal(p <= line, table["q"] <= 0.05)
    moved = p.copy()  # the largest p that is found, at the line and just beyond it
    last = np.flatnonzero(p <= line)[p[p <= line].argmax()]
    moved[last] = line
    assert false_discovery_control(moved)[last] == pytest.approx(0.05)
    moved[last] = line * 1.001
    assert false_discovery_control(moved)[last] > 0.05


def test_the_line_counts_all_cell_types_of_the_family(compared: Compared) -> None:
    table = pd.concat([_table([0.001, 0.9], cell_type="T"), _table([0.5, np.nan], cell_type="B")])
    table["q"] = [0.003, 0.9, 0.75, np.nan]
    ax = cs.pl.volcano(compared(table.reset_index(drop=True)), cell_type="T")
    heights = [line.get_ydata()[0] for line in ax.lines if line.get_linestyle() == "--"]
    assert heights == pytest.approx([-np.log10(0.05 / 3)])
    assert set(_points(ax)) == {"I00", "I01"}
    assert "dashed: p = 0.017, where q = 0.05" in " ".join(t.get_text() for t in ax.texts)
    assert ax.get_xlabel().startswith("T; ")


def test_nothing_found_puts_the_line_at_the_first_step(compared: Compared) -> None:
    ax = cs.pl.volcano(compared(_table([0.3, 0.4, 0.9, 0.8])), max_q=0.1)
    (line,) = [line for line in ax.lines if line.get_linestyle() == "--"]
    assert line.get_ydata()[0] == pytest.approx(-np.log10(0.1 / 4))


def test_a_p_of_zero_is_drawn_on_a_line_of_its_own(compared: Compared) -> None:
    ax = cs.pl.volcano(compared(_table([0.0, 1e-30, 0.2, 0.0])))
    points = _points(ax)
    top = points["I00"][1]
    assert points["I03"][1] == top
    assert np.isfinite(top)
    assert 30 < top < ax.get_ylim()[1]
    assert points["I01"][1] == pytest.approx(30)
    (dotted,) = [line for line in ax.lines if line.get_linestyle() == ":"]
    assert dotted.get_ydata()[0] == top
    assert "p = 0" in [text.get_text() for text in ax.texts]


def test_all_p_of_zero(compared: Compared) -> None:
    ax = cs.pl.volcano(compared(_table([0.0, 0.0])))
    assert np.isfinite([y for _, y in _points(ax).values()]).all()


def test_weak_grades_are_hollow_lettered_and_explained(compared: Compared) -> None:
    ax = cs.pl.volcano(compared(_table([0.5, 0.4, 0.3, 0.2]), "ACDB"))
    faces = {}
    for marks in ax.collections:
        texts = _tips.read(marks.get_gid())
        faces |= dict(zip((t.split(":")[0] for t in texts), marks.get_facecolors(), strict=True))
    hollow = {name for name, face in faces.items() if to_rgb(face) == (1, 1, 1)}
    assert hollow == {"I01 (C)", "I02 (D)"}
    assert any(HOLLOW in text.get_text() for text in ax.texts)
    axes = compared(_table([0.5, 0.4], table="axis"), "DD")
    plain = cs.pl.volcano(axes)
    assert set(_points(plain)) == {"I00", "I01"}, "grades are those of cytokines"
    assert not any(HOLLOW in text.get_text() for text in plain.texts)


# --- names ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "size"), [(5, (4.8, 4.4)), (100, (4.8, 4.4)), (100, (2.6, 2.2))])
def test_names_collide_with_nothing(compared: Compared, n: int, size: tuple[float, float]) -> None:
    rng = np.random.default_rng(n)
    table = _table((10 ** -rng.gamma(1, 1, n)).tolist(), rng.normal(0, 1, n).tolist())
    figure = plt.figure(figsize=size, layout="constrained")
    ax = cs.pl.volcano(compared(table), ax=figure.subplots(), n_labels=30)
    named = _named(ax)
    assert len(named) >= (n if n < 30 else 12)
    renderer = figure.canvas.get_renderer()
    boxes = [Text.get_window_extent(text, renderer) for text in named.values()]
    assert not any(a.overlaps(b) for a, b in combinations(boxes, 2))
    marks = ax.transData.transform(list(_points(ax).values()))
    assert not any(box.contains(*mark) for box in boxes for mark in marks)
    frame = ax.get_window_extent().padded(0.5)
    assert all(frame.containsx(x) for box in boxes for x in (box.x0, box.x1))
    assert all(frame.containsy(y) for box in boxes for y in (box.y0, box.y1))


def test_names_go_to_the_smallest_p_first(compared: Compared) -> None:
    table = _table([0.2, 0.01, 0.9, 0.01, 0.5], [1.0, 1.0, 0.1, -2.0, 3.0])
    assert set(_named(cs.pl.volcano(compared(table), n_labels=3))) == {"I00", "I01", "I03"}
    assert set(_named(cs.pl.volcano(compared(table), n_labels=1))) == {"I03"}, "the larger effect"
    assert _named(cs.pl.volcano(compared(table), n_labels=0)) == {}


def test_names_stay_beside_their_marks_when_the_figure_grows(compared: Compared) -> None:
    rng = np.random.default_rng(0)
    table = _table(rng.uniform(0, 1, 40).tolist(), rng.normal(0, 1, 40).tolist())
    ax = cs.pl.volcano(compared(table))
    for size in ((4, 4), (9, 7)):
        ax.figure.set_size_inches(size)
        named = _named(ax)
        renderer = ax.figure.canvas.get_renderer()
        far = []
        for name, text in named.items():
            mark = ax.transData.transform(_points(ax)[name])
            box = Text.get_window_extent(text, renderer)
            nearest = np.clip(mark, box.min, box.max)
            far.append(np.hypot(*(nearest - mark)) * 72 / ax.figure.dpi)
        assert max(far) < 65
        assert np.median(far) < 12


def test_odd_names_are_drawn_as_they_are(compared: Compared) -> None:
    table = _table([0.01, 0.02, 0.03])
    table["name"] = ["$x^2$", "<img src=x onerror=alert(1)>", "y" * 60]
    table["group"] = table["contrast"] = "$R$ " + "z" * 80
    ax = cs.pl.volcano(compared(table))
    named = _named(ax)
    assert r"\$x^2\$" in named
    assert max(map(len, named)) <= 26
    box = ax.figure.get_tightbbox()
    assert box.x0 >= 0
    assert box.x1 <= ax.figure.get_size_inches()[0]


# --- which rows -------------------------------------------------------------------------------


def test_the_first_table_unless_another_is_named(compared: Compared) -> None:
    table = pd.concat([_table([0.1, 0.2]), _table([0.3], table="axis", name=["NF-kB"])])
    adata = compared(table.reset_index(drop=True))
    assert set(_points(cs.pl.volcano(adata))) == {"I00", "I01"}
    assert set(_points(cs.pl.volcano(adata, table="axis"))) == {"NF-kB"}
    with pytest.raises(UsageError, match=r"table='balance' is not .*; it has 'score', 'axis'"):
        cs.pl.volcano(adata, table="balance")


@pytest.mark.parametrize(
    ("column", "labels"),
    [("contrast", ("R vs NR", "S vs NR")), ("cell_type", ("T", "B")), ("cohort", ("A", "pooled"))],
)
def test_several_and_none_chosen(compared: Compared, column: str, labels: tuple[str, str]) -> None:
    parts = [_table([0.1 * (k + 1)], **{column: label}) for k, label in enumerate(labels)]
    adata = compared(pd.concat(parts, ignore_index=True))
    with pytest.raises(UsageError, match=f"2 labels in '{column}': '{labels[0]}', '{labels[1]}'"):
        cs.pl.volcano(adata)
    ax = cs.pl.volcano(adata, **{column: labels[1]})
    assert _points(ax)["I00"][1] == pytest.approx(-np.log10(0.2))
    with pytest.raises(UsageError, match=f"{column}='X' is not in the stored comparison"):
        cs.pl.volcano(adata, **{column: "X"})


def test_what_a_row_is_about_is_said(compared: Compared) -> None:
    trend = _table([0.1], contrast="age").drop(columns=["group", "reference"])
    assert cs.pl.volcano(compared(trend)).get_xlabel() == "slope with age"
    hazard = trend.assign(hazard_ratio=1.2, contrast="months, died")
    ax = cs.pl.volcano(compared(hazard))
    assert ax.get_xlabel() == "log hazard ratio for one standard deviation"
    balance = cs.pl.volcano(compared(_table([0.1], table="balance", name=["balance"])))
    assert balance.get_xlabel() == "R vs NR: difference"


def test_rows_without_a_number_are_counted(compared: Compared) -> None:
    table = _table([0.1, np.nan, 0.3])
    table.loc[2, "estimate"] = np.nan
    ax = cs.pl.volcano(compared(table))
    assert set(_points(ax)) == {"I00"}
    assert any("not drawn: 2 of 3 rows without an effect or p" in t.get_text() for t in ax.texts)
    table[["estimate", "p", "reason"]] = [np.nan, np.nan, "too few samples"]
    with pytest.raises(DataError, match=r"No row .*'compare'.*: too few samples"):
        cs.pl.volcano(compared(table))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"max_q": 0}, "max_q=0: expected a number above 0"),
        ({"max_q": 1.5}, "max_q=1.5"),
        ({"n_labels": -1}, "n_labels=-1"),
        ({"cohort": "A"}, "cohort='A': the stored comparison has no column 'cohort'"),
        ({"compare_key": "other"}, r"has no 'other'.*cs\.tl\.compare"),
        ({"ax": [1]}, "ax is a list"),
    ],
)
def test_calls_at_fault(compared: Compared, options: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        cs.pl.volcano(compared(_table([0.1])), **options)
    assert plt.get_fignums() == []


def test_a_table_of_another_tool(compared: Compared) -> None:
    adata = compared(_table([0.1]))
    with pytest.raises(DataError, match=r"\['coverage'\] has no column 'table'.*compare_key="):
        cs.pl.volcano(adata, compare_key="coverage")


def test_given_axes_are_drawn_on_and_data_left_alone(compared: Compared) -> None:
    adata = compared(_table([0.1, 0.2]))
    before = adata.uns["cytosig"]["compare"].copy()
    given = Figure().subplots()
    assert cs.pl.volcano(adata, ax=given) is given
    assert plt.get_fignums() == []
    pd.testing.assert_frame_equal(adata.uns["cytosig"]["compare"], before)
