"""Which types can hear: decoys, subunits of other cells, forms that are not measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from cytosig.communication.presence import Background
from cytosig.communication.response import Genes
from cytosig.communication.settings import Settings
from cytosig.communication.targets import competent, find_targets

if TYPE_CHECKING:
    from collections.abc import Callable

    from cytosig.communication.targets import Competence
    from cytosig.communication.tissue import Tissue
    from cytosig.signatures import Catalogue, Cytokine


def draw(levels: dict[str, list[float]], seed: int = 1, n: int = 7) -> dict[str, np.ndarray]:
    """CPM around these means, by type; 0 is nothing at all."""
    rng = np.random.default_rng(seed)
    return {g: np.array(v) * rng.lognormal(0, 0.2, (n, len(v))) for g, v in levels.items()}


def heard(tissue: Tissue, cytokine: Cytokine) -> Competence:
    return competent(tissue, cytokine, Background(tissue, 5.0, 0.95))


def test_a_decoy_alone_hears_nothing(curated: Catalogue, tissue_of: Callable) -> None:
    """Type A has the receptor of IL-1, B its decoy and the second chain, C both kinds."""
    genes = draw({"IL1R1": [80, 0, 80], "IL1RAP": [70, 90, 70], "IL1R2": [0, 150, 300]})
    for id in ("IL1B", "IL1A"):
        found = heard(tissue_of(genes), curated.cytokines[id])
        assert found.p[0] < 1e-4
        assert (found.p[1:] > 0.99).all()
        assert found.decoy_delta[0] > 2 > 0 > found.decoy_delta[1:].max()
        np.testing.assert_allclose(found.heard.cpm[:, 1:], 0.0)
    # weaker than the receptor, it takes its part
    genes["IL1R2"] = genes["IL1R2"] / 10
    found = heard(tissue_of(genes), curated.cytokines["IL1B"])
    assert found.p[2] < 0.01
    lowest = np.minimum(genes["IL1R1"], genes["IL1RAP"])
    np.testing.assert_allclose(found.heard.cpm, np.maximum(lowest - genes["IL1R2"], 0))


def test_trans_il6_needs_il6r_somewhere(curated: Catalogue, tissue_of: Callable) -> None:
    """IL6ST is everywhere; IL6R on one type serves the others too."""
    levels = {"IL6ST": [60, 60, 60], "IL6R": [90, 0, 0]}
    found = heard(tissue_of(draw(levels)), curated.cytokines["IL6"])
    assert (found.p < 1e-3).all()
    assert [form.name for form in found.form[1:]] == ["trans", "trans"]
    nobody = heard(tissue_of(draw({**levels, "IL6R": [0, 0, 0]})), curated.cytokines["IL6"])
    assert (nobody.p > 0.99).all()
    # without the chain that signals, IL6R does not hear
    alone = heard(tissue_of(draw({"IL6ST": [0, 60, 60], "IL6R": [90, 0, 0]})),
                  curated.cytokines["IL6"])  # fmt: skip
    assert alone.p[0] > 0.99


@pytest.mark.parametrize(("ra", "hears"), [([0, 80], True), ([0, 0], False)])
def test_il15_is_presented(
    curated: Catalogue, tissue_of: Callable, ra: list[float], hears: bool
) -> None:
    genes = draw({"IL2RB": [60, 0], "IL2RG": [90, 0], "IL15RA": ra})
    found = heard(tissue_of(genes), curated.cytokines["IL15"])
    assert (found.p[0] < 0.01) == hears
    assert found.p[1] > 0.99


def test_high_and_intermediate_affinity(curated: Catalogue, tissue_of: Callable) -> None:
    genes = draw({"IL2RA": [70, 0, 70], "IL2RB": [60, 60, 0], "IL2RG": [90, 90, 90]})
    found = heard(tissue_of(genes), curated.cytokines["IL2"])
    assert (found.p[:2] < 1e-3).all()
    assert found.p[2] > 0.99
    lacks = {form.name: p for form, p in found.each}
    assert lacks["high affinity"][1] > 0.99 > 1e-3 > lacks["intermediate affinity"][1]
    expected = np.minimum(min(p[0] for p in lacks.values()) * 2, 1)
    assert found.p[0] == pytest.approx(expected)


def test_a_receptor_that_is_not_measured_is_no_absent_one(
    curated: Catalogue, tissue_of: Callable
) -> None:
    found = heard(tissue_of(draw({"IL12RB1": [60, 0]})), curated.cytokines["IL12"])
    assert np.isnan(found.p).all()
    assert found.form == (None, None)
    assert found.heard.lacking == ("IL-12 receptor untestable: IL12RB2 not measured",)


def test_one_sample_has_no_p(curated: Catalogue, tissue_of: Callable) -> None:
    found = heard(tissue_of(draw({"IFNGR1": [60, 0], "IFNGR2": [60, 0]}, n=1)),
                  curated.cytokines["IFNG"])  # fmt: skip
    assert np.isnan(found.p).all()
    assert found.excess[0] > 1 > 0 > found.excess[1]


# --- with a response ------------------------------------------------------------------------


def planted(catalogue: Catalogue, tissue_of: Callable, n: int = 8) -> tuple[Tissue, Genes, dict]:
    """Types by receptor and response of NEST: both, receptor alone, response alone, neither."""
    rng = np.random.default_rng(3)
    listed = catalogue.signatures["NEST"].weights
    names = [*listed, *(f"B{i}" for i in range(200))]
    level = rng.normal(6, 1, len(names)) + rng.normal(0, 0.3, (n, 4, len(names)))
    level[:, [0, 2], : len(listed)] += 1.5 * np.sign(list(listed.values()))
    genes = Genes.of(level, np.ones(len(names), bool))
    tissue = tissue_of(draw({g: [60, 60, 0, 0] for g in ("NRA", "NRB", "NRC")}, n=n))
    return tissue, genes, {g: i for i, g in enumerate(names)}


def test_a_target_hears_and_answers(only: Callable, tissue_of: Callable) -> None:
    catalogue = only("NEST")
    tissue, genes, column = planted(catalogue, tissue_of)
    found = find_targets(tissue, genes, column, (catalogue,) * 4, catalogue.cytokines, Settings())
    hears, answers = found.competence["NEST"].p, found.response.p[:, 0]
    np.testing.assert_array_equal(hears < 0.05, [True, True, False, False])
    np.testing.assert_array_equal(answers < 0.05, [True, False, True, False])
    np.testing.assert_array_equal(found.p[:, 0], np.maximum(hears, answers))
    np.testing.assert_array_equal(found.q[:, 0] < 0.05, [True, False, False, False])
