"""Colours of scores that are not z."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import cytosig as cs
from cytosig.pl.heatmap import colour_limits

if TYPE_CHECKING:
    from collections.abc import Callable

    from anndata import AnnData


def test_limits_of_one_sided_scores_are_percentiles() -> None:
    values = np.arange(101.0).reshape(1, 101)
    assert colour_limits(values, False) == (2.0, 98.0)
    assert colour_limits(values - 200, True) == (-198.0, 198.0)


@pytest.mark.parametrize("fill", [np.nan, 0.25])
def test_limits_where_values_do_not_say(fill: float) -> None:
    low, high = colour_limits(np.full((2, 3), fill), False)
    assert low < high
    assert low == (0.0 if np.isnan(fill) else fill)


def test_a_one_sided_score_has_its_own_colours_and_name(stored: Callable[..., AnnData]) -> None:
    adata = stored(np.random.default_rng(0).uniform(0, 0.5, (6, 5)))
    adata.uns["cytosig"] |= {"unit": "UCell score", "about_zero": False}
    ax = cs.pl.heatmap(adata)
    low, high = ax.images[0].get_clim()
    values = adata.obsm["cytosig_score"].to_numpy()
    assert (low, high) == pytest.approx((np.percentile(values, 2), np.percentile(values, 98)))
    assert ax.images[0].get_cmap().name == "Blues"
    assert ax.figure.axes[1].get_ylabel() == "UCell score"


def test_a_further_method_is_drawn_by_its_key() -> None:
    adata = cs.datasets.oligodendroglioma()
    cs.tl.score(adata, method=["ulm", "singscore"], n_jobs=1)
    ax = cs.pl.heatmap(adata, groupby="cell_type", key="cytosig_singscore", cluster=False)
    means = (
        adata.obsm["cytosig_singscore_score"].groupby(adata.obs["cell_type"], observed=True).mean()
    )
    np.testing.assert_allclose(
        np.ma.filled(ax.images[0].get_array(), np.nan), means.to_numpy(), rtol=1e-12
    )
    low, high = ax.images[0].get_clim()
    assert low == -high
    assert ax.figure.axes[1].get_ylabel() == "mean singscore"
