"""Two-sided permutation p-values of linear scores by saddlepoint.

The score S = Σ_g T(g)·b(π(g)) of one observation is a sum of draws from its own centred values
b. Its cumulant function is K(t) = Σ_g K_b(t·T(g)) with K_b(u) = log mean exp(u·b); draws are
taken as independent and the result is put on the exact permutation standard deviation. The
tail beyond s is the saddlepoint formula of Lugannani and Rice (Adv. Appl. Prob. 1980;12:475),
as Robinson (JRSS B 1982;44:91) does for permutation tests. Values b are binned (bin means are
exact), K_b is tabulated once an observation, weights T are grouped.
"""

from __future__ import annotations

from math import erfc, exp, log, sqrt
from typing import TYPE_CHECKING, Any

import numba as nb
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

N_BINS = 48  # bins of stored values; the never-stored rest has as many
N_STEPS = 40  # nodes of the K_b table on each side of 0
REACH = 24.0  # the table ends where the largest value alone outweighs the rest by e^REACH / G
FAR = 14.0  # ... or here, in units of the observation's standard deviation
SMALL = 1e-300  # a p-value is never 0


@nb.njit(cache=True, nogil=True)
def bin_values(
    indices: NDArray[np.int32],
    data: NDArray[Any],
    mean: NDArray[np.float64],
    inverse_sd: NDArray[np.float64],
    rest_bin: NDArray[np.uint8],
    rest_count: NDArray[np.float64],
    rest_sum: NDArray[np.float64],
    count: NDArray[np.float64],
    total: NDArray[np.float64],
) -> None:
    """Histogram of one row's y: stored values first, then the genes it does not store."""
    low, high = np.inf, -np.inf
    for j in range(len(indices)):
        gene = indices[j]
        y = (np.float64(data[j]) - mean[gene]) * inverse_sd[gene]
        low, high = min(low, y), max(high, y)
    width = (high - low) / N_BINS
    per_width = 1.0 / width if width > 0 else 0.0
    count[:N_BINS] = 0.0
    total[:N_BINS] = 0.0
    count[N_BINS:] = rest_count
    total[N_BINS:] = rest_sum
    for j in range(len(indices)):
        gene = indices[j]
        before = -mean[gene] * inverse_sd[gene]
        y = before + np.float64(data[j]) * inverse_sd[gene]
        k = min(int((y - low) * per_width), N_BINS - 1)
        count[k] += 1.0
        total[k] += y
        k = N_BINS + rest_bin[gene]
        count[k] -= 1.0
        total[k] -= before


@nb.njit(cache=True, nogil=True, fastmath={"contract", "reassoc"})
def _table_side(
    value: NDArray[np.float64],
    share: NDArray[np.float64],
    step: float,
    out: NDArray[np.float64],
) -> None:
    """K_b, K_b' and K_b'' at 0, step, 2·step ...: out is nodes × 3."""
    n = len(value)
    grow = np.empty(n)
    now = np.empty(n)
    for i in range(n):
        grow[i] = exp(step * value[i])
        now[i] = share[i]
    for node in range(out.shape[0]):
        m0 = m1 = m2 = 0.0
        for i in range(n):
            e = now[i]
            v = value[i]
            m0 += e
            m1 += e * v
            m2 += e * v * v
            now[i] = e * grow[i]
        mu = m1 / m0
        out[node, 0] = log(m0)
        out[node, 1] = mu
        out[node, 2] = max(m2 / m0 - mu * mu, 0.0)


@nb.njit(cache=True, nogil=True)
def cumulant_table(
    count: NDArray[np.float64],
    total: NDArray[np.float64],
    table: NDArray[np.float64],
) -> tuple[float, float]:
    """Tabulate K_b of the standardised values; returns the step above and below 0.

    ``table`` is 2 × (N_STEPS + 1) × 3: upper side, lower side.
    """
    n_all = 0.0
    mean = 0.0
    for k in range(len(count)):
        n_all += count[k]
        mean += total[k]
    mean /= n_all
    value = np.empty(len(count))
    share = np.empty(len(count))
    used = 0
    variance = 0.0
    for k in range(len(count)):
        if count[k] > 0.5:
            value[used] = total[k] / count[k] - mean
            share[used] = count[k] / n_all
            variance += share[used] * value[used] ** 2
            used += 1
    sd = sqrt(variance)
    value = value[:used] / sd
    up = min(FAR, REACH / max(value.max(), 1e-9)) / N_STEPS
    down = min(FAR, REACH / max(-value.min(), 1e-9)) / N_STEPS
    _table_side(value, share[:used], up, table[0])
    _table_side(value, share[:used], -down, table[1])
    return up, down


@nb.njit(cache=True, nogil=True, inline="always")
def _look_up(
    table: NDArray[np.float64], up: float, down: float, u: float
) -> tuple[float, float, float]:
    """K_b, K_b', K_b'' at u: cubic Hermite inside the table, straight line beyond it."""
    side = 0 if u >= 0 else 1
    step = up if u >= 0 else -down
    place = u / step
    node = int(place)
    if node >= N_STEPS:
        k = table[side, N_STEPS, 0]
        slope = table[side, N_STEPS, 1]
        return k + slope * (u - step * N_STEPS), slope, 0.0
    f = place - node
    k0, k1 = table[side, node, 0], table[side, node + 1, 0]
    d0, d1 = table[side, node, 1] * step, table[side, node + 1, 1] * step
    c0, c1 = table[side, node, 2] * step, table[side, node + 1, 2] * step
    g = 1.0 - f
    h00 = g * g * (1.0 + 2.0 * f)
    h10 = g * g * f
    h01 = f * f * (3.0 - 2.0 * f)
    h11 = -f * f * g
    k = h00 * k0 + h10 * d0 + h01 * k1 + h11 * d1
    s0, s1 = table[side, node, 1], table[side, node + 1, 1]
    slope = h00 * s0 + h10 * c0 + h01 * s1 + h11 * c1
    curve = g * table[side, node, 2] + f * table[side, node + 1, 2]
    return k, slope, curve


@nb.njit(cache=True, nogil=True)
def _beyond(
    z: float,
    level: NDArray[np.float64],
    number: NDArray[np.float64],
    table: NDArray[np.float64],
    up: float,
    down: float,
) -> float:
    """P(S >= z) for z > 0, P(S <= z) for z < 0, S standardised."""
    sign = 1.0 if z > 0 else -1.0
    low, high = 0.0, np.inf
    t = sign * abs(z) / (1.0 + 0.15 * abs(z))
    k = slope = curve = 0.0
    for _ in range(40):
        k = slope = curve = 0.0
        for i in range(len(level)):
            a, b, c = _look_up(table, up, down, t * level[i])
            k += number[i] * a
            slope += number[i] * level[i] * b
            curve += number[i] * level[i] * level[i] * c
        gap = z - slope
        if abs(gap) < 1e-5 * (1.0 + abs(z)):
            break
        if gap * sign > 0:
            low = abs(t)
        else:
            high = abs(t)
        new = abs(t) + sign * gap / curve if curve > 1e-9 else 2.0 * abs(t)
        if not low < new < high:
            new = 0.5 * (low + high) if high < np.inf else 2.0 * max(low, 0.1)
        new = min(new, 3.0 * abs(t) + 0.1)
        t = sign * new
        if new > 200.0:
            break
    exponent = t * z - k
    if abs(z - slope) > 1e-3 * (1.0 + abs(z)) or curve < 1e-9:
        return max(exp(-max(exponent, 0.0)), SMALL)  # Chernoff bound: no saddle in reach
    w = sqrt(max(2.0 * exponent, 1e-12))
    v = abs(t) * sqrt(curve)
    tail = 0.5 * erfc(w / sqrt(2.0)) + exp(-0.5 * w * w) / 2.5066282746310002 * (1.0 / v - 1.0 / w)
    return min(max(tail, SMALL), 1.0)


@nb.njit(cache=True, nogil=True)
def _edgeworth(z: float, skew: float, excess: float) -> float:
    """P(|S| >= |z|) near the middle, from skewness and excess kurtosis."""
    z = abs(z)
    z2 = z * z
    turn = excess / 24.0 * (z2 - 3.0) * z + skew * skew / 72.0 * ((z2 - 10.0) * z2 + 15.0) * z
    return erfc(z / sqrt(2.0)) + 2.0 * exp(-0.5 * z2) / 2.5066282746310002 * turn


@nb.njit(cache=True, nogil=True)
def two_sided(
    z: float,
    skew: float,
    excess: float,
    level: NDArray[np.float64],
    number: NDArray[np.float64],
    table: NDArray[np.float64],
    up: float,
    down: float,
) -> float:
    """P(|S| >= |z|) over permutations of the genes; in (0, 1]."""
    z = abs(z)
    if skew * skew < 1.0 and -1.0 < excess < 2.0 and z < 1.5:
        return min(max(_edgeworth(z, skew, excess), SMALL), 1.0)
    at = max(z, 0.25)
    p = _beyond(at, level, number, table, up, down) + _beyond(-at, level, number, table, up, down)
    p = min(max(p, SMALL), 1.0)
    return p if z >= at else 1.0 - (1.0 - p) * z / at
