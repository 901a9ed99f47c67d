"""Shares of a signal by form, beside loops over samples."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from cytosig.blockade.forms import Expression, Shares, genes_of_forms, shares_of
from cytosig.blockade.names import read_targets
from cytosig.blockade.scenario import Touch, touches
from cytosig.signatures import load

if TYPE_CHECKING:
    from collections.abc import Callable

    from cytosig.signatures import Catalogue


def _expression(table: pd.DataFrame) -> Expression:
    return Expression(tuple(table.columns), table.to_numpy())


def _shares(targets: object, catalogue: Catalogue, table: pd.DataFrame) -> dict[str, Shares]:
    (one,) = read_targets(targets, catalogue)
    found = touches(one, catalogue)
    return {id: shares_of(touch, catalogue, _expression(table)) for id, touch in found.items()}


def test_every_one_and_two_genes_by_loops(
    world: Catalogue, levels: pd.DataFrame, share_left: Callable
) -> None:
    genes = list(levels.columns)
    for gone in [(gene,) for gene in genes] + list(combinations(genes, 2)):
        found = _shares({"x": list(gone)}, world, levels)
        for id, cytokine in world.cytokines.items():
            by_hand = [1 - share_left(row, cytokine, set(gone)) for _, row in levels.iterrows()]
            taken = found[id].taken if id in found else np.zeros(len(levels))
            np.testing.assert_allclose(taken, by_hand, rtol=1e-12, atol=1e-12)


def test_an_and_form_dies_with_one_subunit(world: Catalogue, levels: pd.DataFrame) -> None:
    for gene in ("RA1", "RA2", "LA"):
        assert (_shares({"x": [gene]}, world, levels)["ANTI"].taken == 1).all()


def test_or_forms_complement_one_another() -> None:
    """TNFR1 alone, TNFR2 alone, both: the shares are those of expression and add up to 1."""
    known = load()
    table = pd.DataFrame({"TNF": [5.0, 1, 2], "TNFRSF1A": [3.0, 0, 0], "TNFRSF1B": [1.0, 4, 0]})
    table = table.reindex(columns=genes_of_forms(known), fill_value=0.0)
    one, two, both = (
        _shares({"x": genes}, known, table)["TNF"].taken
        for genes in (["TNFRSF1A"], ["TNFRSF1B"], ["TNFRSF1A", "TNFRSF1B"])
    )
    np.testing.assert_allclose(one, [0.75, 0, 0.5])  # nothing expressed: forms count alike
    np.testing.assert_allclose(two, [0.25, 1, 0.5])
    assert both.tolist() == [1, 1, 1]


def test_ligand_and_receptor_multiply(world: Catalogue) -> None:
    table = pd.DataFrame({"LE1": [1.0], "LE2": [3.0], "RA1": [2.0], "RE": [8.0], "RF": [8.0]})
    table = table.reindex(columns=genes_of_forms(world), fill_value=0.0)
    assert _shares({"x": ["LE1"]}, world, table)["DUAL"].taken == pytest.approx([0.25])
    assert _shares({"x": ["RE"]}, world, table)["DUAL"].taken == pytest.approx([0.2])
    both = _shares({"x": ["LE1", "RE"]}, world, table)["DUAL"].taken
    assert both == pytest.approx([1 - 0.75 * 0.8])


def test_forms_that_are_not_measured(world: Catalogue, levels: pd.DataFrame) -> None:
    table = levels.copy()
    table["LB3"] = np.nan
    found = _shares({"x": ["LB1"]}, world, table)["ALLY"]
    total = levels["LB1"] + levels["LB2"]
    by_hand = np.where(total > 0, levels["LB1"] / total, 0.5)
    np.testing.assert_allclose(found.taken, by_hand)
    assert found.unknown == ("ALLY ligand 2",)
    assert found.are_known
    lost = _shares({"x": ["LB3"]}, world, table)["ALLY"]  # gone, and not seen: nothing is taken
    assert (lost.taken == 0).all()
    assert lost.unknown == ("ALLY ligand 2",)
    table[["LB1", "LB2"]] = np.nan
    assert not _shares({"x": ["LB1"]}, world, table)["ALLY"].are_known
    whole = _shares({"x": ["LB1", "LB2", "LB3"]}, world, table)["ALLY"]
    assert (whole.taken == 1).all()  # all forms: whatever is measured
    assert whole.unknown == ()


def test_an_agonist_sets_off_its_share_of_the_receptor(
    world: Catalogue, levels: pd.DataFrame
) -> None:
    agonist = {"x": {"targets": ["RC2"], "action": "activates"}}
    found = _shares(agonist, world, levels)["PRO"]
    total = levels["RC1"] + levels["RC2"]
    by_hand = np.where(total > 0, levels["RC2"] / total, 0.5)
    np.testing.assert_allclose(found.engaged, by_hand)
    assert (found.taken == 0).all()
    whole = _shares(["mimab"], world, levels)["ANTI"]
    assert (whole.engaged == 1).all()


def test_what_is_gone_cannot_be_set_off(world: Catalogue, levels: pd.DataFrame) -> None:
    touch = Touch("PRO", receptors=frozenset({1}), engaged=frozenset({0, 1}))
    found = shares_of(touch, world, _expression(levels))
    total = levels["RC1"] + levels["RC2"]
    by_hand = np.where(total > 0, levels["RC1"] / total, 0.5)
    np.testing.assert_allclose(found.engaged, by_hand)
    np.testing.assert_allclose(found.taken, 1 - by_hand)
    none = Touch("PRO", receptors=frozenset({0, 1}), engaged=frozenset({0, 1}))
    found = shares_of(none, world, _expression(levels))
    assert (found.engaged == 0).all()
    assert (found.taken == 1).all()


def test_genes_of_forms_are_all_of_the_files() -> None:
    known = load()
    forms = [f for c in known.cytokines.values() for f in (*c.ligands, *c.receptors)]
    assert genes_of_forms(known) == tuple(sorted({g for f in forms for g in f.genes + f.supplied}))
