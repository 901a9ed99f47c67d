"""Time and memory against the number of cells, as a figure; for scaling.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

import scaling_runs as runs

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from matplotlib.axes import Axes

STYLES = {
    runs.READERS["h5py"]: ("#000000", "s", "--"),
    runs.READERS["anndata"]: ("#E69F00", "^", ":"),
    runs.READERS["ours"]: ("#56B4E9", "D", "-"),
    runs.SCORE: ("#D55E00", "o", "-"),
    runs.COPY: ("#009E73", "v", "-"),
}
"""Colour (Okabe and Ito's), marker and line of each."""


def _lines(axes: Axes, table: pd.DataFrame, column: str, only: tuple[str, ...], /) -> None:
    for label in only:
        part = table[table["what"] == label]
        if len(part):
            colour, marker, line = STYLES[label]
            axes.plot(
                part["cells"], part[column], color=colour, marker=marker, linestyle=line,
                linewidth=2, markersize=7, label=label,
            )  # fmt: skip


def _dress(axes: Axes, sizes: list[int], title: str, unit: str, /) -> None:
    axes.set_xscale("log")
    axes.set_xticks(sizes, [_short(n) for n in sizes])
    axes.minorticks_off()
    axes.set_xlabel("cells")
    axes.set_ylabel(unit)
    axes.set_title(title, loc="left")
    axes.grid(color="#dddddd", linewidth=0.8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=11)


def _short(n: int, /) -> str:
    return f"{n / 1e6:g} M" if n >= 10**6 else f"{n / 1e3:g} k"


def draw(table: pd.DataFrame, path: Path, bar: float, /) -> None:
    """Two panels; ``bar`` is the memory that must not be reached, MiB."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    sizes = sorted(table["cells"].unique())
    with rc_context({"font.size": 12, "axes.axisbelow": True}):
        figure = Figure(figsize=(12, 5.2), layout="constrained")
        time, memory = figure.subplots(1, 2)
        _lines(time, table, "seconds", tuple(STYLES))
        time.set_yscale("log")
        time.yaxis.set_major_formatter("{x:g}")
        _dress(time, sizes, "Time, 2 cores", "seconds")
        memory.axhline(bar, color="#666666", linewidth=1.5)
        memory.annotate(f"{bar / 1024:g} GiB", (sizes[0], bar), (0, 5), textcoords="offset points")
        _lines(memory, table, "peak MiB", (runs.SCORE, runs.COPY))
        memory.set_ylim(0, 1.15 * max(bar, table["peak MiB"].max()))
        _dress(memory, sizes, "Peak memory of the command", "MiB")
        figure.savefig(path, dpi=150)
