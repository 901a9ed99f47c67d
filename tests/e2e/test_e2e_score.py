"""Files in, scored files out, through the installed command."""

from __future__ import annotations

import gzip
import io

import anndata as ad
import numpy as np
import pandas as pd
import pytest
import scipy.io
import scipy.sparse as sp
from pandas.testing import assert_frame_equal

import cytosig as cs

SLOTS = ["score", "pvalue", "estimate", "axis", "axis_pvalue", "ligand"]
ROUND_TRIP = {"sep": "\t", "index_col": 0, "float_precision": "round_trip"}


def assert_same_scores(found, expected):
    for slot in SLOTS:
        mine, theirs = found.obsm[f"cytosig_{slot}"], expected.obsm[f"cytosig_{slot}"]
        assert_frame_equal(mine, theirs, check_exact=True, check_names=False)


def in_python(path, **arguments):
    adata = cs.read(path)
    cs.tl.score(adata, **arguments)
    return adata


def test_output_keeps_everything_the_input_had(scored, rich_h5ad):
    before, after = ad.read_h5ad(rich_h5ad), ad.read_h5ad(scored / "out.h5ad")
    assert_frame_equal(after.obs, before.obs)
    assert_frame_equal(after.var, before.var)
    assert (after.X != before.X).nnz == 0
    assert (after.layers["counts"] != before.layers["counts"]).nnz == 0
    assert (after.raw.X != before.raw.X).nnz == 0
    assert_frame_equal(after.raw.var, before.raw.var)
    np.testing.assert_array_equal(after.obsm["X_umap"], before.obsm["X_umap"])
    assert (after.obsp["distances"] != before.obsp["distances"]).nnz == 0
    assert after.uns["study"] == before.uns["study"]
    assert set(after.obsm) == {"X_umap", *(f"cytosig_{slot}" for slot in SLOTS)}


def test_same_numbers_as_the_python_call(scored, rich_h5ad):
    assert_same_scores(ad.read_h5ad(scored / "out.h5ad"), in_python(rich_h5ad))


def test_planted_interferon_is_found(scored):
    adata = ad.read_h5ad(scored / "out.h5ad")
    mean = adata.obsm["cytosig_score"].groupby(adata.obs["group"], observed=True).mean()
    assert (mean.loc["treated"] - mean.loc["rest"]).idxmax() == "IFNG"
    axes = adata.obsm["cytosig_axis"].groupby(adata.obs["group"], observed=True).mean()
    assert (axes.loc["treated"] - axes.loc["rest"]).idxmax() == "IFN-II"


def test_tables_hold_the_stored_numbers(scored):
    adata = ad.read_h5ad(scored / "out.h5ad")
    names = {path.stem for path in (scored / "tables").iterdir()}
    assert names == {*SLOTS, "coverage"}
    for slot in SLOTS:
        table = pd.read_csv(scored / "tables" / f"{slot}.tsv", **ROUND_TRIP)
        stored = adata.obsm[f"cytosig_{slot}"]
        assert table.index.name == "observation"
        assert_frame_equal(table.astype(stored.dtypes), stored, check_exact=True, check_names=False)
    coverage = pd.read_csv(scored / "tables" / "coverage.tsv", sep="\t", index_col=0)
    assert (coverage["n_found"] == coverage["n_genes"]).all()


@pytest.mark.parametrize("transposed", [True, False], ids=["genes-by-samples", "samples-by-genes"])
def test_csv_table(cli, counts, tmp_path, transposed):
    frame = pd.DataFrame(counts.X.toarray()[::6], index=counts.obs_names[::6], columns=None)
    frame.columns = counts.var_names
    table = frame.T if transposed else frame
    path = tmp_path / "bulk.csv.gz"
    with gzip.open(path, "wt", encoding="utf-8") as file:
        table.astype(int).to_csv(file)
    done = cli("score", path, "-o", tmp_path / "z.tsv", "--transpose" if transposed else "-q")
    assert done.returncode == 0, done.stderr
    expected = counts[::6].copy()
    cs.tl.score(expected)
    found = pd.read_csv(tmp_path / "z.tsv", sep="\t", index_col=0)
    wanted = expected.obsm["cytosig_score"]
    assert_frame_equal(found.astype(wanted.dtypes), wanted, check_names=False, rtol=1e-6)


def test_ensembl_ids_are_understood(cli, counts, tmp_path):
    from cytosig.genes.tables import human

    table = human()
    adata = counts.copy()
    known = [table[g].ensembl[0] if g in table and table[g].ensembl else g for g in adata.var_names]
    adata.var_names = [f"{name}.7" if name.startswith("ENSG") else name for name in known]
    adata.write_h5ad(tmp_path / "ids.h5ad")
    done = cli("score", tmp_path / "ids.h5ad", "-o", tmp_path / "out.h5ad")
    assert done.returncode == 0, done.stderr
    expected = counts.copy()
    cs.tl.score(expected)
    found = ad.read_h5ad(tmp_path / "out.h5ad")
    assert list(found.var_names) == list(adata.var_names)
    got, want = found.obsm["cytosig_score"], expected.obsm["cytosig_score"]
    assert_frame_equal(got, want, check_names=False, rtol=1e-9)


def test_tenx_folder(cli, counts, tmp_path):
    folder = tmp_path / "filtered_feature_bc_matrix"
    folder.mkdir()
    held = io.BytesIO()
    scipy.io.mmwrite(held, sp.coo_matrix(counts.X.T.astype(int)), field="integer")
    (folder / "matrix.mtx.gz").write_bytes(gzip.compress(held.getvalue()))
    features = "".join(f"ID{i}\t{g}\tGene Expression\n" for i, g in enumerate(counts.var_names))
    (folder / "features.tsv.gz").write_bytes(gzip.compress(features.encode()))
    barcodes = "".join(f"{name}\n" for name in counts.obs_names)
    (folder / "barcodes.tsv.gz").write_bytes(gzip.compress(barcodes.encode()))
    done = cli("score", folder, "-o", tmp_path / "out.h5ad", "--threads", 1)
    assert done.returncode == 0, done.stderr
    expected = counts.copy()
    cs.tl.score(expected)
    found = ad.read_h5ad(tmp_path / "out.h5ad")
    assert_frame_equal(
        found.obsm["cytosig_score"], expected.obsm["cytosig_score"], check_names=False, rtol=1e-9
    )


def test_scores_only_has_no_expression(cli, rich_h5ad, scored, tmp_path):
    out = tmp_path / "small.h5ad"
    done = cli("score", rich_h5ad, "-o", out, "--scores-only")
    assert done.returncode == 0, done.stderr
    small, full = ad.read_h5ad(out), ad.read_h5ad(scored / "out.h5ad")
    assert small.X is None
    assert small.shape == (full.n_obs, 0)
    assert small.raw is None
    assert not set(small.layers) - {None}
    assert_frame_equal(small.obs, full.obs)
    assert_same_scores(small, full)
    assert small.uns["cytosig"]["catalogue_digest"] == full.uns["cytosig"]["catalogue_digest"]
    assert out.stat().st_size < (scored / "out.h5ad").stat().st_size


def test_options_reach_the_python_call(cli, rich_h5ad, tmp_path):
    own = tmp_path / "own.gmt"
    names = list(ad.read_h5ad(rich_h5ad, backed="r").var_names[:40])
    own.write_text("MINE\tx\t" + "\t".join([*names[:20], *(f"{g}-" for g in names[20:])]) + "\n")
    done = cli(
        "score", rich_h5ad, "-o", tmp_path / "out.h5ad", "--signatures", own,
        "--signatures", "IFN-gamma,IL-6,CCL2", "--method", "ridge", "--lam", "5",
        "--layer", "counts", "--control", "group=rest", "--batch", "donor", "--scale",
        "--background", "all", "--min-coverage", "0", "--key-added", "mine",
        "--format", "json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    catalogue = cs.signatures.Catalogue.from_file(own).merge(
        cs.signatures.load().subset(["IFNG", "IL6", "CCL2"])
    )
    expected = in_python(
        rich_h5ad, signatures=catalogue, method="ridge", lam=5.0, layer="counts",
        control=("group", "rest"), batch_key="donor", scale=True, min_coverage=0.0,
        key_added="mine",
    )  # fmt: skip
    found = ad.read_h5ad(tmp_path / "out.h5ad")
    assert list(found.obsm["mine_score"]) == ["MINE", "IFNG", "IL6"]
    for slot in SLOTS:
        assert_frame_equal(found.obsm[f"mine_{slot}"], expected.obsm[f"mine_{slot}"])
    assert dict(found.uns["mine"]["params"]) == dict(expected.uns["mine"]["params"])
    assert "CCL2 has no response signature" in done.stderr


def test_a_stored_reference_gives_a_later_sample_its_score(cli, rich_h5ad, scored, tmp_path):
    ad.read_h5ad(rich_h5ad)[:7].copy().write_h5ad(tmp_path / "later.h5ad")
    out = tmp_path / "later.tsv"
    done = cli("score", tmp_path / "later.h5ad", "-o", out, "--reference", scored / "ref.npz")
    assert done.returncode == 0, done.stderr
    want = ad.read_h5ad(scored / "out.h5ad").obsm["cytosig_score"].iloc[:7]
    assert_frame_equal(pd.read_csv(out, **ROUND_TRIP), want, check_names=False, atol=1e-9)


def test_cells_are_scored_by_the_lists_of_their_compartment(cli, tmp_path):
    adata = cs.datasets.oligodendroglioma()
    adata.write_h5ad(tmp_path / "in.h5ad")
    done = cli(
        "score", tmp_path / "in.h5ad", "-o", tmp_path / "out.h5ad", "--cell-type-key", "cell_type"
    )
    assert done.returncode == 0, done.stderr
    out = ad.read_h5ad(tmp_path / "out.h5ad")
    table = out.uns["cytosig"]["compartments"]
    assert table.loc["microglia-macrophage", "compartment"] == "myeloid"
    assert table.loc["oligodendrocyte", "compartment"] == "generic"
    plain, own = adata.copy(), adata.copy()
    cs.tl.score(plain)
    cs.tl.score(own, cell_type_key="cell_type")
    pd.testing.assert_frame_equal(
        out.obsm["cytosig_score"], own.obsm["cytosig_score"], check_exact=True
    )
    both = [scored.obsm["cytosig_score"].fillna(0.0) for scored in (own, plain)]
    same = (both[0] == both[1]).all(axis=1).to_numpy()
    assert (same == (adata.obs["cell_type"] != "microglia-macrophage").to_numpy()).all()
    coverage = out.uns["cytosig"]["coverage"]
    assert set(coverage["grade"]) <= {"A", "B", "C", "D"}
