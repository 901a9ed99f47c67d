"""``cytosig rerun``: a file's results from the file alone, or from the data they were made of."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import anndata
import numpy as np
import pytest

import cytosig as cs
from cytosig.cli import run

if TYPE_CHECKING:
    from pathlib import Path

    from anndata import AnnData

THREE = "IFNG,IL6,TGFB1"


@pytest.fixture(scope="module")
def cells() -> AnnData:
    return cs.datasets.simulate_tissue(n_samples=2, cells_per_sample=120, n_genes=1700, rng=2).adata


@pytest.fixture
def data(cells: AnnData, tmp_path: Path) -> Path:
    cells.write_h5ad(tmp_path / "cells.h5ad")
    return tmp_path / "cells.h5ad"


def _score(data: Path, out: Path, *more: str) -> None:
    call = ["score", str(data), "-o", str(out), "--signatures", THREE, "-q", *more]
    assert run(call) == 0


def test_a_scored_file_comes_out_as_it_is_stored(data: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "out.h5ad"
    _score(data, out, "--method", "hlm,ucell", "--batch", "sample")
    before = out.read_bytes()
    capsys.readouterr()
    assert run(["rerun", str(out), "--format", "json"]) == 0
    told, said = capsys.readouterr()
    rows = json.loads(told)
    assert {row["state"] for row in rows} == {"same"}
    assert {"obsm['cytosig_score']", "obsm['cytosig_ucell_score']"} < {row["slot"] for row in rows}
    assert f"all {len(rows)} results came out as they are stored" in said
    assert out.read_bytes() == before


def test_what_differs_is_an_error_of_the_data(data: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "out.h5ad"
    _score(data, out)
    held = anndata.read_h5ad(out)
    held.obsm["cytosig_score"].iloc[3, 0] = 9.0
    held.write_h5ad(out)
    assert run(["rerun", str(out)]) == 1
    said = capsys.readouterr().err
    assert f"first obsm['cytosig_score']: differs ({held.obs_names[3]}, IFNG: 9, now" in said
    assert "--tolerance" not in said
    assert run(["rerun", str(out), "--tolerance", "20"]) == 0


def test_every_record_is_made_again_unless_one_is_named(capsys) -> None:
    assert run(["rerun", "--help"]) == 0
    assert "[default: (all there are)]" in " ".join(capsys.readouterr().out.split())


def test_last_places_may_be_passed_over(data: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "out.h5ad"
    _score(data, out)
    held = anndata.read_h5ad(out)
    held.obsm["cytosig_score"] *= 1 + 1e-13
    held.write_h5ad(out)
    assert run(["rerun", str(out)]) == 1
    assert "--tolerance 1e-9 passes over last places" in capsys.readouterr().err
    assert run(["rerun", str(out), "--tolerance", "1e-9"]) == 0


def test_results_alone_need_the_data(data: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "out.h5ad"
    _score(data, out, "--scores-only")
    assert run(["rerun", str(out)]) == 1
    assert "holds results without expression" in capsys.readouterr().err
    assert run(["rerun", str(out), "--input", str(data)]) == 0


def test_joined_results_are_made_again_from_their_files(
    cells: AnnData, tmp_path: Path, capsys
) -> None:
    parts = []
    for k, name in enumerate(sorted(cells.obs["sample"].unique())):
        parts.append(str(tmp_path / f"part{k}.h5ad"))
        cells[cells.obs["sample"] == name].copy().write_h5ad(parts[-1])
    out = str(tmp_path / "out.h5ad")
    assert run(["score", *parts, "--join", "-o", out, "--signatures", THREE, "-q"]) == 0
    first, second = parts
    assert run(["rerun", out, "--input", first, "--input", second]) == 0
    capsys.readouterr()
    assert run(["rerun", out, "--input", first]) == 1
    assert "Name the data it was made from" in capsys.readouterr().err


def test_a_layer_of_the_data_is_read_again(cells: AnnData, tmp_path: Path) -> None:
    made, out = cells[:80].copy(), tmp_path / "out.h5ad"
    made.layers["half"] = made.X
    made.X = np.zeros(made.shape, np.float32)
    made.write_h5ad(tmp_path / "cells.h5ad")
    _score(tmp_path / "cells.h5ad", out, "--layer", "half", "--scores-only")
    assert run(["rerun", str(out), "--input", str(tmp_path / "cells.h5ad"), "-q"]) == 0


def test_a_file_without_a_record_is_refused_by_name(data: Path, tmp_path: Path, capsys) -> None:
    later, table = tmp_path / "later.h5ad", tmp_path / "s.tsv"
    _score(data, later)
    _score(data, table)
    held = anndata.read_h5ad(later)
    held.uns["cytosig"]["format"] = 99
    held.write_h5ad(later)
    capsys.readouterr()
    for path, told in ((data, "no record"), (table, "no record"), (later, "stored in format '99'")):
        assert run(["rerun", str(path), "-q"]) == 1
        said = capsys.readouterr().err
        assert f"error: {path}: " in said
        assert told in said
    assert run(["rerun", str(data), "--key", "mine"]) == 2
    assert f"{data}: uns has no 'mine'" in capsys.readouterr().err
    assert run(["rerun", str(tmp_path / "absent.h5ad")]) == 1
    assert run(["rerun", str(data), "--tolerance", "-1"]) == 2
