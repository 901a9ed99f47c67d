"""The balance along the role or the dose of one cytokine, and where it tips."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from cytosig._errors import UsageError
from cytosig._obs import names_of
from cytosig.pl import _axes, _colours, _frame, _samples, _stored, _tips, _words

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from anndata import AnnData
    from matplotlib.axes import Axes

    from cytosig.pl._samples import Relative

FEW = 8
"""Up to so many samples have a colour and a name each."""
_WIDE = 3.2  # inches of axes that have room for a long name
RUN = "cs.tl.balance(adata, sweep=[...])"


class Swept(NamedTuple):
    """Curves of one cytokine and kind."""

    cytokine: str
    by: str
    curves: pd.DataFrame
    tipping: dict[str, float]
    role: float
    lost: int


def swept(
    adata: AnnData,
    cytokine: str,
    by: Literal["role", "dose"],
    /,
    *,
    key: str,
    samples: Sequence[str] | None,
) -> Swept:
    """Read the curves of the samples asked for; those without a balance have none."""
    if by not in ("role", "dose"):
        raise UsageError(f'by={by!r}; expected "role" or "dose".')
    table = _stored.tool_table(adata, "balance_sweep", key=key, run=RUN)
    tipping = _stored.tool_table(adata, "balance_tipping", key=key, run=RUN)
    if cytokine not in set(table["cytokine"].astype(str)):
        there = names_of(table["cytokine"].astype(str).unique())
        raise UsageError(
            f"cytokine={cytokine!r} was not swept; {there} were. Run"
            f" cs.tl.balance(adata, sweep=[{cytokine!r}])."
        )
    known = tipping["sample"].astype(str)
    wanted = _samples.chosen(list(known.unique()), samples)
    own = (table["cytokine"].astype(str) == cytokine) & (table["kind"].astype(str) == by)
    curves = table[own & table["sample"].astype(str).isin(wanted)].copy()
    curves["sample"] = curves["sample"].astype(str)
    if curves.empty:
        raise UsageError(f"samples: none of {names_of(wanted[:5])} has a balance to draw.")
    drawn = [name for name in wanted if name in set(curves["sample"])]
    points = tipping[tipping["cytokine"].astype(str) == cytokine]
    at = dict(zip(points["sample"].astype(str), points[f"tipping_{by}"].astype(float), strict=True))
    where = {name: at[name] for name in drawn}
    role = float(points["role"].iloc[0])
    return Swept(cytokine, by, curves, where, role, len(wanted) - len(drawn))


def draw(swept: Swept, relative: Relative, ax: Axes | None) -> Axes:
    """Lines of samples, tipping points on the zero line, and what is usual."""
    ax = _axes.axes_or_new(ax, width=5.2, height=4.4)
    usual = swept.role if swept.by == "role" else 0.0
    ax.axhline(0, color=_colours.INK, linewidth=0.8, zorder=1.5)
    ax.axvline(usual, color=_colours.UNDECIDED, linewidth=0.8, linestyle="--", zorder=1.5)
    names = list(swept.tipping)
    if len(names) <= FEW:
        _few(ax, swept, names)
    else:
        _many(ax, swept, names)
    values = swept.curves["value"]
    ax.set_xlim(float(values.min()), float(values.max()))
    ax.margins(y=0.06)
    outside = _tips_over(ax, swept, names)
    ax.set_ylabel("balance  (against the tumour ↑)", fontsize=_frame.NAME)
    ax.tick_params(axis="y", labelsize=_frame.TICK)
    ax.spines[["top", "right"]].set_visible(False)
    _axes.settle(ax)
    _frame.beneath(ax, _name(swept, _frame.inches(ax) > _WIDE), _said(swept, relative, outside))
    return ax


def _few(ax: Axes, swept: Swept, names: list[str], /) -> None:
    from cytosig.pl._ticks import plain

    lines = []
    for place, (name, own) in enumerate(_of_each(swept, names)):
        colour = _colours.of_group(place)
        (line,) = ax.plot(
            own["value"], own["balance"], color=colour, linewidth=1.4, label=plain(name, 20),
            marker=_colours.marker_of(place), markevery=5, markersize=4, zorder=2.5,
        )  # fmt: skip
        _tips.attach(line, [_text(swept, name)])
        lines.append(line)
        if len(names) == 1:
            ax.fill_between(
                own["value"], own["ci_low"], own["ci_high"], color=colour, alpha=0.2, linewidth=0
            )
    _frame.key_above(ax, lines)


def _many(ax: Axes, swept: Swept, names: list[str], /) -> None:
    """Pale lines, and the median of them at every value."""
    for name, own in _of_each(swept, names):
        (line,) = ax.plot(
            own["value"], own["balance"], color=_colours.UNDECIDED, linewidth=0.7, alpha=0.45
        )
        _tips.attach(line, [_text(swept, name)])
    middle = swept.curves.groupby("value")["balance"].median()
    label = f"median of {len(names)} samples (descriptive)"
    (line,) = ax.plot(
        middle.index, middle, color=_colours.INK, linewidth=2.2, zorder=2.6, label=label
    )
    _tips.attach(line, [label])
    _frame.key_above(ax, [line])


def _of_each(swept: Swept, names: list[str], /) -> list[tuple[str, pd.DataFrame]]:
    parts = dict(iter(swept.curves.sort_values("value").groupby("sample")))
    return [(name, parts[name]) for name in names]


def _tips_over(ax: Axes, swept: Swept, names: list[str], /) -> int:
    """A mark where each line crosses 0; how many do so beyond the axes."""
    first, last = ax.get_xlim()
    inside = [name for name in names if first <= swept.tipping[name] <= last]
    at = [swept.tipping[name] for name in inside], np.zeros(len(inside))
    if len(names) <= FEW:
        edges = [_colours.of_group(names.index(name)) for name in inside]
        marks = ax.scatter(
            *at, s=36, facecolors="white", edgecolors=edges, linewidths=1.2, zorder=3.5
        )
    else:
        marks = ax.scatter(*at, s=60, marker="|", color=_colours.INK, linewidths=1.2, zorder=3.5)
    _tips.attach(marks, [_text(swept, name) for name in inside])
    known = [name for name in names if not np.isnan(swept.tipping[name])]
    return len(known) - len(inside)


def _text(swept: Swept, name: str, /) -> str:
    at, usual = swept.tipping[name], _words.number(swept.role)
    if np.isnan(at):
        none = "no role from −1 to 1 turns it" if swept.by == "role" else "no dose turns it"
        return f"{name}: {none}"
    if swept.by == "role":
        return f"{name}: tips at a role of {_words.number(at)} of {swept.cytokine} (usual {usual})"
    return f"{name}: tips with {_words.number(at)} SD of {swept.cytokine} more"


def _name(swept: Swept, wide: bool, /) -> str:
    what = {
        "role": ("role of", "(−1 for the tumour, +1 against it)"),
        "dose": ("SD of", "more than measured"),
    }
    before, after = what[swept.by]
    return f"{before} {swept.cytokine}  {after}" if wide else f"{before} {swept.cytokine}"


def _said(swept: Swept, relative: Relative, outside: int, /) -> list[str]:
    n = len(swept.tipping)
    tipped = sum(not np.isnan(at) for at in swept.tipping.values())
    mark = "Circle" if n <= FEW else "Stroke"
    turns = "no role from −1 to 1" if swept.by == "role" else "no dose"
    others = f"; {turns} turns the others" if tipped < n else ""
    found = [
        f"{mark} on the zero line: where the balance of a sample tips ({tipped} of"
        f" {n}{others})." + (f" {outside} tip beyond what is shown." if outside else ""),
        f"Dashed: the usual {'role' if swept.by == 'role' else 'dose'}. Relative to {relative.to}."
        " A score, no probability of response.",
    ]
    if n == 1:
        found.insert(1, f"Band: {relative.level:.0%} interval.")
    if swept.lost:
        found.append(f"{swept.lost} without a balance are not drawn.")
    return found
