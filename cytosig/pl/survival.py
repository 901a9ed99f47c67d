"""Survival of samples split by a value, beside the test that did not split them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from cytosig._errors import DataError
from cytosig.pl import _axes, _colours, _followup, _frame, _stored, _tips, _words

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from anndata import AnnData
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

STYLES = ("-", "--", "-.", ":")
_TICK = 0.55  # inches from a number of the time axis to the next


class Group(NamedTuple):
    """Samples that are drawn as one curve."""

    name: str
    time: Array
    event: Array
    colour: str


def survival(
    adata: AnnData,
    *,
    survival: tuple[str, str] | None = None,
    by: str = "balance",
    split: Literal["sign", "median", "verdict"] = "sign",
    sample_key: str | None = None,
    compare_key: str = "compare",
    key: str = "cytosig",
    ax: Axes | None = None,
) -> Axes:
    """Show survival (Kaplan-Meier) of samples split by a value, with the Cox test that is stored.

    The split is for the eye. Where it is put decides how far curves part, so no p comes from it:
    the small print has the hazard ratio and p of the value as it is, if
    ``cs.tl.compare(survival=...)`` stored them, and says so if not. Strokes are samples censored,
    bands pointwise intervals, numbers below the axis those at risk.

    Parameters
    ----------
    adata
        With what ``by`` names, and the follow-up of every sample in ``obs``.
    survival
        Columns of ``obs`` with the time of follow-up and the event (1, or 0 for the end of
        follow-up); those of the stored comparison when None. Samples without either are left out
        and counted.
    by
        A column of the balance table, of the scores or of the axes. Scores of cells are
        averaged over each sample.
    split
        ``"sign"`` (above 0 or not), ``"median"``, or ``"verdict"`` (of the balance).
    sample_key
        Column of ``obs`` with the sample of each cell; that of the balance, or of the
        comparison, when None.
    compare_key
        ``key_added`` of the comparison.
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
        When a column is not there, or the follow-up holds no numbers.
    DataError
        When a column differs within a sample, times are not above 0, events are not 0 and 1, or
        no sample has a value and a follow-up.

    Examples
    --------
    >>> import anndata, pandas as pd
    >>> import cytosig as cs
    >>> obs = pd.DataFrame({"months": [3.0, 9, 4, 12], "died": [1, 0, 1, 1]}, index=list("abcd"))
    >>> adata = anndata.AnnData(obs=obs)
    >>> adata.obsm["cytosig_score"] = pd.DataFrame({"IFNG": [-1.0, 1, -2, 3]}, index=list("abcd"))
    >>> ax = cs.pl.survival(adata, survival=("months", "died"), by="IFNG")
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['IFNG > 0 (n = 2, 1 event)', 'IFNG ≤ 0 (n = 2, 2 events)']
    """
    columns = _followup.columns_of(adata, survival, compare_key, key)
    cells = sample_key or _followup.sample_key_of(adata, compare_key, key)
    values, verdicts, table = _followup.values_of(adata, by, cells, split, key)
    follow = _followup.follow_up(adata, columns, list(values.index), cells)
    known = values.notna() & follow.notna().all(axis=1)
    if not known.any():
        raise DataError(
            f"No sample has {by!r}, a time in obs[{columns[0]!r}] and an event in"
            f" obs[{columns[1]!r}]."
        )
    _followup.check(follow[known], columns)
    groups = _split(by, values[known], verdicts, follow[known], split, table)
    stored = _stored.parameter(adata, compare_key, "level", key=key)
    level = 0.95 if stored is None else float(stored)
    lost = int((~known).sum())
    lines = [
        _followup.test_of(adata, by, table, columns, compare_key, key),
        f"The split ({_followup.SPLITS[split]}) is for the eye only, and no p comes from it."
        f" Strokes: censored; bands: pointwise {level:.0%} intervals (log −log).",
        f"{lost} of {len(known)} samples lack the value or the follow-up, and are not drawn.",
    ]
    return _draw(groups, columns, lines if lost else lines[:2], level, ax)


def _split(
    by: str,
    values: pd.Series[Any],
    verdicts: pd.Series[Any] | None,
    follow: pd.DataFrame,
    split: str,
    table: str,
) -> list[Group]:
    """Groups from the highest values to the lowest; empty ones are left out."""
    if split == "verdict" and verdicts is not None:
        said = verdicts.loc[values.index]
        parts = [(v, said == v, c) for v, c in _colours.VERDICTS.items()]
        parts = [parts[k] for k in (0, 2, 1, 3)]
    else:
        middle = 0.0 if split == "sign" else float(values.median())
        leaning = table == "balance" and by.startswith("balance") and split == "sign"
        above, below = _colours.ANTI, _colours.PRO
        if not leaning:
            above, below = _colours.of_group(2), _colours.of_group(1)
        at = "0" if split == "sign" else f"median, {_words.number(middle)}"
        parts = [
            (f"{by} > {at}", values > middle, above),
            (f"{by} ≤ {at}", values <= middle, below),
        ]
    return [
        Group(
            name,
            follow.loc[chosen, "time"].to_numpy(),
            follow.loc[chosen, "event"].to_numpy(),
            colour,
        )
        for name, chosen, colour in parts
        if chosen.any()
    ]


def _draw(
    groups: Sequence[Group], columns: tuple[str, str], lines: list[str], level: float,
    ax: Axes | None,
) -> Axes:  # fmt: skip
    from matplotlib.ticker import MaxNLocator

    from cytosig.pl import _kaplan
    from cytosig.pl._ticks import plain

    ax = _axes.axes_or_new(ax, width=5.4, height=4.4)
    last = max(float(group.time.max()) for group in groups)
    handles = []
    for group, style in zip(groups, STYLES, strict=False):
        curve = _kaplan.curve_of(group.time, group.event, level=level)
        events, n = int(group.event.sum()), len(group.time)
        label = f"{group.name} (n = {n}, {events} event{'s' * (events != 1)})"
        line, strokes = _kaplan.draw(
            ax, curve, group.time, group.event, colour=group.colour, style=style,
            label=plain(label, 60),
        )  # fmt: skip
        half = "not reached" if np.isnan(curve.median) else f"{curve.median:.3g}"
        _tips.attach(line, [f"{label}; median {columns[0]} {half}"])
        gone = np.sort(group.time[group.event == 0])
        _tips.attach(strokes, [f"{group.name}: censored at {time:g}" for time in gone])
        handles.append(line)
    ax.set_ylim(0, 1.02)
    ax.set_xlim(0, last * 1.02)
    ax.set_ylabel("share surviving", fontsize=_frame.NAME)
    ax.tick_params(axis="y", labelsize=_frame.TICK)
    ax.spines[["top", "right"]].set_visible(False)
    _axes.settle(ax)
    steps = MaxNLocator(int(np.clip(_frame.inches(ax) / _TICK, 2, 6))).tick_values(0, last)
    ax.set_xticks([t for t in steps if 0 <= t <= last * 1.02])
    names = [plain(group.name, 20) for group in groups]
    gap = _kaplan.risk_rows(ax, [g.time for g in groups], names, [g.colour for g in groups])
    _frame.beneath(ax, plain(columns[0], 40), lines, gap=gap)
    _frame.key_above(ax, handles)
    return ax
