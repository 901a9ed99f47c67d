"""``cytosig score A B ...``: each file on its own, or all as one data set."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from functools import wraps
from types import SimpleNamespace

import anndata as ad
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

import cytosig as cs
from cytosig import tl
from cytosig.cli import run
from cytosig.engine import passes

# pandas 3 reads exactly without being asked to
pytestmark = pytest.mark.filterwarnings("ignore:The 'float_precision' argument is deprecated")
EXACT = {"sep": "\t", "index_col": 0, "float_precision": "round_trip"}


def _cli(*words):
    """Exit code, stdout and stderr of one call."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = run(["score", *map(str, words), "--threads", "1"])
    return SimpleNamespace(code=code, out=out.getvalue(), err=" ".join(err.getvalue().split()))


def _cells(seed, n, genes):
    rng = np.random.default_rng(seed)
    counts = rng.poisson(rng.gamma(0.4, 2.0, (n, len(genes)))).astype(np.float32)
    obs = pd.DataFrame(
        {"donor": pd.Categorical([f"d{seed}{i % 2}" for i in range(n)])},
        index=[f"c{i}" for i in range(n)],
    )
    return ad.AnnData(sp.csr_matrix(counts), obs=obs, var=pd.DataFrame(index=genes))


@pytest.fixture(scope="module")
def genes():
    return [*cs.signatures.load().genes, *(f"FILL{i}" for i in range(300))]


@pytest.fixture(scope="module")
def parts(genes):
    """30 and 20 cells; the second has another column in obs and another order of genes."""
    first, second = _cells(1, 30, genes), _cells(2, 20, genes)[:, ::-1].copy()
    second.obs["age"] = np.arange(20)
    second.obs_names = [f"c{i}" for i in range(25, 45)]  # five names are in both
    return {"A": first, "B": second}


@pytest.fixture
def files(parts, tmp_path):
    for name, part in parts.items():
        part.write_h5ad(tmp_path / f"{name}.h5ad", compression="gzip")
    return [tmp_path / f"{name}.h5ad" for name in parts]


def _assert_equal(found, expected):
    slots = [slot for slot in expected.obsm if slot.startswith("cytosig")]
    assert len(slots) >= 6
    for slot in slots:
        np.testing.assert_array_equal(found.obsm[slot].to_numpy(), expected.obsm[slot].to_numpy())


@pytest.mark.parametrize("name", ["...h5ad", "..h5ad", "../.."])
def test_no_table_is_written_outside_of_the_folder(tmp_path, name):
    (tmp_path / "in" / "deep").mkdir(parents=True)
    for place in (["--tsv", tmp_path / "T"], ["-o", tmp_path / "O"]):
        done = _cli(tmp_path / "a.h5ad", tmp_path / "in" / "deep" / name, *place)
        assert done.code == 2
        assert "is no name for a file: rename it" in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_each_file_has_a_zero_of_its_own(files, parts, tmp_path):
    out, tables = tmp_path / "out", tmp_path / "tables"
    done = _cli(*files, "-o", out, "--tsv", tables, "--batch", "donor", "--format", "json")
    assert done.code == 0, done.err
    rows = pd.DataFrame(json.loads(done.out))
    assert list(rows)[:3] == ["file", "level", "name"]
    for name, part in parts.items():
        expected = cs.tl.score(part, batch_key="donor", copy=True)
        found = ad.read_h5ad(out / f"{name}.h5ad")
        _assert_equal(found, expected)
        assert (found.X != part.X).nnz == 0
        written = pd.read_csv(tables / name / "score.tsv", **EXACT)
        stored = expected.obsm["cytosig_score"]
        pd.testing.assert_frame_equal(written.astype(stored.dtypes), stored, check_names=False)
        mean = rows[(rows["file"] == name) & (rows["name"] == "IFN-II")]["mean_z"].item()
        assert mean == pytest.approx(expected.obsm["cytosig_axis"]["IFN-II"].mean())
    assert sorted(p.name for p in out.iterdir()) == ["A.h5ad", "B.h5ad"]


def test_one_file_into_a_folder_that_is_there(files, tmp_path):
    (tmp_path / "out").mkdir()
    done = _cli(files[0], "-o", tmp_path / "out", "--scores-only")
    assert done.code == 0, done.err
    assert done.out.startswith("file\tlevel")
    assert ad.read_h5ad(tmp_path / "out" / "A.h5ad").shape == (30, 0)


def test_in_place(files, parts):
    assert _cli(*files, "--in-place").code == 0
    for path, part in zip(files, parts.values(), strict=True):
        _assert_equal(ad.read_h5ad(path), cs.tl.score(part, copy=True))


def test_a_file_that_fails_does_not_lose_the_others(files, parts, tmp_path):
    broken, absent = tmp_path / "C.h5ad", tmp_path / "D.h5ad"
    broken.write_bytes(files[0].read_bytes()[:5000])
    done = _cli(files[0], broken, absent, files[1], "-o", tmp_path / "out", "--format", "tsv")
    assert done.code == 1
    assert f"error: {broken} cannot be read: it is cut short" in done.err
    assert f"error: {absent}: no such file" in done.err
    last = f"2 of 4 files not scored: {broken}, {absent}; the others are."
    assert done.err.endswith(last)
    for name, part in parts.items():
        expected = cs.tl.score(part, copy=True)
        _assert_equal(ad.read_h5ad(tmp_path / "out" / f"{name}.h5ad"), expected)
    assert {line.split("\t")[0] for line in done.out.splitlines()[1:]} == {"A", "B"}


def test_an_error_nobody_foresaw_does_not_either(files, parts, tmp_path, monkeypatch):
    original = tl.score

    @wraps(original)
    def score(adata, **how):
        if adata.n_obs == 30:
            raise ZeroDivisionError("made up")
        original(adata, **how)

    monkeypatch.setattr(tl, "score", score)
    done = _cli(*files, "-o", tmp_path / "out")
    assert done.code == 1
    assert f"{files[0]}: unexpected error: ZeroDivisionError: made up; rerun it alone" in done.err
    assert [p.name for p in (tmp_path / "out").glob("*.h5ad")] == ["B.h5ad"]


@pytest.fixture
def seen(monkeypatch):
    """Files of which rows were read, as many times as passes were made."""
    found = []
    original = passes.for_each

    def spy(rows, work, /, **how):
        found.append(rows.blocks.shape[0])
        original(rows, work, **how)

    monkeypatch.setattr(passes, "for_each", spy)
    return found


def test_resume_leaves_out_what_is_done(files, tmp_path, seen):
    absent, out = tmp_path / "C.h5ad", tmp_path / "out"
    call = [*files, absent, "-o", out, "--format", "tsv"]
    first = _cli(*call)
    assert first.code == 1
    seen.clear()
    ad.read_h5ad(files[0]).write_h5ad(absent)
    done = _cli(*call, "--resume")
    assert done.code == 0
    assert f"{files[0]} is scored already. cytosig: {files[1]} is scored already." in done.err
    assert set(seen) == {30}
    assert done.out.startswith(first.out)
    assert {line.split("\t")[0] for line in done.out.splitlines()[1:]} == {"A", "B", "C"}
    assert sorted(p.name for p in out.iterdir()) == ["A.h5ad", "B.h5ad", "C.h5ad"]


@pytest.mark.parametrize("change", ["call", "input", "output", "no resume"])
def test_resume_does_again_what_has_changed(files, tmp_path, seen, change):
    absent, out = tmp_path / "C.h5ad", tmp_path / "out"
    assert _cli(*files, absent, "-o", out).code == 1
    seen.clear()
    if change == "input":
        ad.read_h5ad(files[0]).write_h5ad(files[0])
    if change == "output":
        (out / "A.h5ad").unlink()
    again = [] if change == "no resume" else ["--resume"]
    again += ["--method", "ulm"] if change == "call" else []
    assert _cli(*files, absent, "-o", out, *again).code == 1
    assert set(seen) == ({30, 20} if change in ("call", "no resume") else {30})


@pytest.mark.parametrize(
    "line", [b"", b"{}", b"[1]", b"\xff\xfe", b'{"call": 1}', b"1 {}", b"changed"]
)
def test_resume_takes_no_line_that_is_not_as_it_was_written(files, tmp_path, seen, line):
    absent, out = tmp_path / "C.h5ad", tmp_path / "out"
    first = _cli(*files, absent, "-o", out, "--format", "tsv")
    log = out / ".cytosig-score.run"
    if line == b"changed":  # a number that would be told as if it were this run's
        log.write_bytes(log.read_bytes().replace(b'"n_scored": ', b'"n_scored": 9'))
    else:
        log.write_bytes(line + b"\n" + line)
    seen.clear()
    done = _cli(*files, absent, "-o", out, "--format", "tsv", "--resume")
    assert (done.code, done.out) == (1, first.out)
    assert set(seen) == {30, 20}


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["A.h5ad", "x/A.h5ad.gz", "-o", "out"], "are both called 'A'"),
        (["A.h5ad", "B.h5ad", "-o", "out.h5ad"], "give -o DIR, or --join"),
        (["A.h5ad", "B.h5ad"], "Nowhere to write"),
        (["A.h5ad", "B.h5ad", "-o", "out", "--save-reference", "r"], "stores one zero"),
        (["A.h5ad", "B.h5ad", "--join", "--in-place"], "--join and --in-place exclude"),
        (["A.h5ad", "x/A.zarr", "--join", "-o", "out.h5ad"], "are both called 'A'"),
        (["A.h5ad", "B.h5ad", "-o", "."], "The output A.h5ad is the input A.h5ad"),
        (["A.h5ad", "B.h5ad", "--join", "-o", "o.tsv", "--method", "ulm,mlm"], "holds one table"),
        (["A.h5ad", "B.h5ad", "-o", "out", "--method", "lasso"], "'lasso' is not one of"),
    ],
)
def test_a_wrong_call_is_told_before_anything_is_read(tmp_path, monkeypatch, words, text):
    monkeypatch.chdir(tmp_path)
    done = _cli(*words)
    assert done.code == 2
    assert text in " ".join(done.err.replace("│", " ").split())
    assert list(tmp_path.iterdir()) == []


# --- joined -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def concatenated(parts):
    """Both parts as anndata puts them together, scored in memory."""
    own = {name: part.copy() for name, part in parts.items()}
    for name, part in own.items():
        part.obs["file"] = pd.Categorical([name] * part.n_obs, categories=["A", "B"])
        both = {f"c{i}" for i in range(25, 30)}
        part.obs_names = [f"{cell}-{name}" if cell in both else cell for cell in part.obs_names]
    whole = ad.concat(list(own.values()), join="outer")
    whole = whole[:, parts["A"].var_names].copy()
    whole.obs = whole.obs[["donor", "age", "file"]]
    return whole


@pytest.mark.parametrize("chunk_size", [None, 7])
def test_joined_files_are_one_data_set(files, concatenated, tmp_path, chunk_size):
    chunks = [] if chunk_size is None else ["--chunk-size", chunk_size]
    done = _cli(
        *files, "--join", "-o", tmp_path / "out.h5ad", "--tsv", tmp_path / "tables",
        "--method", "hlm,score_genes", "--batch", "file", "--format", "json", *chunks,
    )  # fmt: skip
    assert done.code == 0, done.err
    expected = cs.tl.score(concatenated, method=["hlm", "score_genes"], batch_key="file", copy=True)
    found = ad.read_h5ad(tmp_path / "out.h5ad")
    _assert_equal(found, expected)
    assert found.shape == (50, 0)
    pd.testing.assert_frame_equal(found.obs, expected.obs, check_column_type=False)
    assert "5 names of observations are in several files" in done.err
    assert "out.h5ad holds obs, obsm and uns: a joined result has no expression" in done.err
    assert list(json.loads(done.out)[0])[:2] == ["level", "name"]
    written = pd.read_csv(tmp_path / "tables" / "score.tsv", **EXACT)
    assert list(written.index) == list(expected.obs_names)


@pytest.mark.parametrize("where", ["--layer", "--use-raw"])
def test_joined_layers_and_raw(parts, concatenated, tmp_path, where):
    paths = []
    for name, part in parts.items():
        own = part.copy()
        own.layers["counts"] = own.X.toarray()
        own.raw = own
        own.X = sp.csr_matrix(own.shape, dtype=np.float32)
        paths.append(tmp_path / f"{name}.h5ad")
        own.write_h5ad(paths[-1])
    asked = [where, "counts"] if where == "--layer" else [where]
    done = _cli(*paths, "--join", "-o", tmp_path / "out.h5ad", *asked)
    assert done.code == 0, done.err
    found = ad.read_h5ad(tmp_path / "out.h5ad")
    _assert_equal(found, cs.tl.score(concatenated, copy=True))
    assert bool(found.uns["cytosig"]["params"]["use_raw"]) == (where == "--use-raw")


def test_tables_join_too(files, concatenated, parts, tmp_path):
    """A file that is read whole beside one that stays where it is."""
    table = tmp_path / "B.csv"
    parts["B"].to_df().to_csv(table)
    done = _cli(files[0], table, "--join", "-o", tmp_path / "z.tsv", "--no-transpose")
    assert done.code == 0, done.err
    expected = cs.tl.score(concatenated, copy=True).obsm["cytosig_score"]
    found = pd.read_csv(tmp_path / "z.tsv", **EXACT)
    np.testing.assert_array_equal(found.to_numpy(), expected.to_numpy())


def test_a_column_file_of_the_users_own_stays(files, tmp_path):
    adata = ad.read_h5ad(files[1])
    adata.obs["file"] = "mine"
    adata.write_h5ad(files[1])
    done = _cli(*files, "--join", "-o", tmp_path / "out.h5ad")
    assert done.code == 0, done.err
    assert "obs has a column 'file' of its own; the file of each observation is in" in done.err
    obs = ad.read_h5ad(tmp_path / "out.h5ad").obs
    assert obs["cytosig_file"].tolist() == ["A"] * 30 + ["B"] * 20
    assert obs["file"].tolist()[-1] == "mine"
    assert obs["file"].isna().sum() == 30


def test_resume_joined(files, concatenated, tmp_path, monkeypatch):
    """A run that was cut off after some blocks goes on; the numbers are those of a whole run."""
    out, left = tmp_path / "out.h5ad", tmp_path / ".out.h5ad.run"
    original = passes.fill
    calls = []

    def cut_off(block, *how):
        calls.append(block.rows)
        if len(calls) == 5:
            raise KeyboardInterrupt
        original(block, *how)

    monkeypatch.setattr(passes, "fill", cut_off)
    call = [*files, "--join", "-o", out, "--chunk-size", "8"]
    assert _cli(*call).code == 130
    assert left.is_dir()
    assert not out.exists()
    calls[:] = [None] * 10
    done = _cli(*call, "--resume")
    assert done.code == 0, done.err
    assert "Going on with a run cut off after 4 blocks" in done.err
    assert len(calls) == 10 + 3  # seven blocks: none has rows of both files
    _assert_equal(ad.read_h5ad(out), cs.tl.score(concatenated, copy=True))
    assert not left.exists()


def _change(adata, what):
    if what == "gene":
        adata = adata[:, adata.var_names != "STAT1"].copy()
    if what == "extra":
        adata.var_names = ["NEW" if g == "FILL7" else g for g in adata.var_names]
    if what == "repeated":
        adata.var_names = ["STAT1" if g == "FILL7" else g for g in adata.var_names]
    if what == "logged":
        adata.X = sp.csr_matrix(np.log1p(adata.X.toarray()))
    return adata


@pytest.mark.filterwarnings("ignore:Variable names are not unique:UserWarning")
@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("gene", "B.h5ad has no gene 'STAT1', which"),
        ("extra", "B.h5ad has no gene 'FILL7', which"),
        ("repeated", "B.h5ad has no gene 'FILL7', which"),
        ("logged", "holds counts (non-negative whole numbers up to"),
    ],
)
def test_files_that_do_not_fit_are_named(files, tmp_path, what, text):
    _change(ad.read_h5ad(files[1]), what).write_h5ad(files[1])
    done = _cli(*files, "--join", "-o", tmp_path / "out.h5ad")
    assert done.code == 1
    assert text in done.err
    assert not (tmp_path / "out.h5ad").exists()


@pytest.mark.filterwarnings("ignore:Variable names are not unique:UserWarning")
def test_repeated_genes_in_another_order_cannot_be_told_apart(files, tmp_path):
    for path in files:
        _change(ad.read_h5ad(path), "repeated").write_h5ad(path)
    done = _cli(*files, "--join", "-o", tmp_path / "out.h5ad")
    assert done.code == 1
    assert "one of them has gene 'STAT1' more than once" in done.err


def test_values_taken_as_they_are_are_not_compared(files, tmp_path):
    _change(ad.read_h5ad(files[1]), "logged").write_h5ad(files[1])
    done = _cli(*files, "--join", "-o", tmp_path / "out.h5ad", "--normalize", "none")
    assert done.code == 0, done.err
