"""What changes with a condition, against ordinary least squares of statsmodels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from cytosig.stats.families import two_levels
from cytosig.stats.moderated import moderated_t

if TYPE_CHECKING:
    from collections.abc import Callable

    from anndata import AnnData

    from cytosig.signatures import Catalogue

PARTS = ("output", "recruitment", "induction")
N = 10
OF_SAMPLE = pd.DataFrame(
    {
        "arm": ["on", "off"] * 5,
        "stage": pd.Categorical(["II", "I", "III", "I", "II", "III", "I", "II", "III", "I"]),
        "donor": [f"p{i // 2}" for i in range(N)],
        "age": [50.0, 61, 47, 70, 66, 58, 43, 75, 52, 60],
        "dose": [0, 1, 2, 4, 8, 0, 1, 2, 4, 8],
    },
    index=[f"s{i}" for i in range(N)],
)
ASKED = {  # options, then by contrast the column of the design below that is tested
    "groups": ({"condition_key": "arm"}, {"on - off": "arm_on"}),
    "baseline": ({"condition_key": "arm", "baseline": "on"}, {"off - on": "arm_off"}),
    "pairs": ({"condition_key": "arm", "pair_key": "donor"}, {"on - off": "arm_on"}),
    "covariate": ({"condition_key": "arm", "covariates": ["age"]}, {"on - off": "arm_on"}),
    "numbers": ({"condition_key": "dose"}, {"per unit of dose": "dose"}),
    "three": (
        {"condition_key": "stage"}, {"II - I": "stage_II", "III - I": "stage_III"},
    ),
}  # fmt: skip


def design_of(options: dict[str, object]) -> pd.DataFrame:
    """With the dummies of pandas; nothing of ours."""
    key = str(options["condition_key"])
    columns = pd.get_dummies(OF_SAMPLE[[key]], prefix=key, dtype=float)
    columns = columns.rename(columns={f"{key}_{key}": key})
    if key != "dose":
        columns = columns.drop(
            columns=f"{key}_{options.get('baseline', columns.columns[0][len(key) + 1 :])}"
        )
    parts = [pd.Series(1.0, OF_SAMPLE.index, name="const"), columns]
    if "pair_key" in options:
        parts.append(pd.get_dummies(OF_SAMPLE["donor"], dtype=float).iloc[:, 1:])
    if "covariates" in options:
        parts.append(OF_SAMPLE[list(options["covariates"])])
    return pd.concat(parts, axis=1)


@pytest.fixture(scope="module")
def adata(cells: Callable) -> AnnData:
    """Ten samples; a type is too rare in one of them."""
    found = cells(n_samples=N, seed=6)
    rare = ((found.obs["sample"] == "s3") & (found.obs["cell_type"] == "stroma")).to_numpy()
    found = found[~rare | (np.cumsum(rare) <= 6)].copy()
    for name, values in OF_SAMPLE.items():
        found.obs[name] = values.loc[found.obs["sample"]].to_numpy()
    return found


@pytest.fixture(scope="module")
def held(adata: AnnData, pool: Callable) -> object:
    return pool(adata)


def parts_of(held: object, made: np.ndarray, t: int) -> pd.DataFrame:
    """Output is the share of all cells times the CPM of a cell, in logarithms."""
    share = np.log2(held.n[:, t] / held.n.sum(axis=1))
    induction = held.log(made)[:, t]
    columns = {"output": share + induction, "recruitment": share, "induction": induction}
    return pd.DataFrame(columns, index=held.samples)[~np.isnan(induction)]


def rows_of(table: pd.DataFrame, id: str, contrast: str) -> pd.DataFrame:
    mine = table[(table["cytokine"] == id) & (table["contrast"] == contrast)]
    return mine.set_index("cell_type")


# --- sources --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ASKED)
def test_output_recruitment_and_induction_are_least_squares(
    adata: AnnData, held: object, ask: Callable, only: Callable, name: str
) -> None:
    """A cytokine asked for alone borrows no variance."""
    options, contrasts = ASKED[name]
    table = ask("sources", adata, signatures=only("MUTE"), level=0.9, **options)["sources_change"]
    assert set(table["contrast"]) == set(contrasts)
    for contrast, column in contrasts.items():
        found = rows_of(table, "MUTE", contrast)
        for t, type_ in enumerate(held.types):
            values = parts_of(held, held.of("MUL"), t)
            x = design_of(options).loc[values.index]
            assert found.loc[type_, "n_samples"] == len(values)
            for part in PARTS:
                fit = sm.OLS(values[part], x).fit()
                low, high = fit.conf_int(0.1).loc[column]
                expected = [fit.params[column], low, high, fit.pvalues[column]]
                names = [part, f"{part}_low", f"{part}_high", f"{part}_p"]
                assert found.loc[type_, names].tolist() == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize("name", ["groups", "pairs", "numbers"])
def test_the_two_parts_add_up(adata: AnnData, ask: Callable, toy: Catalogue, name: str) -> None:
    table = ask("sources", adata, signatures=toy, **ASKED[name][0])["sources_change"]
    whole = table["recruitment"] + table["induction"]
    np.testing.assert_allclose(table["output"], whole, rtol=0, atol=1e-12)
    assert len(table) == len(toy.cytokines) * 4


def test_cytokines_of_a_type_lend_each_other_their_variance(
    adata: AnnData, held: object, ask: Callable, toy: Catalogue
) -> None:
    """Recruitment is one number a type, and borrows nothing."""
    options, _ = ASKED["groups"]
    table = ask("sources", adata, signatures=toy, **options)["sources_change"]
    single = {"SOLO": "SOL", "NEST": "NEL", "SHOW": "SHL", "TRANS": "TRL", "COPY": "COL",
              "MUTE": "MUL"}  # fmt: skip
    made = {id: held.of(gene) for id, gene in single.items()}
    made["DUO"] = np.minimum(held.of("DUA"), held.of("DUB"))
    made["EITHER"] = held.of("EIA") + held.of("EIB")
    for t, type_ in enumerate(held.types):
        for part in PARTS:
            values = pd.DataFrame({id: parts_of(held, cpm, t)[part] for id, cpm in made.items()})
            fit = moderated_t(
                values, design_of(options).loc[values.index], coefficient="arm_on",
                moderate=part != "recruitment",
            ).table  # fmt: skip
            mine = table[table["cell_type"] == type_].set_index("cytokine").loc[list(made)]
            np.testing.assert_allclose(mine[part], fit["estimate"], rtol=1e-7, atol=1e-12)
            np.testing.assert_allclose(mine[f"{part}_p"], fit["p"], rtol=1e-7)
            np.testing.assert_allclose(mine[f"{part}_low"], fit["ci_low"], rtol=1e-6)


def test_q_of_each_contrast_is_its_own(adata: AnnData, ask: Callable, toy: Catalogue) -> None:
    found = ask("sources", adata, signatures=toy, condition_key="stage")["sources_change"]
    found["p"] = found["output_p"]
    other = ask("targets", adata, signatures=toy, condition_key="stage")["targets_change"]
    for table in (found, other):
        for contrast in ("II - I", "III - I"):
            mine = table[table["contrast"] == contrast]
            expected = two_levels(mine["p"], mine["cytokine"].to_numpy(dtype=str))
            np.testing.assert_array_equal(mine["q"], expected)


def test_a_type_without_samples_enough_is_left_out(
    adata: AnnData, ask: Callable, only: Callable
) -> None:
    """Stroma in one arm only; T cells in two samples."""
    lost = (adata.obs["cell_type"] == "stroma") & (adata.obs["arm"] == "on")
    lost |= (adata.obs["cell_type"] == "T cell") & ~adata.obs["sample"].isin(["s0", "s1"])
    part = adata[~lost].copy()
    for call in ("sources", "targets"):
        table = ask(call, part, signatures=only("NEST"), condition_key="arm")[f"{call}_change"]
        assert sorted(table["cell_type"]) == ["macrophage", "tumour"]


# --- targets --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ASKED)
def test_the_change_of_a_response_and_its_error(
    adata: AnnData, held: object, ask: Callable, only: Callable, toy: Catalogue,
    scaled: Callable, name: str,
) -> None:  # fmt: skip
    """Least squares, with what any other genes change by added to the error."""
    options, contrasts = ASKED[name]
    table = ask("targets", adata, signatures=only("NEST"), **options)["targets_change"]
    values, expressed = scaled(held)
    weights = toy.signatures["NEST"].weights
    total = sum(map(abs, weights.values()))
    w = np.array(list(weights.values())) / total
    columns = [held.genes.index(g) for g in weights]
    for contrast, column in contrasts.items():
        found = rows_of(table, "NEST", contrast)
        for t, type_ in enumerate(held.types):
            there = ~np.isnan(values[:, t, 0])
            x = design_of(options).loc[np.array(held.samples)[there]]
            fit = sm.OLS(values[there, t][:, columns] @ w, x.to_numpy()).fit()
            j = list(x.columns).index(column)
            each = [sm.OLS(y, x.to_numpy()).fit() for y in values[there, t][:, expressed].T]
            tau2 = np.mean([one.params[j] ** 2 - one.bse[j] ** 2 for one in each])
            further = max(0.0, tau2) * (0.99 * (w**2).sum() + 0.01 * w.sum() ** 2)
            own = fit.bse[j] ** 2
            se = np.sqrt(own + further)
            df = fit.df_resid * ((own + further) / own) ** 2
            estimate = fit.params[j]
            expected = [
                estimate, *stats.t.interval(0.95, df, estimate, se),
                2 * stats.t.sf(abs(estimate) / se, df),
            ]  # fmt: skip
            names = ["response", "ci_low", "ci_high", "p"]
            assert found.loc[type_, names].tolist() == pytest.approx(expected, rel=1e-6)
            assert found.loc[type_, "n_samples"] == there.sum()
