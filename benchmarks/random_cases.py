"""The cases of random_sets.py: known stimulations, centred, with their signatures' genes found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import anndata as ad
import numpy as np
import pandas as pd
import panel_sets as sets
import random_draws as draws

from cytosig.engine import score as engine
from cytosig.engine.options import Options
from cytosig.genes import gene_labels

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from cytosig.signatures import Catalogue

    Array = NDArray[np.float64]

_CONTROL = ("cytokine", "control")
_FEWEST_CELLS = 10
_STUDIES = {
    "stim_jankowski_hppt": "GSE_Jankowski_HPPT",
    "stim_hbec_il13": "Seibold_HBEC_IL13",
    "stim_t84_il22_ifnl": "Boulant_T84",
    "stim_hetil15_nanostring_mouse": "Pavlakis_hetIL15",
    "stim_kang_ifnb_2800": "GSE96583",
}


@dataclass(frozen=True)
class Data:
    """Observations with ``obs["cytokine"]``, and the block to centre inside.

    ``study`` is its name in the evidence that signatures are made from.
    """

    name: str
    study: str
    adata: ad.AnnData
    cases: tuple[tuple[str, str], ...]
    blocked: bool = False
    organism: str = "human"


@dataclass(frozen=True)
class Case:
    """One cytokine of one set: its observations, and its signature's genes and weights.

    Parameters
    ----------
    rows, treated
        Treated and control observations of the set, and which of those are treated.
    genes, weights
        Positions among the genes scored, and signed weights.
    asked
        Number of genes in the signature, in the data or not.
    """

    name: str
    label: str
    true: str
    rows: NDArray[np.int64]
    treated: NDArray[np.bool_]
    genes: NDArray[np.int64]
    weights: Array
    asked: int


@dataclass(frozen=True)
class Prepared:
    """A set ready to score.

    Parameters
    ----------
    data, catalogue
        The set, and the signatures to score it by.
    values
        Observations × genes scored.
    unit
        Genes × observations, as `draws.linear_z` takes them.
    known
        Genes that some signature of the catalogue names.
    place
        Position of each of them.
    """

    data: Data
    catalogue: Catalogue
    values: Array
    unit: Array
    known: NDArray[np.bool_]
    place: dict[str, int]
    cases: tuple[Case, ...]

    @property
    def options(self) -> dict[str, object]:
        """Arguments of ``cs.tl.score``."""
        block = {"batch_key": "block"} if self.data.blocked else {}
        here = {"organism": self.data.organism, "signatures": self.catalogue}
        return {"control": _CONTROL, **here, **block}


def panel(folder: Path, /) -> Iterator[Data]:
    """The sample-level stimulations, then Kang's blood cells as pseudobulk and one by one."""
    for which in sets.STIMULATIONS:
        adata = sets.read_stimulation(folder, which)
        blocked = bool(which.batch) and not which.paired
        name = which.file.split("_")[1]
        yield Data(name, _STUDIES[which.file], adata, which.cases, blocked, which.organism)
    file = "stim_kang_ifnb_2800"
    cells = sets.read(folder, file)
    cells.obs["cytokine"] = np.where(cells.obs["sample"] == "STIM", "IFNB", "control")
    yield Data("kang pseudobulk", _STUDIES[file], pseudobulk(cells), (("IFNB", "IFN1"),))
    yield Data("kang cells", _STUDIES[file], cells, (("IFNB", "IFN1"),))


def pseudobulk(cells: ad.AnnData, /) -> ad.AnnData:
    """log2(CPM + 1) of each cell type's summed counts, for types with ten cells of both kinds."""
    groups = cells.obs.groupby(["cell_type", "cytokine"], observed=True).indices
    kinds = sorted({kind for kind, _ in groups})
    given = ("control", "IFNB")
    kept = [k for k in kinds if min(len(groups.get((k, g), ())) for g in given) >= _FEWEST_CELLS]
    made = [(kind, g) for kind in kept for g in given]
    counts = np.stack(
        [np.asarray(cells.layers["counts"][groups[pair]].sum(axis=0)).ravel() for pair in made]
    )
    values = np.log2(counts / counts.sum(axis=1, keepdims=True) * 1e6 + 1)
    obs = pd.DataFrame(made, columns=["cell_type", "cytokine"], index=[*map(" ".join, made)])
    return ad.AnnData(values, obs=obs, var=cells.var)


def prepare(data: Data, catalogue: Catalogue, /) -> Prepared:
    """Read the genes and values as ``cs.tl.score`` does, and centre on the controls."""
    options = Options(organism=data.organism)
    aligned = engine.align(data.adata.X, data.adata.var, catalogue, options)
    n = aligned.rows.n_genes
    blocks = (aligned.rows.read(*span) for span in aligned.rows.spans)
    values = np.concatenate([block.to_scipy(n).toarray() for block in blocks]).astype(float)
    control = sets.labelled(data.adata, "control")
    block = data.adata.obs["block"].to_numpy() if data.blocked else np.zeros(len(values))
    centred = values.copy()
    for one in np.unique(block):
        mine = block == one
        centred[mine] -= values[mine & control].mean(axis=0)
    place = places(data, named(catalogue), aligned.universe.columns)
    known = np.zeros(n, dtype=bool)
    known[list(place.values())] = True
    found = tuple(case_of(data, catalogue, place, label, true) for label, true in data.cases)
    return Prepared(data, catalogue, values, draws.unit_columns(centred), known, place, found)


def named(catalogue: Catalogue, /) -> set[str]:
    """Genes of every signature, those of single compartments too."""
    own = (catalogue.for_compartment(name).genes for name in catalogue.variants)
    return set(catalogue.genes).union(*own)


def places(
    data: Data, genes: Iterable[str], columns: Sequence[tuple[int, ...]], /
) -> dict[str, int]:
    """Position of every gene that is scored; ``columns`` are the data's columns behind each."""
    _, _, found = gene_labels(data.adata.var, sorted(genes), organism=data.organism)
    first = {mine[0]: i for i, mine in enumerate(columns)}
    pairs = zip(found.genes, found.columns, strict=True)
    return {gene: first[mine[0]] for gene, mine in pairs if mine and mine[0] in first}


def case_of(
    data: Data, catalogue: Catalogue, place: dict[str, int], label: str, true: str, /
) -> Case:
    """One cytokine's observations, and the signature ``true``."""
    treated, control = sets.labelled(data.adata, label), sets.labelled(data.adata, "control")
    rows = np.flatnonzero(treated | control)
    weights = catalogue.signatures[true].weights
    here = {place[gene]: weight for gene, weight in weights.items() if gene in place}
    return Case(
        f"{data.name} {label}",
        label,
        true,
        rows,
        treated[rows],
        np.array(list(here)),
        np.array(list(here.values()), dtype=float),
        len(weights),
    )
