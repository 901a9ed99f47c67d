"""Rules, roles in context and the network of a whole balance, from the matrix of counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from cytosig.signatures import load, load_context, load_network, load_programmes

if TYPE_CHECKING:
    from cytosig.signatures import ContextRule, Edge

    Tables = dict[str, pd.DataFrame]


def _held(tables: Tables, sample: str) -> list[ContextRule]:
    """Rules that are listed as held in a sample."""
    table = tables["balance_rules"]
    mine = table[(table["sample"] == sample) & (table["state"] == "holds")]
    rules = {rule.id: rule for rule in load_context()}
    return [rules[id] for id in mine["rule"]]


def _role(usual: float, rules: list[ContextRule]) -> float:
    """Overrides of the best grade, else all multipliers, cut."""
    if sets := [rule for rule in rules if rule.operation == "override"]:
        best = sorted(rule.grade for rule in sets)[0]
        return float(np.mean([rule.value for rule in sets if rule.grade == best]))
    for rule in rules:
        usual *= rule.value if rule.operation == "multiplier" else 1.0
    return min(1.0, max(-1.0, usual))


@pytest.fixture(scope="module")
def pulls_in_context(tables: Tables, by_hand: dict) -> pd.DataFrame:
    """What a unit of each activity adds under the roles that hold in each sample."""
    role = {id: load().cytokines[id].role.value for id in by_hand["vote"].index}
    weight = by_hand["vote"] * pd.Series(role)
    arm = {1: weight[weight > 0].sum(), -1: -weight[weight < 0].sum()}
    found = {}
    for sample in tables["balance"].index:
        held = _held(tables, sample)
        own = {i: _role(r, [rule for rule in held if rule.cytokine == i]) for i, r in role.items()}
        found[sample] = {
            i: by_hand["vote"][i] * r / arm[1 if r > 0 else -1] for i, r in own.items()
        }
    return pd.DataFrame(found).T


def _step(edge: Edge, z: pd.DataFrame) -> pd.Series:
    """sign × gain × the source, standardised, read without the genes of the target."""
    catalogue, programmes = load(), load_programmes()
    if edge.target in programmes:
        gone = set(programmes[edge.target].genes)
    elif edge.target in catalogue.signatures:
        gone = set(catalogue.signatures[edge.target].weights)
    else:
        gone = {g for form in catalogue.cytokines[edge.target].ligands for g in form.genes}
    if edge.source in programmes:
        weights = dict.fromkeys(programmes[edge.source].genes, 1.0)
    elif edge.source in catalogue.signatures:
        weights = dict(catalogue.signatures[edge.source].weights)
    else:
        forms = catalogue.cytokines[edge.source].ligands
        whole = [f.genes for f in forms if not gone & set(f.genes)]
        weights = dict.fromkeys(whole[0], 1.0) if whole else {}
    kept = {g: w for g, w in weights.items() if g not in gone}
    if not kept:
        return pd.Series(0.0, z.index)
    source = (z[list(kept)] * pd.Series(kept)).sum(axis=1) / sum(map(abs, kept.values()))
    return edge.sign * edge.gain * (source - source.mean()) / source.std(ddof=1)


def test_the_network_step_from_the_matrix(
    tables: Tables, z: pd.DataFrame, by_hand: dict, pulls_in_context: pd.DataFrame
) -> None:
    """Of all edges by the usual roles; in context without those that a rule that holds tells."""
    edges, activity = tables["balance_edges"], by_hand["activity"]
    held = tables["balance_rules"].query("state == 'holds'")
    applied = set(zip(held["sample"], held["rule"], strict=True))
    shift, told = pd.Series(0.0, z.index), pd.Series(0.0, z.index)
    silent = others = 0
    for edge in load_network():
        step = _step(edge, z)
        np.testing.assert_allclose(edges[edge.id], step, rtol=1e-8, atol=1e-11, err_msg=edge.id)
        if edge.target not in activity.columns:
            others += 1
            continue
        moved = step * activity[edge.target].std(ddof=1)
        shift += moved * by_hand["pull"][edge.target]
        quiet = np.array([(sample, edge.rule) in applied for sample in z.index])
        silent += quiet.sum()
        told += (moved * pulls_in_context[edge.target]).where(~quiet, 0.0)
    assert list(edges.columns) == [edge.id for edge in load_network()]
    assert others > 0
    assert silent > 0
    found = tables["balance"]
    close = {"rtol": 1e-9, "atol": 1e-10}
    np.testing.assert_allclose(found["network_shift"], shift, **close)
    np.testing.assert_allclose(found["balance_network"], by_hand["balance"] + shift, **close)
    in_context = (by_hand["used"] * pulls_in_context[by_hand["used"].columns]).sum(axis=1)
    np.testing.assert_allclose(found["balance_context_network"], in_context + told, **close)
    assert found["network_shift"].abs().max() > 0.01
    assert (told - shift).abs().max() > 1e-3


def test_roles_in_context_from_the_rules_that_hold(
    tables: Tables, by_hand: dict, pulls_in_context: pd.DataFrame
) -> None:
    """Roles by the rules listed as held, by sample; the balance under them."""
    found = tables["balance"]
    for sample, row in found.iterrows():
        assert row["rules"] == "; ".join(rule.id for rule in _held(tables, sample))
    expected = (by_hand["used"] * pulls_in_context[by_hand["used"].columns]).sum(axis=1)
    np.testing.assert_allclose(found["balance_context"], expected, rtol=1e-9, atol=1e-10)
    assert (pulls_in_context != by_hand["pull"]).sum().sum() > 20
    assert (found["balance_least"] <= found["balance_context"] + 1e-12).all()
    assert (found["balance_most"] >= found["balance_context"] - 1e-12).all()


def test_verdicts_in_context_rest_on_graded_lists_in_context(
    tables: Tables, by_hand: dict, pulls_in_context: pd.DataFrame
) -> None:
    """The interval decides, and what is left without lists of grade D, votes cast anew."""
    catalogue = load()
    kept = [i for i in by_hand["vote"].index if catalogue.signatures[i].grade != "D"]
    axis = {m: a.id for a in catalogue.axes.values() for m in a.members}
    sure = pd.Series({"high": 1.0, "medium": 0.75, "low": 0.5})
    value = pd.Series({i: sure[catalogue.cytokines[i].role.confidence] for i in kept})
    by_axis = value.groupby([axis.get(i, i) for i in kept])
    vote = value * by_axis.transform("max") / by_axis.transform("sum")
    usual = vote * pd.Series({i: catalogue.cytokines[i].role.value for i in kept})
    arm = {1: usual[usual > 0].sum(), -1: -usual[usual < 0].sum()}
    found = tables["balance"]
    for sample, row in found.iterrows():
        held, graded = _held(tables, sample), 0.0
        for i in kept:
            own = [rule for rule in held if rule.cytokine == i]
            role = _role(catalogue.cytokines[i].role.value, own)
            graded += by_hand["used"].loc[sample, i] * vote[i] * role / arm[1 if role > 0 else -1]
        clear = row["context_low"] > 0 or row["context_high"] < 0
        clear &= np.sign(graded) == np.sign(row["balance_context"])
        sign = "anti-tumour" if row["balance_context"] > 0 else "pro-tumour"
        assert row["verdict_context"] == (sign if clear else "indeterminate")
