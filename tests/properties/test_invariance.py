"""What must not move a score, on data and signatures drawn at random."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import sparse

import cytosig as cs
from cytosig import methods
from reliability.properties import cells, held, sets
from reliability.properties.profiles import share

if TYPE_CHECKING:
    from anndata import AnnData

    from cytosig.signatures import Catalogue
    from reliability.properties.cells import Given
    from reliability.properties.held import Tables
    from reliability.properties.sets import Kind

LOOSE = {"min_genes": 1, "min_coverage": 0.0}
TURNED = ("singscore", "ssgsea", "score_genes", "zscore", "gsva")


def _scored(adata: AnnData, wanted: Any, kind: Kind, **options: Any) -> Tables:
    """The tables; examples that are refused say nothing here."""
    asked = {**LOOSE, "signatures": wanted, **kind.options, **options}
    found = held.outcome(lambda: cs.tl.score(adata, copy=True, **asked))
    assume(not held.refused(found))
    return held.tables(found)


def _picked(tables: Tables, rows: Any) -> Tables:
    return {name: table.iloc[rows] for name, table in tables.items()}


def _order(n: int, seed: int) -> Any:
    return np.random.default_rng(seed).permutation(n)


@given(cells.sound_data(), sets.catalogues(), sets.kinds(by_order=False), st.integers(0, 99))
def test_the_order_of_genes_does_not_matter(
    data: Given, wanted: Catalogue, kind: Kind, seed: int
) -> None:
    """Genes in another order: the same scores, by every method whose page says so."""
    one = _scored(data.adata, wanted, kind)
    other = _scored(data.adata[:, _order(data.adata.n_vars, seed)].copy(), wanted, kind)
    held.close_tables(one, other)


@given(cells.sound_data(), sets.catalogues(), sets.kinds(), st.integers(0, 99))
def test_the_order_of_observations_does_not_matter(
    data: Given, wanted: Catalogue, kind: Kind, seed: int
) -> None:
    """Observations in another order: the same scores in that order; by `gsva` and `gsea`, which
    order genes that are tied but for rounding, of values without ties."""
    assume(data.kind == "contrasts" or not isinstance(kind.method, methods.WholeMethod))
    order = _order(data.adata.n_obs, seed)
    one = _scored(data.adata, wanted, kind)
    other = _scored(data.adata[order].copy(), wanted, kind)
    held.close_tables(_picked(one, order), other)


@given(cells.sound_data(), sets.catalogues(), sets.kinds())
def test_names_of_observations_do_not_matter(data: Given, wanted: Catalogue, kind: Kind) -> None:
    """Other names of observations: the same scores, to the bit."""
    one = _scored(data.adata, wanted, kind)
    data.adata.obs_names = [f"=x{i % 3}" for i in range(data.adata.n_obs)][::-1]
    data.adata.obs_names_make_unique()
    other = _scored(data.adata, wanted, kind)
    names = data.adata.obs_names
    held.same_tables({slot: table.set_axis(names) for slot, table in one.items()}, other)


@given(cells.sound_data(least=6), sets.catalogues(), sets.kinds(by_company=False), st.data())
def test_a_part_of_the_data_scores_as_the_whole_against_a_reference(
    data: Given, wanted: Catalogue, kind: Kind, draw: st.DataObject
) -> None:
    """A stored reference: any observations of the data get the scores they have in the whole, to
    the bit, and so do data split over two files."""
    n = data.adata.n_obs
    cut = draw.draw(st.integers(1, n - 1))
    reference = cs.tl.fit_reference(data.adata, n_jobs=1)
    # what the values are is told from what is there: a part may look like something else
    how = {"normalize": "log1p" if data.kind in ("counts", "linear") else "none"}
    whole = _scored(data.adata, wanted, kind, reference=reference, **how)
    for rows in (range(cut), range(cut, n)):
        part = _scored(data.adata[list(rows)].copy(), wanted, kind, reference=reference, **how)
        held.same_tables(_picked(whole, list(rows)), part)


@given(cells.sound_data(), sets.catalogues(), sets.kinds(), st.integers(1, 9), st.integers(1, 3))
def test_blocks_and_threads_do_not_matter(
    data: Given, wanted: Catalogue, kind: Kind, rows: int, threads: int
) -> None:
    """Any number of rows a block and of threads: the same scores, to the bit."""
    one = _scored(data.adata, wanted, kind)
    held.same_tables(one, _scored(data.adata, wanted, kind, chunk_size=rows, n_jobs=threads))


@share(2)
@given(cells.sound_data(), sets.catalogues(), sets.kinds(), st.sampled_from(sorted(cells.LAYOUTS)))
def test_the_layout_of_the_data_does_not_matter(
    data: Given, wanted: Catalogue, kind: Kind, layout: str
) -> None:
    """Dense, sparse, strided, dask, entries unsorted or stored twice: the same scores, to the bit
    but where zeros are stored, which are then grouped with other values for p."""
    one = _scored(data.adata, wanted, kind)
    other = _scored(cells.in_layout(data.adata, layout), wanted, kind)
    check = held.close_tables if layout.startswith("stored") else held.same_tables
    check(one, other)


@given(cells.sound_data(kinds=("counts",)), sets.catalogues(), sets.kinds(),
       st.sampled_from(cells.EXACT_TYPES))  # fmt: skip
def test_the_type_of_counts_does_not_matter(
    data: Given, wanted: Catalogue, kind: Kind, dtype: str
) -> None:
    """Counts of any type that holds them: the same scores, to the bit."""
    one = _scored(data.adata, wanted, kind)
    held.same_tables(one, _scored(cells.in_layout(data.adata, "C", dtype), wanted, kind))


@given(
    cells.sound_data(), st.lists(sets.kinds(), min_size=2, max_size=4, unique_by=repr), st.data()
)
def test_several_methods_at_once_give_what_each_gives_alone(
    data: Given, kinds: list[Kind], draw: st.DataObject
) -> None:
    """One call with several methods: of each the tables it has alone, to the byte."""
    wanted = draw.draw(sets.catalogues())
    names = [kind.method.name for kind in kinds]
    assume(len(set(names)) == len(names) and "consensus" not in names)
    asked: dict[str, Any] = {**LOOSE, "signatures": wanted, "n_jobs": 1}
    asked["method"] = names
    asked["compat"] = [kind.peer for kind in kinds if kind.peer] or None
    asked["settings"] = {"gsea": {"permutations": 100}} if "gsea" in names else None
    together = held.outcome(lambda: cs.tl.score(data.adata, copy=True, **asked))
    assume(not held.refused(together))
    for number, kind in enumerate(kinds):
        alone = _scored(data.adata, wanted, kind)
        key = f"cytosig_{names[number]}" if number else "cytosig"
        found = held.tables(together, key)
        held.same_tables({k: v for k, v in alone.items() if k in found}, found)


@given(cells.sound_data(), sets.sound_sets(), sets.kinds(), st.integers(0, 99))
def test_the_order_of_signatures_does_not_matter(
    data: Given, wanted: sets.Weights, kind: Kind, seed: int
) -> None:
    """Signatures and their genes in another order: the same scores."""
    one = _scored(data.adata, wanted, kind)
    ids = [list(wanted)[k] for k in _order(len(wanted), seed)]
    turned = {id: dict(reversed(wanted[id].items())) for id in ids}
    other = _scored(data.adata, turned, kind)
    for slot in ("score", "pvalue", "estimate"):
        if slot in one:
            held.close_tables({slot: one[slot]}, {slot: other[slot][list(wanted)]})


def _by(wanted: sets.Weights, factor: dict[str, float]) -> sets.Weights:
    return {id: {g: w * factor[id] for g, w in own.items()} for id, own in wanted.items()}


@given(cells.sound_data(), sets.sound_sets(), sets.kinds(), st.data())
def test_the_size_of_weights_does_not_matter(
    data: Given, wanted: sets.Weights, kind: Kind, draw: st.DataObject
) -> None:
    """All weights of a signature times a number above 0: the same scores and p; ridge, whose
    penalty is one for all, asks for one number for all."""
    factors = {id: draw.draw(st.floats(1e-3, 1e3)) for id in wanted}
    if kind.method.name == "ridge":
        factors = dict.fromkeys(wanted, factors["SET0"])
    one = _scored(data.adata, wanted, kind)
    other = _scored(data.adata, _by(wanted, factors), kind)
    for slot in ("score", "pvalue"):
        if slot in one:
            held.close_tables({slot: one[slot]}, {slot: other[slot]}, 1e-6)


@given(cells.sound_data(), sets.sound_sets(), sets.kinds())
def test_turned_weights_turn_the_score(data: Given, wanted: sets.Weights, kind: Kind) -> None:
    """Every weight with the other sign: every score too, the p as before; of linear methods and
    of those that take the lowered genes from the raised."""
    assume(kind.linear or (kind.method.name in TURNED and kind.peer is None))
    one = _scored(data.adata, wanted, kind)
    other = _scored(data.adata, _by(wanted, dict.fromkeys(wanted, -1.0)), kind)
    held.close_tables({"score": one["score"]}, {"score": -other["score"]})
    if kind.linear:
        held.close_tables({"pvalue": one["pvalue"]}, {"pvalue": other["pvalue"]})


@given(cells.sound_data(kinds=("counts", "logged", "linear")), sets.catalogues(), sets.kinds(),
       st.integers(1, 12))  # fmt: skip
def test_genes_outside_the_background_do_not_matter(
    data: Given, wanted: Catalogue, kind: Kind, n: int
) -> None:
    """Only genes of signatures in the background: further genes that are zero everywhere change
    nothing, where values have one sign; where they have both, what they are is told from all."""
    one = _scored(data.adata, wanted, kind, background="signatures")
    more = data.adata.to_df()
    more = pd.concat([more, pd.DataFrame(0.0, more.index, [f"ZERO{i}" for i in range(n)])], axis=1)
    from anndata import AnnData

    other = _scored(AnnData(more), wanted, kind, background="signatures")
    held.close_tables(one, other)


@given(cells.sound_data(), sets.catalogues(), sets.kinds(), st.data())
def test_twins_have_the_same_score(
    data: Given, wanted: Catalogue, kind: Kind, draw: st.DataObject
) -> None:
    """Two observations with the same values have the same scores, to the bit."""
    i, j = (draw.draw(st.integers(0, data.adata.n_obs - 1)) for _ in range(2))
    data.adata.X[i] = data.adata.X[j]
    assume(kind.method.name != "gsea")  # draws for each observation
    for name, table in _scored(data.adata, wanted, kind).items():
        np.testing.assert_array_equal(table.iloc[i], table.iloc[j], err_msg=name)


@given(cells.sound_data(kinds=("counts",)), sets.catalogues(), sets.kinds())
def test_counts_score_as_their_own_logarithms(data: Given, wanted: Catalogue, kind: Kind) -> None:
    """Counts, and what the user made of them by the usual normalisation: the same scores, but by
    `gsva` and `gsea`, which order genes that are tied but for rounding."""
    assume(not isinstance(kind.method, methods.WholeMethod))
    one = _scored(data.adata, wanted, kind, target_sum=1e4)
    x = data.adata.X
    data.adata.X = np.log1p(x / x.sum(axis=1, keepdims=True) * 1e4)
    other = _scored(data.adata, wanted, kind, normalize="none")
    held.close_tables(one, other, 1e-6)


@given(cells.sound_data(kinds=("contrasts",)), sets.catalogues(), sets.kinds(linear=True),
       st.floats(1e-3, 1e3))  # fmt: skip
def test_the_unit_of_contrasts_does_not_matter(
    data: Given, wanted: Catalogue, kind: Kind, factor: float
) -> None:
    """Contrasts times a number above 0: the same z and p, estimates times that number."""
    how: dict[str, Any] = {"center": None, "normalize": "none"}
    one = _scored(data.adata, wanted, kind, **how)
    data.adata.X = data.adata.X * factor
    other = _scored(data.adata, wanted, kind, **how)
    one["estimate"] = one["estimate"] * factor
    held.close_tables(one, other)


@given(cells.sound_data(kinds=("logged",)), sets.catalogues(), sets.kinds(), st.floats(0.1, 10))
def test_ranks_do_not_depend_on_the_unit(
    data: Given, wanted: Catalogue, kind: Kind, factor: float
) -> None:
    """Methods of ranks inside an observation: logarithms to another base, the same scores."""
    assume(isinstance(kind.method, methods.RankMethod))
    one = _scored(data.adata, wanted, kind, normalize="none")
    data.adata.X = data.adata.X * factor
    other = _scored(data.adata, wanted, kind, normalize="none")
    held.same_tables({"score": one["score"]}, {"score": other["score"]})


@given(cells.sound_data(), sets.sound_sets())
def test_ulm_is_the_correlation_with_the_weights(data: Given, wanted: sets.Weights) -> None:
    """Without centring, z of `ulm` is √(G − 1) times Pearson's r of values and weights."""
    kind = next(k for k in sets.KINDS if k.method.name == "ulm")
    found = _scored(data.adata, wanted, kind, center=None, normalize="none")["score"]
    genes = list(data.adata.var_names)
    for id, own in wanted.items():
        w = np.array([own.get(gene, 0.0) for gene in genes])
        if found[id].isna().all():
            continue
        r = [np.corrcoef(w, row)[0, 1] for row in np.asarray(data.adata.X)]
        np.testing.assert_allclose(found[id], np.sqrt(len(genes) - 1) * np.array(r), atol=1e-9)


@given(cells.sound_data(kinds=("contrasts",)), sets.sound_sets())
def test_mlm_is_least_squares_on_all_signatures(data: Given, wanted: sets.Weights) -> None:
    """Estimates of `mlm` are those of ordinary least squares on all signatures and a constant."""
    kind = next(k for k in sets.KINDS if k.method.name == "mlm")
    found = _scored(data.adata, wanted, kind, center=None, normalize="none")["estimate"]
    genes = list(data.adata.var_names)
    columns = [[own.get(gene, 0.0) for gene in genes] for own in wanted.values()]
    design = np.column_stack([np.ones(len(genes)), *columns])
    fit = np.linalg.lstsq(design, np.asarray(data.adata.X).T, rcond=None)[0][1:].T
    np.testing.assert_allclose(found.to_numpy(), fit, rtol=1e-6, atol=1e-8)


@given(cells.sound_data(), sets.catalogues(), sets.kinds())
def test_copies_and_views_score_as_what_they_are_of(
    data: Given, wanted: Catalogue, kind: Kind
) -> None:
    """A view, a layer and raw: the scores of the same numbers in X, to the bit."""
    one = _scored(data.adata, wanted, kind)
    other = data.adata.copy()
    other.layers["mine"] = sparse.csr_matrix(other.X)
    other.raw = data.adata
    other.X = np.zeros(other.shape)
    held.same_tables(one, _scored(other, wanted, kind, layer="mine"))
    held.same_tables(one, _scored(other, wanted, kind, use_raw=True))
    held.same_tables(one, _scored(data.adata[: data.adata.n_obs], wanted, kind))
