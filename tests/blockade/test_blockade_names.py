"""What can be named in ``targets``, and what a name stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cytosig._errors import UsageError
from cytosig.blockade.names import read_targets
from cytosig.blockade.scenario import Part, touches
from cytosig.signatures import load

if TYPE_CHECKING:
    from cytosig.signatures import Catalogue


@pytest.fixture(scope="module")
def shipped() -> Catalogue:
    return load()


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("tocilizumab", "tocilizumab"), ("TOCILIZUMAB ", "tocilizumab"),
        ("Bintrafusp-Alfa", "bintrafusp alfa"), ("bms986253", "BMS-986253"),
        ("il-6r", "IL6R"), ("tgfbr1", "TGFBR1"), ("Il18bp", "IL18BP"),
        ("IL-6", "IL6"), ("tnf", "TNF"), ("TNF-α", "TNF"), ("IFN gamma", "IFNG"),
        ("PD-L1", "CD274"), ("PDCD1", "PDCD1"), ("CTGF", "CCN2"),
    ],
)  # fmt: skip
def test_names_are_read_as_people_write_them(shipped: Catalogue, typed: str, name: str) -> None:
    assert [one.name for one in read_targets([typed], shipped)] == [name]
    assert read_targets(typed, shipped) == read_targets([typed], shipped)


@pytest.mark.parametrize(
    ("typed", "forms"),
    [
        ("IL17A", {0, 1}),  # the cytokine: IL-17A and IL-17F
        ("IL17F", {1}),  # another name of it too, but a gene of the catalogue
        ("EGF", {0, 1, 2, 3, 4}),
        ("HBEGF", {4}),
    ],
)
def test_a_cytokine_goes_before_its_gene_and_a_gene_before_other_names(
    shipped: Catalogue, typed: str, forms: set[int]
) -> None:
    (one,) = read_targets([typed], shipped)
    (touch,) = touches(one, shipped).values()
    assert touch.ligands == forms


def test_in_a_scenario_of_ones_own_the_gene_goes_first(shipped: Catalogue) -> None:
    (one,) = read_targets({"anti-IL-17A": {"targets": ["IL17A"]}}, shipped)
    (other,) = read_targets(["secukinumab"], shipped)
    assert one.parts == (Part("blocks", ("IL17A",)),)
    assert touches(one, shipped) == touches(other, shipped)


def test_a_cytokine_is_caught_and_not_what_shares_its_genes(shipped: Catalogue) -> None:
    whole, gene = read_targets(["IL12", "IL12B"], shipped)
    assert list(touches(whole, shipped)) == ["IL12"]
    assert list(touches(gene, shipped)) == ["IL12", "IL23"]


def test_a_drug_has_its_targets_of_all_files(world: Catalogue) -> None:
    """Every drug of both catalogues, against the files read by hand."""
    for catalogue in (world, load()):
        every = read_targets("all", catalogue)
        for one in every:
            files = {
                id: [d for d in c.drugs if d.name == one.name]
                for id, c in catalogue.cytokines.items()
            }
            genes = {gene for drugs in files.values() for d in drugs for gene in d.targets}
            assert set(one.targets) == genes
            assert {id for part in one.parts for id in part.listed} == {
                i for i in files if files[i]
            }
            assert one.action == next(d.action for drugs in files.values() for d in drugs)
        known = {d.name for c in catalogue.cytokines.values() for d in c.drugs}
        assert {one.name for one in every} == known
        assert len(every) == len(known)


def test_definitions(shipped: Catalogue) -> None:
    asked = ["IL6R", {"my bispecific": {"targets": ["CD274", "TGFB1"], "action": "blocks"}}]
    drug, own = read_targets(asked, shipped)
    assert (drug.name, own.name) == ("IL6R", "my bispecific")
    assert own.parts == (Part("blocks", ("CD274", "TGFB1")),)
    short = [{"a": ["CD274", "tgf-beta 2"]}, {"b": "IL-12"}]
    one, two = read_targets(short, shipped)
    assert one.parts == (Part("blocks", ("CD274",), ("TGFB2",)),)
    assert two.parts == (Part("blocks", (), ("IL12",)),)
    (agonist,) = read_targets({"x": {"targets": ["CD40"], "action": "activates"}}, shipped)
    assert agonist.action == "activates"


def test_the_same_twice_counts_once(shipped: Catalogue) -> None:
    names = [one.name for one in read_targets(["IL-6", "Il6", "tocilizumab", "IL6"], shipped)]
    assert names == ["IL6", "tocilizumab"]


def test_pairs_are_all_twos_behind_the_singles(shipped: Catalogue) -> None:
    found = read_targets(["IL6R", "TNF", "siltuximab"], shipped, pairs=True)
    names = ["IL6R", "TNF", "siltuximab", "IL6R + TNF", "IL6R + siltuximab", "TNF + siltuximab"]
    assert [one.name for one in found] == names
    assert [one.kind for one in found] == ["single"] * 3 + ["pair"] * 3
    assert found[3].members == ("IL6R", "TNF")
    assert found[4].targets == ("IL6R", "IL6")
    mixed = read_targets(["aldesleukin", "IL6R"], shipped, pairs=True)[2]
    assert mixed.action == "activates + blocks"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["tocilizumap"], "no drug, gene or cytokine is called 'tocilizumap'. Near: tocilizumab"),
        (["IL6RX"], "Near: IL6R"),
        (["qqqqqq"], r"called 'qqqqqq'\.$"),
        ({"mine": {"targets": ["TGFB11"]}}, r"no gene or cytokine \('mine'\) .* Near: TGFB1"),
        ({"mine": {"targets": ["tocilizumab"]}}, "no gene or cytokine"),
        ([], "nothing is named"),
        (3, "targets=3: expected 'all', a name"),
        ([3], "targets holds 3"),
        ({"a/b": ["IL6"]}, "without '/'"),
        ({" ": ["IL6"]}, "a scenario is called ' '"),
        ({"a": {"target": ["IL6"]}}, "has the keys 'target'"),
        ({"a": {"targets": ["IL6"], "dose": 3}}, "has the keys 'targets', 'dose'"),
        ({"a": {"targets": ["IL6"], "action": "kills"}}, "expected blocks, activates, depletes"),
        ({"a": []}, r"has the targets \[\]"),
        ({"a": [3]}, r"has the targets \[3\]"),
        (["IL6R", {"IL6R": ["TNF"]}], "two scenarios are called 'IL6R'"),
    ],
)
def test_what_fits_nothing_is_refused(shipped: Catalogue, asked: object, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read_targets(asked, shipped)


def test_pairs_need_two_and_names_of_their_own(shipped: Catalogue) -> None:
    with pytest.raises(UsageError, match="needs two scenarios or more; targets names 1"):
        read_targets(["IL6R", "il6r"], shipped, pairs=True)
    with pytest.raises(UsageError, match=r"two scenarios are called 'IL6R \+ TNF'"):
        read_targets(["IL6R", "TNF", {"IL6R + TNF": ["IL6"]}], shipped, pairs=True)
