"""Signatures of compartments, by every method: what a compartment's rows depend on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import cytosig as cs
from cytosig._errors import DataError
from cytosig.methods import ConsensusMethod

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from anndata import AnnData

    from cytosig.signatures import Catalogue

    Tables = dict[str, pd.DataFrame]

WHERE = {"CD8 T": "T_NK", "Macrophage": "myeloid", "Fibroblast": "stromal", "Neuron": "generic"}


@pytest.fixture
def typed(kind, cells: AnnData, few: AnnData) -> AnnData:
    """As many cells as the method scores at once, of four types, two of them without variants."""
    if not kind.whole:
        return cells
    few.obs["cell_type"] = [*WHERE, *WHERE]
    return few


def _own(catalogue: Catalogue, compartment: str) -> Catalogue:
    return catalogue if compartment == "generic" else catalogue.for_compartment(compartment)


def _rows(tables: Tables, mine: np.ndarray) -> Tables:
    return {slot: table[mine] for slot, table in tables.items()}


def test_each_compartment_is_scored_as_if_alone(
    kind, typed: AnnData, varied: Catalogue, run: Callable[..., Tables], same: Callable[..., None]
) -> None:
    """Methods that compare cells compare all of them, each by the signatures of its own."""
    reference = cs.tl.fit_reference(typed)
    for scale in {False, kind.method.centred}:
        options = {**kind.options, "scale": scale, "reference": reference}
        whole = run(typed, signatures=varied, cell_type_key="cell_type", **options)
        for label, compartment in WHERE.items():
            mine = (typed.obs["cell_type"] == label).to_numpy()
            own = _own(varied, compartment)
            if isinstance(kind.method, ConsensusMethod):  # of members that are each as if alone
                continue
            if kind.by_company:
                alone = _rows(run(typed, signatures=own, **options), mine)
            else:
                alone = run(typed[mine].copy(), signatures=own, **options)
            same(_rows(whole, mine), alone)


def test_variants_change_the_rows_of_their_compartment_only(
    kind, typed: AnnData, varied: Catalogue, run: Callable[..., Tables]
) -> None:
    if isinstance(kind.method, ConsensusMethod):  # ranks cells: one that moves, moves others
        return
    generic = run(typed, signatures=varied, **kind.options)["score"]
    whole = run(typed, signatures=varied, cell_type_key="cell_type", **kind.options)["score"]
    changed = typed.obs["cell_type"].isin(["CD8 T", "Macrophage"]).to_numpy()
    differs = (whole != generic).any(axis=1).to_numpy()
    assert not differs[~changed].any()
    # scores of ranks can be 0 by both signatures
    assert differs[changed].mean() > (0.6 if kind.ranks or kind.whole else 0.999)


def test_a_consensus_ranks_all_cells_whatever_their_compartment(
    cells: AnnData, varied: Catalogue, tables: Callable[..., Tables], same: Callable[..., None]
) -> None:
    """It is made of its members' tables as they are stored."""
    from cytosig import methods

    names = ["consensus", "mlm", "ucell"]
    cs.tl.score(cells, signatures=varied, cell_type_key="cell_type", method=names)
    single = [cells.obsm[f"cytosig_{name}_score"].to_numpy() for name in names[1:]]
    joint = methods.get("consensus").combine(single)
    np.testing.assert_array_equal(cells.obsm["cytosig_score"], joint.score)
    np.testing.assert_array_equal(cells.obsm["cytosig_spread"], joint.spread)


def test_a_compartment_of_one_observation(
    plain, few: AnnData, varied: Catalogue, run: Callable[..., Tables]
) -> None:
    """Compared with all others, or refused; one sample alone has nothing to stand out from."""
    few.obs["cell_type"] = ["Macrophage", *["Neuron"] * 7]
    options = {"signatures": varied, "cell_type_key": "cell_type", **plain.options}
    try:
        score = run(few, **options)["score"]
    except DataError:
        assert plain.by_company
        return
    assert np.isfinite(score.to_numpy()).all()
    if not isinstance(plain.method, ConsensusMethod):
        own = varied.for_compartment("myeloid")
        alone = run(few, signatures=own, **plain.options)["score"]
        np.testing.assert_array_equal(score.iloc[0], alone.iloc[0])


def test_every_method_of_a_list_is_as_alone(
    few: AnnData, varied: Catalogue, every: dict[str, object], run: Callable[..., Tables],
    tables: Callable[..., Tables], same: Callable[..., None],
) -> None:  # fmt: skip
    few.obs["cell_type"] = [*WHERE, *WHERE]
    names = [name for name in every["method"] if name not in ("consensus", "gsea")]
    options = {"signatures": varied, "cell_type_key": "cell_type", "n_jobs": 1}
    cs.tl.score(few, method=names, **options)
    for name in names:
        alone = run(few, method=name, **options)
        if name != names[0]:
            alone.pop("ligand")
        key = "cytosig" if name == names[0] else f"cytosig_{name}"
        same(tables(few, key), alone)
        own = list(few.uns[key]["coverage_compartments"].index)
        assert own == ["myeloid:ALPHA", "myeloid:GAMMA", "T_NK:BETA"]
        assert list(few.uns[key]["compartments"]["n"]) == [2, 2, 2, 2]
