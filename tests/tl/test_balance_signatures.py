"""Signatures of one's own in a balance: roles by name, votes, what is said of the others."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from cytosig._errors import UsageError
from cytosig.signatures import load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from anndata import AnnData

NAMES = ["IFNG", "IL12", "TGFB1", "IL10", "VEGFA"]


def _lists() -> dict[str, dict[str, float]]:
    """Lists as they ship, but plain."""
    shipped = load()
    return {shipped.resolve(n): dict(shipped.signatures[shipped.resolve(n)].weights) for n in NAMES}


def test_lists_have_the_shipped_roles_of_their_names(
    balance_bulk: AnnData, balances: Callable
) -> None:
    """Weighed as the shipped lists of the same cytokines are, beside the same ligands."""
    found = balances(balance_bulk, signatures=_lists())
    kept = {id: load().signatures[id] for id in _lists()}
    expected = balances(balance_bulk, signatures=replace(load(), signatures=kept, variants={}))
    each, theirs = found["balance_cytokines"], expected["balance_cytokines"]
    ids = list(_lists())
    assert sorted(each.index) == sorted(ids)
    for name in ("axis", "role", "confidence"):
        assert each[name].to_dict() == theirs[name].to_dict()
    for id in ids:
        role = load().cytokines[id].role
        assert (each["role"][id], each["confidence"][id]) == (role.value, role.confidence)
    for name in ("balance", "anti", "pro"):
        np.testing.assert_allclose(
            found["balance"][name], expected["balance"][name], rtol=1e-9, atol=1e-12
        )


@pytest.mark.parametrize("kind", ["frame", "file"])
def test_frames_and_files_are_as_good(
    balance_bulk: AnnData, balances: Callable, same: Callable, tmp_path: Path, kind: str
) -> None:
    lists = _lists()
    rows = [(id, gene, w) for id, weights in lists.items() for gene, w in weights.items()]
    frame = pd.DataFrame(rows, columns=["source", "target", "weight"])
    given = frame
    if kind == "file":
        given = tmp_path / "mine.csv"
        frame.to_csv(given, index=False)
    same(balances(balance_bulk, signatures=given), balances(balance_bulk, signatures=lists))


def test_other_names_of_a_cytokine_are_known(
    balance_bulk: AnnData, balances: Callable, same: Callable
) -> None:
    lists = _lists()
    assert load().resolve("IFN-gamma") == "IFNG"
    renamed = {("IFN-gamma" if id == "IFNG" else id): w for id, w in lists.items()}
    same(balances(balance_bulk, signatures=renamed), balances(balance_bulk, signatures=lists))


def test_a_list_that_names_no_cytokine_is_told_and_left_out(
    balance_bulk: AnnData, balances: Callable, same: Callable, caplog: pytest.LogCaptureFixture
) -> None:
    lists = _lists()
    genes = [g for g in balance_bulk.var_names if g.startswith("FILL")][:20]
    found = balances(balance_bulk, signatures={**lists, "MINE": dict.fromkeys(genes, 1.0)})
    assert "MINE is the name of no cytokine with a role: no vote." in caplog.text
    assert "MINE" not in found["balance_cytokines"].index
    same(found, balances(balance_bulk, signatures=lists))


def test_two_lists_of_one_cytokine_are_refused(balance_bulk: AnnData, balances: Callable) -> None:
    lists = _lists()
    with pytest.raises(UsageError, match="signatures: 'IFNG' and 'IFN-gamma' are both IFNG"):
        balances(balance_bulk, signatures={**lists, "IFN-gamma": lists["IL10"]})
