"""How often ``cs.tl.compare`` finds p < .05 where nothing differs.

Usage: ``python benchmarks/compare_null.py [--scale 1] [--processes 2] [--out RESULTS]``
(a) normal scores, correlated in modules, through ``cs.tl.compare``; (b) simulated single-cell
cohorts without any program, their samples alternately called control and treated. The bar is
4 to 6 % for every test of samples. The last rows show what cells as replicates would give.
"""

from __future__ import annotations

import logging
import sys
import time
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent))

import anndata as ad
import numpy as np
import pandas as pd
import record

import cytosig as cs
from cytosig.stats.pooled import pool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

ALPHA = 0.05
LOW, HIGH = 0.04, 0.06
MODULE, SHARED = 6, 0.5  # scores of a module correlate by one half
# Sizes at which the exact rank tests attain close to .05: .0498 and .0494.
GROUP, PAIRS = 14, 14
BALANCE = [
    "balance", "anti", "pro", "intensity", "balance_adjusted", "balance_context",
    "balance_network",
]  # fmt: skip
Rows = list[tuple[str, str, float]]


def scores(rng: np.random.Generator, n: int, features: int, /) -> NDArray[np.float64]:
    """Normal scores of n samples; the standard deviations of the columns differ."""
    modules = -(-features // MODULE)
    common = np.repeat(rng.normal(size=(n, modules)), MODULE, axis=1)[:, :features]
    own = rng.normal(size=(n, features))
    spread = rng.lognormal(0, 0.4, features)
    mixed: NDArray[np.float64] = (np.sqrt(SHARED) * common + np.sqrt(1 - SHARED) * own) * spread
    return mixed


def samples(values: NDArray[np.float64], obs: dict[str, Any], /, *, balance: bool = False) -> Any:
    """An AnnData as scoring leaves it."""
    names = [f"s{i}" for i in range(len(values))]
    adata = ad.AnnData(obs=pd.DataFrame(obs, index=names))
    columns = [f"c{j}" for j in range(values.shape[1])]
    adata.obsm["cytosig_score"] = pd.DataFrame(values, index=names, columns=columns)
    if balance:
        own = pd.DataFrame(values[:, : len(BALANCE)], index=names, columns=BALANCE)
        adata.uns["cytosig"] = {"format": 1, "balance": own}
    return adata


def compared(adata: Any, /, **asked: Any) -> pd.DataFrame:
    """The table of one comparison."""
    cs.tl.compare(adata, **asked)
    table: pd.DataFrame = adata.uns["cytosig"]["compare"]
    return table


def rate(p: pd.Series, /) -> float:
    """Share below .05 of those that have a p."""
    return float((p.dropna() < ALPHA).mean())


def misses_half(table: pd.DataFrame, /) -> float:
    """Share of intervals of the AUROC that leave out one half."""
    there = table.dropna(subset=["auroc_low"])
    return float(((there["auroc_low"] > 0.5) | (there["auroc_high"] < 0.5)).mean())


def two_groups(rng: np.random.Generator) -> Rows:
    """Fourteen against fourteen."""
    labels = np.repeat(["N", "R"], GROUP)
    adata = samples(scores(rng, 2 * GROUP, 60), {"g": labels}, balance=True)
    found = {
        name: compared(adata, groupby="g", method=name, use=["score"])
        for name in ("moderated", "t", "welch", "mann-whitney")
    }
    own = compared(adata, groupby="g", use=["balance"])
    about = f"{GROUP} v {GROUP}"
    return [
        *((name, about, rate(table["p"])) for name, table in found.items()),
        ("t (balance)", about, rate(own["p"])),
        ("AUROC, p", about, rate(found["t"]["auroc_p"])),
        ("AUROC, DeLong interval", about, misses_half(found["t"])),
    ]


def small_groups(rng: np.random.Generator) -> Rows:
    """Four against four; of few columns, of as many as there are axes, of cytokines."""
    rows: Rows = []
    for columns in (6, 12, 60):
        adata = samples(scores(rng, 8, columns), {"g": np.repeat(["N", "R"], 4)})
        own = compared(adata, groupby="g")
        rows.append(("default", f"4 v 4, {columns} columns", rate(own["p"])))
    return rows


def bootstrapped(rng: np.random.Generator) -> Rows:
    """The interval of the AUROC by bootstrap, and DeLong's, of two sizes."""
    rows: Rows = []
    for n in (GROUP, 30):
        adata = samples(scores(rng, 2 * n, 24), {"g": np.repeat(["N", "R"], n)})
        asked = {"groupby": "g", "method": "welch", "rng": int(rng.integers(2**31))}
        both = {how: compared(adata, auroc_ci=how, **asked)
                for how in ("bootstrap", "delong")}  # fmt: skip
        rows.append(("AUROC, bootstrap interval", f"{n} v {n}", misses_half(both["bootstrap"])))
        if n != GROUP:
            rows.append(("AUROC, DeLong interval", f"{n} v {n}", misses_half(both["delong"])))
    return rows


def adjusted(rng: np.random.Generator) -> Rows:
    """Age and batch, of which the scores know too and the groups differ in, held constant."""
    n = 2 * GROUP
    treated = np.arange(n) % 2
    age = rng.normal(60, 8, n) + 8 * treated
    batch = np.where(rng.random(n) < 0.35 + 0.3 * treated, "x", "y")
    batch[:4] = ["x", "x", "y", "y"]
    values = scores(rng, n, 60) + 0.1 * age[:, None] + (batch == "x")[:, None]
    obs = {"g": np.where(treated, "R", "N"), "age": age, "batch": batch}
    adata = samples(values, obs)
    held = {"groupby": "g", "covariates": ["age", "batch"]}
    about = f"{GROUP} v {GROUP}, age and batch"
    return [
        (f"{name} with covariates", about, rate(compared(adata, method=name, **held)["p"]))
        for name in ("moderated", "t")
    ]


def paired(rng: np.random.Generator) -> Rows:
    """Two samples of each patient, who has a level of their own."""
    obs = {"g": np.tile(["N", "R"], PAIRS), "who": np.repeat([f"p{i}" for i in range(PAIRS)], 2)}
    level = np.repeat(rng.normal(0, 1.5, (PAIRS, 60)), 2, axis=0)
    adata = samples(scores(rng, 2 * PAIRS, 60) + level, obs)
    return [
        (f"paired {name}", f"{PAIRS} pairs",
         rate(compared(adata, groupby="g", paired="who", method=name)["p"]))
        for name in ("moderated", "t", "wilcoxon")
    ]  # fmt: skip


def several_groups(rng: np.random.Generator) -> Rows:
    """Whether any of three groups differ."""
    n = 3 * 20
    obs = {"g": np.repeat(["A", "B", "C"], 20), "age": rng.normal(60, 8, n)}
    adata = samples(scores(rng, n, 60), obs)
    about = "3 groups of 20"
    found = compared(adata, groupby="g")
    held = compared(adata, groupby="g", covariates=["age"])
    ranks = compared(adata, groupby="g", method="mann-whitney")
    return [
        ("moderated, one of three", about, rate(found["p"])),
        ("Welch's ANOVA", about, rate(found["omnibus_p"])),
        ("F with covariates", about, rate(held["omnibus_p"])),
        ("Kruskal-Wallis", about, rate(ranks["omnibus_p"])),
    ]


def trends(rng: np.random.Generator) -> Rows:
    """Along a skewed covariate."""
    n = 30
    obs = {"x": rng.gamma(2.0, 1.0, n), "sex": np.array(["f", "m"])[np.arange(n) % 2]}
    adata = samples(scores(rng, n, 60), obs)
    rows = [
        (f"slope, {name}", f"{n} samples", rate(compared(adata, covariate="x", method=name)["p"]))
        for name in ("moderated", "t", "hc3")
    ]
    held = compared(adata, covariate="x", covariates=["sex"])
    ranks = compared(adata, covariate="x", method="spearman")
    return [
        *rows,
        ("slope with covariates", f"{n} samples", rate(held["p"])),
        ("Spearman", f"{n} samples", rate(ranks["p"])),
    ]


def survival(rng: np.random.Generator) -> Rows:
    """Cox regression where follow-up knows nothing of the scores; a third is censored."""
    n = 80
    time_, end = rng.weibull(1.3, n) * 20 + 0.1, rng.exponential(45, n) + 0.1
    obs = {"time": np.minimum(time_, end), "event": (time_ <= end).astype(int),
           "age": rng.normal(60, 8, n)}  # fmt: skip
    adata = samples(scores(rng, n, 6), obs)
    found = compared(adata, survival=("time", "event"))
    held = compared(adata, survival=("time", "event"), covariates=["age"])
    about = f"{n} samples"
    return [
        ("Cox", about, rate(found["p"])),
        ("Cox with covariates", about, rate(held["p"])),
        ("proportional hazards", about, rate(found["ph_p"])),
    ]


def pooled(rng: np.random.Generator) -> Rows:
    """Five cohorts, each with a level of its own; effects differ between them, or do not."""
    rows: Rows = []
    for tau, about in ((0.0, "alike"), (0.5, "effects differ")):
        labels = np.tile(["N", "R"], 5 * GROUP)
        cohort = np.repeat([f"co{i}" for i in range(5)], 2 * GROUP)
        values = scores(rng, len(labels), 12)
        values += np.repeat(rng.normal(0, 1, (5, 12)), 2 * GROUP, axis=0)
        effect = np.repeat(rng.normal(0, tau, (5, 12)), 2 * GROUP, axis=0)
        values += effect * (labels == "R")[:, None]
        adata = samples(values, {"g": labels, "cohort": cohort})
        for name in ("moderated", "mann-whitney"):
            table = compared(adata, groupby="g", cohort_key="cohort", method=name)
            own = table[table["cohort"] == "pooled"]
            shown = "AUROC" if name == "mann-whitney" else name
            where = f"5 cohorts of 28, {about}"
            rows.append((f"pooled {shown}", where, rate(own["p"])))
            if name == "moderated":
                cohorts = table[table["cohort"] != "pooled"].groupby("name")
                plain = [pool(one["estimate"], one["se"], guard=True).p for _, one in cohorts]
                rows.append((GUARDED, where, rate(pd.Series(plain))))
                if not tau:
                    rows.append(("heterogeneity", where, rate(own["cochran_p"])))
    return rows


COHORT, COHORTS = "cohort", 60
GUARDED = "pooled moderated, the wider of two intervals (not in compare)"
CASES: dict[str, tuple[Callable[[np.random.Generator], Rows], int]] = {
    "two_groups": (two_groups, 400),
    "small_groups": (small_groups, 700),
    "bootstrapped": (bootstrapped, 200),
    "adjusted": (adjusted, 300),
    "paired": (paired, 300),
    "several_groups": (several_groups, 300),
    "trends": (trends, 300),
    "survival": (survival, 700),
    "pooled": (pooled, 500),
}


def cohort(seed: int) -> Rows:
    """Simulated cells of 28 samples, without any program; sample effects only."""
    simulated = cs.datasets.simulate_cohort(
        n_samples=2 * GROUP, cells_per_sample=100, programs=(), depth=1500, rng=seed
    )
    cells = simulated.adata
    bulk = cs.pp.pseudobulk(cells, sample_key="sample", n_jobs=1)
    cs.tl.score(bulk, n_jobs=1)
    cs.tl.score(cells, n_jobs=1)
    rows: Rows = []
    for method in ("moderated", "t", "welch", "mann-whitney"):
        table = compared(bulk, groupby="condition", method=method, use=["score"])
        rows.append((method, "pseudobulk, scored", rate(table["p"])))
    means = compared(cells, groupby="condition", sample_key="sample", use=["score"])
    rows.append(("moderated", "cells scored, averaged by sample", rate(means["p"])))
    by_type = compared(
        cells, groupby="condition", sample_key="sample", cell_type_key="cell_type", min_cells=5,
        use=["score"],
    )  # fmt: skip
    rows.append(("moderated", "averaged by sample × cell type", rate(by_type["p"])))
    rows.append(("t over cells", "every cell a replicate", _over_cells(cells)))
    one = cells[(cells.obs["cell_type"] == "malignant").to_numpy()].copy()
    rows.append(("t over cells", "every malignant cell a replicate", _over_cells(one)))
    return rows


def _over_cells(cells: Any) -> float:
    """What compare refuses: Welch's t with cells as samples."""
    from scipy import stats

    z = cells.obsm["cytosig_score"].dropna(axis=1)
    treated = (cells.obs["condition"] == "treated").to_numpy()
    p = stats.ttest_ind(z[treated], z[~treated], equal_var=False).pvalue
    return float((p < ALPHA).mean())


def gathered(rows: Iterator[tuple[str, Rows]]) -> pd.DataFrame:
    """Mean rate over the simulations, with the Monte-Carlo error over them."""
    long = pd.DataFrame(
        [(part, *row) for part, found in rows for row in found],
        columns=["data", "test", "samples", "rate"],
    )
    groups = long.groupby(["data", "test", "samples"], sort=False)["rate"]
    table = groups.agg(["mean", "sem", "count"]).reset_index()
    table = table.rename(columns={"mean": "share p<.05", "sem": "mc error", "count": "sims"})
    shares = table["share p<.05"]
    verdicts = np.select([shares < LOW, shares > HIGH], ["below", "above"], "yes")
    cells = table["test"] == "t over cells"
    table["in 4-6 %"] = np.where(cells, "refused by compare", verdicts)
    return table


def job(asked: tuple[str, int]) -> tuple[str, Rows]:
    """One simulation, by its name and number."""
    name, number = asked
    if name == COHORT:
        return "simulated cohorts", cohort(number)
    seed = [list(CASES).index(name), number]
    return "normal scores", CASES[name][0](np.random.default_rng(seed))


def main() -> None:
    """Run all and write the table."""
    parser = record.arguments(__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="more or fewer simulations")
    parser.add_argument("--only", default="", help="one part")
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    times = {name: number for name, (_, number) in CASES.items()} | {COHORT: COHORTS}
    jobs = [
        (name, i)
        for name, number in times.items()
        if asked.only in ("", name)
        for i in range(max(2, round(number * asked.scale)))
    ]
    start = time.perf_counter()
    with get_context("spawn").Pool(asked.processes, initializer=_quiet) as workers:
        table = gathered(workers.imap(job, jobs, chunksize=1))
    seconds = f"{time.perf_counter() - start:.0f} s in {asked.processes} processes"
    about = (
        "Nothing differs between the groups, along the covariate or in survival: a test at .05"
        " should be below it in 5 % of the columns. `mc error` is the standard error over the"
        " simulations, whose columns are correlated. An interval counts where it leaves out one"
        " half. Cells as replicates, the last rows, are what `cs.tl.compare` refuses where it"
        " recognises them."
    )
    why = (
        "DeLong's interval is on the logit scale, which keeps it inside 0 to 1 and makes it wide in"
        " groups of fewer than about 20; the p of an AUROC is the exact one of Mann-Whitney."
        " Percentiles of a bootstrap are somewhat too narrow in small groups. Often the wider of"
        " Hartung and Knapp's and the normal interval is advised for pooled effects; those rows"
        " show what it costs."
    )
    text = ["# Comparisons without a difference", "", record.provenance([seconds]), "", about, "",
            record.markdown(table), "", why]  # fmt: skip
    record.write(asked.out, "compare_null", table=table, text="\n".join(text))


def _quiet() -> None:
    logging.getLogger("cytosig").setLevel(logging.ERROR)


if __name__ == "__main__":
    main()
