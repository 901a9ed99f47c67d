"""Calls are kept with what they made, and made again: the same, or what differs is said."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import anndata
import numpy as np
import pandas as pd
import pytest

import cytosig as cs
from cytosig._errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from anndata import AnnData

THREE = ["IFNG", "IL6", "TGFB1"]
KEYS = {"sample_key": "sample", "cell_type_key": "cell_type"}


@pytest.fixture(scope="module")
def cells() -> AnnData:
    made = cs.datasets.simulate_tissue(n_samples=4, cells_per_sample=200, n_genes=1800, rng=1).adata
    made.obs["arm"] = np.where(made.obs["sample"].isin(["S01", "S02"]), "before", "after")
    return made


@pytest.fixture(scope="module")
def done(cells: AnnData) -> AnnData:
    """Every tool, a generator, a reference, signatures of one's own, two methods."""
    made = cells.copy()
    three = cs.signatures.load().subset(THREE)
    own = {"MINE": {"STAT1": 2.0, "IRF1": 1.0, "SOCS3": -1.0, "MYC": 0.5, "CXCL10": 1.0}}
    mixed = three.merge(cs.signatures.Catalogue.from_dict(own))
    reference = cs.tl.fit_reference(made, sample_key="sample", signatures=three, n_jobs=1)
    many = ["hlm", "ucell"]
    cs.tl.score(made, signatures=mixed, method=many, control=("arm", "before"), min_genes=1)
    cs.tl.channels(made, signatures=three)
    rng = np.random.default_rng(5)
    rng.spawn(3)
    cs.tl.balance(
        made, sample_key="sample", signatures=three, reference=reference, rng=rng, n_draws=100
    )
    for tool in (cs.tl.sources, cs.tl.targets, cs.tl.links):
        tool(made, **KEYS, signatures=three)
    mine = {"mine": ["IL6", "IL1B"]}
    cs.tl.blockade(made, targets=[mine, "tocilizumab"], sample_key="sample", n_draws=100)
    for key in ("cytosig", "cytosig_ucell"):
        cs.tl.compare(made, groupby="arm", reference="before", sample_key="sample", key=key)
    return made


def _states(found: pd.DataFrame) -> dict[str, str]:
    return dict(zip(found["slot"], found["state"], strict=True))


@pytest.fixture
def scored(cells: AnnData) -> AnnData:
    """Scores, channels and links of some cells; quickly made again."""
    made, three = cells[::4].copy(), cs.signatures.load().subset(THREE)
    cs.tl.score(made, signatures=three, n_jobs=1)
    cs.tl.channels(made, signatures=three, n_jobs=1)
    cs.tl.compare(made, groupby="arm", reference="before", sample_key="sample")
    return made


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["memory", "h5ad"])
def test_every_tool_gives_the_same_again(done: AnnData, kind: str, tmp_path: Path) -> None:
    """From nothing but the file: the catalogue, the reference and the generator are in it."""
    adata = done
    if kind == "h5ad":
        done.write_h5ad(tmp_path / "done.h5ad")
        adata = anndata.read_h5ad(tmp_path / "done.h5ad")
    found = cs.tl.rerun(adata, n_jobs=1)
    assert set(found["state"]) == {"same"}
    tables = {"balance", "sources", "targets", "links", "blockade", "compare", "coverage"}
    assert {f"uns['cytosig']['{name}']" for name in tables} < set(found["slot"])
    assert {"obsm['cytosig_receptor']", "obsm['cytosig_ucell_score']"} < set(found["slot"])
    assert "uns['cytosig_ucell']['compare']" in set(found["slot"])
    assert found.attrs["versions"] == {}


@pytest.mark.filterwarnings("ignore:Writing zarr v2:UserWarning")
def test_the_record_survives_zarr(scored: AnnData, tmp_path: Path) -> None:
    pytest.importorskip("zarr")
    scored.write_zarr(tmp_path / "scored.zarr")
    assert set(cs.tl.rerun(cs.read(tmp_path / "scored.zarr"), n_jobs=1)["state"]) == {"same"}


@pytest.mark.slow
def test_what_is_there_stays_as_it_was(done: AnnData) -> None:
    adata, order = done.copy(), list(done.uns)
    x, table = adata.X.copy(), adata.obsm["cytosig_score"].copy()
    cs.tl.rerun(adata, n_jobs=1)
    assert list(adata.uns) == order
    assert list(adata.uns["cytosig"]) == list(done.uns["cytosig"])
    assert (x != adata.X).nnz == 0
    pd.testing.assert_frame_equal(adata.obsm["cytosig_score"], table, check_exact=True)
    assert set(adata.obsm) == set(done.obsm)


def test_a_changed_number_is_named(scored: AnnData) -> None:
    adata = scored
    adata.obsm["cytosig_score"].iloc[7, 1] += 0.25
    found = cs.tl.rerun(adata, n_jobs=1).set_index("slot")
    row = found.loc["obsm['cytosig_score']"]
    assert (row["state"], row["n_different"]) == ("differs", 1)
    assert row["largest"] == pytest.approx(0.25, abs=1e-6)
    assert row["detail"].startswith(f"{adata.obs_names[7]}, IL6: ")
    assert set(found.drop("obsm['cytosig_score']")["state"]) == {"same"}
    near = cs.tl.rerun(adata, tolerance=0.3, n_jobs=1).set_index("slot").loc[row.name]
    assert (near["state"], near["n_different"]) == ("same", 0)


@pytest.mark.parametrize(
    "strange",
    [np.zeros(3, [("a", "f4"), ("b", "i4")]), np.array([b"\xff\xfe"], object), 3.5, "words"],
)
def test_what_is_no_table_differs(scored: AnnData, strange: object) -> None:
    scored.uns["cytosig"]["compare"] = strange
    found = cs.tl.rerun(scored, n_jobs=1).set_index("slot")
    assert found.loc["uns['cytosig']['compare']", "state"] == "differs"


@pytest.mark.parametrize(("then", "now"), [(0.1, np.inf), (np.inf, 0.1), (-np.inf, np.inf)])
def test_infinity_is_near_to_nothing_but_itself(then: float, now: float) -> None:
    from cytosig.tl._differences import differences

    def table(value: float) -> dict[str, pd.DataFrame]:
        return {"t": pd.DataFrame({"a": [value, np.inf, np.nan]})}

    for tolerance in (0.0, 1e-9, 0.5):
        (found,) = differences(table(then), table(now), tolerance=tolerance)
        assert (found.state, found.n_different) == ("differs", 1)
        (same,) = differences(table(now), table(now), tolerance=tolerance)
        assert (same.state, same.n_different) == ("same", 0)


@pytest.mark.parametrize(
    ("then", "now", "told"),
    [
        (pd.DataFrame({"q": [1.0, 0.5]}, ["s1", "s2"]), {"q": [1.0, 0.25]}, "s2, q: 0.5, now 0.25"),
        (0.8313129, 0.83131294, "0.8313129, now 0.83131294"),
        (np.float32(0.1), 0.1, "0.100000001, now 0.1"),
        (1.0, np.nextafter(1.0, 2), "1, now 1.0000000000000002"),
        (1234567, 1234568, "1234567, now 1234568"),
        (1.0, np.nan, "1, now nan"),
        ("a", "b", "a, now b"),
        (np.zeros(3), np.zeros((2, 3)), "3 values, now 2 × 3 values"),
        ({"a": 1}, {"a": 1, "b": 2}, "b: absent, now 1 value"),
    ],
)
def test_both_values_are_told_and_where_they_are(then: object, now: object, told: str) -> None:
    from cytosig.tl._differences import differences

    if isinstance(then, pd.DataFrame):
        now = pd.DataFrame(now, then.index)
    (found,) = differences({"slot": then}, {"slot": now}, tolerance=0.0)
    assert found.detail == told


def test_another_matrix_gives_other_scores(cells: AnnData) -> None:
    adata = cells[:60].copy()
    cs.tl.score(adata, signatures={"MINE": ["STAT1", "IRF1", "MYC", "SOCS3", "CCL2"]}, min_genes=1)
    adata.X = adata.X[::-1].copy()
    found = _states(cs.tl.rerun(adata, n_jobs=1))
    assert found["obsm['cytosig_score']"] == "differs"
    assert found["uns['cytosig']['params']"] == "same"


def test_slots_taken_away_or_added_are_named(scored: AnnData) -> None:
    del scored.obsm["cytosig_axis"], scored.uns["cytosig"]["coverage"]
    scored.uns["cytosig"]["balance_more"] = 3
    found = _states(cs.tl.rerun(scored, n_jobs=1))
    assert found["obsm['cytosig_axis']"] == found["uns['cytosig']['coverage']"] == "new"
    assert found["uns['cytosig']['balance_more']"] == "not made again"


def test_a_call_that_fails_is_told_and_the_others_run(scored: AnnData) -> None:
    del scored.obs["arm"]
    found = cs.tl.rerun(scored, n_jobs=1)
    failed = found[found["state"] == "failed"]
    assert list(failed["slot"]) == ["cs.tl.compare"]
    assert "obs has no column 'arm'" in failed["detail"].iloc[0]
    assert _states(found)["uns['cytosig']['compare']"] == "not made again"
    assert _states(found)["obsm['cytosig_receptor']"] == "same"


def test_other_versions_are_told(cells: AnnData) -> None:
    adata = cells[:40].copy()
    cs.tl.score(adata, signatures=cs.signatures.load().subset(THREE))
    adata.uns["cytosig"]["versions"]["numpy"] = "1.0"
    found = cs.tl.rerun(adata, n_jobs=1)
    assert found.attrs["versions"] == {"numpy": ("1.0", np.__version__)}
    assert set(found["state"]) == {"same"}


def test_a_later_call_takes_the_place_of_the_earlier(cells: AnnData) -> None:
    adata = cells[:40].copy()
    three = cs.signatures.load().subset(THREE)
    said = []
    cs.tl.score(adata, signatures=three)
    cs.tl.channels(adata, signatures=three)
    for lam in (1.0, 2.0):
        cs.tl.score(adata, lam=lam)
        said.append([json.loads(text) for text in adata.uns["cytosig"]["calls"]])
    assert [[call["tool"] for call in calls] for calls in said] == [["channels", "score"]] * 2
    assert said[-1][-1]["arguments"]["lam"] == 2.0
    assert len(adata.uns["cytosig"]["given"]) == 1, "only of channels; score has the shipped ones"


def test_a_cell_of_a_notebook_may_run_twice(scored: AnnData) -> None:
    """Compare was made of the scores alone, and stays so when a balance comes later, or again."""
    three = cs.signatures.load().subset(THREE)
    for _ in range(2):
        cs.tl.balance(scored, sample_key="sample", signatures=three, n_draws=100)
        assert set(cs.tl.rerun(scored, n_jobs=1)["state"]) == {"same"}
    tools = [json.loads(text)["tool"] for text in scored.uns["cytosig"]["calls"]]
    assert tools == ["score", "channels", "compare", "balance"]


def test_what_was_read_before_it_was_replaced_is_made_again(scored: AnnData) -> None:
    three = cs.signatures.load().subset(THREE)
    for n_draws in (100, 120):
        cs.tl.balance(scored, sample_key="sample", signatures=three, n_draws=n_draws)
        if n_draws == 100:
            cs.tl.compare(scored, groupby="arm", reference="before", sample_key="sample")
    tools = [json.loads(text)["tool"] for text in scored.uns["cytosig"]["calls"]]
    assert tools == ["score", "channels", "balance", "compare", "balance"]
    assert set(cs.tl.rerun(scored, n_jobs=1)["state"]) == {"same"}
    cs.tl.compare(scored, groupby="arm", reference="before", sample_key="sample")
    tools = [json.loads(text)["tool"] for text in scored.uns["cytosig"]["calls"]]
    assert tools == ["score", "channels", "balance", "compare"], "none is kept for nothing"


def test_a_record_under_another_name_leaves_the_first_alone(cells: AnnData) -> None:
    adata = cells[:60].copy()
    cs.tl.score(adata)
    adata.uns["backup"] = adata.uns["cytosig"]
    cs.tl.score(adata, center=None)
    table, params = adata.obsm["cytosig_score"].copy(), dict(adata.uns["cytosig"]["params"])
    slots = (list(adata.obsm), list(adata.uns))
    found = _states(cs.tl.rerun(adata, key="backup", n_jobs=1))
    assert found["uns['backup']['params']"] == "same"
    assert found["obsm['backup_score']"] == "new"
    pd.testing.assert_frame_equal(adata.obsm["cytosig_score"], table, check_exact=True)
    assert (list(adata.obsm), list(adata.uns)) == slots
    assert adata.uns["cytosig"]["params"] == params


def test_a_view_stays_one(scored: AnnData, tmp_path: Path) -> None:
    view = scored[:50]
    assert "differs" in set(cs.tl.rerun(view, n_jobs=1)["state"]), "centred on others"
    assert view.is_view
    scored.write_h5ad(tmp_path / "scored.h5ad")
    backed = anndata.read_h5ad(tmp_path / "scored.h5ad", backed="r")
    with pytest.raises(UsageError, match="to_memory"):
        cs.tl.rerun(backed[:50])
    assert set(cs.tl.rerun(backed, n_jobs=1)["state"]) == {"same"}
    backed.file.close()


def test_what_others_keep_in_uns_is_left_alone(scored: AnnData) -> None:
    scored.uns["cnv"] = {"calls": np.array(["a", "b"])}
    assert set(cs.tl.rerun(scored, n_jobs=1)["state"]) == {"same"}


def test_a_further_method_is_made_again_by_the_call_of_the_first(cells: AnnData) -> None:
    adata = cells[:60].copy()
    cs.tl.score(adata, method=["hlm", "ucell"])
    assert set(cs.tl.rerun(adata, key="cytosig_ucell", n_jobs=1)["state"]) == {"same"}
    del adata.uns["cytosig_ucell"]
    found = _states(cs.tl.rerun(adata, key="cytosig", n_jobs=1))
    assert found["obsm['cytosig_ucell_score']"] == found["obsm['cytosig_score']"] == "same"
    assert found["uns['cytosig_ucell']['params']"] == "new"


def test_arguments_that_do_not_matter_are_not_kept(cells: AnnData, tmp_path: Path) -> None:
    adata = cells[:40].copy()
    out = cs.tl.score(
        adata, chunk_size=7, n_jobs=1, copy=True, progress=lambda _: None, scratch=tmp_path / "run"
    )
    assert "cytosig" not in adata.uns
    (call,) = map(json.loads, out.uns["cytosig"]["calls"])
    kept = {"chunk_size", "n_jobs", "copy", "progress", "scratch", "adata"} & set(call["arguments"])
    assert kept == set()
    assert call["arguments"]["min_coverage"] == 0.25, "defaults are: later versions may have others"


def test_a_generator_is_as_it_was_before_the_call(cells: AnnData) -> None:
    """Its draws and those of generators spawned from it; what was passed moves on as ever."""
    from cytosig.tl._calls import Call

    for kind in ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"):
        rng = np.random.Generator(getattr(np.random, kind)(3))
        rng.random(5)
        rng.spawn(2)
        held = json.loads(Call.of("balance", {"rng": rng}).text)["arguments"]
        again = Call("balance", held, {}).unpacked(where="balance")["rng"]
        assert (again.random(4) == rng.random(4)).all()
        assert again.spawn(1)[0].random() == rng.spawn(1)[0].random()


def test_no_record_is_said(cells: AnnData) -> None:
    with pytest.raises(DataError, match=r"no record of calls.*Run the tools anew"):
        cs.tl.rerun(cells)
    with pytest.raises(UsageError, match="uns has no 'other'"):
        cs.tl.rerun(cells, key="other")
    with pytest.raises(UsageError, match="tolerance=-1"):
        cs.tl.rerun(cells, tolerance=-1)


def _call(**arguments: object) -> str:
    return json.dumps({"tool": "score", "arguments": arguments})


@pytest.mark.parametrize(
    ("calls", "told"),
    [
        (["no json"], r"uns\['cytosig'\]\['calls'\] holds no calls"),
        (["[1]"], "holds no calls"),
        ([3], "holds no calls"),
        (['{"tool": "system", "arguments": {}}'], "a tool 'system', which this version has not"),
        ([_call(colour=1)], "no argument 'colour' in this version"),
        ([_call(scratch="elsewhere")], "no argument"),
        (["[" * 100_000], "holds no calls"),
    ],
)
def test_strange_records_are_refused(cells: AnnData, calls: list[object], told: str) -> None:
    adata = cells[:40].copy()
    adata.uns["cytosig"] = {"format": 1, "calls": calls}
    with pytest.raises(DataError, match=told):
        cs.tl.rerun(adata)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"signatures": "sets.gmt"}, "names a file"),
        ({"reference": "reference.npz"}, "names a file"),
        ({"signatures": {"$catalogue": "0" * 16}}, "no longer whole"),
        ({"signatures": {"$other": "Thing"}}, "was a Thing, which is not kept"),
    ],
)
def test_no_file_is_opened_for_a_record(
    cells: AnnData, arguments: dict[str, object], told: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sets.gmt").write_text("A\t\tSTAT1\tIRF1\tMYC\n")
    adata = cells[:40].copy()
    adata.uns["cytosig"] = {"format": 1, "calls": [_call(**arguments)]}
    found = cs.tl.rerun(adata)
    assert found["state"].tolist()[0] == "failed"
    assert told in found["detail"].tolist()[0]


@pytest.mark.parametrize(
    "call", [_call(min_coverage="0.3"), _call(lam=[1]), '{"tool": "sources", "arguments": {}}']
)
def test_arguments_of_another_kind_fail_in_so_many_words(cells: AnnData, call: str) -> None:
    adata = cells[:40].copy()
    adata.uns["cytosig"] = {"format": 1, "calls": [call]}
    found = cs.tl.rerun(adata)
    assert found["state"].tolist() == ["failed", "not made again"]
    assert found["detail"][0]
    adata.uns["cytosig"]["calls"].append('{"tool": "compare", "arguments": {}}')
    cs.tl.score(adata)
    assert json.loads(adata.uns["cytosig"]["calls"][-1])["tool"] == "score"
    assert _states(cs.tl.rerun(adata, n_jobs=1))["obsm['cytosig_score']"] == "same"


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (np.array(0.25), 0.25), (np.float32(0.5), 0.5), (range(2), [0, 1]),
        ({"a": 1}.keys(), ["a"]),
        (pd.Index(["x"]), ["x"]), (np.array([[1, 2]]), [[1, 2]]), (frozenset("ba"), ["a", "b"]),
        (pd.Categorical(["u"]), ["u"]), (b"ab", {"$other": "bytes"}),
        (np.datetime64("2020-01-01", "ns"), {"$other": "datetime64"}),
        (np.array(np.datetime64("2020-01-01", "ns")), {"$other": "datetime64"}),
        (np.longdouble(1), {"$other": "longdouble"}), (1j, {"$other": "complex"}),
        (pd.DataFrame({"a": [1]}), {"$other": "DataFrame"}),
    ],
)  # fmt: skip
def test_arguments_are_put_in_words(value: object, kept: object) -> None:
    from cytosig.tl._calls import Call

    assert json.loads(Call.of("score", {"x": value}).text)["arguments"]["x"] == kept


def test_bytes_that_were_changed_are_refused(scored: AnnData) -> None:
    given = scored.uns["cytosig"]["given"]
    scored.uns["cytosig"]["given"] = {name: held[:-1] for name, held in given.items()}
    found = cs.tl.rerun(scored, n_jobs=1)
    failed = found[found["state"] == "failed"].set_index("slot")["detail"]
    assert set(failed.index) == {"cs.tl.score", "cs.tl.channels", "cs.tl.compare"}
    assert failed[["cs.tl.score", "cs.tl.channels"]].str.contains("no longer whole").all()


def test_a_file_given_is_read_once_and_kept(cells: AnnData, tmp_path: Path) -> None:
    path = tmp_path / "sets.gmt"
    path.write_text("MINE\t\tSTAT1\tIRF1\tMYC\tSOCS3\tCCL2\n")
    adata = cells[:60].copy()
    cs.tl.score(adata, signatures=path, min_genes=1)
    path.unlink()
    assert set(cs.tl.rerun(adata, n_jobs=1)["state"]) == {"same"}


def test_a_failed_call_leaves_no_record(cells: AnnData) -> None:
    adata = cells[:40].copy()
    with pytest.raises(UsageError):
        cs.tl.score(adata, layer="absent")
    assert "cytosig" not in adata.uns


def test_tools_keep_their_signature_and_doc() -> None:
    from inspect import signature

    tools: list[Callable[..., object]] = [cs.tl.score, cs.tl.balance, cs.tl.compare]
    for tool in tools:
        assert next(iter(signature(tool).parameters)) == "adata"
        assert "Returns\n" in (tool.__doc__ or "")
    with pytest.raises(TypeError, match="sample_key"):
        cs.tl.sources(anndata.AnnData(np.ones((2, 2))))
