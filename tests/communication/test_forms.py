"""Working forms: all subunits of a form, any of the forms, what is supplied, what decoys take.

Expectations are written out from the definition, gene by gene.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from cytosig.communication.forms import ligand, limiting, nested, receptor
from cytosig.signatures.model import Form

if TYPE_CHECKING:
    from collections.abc import Callable

    from cytosig.signatures import Catalogue


def shared(cpm: np.ndarray, n_cells: np.ndarray) -> np.ndarray:
    """Mean over all cells of a sample, for every type."""
    there = ~np.isnan(cpm)
    mean = [
        np.average(row[ok], weights=n[ok]) for row, ok, n in zip(cpm, there, n_cells, strict=True)
    ]
    return np.repeat(np.array(mean)[:, None], cpm.shape[1], axis=1)


@pytest.mark.parametrize(
    ("id", "expected"),
    [
        ("SOLO", lambda g: g["SOL"]),
        ("DUO", lambda g: np.minimum(g["DUA"], g["DUB"])),
        ("EITHER", lambda g: g["EIA"] + g["EIB"]),
    ],
)
def test_ligands_need_all_subunits_of_any_form(
    toy: Catalogue, tissue_of: Callable, surface: Callable, id: str, expected: Callable
) -> None:
    genes = surface(1)
    found = ligand(tissue_of(genes), toy.cytokines[id])
    np.testing.assert_allclose(found.cpm, expected(genes), rtol=1e-14)
    assert found.lacking == ()


@pytest.mark.parametrize(
    ("id", "expected"),
    [
        ("SOLO", lambda g, n: np.maximum(g["SOR"] - g["SOD"], 0)),
        ("DUO", lambda g, n: np.minimum(g["DRA"], g["DRB"])),
        ("EITHER", lambda g, n: g["ERA"] + g["ERB"]),
        # two affinities of one receptor are not two receptors
        ("NEST", lambda g, n: np.minimum(g["NRB"], g["NRC"])),
        (
            "TRANS",
            lambda g, n: np.maximum(
                np.minimum(g["TRR"], g["TRS"]), np.minimum(g["TRS"], shared(g["TRR"], n))
            ),
        ),
        (
            "SHOW",
            lambda g, n: np.maximum.reduce([
                np.minimum(np.minimum(g["NRB"], g["NRC"]), shared(g["SHP"], n)),
                np.minimum(np.minimum(g["NRB"], g["NRC"]), g["SHP"]),
            ]),
        ),
    ],
    ids=["SOLO", "DUO", "EITHER", "NEST", "TRANS", "SHOW"],
)  # fmt: skip
def test_receptors_less_decoys(
    toy: Catalogue, tissue_of: Callable, surface: Callable, id: str, expected: Callable
) -> None:
    genes = surface(2)
    n_cells = np.random.default_rng(3).integers(10, 200, (6, 4))
    for values in genes.values():
        values[1, 2] = np.nan
    found = receptor(tissue_of(genes, n_cells=n_cells), toy.cytokines[id])
    np.testing.assert_allclose(found.cpm, expected(genes, n_cells), rtol=1e-12)
    assert np.isnan(found.cpm[1, 2])


def test_a_subunit_of_other_cells_serves_those_without_it(
    toy: Catalogue, tissue_of: Callable
) -> None:
    """Soluble receptor: type A makes it, type B has only the part that signals."""
    genes = {
        "TRR": np.array([[80.0, 0.0, 0.0]]),
        "TRS": np.array([[0.0, 60.0, 0.0]]),
    }
    found = receptor(tissue_of(genes, n_cells=[[10, 10, 20]]), toy.cytokines["TRANS"])
    np.testing.assert_allclose(found.cpm, [[0.0, 20.0, 0.0]])
    assert found.leading(1).name == "trans"
    # and nobody hears where nobody makes it
    genes["TRR"][:] = 0
    assert not receptor(tissue_of(genes), toy.cytokines["TRANS"]).cpm.any()


@pytest.mark.parametrize(
    ("id", "side", "lost", "told", "left"),
    [
        ("DUO", ligand, "DUB", "DUA+DUB untestable: DUB not measured", 0),
        ("EITHER", ligand, "EIA", "EIA untestable: EIA not measured", 1),
        ("TRANS", receptor, "TRR", "TRR+TRS untestable: TRR not measured", 0),
        ("TRANS", receptor, "TRR", "trans untestable: TRR not measured", 0),
        ("NEST", receptor, "NRA", "NRA+NRB+NRC untestable: NRA not measured", 1),
        ("SOLO", receptor, "SOD", "decoys not measured: SOD", 1),
    ],
)
def test_a_form_that_lacks_a_gene_is_named(
    toy: Catalogue, tissue_of: Callable, surface: Callable,
    id: str, side: Callable, lost: str, told: str, left: int,
) -> None:  # fmt: skip
    genes = {gene: values for gene, values in surface(4).items() if gene != lost}
    found = side(tissue_of(genes), toy.cytokines[id])
    assert told in found.lacking
    assert len(found.forms) == left
    assert np.isnan(found.cpm).all() == (left == 0)


def test_the_leading_form_and_its_rarest_subunit(toy: Catalogue, tissue_of: Callable) -> None:
    high, low = np.full((3, 1), 50.0), np.full((3, 1), 4.0)
    genes = {"EIA": np.hstack([high, low]), "EIB": np.hstack([low, high])}
    tissue = tissue_of(genes | {"DUA": np.hstack([high, low]), "DUB": np.hstack([low, high])})
    made = ligand(tissue, toy.cytokines["EITHER"])
    assert [made.leading(t).name for t in (0, 1)] == ["EIA", "EIB"]
    form = toy.cytokines["DUO"].ligands[0]
    assert [limiting(tissue, form, t) for t in (0, 1)] == ["DUB", "DUA"]
    assert limiting(tissue, toy.cytokines["SOLO"].ligands[0], 0) == ""


@pytest.mark.parametrize(
    ("genes", "expected"),
    [
        (["A", "B"], [[0], [1]]),
        (["AB", "AC"], [[0], [1]]),
        (["AB", "A"], [[0, 1]]),
        (["A", "C", "AB", "CD"], [[0, 2], [1, 3]]),
        (["A", "B", "AB"], [[0, 1, 2]]),
        (["ABC", "BC", "D"], [[0, 1], [2]]),
    ],
)
def test_forms_inside_one_another_are_one_receptor(
    genes: list[str], expected: list[list[int]]
) -> None:
    assert nested([Form(name, tuple(name)) for name in genes]) == expected


@pytest.mark.parametrize(
    ("id", "genes"),
    [
        ("IL2", {"IL2RA": 5.0, "IL2RB": 30.0, "IL2RG": 20.0}),
        ("IL2", {"IL2RA": 90.0, "IL2RB": 30.0, "IL2RG": 20.0}),
        ("IL15", {"IL15RA": 40.0, "IL2RB": 30.0, "IL2RG": 20.0}),
        ("IL6", {"IL6R": 40.0, "IL6ST": 20.0}),
    ],
)
def test_curated_receptors_of_several_affinities_count_once(
    curated: Catalogue, tissue_of: Callable, id: str, genes: dict[str, float]
) -> None:
    """All cells alike: what binds is the signalling chain that there is least of."""
    values = {gene: np.full((2, 3), level) for gene, level in genes.items()}
    found = receptor(tissue_of(values), curated.cytokines[id])
    np.testing.assert_allclose(found.cpm, 20.0)
