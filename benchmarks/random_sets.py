"""Could any genes do it? Known stimulations, the true signature against matched random ones.

Usage: ``python benchmarks/random_sets.py [--data DIR] [--out DIR] [--draws N]``
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import anndata as ad
import numpy as np
import pandas as pd
from scipy.stats import beta

sys.path.insert(0, str(Path(__file__).parent))

import panel_sets as sets
import random_cases as cases
import random_draws as draws
import random_heldout as heldout
import record

import cytosig as cs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Index = NDArray[np.int64]

DRAWS, DRAWS_OTHERS = 10_000, 2_000
SHOWN = 4
SEED = 20_240_229
LARGEST_SHARE = 0.01
SAME = 1e-6
SHIPPED, LEFT_OUT = "shipped", "its study left out"
ANY, OUTSIDE, BOTH = "any gene", "outside the catalogue", "any gene, by both groups"
NULLS = (ANY, OUTSIDE, BOTH)
EFFECTS = {"z": draws.difference, "d": draws.cohens_d, "AUROC": draws.aurocs}


def drawn_for(held: cases.Prepared, case: cases.Case, null: str, n: int, /) -> tuple[Index, int]:
    """Random signatures of one case and null, and the number of bins they come from."""
    rng = np.random.default_rng([SEED, *f"{case.name} {case.true} {null}".encode()])
    values = held.values[case.rows]
    expression = values[~case.treated].mean(axis=0)
    if null == BOTH:
        expression = (expression + values[case.treated].mean(axis=0)) / 2
    allowed = ~held.known if null == OUTSIDE else np.ones_like(held.known)
    return draws.draw(rng, case.genes, expression, allowed, n)


def measured(held: cases.Prepared, case: cases.Case, drawn: Index, /) -> dict[str, Array]:
    """Each effect of each signature, genes given by position."""
    every = draws.linear_z(held.unit, drawn, case.weights)
    chunks = (z[:, case.rows] for z in every)
    found = [{key: f(z, case.treated) for key, f in EFFECTS.items()} for z in chunks]
    return {key: np.concatenate([part[key] for part in found]) for key in EFFECTS}


def upper_bound(hits: int, n: int, /) -> float:
    """One-sided 95 % bound of a binomial share (Clopper and Pearson)."""
    return 1.0 if hits == n else float(beta.ppf(0.95, hits + 1, n - hits))


def compare(held: cases.Prepared, case: cases.Case, n: int, /) -> list[dict[str, object]]:
    """The true signature against ``n`` random ones, one row a null."""
    true = {key: found[0] for key, found in measured(held, case, case.genes[None]).items()}
    rows = []
    for null in NULLS:
        drawn, n_bins = drawn_for(held, case, null, n)
        random = measured(held, case, drawn)
        hits = int((random["z"] >= true["z"]).sum())
        rows.append(
            {
                "case": case.name,
                "null": null,
                "bins": n_bins,
                "draws": n,
                "effect": true["z"],
                "random mean": random["z"].mean(),
                "random SD": random["z"].std(),
                "random 99 %": np.quantile(random["z"], 0.99),
                "random largest": random["z"].max(),
                "reached": hits,
                "share": hits / n,
                "upper bound": upper_bound(hits, n),
                "share, either sign": float((np.abs(random["z"]) >= true["z"]).mean()),
                "share by d": float((random["d"] >= true["d"]).mean()),
                "share by AUROC": float((random["AUROC"] >= true["AUROC"]).mean()),
            }
        )
    return rows


def others_that_pass(held: cases.Prepared, case: cases.Case, ids: Iterable[str], /) -> str:
    """Which of the other signatures stand above their own random ones in the same observations.

    The effect is linear, so the mean observation of each group is enough to know it.
    """
    groups = [case.rows[case.treated], case.rows[~case.treated]]
    means = np.stack([held.unit[:, rows].mean(axis=1) for rows in groups], axis=1)
    found: dict[str, float] = {}
    others = [
        cases.case_of(held.data, held.catalogue, held.place, case.label, id)
        for id in ids
        if id != case.true
    ]
    for other in others:
        drawn = np.concatenate([other.genes[None], drawn_for(held, other, ANY, DRAWS_OTHERS)[0]])
        chunks = draws.linear_z(means, drawn, other.weights)
        z = np.concatenate([draws.difference(part, np.array([True, False])) for part in chunks])
        bound = upper_bound(int((z[1:] >= z[0]).sum()), DRAWS_OTHERS)
        if z[0] > 0 and bound <= LARGEST_SHARE:
            found[other.true] = z[0]
    first = sorted(found, key=found.__getitem__, reverse=True)[:SHOWN]
    listed = ", ".join(f"{id} {found[id]:.1f}" for id in first)
    return f"{len(found)} of {len(others)}" + (f": {listed}" if found else "")


def true_effects(held: cases.Prepared, /) -> list[dict[str, object]]:
    """What each true signature shows, alone and by the default method."""
    default = sets.activities(held.data.adata, **held.options).cytokine
    rows = []
    for case in held.cases:
        own = {key: found[0] for key, found in measured(held, case, case.genes[None]).items()}
        beside = default[case.true].to_numpy()[case.rows]
        rows.append(
            {
                "case": case.name,
                "true": case.true,
                "genes": f"{len(case.genes)}/{case.asked}",
                "n": f"{case.treated.sum()}/{(~case.treated).sum()}",
                "effect": own["z"],
                "Cohen's d": own["d"],
                "AUROC": own["AUROC"],
                "effect, default method": draws.difference(beside[None], case.treated)[0],
                "others that pass": others_that_pass(
                    held, case, default.columns[default.notna().any()]
                ),
            }
        )
    return rows


def disagreement(held: cases.Prepared, n: int = 5, /) -> float:
    """Largest difference from ``cs.tl.score(method="ulm")``: the true and some random signatures.

    Random ones are scored on genes named by number, so that every gene can be named.
    """
    adata, options = held.data.adata, {**held.options, "method": "ulm"}
    scored = sets.activities(adata, **options).cytokine
    names = [f"GENE{j}" for j in range(held.values.shape[1])]
    bare = ad.AnnData(held.values, obs=adata.obs, var=pd.DataFrame(index=names))
    options["organism"] = "human"
    worst = []
    for case in held.cases:
        drawn = np.concatenate([drawn_for(held, case, null, n)[0] for null in NULLS])
        random = {
            f"draw{i}": {names[g]: w for g, w in zip(genes, case.weights, strict=True)}
            for i, genes in enumerate(drawn)
        }
        options["signatures"] = cs.signatures.Catalogue.from_dict(random)
        found = cs.tl.score(bare, copy=True, **options)
        theirs = [scored[case.true], *found.obsm["cytosig_score"].to_numpy().T]
        every = np.concatenate([case.genes[None], drawn])
        ours = np.concatenate(list(draws.linear_z(held.unit, every, case.weights)))
        worst.append(np.abs(ours - np.stack(theirs)).max())
    return float(np.max(worst))


def keeps(rows: pd.DataFrame, /) -> bool:
    """The effect is positive and at most 1 % of the draws reach it, upper bound included."""
    return bool(((rows["effect"] > 0) & (rows["upper bound"] <= LARGEST_SHARE)).all())


def bar(table: pd.DataFrame, worst: float, /) -> dict[str, bool]:
    """What must hold in every case."""
    said = "at most 1 % of the draws reach the effect, upper bound included, and it is positive"
    groups = table.groupby(["signatures", "null"], sort=False)
    found = {f"{kind}, {null}: {said}": keeps(rows) for (kind, null), rows in groups}
    return {**found, "z as cs.tl.score gives it": worst < SAME}


def report(true: pd.DataFrame, table: pd.DataFrame, worst: float, /) -> str:
    """The page to read."""
    met = bar(table, worst)
    about = [f"Seed {SEED}; method ulm; default method {cs.methods.DEFAULT}"]
    if not heldout.available():
        about.append("The evidence is not there: no signatures without a study were made")
    parts = [
        "# True signatures against random ones",
        record.provenance(about),
        "## The bar",
        record.markdown(pd.DataFrame({"bar": list(met), "met": list(met.values())})),
        "## The true signature",
        record.markdown(true),
        _WHOSE + "\n" + _TRUE_NOTES.format(others=DRAWS_OTHERS),
        "## Random signatures of the same size and weights, matched for expression",
        record.markdown(table),
        _WHOSE + "\n" + _NOTES.format(worst=worst, n_bins=draws.N_BINS, room=draws.ROOM),
    ]
    return "\n\n".join(parts)


_WHOSE = """\
- shipped: the signature as it is in the package. Its weights hold evidence from all of these
  studies, so these rows show that the package does what it was made to do and no more.
- its study left out: the signature made anew by the programs of curation/responses without the
  evidence of the case's own study. The expert prior and the other studies stay. These are the rows
  to judge by."""

_TRUE_NOTES = """\
- effect: mean z of the treated observations minus mean z of the controls, where z is the linear
  score of the signature alone (method ulm). Its unit is one standard deviation of the score under
  shuffled genes, the same for every signature and draw of a case.
- Cohen's d: the effect divided by the pooled standard deviation of z inside the two groups.
- genes is in the data/in the signature; n is treated/control. IFNA and IFNB are read by IFN1.
- effect, default method: the same difference, all signatures of the catalogue scored together.
- others that pass: signatures of other cytokines that meet the same bar in the same observations
  (any gene, {others:,} draws), and the largest effects of those. Passing says that the genes
  respond to the treatment, not that this cytokine was given: programs are shared, and one
  cytokine induces others. Which comes first is the question of panel.md.
- Genes are centred on the controls: inside time points (t84), inside tissue and day (hetil15),
  else on all of them. hbec has one control a donor and is centred on all 19."""

_NOTES = """\
- Each gene of the signature is replaced by one drawn without replacement from its own bin of
  expression and keeps its signed weight. Bins are of equal size, {n_bins} of them, or as many as
  leave each bin {room} candidates for every gene drawn from it (few genes are outside the catalogue
  on the panel of hetil15).
- any gene: bins of the mean in the controls; every measured gene can be drawn, those of the true
  signature and of its axis included. This is the null of the claim, because a draw that holds
  true response genes only makes the claim harder to keep.
- outside the catalogue: the same without the genes of any signature, so that no draw is helped by
  genes known to respond to a cytokine. It is meant as the easier null.
- any gene, by both groups: bins of the mean of both groups' means. A gene that is off in controls
  and on after treatment is then matched with genes that are on, not with genes that are
  always off.
- upper bound: of the share, one-sided 95 %, exact binomial; it is the error of drawing only. It
  says nothing about other samples, and the draws of a case are all judged on the same samples.
- share, either sign: draws whose effect is as large up or down.
- share by d, share by AUROC: the same with these as the effect. They are shown and not part of the
  bar: with 3 against 3 an AUROC of 1 needs no large effect, and d rewards a standard deviation
  that is small by chance.
- The random mean is far from 0 after IFNA, IFNG and IL1B in jankowski: reads without a gene
  (__no_feature) are about 20 % of the total in controls and 35 to 74 % there, and the values as
  published are relative to that total, so every expressed gene seems to fall. A z of 0 is then
  not the level of a random signature; the comparison with matched draws takes account of it, the
  score does not.
- kang: 2,800 blood cells without donors. In pseudobulk each cell type is one profile of treated
  and one of control cells: types, not donors, are what n counts there.
- Generic signatures, no compartments. The largest difference from cs.tl.score, over every true
  signature and 15 random ones a case, is {worst:.1e}.
- These are development data either way: defaults were chosen with them in sight, see panel.md."""


def run(data: cases.Data, kind: str, n: int, /) -> tuple[list[dict], list[dict], float]:
    """Effects, comparisons and largest disagreement of one set with one kind of signatures."""
    catalogue = cs.signatures.load() if kind == SHIPPED else heldout.without(data.study)
    held = cases.prepare(data, catalogue)
    about = {"signatures": kind}
    true = [{**about, **row} for row in true_effects(held)]
    rows = [{**about, **row} for case in held.cases for row in compare(held, case, n)]
    return true, rows, disagreement(held)


def main() -> None:
    """Run everything and write random_sets.md and random_sets.tsv."""
    parser = record.arguments(__doc__)
    parser.add_argument("--draws", type=int, default=DRAWS, help="random signatures a null")
    asked = parser.parse_args()
    kinds = [SHIPPED, LEFT_OUT] if heldout.available() else [SHIPPED]
    every = list(cases.panel(asked.data))
    found = [run(data, kind, asked.draws) for kind in kinds for data in every]
    true, rows = ([row for part in found for row in part[k]] for k in (0, 1))
    worst = max(part[2] for part in found)
    table = pd.DataFrame(rows)
    text = report(pd.DataFrame(true), table, worst)
    record.write(asked.out, "random_sets", table=table, text=text)


if __name__ == "__main__":
    main()
