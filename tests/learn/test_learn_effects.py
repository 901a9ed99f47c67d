"""The test of every gene, the bars, and the weights, against what others compute."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import cytosig as cs
from cytosig.learn.effects import Bars, changes_of, passing, programme_of, rivals_of, weighed
from cytosig.learn.experiment import Experiment
from cytosig.signatures import Axis, Catalogue, Signature

BARS = Bars(max_genes=60, max_q=0.05, min_lfc=0.5, drop_programmes=True)


def _experiment(values: np.ndarray, treated: list[bool], batch: list[str] | None = None):
    names = [f"s{i}" for i in range(len(values))]
    table = pd.DataFrame(values, index=names, columns=[f"G{i}" for i in range(values.shape[1])])
    blocks = None if batch is None else pd.Series(batch, index=names, name="donor")
    return Experiment(table, np.array(treated), blocks, pd.DataFrame(index=names), "", "")


def _rng_values(shape: tuple[int, int], seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(size=shape) * np.sqrt(4 / rng.chisquare(4, shape[1]))


def test_changes_are_differences_of_means_and_q_is_benjamini_hochberg():
    values = _rng_values((7, 200), 0)
    treated = [True, False, True, True, False, False, False]
    table = changes_of(_experiment(values, treated))
    mask = np.array(treated)
    np.testing.assert_allclose(table["lfc"], values[mask].mean(0) - values[~mask].mean(0))
    np.testing.assert_allclose(table["q"], stats.false_discovery_control(table["p"]))
    p = stats.t.sf(np.abs(table["t"]), table["df"]) * 2
    np.testing.assert_allclose(table["p"], p)


def test_pairs_are_judged_by_their_differences():
    values = _rng_values((8, 150), 1) + np.repeat([0.0, 5, -3, 9], 2)[:, None]
    treated, donors = [True, False] * 4, [f"d{i // 2}" for i in range(8)]
    table = changes_of(_experiment(values, treated, donors))
    pairs = values[::2] - values[1::2]
    np.testing.assert_allclose(table["lfc"], pairs.mean(axis=0))
    order = stats.spearmanr(np.abs(table["t"]), np.abs(stats.ttest_1samp(pairs, 0).statistic))
    assert order.statistic > 0.9  # moderated, so not the same
    assert (table["df"] > 3).all()


def test_the_confident_change_is_the_near_end_of_the_interval():
    table = changes_of(_experiment(_rng_values((6, 300), 2), [True] * 3 + [False] * 3))
    se = table["lfc"] / table["t"]
    reach = stats.t.ppf(0.975, table["df"]) * se.abs()
    expected = np.sign(table["lfc"]) * np.maximum(table["lfc"].abs() - reach, 0)
    np.testing.assert_allclose(table["confident"], expected, atol=1e-12)
    assert ((table["confident"] != 0) == (table["p"] < 0.05)).all()


def _by_hand(table: pd.DataFrame, bars: Bars, rivals: dict[str, float]) -> dict[str, float]:
    """Gene by gene, from the formula in docs/learn.md."""
    genes = [
        gene
        for gene, row in table.iterrows()
        if row["q"] <= bars.max_q and abs(row["lfc"]) >= bars.min_lfc and row["confident"]
    ]
    genes.sort(key=lambda gene: (-abs(table.loc[gene, "confident"]), gene))
    listed, lowered = {}, 0
    for rank, gene in enumerate(genes, start=1):
        up = table.loc[gene, "confident"] > 0
        lowered += not up
        if len(listed) == bars.max_genes or (not up and lowered > bars.max_genes // 5):
            continue
        y = 1 / (1 + (rank / 300) ** 2)
        listed[gene] = (y * y / (y + 0.5 * rivals.get(gene, 0)), 1 if up else -1)
    top = max(w for w, _ in listed.values())
    return {gene: round(sign * round(w / top, 2), 2) for gene, (w, sign) in listed.items()}


@pytest.mark.parametrize("max_genes", [5, 12, 60])
def test_weights_follow_the_formula(max_genes):
    rng = np.random.default_rng(3)
    values = _rng_values((8, 500), 3) * 0.3
    values[:4] += np.where(rng.random(500) < 0.2, rng.normal(0, 3, 500), 0)
    table = changes_of(_experiment(values, [True] * 4 + [False] * 4))
    rivals = {gene: float(rng.random() * 3) for gene in table.index[::3]}
    bars = Bars(max_genes, 0.05, 0.5, drop_programmes=True)
    found = weighed(table, bars, rivals)
    expected = _by_hand(table, bars, rivals)
    assert found == pytest.approx({g: w for g, w in expected.items() if abs(w) >= 0.05})
    sizes = [abs(w) for w in found.values()]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] == 1
    assert sum(w < 0 for w in found.values()) <= max_genes // 5


def test_no_gene_passes_a_bar_it_fails():
    table = pd.DataFrame(
        {
            "lfc": [2.0, 0.4, -2.0, 2.0, 2.0],
            "q": [0.01, 0.01, 0.01, 0.06, 0.01],
            "confident": [1.0, 0.2, -1.0, 1.0, 1.0],
        },
        index=["A1", "A2", "A3", "A4", "MKI67"],
    )
    assert list(passing(table, BARS).index) == ["A1", "A3"]
    kept = Bars(60, 0.05, 0.5, drop_programmes=False)
    assert list(passing(table, kept).index) == ["A1", "A3", "MKI67"]
    assert list(passing(table[:0], BARS).index) == []


def test_rivals_are_the_largest_weight_of_each_other_axis():
    signatures = {
        "ONE": Signature.from_weights("ONE", {"A": 0.5, "B": 1.0}),
        "TWO": Signature.from_weights("TWO", {"A": -0.8, "C": 1.0}),
        "OWN": Signature.from_weights("OWN", {"A": 1.0, "D": 0.2}),
        "ALONE": Signature.from_weights("ALONE", {"A": 0.3}),
    }
    axes = {"X": Axis("X", "x", ("ONE", "TWO")), "Y": Axis("Y", "y", ("OWN",))}
    catalogue = Catalogue(signatures, {}, axes)
    assert rivals_of(catalogue, "Y") == pytest.approx({"A": 0.8 + 0.3, "B": 1.0, "C": 1.0})
    assert rivals_of(catalogue, "")["A"] == pytest.approx(0.8 + 1.0 + 0.3)


def test_programmes_by_name_and_by_how_names_begin():
    assert programme_of("NDUFA1") == "respiration"
    assert programme_of("FKBP5") == "glucocorticoid"
    assert programme_of("FKBP4") == ""


def test_a_gene_that_marks_growth_is_left_out_with_a_word(stimulation, sides):
    made = stimulation()
    made.adata.var_names = ["MKI67", "RPL3", *made.adata.var_names[2:]]
    learned = cs.signatures.learn(made.adata, batch_key="donor", **sides)
    notes = learned.genes.set_index("gene")["note"]
    assert notes[["MKI67", "RPL3"]].tolist() == ["left out: proliferation", "left out: ribosome"]
    assert not {"MKI67", "RPL3"} & set(learned.signature.weights)
