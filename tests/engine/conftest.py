"""What contract tests share: every method as small as it can be run, and tables compared."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

import cytosig as cs
from cytosig import methods
from cytosig._keys import Keys
from cytosig.signatures import Catalogue, Signature

if TYPE_CHECKING:
    from collections.abc import Callable

    from anndata import AnnData

    Tables = dict[str, pd.DataFrame]

FEW_GENES = 600
BY_PLACE = {"scanpy"}  # draws control genes by where they stand
BY_FILLED = {"decoupler"}  # leaves out genes that no observation has


@dataclass(frozen=True)
class Kind:
    """A method, and the peer it follows."""

    method: methods.Method
    peer: str | None = None

    def __str__(self) -> str:
        return self.method.name if self.peer is None else f"{self.method.name} as {self.peer}"

    @property
    def options(self) -> dict[str, object]:
        """What it is asked for by, without many shuffles."""
        return {"method": self.method.name, "compat": self.peer, **cheap(self.method.name)}

    @property
    def whole(self) -> bool:
        """It is for tens of samples, and too slow for more."""
        return isinstance(self.method, methods.WholeMethod)

    @property
    def ranks(self) -> bool:
        """It reads one observation at a time and needs no other."""
        return isinstance(self.method, methods.RankMethod)

    @property
    def linear(self) -> bool:
        """It has estimates and p-values."""
        return isinstance(self.method, methods.LinearMethod)

    @property
    def by_order(self) -> bool:
        """As that peer has it, the order of the genes decides."""
        return self.peer in getattr(self.method, "ordinal", ()) or self.peer in BY_PLACE

    @property
    def by_company(self) -> bool:
        """It compares observations, so that a stored reference cannot take the others' place."""
        compares = self.whole and self.method.fewest > 1
        joins = isinstance(self.method, methods.ConsensusMethod)
        return compares or joins or self.peer in BY_FILLED


def cheap(*names: str) -> dict[str, object]:
    """Settings that make the slow one of these methods quick."""
    return {"settings": {"gsea": {"permutations": 100}}} if "gsea" in names else {}


KINDS = [
    Kind(method, peer)
    for method in methods.available().values()
    for peer in (None, *sorted(method.compat))
]


@pytest.fixture(params=KINDS, ids=str)
def kind(request: pytest.FixtureRequest) -> Kind:
    """Every method, by its definition and as each of its peers has it."""
    return request.param


@pytest.fixture(params=[k for k in KINDS if k.peer is None], ids=str)
def plain(request: pytest.FixtureRequest) -> Kind:
    """Every method by its definition."""
    return request.param


@pytest.fixture(params=[k for k in KINDS if k.linear], ids=str)
def linear(request: pytest.FixtureRequest) -> Kind:
    """Every method with an exact null."""
    return request.param


@pytest.fixture(params=[k for k in KINDS if k.method.centred], ids=str)
def centring(request: pytest.FixtureRequest) -> Kind:
    """Every method that reads values less a mean."""
    return request.param


@pytest.fixture(params=[k for k in KINDS if (k.linear or k.ranks) and not k.by_company], ids=str)
def hermit(request: pytest.FixtureRequest) -> Kind:
    """Every method that can score an observation on its own, with nothing stored."""
    return request.param


@pytest.fixture(scope="session")
def every() -> dict[str, object]:
    """All methods in one call."""
    names = sorted(methods.available())
    return {"method": names, **cheap(*names)}


@pytest.fixture(scope="session")
def followers() -> dict[str, object]:
    """In one call all methods that follow a peer, each its first."""
    peers = {kind.method.name: kind.method.compat[0] for kind in KINDS if kind.peer}
    return {"method": sorted(peers), "compat": sorted(peers.values())}


def _with_few_genes(adata: AnnData, small: Catalogue) -> AnnData:
    ligands = {gene for cytokine in small.cytokines.values() for gene in cytokine.ligand_genes}
    named = [gene for gene in adata.var_names if gene in ligands or gene in small.genes]
    others = [gene for gene in adata.var_names if gene not in named]
    return adata[:, [*named, *others[: FEW_GENES - len(named)]]].copy()


@pytest.fixture
def few(counts: AnnData, small: Catalogue) -> AnnData:
    """Eight of the shared cells × 600 genes, those of ``small`` among them: raw counts."""
    return _with_few_genes(counts[:8], small)


@pytest.fixture
def few_logged(
    counts: AnnData, small: Catalogue, log_normalise: Callable[[np.ndarray], np.ndarray]
) -> AnnData:
    """Forty of the shared cells × 600 genes, logged."""
    few = _with_few_genes(counts[:40], small)
    few.X = sp.csr_matrix(log_normalise(few.X.toarray()))
    return few


@pytest.fixture
def cells(counts: AnnData) -> AnnData:
    """The shared cells with a cell type each, in no order."""
    rng = np.random.default_rng(11)
    labels = ("CD8 T", "Macrophage", "Fibroblast", "Neuron")
    counts.obs["cell_type"] = pd.Categorical(rng.choice(labels, counts.n_obs))
    return counts


def _variant(catalogue: Catalogue, id: str, seed: int) -> Signature:
    """The same number of genes of the catalogue, other ones, with other weights."""
    rng = np.random.default_rng(seed)
    genes = rng.choice(catalogue.genes, 20, replace=False)
    return Signature.from_weights(id, dict(zip(genes, rng.choice([1, 0.7, -0.5], 20), strict=True)))


@pytest.fixture
def varied(small: Catalogue) -> Catalogue:
    """Myeloid has its own ALPHA and GAMMA, T_NK its own BETA; the others are generic."""
    mine = {
        "myeloid": {id: _variant(small, id, seed) for seed, id in enumerate(("ALPHA", "GAMMA"))},
        "T_NK": {"BETA": _variant(small, "BETA", 7)},
        "B": {"BETA": _variant(small, "BETA", 8)},
    }
    return replace(small, variants=mine)


@pytest.fixture
def sized(
    kind: Kind, counts: AnnData, few: AnnData, small: Catalogue
) -> tuple[AnnData, dict[str, object]]:
    """As many observations as the method scores at once, and what it is asked for by."""
    return few if kind.whole else counts, {"signatures": small, **kind.options}


def _tables(adata: AnnData, key: str = "cytosig") -> Tables:
    """Every table a run left under a key, by slot."""
    slots = {slot.removeprefix(f"{key}_"): slot for slot in Keys(key).tables}
    return {name: adata.obsm[slot] for name, slot in slots.items() if slot in adata.obsm}


@pytest.fixture(scope="session")
def tables() -> Callable[..., Tables]:
    """Every table a run left under a key, by slot."""
    return _tables


@pytest.fixture(scope="session")
def run() -> Callable[..., Tables]:
    """Score a copy by one thread: the tables."""

    def score(adata: AnnData, **options: object) -> Tables:
        return _tables(cs.tl.score(adata, copy=True, **{"n_jobs": 1, **options}))

    return score


@pytest.fixture(scope="session")
def same() -> Callable[[Tables, Tables], None]:
    """Check that tables are equal to the bit, NaN in the same places."""

    def check(one: Tables, other: Tables) -> None:
        assert list(one) == list(other)
        for slot in one:
            pd.testing.assert_frame_equal(one[slot], other[slot], check_exact=True, obj=slot)

    return check


@pytest.fixture(scope="session")
def close() -> Callable[..., None]:
    """Check that tables are equal but for rounding; p may move more: its weights are grouped."""

    def check(one: Tables, other: Tables, rtol: float = 1e-9, p_rtol: float = 1e-3) -> None:
        assert list(one) == list(other)
        for slot in one:
            assert list(one[slot].columns) == list(other[slot].columns)
            here = p_rtol if slot.endswith("pvalue") else rtol
            np.testing.assert_allclose(one[slot], other[slot], rtol=here, atol=1e-9, err_msg=slot)

    return check


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one, the number of blocks, whenever somebody reads the rows to their end."""
    from cytosig.engine import passes

    seen: list[int] = []
    original = passes.for_each

    def counted(rows: Any, work: Any, /, **how: Any) -> None:
        original(rows, work, **how)
        spans = how.get("spans")
        seen.append(len(rows.spans if spans is None else spans))

    monkeypatch.setattr(passes, "for_each", counted)
    return seen
