"""From cells to a tissue: added up by sample and cell type, genes found, types placed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cytosig._anndata import matrix_of, not_genes
from cytosig._errors import DataError, GeneError, UsageError
from cytosig._keys import PSEUDOBULK
from cytosig._log import logger
from cytosig.blocks import RowBlocks
from cytosig.communication.response import Genes
from cytosig.communication.tissue import Tissue
from cytosig.engine.recognise import recognise
from cytosig.engine.universe import make_universe
from cytosig.genes import gene_labels
from cytosig.pp import pseudobulk
from cytosig.signatures.model import GENERIC
from cytosig.tl._cells import cells_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from anndata import AnnData
    from numpy.typing import NDArray

    from cytosig.genes.tables import Organism
    from cytosig.signatures import Catalogue

    Array = NDArray[np.float64]

_SPARE_TOTAL = 1e4
"""What logged cells are taken to have been normalised to where the values do not say."""
_EXPRESSED = 1.0
"""Mean CPM above which a gene says what cell types differ in."""


@dataclass(frozen=True)
class Cells:
    """How cells become a tissue: the arguments of ``sources``, ``targets`` and ``links``."""

    sample_key: str
    cell_type_key: str | None
    compartments: Mapping[str, str] | None
    layer: str | None
    use_raw: bool
    gene_symbols: str | None
    organism: Organism
    min_cells: int
    n_jobs: int | None


@dataclass(frozen=True)
class Read:
    """A tissue, and what a response needs.

    Parameters
    ----------
    tissue
        Genes of the catalogue.
    level
        Samples × types × genes, log levels of every measured gene.
    column
        Its last dimension by gene of the catalogue.
    expressed
        Genes that are expressed at all.
    catalogues
        By type: the signatures of its compartment.
    """

    tissue: Tissue
    level: Array
    column: Mapping[str, int]
    expressed: NDArray[np.bool_]
    catalogues: tuple[Catalogue, ...]

    def rows(self, which: NDArray[np.bool_], /) -> Read:
        """Some of the samples."""
        return Read(
            self.tissue.rows(which), self.level[which], self.column, self.expressed, self.catalogues
        )

    def genes(self) -> Genes:
        """All genes, on one scale."""
        return Genes.of(self.level, self.expressed)


def read_tissue(adata: AnnData, catalogue: Catalogue, asked: Cells, /) -> Read:
    """Add up the cells and find the genes.

    Raises
    ------
    DataError
        When there are no cell types to attribute anything to, when the values cannot be pooled,
        or when too few cells are left.
    """
    bulk = _genes_of(_pooled(adata, asked))
    if bulk.n_vars == 1:
        raise DataError(
            f"The data hold 1 gene, {str(bulk.var_names[0])!r}: what cells express is read against"
            " all their genes. Pass every gene that was measured."
        )
    stored, fraction = _dense(bulk.X), _dense(bulk.layers["fraction"])
    total = stored.sum(axis=1)
    enough = (bulk.obs["n_cells"].to_numpy() >= asked.min_cells) & (total != 0)
    rows, samples, types = _grid(bulk, asked, enough)
    labels, _, found = gene_labels(
        bulk.var, _wanted(catalogue), gene_symbols=asked.gene_symbols, organism=asked.organism
    )
    counted = bulk.uns[PSEUDOBULK]["mode"] == "sum"
    universe = make_universe(labels, found, additive=counted)
    selector = universe.selector()
    values = stored if selector is None else stored @ selector
    cpm = _per_million(np.asarray(values), total, bulk.uns[PSEUDOBULK])
    is_count = bulk.uns[PSEUDOBULK]["values"] == "counts"
    depth = total if is_count else np.full(total.shape, np.nan)
    column = universe.places(found)
    if not column:
        raise GeneError(
            "No gene of the signatures, ligands and receptors is among the genes of the data"
            f" (first: {', '.join(map(repr, labels[:3]))}). Name the column of var with symbols in"
            " gene_symbols=, or the organism."
        )
    at = np.array(list(column.values()), dtype=np.int64)
    # of several columns of a gene, the one found in most cells
    found_in = np.stack([fraction[:, list(universe.columns[i])].max(axis=1) for i in at], axis=1)
    shape = (len(samples), len(types))
    wide = _cube(cpm, rows, shape, enough)
    tissue = Tissue(
        samples,
        types,
        {gene: i for i, gene in enumerate(column)},
        wide[:, :, at],
        _cube(found_in, rows, shape, enough),
        _filled(np.asarray(bulk.obs["n_cells"], dtype=np.int64), rows, shape, 0),
        _filled(depth, rows, shape, np.nan),
    )
    expressed = cpm[enough].mean(axis=0) >= _EXPRESSED
    level = tissue.log(wide)
    return Read(tissue, level, column, expressed, _catalogues(adata, catalogue, asked, types))


def _pooled(adata: AnnData, asked: Cells) -> AnnData:
    """The pseudobulk, or the data where they are one."""
    if asked.min_cells < 1:
        raise UsageError(f"min_cells={asked.min_cells}: expected 1 or more.")
    if asked.cell_type_key is None:
        raise DataError(
            "Which cells make or answer a cytokine cannot be told without cell types: name the"
            " column of obs that holds them in cell_type_key=. Bulk samples have none; there"
            " cs.tl.channels gives ligands and receptors, and cs.tl.score responses."
        )
    record = adata.uns.get(PSEUDOBULK)
    keys = (asked.sample_key, asked.cell_type_key)
    if record is not None:
        made = (str(record["sample_key"]), str(record["cell_type_key"]))
        if made != keys or str(record["mode"]) != "sum":
            raise DataError(
                f"adata is a pseudobulk ({record['mode']}) by {made[0]!r} and {made[1]!r}, and"
                f" sums by {keys[0]!r} and {keys[1]!r} are needed: pass the cells, or such sums."
            )
        return adata.to_memory() if adata.isbacked else adata
    found = pseudobulk(
        adata, sample_key=keys[0], cell_type_key=keys[1], layer=asked.layer,
        use_raw=asked.use_raw, mode="auto", n_jobs=asked.n_jobs,
    )  # fmt: skip
    record = found.uns[PSEUDOBULK]
    if record["values"] == "contrasts":
        raise DataError(
            f"The values are contrasts ({record['reason']}), which say nothing of what cells"
            " express. Pass layer= with counts or logged expression, or use_raw=True."
        )
    if record["mode"] == "mean":
        matrix, var = matrix_of(adata, layer=asked.layer, use_raw=asked.use_raw)
        values = recognise(RowBlocks(matrix, only=~not_genes(var)[0]), n_jobs=asked.n_jobs)
        plain = values.base is None  # log2 of CPM and the like, nothing added
        record["base"] = 0.0 if plain else values.base
        record["total"] = values.total or (1e6 if plain else _SPARE_TOTAL)
        logger.warning(
            "The values are logarithms (%s): means over cells stand for sums of counts, and tests"
            " do not know the depth. Pass layer= or use_raw=True where counts are kept.",
            record["reason"],
        )
    return found


def _genes_of(bulk: AnnData) -> AnnData:
    """Without features that are not genes."""
    aside, note = not_genes(bulk.var)
    if note:
        logger.info("%s.", note)
        return bulk[:, ~aside]
    return bulk


def _per_million(values: Array, total: Array, record: Mapping[str, Any]) -> Array:
    """Counts per million of sums, or of what logarithms stand for."""
    if record["mode"] == "sum":
        found: Array = (
            values * np.divide(1e6, total, out=np.zeros_like(total), where=total > 0)[:, None]
        )
        return found
    base = record["base"]
    with np.errstate(over="ignore"):
        linear = np.expm1(values * np.log(base)) if base else np.exp2(values)
        cpm = np.asarray(linear * (1e6 / record["total"]), dtype=np.float64)
    if np.isinf(cpm).any():
        raise DataError(
            f"The values are read as logarithms ({record['reason']}), and {values.max():g} is the"
            " logarithm of no number. Pass layer= or use_raw=True where counts are kept."
        )
    return cpm


def _dense(values: Any) -> Array:
    """As an array of doubles, whatever a pseudobulk was stored as."""
    values = values.compute() if hasattr(values, "compute") else values
    values = values.toarray() if hasattr(values, "toarray") else values
    return np.asarray(values, dtype=np.float64)


def _grid(
    bulk: AnnData, asked: Cells, enough: NDArray[np.bool_]
) -> tuple[tuple[NDArray[np.int64], NDArray[np.int64]], tuple[str, ...], tuple[str, ...]]:
    """Sample and type of every row, and their names."""
    import pandas as pd

    coded = []
    for key in (asked.sample_key, str(asked.cell_type_key)):
        labels = bulk.obs[key]
        codes, names = pd.factorize(labels.astype(str))
        if isinstance(labels.dtype, pd.CategoricalDtype):  # the user's order
            order = [str(c) for c in labels.cat.categories if str(c) in set(names)]
            codes = np.array([order.index(names[i]) for i in codes])
            names = pd.Index(order)
        coded.append((codes.astype(np.int64), tuple(map(str, names))))
    (sample, samples), (type_, types) = coded
    if len(types) < 2:
        raise DataError(
            f"obs[{asked.cell_type_key!r}] has one cell type, {types[0]!r}: who makes or answers a"
            " cytokine is told from the others of the same sample. Name a column with several."
        )
    if not enough.any():
        raise DataError(
            f"No sample has {asked.min_cells} cells of one type (at most"
            f" {int(bulk.obs['n_cells'].max())}), or none of them has any count. Lower min_cells="
            " or choose broader types."
        )
    return (sample, type_), samples, types


def _cube(
    values: Array,
    rows: tuple[NDArray[np.int64], NDArray[np.int64]],
    shape: tuple[int, int],
    enough: NDArray[np.bool_],
) -> Array:
    found = np.full((*shape, values.shape[1]), np.nan)
    found[rows[0][enough], rows[1][enough]] = values[enough]
    return found


def _filled(
    values: NDArray[Any],
    rows: tuple[NDArray[np.int64], NDArray[np.int64]],
    shape: tuple[int, int],
    empty: float,
) -> NDArray[Any]:
    found = np.full(shape, empty, dtype=values.dtype)
    found[rows] = values
    return found


def _wanted(catalogue: Catalogue) -> list[str]:
    """Every gene that a source, a target or a response looks at."""
    genes = set(catalogue.genes)
    for compartment in catalogue.variants:
        genes.update(catalogue.for_compartment(compartment).genes)
    for cytokine in catalogue.cytokines.values():
        for form in (*cytokine.ligands, *cytokine.receptors):
            genes.update(form.genes, form.supplied)
        m = cytokine.modifiers
        genes.update(m.decoys, m.antagonists, m.presenters, m.activators, m.feedback)
    return sorted(genes)


def _catalogues(
    adata: AnnData, catalogue: Catalogue, asked: Cells, types: Sequence[str]
) -> tuple[Catalogue, ...]:
    """Signatures of the compartment of each type."""
    mapped = cells_of(adata, asked.cell_type_key, asked.compartments)
    if mapped is None:
        return (catalogue,) * len(types)
    of = {str(label): str(name) for label, name in mapped.table["compartment"].items()}
    own = {name: catalogue.for_compartment(name) for name in catalogue.variants}
    return tuple(own.get(of.get(type_, GENERIC), catalogue) for type_ in types)
