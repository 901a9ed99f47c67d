"""What a reader of a source is told before believing it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from cytosig.communication.flags import few_samples, of_sources
from cytosig.communication.settings import Settings
from cytosig.communication.sources import find_sources

if TYPE_CHECKING:
    from collections.abc import Callable

    from cytosig.communication.tissue import Tissue
    from cytosig.signatures import Catalogue

SETTINGS = Settings()


def flags_of(tissue: Tissue, catalogue: Catalogue) -> dict[str, str]:
    """By type, of a catalogue with one cytokine."""
    [id] = catalogue.cytokines
    found = find_sources(tissue, catalogue.cytokines, SETTINGS)
    said = of_sources(tissue, found, catalogue.cytokines, SETTINGS)
    assert list(found.ids) == [id]
    return dict(zip(tissue.types, map(str, said), strict=True))


def even(values: list[float], n: int = 6) -> np.ndarray:
    """The same CPM in every sample, by type."""
    return np.tile(np.array(values, dtype=float), (n, 1))


def test_what_may_be_loose_rna(only: Callable, tissue_of: Callable) -> None:
    """Loose is a tenth of the mean over the sample's cells: (50·400 + 100·30) / 200 = 115."""
    tissue = tissue_of({"MUL": even([400.0, 30.0, 11.0, 0.0])}, n_cells=[[50, 100, 25, 25]] * 6)
    found = flags_of(tissue, only("MUTE"))
    assert found == {"A": "", "B": "", "C": "ambient suspect", "D": "not detected"}


def test_loose_rna_is_that_of_the_samples_with_the_type(
    only: Callable, tissue_of: Callable
) -> None:
    """Type C is in the first sample alone, and makes all that is made there."""
    cpm = even([1.0, 5000.0, np.nan])
    cpm[0] = [1.0, 1.0, 50.0]
    assert flags_of(tissue_of({"MUL": cpm}), only("MUTE"))["C"] == "one sample: no p"


@pytest.mark.parametrize(
    ("n", "flag"),
    [
        (1, "one sample: no p"),
        (2, "few samples: no exact p below 0.25"),
        (4, "few samples: no exact p below 0.0625"),
        (5, ""),
    ],
)
def test_few_samples(only: Callable, tissue_of: Callable, n: int, flag: str) -> None:
    tissue = tissue_of({"MUL": even([50.0, 80.0], n)})
    assert set(flags_of(tissue, only("MUTE")).values()) == {flag}
    assert "; ".join(few_samples(tissue, 0)) == flag


def test_a_type_with_too_few_cells_everywhere(only: Callable, tissue_of: Callable) -> None:
    tissue = tissue_of({"MUL": even([50.0, 80.0, np.nan])}, n_cells=[[40, 40, 7]] * 6)
    found = flags_of(tissue, only("MUTE"))
    assert found["C"] == "too few cells or no counts (at most 7 cells in a sample)"


def test_a_sample_without_another_type_shows_no_difference(
    only: Callable, tissue_of: Callable
) -> None:
    """Six samples, one of which has two types: there is no p, which must be said."""
    cpm = even([50.0, np.nan])
    cpm[0, 1] = 80.0
    found = flags_of(tissue_of({"MUL": cpm}), only("MUTE"))
    assert found == {"A": "one sample: no p", "B": "one sample: no p"}
    cpm[0, 1] = np.nan
    alone = flags_of(tissue_of({"MUL": cpm}, n_cells=8), only("MUTE"))
    assert alone["A"] == "no other type in its samples"
    assert alone["B"] == "too few cells or no counts (at most 8 cells in a sample)"


def test_presenters_and_activators_that_are_missing(only: Callable, tissue_of: Callable) -> None:
    """Told of types that make the ligand."""
    genes = {"SHL": even([50.0, 50.0, 0.0]), "SHP": even([60.0, 1.0, 1.0])}
    found = flags_of(tissue_of(genes), only("SHOW"))
    assert found == {"A": "", "B": "no presenter (SHP)", "C": "not detected"}
    genes = {"SOL": even([50.0, 50.0, 50.0]), "SOX": even([4.9, 5.1, 300.0])}
    found = flags_of(tissue_of(genes), only("SOLO"))
    assert found == {"A": "no activator (SOX)", "B": "", "C": ""}


def test_activators_that_are_not_measured_are_not_called_missing(
    only: Callable, tissue_of: Callable
) -> None:
    found = flags_of(tissue_of({"SOL": even([50.0, 50.0])}), only("SOLO"))
    assert set(found.values()) == {""}


def test_a_form_that_lacks_a_gene_is_told(only: Callable, tissue_of: Callable) -> None:
    found = flags_of(tissue_of({"EIA": even([50.0, 40.0])}), only("EITHER"))
    assert set(found.values()) == {"EIB untestable: EIB not measured"}
    found = flags_of(tissue_of({"DUA": even([50.0, 40.0])}), only("DUO"))
    assert set(found.values()) == {"DUA+DUB untestable: DUB not measured"}


def test_a_form_that_lacks_a_gene_has_no_p(only: Callable, tissue_of: Callable) -> None:
    tissue = tissue_of({"DUA": even([50.0, 40.0])})
    found = find_sources(tissue, only("DUO").cytokines, SETTINGS)
    assert np.isnan(found.p).all()
    assert np.isnan(found.omnibus).all()
    assert np.isnan(found.net).all()


def test_one_sample_has_no_omnibus_p(only: Callable, tissue_of: Callable) -> None:
    found = find_sources(
        tissue_of({"MUL": even([50.0, 9.0, 0.0], 1)}), only("MUTE").cytokines, SETTINGS
    )
    assert np.isnan(found.p).all()
    assert np.isnan(found.omnibus).all()


# --- subunits that cytokines share ----------------------------------------------------------


def test_il23_without_il12(curated: Catalogue, tissue_of: Callable) -> None:
    """A cell with IL12B and IL23A makes IL-23; IL-12 needs IL12A, which is nowhere."""
    rng = np.random.default_rng(1)
    level = {"IL12B": [120.0, 2.0, 3.0], "IL23A": [90.0, 3.0, 1.0], "IL12A": [0.4, 0.3, 0.4]}
    genes = {g: rng.lognormal(np.log(v), 0.2, (7, 3)) for g, v in level.items()}
    tissue, pair = tissue_of(genes), curated.subset(["IL12", "IL23"])
    found = find_sources(tissue, pair.cytokines, SETTINGS)
    p = {id: found.p[:, k] for k, id in enumerate(found.ids)}
    assert p["IL23"][0] < 1e-4
    assert (p["IL23"][1:] > 0.9).all()
    assert (p["IL12"] > 0.9).all()
    np.testing.assert_allclose(found.made["IL12"].cpm, np.minimum(genes["IL12A"], genes["IL12B"]))
    # with IL12A, the same cells make both
    more = tissue_of(genes | {"IL12A": genes["IL23A"]})
    assert (find_sources(more, pair.cytokines, SETTINGS).p[0] < 1e-4).all()


def test_antagonists_of_the_same_cells_are_taken_off_what_goes_out(
    only: Callable, tissue_of: Callable
) -> None:
    genes = {"SOL": even([50.0, 30.0, 80.0], 2), "SOA": even([20.0, 90.0, 0.0], 2)}
    found = find_sources(tissue_of(genes), only("SOLO").cytokines, SETTINGS)
    np.testing.assert_allclose(found.net[:, :, 0], [[30.0, 0.0, 80.0]] * 2)
    np.testing.assert_allclose(found.made["SOLO"].cpm, genes["SOL"])
