"""The ligand channel: what a cytokine's working forms add up to, by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import cytosig as cs
from cytosig._errors import DataError

if TYPE_CHECKING:
    from anndata import AnnData

    from cytosig.signatures import Catalogue


@pytest.mark.parametrize("kind", ["counts", "logged"])
def test_ligand_forms_by_hand(
    request: pytest.FixtureRequest, logged: AnnData, small: Catalogue, kind: str
) -> None:
    """AND is the smaller subunit, OR adds on the linear scale."""
    adata = request.getfixturevalue(kind)
    cs.tl.score(adata, signatures=small)
    level = {g: logged[:, g].X.toarray().ravel() for g in ("IL12A", "IL12B", "IL17A", "IL17F",
             "IFNG")}  # fmt: skip
    ligand = adata.obsm["cytosig_ligand"]
    expected = {
        "ALPHA": np.minimum(level["IL12A"], level["IL12B"]),
        "BETA": np.log1p(np.expm1(level["IL17A"]) + np.expm1(level["IL17F"])),
        "GAMMA": level["IFNG"],
    }
    assert any(values.any() for values in level.values())
    for id, values in expected.items():
        np.testing.assert_allclose(ligand[id], values, rtol=1e-5, atol=1e-6)


def test_ligands_of_log2_values_add_in_base_two(logged: AnnData, small: Catalogue) -> None:
    logged.X = logged.X / np.log(2)
    cs.tl.score(logged, signatures=small)
    a, f = (logged[:, g].X.toarray().ravel() for g in ("IL17A", "IL17F"))
    expected = np.log2(2**a + 2**f - 1)
    np.testing.assert_allclose(
        logged.obsm["cytosig_ligand"]["BETA"], expected, rtol=1e-5, atol=1e-6
    )


def test_a_missing_subunit_is_no_expression_level(logged: AnnData, small: Catalogue) -> None:
    keep = [g for g in logged.var_names if g not in ("IL12B", "IL17A")]
    part = logged[:, keep].copy()
    cs.tl.score(part, signatures=small)
    assert part.obsm["cytosig_ligand"]["ALPHA"].isna().all()
    other = part[:, "IL17F"].X.toarray().ravel()
    np.testing.assert_allclose(part.obsm["cytosig_ligand"]["BETA"], other, rtol=1e-6)


def test_ligands_of_plain_log2_values(logged: AnnData, small: Catalogue) -> None:
    """log2(TPM + 0.001) goes below zero; two forms still add on the linear scale."""
    linear = np.expm1(logged.X.toarray()) * 100 + 0.001
    logged.X = np.log2(linear)
    cs.tl.score(logged, signatures=small)
    a, f = (linear[:, logged.var_names.get_loc(g)] for g in ("IL17A", "IL17F"))
    found = logged.obsm["cytosig_ligand"]["BETA"]
    np.testing.assert_allclose(found, np.log2(a + f), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("kind", ["counts", "linear"])
def test_ligands_of_values_taken_as_they_are_add_up(
    counts: AnnData, small: Catalogue, kind: str
) -> None:
    """Two forms of counts, or of TPM, are their sum; neither is there where both are zero."""
    counts.X = counts.X * (1.0 if kind == "counts" else 30.5)
    cs.tl.score(counts, signatures=small, normalize="none")
    assert f"values: {kind} (" in " ".join(counts.uns["cytosig"]["notes"])
    a, f = (counts[:, g].X.toarray().ravel() for g in ("IL17A", "IL17F"))
    assert ((a + f) == 0).any()
    np.testing.assert_allclose(counts.obsm["cytosig_ligand"]["BETA"], a + f, rtol=1e-6)


def test_a_level_that_would_be_infinite_is_refused(logged: AnnData, small: Catalogue) -> None:
    """Logarithms of no number, in a row that is not among those looked at first."""
    logged.X = logged.X.toarray()
    logged.X[8, logged.var_names.get_loc("IL17A")] = 5e3
    logged.X[8, logged.var_names.get_loc("IL17F")] = 5e3
    for call in (cs.tl.channels, cs.tl.score):
        options = {} if call is cs.tl.channels else {"method": "ucell"}
        with pytest.raises(DataError, match="ligand of BETA would be infinite at observation 8"):
            call(logged, signatures=small, **options)
    assert list(logged.obsm) == []
