"""Kaplan and Meier's curves, with bands, censored samples, and who is still at risk."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cytosig.pl._colours import INK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.collections import PathCollection
    from matplotlib.lines import Line2D
    from matplotlib.transforms import Transform
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

SIZE = 7.0  # points, of the numbers at risk
ROW = 9.0  # points a row of them takes
_BAND = 0.15


class Curve(NamedTuple):
    """Survival from time 0: steps at ``time``, with the ends of a pointwise band.

    Ends are NaN where the estimate has no error: before the first event, and at 0.
    """

    time: Array
    survival: Array
    low: Array
    high: Array

    def at(self, time: Array, /) -> Array:
        """Survival just after these times."""
        found: Array = self.survival[np.searchsorted(self.time, time, side="right") - 1]
        return found

    @property
    def median(self) -> float:
        """First time at which half or fewer survive; NaN if more do to the end."""
        below = np.flatnonzero(self.survival <= 0.5)
        return float(self.time[below[0]]) if len(below) else float("nan")


def curve_of(time: Array, event: Array, /, *, level: float) -> Curve:
    """Product limit with Greenwood's errors (statsmodels), band on the log −log scale.

    Kalbfleisch and Prentice's interval: S to the power exp(± z · se / (S · |log S|)), which stays
    between 0 and 1.
    """
    from scipy.stats import norm
    from statsmodels.duration.survfunc import SurvfuncRight

    with np.errstate(divide="ignore", invalid="ignore"):
        found = SurvfuncRight(time, event)
        s = np.append(1.0, np.asarray(found.surv_prob, dtype=np.float64))
        se = np.append(np.nan, np.asarray(found.surv_prob_se, dtype=np.float64))
        power = np.exp(norm.ppf((1 + level) / 2) * se / (s * np.abs(np.log(s))))
        low, high = s**power, s ** (1 / power)
    at = np.append(0.0, np.asarray(found.surv_times, dtype=np.float64))
    last = max(float(time.max()), float(at[-1]))
    ends = [np.append(column, column[-1]) for column in (s, low, high)]
    return Curve(np.append(at, last), *ends)


def at_risk(time: Array, at: Sequence[float], /) -> list[int]:
    """How many are followed at these times: neither dead nor censored before."""
    return [int((time >= t).sum()) for t in at]


def draw(
    ax: Axes, curve: Curve, time: Array, event: Array, /, *, colour: str, style: str, label: str
) -> tuple[Line2D, PathCollection]:
    """Steps, band and strokes where samples were censored; returns the line and the strokes."""
    ax.fill_between(
        curve.time, curve.low, curve.high, step="post", color=colour, alpha=_BAND, linewidth=0,
        zorder=1,
    )  # fmt: skip
    (line,) = ax.plot(
        curve.time, curve.survival, drawstyle="steps-post", color=colour, linestyle=style,
        linewidth=1.5, label=label, zorder=2.5,
    )  # fmt: skip
    gone = np.sort(time[event == 0])
    strokes = ax.scatter(
        gone, curve.at(gone), marker="|", s=28, color=colour, linewidths=0.9, zorder=2.6
    )
    return line, strokes


def risk_rows(
    ax: Axes, times: Sequence[Array], names: Sequence[str], colours: Sequence[str], /
) -> float:
    """Numbers at risk below the ticks, a row a group; returns the points they take."""
    ticks = [t for t in ax.get_xticks() if t >= 0]
    across = ax.get_xaxis_transform()

    def put(text: str, x: float, row: float, where: str | Transform, ha: str, colour: str) -> None:
        ax.annotate(
            text, (x, 0), xycoords=where, xytext=(-14 if ha == "right" else 0, -16 - row * ROW),
            textcoords="offset points", ha=ha, va="top", fontsize=SIZE, color=colour,
            annotation_clip=False,
        )  # fmt: skip

    put("at risk", 0, -1, "axes fraction", "right", INK)
    for row, (time, name, colour) in enumerate(zip(times, names, colours, strict=True)):
        put(name, 0, row, "axes fraction", "right", colour)
        for tick, n in zip(ticks, at_risk(time, ticks), strict=True):
            put(str(n), tick, row, across, "center", INK)
    return ROW * len(names)
