"""Ambiguity sets against the experiment they stand for, done by hand on the padded genes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from cytosig._errors import UsageError
from cytosig.signatures import Catalogue, Signature
from cytosig.signatures.ambiguity import BACKGROUND, THRESHOLD, shares


def _random(seed: int, n: int = 7) -> Catalogue:
    rng = np.random.default_rng(seed)
    pool = [f"G{k}" for k in range(40)]
    sets = {
        f"S{k}": dict(
            zip(
                rng.choice(pool, 18, replace=False).tolist(),
                (rng.uniform(0.2, 3, 18) * rng.choice([1, 1, 1, -1], 18)).tolist(),
                strict=True,
            )
        )
        for k in range(n)
    }
    return Catalogue.from_dict(sets)


def _padded(catalogue: Catalogue, id: str, background: int) -> np.ndarray:
    """One signature, gene by gene, over its catalogue's genes and as many silent ones as needed."""
    genes = sorted({g for weights in catalogue.to_dict().values() for g in weights})
    values = [catalogue.to_dict()[id].get(gene, 0.0) for gene in genes]
    return np.array(values + [0.0] * (background - len(genes)))


def _experiment(catalogue: Catalogue, scored: str, moved: str, background: int) -> float:
    """t of a regression of the planted response of ``moved`` on the weights of ``scored``."""
    effect = _padded(catalogue, moved, background)
    effect = (effect - effect.mean()) / np.linalg.norm(effect - effect.mean())
    own = _padded(catalogue, moved, background)
    other = _padded(catalogue, scored, background)
    slope = stats.linregress(other, effect).slope * other.std()
    return slope / (stats.linregress(own, effect).slope * own.std())


@pytest.mark.parametrize("background", [41, 300, 5000])
@pytest.mark.parametrize("seed", [0, 1])
def test_the_share_is_what_the_other_score_shows(seed: int, background: int) -> None:
    catalogue = _random(seed)
    found = catalogue.ambiguity(threshold=1e-6, background=background)
    assert list(found) == catalogue.ids
    n = 0
    for scored in catalogue.ids:
        for moved in catalogue.ids:
            expected = _experiment(catalogue, scored, moved, background)
            if scored == moved:
                assert expected == pytest.approx(1)
                assert moved not in found[scored]
            elif expected > 1e-6:
                assert found[scored][moved] == pytest.approx(expected, abs=1e-12)
                n += 1
            else:
                assert moved not in found[scored]
    assert n > 5


@pytest.mark.parametrize("background", [50, 1000])
def test_the_matrix_is_pearsons_correlation(background: int) -> None:
    catalogue = _random(5)
    matrix = shares(catalogue.weights(catalogue.genes), background=background)
    for i, one in enumerate(catalogue.ids):
        for j, other in enumerate(catalogue.ids):
            padded = [_padded(catalogue, id, background) for id in (one, other)]
            assert matrix[i, j] == pytest.approx(stats.pearsonr(*padded).statistic, abs=1e-12)


@pytest.mark.parametrize(("n", "m", "both"), [(10, 10, 5), (4, 30, 4), (12, 7, 0)])
@pytest.mark.parametrize("background", [60, 20_000])
def test_closed_form_for_unweighted_lists(n: int, m: int, both: int, background: int) -> None:
    """Two lists of n and m genes with some in common: the phi coefficient of a 2 x 2 table."""
    names = [f"G{k}" for k in range(n + m - both)]
    catalogue = Catalogue.from_dict({"ONE": names[:n], "TWO": names[n - both :]})
    expected = (background * both - n * m) / math.sqrt(
        n * (background - n) * m * (background - m)
    )  # fmt: skip
    matrix = shares(catalogue.weights(catalogue.genes), background=background)
    assert matrix[0, 1] == pytest.approx(expected, rel=1e-12)
    found = catalogue.ambiguity(threshold=0.01, background=background)
    assert ("TWO" in found["ONE"]) == (expected >= 0.01)


def test_defaults_order_and_sign() -> None:
    base = {f"G{k}": 1.0 for k in range(20)}
    sets = {
        "SELF": base,
        "TURNED": {gene: -w for gene, w in base.items()},
        "NEAR": {**dict(list(base.items())[:16]), **{f"N{k}": 1.0 for k in range(4)}},
        "TWICE": {gene: 2 * w for gene, w in base.items()},
        "FAR": {**dict(list(base.items())[:8]), **{f"F{k}": 1.0 for k in range(12)}},
    }
    found = Catalogue.from_dict(sets).ambiguity()
    assert list(found["SELF"]) == ["TWICE", "NEAR"]
    assert found["SELF"]["TWICE"] == pytest.approx(1)
    assert found["TURNED"] == {}
    assert found["FAR"] == {}
    exact = Catalogue.from_dict(sets).ambiguity(threshold=1.0)
    assert exact["SELF"].keys() == {"TWICE"}
    assert (THRESHOLD, BACKGROUND) == (0.4, 20_000)


def test_the_threshold_itself_counts() -> None:
    sets = {"ONE": ["A", "B", "C", "D"], "TWO": ["C", "D", "E", "F"]}
    catalogue = Catalogue.from_dict(sets)
    share = _experiment(catalogue, "ONE", "TWO", BACKGROUND)
    assert list(catalogue.ambiguity(threshold=share)["ONE"]) == ["TWO"]
    assert catalogue.ambiguity(threshold=share + 1e-6)["ONE"] == {}


def test_sets_are_of_the_catalogue_asked() -> None:
    names = ["STAT1", "IRF1", "MX1", "ISG15"]
    catalogue = Catalogue.from_signatures(
        [Signature.from_genes(id, up=names) for id in ("ONE", "TWO", "THREE")]
    )
    assert list(catalogue.ambiguity()["TWO"]) == ["ONE", "THREE"]
    assert list(catalogue.subset(["THREE", "TWO"]).ambiguity()["TWO"]) == ["THREE"]
    other = Signature.from_genes("ONE", up=["CD79A", "MS4A1"])
    cells = Catalogue(catalogue.signatures, variants={"B": {"ONE": other}})
    assert list(cells.ambiguity()["TWO"]) == ["ONE", "THREE"]
    assert list(cells.for_compartment("B").ambiguity()["TWO"]) == ["THREE"]


@pytest.mark.parametrize("threshold", [0, -0.1, 1.1, math.nan])
def test_no_share(threshold: float) -> None:
    with pytest.raises(UsageError, match="expected a share above 0"):
        _random(0).ambiguity(threshold=threshold)


def test_a_background_smaller_than_the_signatures() -> None:
    catalogue = _random(0)
    n = len(catalogue.genes)
    with pytest.raises(UsageError, match=f"background={n}: the signatures alone name {n} genes"):
        catalogue.ambiguity(background=n)
    assert len(catalogue.ambiguity(background=n + 1)) == 7


def test_the_shipped_catalogue_shows_known_twins(curated: Catalogue) -> None:
    found = curated.ambiguity(threshold=0.25)
    for one, other in [("IFN1", "IFNL"), ("IL6", "OSM"), ("IL2", "IL15"), ("TNF", "IL1B")]:
        assert other in found[one]
        assert one in found[other]
    assert "IFN1" not in found["TGFB1"]
