"""A small world to block in: six cytokines whose forms are of every kind, and their expression."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from cytosig.balance.measures import Gauge
from cytosig.balance.weigh import weigh
from cytosig.engine.cohort import WHOLE, Cohort
from cytosig.signatures import Axis, Catalogue, Cytokine
from cytosig.signatures.model import Drug, Form, Modifiers, Response, ResponseGene, Role, Signature

if TYPE_CHECKING:
    from collections.abc import Callable

    from cytosig.balance.weigh import Weighed

GENES = tuple(f"G{i:02d}" for i in range(60))
WORLD = {  # role, confidence, axis, genes of the list, ligand forms, receptor forms
    "ANTI": (0.8, "high", "X", range(0, 12), [("LA",)], [("RA1", "RA2")]),
    "ALLY": (0.4, "medium", "X", range(8, 18), [("LB1",), ("LB2",), ("LB3",)], [("RB",)]),
    "PRO": (-0.7, "high", "Y", range(18, 30), [("LC1", "LC2")], [("RC1",), ("RC2",)]),
    "PEST": (-0.3, "low", "Y", range(28, 38), [("LD",)], [("RD1", "RD2"), ("RD2",)]),
    "DUAL": (0.1, "low", "Z", range(36, 46), [("LE1",), ("LE2",)], [("RA1", "RE"), ("RF",)]),
}
DRUGS = {
    "ANTI": [("mimab", ("RA1", "RA2"), "activates")],
    "PRO": [("twinmab", ("LC2", "LD", "ELSE"), "blocks")],
    "PEST": [("twinmab", ("LC2", "LD", "ELSE"), "blocks"), ("killmab", ("RD2",), "depletes")],
}


def _cytokine(id: str) -> Cytokine:
    value, sure, _, _, ligands, receptors = WORLD[id]
    forms = [Form(f"{id} receptor {i}", genes) for i, genes in enumerate(receptors)]
    if id == "PEST":  # its second form is supplied with what the first makes itself
        forms[1] = Form(forms[1].name, ("RD2",), ("RD1",))
    return Cytokine(
        id=id,
        name=f"Factor {id}",
        family="test",
        ligands=tuple(Form(f"{id} ligand {i}", genes) for i, genes in enumerate(ligands)),
        receptors=tuple(forms),
        role=Role(value, "dual", sure, "made for tests"),
        aliases=(f"{id.lower()}-α",),
        modifiers=Modifiers(decoys=("TRAP",)) if id == "PRO" else Modifiers(),
        drugs=tuple(Drug(name, genes, action, "toy") for name, genes, action in DRUGS.get(id, [])),
        response=Response("high"),
    )


@pytest.fixture(scope="session")
def world() -> Catalogue:
    """Five cytokines that vote, and one that is read with the list of another."""
    signatures = {}
    for id, (_, _, _, genes, *_) in WORLD.items():
        weights = np.random.default_rng(genes.start).choice([1.0, 0.6, 0.3, -0.5], len(genes))
        records = [ResponseGene(GENES[g], float(w)) for g, w in zip(genes, weights, strict=True)]
        signatures[id] = Signature(id, tuple(records), grade="A")
    cytokines = {id: _cytokine(id) for id in WORLD}
    cytokines["MUTE"] = Cytokine(
        "MUTE", "Factor mute", "test", (Form("mute", ("LC1",)),), (Form("ear", ("RC1",)),),
        Role(-0.5, "pro", "low", "made for tests"), response=Response("none", proxy="PRO"),
    )  # fmt: skip
    members = {axis: [id for id, row in WORLD.items() if row[2] == axis] for axis in "XYZ"}
    axes = {axis: Axis(axis, axis, tuple(ids)) for axis, ids in members.items()}
    return Catalogue(signatures, cytokines, axes)


@pytest.fixture(scope="session")
def weighed_of(world: Catalogue) -> Callable[..., tuple[Weighed, Gauge]]:
    """Samples weighed against themselves, or against the first of them."""

    def make(
        n: int = 20, *, n_reference: int | None = None, shrink: bool = True
    ) -> tuple[Weighed, Gauge]:
        rng = np.random.default_rng(5)
        level, spread = rng.uniform(2, 6, len(GENES)), rng.uniform(0.3, 2, len(GENES))
        shared = rng.normal(size=(n, 1)) * rng.uniform(-1, 1, len(GENES))
        values = level + spread * (0.8 * shared + 0.6 * rng.normal(size=(n, len(GENES))))
        here, there = (Cohort(GENES, {WHOLE: part}) for part in (values, values[:n_reference]))
        gauge = Gauge(world, {}, there, here)
        return weigh(world, gauge, WHOLE, min_coverage=0.25, shrink=shrink, where="samples"), gauge

    return make


@pytest.fixture(scope="session")
def levels() -> pd.DataFrame:
    """Linear expression of the genes of all forms in 20 samples; some are 0 now and then."""
    genes = sorted({gene for row in WORLD.values() for form in (*row[4], *row[5]) for gene in form})
    rng = np.random.default_rng(11)
    values = rng.lognormal(1, 1, (20, len(genes))) * (rng.random((20, len(genes))) > 0.15)
    return pd.DataFrame(values, [f"P{i:02d}" for i in range(20)], genes)


def _left(row: pd.Series, forms: list[Form], gone: set[str]) -> float:
    """Share of the forms' expression that is left in one sample without some genes."""
    level = {}
    for form in forms:
        level[form.name] = min(row[gene] for gene in (*form.genes, *form.supplied))
    kept = [form.name for form in forms if not gone & {*form.genes, *form.supplied}]
    if len(kept) == len(forms):
        return 1.0
    if not kept:
        return 0.0
    total = sum(level.values())
    return sum(level[name] for name in kept) / total if total > 0 else len(kept) / len(forms)


@pytest.fixture(scope="session")
def share_left() -> Callable[[pd.Series, Cytokine, set[str]], float]:
    """Ligand left × receptor left in one sample, once these genes are gone; by loops."""

    def run(row: pd.Series, cytokine: Cytokine, gone: set[str]) -> float:
        sides = (list(cytokine.ligands), list(cytokine.receptors))
        return float(np.prod([_left(row, forms, gone) for forms in sides]))

    return run
