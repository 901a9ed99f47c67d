"""How far the balance of a sample hangs on its context, or on one cytokine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from cytosig._errors import UsageError
from cytosig.pl import _axes, _colours, _frame, _samples, _tips, _words

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from anndata import AnnData
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    from cytosig.pl._samples import Relative

NEEDS = (
    "balance", "verdict", "reason", "balance_context", "verdict_context", "balance_least",
    "balance_most", "rules",
)  # fmt: skip
OPEN = "#a6a6a6"  # the band of a sample that may lean either way
BAND = 0.56  # height of a band, of a row
PALER = 0.4


def balance_context(
    adata: AnnData,
    *,
    key: str = "cytosig",
    samples: Sequence[str] | None = None,
    cytokine: str | None = None,
    by: Literal["role", "dose"] = "role",
    max_rows: int = 200,
    ax: Axes | None = None,
) -> Axes:
    """Show the range of every balance over contexts, or the balance along one cytokine.

    Without ``cytokine`` a row a sample, the highest balance on top: a band from the least to the
    most favourable context, a point at the usual roles and a diamond under the rules that hold.
    Bands that hold 0 are grey: which way those samples lean hangs on a context nobody gave.

    With ``cytokine`` a line a sample: the balance at every role or dose of it, with the value at
    which its sign turns on the zero line. One sample has its interval, many are pale with their
    median.

    Parameters
    ----------
    adata
        With the tables of ``cs.tl.balance``; for ``cytokine`` run with ``sweep=[cytokine]``.
    key
        ``key_added`` of that run.
    samples
        Show these; all when None.
    cytokine
        A cytokine that was swept.
    by
        ``"role"`` (from −1 to 1), or ``"dose"``: more or less of its activity, in standard
        deviations over the reference.
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
        When there is no balance under ``key``, the cytokine was not swept, a name is not there,
        or there are too many rows.

    Examples
    --------
    >>> import cytosig as cs
    >>> adata = cs.datasets.simulate_cohort(n_samples=4, cells_per_sample=40, n_genes=3000).adata
    >>> cs.tl.balance(adata, sample_key="sample", n_draws=100)
    >>> ax = cs.pl.balance_context(adata)
    >>> len(ax.get_yticks())  # a row a sample
    4
    """
    relative = _samples.relative(adata, key=key)
    if cytokine is not None:
        from cytosig.pl import _sweep

        swept = _sweep.swept(adata, cytokine, by, key=key, samples=samples)
        return _sweep.draw(swept, relative, ax)
    table = _samples.table_of(adata, "balance", key=key, needs=NEEDS)
    table = table.loc[_samples.chosen(list(table.index), samples)]
    if len(table) > max_rows:
        raise UsageError(
            f"{len(table)} samples are more rows than max_rows={max_rows}; pass samples= some of"
            " them, or a larger max_rows."
        )
    table = table.sort_values("balance", ascending=False, na_position="last", kind="stable")
    return _draw(table, relative, ax)


def _draw(table: pd.DataFrame, relative: Relative, ax: Axes | None) -> Axes:
    from cytosig.pl import _intervals
    from cytosig.pl._ticks import LONGEST, name_places

    names = [str(name) for name in table.index]
    n = len(names)
    ax = _axes.axes_or_new(
        ax,
        width=4.6 + _axes.LETTER * min(max(map(len, names)), LONGEST),
        height=1.9 + _axes.extent(n, widest=0.3, narrowest=0.11, most=16),
    )
    _intervals.rows(ax, n)
    low, high = (table[name].to_numpy(np.float64) for name in ("balance_least", "balance_most"))
    usual, held = (table[name].to_numpy(np.float64) for name in ("balance", "balance_context"))
    ax.set_xlim(*_intervals.all_of(low, high, usual, held, middle=0.0))
    size = name_places(ax.yaxis, names)
    _axes.settle(ax)
    ax.axvline(0, color=_colours.INK, linewidth=0.8, zorder=1.5)
    either = (low < 0) & (high > 0)
    places = np.arange(n, dtype=np.float64)
    there = ~np.isnan(usual)
    texts = [_text(str(name), row) for name, row in table.iterrows()]
    _bands(ax, places, low, high, either, texts)
    _marks(ax, table, places, texts)
    if not there.all():
        gone = [text for text, is_there in zip(texts, there, strict=True) if not is_there]
        _intervals.without_value(ax, places[~there], list(table["reason"][~there]), gone, size)
    _frame.beneath(ax, _frame.leaning(ax), _said(int(either.sum()), int(there.sum()), relative))
    _frame.key_above(ax, _handles())
    return ax


def _bands(
    ax: Axes, places: Any, low: Any, high: Any, either: Any, texts: Sequence[str], /
) -> None:
    """From the least to the most favourable context; those that cross are cut by no colour."""
    for place, least, most, crosses, text in zip(places, low, high, either, texts, strict=True):
        if np.isnan(least) or np.isnan(most):
            continue
        colour = OPEN if crosses else _colours.of_sign(least + most)
        (bar,) = ax.barh(
            place, most - least, left=least, height=BAND, color=colour,
            alpha=PALER, zorder=1, linewidth=0,
        )  # fmt: skip
        _tips.attach(bar, [text])


def _marks(ax: Axes, table: pd.DataFrame, places: Any, texts: Sequence[str], /) -> None:
    """A point at the usual roles, a diamond in context, coloured by the verdict of each."""
    from cytosig.pl import _intervals

    size = _intervals.diameter(ax)
    for value, verdict, marker, filled in (
        ("balance_context", "verdict_context", "D", False),
        ("balance", "verdict", "o", True),
    ):
        there = table[value].notna().to_numpy()
        states = table[verdict][there]
        colours = [_colours.VERDICTS.get(str(s), _colours.UNDECIDED) for s in states]
        marks = ax.scatter(
            table[value][there], places[there], marker=marker,
            s=(0.8 * size if filled else 1.1 * size) ** 2,
            facecolors=colours if filled else "none", edgecolors=colours,
            linewidths=0.0 if filled else max(0.6, size / 6),
            zorder=3 if filled else 3.5,
        )  # fmt: skip
        _tips.attach(marks, [t for t, is_there in zip(texts, there, strict=True) if is_there])


def _text(name: str, row: pd.Series[Any]) -> str:
    """What the marks of a sample say."""
    if np.isnan(row["balance"]):
        return _words.sentences([f"{name}: no balance", str(row["reason"])])
    low, high = float(row["balance_least"]), float(row["balance_most"])
    rules = str(row["rules"]).replace(";", ",")
    return _words.sentences(
        [
            f"{name}: {row['verdict']} at the usual roles, {_words.number(row['balance'])}",
            f"{row['verdict_context']} in context, {_words.number(row['balance_context'])}",
            f"{_words.number(low)} to {_words.number(high)} over contexts",
            "may lean either way" if low < 0 < high else "leans one way in all of them",
            f"rules that hold: {rules}" if rules else "no rule holds",
        ]
    )


def _said(n_either: int, n: int, relative: Relative, /) -> list[str]:
    return [
        "Band: the balance from the least to the most favourable context, if any of the undecided"
        " rules held as well; grey: it may lean either way. No sampling error: the interval of the"
        " usual balance is in cs.pl.balance.",
        f"{n_either} of {n} samples may lean either way. Relative to {relative.to}."
        " A score, no probability of response.",
    ]


def _handles() -> list[Patch | Line2D]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    grey = _colours.UNDECIDED
    marks = {"usual roles": ("o", grey), "rules that hold": ("D", "none")}
    return [
        *(
            Line2D([], [], linewidth=0, marker=marker, markersize=5, color=grey,
                   markerfacecolor=fill, label=label)
            for label, (marker, fill) in marks.items()
        ),
        Patch(facecolor=OPEN, alpha=PALER, label="either way"),
        Patch(facecolor=_colours.ANTI, alpha=PALER, label="against the tumour"),
        Patch(facecolor=_colours.PRO, alpha=PALER, label="for it"),
    ]  # fmt: skip
