"""The balance of every sample, in order, with its interval and verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from cytosig._errors import DataError, UsageError
from cytosig.pl import _axes, _colours, _frame, _samples, _stored, _tips, _words

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from anndata import AnnData
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    from cytosig.pl._samples import Relative

COLUMNS = {
    "usual": ("balance", "ci_low", "ci_high", "verdict"),
    "context": ("balance_context", "context_low", "context_high", "verdict_context"),
    "adjusted": ("balance_adjusted", "adjusted_low", "adjusted_high", "verdict"),
}
LACKING = "insufficient coverage"
HELD = {
    "anti-tumour": "interval above 0",
    "pro-tumour": "interval below 0",
    "indeterminate": "interval holds 0",
}
"""Where a balance is adjusted no verdict is stored, and colours say this only."""
ARM = 0.36  # height of the bar of an arm, of a row
FAINT = 0.3


def balance(
    adata: AnnData,
    *,
    key: str = "cytosig",
    which: Literal["usual", "context", "adjusted"] = "usual",
    samples: Sequence[str] | None = None,
    groupby: str | None = None,
    max_rows: int = 200,
    ax: Axes | None = None,
) -> Axes:
    """Show the balance of every sample with its interval, coloured by verdict.

    One row a sample, the one that leans most against the tumour on top. Pale bars behind are
    the two arms. Samples without a balance stand last, as hollow marks with the reason.

    Parameters
    ----------
    adata
        With the tables of ``cs.tl.balance``.
    key
        ``key_added`` of that run.
    which
        ``"usual"`` roles, those in ``"context"`` (under the rules that hold), or ``"adjusted"``
        (content of immune cells and stroma held constant; this one has no verdict of its own, and
        colours say on which side of 0 its interval lies).
    samples
        Show these; all when None.
    groupby
        Column of ``obs`` with one value a sample: rows in blocks, ordered within each.
    max_rows
        Refuse to draw more rows than this.
    ax
        Axes to draw on, best of a figure with ``layout="constrained"``; those of a new pyplot
        figure when None.

    Returns
    -------
    The axes.

    Raises
    ------
    UsageError
        When there is no balance under ``key``, a name is not there, there are too many rows, or
        nothing was adjusted.
    DataError
        When ``groupby`` differs within a sample, or has empty entries.

    Examples
    --------
    >>> import cytosig as cs
    >>> adata = cs.datasets.simulate_cohort(n_samples=4, cells_per_sample=40, n_genes=3000).adata
    >>> cs.tl.balance(adata, sample_key="sample", n_draws=100)
    >>> ax = cs.pl.balance(adata)
    >>> len(ax.get_yticks())  # a row a sample
    4
    """
    rows = rows_of(adata, which, key=key, samples=samples)
    if len(rows) > max_rows:
        raise UsageError(
            f"{len(rows)} samples are more rows than max_rows={max_rows}; pass samples= some of"
            " them, or a larger max_rows."
        )
    groups = None
    if groupby is not None:
        groups = _samples.groups_of(adata, groupby, list(rows.index), key=key)
    rows = ordered(rows, groups)
    groups = None if groups is None else groups.loc[rows.index]
    return _draw(rows, groups, which, _samples.relative(adata, key=key), ax)


def rows_of(
    adata: AnnData, which: str, /, *, key: str, samples: Sequence[str] | None
) -> pd.DataFrame:
    """Value, ends, state (a verdict), reason, arms and text of every sample asked for."""
    if which not in COLUMNS:
        raise UsageError(f'which={which!r}; expected "usual", "context" or "adjusted".')
    value, low, high, verdict = COLUMNS[which]
    needs = [value, low, high, verdict, "reason", "anti", "pro", "driver", "p_above_zero"]
    table = _samples.table_of(adata, "balance", key=key, needs=needs)
    _refuse_unadjusted(adata, table, which, key)
    table = table.loc[_samples.chosen(list(table.index), samples)]
    rows = table[["anti", "pro"]].astype(np.float64)
    rows["value"], rows["low"], rows["high"] = table[value], table[low], table[high]
    rows["state"] = table[verdict].astype(str)
    if which == "adjusted":
        above, below = rows["low"] > 0, rows["high"] < 0
        side = np.select([above, below], ["anti-tumour", "pro-tumour"], "indeterminate")
        rows["state"] = np.where(rows["state"] == LACKING, LACKING, side)
    odd = rows.index[~rows["state"].isin(list(_colours.VERDICTS))]
    if len(odd):
        raise DataError(
            f"uns[{key!r}]['balance']: sample {odd[0]!r} has the verdict"
            f" {rows.loc[odd[0], 'state']!r}; expected one of"
            f" {', '.join(_colours.VERDICTS)}. Run cs.tl.balance again."
        )
    rows["reason"] = table["reason"].astype(str)
    rows.loc[rows["value"].isna() & (rows["reason"] == ""), "reason"] = "no value is stored"
    rows["text"] = [
        _text(str(name), row, of, which)
        for (name, row), (_, of) in zip(rows.iterrows(), table.iterrows(), strict=True)
    ]
    return rows


def ordered(rows: pd.DataFrame, groups: pd.Series[Any] | None, /) -> pd.DataFrame:
    """By group, then from the highest value to the lowest, those without one last."""
    keyed = rows.assign(_group=0 if groups is None else groups.cat.codes)
    order = keyed.sort_values(
        ["_group", "value"], ascending=[True, False], na_position="last", kind="stable"
    )
    return rows.loc[order.index]


def _refuse_unadjusted(adata: AnnData, table: pd.DataFrame, which: str, key: str) -> None:
    if which != "adjusted" or table["balance_adjusted"].notna().any():
        return
    why = _stored.parameter(adata, "balance", "not_adjusted", key=key)
    raise UsageError(
        "which='adjusted': no sample has an adjusted balance"
        + (f" ({why})." if why else " (adjusted_for is none).")
        + " cs.tl.balance(adjust=...) needs 10 reference samples or more, in which the programmes"
        " are measured and vary; its warning names what was missing."
    )


def _text(name: str, row: pd.Series[Any], of: pd.Series[Any], which: str) -> str:
    """What the mark of a sample says."""
    if np.isnan(row["value"]):
        return _words.sentences([f"{name}: no balance", row["reason"]])
    said = f"balance {_words.interval(row['value'], row['low'], row['high'])}"
    if which == "adjusted":
        return _words.sentences([f"{name}: adjusted {said}", HELD[row["state"]]])
    if which == "context":
        rules = str(of.get("rules", "")).replace(";", ",")
        told = f"rules that hold: {rules}" if rules else "no rule holds"
        return _words.sentences([f"{name}: {row['state']}", f"{said} in context", told])
    arms = (
        f"arm against the tumour {_words.number(row['anti'])}, for it {_words.number(row['pro'])}"
    )
    return _words.sentences(
        [
            f"{name}: {row['state']}",
            row["reason"],
            said,
            f"{of['p_above_zero']:.0%} of draws above 0",
            arms,
            f"driver {of['driver']}" if of["driver"] else "",
        ]
    )


def _draw(
    rows: pd.DataFrame,
    groups: pd.Series[Any] | None,
    which: str,
    relative: Relative,
    ax: Axes | None,
) -> Axes:
    from cytosig.pl import _blocks, _intervals
    from cytosig.pl._ticks import LONGEST, name_places

    names = [str(name) for name in rows.index]
    n, beside = len(names), _axes.LETTER * min(max(map(len, names)), LONGEST)
    ax = _axes.axes_or_new(
        ax,
        width=4.6 + beside + (0.0 if groups is None else 1.2),
        height=1.9 + _axes.extent(n, widest=0.3, narrowest=0.11, most=16),
    )
    _intervals.rows(ax, n)
    arms = rows[["anti", "pro"]] * [1, -1] if which == "usual" else rows[[]]
    ends = np.append(rows["low"], arms.min(axis=1)), np.append(rows["high"], arms.max(axis=1))
    values = np.append(rows["value"], arms.mean(axis=1))
    ax.set_xlim(*_intervals.span(values, *ends, middle=0.0))
    size = name_places(ax.yaxis, names)
    ax.axvline(0, color=_colours.INK, linewidth=0.8, zorder=1.5)
    if groups is not None:
        _blocks.strip(ax, groups, size)
    _axes.settle(ax)
    _arms(ax, arms)
    cut = _marks(ax, rows, size)
    words = _frame.leaning(ax)
    lines = [*_said(which, relative), "an arrow: the interval goes on" if cut else ""]
    _frame.beneath(ax, words, lines)
    _frame.key_above(ax, _handles(rows, which))
    return ax


def _arms(ax: Axes, arms: pd.DataFrame, /) -> None:
    """What each arm adds: against the tumour in the upper half of a row, for it in the lower."""
    for name, offset, colour in (("anti", -0.5, _colours.ANTI), ("pro", 0.5, _colours.PRO)):
        if name in arms:
            places = np.arange(len(arms)) + offset * ARM
            ax.barh(places, arms[name].fillna(0), height=ARM, color=colour, alpha=FAINT, zorder=1)


def _marks(ax: Axes, rows: pd.DataFrame, size: float, /) -> bool:
    """One point a sample with its interval; whether an interval goes on beyond the axes."""
    from cytosig.pl import _intervals

    places = np.arange(len(rows), dtype=np.float64)
    there = rows["value"].notna().to_numpy()
    colours = [_colours.VERDICTS[state] for state in rows["state"]]
    low, high = rows["low"].to_numpy(), rows["high"].to_numpy()
    cut = _intervals.whiskers(ax, places, low, high, colours)
    if there.any():
        marks = ax.scatter(
            rows["value"][there], places[there], s=_intervals.diameter(ax) ** 2, zorder=3,
            c=[colour for colour, is_there in zip(colours, there, strict=True) if is_there],
            linewidths=0,
        )  # fmt: skip
        _tips.attach(marks, rows["text"][there])
    if not there.all():
        gone = rows[~there]
        _intervals.without_value(ax, places[~there], list(gone["reason"]), list(gone["text"]), size)
    return cut


def _said(which: str, relative: Relative, /) -> list[str]:
    about = {
        "usual": "Pale bars: what each arm adds (upper: against the tumour, lower: for it).",
        "context": "Roles under the context rules that hold in each sample.",
        "adjusted": f"Content held constant ({', '.join(relative.held) or 'as asked'}):"
        " a sensitivity analysis.",
    }
    return [
        f"Point: balance with its {relative.level:.0%} interval, relative to {relative.to}."
        " A score, no probability of response.",
        about[which],
    ]


def _handles(rows: pd.DataFrame, which: str, /) -> list[Patch | Line2D]:
    """Each verdict that is there, with the number of samples."""
    from matplotlib.lines import Line2D

    counts = rows["state"].value_counts()
    found: list[Patch | Line2D] = []
    for state, colour in _colours.VERDICTS.items():
        if state in counts:
            hollow = state == LACKING
            words = HELD.get(state, state) if which == "adjusted" else state
            found.append(
                Line2D(
                    [], [], marker="o", markersize=5, linewidth=0 if hollow else 1.2,
                    color=_colours.UNDECIDED if hollow else colour,
                    markerfacecolor="white" if hollow else colour,
                    label=f"{words} ({counts[state]})",
                )
            )  # fmt: skip
    return found
