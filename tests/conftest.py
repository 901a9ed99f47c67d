"""Data and oracles that several tests share; nothing here calls the code under test."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from cytosig.signatures import Axis, Catalogue, Cytokine, load
from cytosig.signatures.model import Form, ResponseGene, Role, Signature

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import ModuleType

N_CELLS, N_GENES = 300, 3000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Excuse what anndata 0.13 does inside: it reads options that pandas 3 deprecates."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            for option in ("future.infer_string", "mode.chained_assignment"):
                text = f"ignore:The '{option}' option is deprecated:DeprecationWarning"
                item.add_marker(pytest.mark.filterwarnings(text))


def _catalogue_genes() -> list[str]:
    catalogue = load()
    ligands = {g for c in catalogue.cytokines.values() for g in c.ligand_genes}
    return sorted({*catalogue.genes, *ligands})


@cache
def _counts() -> anndata.AnnData:
    rng = np.random.default_rng(20240611)
    named = _catalogue_genes()
    genes = [*named, *(f"FILL{i:04d}" for i in range(N_GENES - len(named)))]
    order = rng.permutation(N_GENES)
    level = rng.lognormal(-1.2, 1.3, N_GENES)[None] * rng.lognormal(0, 0.35, (N_CELLS, 1))
    level[:, ::3] *= rng.lognormal(0, 0.5, (N_CELLS, len(range(0, N_GENES, 3))))
    counts = rng.negative_binomial(1.5, 1.5 / (1.5 + level)).astype(np.float32)
    counts[0, 5] = 3  # no cell is empty, whatever the draw
    cells = pd.Index([f"cell{i}" for i in range(N_CELLS)], dtype=str)
    obs = pd.DataFrame(
        {
            "donor": pd.Categorical(np.array(["d1", "d2", "d3"])[np.arange(N_CELLS) % 3]),
            "arm": np.where(rng.random(N_CELLS) < 0.4, "untreated", "treated"),
            "plate": np.arange(N_CELLS) % 2,
        },
        index=cells,
    )
    var = pd.DataFrame(index=pd.Index([genes[i] for i in order], dtype=str))
    return anndata.AnnData(sparse.csr_matrix(counts), obs=obs, var=var)


def _log_normalised(counts: np.ndarray) -> np.ndarray:
    counts = np.asarray(counts, dtype=np.float64)
    return np.log1p(counts / counts.sum(axis=1, keepdims=True) * 1e4)


@pytest.fixture
def counts() -> anndata.AnnData:
    """300 cells × 1,500 genes, the catalogue's among them: raw counts, CSR, float32."""
    return _counts().copy()


@pytest.fixture
def logged() -> anndata.AnnData:
    """The same cells at 10,000 counts a cell, log(x + 1), float64, made with plain numpy."""
    adata = _counts().copy()
    adata.X = sparse.csr_matrix(_log_normalised(adata.X.toarray()))
    return adata


@pytest.fixture
def log_normalise() -> Callable[[np.ndarray], np.ndarray]:
    """Dense counts to log(CP10k + 1), by definition."""
    return _log_normalised


@pytest.fixture(scope="session")
def curated() -> Catalogue:
    """The catalogue that ships with the package."""
    return load()


def _cytokine(id: str, *forms: tuple[str, ...]) -> Cytokine:
    return Cytokine(
        id=id,
        name=f"Factor {id}",
        family="test",
        ligands=tuple(Form("-".join(genes), genes) for genes in forms),
        receptors=(Form("receptor", ("IL6ST",)),),
        role=Role(0.5, "anti", "low", "made for tests"),
    )


@pytest.fixture(scope="session")
def small() -> Catalogue:
    """Three overlapping hand-made signatures with graded weights, three cytokines, two axes."""
    genes = _catalogue_genes()
    rng = np.random.default_rng(3)
    signatures = {}
    for k, id in enumerate(("ALPHA", "BETA", "GAMMA")):
        chosen = genes[15 * k : 15 * k + 24]
        weights = rng.choice([1.0, 0.7, 0.5, -0.5, -0.25], len(chosen), p=[0.4, 0.2, 0.2, 0.1, 0.1])
        records = tuple(ResponseGene(g, float(w)) for g, w in zip(chosen, weights, strict=True))
        signatures[id] = Signature(id, records)
    cytokines = {
        "ALPHA": _cytokine("ALPHA", ("IL12A", "IL12B")),
        "BETA": _cytokine("BETA", ("IL17A",), ("IL17F",)),
        "GAMMA": _cytokine("GAMMA", ("IFNG",)),
    }
    axes = {
        "AB": Axis("AB", "first two", ("ALPHA", "BETA")),
        "C": Axis("C", "the third", ("GAMMA",)),
    }
    return Catalogue(signatures, cytokines, axes)


@pytest.fixture(scope="session")
def weight_matrix() -> Callable[[Catalogue, list[str]], np.ndarray]:
    """Genes × signatures, filled in gene by gene."""

    def build(catalogue: Catalogue, genes: list[str]) -> np.ndarray:
        matrix = np.zeros((len(genes), len(catalogue.signatures)))
        for k, signature in enumerate(catalogue.signatures.values()):
            for record in signature.genes:
                if record.gene in genes:
                    matrix[genes.index(record.gene), k] = record.weight
        return matrix

    return build


def _regression_weights(
    name: str, weights: np.ndarray, lam: float | None, groups: Sequence[str] | None
) -> np.ndarray:
    centred = weights - weights.mean(axis=0)
    if name == "ulm":
        return centred / (centred**2).sum(axis=0)
    if name == "wmean":
        return weights / np.abs(weights).sum(axis=0)
    if name == "mlm":
        return np.linalg.pinv(centred).T
    if name == "hlm":
        each = range(weights.shape[1])
        names = list(map(str, each)) if groups is None else list(groups)
        fits = [_hlm_design(weights, names, k, 3.0 if lam is None else lam) for k in each]
        return np.stack([np.linalg.pinv(fit)[0, : len(weights)] for fit in fits], axis=1)
    if name == "ridge":
        if lam is None:
            lam = float((weights**2).sum() / weights.shape[1])
        k = weights.shape[1]
        return np.linalg.solve(weights.T @ weights + lam * np.eye(k), weights.T).T
    raise AssertionError(f"write down how {name} weighs genes, as an oracle for its tests")


def _hlm_design(weights: np.ndarray, groups: list[str], k: int, lam: float) -> np.ndarray:
    """Columns: signature k, the other axes, its siblings; below the genes a row a sibling."""
    centred = weights - weights.mean(axis=0)
    unit = centred / np.sqrt((centred**2).sum(axis=0))
    columns = [centred[:, k]]
    for other in sorted(set(groups) - {groups[k]}):
        inside = [j for j, group in enumerate(groups) if group == other]
        columns.append(sum(unit[:, j] for j in inside) / len(inside))
    n_free = len(columns)
    columns += [unit[:, j] for j, g in enumerate(groups) if g == groups[k] and j != k]
    below = np.sqrt(lam) * np.eye(len(columns))[n_free:]
    return np.vstack([np.stack(columns, axis=1), below])


@pytest.fixture(scope="session")
def hlm_design() -> Callable[..., np.ndarray]:
    """Genes and ridge rows × regressors of hlm for signature k; observations get zeros below."""
    return _hlm_design


@pytest.fixture(scope="session")
def gene_weights() -> Callable[..., np.ndarray]:
    """T (genes × signatures) of a method, by brute force from its definition.

    ``groups`` are the axes of the signatures; each is its own when None.
    """
    return lambda name, weights, lam=None, groups=None: _regression_weights(
        name, weights, lam, groups
    )


@pytest.fixture(scope="session")
def axis_names() -> Callable[[Catalogue], list[str]]:
    """The axis of every signature of a catalogue that has them."""

    def names(catalogue: Catalogue) -> list[str]:
        return [
            next(axis.id for axis in catalogue.axes.values() if id in axis.members)
            for id in catalogue.ids
        ]

    return names


@pytest.fixture(scope="session")
def correlation_z() -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """√(G−1)·Pearson(T, x) for every row of x and column of T."""

    def z(x: np.ndarray, t: np.ndarray) -> np.ndarray:
        n = len(t)
        both = np.corrcoef(np.vstack([x, t.T]))
        return np.sqrt(n - 1) * both[: len(x), len(x) :]

    return z


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The root of the repository, which holds reliability/; a source distribution does not."""
    root = Path(__file__).parents[1]
    if not (root / "reliability").is_dir():
        pytest.skip("reliability/ is not in this distribution")
    return root


@pytest.fixture(scope="module")
def part(request: pytest.FixtureRequest, checkout: Path) -> Iterator[Callable[[str], ModuleType]]:
    """Modules by name of the program of reliability/ that has the name of the test's folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(checkout))
        program = request.path.parent.name
        yield lambda name: import_module(f"reliability.{program}.{name}")
