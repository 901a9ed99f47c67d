"""Inputs on which other tools fail: the right number, or an error that says what to do."""

from __future__ import annotations

import csv
import gzip
from importlib.resources import files
from typing import TYPE_CHECKING
from zlib import crc32

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import cytosig as cs
from cytosig._errors import DataError, GeneError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from anndata import AnnData

    from cytosig.signatures import Catalogue

same_names = pytest.mark.filterwarnings("ignore:Variable names are not unique:UserWarning")
OWN = ("score", "pvalue", "estimate", "axis", "axis_pvalue")


def _run(adata: AnnData, **options: object) -> AnnData:
    return cs.tl.score(adata, copy=True, n_jobs=1, **options)


def _same(one: AnnData, other: AnnData, *, rtol: float = 1e-9, ligand: bool = True) -> None:
    for slot in (*OWN, "ligand") if ligand else OWN:
        a, b = one.obsm[f"cytosig_{slot}"], other.obsm[f"cytosig_{slot}"]
        assert list(a.columns) == list(b.columns)
        here = max(rtol, 1e-4) if slot.endswith("pvalue") else rtol
        np.testing.assert_allclose(a, b, rtol=here, atol=1e-9, err_msg=slot)


def _rows(name: str) -> list[dict[str, str]]:
    packed = (files("cytosig") / "genes" / "data" / f"{name}.tsv.gz").read_bytes()
    return list(csv.DictReader(gzip.decompress(packed).decode().splitlines(), delimiter="\t"))


def _renamed(adata: AnnData, name: Callable[[str], str]) -> AnnData:
    out = adata.copy()
    out.var_names = [name(gene) for gene in adata.var_names]
    return out


# --- values -------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dense", [True, False])
@pytest.mark.parametrize("gene", ["STAT1", "FILL0003"])
@pytest.mark.parametrize("options", [{}, {"center": None}, {"scale": True}])
def test_a_value_that_is_no_number_is_named(
    logged: AnnData, bad: float, dense: bool, gene: str, options: dict[str, object]
) -> None:
    x = logged.X.toarray()
    x[17, logged.var_names.get_loc(gene)] = bad
    logged.X = x if dense else sparse.csr_matrix(x)
    with pytest.raises(DataError, match=rf"{bad}.*'cell17'.*'{gene}'.*nonfinite=\"drop_genes\""):
        cs.tl.score(logged, **options)
    assert "cytosig_score" not in logged.obsm


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("kind", ["counts", "logged"])
def test_dropping_genes_equals_data_without_them(
    request: pytest.FixtureRequest, log_normalise: Callable[..., np.ndarray], bad: float, kind: str
) -> None:
    adata = request.getfixturevalue(kind)
    x = adata.X.toarray()
    wrong = [adata.var_names.get_loc(g) for g in ("STAT1", "FILL0003")]
    x[[17, 200], wrong] = bad
    adata.X = sparse.csr_matrix(x)
    keep = np.delete(np.arange(adata.n_vars), wrong)
    expected = _run(adata[:, keep].copy())
    assert np.isfinite(expected.obsm["cytosig_score"].to_numpy()).all()
    _same(_run(adata, nonfinite="drop_genes"), expected)


def test_nan_counts_are_named(counts: AnnData) -> None:
    counts.X = counts.X.toarray()
    counts.X[5, 11] = np.nan
    with pytest.raises(DataError, match=f"'cell5'.*'{counts.var_names[11]}'"):
        cs.tl.score(counts)


def test_nan_outside_the_background_does_not_spoil_a_cell(counts: AnnData) -> None:
    """Either refused by name, or the gene's cell is scored; never NaN for another reason."""
    counts.X = counts.X.toarray()
    counts.X[5, counts.var_names.get_loc("FILL0003")] = np.nan
    try:
        out = _run(counts, background="signatures")
    except DataError as error:
        assert "FILL0003" in str(error)
        assert "cell5" in str(error)
    else:
        assert np.isfinite(out.obsm["cytosig_score"].loc["cell5"].to_numpy()).all()


def test_fitting_a_reference_names_the_gene(logged: AnnData) -> None:
    logged.X = logged.X.toarray()
    logged.X[5, logged.var_names.get_loc("CXCL9")] = np.nan
    with pytest.raises(DataError, match="'CXCL9'"):
        cs.tl.fit_reference(logged)


@pytest.mark.parametrize("value", [1.7, 250.0])
def test_a_constant_cell_is_nan_with_its_reason(logged: AnnData, value: float) -> None:
    logged.X = logged.X.toarray()
    logged.X[3] = value
    out = _run(logged, normalize="none")
    z = out.obsm["cytosig_score"]
    assert z.iloc[3].isna().all()
    assert out.obsm["cytosig_pvalue"].iloc[3].isna().all()
    assert np.isfinite(z.drop(index="cell3").to_numpy()).all()
    reasons = out.uns["cytosig"]["unscored"]["reason"].to_dict()
    assert reasons == {"cell3": "every gene has the same value"}


def test_identical_cells_have_nothing_to_score(logged: AnnData) -> None:
    """Centred on their mean they are zero everywhere; rounding must not pass for signal."""
    names = pd.Index([f"twin{i}" for i in range(6)])
    same = anndata.AnnData(logged.X[[4] * 6], obs=pd.DataFrame(index=names), var=logged.var)
    out = _run(same)
    assert out.obsm["cytosig_score"].isna().all().all()
    assert len(out.uns["cytosig"]["unscored"]) == 6


def test_counts_equal_their_own_log_normalised_values(counts: AnnData, logged: AnnData) -> None:
    _same(_run(counts), _run(logged), rtol=1e-7)


def test_logged_values_are_not_logged_again(logged: AnnData) -> None:
    _same(_run(logged), _run(logged, normalize="none"))


@pytest.mark.parametrize("factor", [0.5, 100.0])
def test_linear_values_are_normalised_and_logged(counts: AnnData, factor: float) -> None:
    """TPM and the like: a cell's scale does not count."""
    expected = _run(counts)
    x = counts.X.toarray() * np.linspace(3.3, 9.7, counts.n_obs)[:, None] * factor
    assert x.max() > 50
    counts.X = sparse.csr_matrix(x)
    _same(_run(counts, target_sum=1e4), expected, rtol=1e-6)


def test_log2_values_score_as_natural_logs(logged: AnnData) -> None:
    expected = _run(logged).obsm["cytosig_score"]
    logged.X = logged.X / np.log(2)
    np.testing.assert_allclose(_run(logged).obsm["cytosig_score"], expected, rtol=1e-9, atol=1e-9)


def test_scaled_data_are_taken_as_they_are(
    logged: AnnData, small: Catalogue, weight_matrix: Callable[..., np.ndarray],
    correlation_z: Callable[..., np.ndarray],
) -> None:  # fmt: skip
    x = logged.X.toarray()
    x = (x - x.mean(axis=0)) / np.maximum(x.std(axis=0), 1e-9)
    x -= np.median(x, axis=1, keepdims=True)
    logged.X = x
    out = _run(logged, signatures=small, method="ulm")
    expected = correlation_z(x, weight_matrix(small, list(logged.var_names)))
    np.testing.assert_allclose(out.obsm["cytosig_score"], expected, rtol=1e-8, atol=1e-9)
    assert "cytosig_ligand" not in out.obsm  # contrasts hold no expression level


def test_log1p_of_negative_values_is_refused(logged: AnnData) -> None:
    logged.X = np.random.default_rng(0).normal(size=logged.shape)
    with pytest.raises(UsageError, match="non-negative"):
        cs.tl.score(logged, normalize="log1p")


@pytest.mark.parametrize("values", [np.array([["a", "b"]] * 4, dtype=object).T, None])
def test_a_matrix_of_no_numbers_is_refused(counts: AnnData, values: object) -> None:
    if values is None:
        counts.layers["log"] = counts.X.copy()
        counts.X = None
        with pytest.raises(DataError, match=r"adata\.X is empty.*layer= one of 'log'"):
            cs.tl.score(counts)
        del counts.layers["log"]
        with pytest.raises(DataError, match=r"holds no matrix.*Take the data that were scored"):
            cs.tl.score(counts)
        return
    with pytest.raises(DataError, match="expected numbers"):
        cs.tl.score(anndata.AnnData(np.tile(values, (1, 3))))


# --- features that are no genes -----------------------------------------------------------------


def _with_antibodies(adata: AnnData, values: object = 500.0) -> AnnData:
    """Three antibodies and what HTSeq counts no gene for; one antibody has a gene's name."""
    names = ["STAT1", "CD4_TotalSeqB", "CD8_TotalSeqB", "__no_feature"]
    kinds = ["Gene Expression"] * adata.n_vars + ["Antibody Capture"] * 3 + ["Gene Expression"]
    more = np.tile(np.asarray(values, dtype=adata.X.dtype), (adata.n_obs, 4 // np.size(values)))
    more = np.repeat(more, 4 // more.shape[1], axis=1)
    var = pd.DataFrame(
        {"feature_types": pd.Categorical(kinds)}, index=pd.Index([*adata.var_names, *names])
    )
    x = sparse.csr_matrix(np.column_stack([adata.X.toarray(), more]))
    return anndata.AnnData(x, obs=adata.obs.copy(), var=var)


@same_names
@pytest.mark.parametrize("form", ["csr", "csc", "dense", "dask", "backed"])
def test_antibodies_and_tallies_are_no_genes(
    counts: AnnData, form: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    both, expected = _with_antibodies(counts), _run(counts)
    if form == "dense":
        both.X = both.X.toarray()
    elif form == "csc":
        both.X = both.X.tocsc()
    elif form == "dask":
        da = pytest.importorskip("dask.array")
        both.X = da.from_array(both.X, chunks=(100, both.n_vars), asarray=False)
    elif form == "backed":
        both.write_h5ad(tmp_path / "both.h5ad")
        both = anndata.read_h5ad(tmp_path / "both.h5ad", backed="r")
    with caplog.at_level("INFO", logger="cytosig"):
        found = _run(both)
    _same(found, expected, rtol=1e-12)
    note = "features that are not genes left out: 4 (Antibody Capture, tallies of reads)"
    assert note in found.uns["cytosig"]["notes"]
    assert note in caplog.text
    assert f"gene universe: {counts.n_vars} genes" in found.uns["cytosig"]["notes"]


@same_names
@pytest.mark.parametrize("values", [[-3.0, 2.0], [np.nan, 80.0]])
def test_what_antibodies_hold_does_not_matter(logged: AnnData, values: list[float]) -> None:
    """Neither the values are taken for contrasts, nor is a gap found."""
    _same(_run(_with_antibodies(logged, values)), _run(logged), rtol=1e-12)


@same_names
def test_antibodies_are_no_genes_of_ligands_samples_and_references(counts: AnnData) -> None:
    both = _with_antibodies(counts)
    for call, options in ((cs.tl.channels, {}), (cs.tl.balance, {"sample_key": "donor"})):
        found, expected = (call(a, copy=True, **options) for a in (both, counts))
        found, expected = ({**a.obsm, **a.uns["cytosig"]} for a in (found, expected))
        tables = [name for name, v in expected.items() if isinstance(v, pd.DataFrame)]
        assert tables
        for name in tables:
            pd.testing.assert_frame_equal(found[name], expected[name])
    assert cs.tl.fit_reference(both).genes == cs.tl.fit_reference(counts).genes


def test_features_stay_where_none_is_called_a_gene(counts: AnnData) -> None:
    expected = _run(counts)
    counts.var["feature_types"] = ["protein_coding"] * 700 + ["lncRNA"] * (counts.n_vars - 700)
    _same(_run(counts), expected, rtol=1e-12)


# --- gene names ---------------------------------------------------------------------------------


@same_names
@pytest.mark.parametrize("form", ["csr", "dense"])
def test_duplicated_genes_of_counts_are_summed(counts: AnnData, form: str) -> None:
    """STAT1 split over three columns of one name."""
    x = counts.X.toarray()
    j = counts.var_names.get_loc("STAT1")
    part = np.random.default_rng(0).binomial(x[:, j].astype(int), 0.5).astype(np.float32)
    split = np.column_stack([x, part, np.zeros(len(x), dtype=np.float32)])
    split[:, j] -= part
    names = pd.Index([*counts.var_names, "STAT1", "STAT1"])
    made = anndata.AnnData(
        sparse.csr_matrix(split) if form == "csr" else split,
        obs=counts.obs, var=pd.DataFrame(index=names.rename(None)),
    )  # fmt: skip
    _same(_run(made), _run(counts), rtol=1e-9)


@same_names
def test_duplicated_genes_of_logged_values_are_refused(logged: AnnData) -> None:
    names = list(logged.var_names)
    names[names.index("FILL0001")] = "STAT1"
    logged.var.index = pd.Index(names)
    with pytest.raises(GeneError, match=r"STAT1 has 2 columns.*sum the counts"):
        cs.tl.score(logged)


@same_names
def test_duplicated_genes_nobody_asked_for_do_no_harm(logged: AnnData) -> None:
    expected = _run(logged)
    names = list(logged.var_names)
    names[names.index("FILL0001")] = "FILL0002"
    logged.var.index = pd.Index(names)
    _same(_run(logged), expected)


@same_names
def test_a_reference_of_duplicated_genes_fits_its_own_cells(logged: AnnData) -> None:
    names = list(logged.var_names)
    for i in range(1, 200):
        names[names.index(f"FILL{i:04d}")] = "FILL0000"
    logged.var.index = pd.Index(names)
    _same(_run(logged, reference=cs.tl.fit_reference(logged)), _run(logged))


@pytest.mark.parametrize("version", ["", ".1", ".17"])
@pytest.mark.parametrize("where", ["index", "column"])
def test_ensembl_ids(counts: AnnData, version: str, where: str) -> None:
    ids = {row["symbol"]: row["ensembl"].split("|")[0] for row in _rows("human")}
    known = [gene for gene in counts.var_names if ids.get(gene) or gene.startswith("FILL")]
    counts = counts[:, known].copy()
    expected = _run(counts)
    names = [ids[g] + version if g in ids else f"ENSG9{g[4:]:0>10}" + version for g in known]
    if where == "index":
        counts.var_names = names
    else:
        counts.var_names = [f"feature-{i}" for i in range(counts.n_vars)]
        counts.var["gene_ids"] = names
    _same(_run(counts), expected)


@pytest.mark.parametrize("method", ["gsea", "gsva"])
@pytest.mark.parametrize("spelt", ["ids", "case"])
def test_ties_do_not_fall_by_how_genes_are_spelt(
    counts: AnnData, curated: Catalogue, method: str, spelt: str
) -> None:
    """gseapy takes tied genes as they stand, and of six cells most genes tie."""
    ids = {row["symbol"]: row["ensembl"].split("|")[0] for row in _rows("human")}
    spell = str.lower if spelt == "case" else lambda gene: ids.get(gene) or gene
    options = {
        "method": method,
        "signatures": curated.subset(["IFNG", "IL6"]),
        "settings": {"gsea": {"permutations": 100}},
    }
    if method == "gsva":
        del options["settings"]
    expected = _run(counts[:6].copy(), **options).obsm["cytosig_score"]
    found = _run(_renamed(counts[:6], spell), **options).obsm["cytosig_score"]
    pd.testing.assert_frame_equal(found, expected, check_exact=True)


@pytest.mark.parametrize("column", ["feature_name", "gene_symbols", "gene_name", "hgnc_symbol"])
def test_a_symbol_column_is_found_by_itself(counts: AnnData, column: str) -> None:
    expected = _run(counts)
    counts.var[column] = list(counts.var_names)
    counts.var_names = [f"ENSG7{i:010d}" for i in range(counts.n_vars)]
    out = _run(counts)
    _same(out, expected)
    assert f"genes: var['{column}']" in list(out.uns["cytosig"]["notes"])


def test_a_symbol_column_of_any_name_can_be_given(counts: AnnData) -> None:
    expected = _run(counts)
    counts.var["what I call it"] = pd.Categorical(list(counts.var_names))
    counts.var_names = [f"x{i}" for i in range(counts.n_vars)]
    _same(_run(counts, gene_symbols="what I call it"), expected)
    with pytest.raises(UsageError, match=r"gene_symbols='nope'.*what I call it"):
        cs.tl.score(counts, gene_symbols="nope")


def test_empty_entries_of_a_symbol_column_are_other_genes(counts: AnnData) -> None:
    expected = _run(counts)
    symbols = [None if g.startswith("FILL00") else g for g in counts.var_names]
    counts.var["symbol"] = symbols
    counts.var_names = [f"x{i}" for i in range(counts.n_vars)]
    _same(_run(counts), expected)


def test_stray_blanks_and_lower_case(counts: AnnData) -> None:
    expected = _run(counts)
    _same(_run(_renamed(counts, lambda g: f"  {g} ")), expected)
    _same(_run(_renamed(counts, str.lower)), expected)


@pytest.mark.parametrize(
    ("old", "new"),
    [("WARS", "WARS1"), ("CTGF", "CCN2"), ("IL8", "CXCL8"), ("CYR61", "CCN1"), ("FAM26F", "CALHM6"),
     ("SEPP1", "SELENOP"), ("GPR56", "ADGRG1"), ("SEPT7", "SEPTIN7")],
)  # fmt: skip
def test_old_symbols(counts: AnnData, old: str, new: str) -> None:
    """The data hold the old symbol, the signature today's, and the other way round."""
    filler = [f"FILL{i:04d}" for i in range(100, 112)]
    sets = {"NEW": {new: 1.0, **dict.fromkeys(filler, 0.5)}}
    counts = counts[:, [g for g in counts.var_names if g not in (old, new)]].copy()
    named = {spelt: _renamed(counts, lambda g, n=spelt: n if g == "FILL0400" else g)
             for spelt in (old, new)}  # fmt: skip
    expected = _run(named[new], signatures=sets).obsm["cytosig_score"]
    out = _run(named[old], signatures=sets)
    pd.testing.assert_frame_equal(out.obsm["cytosig_score"], expected, check_exact=True)
    assert out.uns["cytosig"]["coverage"].loc["NEW", "renamed"].startswith(f"{new}={old} (")
    other = {"NEW": {old: 1.0, **dict.fromkeys(filler, 0.5)}}
    back = _run(named[new], signatures=other).obsm["cytosig_score"]
    pd.testing.assert_frame_equal(back, expected, check_exact=True)


def test_a_reference_and_a_signature_meet_under_any_name(counts: AnnData) -> None:
    """A gene the curated catalogue does not name, under its old symbol in cohort and sample."""
    counts = _renamed(counts, lambda g: "SEPT7" if g == "FILL0400" else g)
    sets = {"MINE": ["SEPTIN7", *(f"FILL{i:04d}" for i in range(100, 105))]}
    reference = cs.tl.fit_reference(counts)
    out = _run(counts, signatures=sets, reference=reference)
    assert out.uns["cytosig"]["coverage"].loc["MINE", "n_found"] == 6
    expected = _run(counts, signatures=sets).obsm["cytosig_score"]
    np.testing.assert_allclose(out.obsm["cytosig_score"], expected, rtol=1e-9)


def test_dots_that_r_makes_of_hyphens(counts: AnnData) -> None:
    expected = _run(counts)
    dotted = [g for g in counts.var_names if "-" in g]
    assert "HLA-A" in dotted
    _same(_run(_renamed(counts, lambda g: g.replace("-", "."))), expected)


def test_names_of_nothing_known_are_an_error(counts: AnnData) -> None:
    with pytest.raises(DataError, match=r"gene_symbols=.*organism="):
        cs.tl.score(_renamed(counts, lambda g: f"X{crc32(g.encode())}_{len(g)}"))


def _mouse_pair(counts: AnnData) -> tuple[AnnData, AnnData]:
    """The same matrix under human and mouse names; genes without an ortholog are filler."""
    mouse = {row["human"]: row["symbol"] for row in _rows("mouse")}
    human = _renamed(
        counts, lambda g: g if g in mouse or g.startswith("FILL") else f"FILL-{g}".replace("-", "")
    )
    title = _renamed(counts, lambda g: mouse.get(g, f"Rik{crc32(g.encode())}"))
    assert sum(g in mouse for g in human.var_names) > 500
    return human, title


def test_mouse_genes_score_through_their_orthologs(counts: AnnData) -> None:
    human, mouse = _mouse_pair(counts)
    _same(_run(mouse, organism="mouse"), _run(human))


def test_mouse_ensembl_ids(counts: AnnData) -> None:
    _, mouse = _mouse_pair(counts)
    ids = {row["symbol"]: row["ensembl"].split("|")[0] for row in _rows("mouse")}
    expected = _run(mouse, organism="mouse")
    named = _renamed(mouse, lambda g: f"{ids[g]}.4" if ids.get(g) else g)
    assert sum(g.startswith("ENSMUSG") for g in named.var_names) > 500
    _same(_run(named, organism="mouse"), expected)


def test_mouse_names_without_saying_so_are_refused(counts: AnnData) -> None:
    _, mouse = _mouse_pair(counts)
    with pytest.raises(GeneError, match=r'look like mouse genes.*organism="mouse"'):
        cs.tl.score(mouse)
    with pytest.raises(GeneError, match=r'look like human genes.*organism="human"'):
        cs.tl.score(counts, organism="mouse")
    with pytest.raises(UsageError, match="organism='rat'"):
        cs.tl.score(counts, organism="rat")


def test_mouse_ensembl_ids_without_saying_so_are_refused(counts: AnnData) -> None:
    made = _renamed(counts, lambda g: f"ENSMUSG{crc32(g.encode()):011d}")
    with pytest.raises(GeneError, match="mouse"):
        cs.tl.score(made)


# --- too little ---------------------------------------------------------------------------------


def test_a_panel_of_470_genes(counts: AnnData, curated: Catalogue) -> None:
    """A signature is scored if and only if enough of its genes and weight are there."""
    rng = np.random.default_rng(5)
    panel = counts[:, rng.choice(counts.n_vars, 470, replace=False)].copy()
    out = _run(panel, min_coverage=0.16, min_genes=9)
    table = out.uns["cytosig"]["coverage"]
    scored = []
    for id, signature in curated.signatures.items():
        there = {g: abs(w) for g, w in signature.weights.items() if g in panel.var_names}
        share = sum(there.values()) / sum(abs(w) for w in signature.weights.values())
        assert table.loc[id, "n_found"] == len(there)
        assert table.loc[id, "coverage"] == pytest.approx(share)
        enough = share >= 0.16 and len(there) >= 9
        assert (table.loc[id, "reason"] == "") == enough
        assert out.obsm["cytosig_score"][id].notna().all() == enough
        assert out.obsm["cytosig_pvalue"][id].isna().any() != enough
        scored.append(enough)
    assert 3 < sum(scored) < len(scored) - 3
    ligand = out.obsm["cytosig_ligand"]
    for id, cytokine in curated.cytokines.items():
        whole = any(set(f.genes) <= set(panel.var_names) for f in cytokine.ligands)
        assert ligand[id].notna().all() == whole


def test_a_set_with_no_gene_present_is_no_number(counts: AnnData) -> None:
    sets = {"THERE": [f"FILL{i:04d}" for i in range(12)], "GONE": [f"NOPE{i}" for i in range(12)]}
    out = _run(counts, signatures=sets, min_genes=1, min_coverage=0.0)
    assert out.obsm["cytosig_score"]["GONE"].isna().all()
    assert out.obsm["cytosig_score"]["THERE"].notna().all()
    reasons = out.uns["cytosig"]["coverage"]["reason"].to_dict()
    assert reasons == {"THERE": "", "GONE": "none of its genes is in the data"}
    with pytest.raises(DataError, match=r"None of 1 signatures.*none of its genes"):
        cs.tl.score(counts, signatures={"GONE": sets["GONE"]}, min_genes=1, min_coverage=0.0)


@pytest.mark.parametrize(
    ("shape", "message"), [((0, 20), "0 observations"), ((5, 1), "1 genes"), ((5, 0), "0 genes")]
)
def test_nothing_to_score(shape: tuple[int, int], message: str) -> None:
    names = pd.Index([f"STAT{i}" for i in range(shape[1])], dtype=str)
    adata = anndata.AnnData(np.ones(shape), var=pd.DataFrame(index=names))
    with pytest.raises(DataError, match=message):
        cs.tl.score(adata)


def test_one_cell(counts: AnnData, logged: AnnData) -> None:
    one = counts[[9]].copy()
    with pytest.raises(DataError, match=r"only one observation.*reference=.*center=None"):
        cs.tl.score(one)
    reference = cs.tl.fit_reference(counts)
    found = _run(one, reference=reference).obsm["cytosig_score"]
    expected = _run(counts, reference=reference).obsm["cytosig_score"]
    pd.testing.assert_frame_equal(found, expected.iloc[[9]], check_exact=True)
    alone = _run(logged[[9]].copy(), center=None, normalize="none").obsm["cytosig_score"]
    company = _run(logged, center=None, normalize="none").obsm["cytosig_score"]
    pd.testing.assert_frame_equal(alone, company.iloc[[9]], check_exact=True)


# --- columns of obs -----------------------------------------------------------------------------


def test_integer_columns_work_as_control_and_batch(counts: AnnData) -> None:
    counts.obs["text"] = counts.obs["plate"].astype(str)
    _same(_run(counts, batch_key="plate"), _run(counts, batch_key="text"))
    _same(_run(counts, control=("plate", 1)), _run(counts, control=("text", "1")))
    counts.obs["flag"] = counts.obs["plate"] == 1
    _same(_run(counts, control=("flag", True)), _run(counts, control=("plate", 1)))


@pytest.mark.parametrize("kind", ["float", "text", "categorical"])
def test_empty_entries_of_a_column_are_named(counts: AnnData, kind: str) -> None:
    values: list[object] = list(counts.obs["plate"].astype(float if kind == "float" else str))
    values[4] = values[9] = np.nan if kind == "float" else None
    made = pd.Series(values, index=counts.obs_names)
    counts.obs["site"] = made.astype("category") if kind == "categorical" else made
    for options in ({"batch_key": "site"}, {"control": ("site", "1")}):
        with pytest.raises(DataError, match=r"'site'.*2 observations.*'cell4'"):
            cs.tl.score(counts, **options)


def test_columns_and_values_that_are_not_there(counts: AnnData) -> None:
    with pytest.raises(UsageError, match=r"batch_key.*'dono'.*'donor'"):
        cs.tl.score(counts, batch_key="dono")
    with pytest.raises(UsageError, match=r"'mock'.*'treated', 'untreated'"):
        cs.tl.score(counts, control=("arm", "mock"))
    with pytest.raises(UsageError, match="obs column, value"):
        cs.tl.score(counts, control="arm")
    with pytest.raises(UsageError, match=r"layer='x'.*none"):
        cs.tl.score(counts, layer="x")
    with pytest.raises(UsageError, match=r"adata\.raw is None"):
        cs.tl.score(counts, use_raw=True)
    with pytest.raises(UsageError, match="exclude each other"):
        cs.tl.score(counts, use_raw=True, layer="x")


def test_a_batch_without_control_or_of_one_cell(counts: AnnData) -> None:
    counts.obs["arm"] = np.where(counts.obs["donor"] == "d2", "treated", counts.obs["arm"])
    with pytest.raises(DataError, match="No control observation in batch 'd2'"):
        cs.tl.score(counts, control=("arm", "untreated"), batch_key="donor")
    counts.obs["day"] = ["first", *["second"] * (counts.n_obs - 1)]
    with pytest.raises(DataError, match="only one observation in batch 'first'"):
        cs.tl.score(counts, batch_key="day")


@pytest.mark.parametrize(
    "options",
    [{"center": "median"}, {"normalize": "cpm"}, {"nonfinite": "zero"}, {"background": "some"},
     {"min_coverage": 1.5}, {"min_genes": 0}, {"chunk_size": 0}, {"n_jobs": 0},
     {"key_added": ""}, {"key_added": "a/b"}, {"signatures": 7}],
)  # fmt: skip
def test_arguments_out_of_range(counts: AnnData, options: dict[str, object]) -> None:
    name = next(iter(options))
    with pytest.raises(UsageError, match=name):
        cs.tl.score(counts, **options)
    assert list(counts.obsm) == []


# --- side effects and storage -------------------------------------------------------------------


def test_the_global_random_state_is_left_alone(counts: AnnData) -> None:
    np.random.seed(123)
    expected = np.random.random_sample(3)
    np.random.seed(123)
    cs.tl.score(counts, method="ridge", scale=True)
    cs.tl.fit_reference(counts)
    np.testing.assert_array_equal(np.random.random_sample(3), expected)


def _equal(one: object, other: object, where: str = "uns") -> None:
    if isinstance(one, dict):
        assert set(one) == set(other), where
        for key in one:
            _equal(one[key], other[key], f"{where}/{key}")
    elif isinstance(one, pd.DataFrame):
        assert list(one.columns) == list(other.columns), where
        assert list(one.index) == list(other.index), where
        for column in one:
            assert list(one[column]) == list(other[column]), f"{where}/{column}"
    elif isinstance(one, list | np.ndarray):
        assert list(one) == list(other), where
    else:
        assert one == other, where


@pytest.mark.parametrize("messy", [False, True])
def test_results_survive_a_file(
    counts: AnnData, small: Catalogue, tmp_path: Path, messy: bool
) -> None:
    if messy:
        x = counts.X.toarray()
        x[3] = 0
        counts.X = sparse.csr_matrix(x)
        counts.obs_names = [f"<cell> {i}/ä" for i in range(counts.n_obs)]
        sets = {**small.to_dict(), "GONE": {"NOPE1": 1.0}, "my set": {"STAT1": 1.0, "IRF1": -1.0}}
        cs.tl.score(counts, signatures=sets, min_genes=2, batch_key="donor", method="ulm")
    else:
        cs.tl.score(counts, control=("arm", "untreated"))
    counts.write_h5ad(tmp_path / "scored.h5ad")
    read = anndata.read_h5ad(tmp_path / "scored.h5ad")
    assert set(read.obsm) == set(counts.obsm)
    for key in counts.obsm:
        pd.testing.assert_frame_equal(read.obsm[key], counts.obsm[key], check_exact=True)
    _equal(counts.uns["cytosig"], read.uns["cytosig"])
    assert len(read.uns["cytosig"]["unscored"]) == int(messy)


@pytest.mark.filterwarnings("ignore:Writing zarr v2 data:UserWarning")
def test_results_survive_zarr(counts: AnnData, tmp_path: Path) -> None:
    pytest.importorskip("zarr")
    cs.tl.score(counts)
    counts.write_zarr(tmp_path / "scored.zarr")
    read = anndata.read_zarr(tmp_path / "scored.zarr")
    _equal(counts.uns["cytosig"], read.uns["cytosig"])
    for key in counts.obsm:
        np.testing.assert_array_equal(read.obsm[key].to_numpy(), counts.obsm[key].to_numpy())


@pytest.mark.parametrize("names", [[1, 2, 3], [0.5, 1.0, 2.0]])
def test_names_that_are_no_text_are_refused_before_anything_is_written(
    counts: AnnData, names: list[float]
) -> None:
    """Beside tables anndata could not copy or cut such data any more."""
    few = counts[:3].copy()
    few.obs.index = pd.Index(names)
    with pytest.raises(DataError, match=r"no text but .*adata\.obs_names\.astype\(str\)"):
        cs.tl.score(few)
    assert (list(few.obsm), list(few.uns)) == ([], [])
    few.obs_names = few.obs_names.astype(str)
    cs.tl.score(few)
    assert list(few.copy().obsm["cytosig_score"].index) == list(map(str, names))
