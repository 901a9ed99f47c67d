"""Which forms of which cytokines a scenario takes or sets off, and what it leaves out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cytosig.blockade.names import read_targets
from cytosig.blockade.scenario import Touch, not_modelled, touches
from cytosig.signatures import load

if TYPE_CHECKING:
    from cytosig.signatures import Catalogue


def _of(asked: object, catalogue: Catalogue | None = None) -> dict[str, Touch]:
    known = catalogue or load()
    (one,) = read_targets(asked, known)
    return touches(one, known)


def _forms(found: dict[str, Touch]) -> dict[str, tuple[set[str], set[str]]]:
    """Names of the forms that are gone, ligands and receptors."""
    known = load().cytokines
    return {
        id: (
            {known[id].ligands[i].name for i in touch.ligands},
            {known[id].receptors[i].name for i in touch.receptors},
        )
        for id, touch in found.items()
    }


def test_a_shared_subunit_takes_both_cytokines() -> None:
    found = _forms(_of("IL12B"))
    assert found == {"IL12": ({"IL-12 (p70)"}, set()), "IL23": ({"IL-23"}, set())}
    assert _of("ustekinumab") == _of("IL12B")
    found = _forms(_of("IL4R"))
    assert found == {"IL4": (set(), {"type I", "type II"}), "IL13": (set(), {"type II"})}
    assert _of("dupilumab") == _of("IL4R")


def test_the_common_gamma_chain_takes_all_that_need_it() -> None:
    """IL-9 needs it too and is not in the catalogue; IL-4 keeps its type II receptor."""
    found = _forms(_of("IL2RG"))
    assert set(found) == {"IL2", "IL4", "IL7", "IL15", "IL21"}
    assert found["IL4"] == (set(), {"type I"})
    assert found["IL15"] == (set(), {"cis", "trans"})
    assert all(not ligands for ligands, _ in found.values())


def test_a_supplied_subunit_counts() -> None:
    """Without IL-6R there is neither cis nor trans signalling, without IL-15RA no IL-15."""
    both = {"IL6": (set(), {"classic (cis)", "trans"})}
    assert _forms(_of("tocilizumab")) == _forms(_of("IL6R")) == both
    assert _forms(_of("IL15RA")) == {"IL15": (set(), {"cis", "trans"})}
    assert "IL6" in _of("IL6ST")


def test_every_gene_against_the_files() -> None:
    """A gene takes the forms that name it, whatever else they need; for every gene there is."""
    known = load()
    sides = {
        (id, kind, i): {*form.genes, *form.supplied}
        for id, c in known.cytokines.items()
        for kind, forms in (("ligands", c.ligands), ("receptors", c.receptors))
        for i, form in enumerate(forms)
    }
    for gene in sorted({gene for genes in sides.values() for gene in genes}):
        found = _of({"x": [gene]})
        gone = {
            (id, kind, i)
            for id, touch in found.items()
            for kind in ("ligands", "receptors")
            for i in getattr(touch, kind)
        }
        assert gone == {place for place, genes in sides.items() if gene in genes}
        assert not any(touch.engaged for touch in found.values())


def test_a_bispecific_takes_both_arms_and_says_what_it_leaves_out() -> None:
    known = load()
    (one,) = read_targets(["bintrafusp alfa"], known)
    assert list(touches(one, known)) == ["TGFB1", "TGFB2", "TGFB3"]
    assert not_modelled(one, known) == ("CD274 (in no ligand or receptor form)",)
    (both,) = read_targets(["vanucizumab"], known)
    assert list(touches(both, known)) == ["ANGPT2", "VEGFA"]
    assert not_modelled(both, known) == ()


@pytest.mark.parametrize(
    ("name", "left_out"),
    [
        ("ruxolitinib", ("JAK1 (in no ligand or receptor form)",
                         "JAK2 (in no ligand or receptor form)")),
        ("pexidartinib", ("KIT (in no ligand or receptor form)",)),
        ("IL18BP", ("IL18BP (in no ligand or receptor form; decoy of IL18)",)),
        ("IL1RN", ("IL1RN (in no ligand or receptor form; antagonist of IL1A, IL1B)",)),
        ("livmoniplimab",
         ("LRRC32 (in no ligand or receptor form; presents TGFB1, TGFB3)",)),
        ("IL15RA", ()),
    ],
)  # fmt: skip
def test_genes_of_no_form_are_reported(name: str, left_out: tuple[str, ...]) -> None:
    (one,) = read_targets([name], load())
    assert not_modelled(one, load()) == left_out


@pytest.mark.parametrize(
    ("drug", "engaged"),
    [
        ("aldesleukin", {"IL2": {"high affinity", "intermediate affinity"}}),
        ("bempegaldesleukin", {"IL2": {"intermediate affinity"}}),
        ("nogapendekin alfa inbakicept",  # brings IL-15RA
         {"IL15": {"cis", "trans"}, "IL2": {"intermediate affinity"}}),
        ("oprelvekin", {"IL11": {"IL-11 receptor"}}),  # binds IL6ST, which IL-6 and others need
        ("pegilodecakin", {"IL10": {"IL-10 receptor"}}),
        ("conatumumab", {"TRAIL": {"DR5"}}),
        ("mRNA-2752", {"IL36": {"IL-36 receptor"}, "IL23": {"IL-23 receptor"},
                       "OX40L": {"OX40"}}),
    ],
)  # fmt: skip
def test_an_agonist_sets_off_receptors_it_binds_wholly(drug: str, engaged: dict) -> None:
    known, found = load().cytokines, _of(drug)
    names = {id: {known[id].receptors[i].name for i in t.engaged} for id, t in found.items()}
    assert names == engaged
    assert not any(touch.blocks for touch in found.values())


def test_a_cytokine_that_is_given_sets_off_all_its_receptors() -> None:
    for targets in (["IL12"], ["IL12A", "IL12B"]):
        found = _of({"given": {"targets": targets, "action": "activates"}})
        assert found == {"IL12": Touch("IL12", engaged=frozenset({0}))}
    (half,) = read_targets({"half": {"targets": ["IL12A"], "action": "activates"}}, load())
    assert touches(half, load()) == {}
    assert not_modelled(half, load()) == ("IL12A (completes no form)",)


def test_what_depletes_takes_what_blocking_would(world: Catalogue) -> None:
    found = _of("killmab", world)
    assert found == _of({"block": ["RD2"]}, world)
    assert found == {"PEST": Touch("PEST", receptors=frozenset({0, 1}))}


def test_touches_of_two_are_put_together() -> None:
    one, other = Touch("X", frozenset({0}), frozenset({1})), Touch("X", engaged=frozenset({2}))
    assert one | other == Touch("X", frozenset({0}), frozenset({1}), frozenset({2}))
    assert (one | other).blocks
    assert not other.blocks
