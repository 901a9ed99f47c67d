"""Effects of a stored comparison against their p-values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from cytosig._errors import DataError, UsageError
from cytosig.pl import _axes, _colours, _compared, _frame, _grades, _scales, _stored, _tips, _words

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

HOLLOW = "hollow: weak experimental support (grade C or D)"
_TIPS = 2000  # points above which none has a text
_KINDS = ("higher", "lower", "neither")
_MARKERS = {"higher": "^", "lower": "v", "neither": "o"}
_COLOURS = {"higher": _scales.ABOVE, "lower": _scales.BELOW, "neither": _colours.UNDECIDED}


def volcano(
    adata: AnnData,
    *,
    compare_key: str = "compare",
    table: Literal["score", "axis", "balance"] | None = None,
    contrast: str | None = None,
    cell_type: str | None = None,
    cohort: str | None = None,
    max_q: float = 0.05,
    n_labels: int = 12,
    key: str = "cytosig",
    ax: Axes | None = None,
) -> Axes:
    """Show effects of a stored comparison against −log10 p.

    Triangles up and down are what is higher and lower at ``q < max_q``, grey dots all else;
    hollow marks are cytokines whose signature is graded C or D. Effects, p and q are those that
    ``cs.tl.compare`` stored. The dashed line is the p at which q would be ``max_q``: q is
    Benjamini and Hochberg's within a table, contrast and cohort, over all cell types. A p of 0
    is drawn on a dotted line above all others.

    Parameters
    ----------
    adata
        Compared by ``cs.tl.compare``.
    compare_key
        ``key_added`` of the comparison.
    table
        ``"score"`` (cytokines), ``"axis"`` or ``"balance"``; the first that is stored when None.
    contrast, cell_type, cohort
        Which rows to show, as the columns of the stored table have them; may be left out where
        there is one.
    max_q
        False discovery rate below which marks are coloured.
    n_labels
        Name this many rows, smallest p first, as far as there is room.
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
        When nothing was compared, or several contrasts, cell types or cohorts are stored and none
        was chosen.
    DataError
        When no row has an effect and a p.

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
    >>> ax = cs.pl.volcano(adata)
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['q < 0.05, higher in R: 1', 'q ≥ 0.05: 1']
    """
    _check(max_q, n_labels)
    stored = _compared.table_of(adata, compare_key, key=key)
    first = stored["table"].iloc[0]
    family = _compared.narrowed(
        stored, {"table": first if table is None else table, "contrast": contrast, "cohort": cohort}
    )
    rows = _compared.narrowed(family, {"cell_type": cell_type})
    there = (np.isfinite(rows["estimate"]) & rows["p"].notna()).to_numpy()
    if not there.any():
        reasons = [*rows.get("reason", ""), ""]
        raise DataError(
            f"No row of uns[{key!r}][{compare_key!r}] to be shown has an estimate and a p"
            + (f": {reasons[0]}." if reasons[0] else ".")
        )
    grades = _stored.grades(adata, key=key) if rows["table"].iloc[0] == "score" else {}
    drawn = rows[there].assign(grade=[grades.get(name, "") for name in rows["name"][there]])
    line = threshold(family, max_q)
    ax = _axes.axes_or_new(ax, width=4.8, height=4.4)
    heights, ceiling = _heights(drawn["p"].to_numpy(dtype=np.float64), line)
    top = max(float(heights.max()), -np.log10(line))
    _draw(ax, drawn, heights, max_q)
    _lines(ax, line, top, ceiling)
    _name(ax, drawn, heights, n_labels)
    ax.set_xlabel(_effect(drawn, _stored.unit(adata, key=key)), fontsize=_frame.NAME)
    ax.set_ylabel("−log10 p", fontsize=_frame.NAME)
    ax.tick_params(labelsize=_frame.TICK)
    ax.spines[["top", "right"]].set_visible(False)
    _axes.note(ax, _notes(rows, drawn, family, line, max_q))
    return ax


def threshold(family: pd.DataFrame, max_q: float, /) -> float:
    """The p at which q is ``max_q``, by Benjamini and Hochberg over a family of tests.

    With k of m tests below it, q = max_q lies at p = max_q·k/m; none is below at the first step,
    k = 1.
    """
    below, tests = int((family["q"] < max_q).sum()), int(family["p"].notna().sum())
    return max_q * max(below, 1) / tests


def _check(max_q: float, n_labels: int) -> None:
    if not 0 < max_q <= 1:
        raise UsageError(f"max_q={max_q!r}: expected a number above 0, up to 1, such as 0.05.")
    if n_labels < 0:
        raise UsageError(f"n_labels={n_labels!r}: expected 0 or more.")


def _heights(p: Array, line: float) -> tuple[Array, float | None]:
    """−log10 p, and the height at which p of 0 are drawn where there are any."""
    finite = -np.log10(p[p > 0])
    top = float(max(finite.max(initial=0.0), -np.log10(line)))
    ceiling = 1.15 * top
    heights = np.full(len(p), ceiling)
    heights[p > 0] = finite
    return heights, ceiling if (p == 0).any() else None


def _kinds(drawn: pd.DataFrame, max_q: float) -> Array:
    sign = np.where(drawn["estimate"] > 0, "higher", "lower")
    return np.where(drawn["q"] < max_q, sign, "neither")


def _draw(ax: Axes, drawn: pd.DataFrame, heights: Array, max_q: float) -> None:
    from matplotlib.lines import Line2D

    kinds, weak = _kinds(drawn, max_q), drawn["grade"].map(_grades.is_weak).to_numpy(dtype=bool)
    size = float(np.clip(400 / np.sqrt(len(drawn)), 8, 36))
    handles: list[Line2D] = []
    for kind in _KINDS:
        own = kinds == kind
        if not own.any():
            continue
        colour, marker = _COLOURS[kind], _MARKERS[kind]
        marks = ax.scatter(
            drawn["estimate"][own], heights[own], s=size, marker=marker, edgecolors=colour,
            facecolors=["white" if is_weak else colour for is_weak in weak[own]], linewidths=0.9,
            zorder=2 if kind == "neither" else 3, clip_on=False,
        )  # fmt: skip
        if len(drawn) <= _TIPS:
            _tips.attach(marks, [_tip(row) for _, row in drawn[own].iterrows()])
        label = f"{_kind_name(kind, drawn, max_q)}: {own.sum()}"
        handles.append(
            Line2D([], [], linestyle="", marker=marker, color=colour, markersize=5, label=label)
        )
    reach = 1.12 * float(np.abs(drawn["estimate"]).max()) or 1.0
    ax.set_xlim(-reach, reach)
    _frame.key_above(ax, handles)


def _lines(ax: Axes, line: float, top: float, ceiling: float | None) -> None:
    ax.axvline(0, color=_colours.PALE, linewidth=0.8, zorder=1)
    ax.axhline(-np.log10(line), color=_colours.INK, linewidth=0.8, linestyle="--", zorder=1)
    ax.set_ylim(0, 1.12 * top)
    if ceiling is not None:
        ax.axhline(ceiling, color=_colours.UNDECIDED, linewidth=0.8, linestyle=":", zorder=1)
        ax.text(
            1, ceiling, "p = 0", transform=ax.get_yaxis_transform(), ha="right", va="bottom",
            fontsize=7, color=_colours.INK,
        )  # fmt: skip


def _name(ax: Axes, drawn: pd.DataFrame, heights: Array, n_labels: int) -> None:
    from cytosig.pl._labels import beside

    size = -np.abs(drawn["estimate"].to_numpy(dtype=np.float64))
    places = np.lexsort((size, drawn["p"].to_numpy(dtype=np.float64)))[:n_labels].tolist()
    names = [_grades.labelled(*drawn[["name", "grade"]].iloc[place]) for place in places]
    points = np.column_stack([drawn["estimate"].to_numpy(dtype=np.float64), heights])
    beside(ax, points, names, places)


def _kind_name(kind: str, drawn: pd.DataFrame, max_q: float) -> str:
    if kind == "neither":
        return f"q ≥ {max_q:g}"
    from cytosig.pl._ticks import plain

    where = f"{kind} in {plain(drawn['group'].iloc[0], 20)}"
    sign = "above 0" if kind == "higher" else "below 0"
    return f"q < {max_q:g}, {where if 'group' in drawn else sign}"


def _effect(drawn: pd.DataFrame, unit: str) -> str:
    """What the x axis is: of what, between whom, in what units."""
    from cytosig.pl._ticks import plain

    row = drawn.iloc[0]
    if "hazard_ratio" in drawn:
        what = "log hazard ratio for one standard deviation"
    elif "group" in drawn:
        what = f"{row['contrast']}: difference"
        what += f", {unit}" if row["table"] != "balance" else ""
    else:
        what = f"slope with {row['contrast']}"
    of = [str(row[column]) for column in ("cell_type", "cohort") if column in drawn]
    return plain("; ".join([*of, what]), 60)


def _tip(row: pd.Series[Any]) -> str:
    low, high = row.get("ci_low", np.nan), row.get("ci_high", np.nan)
    name = _grades.labelled(row["name"], row["grade"])
    effect = _words.interval(row["estimate"], low, high)
    return f"{name}: {effect}, {_words.p_value('p', row['p'])}, {_words.p_value('q', row['q'])}"


def _notes(
    rows: pd.DataFrame, drawn: pd.DataFrame, family: pd.DataFrame, line: float, max_q: float
) -> list[str]:
    tests = int(family["p"].notna().sum())
    lost = len(rows) - len(drawn)
    notes = {
        f"dashed: p = {line:.2g}, where q = {max_q:g} (Benjamini-Hochberg, {tests} tests)": True,
        HOLLOW: any(map(_grades.is_weak, drawn["grade"])),
        f"not drawn: {lost} of {len(rows)} rows without an effect or p": lost > 0,
    }
    return [text for text, applies in notes.items() if applies]
