"""Raw bulk counts must say what their logarithms say; needs the development data."""

from __future__ import annotations

import warnings
from pathlib import Path

import anndata
import pytest

import cytosig as cs

DATA = Path(__file__).parents[3] / "shared" / "data"


@pytest.mark.skipif(not DATA.is_dir(), reason="the development data are not beside the project")
@pytest.mark.parametrize(
    ("name", "value", "cytokine"),
    [
        ("stim_jankowski_hppt", "IFNG", "IFNG"),
        ("stim_jankowski_hppt", "IL1B", "IL1B"),
        ("stim_hbec_il13", "IL13", "IL13"),
        ("stim_t84_il22_ifnl", "IL22", "IL22"),
    ],
)
def test_the_right_cytokine_comes_first_from_counts(name: str, value: str, cytokine: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        adata = anndata.read_h5ad(DATA / f"{name}.h5ad")
    cs.tl.score(adata, layer="counts", control=("cytokine", "control"))
    assert (
        "normalised to 1,000,000 per observation, then log(x + 1)" in adata.uns["cytosig"]["notes"]
    )
    treated = (adata.obs["cytokine"].astype(str) == value).to_numpy()
    assert adata.obsm["cytosig_score"][treated].mean().idxmax() == cytokine
