"""A small world to weigh in: six cytokines over sixty genes, and what a cohort is made of."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse, stats

import cytosig as cs
from cytosig.balance.measures import Gauge
from cytosig.engine.cohort import WHOLE, Cohort
from cytosig.signatures import Axis, Catalogue, Cytokine, load, load_programmes
from cytosig.signatures.model import Form, Response, ResponseGene, Role, Signature
from cytosig.signatures.programmes import Programme

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Tables = dict[str, pd.DataFrame]

GENES = tuple(f"G{i:02d}" for i in range(60))
ROLES = {  # role, confidence, axis, grade, genes of the list
    "ANTI": (0.8, "high", "X", "A", range(0, 12)),
    "ALLY": (0.4, "medium", "X", "B", range(8, 18)),
    "PRO": (-0.7, "high", "Y", "A", range(18, 30)),
    "PEST": (-0.3, "low", "Y", "D", range(28, 38)),
    "DUAL": (0.1, "low", "Z", "C", range(36, 46)),
}
LIGAND_ONLY = "MUTE"


def _cytokine(id: str, value: float, confidence: str, *forms: tuple[str, ...]) -> Cytokine:
    return Cytokine(
        id=id,
        name=f"Factor {id}",
        family="test",
        ligands=tuple(Form("-".join(genes), genes) for genes in forms),
        receptors=(Form("receptor", ("IL6ST",)),),
        role=Role(value, "dual", confidence, "made for tests"),
        response=Response("high"),
    )


def _signature(id: str, grade: str, genes: range) -> Signature:
    rng = np.random.default_rng(genes.start)
    weights = rng.choice([1.0, 0.6, 0.3, -0.5], len(genes))
    records = tuple(ResponseGene(GENES[g], float(w)) for g, w in zip(genes, weights, strict=True))
    return Signature(id, records, grade=grade)


@pytest.fixture(scope="session")
def toy() -> Catalogue:
    """Two cytokines against the tumour on one axis, two for it, one dual, one without genes."""
    signatures = {id: _signature(id, g, genes) for id, (_, _, _, g, genes) in ROLES.items()}
    cytokines = {
        id: _cytokine(id, role, sure, (f"G{50 + k}",))
        for k, (id, (role, sure, *_)) in enumerate(ROLES.items())
    }
    cytokines[LIGAND_ONLY] = _cytokine(LIGAND_ONLY, 0.5, "low", ("G00", "G56"), ("G57",))
    members = {axis: [i for i, row in ROLES.items() if row[2] == axis] for axis in "XYZ"}
    axes = {axis: Axis(axis, axis, tuple(ids)) for axis, ids in members.items()}
    return Catalogue(signatures, cytokines, axes)


@pytest.fixture(scope="session")
def programmes() -> dict[str, Programme]:
    """One gene each, and one of four genes."""
    single = {f"one{i}": Programme(f"one{i}", "one gene", (GENES[i],)) for i in range(46, 50)}
    return {**single, "four": Programme("four", "four genes", GENES[46:50])}


@pytest.fixture(scope="session")
def expression() -> Callable[..., np.ndarray]:
    """Samples × 60 genes of normal values, genes of unlike level and spread."""

    def make(n: int = 24, seed: int = 5) -> np.ndarray:
        rng = np.random.default_rng(seed)
        level, spread = rng.uniform(2, 6, len(GENES)), rng.uniform(0.3, 2, len(GENES))
        shared = rng.normal(size=(n, 1)) * rng.uniform(-1, 1, len(GENES))
        return level + spread * (0.8 * shared + 0.6 * rng.normal(size=(n, len(GENES))))

    return make


@pytest.fixture(scope="session")
def gauge_of(toy: Catalogue, programmes: Mapping[str, Programme]) -> Callable[..., Gauge]:
    """A gauge over values of samples (and of a reference, else the samples themselves)."""

    def make(
        values: np.ndarray,
        reference: np.ndarray | None = None,
        *,
        catalogue: Catalogue = toy,
        views: Mapping[str, np.ndarray] | None = None,
    ) -> Gauge:
        here = Cohort(GENES, {WHOLE: values, **(views or {})})
        there = here if reference is None else Cohort(GENES, {WHOLE: reference})
        return Gauge(catalogue, programmes, there, here)

    return make


@pytest.fixture(scope="session")
def standardise() -> Callable[[np.ndarray], np.ndarray]:
    """Genes less their mean over the larger of their own and the median standard deviation."""

    def run(values: np.ndarray, reference: np.ndarray | None = None) -> np.ndarray:
        there = values if reference is None else reference
        mean, sd = there.mean(axis=0), np.sqrt(there.var(axis=0, ddof=1))
        return (values - mean) / np.maximum(sd, np.median(sd[sd > 0]))

    return run


def _mean_and_error(z: Mapping[str, float], weights: Mapping[str, float]) -> tuple[float, float]:
    """Weighted mean of the genes that are there, and its error over genes, term by term."""
    there = {gene: w for gene, w in weights.items() if gene in z}
    total = sum(abs(w) for w in there.values())
    a = sum(w * z[gene] for gene, w in there.items()) / total
    square = sum((w * z[gene] - abs(w) * a) ** 2 for gene, w in there.items()) / total**2
    return a, math.sqrt(square)


@pytest.fixture(scope="session")
def mean_and_error() -> Callable[..., tuple[float, float]]:
    """Weighted mean of a gene set in one sample and its error, by loops."""
    return _mean_and_error


def _votes(catalogue: Catalogue, ids: list[str]) -> dict[str, float]:
    """An axis has the vote of its best member, shared out in proportion to confidence."""
    counts = {"high": 1.0, "medium": 0.75, "low": 0.5}
    value = {id: counts[catalogue.cytokines[id].role.confidence] for id in ids}
    vote = {}
    for axis in catalogue.axes.values():
        inside = [value[id] for id in axis.members if id in value]
        for id in axis.members:
            if id in value:
                vote[id] = max(inside) * value[id] / sum(inside)
    return {id: vote[id] for id in ids}


def _pulls(catalogue: Catalogue, vote: Mapping[str, float]) -> dict[str, float]:
    """vote × role over the sum of vote × |role| of the arm."""
    role = {id: catalogue.cytokines[id].role.value for id in vote}
    arm = {
        sign: sum(vote[id] * abs(role[id]) for id in vote if role[id] * sign > 0)
        for sign in (1, -1)
    }
    return {id: vote[id] * role[id] / arm[1 if role[id] > 0 else -1] for id in vote}


def _posterior(a: np.ndarray, se: np.ndarray, variance: float, noise: float, df: int) -> np.ndarray:
    """Posterior means under a normal prior with outliers, over 64 quantiles of its variance."""
    found = []
    for chi2 in stats.chi2.ppf((np.arange(64) + 0.5) / 64, df):
        between = max(0.0, df * variance / chi2 - noise)
        means, logs = [], []
        for chance, prior in ((0.95, between), (0.05, between + 1.0)):
            sd = np.sqrt(prior + se**2)
            logs.append(np.log(chance) + stats.norm.logpdf(a, 0, sd))
            means.append(a * prior / sd**2)
        found.append(np.average(means, axis=0, weights=np.exp(logs - np.max(logs, axis=0))))
    return np.mean(found, axis=0)


@pytest.fixture(scope="session")
def posterior() -> Callable[..., np.ndarray]:
    """Shrunk activities of one cytokine, from densities of scipy."""
    return _posterior


def _measured(rows: list[dict[str, float]], catalogue: Catalogue, id: str) -> np.ndarray:
    """Activity and its error in every sample: 2 × samples. Errors stretched for few genes."""
    weights = catalogue.signatures[id].weights
    found = np.array([_mean_and_error(row, weights) for row in rows]).T
    there = [w for gene, w in weights.items() if gene in rows[0]]
    n = max(2.0, sum(map(abs, there)) ** 2 / sum(w**2 for w in there))
    found[1] *= math.sqrt((n + 1) / (n - 1))
    return found


def _brute_force(
    z: pd.DataFrame, catalogue: Catalogue, reference: pd.DataFrame | None = None
) -> dict[str, object]:
    """The balance from standardised genes (samples × genes), written anew.

    The samples are the reference unless one is given.
    """
    rows, there = (
        [row.dropna().to_dict() for _, row in table.iterrows()]
        for table in (z, z if reference is None else reference)
    )
    ids = []
    for id, signature in catalogue.signatures.items():
        kept = [g for g in signature.weights if g in z.columns]
        share = sum(abs(signature.weights[g]) for g in kept) / sum(
            abs(w) for w in signature.weights.values()
        )
        if id in catalogue.cytokines and share >= 0.25 and len(kept) >= 5:
            ids.append(id)
    activity, used, error, reliability = {}, {}, {}, {}
    for id in ids:
        a, se = _measured(there, catalogue, id)
        variance, noise = a.var(ddof=1), float(np.mean(se**2))
        reliability[id] = min(1.0, max(0.0, 1 - noise / variance))
        activity[id], error[id] = _measured(rows, catalogue, id)
        used[id] = _posterior(activity[id], error[id], variance, noise, len(there) - 1)
    activity, used, error = (pd.DataFrame(t, index=z.index) for t in (activity, used, error))
    vote = _votes(catalogue, ids)
    pull = pd.Series(_pulls(catalogue, vote))
    parts = used * pull
    anti, pro = parts.loc[:, pull > 0].sum(axis=1), -parts.loc[:, pull < 0].sum(axis=1)
    return {
        "activity": activity,
        "error": error,
        "used": used,
        "reliability": pd.Series(reliability),
        "vote": pd.Series(vote),
        "pull": pull,
        "parts": parts,
        "anti": anti.to_numpy(),
        "pro": pro.to_numpy(),
        "balance": (anti - pro).to_numpy(),
        "intensity": ((anti + pro) / 2).to_numpy(),
    }


@pytest.fixture(scope="session")
def brute_force() -> Callable[[pd.DataFrame, Catalogue], dict[str, object]]:
    """The balance of samples from their standardised genes, with scipy and loops."""
    return _brute_force


@pytest.fixture(scope="session")
def genes_read() -> list[str]:
    """Every gene of a signature, a variant, a ligand or a programme."""
    catalogue = load()
    found = {g for s in catalogue for g in s.weights}
    found |= {g for own in catalogue.variants.values() for s in own.values() for g in s.weights}
    found |= {g for c in catalogue.cytokines.values() for f in c.ligands for g in f.genes}
    return sorted(found | {g for p in load_programmes().values() for g in p.genes})


@pytest.fixture(scope="session")
def bulk_counts(genes_read: list[str]) -> anndata.AnnData:
    """24 bulk samples of counts, immune cells, stroma and interferon of unlike amount."""
    rng = np.random.default_rng(77)
    genes = [*genes_read, *(f"FILL{i:04d}" for i in range(300))]
    known, lists = load_programmes(), load().signatures
    moved = (
        set(known["immune_content"].genes),
        set(known["stromal_content"].genes) | set(known["tgfb_stroma"].genes),
        set(lists["IFNG"].weights) | set(known["effector_t"].genes),
    )
    level = rng.normal(3, 1.5, len(genes)) + rng.normal(0, 0.4, (24, len(genes)))
    for module in moved:
        level += 0.7 * rng.normal(size=(24, 1)) * np.isin(genes, list(module))
    counts = rng.poisson(np.exp(level) * rng.uniform(1, 3, (24, 1))).astype(np.float64)
    samples = pd.Index([f"P{i:02d}" for i in range(24)], dtype=str)
    var = pd.DataFrame(index=pd.Index(genes, dtype=str))
    return anndata.AnnData(sparse.csr_matrix(counts), pd.DataFrame(index=samples), var)


def _run(adata: anndata.AnnData, **options: object) -> Tables:
    out = cs.tl.balance(adata, copy=True, **{"n_draws": 100, **options})
    return {k: v for k, v in out.uns["cytosig"].items() if isinstance(v, pd.DataFrame)}


@pytest.fixture(scope="session")
def run() -> Callable[..., Tables]:
    """The tables of a balance of a copy, by slot."""
    return _run


@pytest.fixture(scope="session")
def tables(bulk_counts: anndata.AnnData) -> Tables:
    """The balance of the bulk cohort."""
    return _run(bulk_counts)


@pytest.fixture(scope="session")
def z(bulk_counts: anndata.AnnData, genes_read: list[str], standardise: Callable) -> pd.DataFrame:
    """log(x / total · 10,000 + 1), standardised: the totals are small enough to be of cells."""
    x = bulk_counts.X.toarray()
    total = x.sum(axis=1, keepdims=True)
    assert np.median(total) < 5e5
    logged = pd.DataFrame(np.log1p(x / total * 1e4), columns=bulk_counts.var_names)
    values = standardise(logged[genes_read].to_numpy())
    return pd.DataFrame(values, bulk_counts.obs_names, genes_read)


@pytest.fixture(scope="session")
def by_hand(z: pd.DataFrame, brute_force: Callable) -> dict:
    """The same balance, by loops."""
    return brute_force(z, load())
