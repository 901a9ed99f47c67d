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

from cytosig.stats.estimate import LEAST_P

if TYPE_CHECKING:
    from numpy.typing import NDArray

N_BINS = 48  # bins of stored values; the never-stored rest has as many
N_STEPS = 40  # nodes of the K_b table on each side of 0
REACH = 24.0  # the K_b table ends where the largest value alone outweighs the rest, or at LAST
LAST = 12.0  # largest tilt t; beyond (p below about 1e-30) the tail goes on as exp(-LAST·z)
MIDDLE = 1.4  # |z| up to which the Edgeworth series serves, where skewness and kurtosis are mild
HANDOVER = 0.2  # half width in z of the passage from it to the saddlepoint
SQRT_HALF = 0.7071067811865476
DENSITY_0 = 0.3989422804014327  # of the standard normal at 0


@nb.njit(cache=True, nogil=True)
def bin_values(
    indices: NDArray[np.int32],
    data: NDArray[Any],
    mean: NDArray[np.float64],
    inverse_sd: NDArray[np.float64],
    rest_bin: NDArray[np.uint8],
    rest_count: NDArray[np.float64],
    rest_sum: NDArray[np.float64],
    value: NDArray[np.float64],
    count: NDArray[np.float64],
    total: NDArray[np.float64],
) -> None:
    """Histogram of one row's y: stored values first, then the genes it does not store.

    ``value`` is scratch space for at least as many values as the row stores.
    """
    low, high = np.inf, -np.inf
    for j in range(len(indices)):
        gene = indices[j]
        y = (np.float64(data[j]) - mean[gene]) * inverse_sd[gene]
        value[j] = y
        low = y if y < low else low
        high = y if y > high else high
    width = (high - low) / N_BINS
    per_width = 1.0 / width if width > 0 else 0.0
    count[:N_BINS] = 0.0
    total[:N_BINS] = 0.0
    count[N_BINS:] = rest_count
    total[N_BINS:] = rest_sum
    for j in range(len(indices)):
        y = value[j]
        k = min(int((y - low) * per_width), N_BINS - 1)
        count[k] += 1.0
        total[k] += y
    for j in range(len(indices)):
        gene = indices[j]
        k = N_BINS + rest_bin[gene]
        count[k] -= 1.0
        total[k] += mean[gene] * inverse_sd[gene]


@nb.njit(cache=True, nogil=True, fastmath={"contract", "reassoc"})
def _table_side(
    value: NDArray[np.float64],
    share: NDArray[np.float64],
    step: float,
    out: NDArray[np.float64],
) -> None:
    """K_b and its first four derivatives at 0, step, 2·step ...: out is nodes × 5."""
    n = len(value)
    grow = np.empty(n)
    now = np.empty(n)
    for i in range(n):
        grow[i] = exp(step * value[i])
        now[i] = share[i]
    for node in range(out.shape[0]):
        m0 = m1 = m2 = m3 = m4 = 0.0
        for i in range(n):
            e = now[i]
            v = value[i]
            v2 = v * v
            m0 += e
            m1 += e * v
            m2 += e * v2
            m3 += e * v2 * v
            m4 += e * v2 * v2
            now[i] = e * grow[i]
        mu = m1 / m0
        m2, m3, m4 = m2 / m0, m3 / m0, m4 / m0
        variance = max(m2 - mu * mu, 0.0)
        fourth = m4 - 4.0 * mu * m3 + 6.0 * mu * mu * m2 - 3.0 * mu**4
        out[node, 0] = log(m0)
        out[node, 1] = mu
        out[node, 2] = variance
        out[node, 3] = m3 - 3.0 * mu * m2 + 2.0 * mu**3
        out[node, 4] = fourth - 3.0 * variance * variance


@nb.njit(cache=True, nogil=True)
def cumulant_table(
    count: NDArray[np.float64],
    total: NDArray[np.float64],
    table: NDArray[np.float64],
) -> tuple[float, float]:
    """Tabulate K_b of the standardised values; returns the step above and below 0.

    ``table`` is 2 × (N_STEPS + 1) × 5: upper side, lower side.
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
    up = min(LAST, REACH / max(value.max(), 1e-9)) / N_STEPS
    down = min(LAST, REACH / max(-value.min(), 1e-9)) / N_STEPS
    _table_side(value, share[:used], up, table[0])
    _table_side(value, share[:used], -down, table[1])
    return up, down


@nb.njit(cache=True, nogil=True, inline="always")
def _slope(table: NDArray[np.float64], up: float, down: float, u: float) -> tuple[float, float]:
    """K_b' and K_b'' at u: cubic Hermite inside the table, straight line beyond it."""
    side = 0 if u >= 0 else 1
    step = up if u >= 0 else -down
    place = u / step
    if place >= N_STEPS:
        return table[side, N_STEPS, 1], 0.0
    node = int(place)
    f = place - node
    g = 1.0 - f
    s0, s1 = table[side, node, 1], table[side, node + 1, 1]
    c0, c1 = table[side, node, 2], table[side, node + 1, 2]
    slope = g * g * ((1.0 + 2.0 * f) * s0 + f * c0 * step)
    slope += f * f * ((1.0 + 2.0 * g) * s1 - g * c1 * step)
    return slope, g * c0 + f * c1


@nb.njit(cache=True, nogil=True, inline="always")
def _height(table: NDArray[np.float64], up: float, down: float, u: float) -> float:
    """K_b at u, by the same rule."""
    side = 0 if u >= 0 else 1
    step = up if u >= 0 else -down
    place = u / step
    if place >= N_STEPS:
        end: float = table[side, N_STEPS, 0] + table[side, N_STEPS, 1] * (u - step * N_STEPS)
        return end
    node = int(place)
    f = place - node
    g = 1.0 - f
    k0, k1 = table[side, node, 0], table[side, node + 1, 0]
    s0, s1 = table[side, node, 1] * step, table[side, node + 1, 1] * step
    height: float = g * g * ((1.0 + 2.0 * f) * k0 + f * s0)
    height += f * f * ((1.0 + 2.0 * g) * k1 - g * s1)
    return height


@nb.njit(cache=True, nogil=True)
def _saddle(
    z: float,
    skew: float,
    level: NDArray[np.float64],
    number: NDArray[np.float64],
    table: NDArray[np.float64],
    up: float,
    down: float,
) -> tuple[float, float, float]:
    """The t on z's side with K'(t) = z, or LAST there; with K'(t) and K''(t)."""
    sign = 1.0 if z > 0 else -1.0
    low, high = 0.0, np.inf
    size = min(abs(z) / max(1.0 + 0.5 * skew * z, 0.5), LAST)
    slope = curve = 0.0
    for step in range(60):
        t = sign * size
        slope = curve = 0.0
        for i in range(len(level)):
            b, c = _slope(table, up, down, t * level[i])
            slope += number[i] * level[i] * b
            curve += number[i] * level[i] * level[i] * c
        gap = (z - slope) * sign
        if abs(gap) < 1e-4 * (1.0 + abs(z)) or (size == LAST and gap > 0):
            break
        if gap > 0:
            low = size
        else:
            high = size
        size = size + gap / curve if curve > 1e-9 else np.inf
        if high < np.inf and (not low < size < high or step % 3 == 2):
            size = 0.5 * (low + high)  # every third step for sure: Newton alone can go in circles
        size = min(max(size, 0.5 * low), LAST)
    return sign * size, slope, curve


@nb.njit(cache=True, nogil=True)
def _beyond(
    z: float,
    skew: float,
    level: NDArray[np.float64],
    number: NDArray[np.float64],
    table: NDArray[np.float64],
    up: float,
    down: float,
) -> float:
    """P(S >= z) for z > 0, P(S <= z) for z < 0, S standardised."""
    t, slope, curve = _saddle(z, skew, level, number, table, up, down)
    past = max(abs(z) - abs(slope), 0.0) if abs(t) == LAST else 0.0
    exponent = t * slope if past > 0 else t * z
    third = fourth = 0.0
    for i in range(len(level)):
        u = t * level[i]
        exponent -= number[i] * _height(table, up, down, u)
        c, d = _third_and_fourth(table, up, down, u)
        third += number[i] * level[i] ** 3 * c
        fourth += number[i] * level[i] ** 4 * d
    bound = exp(-max(exponent, 0.0))  # Chernoff's
    if curve < 1e-9:
        tail = bound
    else:
        tail = _lugannani_rice(abs(t), exponent, curve, third if t > 0 else -third, fourth)
    return max(min(tail, bound) * exp(-LAST * past), LEAST_P)


@nb.njit(cache=True, nogil=True, inline="always")
def _third_and_fourth(
    table: NDArray[np.float64], up: float, down: float, u: float
) -> tuple[float, float]:
    """K_b''' and K_b'''' at u, linear between nodes."""
    side = 0 if u >= 0 else 1
    place = u / (up if u >= 0 else -down)
    if place >= N_STEPS:
        return 0.0, 0.0
    node = int(place)
    f = place - node
    third = (1.0 - f) * table[side, node, 3] + f * table[side, node + 1, 3]
    return third, (1.0 - f) * table[side, node, 4] + f * table[side, node + 1, 4]


@nb.njit(cache=True, nogil=True)
def _lugannani_rice(t: float, exponent: float, curve: float, third: float, fourth: float) -> float:
    """Tail beyond the saddle t > 0, with the second-order term (Daniels 1987, eq. 4.8)."""
    w = sqrt(max(2.0 * exponent, 1e-12))
    v = t * sqrt(curve)
    first = 1.0 / v - 1.0 / w
    k3 = third / curve**1.5
    k4 = fourth / (curve * curve)
    second = (k4 / 8.0 - 5.0 * k3 * k3 / 24.0) / v - k3 / (2.0 * v * v) - 1.0 / v**3 + 1.0 / w**3
    settled = min(max((w - 0.7) / 0.7, 0.0), 1.0)  # near the middle its terms cancel badly
    second = settled * min(max(second, -0.5 / v), 0.5 / v)
    tail: float = 0.5 * erfc(w * SQRT_HALF) + exp(-0.5 * w * w) * DENSITY_0 * (first + second)
    return min(max(tail, LEAST_P), 1.0)


@nb.njit(cache=True, nogil=True)
def _edgeworth(z: float, skew: float, excess: float) -> float:
    """P(|S| >= |z|) near the middle, from skewness and excess kurtosis."""
    z = abs(z)
    z2 = z * z
    turn = excess / 24.0 * (z2 - 3.0) * z + skew * skew / 72.0 * ((z2 - 10.0) * z2 + 15.0) * z
    p: float = erfc(z * SQRT_HALF) + 2.0 * exp(-0.5 * z2) * DENSITY_0 * turn
    return p


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
    mild = skew * skew < 1.0 and -1.0 < excess < 2.0
    share = min(max((z - MIDDLE + HANDOVER) / (2.0 * HANDOVER), 0.0), 1.0) if mild else 1.0
    p = 0.0
    if share < 1.0:
        p = (1.0 - share) * _edgeworth(z, skew, excess)
    if share > 0.0:
        at = max(z, 0.25)
        tail = _beyond(at, skew, level, number, table, up, down)
        tail = min(tail + _beyond(-at, skew, level, number, table, up, down), 1.0)
        p += share * (tail if z >= at else 1.0 - (1.0 - tail) * z / at)
    return min(max(p, LEAST_P), 1.0)
