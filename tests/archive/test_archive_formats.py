"""Files of every format that was released are read, drawn, reported and made again."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import anndata
import pandas as pd
import pytest

import cytosig as cs
from cytosig._errors import DataError
from cytosig._keys import FORMAT
from cytosig.cli import run

if TYPE_CHECKING:
    from anndata import AnnData

ARCHIVE = Path(__file__).parents[1] / "data"
FOLDERS = sorted(ARCHIVE.glob("format-*"))
NEAR = 1e-6  # other versions of numpy and scipy, other processors

pytestmark = pytest.mark.skipif(not FOLDERS, reason="tests/data is not in this distribution")
of_every_format = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)


def _unpacked(folder: Path, stem: str, place: Path) -> Path:
    path = place / f"{stem}.h5ad"
    path.write_bytes(gzip.decompress((folder / f"{stem}.h5ad.gz").read_bytes()))
    return path


def test_there_is_one_of_the_current_format() -> None:
    assert [folder.name for folder in FOLDERS] == [f"format-{k + 1}" for k in range(FORMAT)]


@of_every_format
@pytest.mark.parametrize("stem", ["cells", "bulk"])
def test_results_are_made_again(folder: Path, stem: str, tmp_path: Path) -> None:
    """Signatures come from the file, so that scores stay; where rules or roles of the catalogue
    have changed since, leave out here what rests on them, and say so in the changelog."""
    adata = cs.read(_unpacked(folder, stem, tmp_path))
    found = cs.tl.rerun(adata, tolerance=NEAR, n_jobs=1)
    assert found[found["state"] != "same"]["slot"].tolist() == []
    assert {"obsm['cytosig_score']", "uns['cytosig']['balance']"} < set(found["slot"])


@pytest.mark.slow
@of_every_format
def test_plots_draw_them(folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib").use("Agg")
    from matplotlib import pyplot as plt

    cells, bulk = (cs.read(_unpacked(folder, stem, tmp_path)) for stem in ("cells", "bulk"))
    drawn = [
        cs.pl.coverage(bulk), cs.pl.heatmap(bulk), cs.pl.balance(cells),
        cs.pl.contributions(bulk, sample=bulk.obs_names[0]),
        cs.pl.balance_context(cells), cs.pl.balance_context(cells, cytokine="IFNG"),
        cs.pl.volcano(bulk, table="score"), cs.pl.mirror_dotplot(cells, condition="after"),
        cs.pl.share(cells, cytokine="IL6", condition="after"),
        cs.pl.network(cells, condition="after", max_q=None),
        cs.pl.links_tile(cells, condition="after", max_q=None), cs.pl.blockade(cells),
        cs.pl.blockade(cells, kind="pair"), cs.pl.activity(bulk, id="IFNG", groupby="arm"),
        cs.pl.survival(bulk, survival=("months", "died"), compare_key="compare_survival"),
    ]  # fmt: skip
    assert all(axes.has_data() for axes in drawn)
    plt.close("all")


@pytest.mark.slow
@of_every_format
def test_tools_go_on_from_them(folder: Path, tmp_path: Path) -> None:
    path = _unpacked(folder, "bulk", tmp_path)
    adata = cs.read(path)
    before = adata.uns["cytosig"]["compare"]
    cs.tl.compare(adata, groupby="arm", reference="a", key_added="again")
    after = adata.uns["cytosig"]["again"]
    pd.testing.assert_frame_equal(after[["p", "q"]], before[["p", "q"]], rtol=NEAR)
    assert run(["report", str(path), "-o", str(tmp_path / "page.html"), "-q"]) == 0
    assert "IFNG" in (tmp_path / "page.html").read_text(encoding="utf-8")
    assert run(["rerun", str(path), "--tolerance", str(NEAR), "-q"]) == 0


@of_every_format
def test_zarr_and_references_and_signature_files_are_read(folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("zarr")
    shutil.unpack_archive(folder / "bulk.zarr.zip", tmp_path)
    adata = cs.read(tmp_path / "bulk.zarr")
    assert set(cs.tl.rerun(adata, tolerance=NEAR, n_jobs=1)["state"]) == {"same"}
    bulk = cs.read(_unpacked(folder, "bulk", tmp_path))
    reference = cs.tl.Reference.load(folder / "reference.npz")
    three = cs.signatures.load().subset(["IFNG", "IL6", "TGFB1"])
    scored = cs.tl.score(bulk, signatures=three, reference=reference, copy=True, n_jobs=1)
    own = cs.tl.score(bulk, signatures=three, copy=True, n_jobs=1)
    slot = "cytosig_score"  # it was fitted on these samples: nothing moves
    pd.testing.assert_frame_equal(scored.obsm[slot], own.obsm[slot], rtol=NEAR, atol=NEAR)
    mine = cs.signatures.Catalogue.from_file(folder / "mine.toml")
    weights = {"STAT1": 1.5, "IRF1": 1.0, "CXCL10": 1.0, "SOCS3": 1.0, "MYC": -0.5}
    assert mine.to_dict() == {"MINE": weights}


@pytest.fixture
def newer(tmp_path: Path) -> AnnData:
    adata = anndata.read_h5ad(_unpacked(FOLDERS[-1], "bulk", tmp_path))
    adata.uns["cytosig"]["format"] = FORMAT + 1
    adata.uns["cytosig"]["versions"]["cytosig-toolkit"] = "9.1"
    return adata


@pytest.mark.parametrize(
    "call",
    [
        lambda adata: cs.tl.compare(adata, groupby="arm", reference="a"),
        lambda adata: cs.tl.channels(adata),
        lambda adata: cs.tl.rerun(adata),
        lambda adata: cs.pl.balance(adata),
        lambda adata: cs.report.html(adata),
    ],
)
def test_a_later_format_is_refused(newer: AnnData, call) -> None:
    with pytest.raises(DataError, match=rf"in format '{FORMAT + 1}' by cytosig 9.1.*Update cyto"):
        call(newer)
