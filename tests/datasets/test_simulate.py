"""Simulated cohorts: what was planted is found again by plain arithmetic and scipy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import stats

from cytosig._errors import UsageError
from cytosig.datasets import Program, SimulatedCohort, simulate_cohort
from cytosig.signatures import Catalogue, Cytokine, Signature, load
from cytosig.signatures.model import Form, Role

if TYPE_CHECKING:
    from anndata import AnnData

TYPES = ("tumour", "T cell", "stroma")


def make_cytokine(id: str, ligand: tuple[str, ...], receptor: tuple[str, ...]) -> Cytokine:
    role = Role(0.0, "dual", "low", "made for a test")
    return Cytokine(
        id, f"{id} cytokine", "test", (Form("L", ligand),), (Form("R", receptor),), role
    )


def make_catalogue() -> Catalogue:
    """Two cytokines with 60 graded response genes each, one (MUTE) without a signature."""
    grades = np.concatenate([np.linspace(0.25, 1.5, 40), -np.linspace(0.25, 1.0, 20)])
    weights = {
        id: {f"{id}{i:02d}": float(w) for i, w in enumerate(grades)} for id in ("AAA", "BBB")
    }
    weights["AAA"]["AAA_L1"] = 1.0  # its own ligand
    signatures = {id: Signature.from_weights(id, w) for id, w in weights.items()}
    cytokines = (
        make_cytokine("AAA", ("AAA_L1", "AAA_L2"), ("AAA_R1", "AAA_R2")),
        make_cytokine("BBB", ("BBB_L",), ("BBB_R",)),
        make_cytokine("MUTE", ("MUTE_L",), ("MUTE_R",)),
    )
    return Catalogue(signatures, {c.id: c for c in cytokines})


HAND = make_catalogue()
PLANTED = (
    Program("AAA", "T cell", "tumour", effect=1.0, condition_effect=0.8),
    Program("BBB", "stroma", "T cell", effect=0.6, condition_effect=-0.5),
)


def simulate(sample_sd: float = 0.3, n_samples: int = 6, paired: bool = False) -> SimulatedCohort:
    return simulate_cohort(
        n_samples=n_samples,
        cells_per_sample=120,
        n_genes=600,
        cell_types=TYPES,
        programs=PLANTED,
        sample_sd=sample_sd,
        paired=paired,
        rng=3,
        signatures=HAND,
    )


@pytest.fixture(scope="module")
def fixed() -> SimulatedCohort:
    """No sample effects: every shift is exactly what the programs say."""
    return simulate(sample_sd=0.0)


@pytest.fixture(scope="module")
def curated() -> SimulatedCohort:
    return simulate_cohort(rng=1)


def log_cpm(adata: AnnData, cells: np.ndarray) -> np.ndarray:
    """Natural log of counts per million of the pooled cells, prior count 0.5."""
    pooled = np.asarray(adata.X[np.flatnonzero(cells)].sum(axis=0)).ravel()
    return np.log((pooled + 0.5) / pooled.sum() * 1e6)


def slope(adata: AnnData, difference: np.ndarray, signature: Signature, skip: str = "_L") -> float:
    genes = [g for g in signature.weights if skip not in g]
    columns = adata.var_names.get_indexer(genes)
    weights = [signature.weights[g] for g in genes]
    return float(stats.linregress(weights, difference[columns]).slope)


# --- what was planted -----------------------------------------------------------------------


@pytest.mark.parametrize("planted", PLANTED, ids=lambda p: p.cytokine)
def test_response_shift_is_effect_times_weight(fixed: SimulatedCohort, planted: Program) -> None:
    adata, control = fixed.adata, fixed.adata.obs["condition"] == "control"
    target = adata.obs["cell_type"] == planted.target
    difference = log_cpm(adata, control & target) - log_cpm(adata, control & ~target)
    found = slope(adata, difference, HAND.signatures[planted.cytokine])
    assert found == pytest.approx(planted.effect, abs=0.1)


@pytest.mark.parametrize("planted", PLANTED, ids=lambda p: p.cytokine)
def test_condition_effect_has_its_size_and_sign(fixed: SimulatedCohort, planted: Program) -> None:
    adata, treated = fixed.adata, fixed.adata.obs["condition"] == "treated"
    signature = HAND.signatures[planted.cytokine]
    target = adata.obs["cell_type"] == planted.target
    inside = log_cpm(adata, treated & target) - log_cpm(adata, ~treated & target)
    outside = log_cpm(adata, treated & ~target) - log_cpm(adata, ~treated & ~target)
    assert slope(adata, inside, signature) == pytest.approx(planted.condition_effect, abs=0.1)
    assert slope(adata, outside, signature) == pytest.approx(0.0, abs=0.1)


@pytest.mark.parametrize("planted", PLANTED, ids=lambda p: p.cytokine)
def test_every_subunit_is_on_only_where_planted(fixed: SimulatedCohort, planted: Program) -> None:
    adata, known = fixed.adata, HAND.cytokines[planted.cytokine]
    for form, home in ((known.ligands[0], planted.source), (known.receptors[0], planted.target)):
        cells = adata.obs["cell_type"] == home
        difference = log_cpm(adata, cells) - log_cpm(adata, ~cells)
        assert (difference[adata.var_names.get_indexer(form.genes)] > 3).all()


def test_ligand_rises_with_the_condition_and_no_target_makes_it(fixed: SimulatedCohort) -> None:
    adata, treated = fixed.adata, fixed.adata.obs["condition"] == "treated"
    source = adata.obs["cell_type"] == "T cell"
    rise = log_cpm(adata, treated & source) - log_cpm(adata, ~treated & source)
    columns = adata.var_names.get_indexer(["AAA_L1", "AAA_L2"])
    np.testing.assert_allclose(rise[columns], 0.8, atol=0.25)
    # AAA_L1 is in AAA's own signature; it must not rise in AAA's targets
    target = np.flatnonzero(adata.obs["cell_type"] == "tumour")
    assert adata.X[target][:, columns].mean() < 0.05


def test_activity_is_the_shift_of_each_cell(fixed: SimulatedCohort) -> None:
    obs, activity = fixed.adata.obs, fixed.activity
    treated = (obs["condition"] == "treated").to_numpy()
    for p in PLANTED:
        target = (obs["cell_type"] == p.target).to_numpy()
        expected = target * (p.effect + p.condition_effect * treated)
        np.testing.assert_allclose(activity[p.cytokine], expected)
    assert list(activity.index) == list(fixed.adata.obs_names)


def test_truth_names_the_programs(fixed: SimulatedCohort) -> None:
    rows = [tuple(row) for row in fixed.truth.itertuples(index=False)]
    assert rows == [
        ("AAA", "T cell", "tumour", 1.0, 0.8),
        ("BBB", "stroma", "T cell", 0.6, -0.5),
    ]
    assert list(fixed.truth.columns) == [
        "cytokine", "source", "target", "effect", "condition_effect",
    ]  # fmt: skip


def test_sample_effect_is_in_the_data_and_in_the_activity() -> None:
    cohort = simulate(sample_sd=0.6, n_samples=10)
    adata, signature = cohort.adata, HAND.signatures["AAA"]
    target = adata.obs["cell_type"] == "tumour"
    found, planted = [], []
    for sample in adata.obs["sample"].cat.categories:
        here = adata.obs["sample"] == sample
        difference = log_cpm(adata, here & target) - log_cpm(adata, here & ~target)
        found.append(slope(adata, difference, signature))
        planted.append(cohort.activity.loc[(here & target).to_numpy(), "AAA"].unique().item())
    assert stats.pearsonr(found, planted).statistic > 0.9


def test_paired_donors_share_half_of_the_variance() -> None:
    cohort = simulate_cohort(
        n_samples=800, cells_per_sample=8, n_genes=400, cell_types=TYPES, depth=50,
        programs=[Program("AAA", "T cell", "tumour")], sample_sd=0.4, paired=True, rng=5,
        signatures=HAND,
    )  # fmt: skip
    obs = cohort.adata.obs.assign(activity=cohort.activity["AAA"].to_numpy())
    cells = obs[obs["cell_type"] == "tumour"]
    table = cells.pivot_table(
        index="donor", columns="condition", values="activity", observed=True
    ).dropna()
    assert len(table) > 300
    assert stats.pearsonr(table["control"], table["treated"]).statistic == pytest.approx(
        0.5, abs=0.12
    )
    assert table.to_numpy().std() == pytest.approx(0.4, rel=0.1)


def test_design_of_samples_donors_and_conditions() -> None:
    for paired, donors in ((False, 6), (True, 3)):
        obs = simulate(paired=paired).adata.obs.drop_duplicates("sample")
        assert list(obs["condition"]) == ["control", "treated"] * 3
        assert obs["donor"].nunique() == donors
        assert (obs.groupby("donor", observed=True).size() == 6 // donors).all()


# --- the counts -----------------------------------------------------------------------------


def test_counts_are_whole_and_libraries_have_their_depth(curated: SimulatedCohort) -> None:
    x = curated.adata.X
    assert (x.format, x.dtype) == ("csr", np.float32)
    np.testing.assert_array_equal(x.data, np.round(x.data))
    assert x.data.min() >= 1
    library = np.asarray(x.sum(axis=1)).ravel()
    assert library.mean() == pytest.approx(3000, rel=0.03)
    assert 0.2 < library.std() / library.mean() < 0.3


def test_counts_are_negative_binomial(fixed: SimulatedCohort) -> None:
    """Var = m + (phi + c + phi*c) m^2 for dispersion phi and log-normal size variance c."""
    obs = fixed.adata.obs
    cells = ((obs["cell_type"] == "stroma") & (obs["condition"] == "control")).to_numpy()
    x = fixed.adata.X[np.flatnonzero(cells)].toarray().astype(float)
    mean, variance = x.mean(axis=0), x.var(axis=0, ddof=1)
    keep = mean > 3
    c = np.exp(0.25**2) - 1
    expected = mean + (0.2 + c + 0.2 * c) * mean**2
    assert keep.sum() > 100
    assert np.mean(variance[keep] / expected[keep]) == pytest.approx(1.0, abs=0.1)


def test_cell_types_differ_in_their_markers_and_nowhere_else() -> None:
    cohort = simulate_cohort(
        n_genes=600, cell_types=TYPES, programs=(), sample_sd=0, signatures=HAND
    )
    adata = cohort.adata
    assert cohort.truth.empty
    assert cohort.activity.shape == (adata.n_obs, 0)
    first = list(adata.var_names).index("BG0001")
    for k, name in enumerate(TYPES):
        cells = adata.obs["cell_type"] == name
        difference = log_cpm(adata, cells) - log_cpm(adata, ~cells)
        own = np.zeros(adata.n_vars, dtype=bool)
        own[first + 30 * k : first + 30 * (k + 1)] = True
        rest = np.arange(adata.n_vars) >= first + 30 * len(TYPES)
        assert np.median(difference[own]) - np.median(difference[rest]) == pytest.approx(
            2.5, abs=0.2
        )


def test_sample_sd_moves_genes_and_cell_type_proportions(fixed: SimulatedCohort) -> None:
    def spread(cohort: SimulatedCohort) -> float:
        table = cohort.adata.obs.groupby(["sample", "cell_type"], observed=True).size()
        return float(table.std())

    assert spread(simulate(sample_sd=0.8)) > 2 * spread(fixed)


# --- the call -------------------------------------------------------------------------------


def test_same_seed_same_bytes() -> None:
    one, two = simulate(), simulate()
    for part in ("data", "indices", "indptr"):
        left, right = getattr(one.adata.X, part), getattr(two.adata.X, part)
        assert left.tobytes() == right.tobytes()
    assert one.adata.obs.equals(two.adata.obs)
    assert one.activity.equals(two.activity)


def test_curated_default(curated: SimulatedCohort) -> None:
    adata, catalogue = curated.adata, load()
    assert adata.shape == (1200, 4000)
    assert adata.var_names.is_unique
    assert set(catalogue.genes) <= set(adata.var_names)
    assert list(adata.var_names[: len(catalogue.genes)]) == catalogue.genes
    assert list(curated.truth["cytokine"]) == ["IFNG", "TGFB1", "IL6", "TNF"]
    # each programme pulls its own signature up in its target, all else being shared
    for row in curated.truth.itertuples():
        target = adata.obs["cell_type"] == row.target
        difference = log_cpm(adata, target) - log_cpm(adata, ~target)
        weights = catalogue[row.cytokine].weights
        columns = adata.var_names.get_indexer(list(weights))
        fit = stats.linregress(list(weights.values()), difference[columns])
        planted = curated.activity.loc[target.to_numpy(), row.cytokine].mean()
        assert fit.slope == pytest.approx(planted, abs=4 * fit.stderr), row.cytokine
        assert fit.slope > 3 * fit.stderr, row.cytokine
        source = adata.obs["cell_type"] == row.source
        ligand = adata.var_names.get_indexer(catalogue.cytokines[row.cytokine].ligands[0].genes)
        fold = log_cpm(adata, source) - log_cpm(adata, ~source)
        assert (fold[ligand] > 2).all()


def test_two_sources_of_one_cytokine_add_up() -> None:
    planted = [Program("AAA", "T cell", "tumour"), Program("AAA", "stroma", "tumour", effect=0.5)]
    cohort = simulate_cohort(
        n_samples=2, n_genes=400, cell_types=TYPES, programs=planted, sample_sd=0, signatures=HAND
    )
    target = (cohort.adata.obs["cell_type"] == "tumour").to_numpy()
    np.testing.assert_allclose(cohort.activity["AAA"], 1.5 * target)
    assert len(cohort.truth) == 2


def test_too_few_genes_says_how_many_are_needed() -> None:
    # 120 response, 4 ligand and 4 receptor genes, 30 markers for each of 3 types
    with pytest.raises(UsageError, match=r"n_genes=217 is too few.*give at least 218"):
        simulate_cohort(n_genes=217, cell_types=TYPES, programs=PLANTED, signatures=HAND)


def test_no_knowledge_no_planting() -> None:
    mute = [Program("MUTE", "T cell", "tumour")]
    with pytest.raises(UsageError, match=r"cannot plant MUTE.*AAA, BBB"):
        simulate_cohort(cell_types=TYPES, programs=mute, signatures=HAND)
    loose = Catalogue.from_signatures([Signature.from_genes("MINE", up=["A", "B"])])
    with pytest.raises(UsageError, match="none in this catalogue"):
        simulate_cohort(programs=[Program("MINE", "T cell", "malignant")], signatures=loose)
