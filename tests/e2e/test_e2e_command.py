"""What the installed command says, how it ends, and what it leaves behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from importlib.metadata import version

import anndata as ad
import numpy as np
import pandas as pd
import pytest


def test_version_answers_quickly(process):
    took = []
    for _ in range(5):
        start = time.perf_counter()
        done = process("--version")
        took.append(time.perf_counter() - start)
        assert done.stdout == f"cytosig {version('cytosig-toolkit')}\n"
    assert min(took) < 1.0


def test_help_imports_nothing_heavy(command):
    code = (
        "import sys; sys.argv = ['cytosig', 'score', '--help']\n"
        "from cytosig.cli import run; run()\n"
        "heavy = {'numpy', 'pandas', 'anndata', 'numba', 'scipy', 'h5py'} & set(sys.modules)\n"
        "sys.exit(f'imported: {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "--min-coverage" in done.stdout


def test_results_to_stdout_notices_to_stderr(scoring):
    folder, done = scoring
    rows = json.loads(done.stdout)
    assert rows[0].keys() == {"level", "name", "grade", "mean_z", "up_p05", "down_p05", "n_scored"}
    assert rows[0]["name"] == "IFN-II"
    stored = ad.read_h5ad(folder / "out.h5ad")
    z, p = stored.obsm["cytosig_axis"]["IFN-II"], stored.obsm["cytosig_axis_pvalue"]["IFN-II"]
    assert rows[0]["mean_z"] == pytest.approx(z.mean())
    assert rows[0]["up_p05"] == pytest.approx(((p < 0.05) & (z > 0)).mean())
    assert all(line.startswith("cytosig: ") for line in done.stderr.splitlines())
    assert "60 observations" in done.stderr


def _write(path, values, names):
    obs = pd.DataFrame(index=[f"c{i}" for i in range(len(values))])
    ad.AnnData(values, obs=obs, var=pd.DataFrame(index=names)).write_h5ad(path)


@pytest.mark.parametrize(
    ("options", "code", "text"),
    [
        (["-o", "nofolder/out.h5ad"], 1, "there is no folder"),
        (["-o", "out.xlsx"], 2, "end it in .h5ad"),
        ([], 2, "Nowhere to write"),
        (["-o", "out.h5ad", "--layer", "spliced"], 2, "--layer spliced is not there"),
        (["-o", "out.h5ad", "--signatures", "IL66"], 2, "Near: IL6"),
        (["-o", "out.h5ad", "--signatures", "CCL2"], 2, "none has a response signature"),
        (["-o", "out.h5ad", "--control", "group"], 2, "COLUMN=VALUE"),
        (["-o", "out.h5ad", "--control", "group=none"], 2, "no observation has that value"),
        (["-o", "out.h5ad", "--signatures", "absent.gmt"], 1, "absent.gmt"),
        (["-o", "out.h5ad", "--reference", "absent.npz"], 1, "absent.npz"),
    ],
)
def test_errors_leave_nothing_behind(cli, rich_h5ad, tmp_path, options, code, text):
    done = cli("score", rich_h5ad, *options, cwd=tmp_path)
    assert done.returncode == code
    assert text in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_a_process_ends_as_the_call_does(process, rich_h5ad, tmp_path):
    """Exit codes and streams of the command itself; the tests below call it in this process."""
    out = tmp_path / "out.h5ad"
    for words, code, text in (
        (("score", rich_h5ad, "-o", out, "--layer", "spliced"), 2, "--layer spliced is not there"),
        (("score", tmp_path / "absent.h5ad", "-o", out), 1, "no such file"),
    ):
        done = process(*words)
        assert done.returncode == code
        assert text in " ".join(done.stderr.split())
        assert "Traceback" not in done.stderr
        assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda p, g: None, "no such file"),
        (lambda p, g: p.write_bytes(b"\x89HDF\r\n\x1a\n broken"), "in.h5ad"),
        (lambda p, g: _write(p, np.ones((5, 50)), [f"x{i}" for i in range(50)]), "in"),
        (lambda p, g: _write(p, np.where(np.eye(9, len(g)) > 0, np.nan, 1.0), g), "NaN"),
    ],
    ids=["missing", "damaged", "foreign genes", "NaN"],
)
def test_data_at_fault(cli, counts, tmp_path, make, text):
    source = tmp_path / "in.h5ad"
    make(source, list(counts.var_names))
    done = cli("score", source, "-o", tmp_path / "out.h5ad")
    assert done.returncode == 1
    assert text in done.stderr
    assert "Traceback" not in done.stderr
    assert "unexpected" not in done.stderr
    assert {p.name for p in tmp_path.iterdir()} <= {"in.h5ad"}


def test_the_input_is_never_overwritten(cli, rich_h5ad, tmp_path):
    before = rich_h5ad.read_bytes()
    link = tmp_path / "link.h5ad"
    link.symlink_to(rich_h5ad)
    done = cli("score", rich_h5ad, "-o", link)
    assert done.returncode == 2
    assert "is the input" in done.stderr
    assert rich_h5ad.read_bytes() == before


@pytest.fixture
def heeded():
    """An interrupt reaches processes started here, though these tests run in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_interrupt_leaves_no_half_file(command, counts, tmp_path, heeded):
    source, out = tmp_path / "many.h5ad", tmp_path / "out.h5ad"
    ad.concat([counts] * 80, index_unique="-").write_h5ad(source)
    with subprocess.Popen(
        [command, "score", str(source), "-o", str(out)], stderr=subprocess.PIPE, text=True
    ) as job:
        assert job.stderr is not None
        assert any("Opened" in line for line in job.stderr)  # after warnings of old packages
        job.send_signal(signal.SIGINT)
        rest = job.stderr.read()
    assert job.returncode == 130, rest
    assert "Traceback" not in rest
    left = {p.name for p in tmp_path.iterdir()}
    assert left - {".out.h5ad.run"} == {"many.h5ad"}
    assert (".out.h5ad.run" in left) == ("--resume" in rest)


def test_demo(demo):
    folder, done = demo
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    microglia = [r for r in rows if r["cell_type"] == "microglia-macrophage"]
    assert microglia[0]["name"] == "CSF1R"
    assert microglia[0]["tumours_up"] == microglia[0]["tumours"] == 3
    adata = ad.read_h5ad(folder / "demo.h5ad")
    macrophage = adata.obs["cell_type"] == "microglia-macrophage"
    assert microglia[0]["mean_z"] == pytest.approx(
        adata.obsm["cytosig_axis"].loc[macrophage, "CSF1R"].mean()
    )
    assert len(list(folder.glob("*.tsv"))) == 8
    assert "replicates are the tumours" in done.stderr
    assert "cytosig score" in done.stderr


def test_exported_signatures_come_back(cli, tmp_path):
    out = tmp_path / "all.gmt"
    assert cli("signatures", "export", "-o", out).returncode == 0
    done = cli("signatures", "check", out)
    assert done.returncode == 0
    listed = json.loads(cli("signatures", "list", "--format", "json").stdout)
    with_genes = [row for row in listed if row["up"] + row["down"]]
    assert f"ok, {len(with_genes)} signatures" in done.stdout
    assert f"{sum(r['up'] for r in with_genes)} genes up" in done.stdout
