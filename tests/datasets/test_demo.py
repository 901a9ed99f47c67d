"""The shipped data set against its published source and the counts of its cell types."""

from __future__ import annotations

import importlib.util
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from cytosig.datasets import oligodendroglioma

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).parents[2]
SOURCE = ROOT.parent / "shared" / "data" / "sc_infercnvpy_oligodendroglioma.h5ad"
PROGRAM = ROOT / "benchmarks" / "curation" / "demo_data.py"
# cells of each tumour and type, counted in the source's names and labels
CELLS = {
    ("MGH36", "malignant"): 33,
    ("MGH36", "microglia-macrophage"): 8,
    ("MGH53", "malignant"): 34,
    ("MGH53", "microglia-macrophage"): 6,
    ("MGH53", "oligodendrocyte"): 17,
    ("MGH54", "microglia-macrophage"): 5,
    ("MGH54", "oligodendrocyte"): 6,
    ("MGH93", "malignant"): 40,
    ("MGH97", "malignant"): 35,
}
# the source was written by an anndata that did not yet store encodings
old_format = pytest.mark.filterwarnings("ignore:.*without encoding metadata")
needs_source = pytest.mark.skipif(not SOURCE.is_file(), reason="source file not present")


@pytest.fixture(scope="module")
def curation() -> ModuleType:
    if not PROGRAM.is_file():
        pytest.skip("benchmarks/ is not in this distribution")
    spec = importlib.util.spec_from_file_location("demo_data", PROGRAM)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_cells_tumours_and_types() -> None:
    adata = oligodendroglioma()
    assert adata.shape == (184, 9450)
    assert adata.X.dtype == np.float32
    assert adata.X.format == "csr"
    assert adata.obs.groupby(["sample", "cell_type"], observed=True).size().to_dict() == CELLS
    assert list(adata.obs.columns) == ["sample", "cell_type"]
    assert {str(t) for t in adata.obs.dtypes} == {"category"}
    assert list(adata.var.columns) == ["chromosome"]
    assert "GSE70630" in adata.uns["source"]


def test_symbols_are_those_of_the_publication() -> None:
    genes = set(oligodendroglioma().var_names)
    assert {"CPSF3L", "C1orf86", "SLC35E2"} <= genes
    assert not {"INTS11", "FAAP20"} & genes


def test_every_call_is_a_fresh_object() -> None:
    first = oligodendroglioma()
    first.X.data[:] = 0
    first.obs["sample"] = "X"
    second = oligodendroglioma()
    assert second.X.data.min() > 0
    assert set(second.obs["sample"]) == {"MGH36", "MGH53", "MGH54", "MGH93", "MGH97"}


def test_file_is_small_and_attributed() -> None:
    data = files("cytosig.datasets") / "data"
    assert len((data / "oligodendroglioma.h5ad").read_bytes()) <= 5_000_000
    text = (data / "ATTRIBUTION.md").read_text(encoding="utf-8")
    for part in ("10.1038/nature20123", "BSD 3-Clause License", "Gregor Sturm", "What was changed"):
        assert part in text


@needs_source
@old_format
def test_values_equal_the_source() -> None:
    import anndata as ad

    source, adata = ad.read_h5ad(SOURCE), oligodendroglioma()
    assert list(adata.obs_names) == list(source.obs_names)
    assert list(adata.var_names) == list(source.var_names)
    np.testing.assert_array_equal(adata.X.toarray(), source.X.toarray())


@needs_source
@old_format
def test_same_input_gives_the_same_bytes(
    curation: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = []
    for name in ("one.h5ad", "two.h5ad"):
        monkeypatch.setattr("sys.argv", ["demo_data.py", str(SOURCE), str(tmp_path / name)])
        curation.main()
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1]


@pytest.mark.parametrize(
    ("name", "tumour"),
    [("93_P10_B10", "MGH93"), ("MGH36_P1_B02", "MGH36"), ("97", "MGH97"), ("MGH53", "MGH53")],
)
def test_tumour_from_name(curation: ModuleType, name: str, tumour: str) -> None:
    assert curation.tumour(name) == tumour


def test_label_of_another_tumour_is_refused(curation: ModuleType) -> None:
    with pytest.raises(SystemExit, match="does not fit"):
        curation.cell_type("malignant_93", "MGH97")
    with pytest.raises(SystemExit, match="expected a tumour number"):
        curation.tumour("P10_B10")
