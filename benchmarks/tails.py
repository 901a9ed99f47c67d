"""Are the p-values right far out? Nominal p against random permutations of the gene labels.

Usage: ``python benchmarks/tails.py [--data DIR] [--out DIR] [--permutations N]``
"""

from __future__ import annotations

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.stats import chi2, norm, poisson

sys.path.insert(0, str(Path(__file__).parent))

import fresh  # noqa: F401
import panel_sets as sets
import record
from tails_kernels import count_exceeding
from tails_null import Run, null_of, rise, run, thresholds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

LEVELS = (1e-2, 1e-3, 1e-4, 1e-5)
METHODS = ("hlm", "ulm")
N_OBS = 6
N_CHUNKS = 20
_FLAT = 1.02
_PAIR = ["set", "observation", "method", "output"]
SETS = {
    "jankowski": ("bulk", "stim_jankowski_hppt", {"control": ("cytokine", "control")}),
    "kim": ("bulk", "icb_kim", {}),
    "kang": ("sparse", "stim_kang_ifnb_2800", {}),
    "zilionis": ("sparse", "sc_zilionis_nsclc_300", {}),
}


def picked(n_obs: int, /) -> NDArray[np.int64]:
    """Six observations, evenly spread, none of them an edge."""
    return ((np.arange(N_OBS) + 0.5) / N_OBS * n_obs).astype(np.int64)


def permuted(held: Run, mix: Array, limits: Array, rows: NDArray[np.int64], total: int, /) -> Array:
    """Exceedances, chunks × observations × outputs × tails × levels; chunks differ by seed."""
    weights = held.plan.weights
    used = np.flatnonzero(np.diff(weights.indptr))
    part = weights[used]
    values = np.stack([held.values(row) for row in rows], axis=1)
    values -= values.mean(axis=0)
    count = np.zeros((N_CHUNKS, *limits.shape), dtype=np.int64)

    def work(chunk: int) -> None:
        count_exceeding(
            7919 + chunk, total // N_CHUNKS, values, part.indptr.astype(np.int64),
            part.indices.astype(np.int32), part.data, mix, limits, count[chunk],
        )  # fmt: skip

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    with ThreadPoolExecutor(cores) as pool:
        list(pool.map(work, range(N_CHUNKS)))
    return count


def limits_of(held: Run, rows: NDArray[np.int64], /) -> tuple[Array, Array]:
    """|S| at which the shipped and the normal p reach each level, and the rise of each p."""
    nulls = [null_of(held, row) for row in rows]
    shipped = np.stack([thresholds(null.p, LEVELS) for null in nulls])
    normal = np.broadcast_to(norm.isf(np.array(LEVELS) / 2), shipped.shape)
    sd = np.stack([null.sd for null in nulls])[..., None, None]
    return np.stack([shipped, normal], axis=2) * sd, np.stack([rise(null.p) for null in nulls])


def one_set(folder: Path, name: str, total: int, /) -> pd.DataFrame:
    """Every pair of observation and output, every level: exceedances and what was expected."""
    kind, file, options = SETS[name]
    adata = sets.read(folder, file)
    runs = {method: run(adata, method=method, **options) for method in METHODS}
    rows = picked(adata.n_obs)
    found = [limits_of(held, rows) for held in runs.values()]
    limits, rises = (np.concatenate(part, axis=1) for part in zip(*found, strict=True))
    mix = np.concatenate([held.plan.mix.T for held in runs.values()])
    count = permuted(runs[METHODS[0]], mix, limits, rows, total)
    names = [(m, c) for m, held in runs.items() for c in held.plan.columns]
    table = _long(adata.obs_names[rows], names, count, rises)
    return table.assign(set=name, kind=kind)


def _long(
    observations: pd.Index[str], names: list[tuple[str, str]], count: Array, rises: Array, /
) -> pd.DataFrame:
    rows = [
        {
            "observation": observation,
            "method": method,
            "output": output,
            "level": level,
            "chunks": count[:, r, q, 0, a],
            "count": int(count[:, r, q, 0, a].sum()),
            "normal": int(count[:, r, q, 1, a].sum()),
            "rise": rises[r, q],
        }
        for r, observation in enumerate(observations)
        for q, (method, output) in enumerate(names)
        for a, level in enumerate(LEVELS)
    ]
    return pd.DataFrame(rows)


def interval(count: int, expected: float, /) -> tuple[float, float]:
    """Exact 95 % Poisson interval of count/expected."""
    low = chi2.ppf(0.025, 2 * count) / 2 if count else 0.0
    return float(low / expected), float(chi2.ppf(0.975, 2 * count + 2) / 2 / expected)


def summarise(pairs: pd.DataFrame, label: str, total: int, /) -> list[dict]:
    """One row a level: pooled ratio with its error, worst and most conservative pair."""
    out = []
    for level, here in pairs.groupby("level", sort=False):
        expected = level * total
        chunks = np.stack(here["chunks"].to_list()).sum(axis=0)
        per_chunk = chunks / (expected / N_CHUNKS * len(here))
        high, low = here.loc[here["count"].idxmax()], here.loc[here["count"].idxmin()]
        worst = interval(int(high["count"]), expected)
        chance = poisson.ppf(0.95 ** (1 / len(here)), expected) / expected
        out.append(
            {
                "sets": label,
                "nominal p": level,
                "pairs": len(here),
                "pooled": per_chunk.mean(),
                "± 95 %": 1.96 * per_chunk.std(ddof=1) / np.sqrt(N_CHUNKS),
                "largest": high["count"] / expected,
                "its 95 % interval": f"{worst[0]:.2f}–{worst[1]:.2f}",
                "largest by chance": chance,
                "which": " ".join(map(str, (high["set"], high["method"], high["output"]))),
                "smallest": low["count"] / expected,
                "which smallest": " ".join(map(str, (low["set"], low["method"], low["output"]))),
                "normal pooled": here["normal"].mean() / expected,
                "normal largest": here["normal"].max() / expected,
            }
        )
    return out


def tables(pairs: pd.DataFrame, total: int, /) -> pd.DataFrame:
    """By set, by kind, by method, and all together."""
    rows = []
    for column in ("set", "kind", "method"):
        for name, here in pairs.groupby(column, sort=False):
            rows += summarise(here, str(name), total)
    return pd.DataFrame(rows + summarise(pairs, "all", total))


def bar(table: pd.DataFrame, pairs: pd.DataFrame, /) -> dict[str, bool]:
    """At 1e-4 the worst pair within 2 and the pooled ratio within 5 %; p falls as z grows."""
    met = {}
    at = table[table["nominal p"] == 1e-4].set_index("sets")
    for kind in ("bulk", "sparse"):
        met[f"{kind}: worst pair at 1e-4 at most 2"] = bool(at.loc[kind, "largest"] <= 2)
        met[f"{kind}: pooled at 1e-4 within 5 %"] = bool(abs(at.loc[kind, "pooled"] - 1) <= 0.05)
    met["p falls as z grows (to within 2 %)"] = bool(pairs["rise"].max() <= _FLAT)
    return met


def report(table: pd.DataFrame, pairs: pd.DataFrame, total: int, seconds: float, /) -> str:
    """The page to read."""
    met = bar(table, pairs)
    outputs = pairs.groupby("set", sort=False)["output"].nunique()
    extra = [
        f"{total:,} permutations of the gene labels a set, {seconds:.0f} s in all",
        f"{N_OBS} observations a set; outputs (cytokines and axes) a method: "
        + ", ".join(f"{name} {n}" for name, n in outputs.items()),
        f"{pairs.loc[pairs['rise'] > _FLAT].groupby(_PAIR).ngroups} of"
        f" {pairs.groupby(_PAIR).ngroups} pairs have a z where p is larger than at a smaller z,"
        f" between p = 0.05 and 1e-30; largest factor {pairs['rise'].max():.3g}",
    ]
    parts = [
        "# Tails of the p-values",
        record.provenance(extra),
        record.markdown(pd.DataFrame({"bar": list(met), "met": list(met.values())})),
        record.markdown(table),
        _NOTES,
    ]
    return "\n\n".join(parts)


_NOTES = """\
- A ratio is the share of random permutations with a nominal p at or below the level, divided by
  the level: 1 is right, above 1 is anti-conservative. A pair is one observation and one output.
- The nominal p is the package's own: plan, gene moments and rows are taken out of a scoring run,
  the p-value of every z is computed by its kernels, and the program stops if this does not give
  back the p-value the run itself reported.
- The error of the pooled ratio comes from 20 independent blocks of permutations, since pairs
  share permutations. "largest by chance" is what the largest pair would be (95th percentile)
  were every ratio 1 and every pair independent: at 1e-5 a pair expects only 10 exceedances.
- "normal" is the two-sided normal tail at the same z, for comparison.
- Permutations shuffle genes. They do not ask whether genes are correlated, and say nothing
  about samples or patients."""


def main() -> None:
    """Run everything and write tails.md and tails.tsv."""
    parser = record.arguments(__doc__)
    parser.add_argument("--permutations", type=int, default=1_000_000)
    asked = parser.parse_args()
    total = asked.permutations // N_CHUNKS * N_CHUNKS
    start = time.perf_counter()
    pairs = []
    for name in SETS:
        began = time.perf_counter()
        pairs.append(one_set(asked.data, name, total))
        print(f"{name}: {time.perf_counter() - began:.0f} s", file=sys.stderr)
    every = pd.concat(pairs, ignore_index=True)
    table = tables(every, total)
    text = report(table, every, total, time.perf_counter() - start)
    record.write(asked.out, "tails", table=table, text=text)


if __name__ == "__main__":
    main()
