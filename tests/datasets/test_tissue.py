"""Simulated tissues: what was planted is found again by plain arithmetic, and nothing else is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import stats

from cytosig._errors import UsageError
from cytosig.datasets import Planted, SimulatedTissue, simulate_tissue, tissue_panel
from cytosig.signatures import Catalogue, Cytokine, Signature, load
from cytosig.signatures.model import Form, Modifiers, Role

if TYPE_CHECKING:
    from anndata import AnnData

TYPES = {"tumour": 5.0, "T cell": 3.0, "stroma": 2.0}
STILL = {"patient_sd": 0.0, "patient_type_sd": 0.0, "activity_sd": 0.0, "composition_sd": 0.0}
PANELS = ("null", "single", "IL12", "IL23", "decoy", "presented", "autocrine")


def make_catalogue() -> Catalogue:
    """Two cytokines with 60 graded genes each; AAA's raises its ligand and BBB's receptor."""
    grades = np.concatenate([np.linspace(0.25, 1.5, 40), -np.linspace(0.25, 1.0, 20)])
    weights = {
        id: {f"{id}{i:02d}": float(w) for i, w in enumerate(grades)} for id in ("AAA", "BBB")
    }
    weights["AAA"] |= {"AAA_L": 1.0, "BBB_R": 1.0}
    role = Role(0.0, "dual", "low", "made for a test")
    cytokines = {
        id: Cytokine(
            id, id, "test", (Form("L", (f"{id}_L",)),),
            (Form("R", (f"{id}_R", f"{id}_R2")[: 1 + (id == "AAA")], supplied=(f"{id}_S",)),),
            role, modifiers=Modifiers(decoys=(f"{id}_D",), feedback=(f"{id}_F",)),
        )
        for id in ("AAA", "BBB", "MUTE")
    }  # fmt: skip
    signatures = {id: Signature.from_weights(id, w) for id, w in weights.items()}
    variants = {"T_NK": {"AAA": Signature.from_genes("AAA", up=["OWN1", "OWN2", "AAA01"])}}
    return Catalogue(signatures, cytokines, variants=variants)


HAND = make_catalogue()
ONE = Planted(
    "AAA", "stroma", "T cell", ligand_effect=1.5, receptor_effect=1.0, response_effect=0.8,
    condition_effect=0.6, silent=("PARTNER",),
    extra=(("AAA_D", "tumour", 2.0), ("AAA_R", "tumour", -np.inf)),
)  # fmt: skip


def simulate(*planted: Planted, **options: object) -> SimulatedTissue:
    settings = {
        "n_samples": 6, "cells_per_sample": 300, "n_genes": 500, "cell_types": TYPES,
        "depth": 4000, "signatures": HAND, "rng": 3, **options,
    }  # fmt: skip
    return simulate_tissue(planted=planted, **settings)


def rows_of(adata: AnnData, **where: str) -> np.ndarray:
    keep = np.ones(adata.n_obs, dtype=bool)
    for column, value in where.items():
        keep &= (adata.obs[column] == value).to_numpy()
    return keep


def log_cpm(adata: AnnData, cells: np.ndarray, prior: float = 0.5) -> np.ndarray:
    pooled = np.asarray(adata.X[np.flatnonzero(cells)].sum(axis=0)).ravel()
    return np.log((pooled + prior) / pooled.sum() * 1e6)


def pseudobulks(tissue: SimulatedTissue, genes: list[str]) -> np.ndarray:
    """Samples × cell types × genes, natural log of counts per million, no prior."""
    obs = tissue.adata.obs
    columns = tissue.adata.var_names.get_indexer(genes)
    return np.array(
        [
            [
                log_cpm(tissue.adata, ((obs["sample"] == s) & (obs["cell_type"] == t)).to_numpy())
                for t in obs["cell_type"].cat.categories
            ]
            for s in obs["sample"].cat.categories
        ]
    )[:, :, columns]


@pytest.fixture(scope="module")
def still() -> SimulatedTissue:
    """One planted cytokine, no effect of any patient."""
    return simulate(ONE, conditions=("before", "after"), depth=20_000, **STILL)


@pytest.fixture(scope="module")
def null() -> SimulatedTissue:
    """Nothing planted, all else as it comes."""
    return simulate_tissue(n_samples=4, rng=1)


# --- what is planted ------------------------------------------------------------------------


def test_ligand_receptor_and_extra_genes_shift_as_planted(still: SimulatedTissue) -> None:
    adata = still.adata
    before = {t: log_cpm(adata, rows_of(adata, cell_type=t, condition="before")) for t in TYPES}
    at = adata.var_names.get_loc
    assert before["stroma"][at("AAA_L")] - before["tumour"][at("AAA_L")] == pytest.approx(
        1.5, abs=0.2
    )
    for gene in ("AAA_R", "AAA_R2"):
        rise = before["T cell"][at(gene)] - before["stroma"][at(gene)]
        assert rise == pytest.approx(1.0, abs=0.25), gene
    assert before["tumour"][at("AAA_D")] - before["stroma"][at("AAA_D")] == pytest.approx(
        2.0, abs=0.25
    )
    counts = adata.X[:, at("AAA_R")].toarray().ravel()
    assert counts[rows_of(adata, cell_type="tumour")].max() == 0
    assert counts[rows_of(adata, cell_type="stroma")].max() > 0
    assert adata.X[:, at("PARTNER")].nnz == 0


@pytest.mark.parametrize(("condition", "effect"), [("before", 0.8), ("after", 1.4)])
def test_response_is_effect_times_weight_in_the_target_only(
    still: SimulatedTissue, condition: str, effect: float
) -> None:
    adata = still.adata
    weights = {g: w for g, w in HAND.signatures["AAA"].weights.items() if "_" not in g}
    columns = adata.var_names.get_indexer(list(weights))
    found = {
        t: log_cpm(adata, rows_of(adata, cell_type=t, condition=condition))[columns] for t in TYPES
    }
    given = list(weights.values())
    fit = stats.linregress(given, found["T cell"] - found["stroma"])
    assert fit.slope == pytest.approx(effect, abs=0.06)
    assert stats.linregress(given, found["tumour"] - found["stroma"]).slope == pytest.approx(
        0.0, abs=0.06
    )


def test_condition_moves_the_ligand_in_its_source(still: SimulatedTissue) -> None:
    adata, at = still.adata, still.adata.var_names.get_loc("AAA_L")
    rise = {
        t: log_cpm(adata, rows_of(adata, cell_type=t, condition="after"))[at]
        - log_cpm(adata, rows_of(adata, cell_type=t, condition="before"))[at]
        for t in TYPES
    }
    assert rise["stroma"] == pytest.approx(0.6, abs=0.25)
    assert rise["tumour"] == pytest.approx(0.0, abs=0.35)


def test_receptors_take_no_part_in_a_response(still: SimulatedTissue) -> None:
    """BBB_R is in AAA's list; it stays as it was in AAA's target."""
    expected = still.expected
    assert expected["BBB_R"].max() / expected["BBB_R"].min() < 1.2
    assert expected["AAA39"].max() / expected["AAA39"].min() > 2.5


def test_a_target_follows_the_list_of_its_compartment() -> None:
    expected = simulate(replace(ONE, compartment="T_NK")).expected
    fold = np.log(expected.loc["T cell"] / expected.loc["stroma"])
    assert fold[["OWN1", "OWN2", "AAA01"]].tolist() == pytest.approx([0.8] * 3, abs=0.05)
    assert fold["AAA39"] == pytest.approx(0.0, abs=0.05)  # only in the generic list
    with pytest.raises(UsageError, match="myloid"):
        simulate(replace(ONE, compartment="myloid"))


def test_baseline_of_ligands_and_receptors_is_asked_for() -> None:
    expected = simulate(quiet_cpm=(5.0, 5.0)).expected
    np.testing.assert_allclose(expected[["AAA_L", "BBB_R", "MUTE_R", "AAA_S", "BBB_D"]], 5.0)
    assert expected["BG0001"].nunique() == 1


def test_expected_is_what_is_counted(still: SimulatedTissue) -> None:
    adata = still.adata
    for t in TYPES:
        cells = np.flatnonzero(rows_of(adata, cell_type=t, condition="before"))
        pooled = np.asarray(adata.X[cells].sum(axis=0)).ravel()
        expected = still.expected.loc[t].to_numpy()
        assert expected.sum() == pytest.approx(1e6)
        assert stats.pearsonr(pooled, expected).statistic > 0.995
        silent = expected == 0
        assert pooled[silent].sum() == 0


def test_truth_writes_the_genes_out(still: SimulatedTissue) -> None:
    row = still.truth.iloc[0]
    assert (row["ligands"], row["receptors"]) == (("AAA_L",), ("AAA_R", "AAA_R2"))
    assert (row["source"], row["target"], row["silent"]) == ("stroma", "T cell", ("PARTNER",))
    assert len(still.truth) == 1


def test_no_effect_is_the_null() -> None:
    plain = Planted("AAA", "stroma", "T cell")
    nothing, scaled = simulate(), simulate(plain.scaled(0.0))
    np.testing.assert_array_equal(nothing.expected.to_numpy(), scaled.expected.to_numpy())


def test_ligand_and_response_share_a_patients_shift() -> None:
    """What the ligand of a source gains, the response of its target gains too."""
    tissue = simulate(ONE.scaled(0.5), n_samples=60, coupling_sd=0.7, depth=20_000, **STILL)
    response = [g for g, w in HAND.signatures["AAA"].weights.items() if "_" not in g and w > 0]
    weights = [HAND.signatures["AAA"].weights[g] for g in response]
    values = pseudobulks(tissue, ["AAA_L", *response])
    order = list(TYPES)
    ligand = values[:, order.index("stroma"), 0]
    answer = values[:, order.index("T cell"), 1:] @ weights / np.square(weights).sum()
    assert stats.linregress(answer, ligand).slope == pytest.approx(1.0, abs=0.2)
    other = values[:, order.index("tumour"), 1:] @ weights / np.square(weights).sum()
    assert abs(stats.pearsonr(ligand, other).statistic) < 0.35


# --- what is not planted --------------------------------------------------------------------


def test_cell_types_do_not_differ_where_nothing_is_planted(null: SimulatedTissue) -> None:
    expected = null.expected
    assert list(null.expected.index) == list(null.adata.obs["cell_type"].cat.categories)
    np.testing.assert_allclose(expected, expected.iloc[[0]].to_numpy().repeat(6, axis=0))
    assert null.truth.empty
    assert list(null.adata.obs.columns) == ["sample", "donor", "cell_type"]


def test_ligands_and_receptors_are_low_but_there(null: SimulatedTissue) -> None:
    forms = [f for c in load().cytokines.values() for f in (*c.ligands, *c.receptors)]
    low = null.expected.iloc[0][sorted({g for form in forms for g in form.genes})]
    assert (low.min(), low.max()) == (pytest.approx(5, rel=0.2), pytest.approx(60, rel=0.05))
    assert stats.kstest(np.log(low), stats.uniform(np.log(5), np.log(12)).cdf).pvalue > 1e-3
    assert set(load().genes) <= set(null.expected.columns)


def test_standard_deviations_are_those_asked_for() -> None:
    """Variance over samples, over samples × types and over types, by analysis of variance."""
    tissue = simulate(
        n_samples=40, depth=100_000, dispersion=0.01, activity_sd=0.0, composition_sd=0.0,
        patient_sd=0.5, patient_type_sd=0.3, lineage_sd=0.4,
    )  # fmt: skip
    genes = tissue.expected.columns[np.log(tissue.expected).mean() > np.log(300)]
    values = pseudobulks(tissue, list(genes))  # samples × types × genes
    n_types = values.shape[1]
    rest = (
        values - values.mean(axis=0) - values.mean(axis=1, keepdims=True)
        + values.mean(axis=(0, 1))
    )  # fmt: skip
    own = (rest**2).sum(axis=(0, 1)).mean() / ((len(values) - 1) * (n_types - 1))
    patient = values.mean(axis=1).var(axis=0, ddof=1).mean() - own / n_types
    lineage = values.mean(axis=0).var(axis=0, ddof=1).mean() - own / len(values)
    assert np.sqrt(own) == pytest.approx(0.3, rel=0.06)
    assert np.sqrt(patient) == pytest.approx(0.5, rel=0.06)
    assert np.sqrt(lineage) == pytest.approx(0.4, rel=0.06)


def test_activity_moves_the_genes_of_a_signature_together() -> None:
    loud = simulate(n_samples=30, depth=50_000, **{**STILL, "activity_sd": 0.5})
    genes = [g for g in HAND.signatures["BBB"].weights if "_" not in g]
    weights = np.array([HAND.signatures["BBB"].weights[g] for g in genes])
    slopes = pseudobulks(loud, genes) @ (weights - weights.mean())
    slopes /= np.square(weights - weights.mean()).sum()
    assert slopes.std() == pytest.approx(0.5, rel=0.2)


def test_lineage_leaves_what_is_planted_as_planted() -> None:
    tissue = simulate(ONE, lineage_sd=1.0)
    shares = tissue.expected[["AAA_L", "PARTNER"]]
    others = shares.loc[["tumour", "T cell"], "AAA_L"]
    filler = tissue.expected["BG0001"]
    assert others.max() / others.min() < 1.5 < filler.max() / filler.min() + 1


def test_depths_shares_and_dispersion() -> None:
    depth = {"tumour": 6000.0, "T cell": 2000.0, "stroma": 3000.0}
    tissue = simulate(depth=depth, n_samples=4, cells_per_sample=2000, **STILL)
    adata = tissue.adata
    library = np.asarray(adata.X.sum(axis=1)).ravel()
    share = adata.obs["cell_type"].value_counts(normalize=True)
    for t, given in TYPES.items():
        assert library[rows_of(adata, cell_type=t)].mean() == pytest.approx(depth[t], rel=0.03)
        assert share[t] == pytest.approx(given / 10, abs=0.02)
    assert (adata.X.format, adata.X.dtype) == ("csr", np.float32)
    np.testing.assert_array_equal(adata.X.data, np.round(adata.X.data))
    cells = adata.X[np.flatnonzero(rows_of(adata, cell_type="tumour"))].toarray().astype(float)
    c = np.exp(0.25**2) - 1  # of the log-normal library sizes
    mean, variance = cells.mean(axis=0), cells.var(axis=0, ddof=1)
    keep = mean > 3
    expected = mean + (0.2 + c + 0.2 * c) * mean**2
    assert np.mean(variance[keep] / expected[keep]) == pytest.approx(1.0, abs=0.1)


def test_composition_differs_between_patients() -> None:
    def spread(sd: float) -> float:
        tissue = simulate(n_samples=30, composition_sd=sd)
        table = tissue.adata.obs.groupby(["sample", "cell_type"], observed=True).size().unstack()
        return float(np.log(table["tumour"] / table["stroma"]).std())

    assert spread(0.5) == pytest.approx(np.sqrt(2) * 0.5, rel=0.3)
    assert spread(0.0) < 0.3


# --- the panels -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", PANELS)
def test_panels_are_planted_where_they_say(name: str) -> None:
    tissue = simulate_tissue(
        n_samples=1, cells_per_sample=20, planted=tissue_panel(name), activity_sd=0.0
    )
    expected = tissue.expected
    for p in tissue.truth.itertuples():
        assert (expected[list(p.silent)] == 0).all(axis=None)
        for genes, home in ((p.ligands, p.source), (p.receptors, p.target)):
            elsewhere = expected.index.drop([home, *(t for _, t, _ in p.extra if t != home)])
            fold = expected.loc[home, list(genes)] / expected.loc[elsewhere, list(genes)].max()
            np.testing.assert_allclose(np.log(fold), 2.0, atol=0.1)
        # IL23 and PDGFB have no response signature
        assert (p.cytokine in load().signatures) == (p.cytokine not in ("IL23", "PDGFB"))
    assert len(tissue.truth) == len(tissue_panel(name))


def test_receptors_of_planted_forms_are_whole_only_in_their_targets() -> None:
    decoy = simulate_tissue(n_samples=1, cells_per_sample=20, planted=tissue_panel("decoy"))
    cpm = decoy.expected
    assert cpm.loc["T cell", "IL1R1"] == 0
    assert cpm.loc["T cell", "IL1R2"] > 10 * cpm.loc["fibroblast", "IL1R2"]
    assert cpm.loc["fibroblast", ["IL1R1", "IL1RAP"]].min() > 25
    il12 = simulate_tissue(n_samples=1, cells_per_sample=20, planted=tissue_panel("IL12")).expected
    il23 = simulate_tissue(n_samples=1, cells_per_sample=20, planted=tissue_panel("IL23")).expected
    assert il12["IL12B"].idxmax() == il23["IL12B"].idxmax() == "dendritic"
    assert (il12["IL23A"] == 0).all() and (il23["IL12A"] == 0).all()
    assert (il12["IL23R"] == 0).all() and (il23["IL12RB2"] == 0).all()


def test_effect_scales_a_panel() -> None:
    half = tissue_panel("single", effect=0.5)
    assert {(p.ligand_effect, p.receptor_effect, p.response_effect) for p in half} == {(1, 1, 0.5)}


# --- the call -------------------------------------------------------------------------------


def test_same_seed_same_bytes() -> None:
    one, two, other = simulate(ONE), simulate(ONE), simulate(ONE, rng=4)
    for part in ("data", "indices", "indptr"):
        assert getattr(one.adata.X, part).tobytes() == getattr(two.adata.X, part).tobytes()
    assert one.adata.obs.equals(two.adata.obs)
    assert one.adata.X.nnz != other.adata.X.nnz


def test_one_sample_a_patient() -> None:
    obs = simulate(conditions=("a", "b")).adata.obs.drop_duplicates("sample")
    assert list(obs["sample"]) == [f"S{i:02d}" for i in range(1, 7)]
    assert obs["donor"].nunique() == 6
    assert list(obs["condition"]) == ["a", "b"] * 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_samples": 0}, "n_samples=0"),
        ({"cells_per_sample": 0}, "cells_per_sample=0"),
        ({"n_genes": 20}, "no room for"),
        ({"cell_types": {}}, "expected shares above 0"),
        ({"cell_types": {"a": -1.0}}, "expected shares above 0"),
        ({"depth": 0}, "above 0 for each of tumour, T cell, stroma"),
        ({"depth": {"tumour": 10.0}}, "above 0 for each of tumour, T cell, stroma"),
        ({"patient_sd": -1.0}, "patient_sd=-1.0"),
        ({"lineage_sd": np.nan}, "lineage_sd=nan"),
        ({"dispersion": 0.0}, "dispersion=0"),
        ({"quiet_cpm": (9.0, 5.0)}, "quiet_cpm=.*lower and the higher"),
        ({"conditions": ("a", "a")}, "two different names"),
    ],
)
def test_errors(options: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        simulate(**options)


@pytest.mark.parametrize(
    ("planted", "message"),
    [
        (Planted("AAA", "B cell", "stroma"), "no cell type is called 'B cell'"),
        (Planted("AAA", "stroma", "stroma", extra=(("X", "Y", 1.0),)), "called 'Y'"),
        (Planted("AAA", "stroma", "stroma", ligand_effect=np.inf), "expected finite numbers"),
        (Planted("AAA", "stroma", "stroma", extra=(("X", "stroma", np.inf),)), "number or -inf"),
    ],
)
def test_what_cannot_be_planted(planted: Planted, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        simulate(planted)


def test_unknown_cytokines_and_panels() -> None:
    with pytest.raises(UsageError, match="NOPE"):
        simulate(Planted("NOPE", "stroma", "stroma"))
    loose = Catalogue.from_signatures([Signature.from_genes("MINE", up=["A", "B"])])
    with pytest.raises(UsageError, match="knows no ligand or no receptor"):
        simulate(Planted("MINE", "stroma", "stroma"), signatures=loose)
    with pytest.raises(UsageError, match="expected one of null, single"):
        tissue_panel("other")
