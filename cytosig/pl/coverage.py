"""How much of each signature the data hold, as bars."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np

from cytosig._errors import DataError
from cytosig.pl import _axes, _grades, _stored

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData
    from matplotlib.axes import Axes
    from matplotlib.container import BarContainer

COLOURS = {"A": "#08519c", "B": "#4292c6", "C": "#4292c6", "D": "#4292c6", "": "#737373"}
WARN = "#b30000"
_REASON = 40  # letters of a reason


def coverage(adata: AnnData, *, key: str = "cytosig", ax: Axes | None = None) -> Axes:
    """Show the share of every signature's weight that the data hold.

    One bar a signature, coloured by its evidence grade: A and B solid, C and D faded and
    hatched, grey where there is none. The dashed line is the share below which nothing was
    scored; bars without filling are signatures that were not scored, with the reason.

    Parameters
    ----------
    adata
        Scored by ``cs.tl.score``.
    key
        ``key_added`` of the scoring run.
    ax
        Axes to draw on, best of a figure with ``layout="constrained"``; those of a new pyplot
        figure when None.

    Returns
    -------
    The axes, signatures from top to bottom in the order of the catalogue.

    Raises
    ------
    UsageError
        When nothing was scored under ``key``.

    Examples
    --------
    >>> import cytosig as cs
    >>> adata = cs.datasets.oligodendroglioma()
    >>> mine = {"EARLY": ["FOS", "JUN", "EGR1", "IER2", "DUSP1"], "HEAT": ["HSPA8", "HSPB0"]}
    >>> cs.tl.score(adata, signatures=mine, n_jobs=1)
    >>> ax = cs.pl.coverage(adata)
    >>> ax.texts[0].get_text()
    'only 1 of its genes in the data'
    """
    from cytosig.pl._ticks import LONGEST, name_places

    table = _stored.coverage_table(adata, key=key)
    least = _stored.min_coverage(adata, key=key)
    if table.empty:
        raise DataError(f"uns[{key!r}]['coverage'] has no rows; score again.")
    names = [
        _grades.labelled(str(id), grade)
        for id, grade in zip(table.index, table["grade"], strict=True)
    ]
    ax = _axes.axes_or_new(
        ax,
        width=4.8 + _axes.LETTER * min(max(map(len, names)), LONGEST),
        height=1.5 + _axes.extent(len(names), widest=0.3, narrowest=0.15, most=16),
    )
    bars = ax.barh(np.arange(len(names)), table["coverage"], height=0.75)
    ax.set_xlim(0, 1)
    ax.set_ylim(len(names) - 0.4, -0.6)
    size = name_places(ax.yaxis, names)
    _style(bars, table)
    if least is not None:
        ax.axvline(least, color="black", linestyle="--", linewidth=1)
    _reasons(ax, table, least or 0.0, size)
    ax.xaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    ax.set_xlabel("share of the signature's weight found in the data")
    ax.spines[["top", "right"]].set_visible(False)
    _legend(ax, table, least)
    return ax


def _style(bars: BarContainer, table: pd.DataFrame, /) -> None:
    for bar, grade, reason in zip(bars, table["grade"], table["reason"], strict=True):
        bar.set_facecolor(COLOURS.get(grade, COLOURS[""]))
        if reason:
            bar.set_facecolor("white")
        _grades.mark(bar, grade)
        if reason:
            bar.set_edgecolor(_grades.INK)
            bar.set_linewidth(0.8)


def _reasons(ax: Axes, table: pd.DataFrame, least: float, size: float, /) -> None:
    """Write why a signature is not scored: right of its bar, or on a long one."""
    for place, (share, reason) in enumerate(zip(table["coverage"], table["reason"], strict=True)):
        if reason:
            inside = max(share, least) > 0.5
            ax.text(
                share - 0.01 if inside else max(share, least) + 0.01,
                place,
                textwrap.shorten(reason.split(",")[0], _REASON, placeholder="…"),
                ha="right" if inside else "left",
                va="center",
                fontsize=size,
                color=WARN,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5} if inside else None,
            )


def _legend(ax: Axes, table: pd.DataFrame, least: float | None, /) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch
    from matplotlib.transforms import ScaledTranslation

    grades = set(table["grade"])
    handles: list[Patch | Line2D] = [
        Patch(facecolor=COLOURS[grade], label=f"grade {grade}") for grade in "AB" if grade in grades
    ]
    if any(map(_grades.is_weak, grades)):
        handles.append(_grades.handle(COLOURS["D"]))
    if "" in grades and len(grades) > 1:
        handles.append(Patch(facecolor=COLOURS[""], label="no grade"))
    if least is not None:
        note = f"minimum to be scored ({least:.0%})"
        handles.append(Line2D([], [], color="black", linestyle="--", linewidth=1, label=note))
    unscored = int((table["reason"] != "").sum())
    if unscored:
        note = f"not scored ({unscored})"
        handles.append(Patch(facecolor="white", edgecolor=_grades.INK, label=note))
    below = ScaledTranslation(0, -0.5, ax.figure.dpi_scale_trans)  # of the axis label, in inches
    ax.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(0, 0),
        bbox_transform=ax.transAxes + below,
        borderaxespad=0,
        borderpad=0,
        frameon=False,
        fontsize=7,
    )
