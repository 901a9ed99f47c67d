"""A small catalogue with every kind of form, and tissues of a few samples, written by hand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import cytosig as cs
from cytosig.communication.tissue import Tissue
from cytosig.signatures import Catalogue, Cytokine
from cytosig.signatures.model import Form, Modifiers, Response, ResponseGene, Role, Signature

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

FILLERS = tuple(f"FIL{i:03d}" for i in range(160))


def _form(*genes: str, supplied: tuple[str, ...] = (), name: str = "") -> Form:
    return Form(name or "+".join(genes), genes, supplied)


def _cytokine(
    id: str,
    ligands: tuple[Form, ...],
    receptors: tuple[Form, ...],
    proxy: str = "",
    **modifiers: tuple[str, ...],
) -> Cytokine:
    return Cytokine(
        id=id, name=f"Factor {id}", family="test", ligands=ligands, receptors=receptors,
        role=Role(0.5, "anti", "low", "made for tests"), modifiers=Modifiers(**modifiers),
        response=Response("high", proxy=proxy),
    )  # fmt: skip


CYTOKINES = (
    _cytokine(
        "SOLO", (_form("SOL"),), (_form("SOR"),),
        decoys=("SOD",), antagonists=("SOA",), activators=("SOX",),
    ),
    _cytokine("DUO", (_form("DUA", "DUB"),), (_form("DRA", "DRB"),), feedback=("FIL150",)),
    _cytokine("EITHER", (_form("EIA"), _form("EIB")), (_form("ERA"), _form("ERB"))),
    _cytokine("NEST", (_form("NEL"),), (_form("NRA", "NRB", "NRC"), _form("NRB", "NRC"))),
    _cytokine(
        "SHOW", (_form("SHL"),),
        (_form("NRB", "NRC", supplied=("SHP",), name="trans"), _form("SHP", "NRB", "NRC")),
        presenters=("SHP",),
    ),
    _cytokine(
        "TRANS", (_form("TRL"),),
        (_form("TRR", "TRS"), _form("TRS", supplied=("TRR",), name="trans")),
    ),
    _cytokine("COPY", (_form("COL"),), (_form("SOR"),), proxy="SOLO"),
    _cytokine("MUTE", (_form("MUL"),), (_form("MUR"),)),
)  # fmt: skip
LISTED = ("SOLO", "DUO", "EITHER", "NEST", "SHOW", "TRANS")


def _signature(id: str, first: int, extra: tuple[str, ...] = ()) -> Signature:
    rng = np.random.default_rng(first)
    weights = rng.choice([1.0, 0.7, 0.4, -0.6], 20)
    records = [
        ResponseGene(g, float(w)) for g, w in zip(FILLERS[first : first + 20], weights, strict=True)
    ]
    return Signature(id, (*records, *(ResponseGene(gene, 1.0) for gene in extra)), grade="A")


@pytest.fixture(scope="session")
def toy() -> Catalogue:
    """Eight cytokines; SOLO's list holds its own ligand, receptor and decoy too."""
    own = {"SOLO": ("SOL", "SOR", "SOD")}
    lists = {id: _signature(id, 20 * k, own.get(id, ())) for k, id in enumerate(LISTED)}
    myeloid = {"SOLO": replace(_signature("SOLO", 120), grade="C")}
    return Catalogue(lists, {c.id: c for c in CYTOKINES}, variants={"myeloid": myeloid})


@pytest.fixture(scope="session")
def only(toy: Catalogue) -> Callable[..., Catalogue]:
    """The catalogue with some of the cytokines: alone, a cytokine borrows no variance."""
    return lambda *ids: toy.subset(ids)


def _tissue(
    genes: Mapping[str, object],
    *,
    n_cells: object = 100,
    depth: object = np.nan,
    types: Sequence[str] = (),
) -> Tissue:
    cpm = np.stack([np.asarray(values, dtype=float) for values in genes.values()], axis=2)
    shape = cpm.shape[:2]
    return Tissue(
        tuple(f"s{i}" for i in range(shape[0])),
        tuple(types) or tuple("ABCDEFGH"[: shape[1]]),
        {gene: i for i, gene in enumerate(genes)},
        cpm,
        np.where(np.isnan(cpm), np.nan, cpm / (cpm + 50)),
        np.broadcast_to(np.asarray(n_cells, dtype=np.int64), shape).copy(),
        np.broadcast_to(np.asarray(depth, dtype=float), shape).copy(),
    )


@pytest.fixture(scope="session")
def tissue_of() -> Callable[..., Tissue]:
    """A tissue from CPM by gene, samples × types each; NaN where a type is missing."""
    return _tissue


def _drawn(seed: int, n_samples: int, n_types: int, names: Sequence[str]) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    level = rng.lognormal(3.5, 0.8, (1, n_types, len(names)))
    found = level * rng.lognormal(0, 0.5, (n_samples, n_types, len(names)))
    return {gene: found[:, :, k] for k, gene in enumerate(names)}


@pytest.fixture(scope="session")
def surface(toy: Catalogue) -> Callable[..., dict[str, np.ndarray]]:
    """Random CPM of every ligand, receptor and modifier of the toy, by seed and shape."""
    names = set[str]()
    for c in toy.cytokines.values():
        m = c.modifiers
        for form in (*c.ligands, *c.receptors):
            names |= {*form.genes, *form.supplied}
        names |= {*m.decoys, *m.antagonists, *m.presenters, *m.activators}
    return lambda seed, n_samples=6, n_types=4: _drawn(seed, n_samples, n_types, sorted(names))


SINK = "SINK"
"""A gene of 20,000 counts a cell, which brings all others to tens of counts per million."""


def _cells(
    genes: Sequence[str], n_samples: int, types: Sequence[str], n: int, seed: int
) -> anndata.AnnData:
    rng = np.random.default_rng(seed)
    shape = (n_samples, len(types), len(genes))
    level = rng.lognormal(-0.7, 0.9, shape[1:]) * rng.lognormal(0, 0.4, shape)
    level[:, :, list(genes).index(SINK)] = 20_000
    sample = np.repeat(np.arange(n_samples), len(types) * n)
    kind = np.tile(np.repeat(np.arange(len(types)), n), n_samples)
    x = rng.poisson(level[sample, kind]).astype(np.float32)
    obs = pd.DataFrame(
        {"sample": [f"s{i}" for i in sample], "cell_type": [types[i] for i in kind]},
        index=[f"cell{i}" for i in range(len(x))],
    )
    order = rng.permutation(len(x))
    kept = order[: int(0.95 * len(x))]  # types of unlike size
    adata = anndata.AnnData(sparse.csr_matrix(x), obs, pd.DataFrame(index=list(genes)))
    return adata[kept].copy()


@pytest.fixture(scope="session")
def cells(surface: Callable) -> Callable[..., anndata.AnnData]:
    """Random cells: all genes of the toy and fillers, patients and types unlike each other."""

    def make(
        n_samples: int = 6,
        types: Sequence[str] = ("tumour", "stroma", "T cell", "macrophage"),
        n: int = 16,
        seed: int = 0,
    ) -> anndata.AnnData:
        return _cells([*surface(0), *FILLERS, SINK], n_samples, types, n, seed)

    return make


@dataclass(frozen=True)
class Pool:
    """What pandas makes of cells: samples × types, by gene; ``log`` has the bias taken off."""

    samples: list[str]
    types: list[str]
    genes: list[str]
    n: np.ndarray
    depth: np.ndarray
    cpm: np.ndarray
    fraction: np.ndarray

    def of(self, gene: str) -> np.ndarray:
        return self.cpm[:, :, self.genes.index(gene)]

    def log(self, cpm: np.ndarray) -> np.ndarray:
        depth = self.depth if cpm.ndim == 2 else self.depth[:, :, None]
        return (np.log(cpm + 10) + cpm * (1e6 / depth) / (2 * (cpm + 10) ** 2)) / np.log(2)


def _pool(adata: anndata.AnnData, min_cells: int = 10) -> Pool:
    x = adata.X.toarray() if sparse.issparse(adata.X) else adata.X
    table = pd.DataFrame(x.astype(float), columns=list(adata.var_names))
    by = [adata.obs[key].astype(str).to_numpy() for key in ("sample", "cell_type")]
    samples, types = (sorted(set(keys)) for keys in by)
    whole = pd.MultiIndex.from_product([samples, types])
    sums = table.groupby(by).sum().reindex(whole)
    seen = (table > 0).groupby(by).mean().reindex(whole)
    n = table.groupby(by).size().reindex(whole, fill_value=0)
    depth = sums.sum(axis=1)
    cpm = sums.div(depth, axis=0) * 1e6
    cpm[(n < min_cells).to_numpy()] = seen[(n < min_cells).to_numpy()] = np.nan
    shape = (len(samples), len(types))
    return Pool(
        samples, types, list(table.columns), n.to_numpy().reshape(shape),
        depth.to_numpy().reshape(shape), cpm.to_numpy().reshape(*shape, -1),
        seen.to_numpy().reshape(*shape, -1),
    )  # fmt: skip


@pytest.fixture(scope="session")
def pool() -> Callable[..., Pool]:
    """Counts per million of every sample and type with 10 cells or more, types in order."""
    return _pool


def _less_others(values: np.ndarray) -> np.ndarray:
    found = np.full(values.shape, np.nan)
    for s, t in np.ndindex(values.shape):
        rest = np.delete(values[s], t)
        if not np.isnan(rest).all():
            found[s, t] = values[s, t] - np.nanmean(rest)
    return found


@pytest.fixture(scope="session")
def less_others() -> Callable[[np.ndarray], np.ndarray]:
    """Samples × types, each less the mean of the other types of its sample."""
    return _less_others


def _scaled(held: Pool) -> tuple[np.ndarray, np.ndarray]:
    """Log levels gene by gene on one scale, rows centred; and which genes are expressed."""
    level = held.log(held.cpm)
    rows = level.reshape(-1, level.shape[2])
    rows = rows[~np.isnan(rows[:, 0])]
    expressed = np.nanmean(held.cpm, axis=(0, 1)) >= 1
    variance = rows.var(axis=0, ddof=1)
    values = level / np.sqrt(variance + np.median(variance[expressed]))
    return values - values[:, :, expressed].mean(axis=2, keepdims=True), expressed


@pytest.fixture(scope="session")
def scaled() -> Callable[[Pool], tuple[np.ndarray, np.ndarray]]:
    """Samples × types × genes as responses are read from, and which genes are expressed."""
    return _scaled


def _contrasts(held: Pool, weights: Mapping[str, float]) -> tuple[np.ndarray, np.ndarray]:
    values, expressed = _scaled(held)
    each = np.full(values.shape, np.nan)
    for s, t in product(*map(range, values.shape[:2])):
        each[s, t] = values[s, t] - np.nanmean(np.delete(values[s], t, axis=0), axis=0)
    total = sum(map(abs, weights.values()))
    of = {g: w / total for g, w in weights.items()}
    summed = sum(w * each[:, :, held.genes.index(g)] for g, w in of.items())
    return summed, each[:, :, expressed]


@pytest.fixture(scope="session")
def contrasts() -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    """Of a list of weights over the other types, samples × types; and of every expressed gene."""
    return _contrasts


def _ask(call: str, adata: anndata.AnnData, **options: object) -> dict[str, pd.DataFrame]:
    keys = {"sample_key": "sample", "cell_type_key": "cell_type", "n_jobs": 1}
    out = getattr(cs.tl, call)(adata, copy=True, **{**keys, **options})
    return {k: v for k, v in out.uns["cytosig"].items() if isinstance(v, pd.DataFrame)}


@pytest.fixture(scope="session")
def ask() -> Callable[..., dict[str, pd.DataFrame]]:
    """Tables that ``sources``, ``targets`` or ``links`` leave, by name."""
    return _ask


@pytest.fixture(scope="session")
def grid() -> Callable[[pd.DataFrame, str, str], np.ndarray]:
    """A column of a table for one cytokine, by cell type in alphabetical order."""
    return lambda table, cytokine, column: (
        table[table["cytokine"] == cytokine].set_index("cell_type")[column].sort_index().to_numpy()
    )
