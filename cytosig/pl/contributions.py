"""What every cytokine adds to the balance of one sample."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from cytosig._errors import DataError, UsageError
from cytosig.pl import _axes, _colours, _frame, _grades, _samples, _stored, _tips, _words

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    from cytosig.pl._samples import Relative

TABLES = {"cytokine": "balance_contributions", "axis": "balance_axes"}
SAME = 1e-6  # how far a sum may lie from the stored balance
HEIGHT = 0.7
_NUMBERS = 1.8  # inches of axes in which there is room for numbers
NEEDS = ("balance", "ci_low", "ci_high", "verdict", "reason")


class Step(NamedTuple):
    """One bar: from where the bars above end to where it ends."""

    name: str
    start: float
    end: float
    grade: str
    text: str


def contributions(
    adata: AnnData,
    *,
    sample: str,
    key: str = "cytosig",
    by: Literal["cytokine", "axis"] = "cytokine",
    n: int = 12,
    ax: Axes | None = None,
) -> Axes:
    """Show how contributions add up to the balance of one sample.

    Bars from the largest contribution to the smallest, each beginning where the one above ends;
    what is left is pooled, and the last bar is the balance with its interval. Cytokines graded C
    or D are faded and hatched.

    Parameters
    ----------
    adata
        With the tables of ``cs.tl.balance``.
    sample
        A sample of it.
    key
        ``key_added`` of that run.
    by
        ``"cytokine"``, or ``"axis"``: cytokines that answer alike as one.
    n
        So many bars; the others are pooled as ``other``.
    ax
        Axes to draw on, best of a figure with ``layout="constrained"``; those of a new pyplot
        figure when None.

    Returns
    -------
    The axes, the largest contribution on top.

    Raises
    ------
    UsageError
        When there is no balance under ``key``, it has no such sample, or the sample has none.
    DataError
        When contributions do not add up to the balance.

    Examples
    --------
    >>> import cytosig as cs
    >>> adata = cs.datasets.simulate_cohort(n_samples=4, cells_per_sample=40, n_genes=3000).adata
    >>> cs.tl.balance(adata, sample_key="sample", n_draws=100)
    >>> ax = cs.pl.contributions(adata, sample=adata.obs["sample"].iloc[0], n=5)
    >>> len(ax.containers[0])  # five, the others, and the balance
    7
    """
    if by not in TABLES:
        raise UsageError(f'by={by!r}; expected "cytokine" or "axis".')
    if n < 1:
        raise UsageError(f"n={n}: expected 1 or more.")
    table = _samples.table_of(adata, "balance", key=key, needs=NEEDS)
    sample = str(sample)
    _samples.check_sample(sample, list(table.index), argument="sample")
    row: Any = table.loc[sample]
    if np.isnan(row["balance"]):
        raise UsageError(f"sample={sample!r} has no balance: {row['reason']}.")
    parts = _samples.table_of(adata, TABLES[by], key=key, needs=())
    if sample not in parts.index:
        raise DataError(
            f"uns[{key!r}][{TABLES[by]!r}] has no sample {sample!r}. Run cs.tl.balance."
        )
    own: Any = parts.loc[sample].astype(np.float64)
    about = _stored.tool_table(adata, "balance_cytokines", key=key, run=_samples.RUN)
    steps = steps_of(own, float(row["balance"]), about, by=by, n=n)
    return _draw(steps, row, _samples.relative(adata, key=key), by, ax)


def steps_of(
    own: pd.Series[float], balance: float, about: pd.DataFrame, /, *, by: str, n: int
) -> list[Step]:
    """From the largest to the smallest, then what is left; the last one ends at the balance."""
    own = own[own.notna()]
    total = float(own.sum())
    if not abs(total - balance) <= SAME * max(1.0, float(own.abs().sum())):
        raise DataError(
            f"The contributions of sample {own.name!r} add up to {total:.6g}, and its balance is"
            f" {balance:.6g}: the tables are of different runs. Run cs.tl.balance again."
        )
    own = own.loc[own.abs().sort_values(ascending=False, kind="stable").index]
    shown, rest = own.iloc[:n], own.iloc[n:]
    ends = np.append(shown.cumsum().to_numpy(), balance)
    if not len(rest):
        ends = np.append(ends[:-2], balance)
    names = [str(name) for name in shown.index]
    words = {name: _about(name, float(shown[name]), about, by) for name in names}
    if len(rest):
        names.append(f"other ({len(rest)})")
        sum_ = f"{len(rest)} others together: {_words.number(float(rest.sum()))}"
        most = ", ".join(f"{name} {_words.number(value)}" for name, value in rest.iloc[:5].items())
        words[names[-1]] = ("", _words.sentences([sum_, f"largest: {most}"]))
    starts = np.append(0.0, ends[:-1])
    return [
        Step(name, float(start), float(end), *words[name])
        for name, start, end in zip(names, starts, ends, strict=True)
    ]


def _about(name: str, value: float, about: pd.DataFrame, by: str) -> tuple[str, str]:
    """Grade of a cytokine, and what its bar says."""
    side = "against the tumour" if value > 0 else "for the tumour" if value < 0 else "neither way"
    added = f"{name}: {_words.number(value)}, {side}"
    if by == "axis":
        members = [str(id) for id in about.index[(about["axis"] == name).to_numpy()]]
        return "", _words.sentences([added, f"its cytokines: {', '.join(members)}"])
    if name not in about.index:
        return "", added
    row: Any = about.loc[name]
    grade = str(row["grade"])
    return grade, _words.sentences(
        [
            added,
            f"role {_words.number(float(row['role']))} ({row['kind']}, {row['confidence']}"
            " confidence)",
            f"axis {row['axis']}",
            f"grade {grade}" if grade else "",
        ]
    )


def _draw(
    steps: list[Step], row: pd.Series[Any], relative: Relative, by: str, ax: Axes | None
) -> Axes:
    from cytosig.pl import _intervals
    from cytosig.pl._ticks import LONGEST, name_places, plain

    names = [*(_grades.labelled(step.name, step.grade) for step in steps), "balance"]
    ax = _axes.axes_or_new(
        ax,
        width=4.4 + _axes.LETTER * min(max(map(len, names)), LONGEST),
        height=1.9 + _axes.extent(len(names), widest=0.27, narrowest=0.13, most=14),
    )
    _intervals.rows(ax, len(names))
    low, high = float(row["ci_low"]), float(row["ci_high"])
    ends = np.array([step.end for step in steps])
    size = name_places(ax.yaxis, names)
    _axes.settle(ax)
    ax.set_xlim(*_room(ax, np.append(ends, [low, high])))
    ax.axvline(0, color=_colours.INK, linewidth=0.8, zorder=1.5)
    balance = float(row["balance"])
    text = f"{row.name}: {row['verdict']}, balance {_words.interval(balance, low, high)}"
    _bars(ax, [*steps, Step("balance", 0.0, balance, "", text)], str(row["verdict"]))
    last = np.array([float(len(steps))])
    _intervals.whiskers(ax, last, np.array([low]), np.array([high]), [_colours.INK])
    ax.axhline(len(steps) - 0.5, color=_colours.PALE, linewidth=0.8, zorder=0.5)
    _numbers(ax, steps, min(size, 7.0))
    _frame.beneath(ax, _frame.leaning(ax, "what it adds"), _said(relative, by))
    _frame.key_above(ax, _handles(steps, str(row["verdict"])), title=plain(str(row.name)))
    return ax


def _room(ax: Axes, ends: np.ndarray[tuple[int], np.dtype[np.float64]], /) -> tuple[float, float]:
    """Limits that leave room for a number on either side of the bars."""
    first, last = min(float(ends.min()), 0.0), max(float(ends.max()), 0.0)
    share = min(0.55 / _frame.inches(ax), 0.25)
    margin = share * (last - first) / (1 - 2 * share) or 1.0
    return first - margin, last + margin


def _bars(ax: Axes, steps: list[Step], verdict: str, /) -> None:
    """Bars with a thin line from the end of each to the next."""
    bars = ax.barh(
        np.arange(len(steps)), [step.end - step.start for step in steps], height=HEIGHT,
        left=[step.start for step in steps], zorder=2, linewidth=0,
        color=[_colours.of_sign(step.end - step.start) for step in steps],
    )  # fmt: skip
    for bar, step in zip(bars, steps, strict=True):
        _grades.mark(bar, step.grade)
        _tips.attach(bar, [step.text])
    bars[-1].set_facecolor(_colours.VERDICTS.get(verdict, _colours.UNDECIDED))
    for place, step in enumerate(steps[:-2]):
        rows = (place + HEIGHT / 2, place + 1 - HEIGHT / 2)
        ax.vlines(step.end, *rows, color=_colours.UNDECIDED, linewidth=0.7, zorder=1.8)


def _numbers(ax: Axes, steps: list[Step], size: float, /) -> None:
    """What each bar adds, at its end and to the same decimal; nothing where rows are too low."""
    from cytosig.pl._ticks import LINE, pitch

    if pitch(ax.yaxis) < size * LINE or _frame.inches(ax) < _NUMBERS:
        return
    largest = max(abs(step.end - step.start) for step in steps)
    decimals = _words.decimals_for(largest, digits=3)
    for place, step in enumerate(steps):
        right = step.end >= step.start
        ax.annotate(
            _words.decimal(step.end - step.start, decimals), (step.end, place),
            xytext=(2 if right else -2, 0), textcoords="offset points",
            ha="left" if right else "right", va="center", fontsize=size, color=_colours.INK,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.2}, zorder=1.9,
        )  # fmt: skip


def _said(relative: Relative, by: str, /) -> list[str]:
    what = "cytokine" if by == "cytokine" else "axis"
    return [
        f"Each bar begins where the one above ends: what the {what} adds (role × vote × activity)."
        f" They add up to the balance; line: its {relative.level:.0%} interval.",
        f"Relative to {relative.to}. A score, no probability of response.",
    ]


def _handles(steps: list[Step], verdict: str, /) -> list[Patch | Line2D]:
    from matplotlib.patches import Patch

    found: list[Patch | Line2D] = [
        Patch(facecolor=_colours.ANTI, label="against the tumour"),
        Patch(facecolor=_colours.PRO, label="for it"),
    ]
    colour = _colours.VERDICTS.get(verdict, _colours.UNDECIDED)
    found.append(Patch(facecolor=colour, label=f"balance: {verdict}"))
    if any(_grades.is_weak(step.grade) for step in steps):
        found.append(_grades.handle(_colours.ANTI, "grade C or D"))
    return found
