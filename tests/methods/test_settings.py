"""Methods, peers and settings as asked for: what is taken, recorded and refused."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from cytosig import methods
from cytosig._errors import UsageError
from cytosig.engine.asked import chosen_compat
from cytosig.engine.options import Options

if TYPE_CHECKING:
    from collections.abc import Callable

    from anndata import AnnData

EVERY = [(m.name, s) for m in methods.available().values() for s in m.settings]
every_setting = pytest.mark.parametrize(
    ("method", "setting"), EVERY, ids=[f"{name}.{setting.name}" for name, setting in EVERY]
)


def _settings(method: str, setting: str, value: Any) -> dict[str, float]:
    """What a run with this setting reads."""
    options = Options(method, settings={method: {setting: value}})
    return dict(options.how(methods.get(method)).settings)


# --- settings -------------------------------------------------------------------------------------


def test_settings_are_those_of_the_papers() -> None:
    """1,500 places, 5 % of the genes, a quarter power, 25 bins of 50 genes, 1,000 shuffles."""
    expected = {
        "ucell": {"max_rank": 1500, "w_neg": 1},
        "aucell": {"top": 0.05},
        "ssgsea": {"alpha": 0.25, "range": 1},
        "score_genes": {"n_bins": 25, "ctrl_size": 50, "seed": 0},
        "gsva": {"tau": 1},
        "gsea": {"permutations": 1000, "weight": 1, "seed": 0},
    }
    found = {name: method.tuned({}) for name, method in methods.available().items()}
    assert {name: tuned for name, tuned in found.items() if tuned} == expected


@every_setting
def test_values_out_of_range_are_refused_by_name(method: str, setting: methods.Setting) -> None:
    wrong = [setting.low - 1, setting.low - 1e-13, setting.high * 1.001, -1e300, float("nan"),
             float("inf"), "3", None, True, [3], 1j]  # fmt: skip
    wrong += [setting.low + 0.5] if setting.whole else []
    for value in wrong:
        with pytest.raises(UsageError, match=rf"{method}\.{setting.name}=.*expected") as caught:
            _settings(method, setting.name, value)
        assert f"from {setting.low:g} to {setting.high:g}" in str(caught.value)
        assert setting.about in str(caught.value)


@every_setting
def test_the_ends_of_the_range_are_taken_and_others_keep_their_default(
    method: str, setting: methods.Setting
) -> None:
    defaults = methods.get(method).tuned({})
    for value in (setting.low, setting.high, setting.default):
        assert _settings(method, setting.name, value) == defaults | {setting.name: value}


@pytest.mark.parametrize(
    ("method", "setting", "value"),
    [
        ("ucell", "max_rank", np.int64(800)),
        ("ucell", "max_rank", np.float64(800)),
        ("ssgsea", "alpha", np.float32(0.5)),
        ("gsea", "seed", np.uint8(7)),
    ],
)
def test_numbers_of_numpy_are_numbers(method: str, setting: str, value: Any) -> None:
    """As they come out of an array or a table."""
    assert _settings(method, setting, value)[setting] == value


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"aucell": {"max_rank": 5}}, r"aucell has no 'max_rank'; it has top\."),
        ({"singscore": {"top": 0.1}}, r"singscore has no 'top'; it has none\."),
        ({"gsea": {"seed": 1}}, r"'gsea' is not among the methods aucell, singscore, ulm\."),
        ({"unheard": {}}, r"'unheard' is not among the methods"),
        ({"ulm": {"lam": 3}}, r"ulm has no 'lam'"),
        ({"aucell": 0.1}, r"aucell has 0\.1; expected \{name: value\}"),
        ({"aucell": None}, r"aucell has None; expected"),
        ([("aucell", {"top": 0.1})], r"expected \{method: \{name: value\}\}"),
    ],
)
def test_settings_that_mean_nothing_are_refused(settings: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Options(["aucell", "singscore", "ulm"], settings=settings)


def test_settings_and_peers_are_recorded_with_each_method(
    counts: AnnData, scored: Callable[..., AnnData]
) -> None:
    sets = {"S": list(counts.var_names[:20])}
    settings = {"ucell": {"max_rank": 700}}
    done = scored(counts, sets, ["ucell", "aucell", "singscore"], settings=settings,
                  compat="decoupler")  # fmt: skip
    params = [done.uns[key]["params"] for key in
              ("cytosig", "cytosig_aucell", "cytosig_singscore")]  # fmt: skip
    assert [p["method"] for p in params] == ["ucell", "aucell", "singscore"]
    assert [p["compat"] for p in params] == ["none", "decoupler", "none"]
    assert params[0]["settings"] == {"max_rank": 700, "w_neg": 1}
    assert params[1]["settings"] == {"top": 0.05}
    assert "settings" not in params[2]


def test_no_more_genes_than_max_rank_can_be_told_apart(
    named: Callable[..., AnnData], as_sets: Callable[..., dict], scores: Callable[..., Any]
) -> None:
    """A set of more genes is not scored: places beyond the cap would let it leave 0 to 1."""
    x = np.random.default_rng(1).exponential(1, (5, 100))
    top = np.argsort(-x[0])[:15]
    sets = as_sets(SMALL=(top[:4], []), LARGE=(top, []))
    adata = named(x)
    found = scores(adata, sets, "ucell", settings={"ucell": {"max_rank": 10}})
    assert found["SMALL"].iloc[0] == 1
    assert found["SMALL"].between(0, 1).all()
    assert found["LARGE"].isna().all()


# --- peers ----------------------------------------------------------------------------------------


def test_every_peer_has_one_method() -> None:
    peers = {p: m.name for m in methods.available().values() for p in m.compat}
    assert peers == {"pyucell": "ucell", "decoupler": "aucell", "gseapy": "ssgsea",
                     "scanpy": "score_genes", "singscore": "singscore"}  # fmt: skip


@pytest.mark.parametrize(
    ("method", "compat", "message"),
    [
        ("ulm", "pyucell", r"compat='pyucell' means nothing to ulm\."),
        (["ulm", "aucell"], "pyucell", r"nothing to ulm, aucell; they know decoupler\."),
        ("ucell", "unheard", r"compat='unheard' means nothing to ucell; they know pyucell\."),
        ("gsva", "gseapy", r"means nothing to gsva"),
        ("ssgsea", ["gseapy", "gseapy"], r"compat names 'gseapy' twice"),
        (["ssgsea", "ulm"], ["gseapy", "scanpy"], r"compat='scanpy' means nothing"),
        ("ucell", [None], r"compat: None is not a name"),
    ],
)
def test_peers_that_mean_nothing_are_refused(method: Any, compat: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Options(method, compat=compat)


def test_two_peers_for_one_method_are_refused() -> None:
    two = replace(methods.get("ucell"), compat=("one", "other"))
    assert chosen_compat("other", [two]) == {"ucell": "other"}
    with pytest.raises(UsageError, match="'one' and 'other' for ucell; keep one"):
        chosen_compat(["one", "other"], [two])


def test_peers_reach_the_methods_that_know_them() -> None:
    options = Options(["ssgsea", "ulm", "ucell"], compat=("pyucell", "gseapy"))
    found = {m.name: options.how(m).compat for m in options.methods}
    assert found == {"ssgsea": "gseapy", "ulm": None, "ucell": "pyucell"}
    joint = Options("consensus", compat="singscore")
    assert joint.how(methods.get("singscore")).compat == "singscore"


# --- lists of methods -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "message"),
    [
        (["ulm", "mlm", "ulm"], "method names 'ulm' twice"),
        (["ulm", "unheard"], "No method is called 'unheard'; available: aucell, consensus"),
        ([], r"name at least one of aucell, consensus"),
        ((), r"name at least one of"),
        ("", "No method is called ''"),
        (["ulm", 3], "method: 3 is not a name"),
        (["consensus", "ulm"], r"consensus joins two or more methods.*hlm, ucell, singscore"),
        (["ulm", "consensus"], r"consensus joins two or more methods"),
        (["consensus", "consensus"], "method names 'consensus' twice"),
    ],
)
def test_lists_of_methods_that_cannot_be_run_are_refused(
    counts: AnnData, scored: Callable[..., AnnData], method: Any, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        scored(counts, None, method)


def test_methods_keep_their_order_and_consensus_alone_brings_its_members() -> None:
    assert [m.name for m in Options(("zscore", "hlm", "ucell")).methods] == [
        "zscore", "hlm", "ucell"
    ]  # fmt: skip
    found = [m.name for m in Options("consensus").methods]
    assert found == ["consensus", "hlm", "ucell", "singscore", "zscore"]
    beside = [m.name for m in Options(["ulm", "consensus", "aucell"]).methods]
    assert beside == ["ulm", "consensus", "aucell"]


@pytest.mark.parametrize(
    ("given", "message"),
    [({"center": "mean"}, "center= says what to centre on"), ({"scale": True}, "scale= says")],
)
def test_centring_where_nothing_is_centred_is_refused(given: dict, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Options(["ucell", "score_genes"], **given)
    assert Options(["ucell", "zscore"], **given).methods
