"""Is a planted balance found, and do its intervals hold what they promise?

Usage: ``python benchmarks/balance_planted.py [--cohorts 200] [--out RESULTS]``
Simulated cohorts with the default programmes, and with none. The true balance of a sample is that
of its expected expression (no noise of genes or counts), by the same votes; its true roles are
drawn from their priors, as the intervals assume.
"""

from __future__ import annotations

import logging
import sys
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
import pandas as pd
import record

SIZES = (8, 24)
TOTAL = 1e4


def one(case: tuple[int, int, bool], /) -> pd.DataFrame:
    """Balances of a cohort and their truth, one row a sample."""
    import cytosig as cs
    from cytosig.balance.weigh import weigh
    from cytosig.datasets.program import PROGRAMS

    seed, n_samples, planted = case
    cohort = cs.datasets.simulate_cohort(
        n_samples=n_samples, programs=PROGRAMS if planted else (), rng=seed
    )
    cs.tl.balance(cohort.adata, sample_key="sample", adjust=(), rng=seed)
    table = cohort.adata.uns["cytosig"]["balance"]
    gauge, catalogue = _gauge(cohort.adata)
    weighed = weigh(catalogue, gauge, "", min_coverage=0.25, where="benchmark")
    expected = np.log1p(TOTAL * cohort.expected.loc[table.index, list(gauge.reference.genes)])
    spread = gauge.standard()[0].spread
    z = ((expected - expected.mean()) / spread).to_numpy()
    activity = weighed.sets.means(np.ascontiguousarray(z))[0]
    ballot = weighed.ballot
    rng = np.random.default_rng([seed, n_samples, int(planted)])
    drawn = np.clip(rng.normal(ballot.role, ballot.role_sd), -1, 1)
    usual = (activity * ballot.pull(ballot.role)).sum(axis=1)
    true = (activity * ballot.pull(drawn)).sum(axis=1)
    error = ((weighed.activity - activity) ** 2).mean(axis=0)
    signal = activity.var(axis=0)
    known = weighed.activity * signal / np.maximum(signal + error, 1e-12)
    best = (known * ballot.pull(ballot.role)).sum(axis=1)
    plain = (weighed.activity * ballot.pull(ballot.role)).sum(axis=1)
    found: pd.DataFrame = table.assign(usual=usual, true=true, best=best, plain=plain, cohort=seed)
    return found


def _gauge(adata: Any) -> tuple[Any, Any]:
    """The samples as the balance measures them."""
    import cytosig as cs
    from cytosig.balance.measures import Gauge
    from cytosig.engine.options import Options
    from cytosig.signatures import load_programmes
    from cytosig.tl._prepared import genes_read, pooling_of
    from cytosig.tl._samples import samples_of

    catalogue = cs.signatures.load()
    genes = [gene for gene in genes_read(catalogue) if gene in adata.var_names]
    samples = samples_of(
        adata, catalogue, genes, Options(), pooling_of("sample", None, None, 10),
        layer=None, use_raw=False, reference=None,
    )  # fmt: skip
    return Gauge(catalogue, load_programmes(), samples.cohort, samples.cohort), catalogue


def summary(found: pd.DataFrame, n_samples: int, what: str, /) -> dict[str, object]:
    """One line of the table."""
    from scipy.stats import spearmanr

    inside = (found["ci_low"] <= found["true"]) & (found["true"] <= found["ci_high"])
    by_cohort = inside.groupby(found["cohort"]).mean()
    half = 1.96 * by_cohort.std() / np.sqrt(len(by_cohort))
    by = found.groupby("cohort")
    rho, best, plain = (
        pd.Series([spearmanr(one[name], one["usual"])[0] for _, one in by])
        for name in ("balance", "best", "plain")
    )
    sure = found["verdict"].isin(["anti-tumour", "pro-tumour"])
    right = np.sign(found["balance"]) == np.sign(found["usual"])
    null = what == "nothing"
    return {
        "planted": what,
        "samples": n_samples,
        "cohorts": len(by_cohort),
        "interval holds the truth": f"{inside.mean():.3f} ± {half:.3f}",
        "indeterminate": f"{1 - sure.mean():.3f}",
        "Spearman, mean": "" if null else f"{rho.mean():.3f}",
        "Spearman, median": "" if null else f"{rho.median():.3f}",
        "not shrunk": "" if null else f"{plain.mean():.3f}, {plain.median():.3f}",
        "with the noise known": "" if null else f"{best.mean():.3f}, {best.median():.3f}",
        "sign right": "" if null else f"{right.mean():.3f}",
        "sign right where sure": "" if null else f"{right[sure].mean():.4f}",
        "error / spread of the truth": ""
        if null
        else f"{(found['balance'] - found['usual']).std() / found['usual'].std():.2f}",
    }


def main() -> None:
    """Simulate, weigh, write the table."""
    parser = record.arguments(__doc__)
    parser.add_argument("--cohorts", type=int, default=200)
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    rows = []
    with get_context("spawn").Pool(asked.processes, initializer=_quiet) as workers:
        for n_samples, planted in product(SIZES, (True, False)):
            cases = [(seed, n_samples, planted) for seed in range(asked.cohorts)]
            what = "default programmes" if planted else "nothing"
            rows.append(summary(pd.concat(workers.imap(one, cases)), n_samples, what))
    table = pd.DataFrame(rows)
    text = ["# A planted balance", "", record.provenance(), "", _ABOUT, "", record.markdown(table)]
    record.write(asked.out, "balance_planted", table=table, text="\n".join(text))


def _quiet() -> None:
    logging.getLogger("cytosig").setLevel(logging.ERROR)


_ABOUT = (
    "`simulate_cohort` with its default signal (150 cells a sample, 3,000 counts a cell), pooled to"
    " samples; the cohort is its own reference. The truth is the balance of the expected expression"
    " of the cells drawn, with true roles drawn from their priors for the interval, and the usual"
    " roles for order and sign. ± is 95 % over cohorts. Bars: interval .93 to .97, indeterminate"
    ' .90 where nothing is planted, Spearman .95. "Not shrunk": mean and median Spearman with'
    ' activities as they are measured. "With the noise known": the same if every activity'
    " were shrunk by the true variances of its signal and its noise, which no"
    " method knows: about the most that can be had from these genes."
)

if __name__ == "__main__":
    main()
