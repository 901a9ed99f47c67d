"""What blocking would change: scenarios by rank, alone or in pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from cytosig._errors import DataError, UsageError
from cytosig.pl import _axes, _colours, _frame, _scenarios, _talk, _tips

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from anndata import AnnData
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D


def blockade(
    adata: AnnData,
    *,
    kind: Literal["single", "pair"] = "single",
    n: int = 25,
    scenarios: Sequence[str] | None = None,
    context: bool = False,
    key: str = "cytosig",
    ax: Axes | None = None,
) -> Axes:
    """Show scenarios of blocking by rank, with intervals, or what any two of them do together.

    One by one: a row a scenario, the change of the balance with its interval. Blue is against the
    tumour, vermilion for it, open grey where the interval holds 0. Pairs: a symmetric matrix in
    the same colours with the scenarios by themselves on the diagonal; hatched where the interval
    holds 0, a triangle where the interval of the synergy does not.

    Parameters
    ----------
    adata
        With the tables of :func:`cytosig.tl.blockade`.
    kind
        ``"single"``, or ``"pair"`` for the matrix.
    n
        Most scenarios to draw, those that rank first.
    scenarios
        Draw these, whatever ``n``, in the order of their rank (for a matrix: its rows).
    context
        Add the effect under the context rules that hold; in a matrix, show that one.
    key
        ``key_added`` of the run.
    ax
        Axes to draw on, best of a figure with ``layout="constrained"``; those of a new pyplot
        figure when None.

    Returns
    -------
    The axes.

    Raises
    ------
    UsageError
        When there are no scenarios, or none of that name or kind.
    DataError
        When the table is not as the tool writes it, or no scenario has an effect.

    Examples
    --------
    >>> import anndata
    >>> import numpy as np
    >>> import pandas as pd
    >>> import cytosig as cs
    >>> row = {"name": "IL6R", "kind": "single", "effect": 0.04, "ci_low": 0.01, "ci_high": 0.07,
    ...        "effect_context": 0.05, "rank": 1.0, "note": "", "not_modelled": ""}
    >>> adata = anndata.AnnData(np.ones((1, 1)))
    >>> adata.uns["cytosig"] = {"blockade": pd.DataFrame([row])}
    >>> ax = cs.pl.blockade(adata)
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['IL6R']
    """
    table = _scenarios.read(adata, key=key)
    if kind not in ("single", "pair"):
        raise UsageError(f'kind={kind!r}; expected "single" or "pair".')
    if n < 1:
        raise UsageError(f"n={n}: expected 1 scenario or more.")
    singles = table[table["kind"] == "single"].sort_values("rank", kind="stable")
    if scenarios is not None:
        wanted = _talk.chosen(scenarios, list(singles["name"]), argument="scenarios")
        singles = singles[singles["name"].isin(wanted)]
    ranked = singles[singles["effect"].notna()]
    if scenarios is None and ranked.empty:
        raise DataError(f"None of {len(singles)} scenarios has an effect{_scenarios.why(singles)}.")
    shown = ranked if scenarios is not None else ranked.head(n)
    lines = _scenarios.said(adata, singles, shown, named=scenarios is not None, key=key)
    if kind == "pair":
        from cytosig.pl._pairs import matrix

        return matrix(table, shown, lines, context=context, ax=ax)
    gone = singles[singles["effect"].isna()] if scenarios is not None else singles.iloc[:0]
    return _draw(shown, gone, lines, context=context, ax=ax)


def _draw(
    shown: pd.DataFrame, gone: pd.DataFrame, lines: list[str], *, context: bool, ax: Axes | None
) -> Axes:
    import pandas as pd

    from cytosig.pl import _intervals
    from cytosig.pl._ticks import LONGEST, name_places

    rows = pd.concat([shown, gone]) if len(gone) else shown
    partly = _scenarios.partly(rows)
    names = [f"{name}{'*' * part}" for name, part in zip(rows["name"], partly, strict=True)]
    ax = _axes.axes_or_new(
        ax,
        width=4.6 + _axes.LETTER * min(max(map(len, names)), LONGEST),
        height=1.9 + _axes.extent(len(rows), widest=0.3, narrowest=0.15, most=14),
    )
    _intervals.rows(ax, len(rows))
    size = name_places(ax.yaxis, names)
    _axes.settle(ax)
    effect, low, high = (
        rows[c].to_numpy(dtype=np.float64) for c in ("effect", "ci_low", "ci_high")
    )
    also = rows["effect_context"].to_numpy(dtype=np.float64) if context else effect
    ax.set_xlim(*_intervals.all_of(effect, also, low, high, middle=0.0))
    ax.axvline(0, color=_colours.INK, linewidth=0.8, zorder=1.5)
    _marks(ax, rows, also if context else None, size)
    more = {
        "Diamonds: under the context rules that hold, without an interval.": context,
        "* in part: some of its targets are in no ligand or receptor form.": any(partly),
    }
    lines = [*lines, *(line for line, holds in more.items() if holds)]
    _frame.beneath(ax, _frame.leaning(ax, "change of the balance"), lines)
    _frame.key_above(ax, _handles(rows, context))
    return ax


def _marks(ax: Axes, rows: pd.DataFrame, also: Any, size: float, /) -> None:
    """Points with intervals."""
    from cytosig.pl import _intervals

    places = np.arange(len(rows), dtype=np.float64)
    colours = [_scenarios.COLOURS[one] for one in _scenarios.states(rows)]
    texts = [_scenarios.text_of(row) for _, row in rows.iterrows()]
    effect, low, high = (
        rows[c].to_numpy(dtype=np.float64) for c in ("effect", "ci_low", "ci_high")
    )
    there = ~np.isnan(effect)
    _intervals.whiskers(ax, places, low, high, colours)
    if also is not None:
        ax.scatter(
            also[there], places[there], marker="D", s=(0.9 * _intervals.diameter(ax)) ** 2,
            facecolors="none", edgecolors=_colours.INK, linewidths=0.8, zorder=3.5,
        )  # fmt: skip
    if there.any():
        at = np.flatnonzero(there).tolist()
        edges = [colours[k] for k in at]
        fills = [
            "white" if colour == _scenarios.COLOURS["undecided"] else colour for colour in edges
        ]
        drawn = ax.scatter(
            effect[there], places[there], s=_intervals.diameter(ax) ** 2, facecolors=fills,
            edgecolors=edges, linewidths=1.0, zorder=3,
        )  # fmt: skip
        _tips.attach(drawn, [texts[k] for k in at])
    if not there.all():
        at = np.flatnonzero(~there).tolist()
        notes = [rows["note"].iloc[k] or "no effect is stored" for k in at]
        _intervals.without_value(ax, places[~there], notes, [texts[k] for k in at], size)


def _handles(rows: pd.DataFrame, context: bool, /) -> list[Line2D]:
    from matplotlib.lines import Line2D

    states = _scenarios.states(rows[rows["effect"].notna()])
    words = {"against": "against the tumour", "for": "for it", "undecided": "interval holds 0"}
    if rows["ci_low"].isna().all():
        words["undecided"] = "without an interval"
    found = [
        Line2D(
            [], [], marker="o", markersize=5, linewidth=1.2, color=_scenarios.COLOURS[one],
            markerfacecolor="white" if one == "undecided" else _scenarios.COLOURS[one],
            label=f"{words[one]} ({states.count(one)})",
        )
        for one in _scenarios.COLOURS
        if one in states
    ]  # fmt: skip
    if context:
        found.append(
            Line2D([], [], marker="D", markersize=5, linewidth=0, markerfacecolor="none",
                   markeredgecolor=_colours.INK, label="in context")
        )  # fmt: skip
    return found
