"""``cytosig score --method A,B,C``: one run, several methods; tables, summary and notices."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from types import SimpleNamespace

import anndata as ad
import numpy as np
import pandas as pd
import pytest

import cytosig as cs
from cytosig import methods
from cytosig.cli import run
from cytosig.cli._summary import caption, decimals, summary

METHODS = ["ucell", "mlm", "aucell"]
EXACT = {"sep": "\t", "index_col": 0, "float_precision": "round_trip"}


def _cli(*words):
    """Exit code, stdout and stderr of one call."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = run(["score", *map(str, words), "--threads", "1"])
    return SimpleNamespace(code=code, out=out.getvalue(), err=err.getvalue())


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Counts of 40 cells for the catalogue's genes and others, one cell without any."""
    rng = np.random.default_rng(11)
    genes = [*cs.signatures.load().genes, *(f"FILL{i}" for i in range(400))]
    counts = rng.poisson(rng.gamma(0.4, 2.0, (40, len(genes)))).astype(np.float32)
    counts[7] = 0
    obs = pd.DataFrame(index=[f"c{i}" for i in range(40)])
    path = tmp_path_factory.mktemp("several") / "in.h5ad"
    ad.AnnData(counts, obs=obs, var=pd.DataFrame(index=genes)).write_h5ad(path)
    return path


@pytest.fixture(scope="module")
def three(source):
    """The folder and the output of a run by three methods."""
    folder = source.parent
    done = _cli(
        source, "-o", folder / "out.h5ad", "--tsv", folder / "tables", "--format", "json",
        "--method", "ucell, mlm,aucell", "--set", "ucell.max_rank=300", "--compat", "decoupler",
    )  # fmt: skip
    assert done.code == 0, done.err
    return folder, done


def test_every_slot_is_that_of_the_python_call(source, three):
    found = ad.read_h5ad(three[0] / "out.h5ad")
    expected = ad.read_h5ad(source)
    cs.tl.score(expected, method=METHODS, settings={"ucell": {"max_rank": 300}}, compat="decoupler")
    assert set(found.obsm) == set(expected.obsm)
    for slot in expected.obsm:
        pd.testing.assert_frame_equal(found.obsm[slot], expected.obsm[slot], check_exact=True)
    params = {name: found.uns[f"cytosig{name}"]["params"] for name in ("", "_mlm", "_aucell")}
    assert [p["method"] for p in params.values()] == METHODS
    assert dict(params[""]["settings"]) == {"max_rank": 300, "w_neg": 1}
    assert [p["compat"] for p in params.values()] == ["none", "none", "decoupler"]


def test_tables_of_every_method(three):
    folder, _ = three
    adata = ad.read_h5ad(folder / "out.h5ad")
    linear = ["score", "pvalue", "axis", "axis_pvalue", "estimate"]
    first = [*linear, "ligand", "coverage"]
    of_mlm = [f"mlm_{name}" for name in (*linear, "coverage")]
    of_aucell = ["aucell_score", "aucell_axis", "aucell_coverage"]
    found = {path.stem: pd.read_csv(path, **EXACT) for path in (folder / "tables").iterdir()}
    assert found.keys() == {*first, *of_mlm, *of_aucell}
    for name, table in found.items():
        stored = adata.obsm.get(f"cytosig_{name}")
        if stored is not None:
            pd.testing.assert_frame_equal(
                table.astype(stored.dtypes), stored, check_exact=True, check_names=False
            )
    assert {name for name, table in found.items() if not table.shape[1]} == {
        "pvalue", "axis_pvalue", "estimate",
    }  # fmt: skip
    assert found["aucell_coverage"].index.name == "signature"


def test_without_p_the_summary_is_of_the_spread_of_the_first(three):
    folder, done = three
    adata = ad.read_h5ad(folder / "out.h5ad")
    rows = pd.DataFrame(json.loads(done.out))
    assert list(rows) == ["level", "name", "grade", "mean", "p5", "p95", "n_scored"]
    assert set(rows["n_scored"]) == {39}
    for level, slot, most in (("axis", "cytosig_axis", None), ("cytokine", "cytosig_score", 10)):
        scored = adata.obsm[slot].drop("c7").dropna(axis=1)
        low, high = np.percentile(scored, [5, 95], axis=0)
        widest = [scored.columns[k] for k in np.argsort(low - high, kind="stable")][:most]
        shown = rows[rows["level"] == level].set_index("name")
        assert list(shown.index) == widest
        place = scored.columns.get_indexer(widest)
        np.testing.assert_allclose(shown["p5"], low[place], rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(shown["p95"], high[place], rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(shown["mean"], scored.mean()[widest], rtol=1e-12)
    assert rows.loc[rows["level"] == "axis", "grade"].eq("").all()
    assert set(rows.loc[rows["level"] == "cytokine", "grade"]) <= set("ABCD")


def test_notices_say_where_the_further_tables_are(three):
    folder, done = three
    slots = 'obsm["cytosig_aucell_score"], obsm["cytosig_aucell_axis"]'
    assert f"cytosig: Scores by aucell: {slots}, {folder}/tables/aucell_*.tsv.\n" in done.err
    assert 'cytosig: Scores by mlm: obsm["cytosig_mlm_score"], ' in done.err
    assert "Scores by ucell" not in done.err
    assert (
        "cytosig: ucell: mean, 5th and 95th percentile of the UCell score over the observations,"
        " the widest apart first; ucell has no p-values\n"
    ) in done.err


def test_a_consensus_alone_is_one_table(source, tmp_path):
    done = _cli(source, "-o", tmp_path / "z.tsv", "--method", "consensus", "--format", "json")
    assert done.code == 0, done.err
    expected = ad.read_h5ad(source)
    cs.tl.score(expected, method="consensus")
    found = pd.read_csv(tmp_path / "z.tsv", **EXACT)
    stored = expected.obsm["cytosig_score"]
    pd.testing.assert_frame_equal(found.astype(stored.dtypes), stored, check_names=False)
    assert list(json.loads(done.out)[0])[3:] == ["mean", "p5", "p95", "n_scored"]
    assert "Scores by zscore: not kept; give -o OUT.h5ad or --tsv DIR.\n" in done.err
    assert "consensus of hlm, ucell, singscore, zscore" in done.err


@pytest.mark.parametrize(
    ("named", "prefix"), [("consensus,ulm,zscore", ""), ("ulm,consensus,zscore", "consensus_")]
)
def test_a_consensus_has_spread_and_agreement(source, tmp_path, named, prefix):
    tables = tmp_path / "tables"
    done = _cli(source, "--tsv", tables, "--method", named, "-q")
    assert done.code == 0, done.err
    score, spread, agreement = (
        pd.read_csv(tables / f"{prefix}{name}.tsv", **EXACT)
        for name in ("score", "spread", "agreement")
    )
    assert score.shape == spread.shape
    assert agreement.index.name == "signature"
    assert list(agreement.index) == list(score.columns)
    assert set(agreement["n_methods"]) == {2}
    shares = {path.name.removesuffix("_score.tsv") for path in tables.glob("*_score.tsv")}
    assert shares == set(named.split(",")[1:])


def test_p_values_of_an_older_run_do_not_stay(source, tmp_path):
    older = tmp_path / "pvalue.tsv"
    older.write_text("observation\tIL6\nc0\t0.001\n")
    assert _cli(source, "--tsv", tmp_path, "--method", "ucell", "-q").code == 0
    assert older.read_text().splitlines()[:2] == ["observation", "c0"]


@pytest.mark.parametrize("main", ["z.tsv", "z.csv.gz"])
def test_one_table_cannot_hold_several_methods(tmp_path, main):
    done = _cli("nothing.h5ad", "-o", tmp_path / main, "--method", "mlm,ucell")
    assert done.code == 2
    assert f"{main} holds one table, and mlm, ucell have one each: give -o OUT.h5ad" in done.err
    assert list(tmp_path.iterdir()) == []


def test_every_file_is_looked_at_before_the_work(tmp_path):
    (tmp_path / "aucell_axis.tsv").mkdir()
    done = _cli("nothing.h5ad", "--tsv", tmp_path, "--method", "mlm,aucell")
    assert done.code == 1
    assert "aucell_axis.tsv is a folder" in done.err
    done = _cli(tmp_path / "zscore_axis.tsv", "--tsv", tmp_path, "--method", "mlm,zscore")
    assert done.code == 2
    assert "is the input" in done.err


def test_a_score_with_p_that_is_no_z_is_not_called_z():
    table = pd.DataFrame({"A": [1.0, -2.0, np.nan]})
    p = pd.DataFrame({"A": [0.5, 0.01, np.nan]})
    coverage = pd.DataFrame({"reason": ""}, index=["A"])
    adata = ad.AnnData(obs=pd.DataFrame(index=["a", "b", "c"]))
    adata.obsm["k_score"], adata.obsm["k_pvalue"] = (
        t.set_index(adata.obs_names) for t in (table, p)
    )
    adata.uns["k"] = {"coverage": coverage}
    (row,) = summary(adata, "k", "signature", method=methods.get("gsea"))
    assert row == {
        "level": "signature", "name": "A", "grade": "", "mean": -0.5, "up_p05": 0.0,
        "down_p05": 0.5, "n_scored": 2,
    }  # fmt: skip
    said = "mean {} and share of observations with p < 0.05 above and below zero"
    assert caption(methods.get("gsea")) == said.format("NES")
    assert caption(methods.get("hlm")) == said.format("z")


@pytest.mark.parametrize(("largest", "shown"), [(0.7, 3), (-42.0, 1), (5300.0, 0)])
def test_decimals_follow_the_scale(largest, shown):
    assert decimals([{"name": "A", "p5": largest, "n": 99}], methods.get("ssgsea")) == shown
    assert decimals([{"name": "A", "mean_z": largest}], methods.get("hlm")) == 2
