"""Several methods in one call of the installed command, checked by other means."""

from __future__ import annotations

import anndata as ad
import numpy as np
import pandas as pd
import scipy.stats
from pandas.testing import assert_frame_equal

import cytosig as cs

ROUND_TRIP = {"sep": "\t", "index_col": 0, "float_precision": "round_trip"}


def _places(values):
    """Places from the top inside each observation, tied genes sharing the mean."""
    return np.apply_along_axis(scipy.stats.rankdata, 1, -values)


def test_three_methods_in_one_run(cli, counts, rich_h5ad, tmp_path):
    """The file is read with plain anndata, and the scores are worked out with numpy and scipy."""
    catalogue = cs.signatures.load()
    names = ["IFNG", "TNF", "TGFB1"]
    raised = {name: [g for g, w in catalogue[name].weights.items() if w > 0] for name in names}
    own = tmp_path / "own.gmt"
    own.write_text("".join("\t".join([name, "x", *genes]) + "\n" for name, genes in raised.items()))
    done = cli(
        "score", rich_h5ad, "-o", tmp_path / "out.h5ad", "--tsv", tmp_path / "tables",
        "--signatures", own, "--method", "ulm,ucell,zscore", "--set", "ucell.max_rank=1e6",
        "--format", "tsv",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("level\tname\tgrade\tmean_z\tup_p05\tdown_p05\tn_scored\n")
    assert 'Scores by ucell: obsm["cytosig_ucell_score"], ' in done.stderr
    found = ad.read_h5ad(tmp_path / "out.h5ad")
    x = found.X.toarray().astype(float)
    n_genes = found.n_vars
    standardised = (x - x.mean(axis=0)) / np.where((sd := x.std(axis=0, ddof=1)) > 0, sd, 1.0)
    for name, genes in raised.items():
        mine = found.var_names.get_indexer(genes)
        n, place = len(genes), _places(x)[:, mine].sum(axis=1)
        ucell = 1 - (place - n * (n + 1) / 2) / (n * n_genes - n * (n + 1) / 2)
        np.testing.assert_allclose(found.obsm["cytosig_ucell_score"][name], ucell, rtol=1e-9)
        zscore = standardised[:, mine].sum(axis=1) / np.sqrt(n)
        np.testing.assert_allclose(found.obsm["cytosig_zscore_score"][name], zscore, atol=1e-6)
        member = np.isin(np.arange(n_genes), mine)
        away = x - x.mean(axis=0)
        r = [np.corrcoef(member, row)[0, 1] for row in away]
        z = np.sqrt(n_genes - 1) * np.array(r)
        np.testing.assert_allclose(found.obsm["cytosig_score"][name], z, atol=1e-6)
    treated = (found.obs["group"] == "treated").to_numpy()
    for slot in ("cytosig_score", "cytosig_ucell_score", "cytosig_zscore_score"):
        ifng = found.obsm[slot]["IFNG"]
        assert ifng[treated].min() > ifng[~treated].max(), slot
    assert {slot for slot in found.obsm if slot.endswith("pvalue")} == {"cytosig_pvalue"}
    written = pd.read_csv(tmp_path / "tables" / "ucell_score.tsv", **ROUND_TRIP)
    assert_frame_equal(written, found.obsm["cytosig_ucell_score"], check_names=False)
    names = {path.name for path in (tmp_path / "tables").glob("*_*.tsv")}
    assert {"zscore_score.tsv", "zscore_coverage.tsv", "ucell_coverage.tsv"} <= names
    assert not {name for name in names if name.startswith(("zscore_p", "ucell_p"))}
