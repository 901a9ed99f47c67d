"""Effects of a stored comparison with their intervals: cohorts and what they pool to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from cytosig._errors import UsageError
from cytosig.pl import _axes, _colours, _compared, _effects, _frame, _grades, _stored, _tips, _words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anndata import AnnData
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from cytosig.pl._effects import Rows

    Array = NDArray[np.float64]

DIAMOND = 0.32  # half its height, of a row
SMALLEST = 0.3  # area of the smallest square, of that of the largest
_NUMBERS = 2.5  # inches of axes beside which there is room for numbers
Effect = Literal["estimate", "hedges_g", "auroc", "spearman", "hazard_ratio", "concordance"]


def forest(
    adata: AnnData,
    *,
    name: str | Sequence[str],
    compare_key: str = "compare",
    table: Literal["score", "axis", "balance"] | None = None,
    contrast: str | None = None,
    cell_type: str | None = None,
    effect: Effect | None = None,
    key: str = "cytosig",
    ax: Axes | None = None,
) -> Axes:
    """Show effects of a stored comparison with their intervals, one row each.

    One name compared in several cohorts: a square a cohort, whose area grows with its samples,
    and a diamond that spans the interval of all pooled. Several names: a row each, pooled where
    there are cohorts. One name without cohorts: a row a cell type, or a contrast. Hazard ratios
    are on a logarithmic scale. Numbers are those that ``cs.tl.compare`` stored.

    Parameters
    ----------
    adata
        Compared by ``cs.tl.compare``.
    name
        Of a cytokine, an axis or a column of the balance; or a list of them.
    compare_key
        ``key_added`` of the comparison.
    table
        ``"score"``, ``"axis"`` or ``"balance"``, where a name is in more than one.
    contrast, cell_type
        Which rows, as the columns of the stored table have them.
    effect
        ``"estimate"`` (difference, slope), ``"hedges_g"``, ``"auroc"``, ``"spearman"``,
        ``"hazard_ratio"`` or ``"concordance"``; what the stored p is of when None.
    key
        ``key_added`` of the scoring run.
    ax
        Axes to draw on, best of a figure with ``layout="constrained"``; those of a new pyplot
        figure when None.

    Returns
    -------
    The axes.

    Raises
    ------
    UsageError
        When nothing was compared, a name is not there, or several rows fit and none was chosen.
    DataError
        When the effect is empty in all rows.

    Examples
    --------
    >>> import anndata, pandas as pd
    >>> import cytosig as cs
    >>> obs = pd.DataFrame({"response": list("NNNRRR")}, index=list("abcdef"))
    >>> adata = anndata.AnnData(obs=obs)
    >>> adata.obsm["cytosig_score"] = pd.DataFrame(
    ...     {"IFNG": [1.0, 3, 2, 5, 6, 7], "IL6": [3.0, 1, 2, 4, 3, 0]}, index=adata.obs_names
    ... )
    >>> cs.tl.compare(adata, groupby="response", reference="N")
    >>> cs.pl.forest(adata, name=["IFNG", "IL6"]).get_xlabel()
    'difference: R less N'
    """
    names = [name] if isinstance(name, str) else list(dict.fromkeys(map(str, name)))
    if not names:
        raise UsageError("name=[]: expected a name of the stored comparison, or several.")
    rows = _effects.rows_of(
        adata, names, key=key, compare_key=compare_key, table=table, contrast=contrast,
        cell_type=cell_type, effect=effect,
    )  # fmt: skip
    level = _stored.parameter(adata, compare_key, "level", key=key)
    grades = _stored.grades(adata, key=key)
    return _draw(rows, grades, 0.95 if level is None else float(level), ax)


def _draw(rows: Rows, grades: dict[str, str], level: float, ax: Axes | None) -> Axes:
    from cytosig.pl import _intervals
    from cytosig.pl._ticks import LONGEST, name_places, plain

    weak = _weak(rows, grades)
    names = [str(label) for label in rows.found[rows.along]]
    if rows.along == "name":
        names = [_grades.labelled(label, grades.get(label, "") if is_weak else "")
                 for label, is_weak in zip(names, weak, strict=True)]  # fmt: skip
    n = len(names)
    ax = _axes.axes_or_new(
        ax,
        width=5.9 + _axes.LETTER * min(max(map(len, names)), LONGEST),
        height=1.7 + _axes.extent(n, widest=0.34, narrowest=0.14, most=16),
    )
    _intervals.rows(ax, n)
    _scale(ax, rows)
    size = name_places(ax.yaxis, names)
    _axes.settle(ax)
    ax.axvline(_effects.MIDDLES[rows.effect], color=_colours.INK, linewidth=0.8, zorder=1.5)
    cut = _marks(ax, rows, weak, _effects.texts_of(rows, names), size)
    _numbers(ax, rows, size)
    if rows.along != "name":
        ax.set_title(plain(_title(rows, grades, weak)), fontsize=_frame.NAME, loc="left")
    lines = _said(rows, level, cut=cut, weak=bool(weak.any()))
    _frame.beneath(ax, plain(_effects.label_of(rows), 60), lines)
    return ax


def _weak(rows: Rows, grades: dict[str, str]) -> NDArray[np.bool_]:
    """Which rows are of a cytokine graded C or D."""
    labels = zip(rows.found["table"], rows.found["name"], strict=True)
    weak = [table == "score" and _grades.is_weak(grades.get(name, "")) for table, name in labels]
    return np.array(weak, dtype=bool)


def _title(rows: Rows, grades: dict[str, str], weak: NDArray[np.bool_]) -> str:
    name = str(rows.found["name"].iloc[0])
    shown = _grades.labelled(name, grades.get(name, "")) if weak.any() else name
    return shown if rows.along == "contrast" else f"{shown}, {rows.found['contrast'].iloc[0]}"


def _scale(ax: Axes, rows: Rows, /) -> None:
    """Limits; logarithmic for hazard ratios, with round numbers on it."""
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

    from cytosig.pl import _intervals

    middle = _effects.MIDDLES[rows.effect]
    value, low, high = rows.values()
    if rows.effect != "hazard_ratio":
        ax.set_xlim(*_intervals.span(value, low, high, middle=middle))
        ax.xaxis.set_major_locator(MaxNLocator(6))
        return
    with np.errstate(divide="ignore"):
        logs = np.log(value), np.log(low), np.log(high)
    first, last = np.exp(_intervals.span(*logs, middle=0.0))
    ax.set_xscale("log")
    ax.set_xlim(float(first), float(last))
    wide = last / first > 6
    ax.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)) if wide else MaxNLocator(6))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda ratio, _: f"{ratio:g}"))
    ax.xaxis.set_minor_locator(NullLocator())


def _marks(
    ax: Axes, rows: Rows, weak: NDArray[np.bool_], texts: Sequence[str], size: float, /
) -> bool:
    """Squares, diamonds and intervals; whether an interval goes on beyond the axes."""
    from cytosig.pl import _intervals

    value, low, high = rows.values()
    places = np.arange(len(value), dtype=np.float64)
    there, pooled = ~np.isnan(value), rows.pooled
    own = there & ~pooled
    ends = np.where(own, low, np.nan), np.where(own, high, np.nan)
    cut = _intervals.whiskers(ax, places, *ends, [_colours.INK] * len(value))
    largest = _intervals.diameter(ax) * 1.25
    sizes = _effects.sizes_of(rows)
    areas = largest**2 * np.maximum(sizes / max(float(sizes.max()), 1.0), SMALLEST)
    if own.any():
        fills = np.where(weak[own], "white", _colours.INK).tolist()
        marks = ax.scatter(
            value[own], places[own], s=areas[own], marker="s", facecolors=fills,
            edgecolors=_colours.INK, linewidths=0.8, zorder=3,
        )  # fmt: skip
        _tips.attach(marks, [texts[k] for k in np.flatnonzero(own).tolist()])
    for k in np.flatnonzero(there & pooled).tolist():
        _diamond(ax, k, (low[k], value[k], high[k]), hollow=bool(weak[k]), text=texts[k])
        _expected(ax, rows, k)
    if not there.all():
        gone = np.flatnonzero(~there).tolist()
        reasons = [str(rows.found["reason"].iloc[k]) or "no value is stored" for k in gone]
        _intervals.without_value(ax, places[gone], reasons, [texts[k] for k in gone], size)
    return cut


def _diamond(
    ax: Axes, place: int, at: tuple[float, float, float], /, *, hollow: bool, text: str
) -> None:
    """From the lower end over the estimate to the upper end, cut at the limits of the axes."""
    from matplotlib.patches import Polygon

    low, value, high = np.clip(at, *ax.get_xlim())
    corners = [(low, place), (value, place - DIAMOND), (high, place), (value, place + DIAMOND)]
    fill = "white" if hollow else _colours.INK
    patch = Polygon(corners, closed=True, facecolor=fill, edgecolor=_colours.INK, linewidth=0.8)
    patch.set_zorder(3)
    _tips.attach(ax.add_patch(patch), [text])


def _expected(ax: Axes, rows: Rows, place: int, /) -> None:
    """Where the effect of a new cohort is expected, if that is known on this scale."""
    ends = _prediction(rows, place)
    if ends is not None:
        ends = np.clip(ends, *ax.get_xlim())
        ax.hlines(place, *ends, color=_colours.UNDECIDED, linewidth=1, linestyle=":", zorder=2.4)


def _prediction(rows: Rows, place: int, /) -> Array | None:
    if rows.effect != rows.main or "prediction_low" not in rows.found:
        return None
    row = rows.found.iloc[place]
    ends = np.array([row["prediction_low"], row["prediction_high"]], dtype=np.float64)
    if np.isnan(ends).any():
        return None
    return np.exp(ends) if rows.effect == "hazard_ratio" else ends


def _numbers(ax: Axes, rows: Rows, size: float, /) -> None:
    """Effect, interval, and samples (of cohorts) or q (of names) right of the axes."""
    from cytosig.pl._ticks import LINE, pitch

    if _frame.inches(ax) < _NUMBERS or pitch(ax.yaxis) < size * LINE:
        return
    value, low, high = rows.values()
    decimals = _words.decimals_for((high - low) / 2, digits=2)
    signed = _effects.MIDDLES[rows.effect] == 0
    sizes = _effects.sizes_of(rows)
    for place in np.flatnonzero(~np.isnan(value)).tolist():
        at, *ends = (
            _words.decimal(float(x[place]), decimals, signed=signed) for x in (value, low, high)
        )
        q = _words.p_value("q", float(rows.found["q"].iloc[place]))
        more = q if rows.along == "name" else f"n = {sizes[place]:.0f}"
        ax.text(
            1.02, place, f"{at} ({' to '.join(ends)})  {more}", transform=ax.get_yaxis_transform(),
            ha="left", va="center", fontsize=min(size, 7.5), color=_colours.INK,
        )  # fmt: skip


def _said(rows: Rows, level: float, /, *, cut: bool, weak: bool) -> list[str]:
    tested = rows.found[rows.pooled] if rows.along == "cohort" else rows.found.iloc[:0]
    found = [f"{'Squares grow with samples; lines' if not rows.pooled.all() else 'Widths'}:"
             f" {level:.0%} intervals. The sample is the unit."]  # fmt: skip
    found += [_spread(row, rows) for _, row in tested.iterrows()]
    if rows.along == "name" and rows.pooled.any():
        found.append("Diamonds: cohorts pooled by random effects.")
    if any(_prediction(rows, int(k)) is not None for k in np.flatnonzero(rows.pooled)):
        found.append("Dotted: where the effect of a new cohort is expected.")
    if rows.effect != rows.main and not (rows.effect == "estimate" and rows.main == "hazard_ratio"):
        found.append(f"p and q are of the {_NAMES[rows.main]}.")
    found.append(_SIDES.get(rows.effect, ""))
    if weak:
        found.append(f"hollow: {_grades.NOTE.split(': ')[1]}")
    return [*found, "an arrow: the interval goes on" if cut else ""]


_NAMES = {"estimate": "difference or slope", "auroc": "AUROC", "spearman": "correlation",
          "hazard_ratio": "hazard ratio"}  # fmt: skip


_SIDES = {
    "hazard_ratio": "Above 1: higher values go with earlier events.",
    "concordance": "Above ½: higher values go with earlier events.",
}


def _spread(row: Any, rows: Rows, /) -> str:
    """P of the pooled effect, and how far cohorts differ."""
    if np.isnan(row[rows.effect]):
        return f"Not pooled: {row['reason']}."
    p, q = _words.p_value("p", float(row["p"])), _words.p_value("q", float(row["q"]))
    apart = f"I² = {row['i2']:.0%}, τ² = {_words.number(float(row['tau2']), signed=False)}"
    alike = _words.p_value("p", float(row["cochran_p"]))
    return (
        f"{_compared.POOLED.capitalize()}: {row['n_cohorts']:.0f} cohorts by random effects, {p},"
        f" {q}. Between them {apart}, Cochran's Q {alike}."
    )
