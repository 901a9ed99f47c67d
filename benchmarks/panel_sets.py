"""The data sets with a known answer, and how each is read and centred."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anndata as ad

import cytosig as cs

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray


@dataclass(frozen=True)
class StimSet:
    """Observations given a cytokine, and controls.

    Parameters
    ----------
    file
        Name of the ``.h5ad`` file without its ending.
    cases
        Value of ``obs["cytokine"]`` and the catalogue's id, one pair a case.
    batch
        Columns of ``obs`` that together name the block to centre inside.
    paired
        One control a block: ranks are taken inside blocks, AUROC on all controls.
    """

    file: str
    cases: tuple[tuple[str, str], ...]
    batch: tuple[str, ...] = ()
    paired: bool = False
    organism: str = "human"


STIMULATIONS = (
    StimSet(
        "stim_jankowski_hppt",
        (("IFNA", "IFN1"), ("IFNB", "IFN1"), ("IFNG", "IFNG"), ("IL1B", "IL1B")),
    ),
    StimSet("stim_hbec_il13", (("IL13", "IL13"),), ("donor",), paired=True),
    StimSet("stim_t84_il22_ifnl", (("IL22", "IL22"), ("IFNL", "IFNL")), ("time_h",)),
    StimSet(
        "stim_hetil15_nanostring_mouse",
        (("IL15", "IL15"),),
        ("tissue", "timepoint"),
        organism="mouse",
    ),
)


@dataclass(frozen=True)
class Contrast:
    """One row of log fold changes: what was given, and whether its sign is inverted."""

    row: str
    true: str
    inverted: bool = False


CONTRASTS = (
    Contrast("TGFB_IL6_timeseries", "TGFB1"),
    Contrast("TGFB_IL6_timeseries", "IL6"),
    Contrast("bmp4_tgfb", "BMP"),
    Contrast("spectrum_Il4", "IL4", inverted=True),
    Contrast("tgfb_bmp4", "TGFB1", inverted=True),
)


@dataclass(frozen=True)
class Activities:
    """z of cytokines and of axes."""

    cytokine: pd.DataFrame
    axis: pd.DataFrame


def read(folder: Path, name: str, /) -> ad.AnnData:
    """A set of the development data."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return ad.read_h5ad(folder / f"{name}.h5ad")


def read_stimulation(folder: Path, which: StimSet, /) -> ad.AnnData:
    """The set without combined stimuli, its block in ``obs["block"]``."""
    adata = read(folder, which.file)
    asked = ["control", *(label for label, _ in which.cases)]
    adata = adata[adata.obs["cytokine"].astype(str).isin(asked)].copy()
    if which.batch:
        parts = [adata.obs[key].astype(str) for key in which.batch]
        adata.obs["block"] = parts[0].str.cat(parts[1:], sep=" ")
    return adata


def activities(adata: ad.AnnData, /, **options: object) -> Activities:
    """Score a copy."""
    scored = cs.tl.score(adata, copy=True, **options)
    return Activities(scored.obsm["cytosig_score"], scored.obsm["cytosig_axis"])


def axis_of(id: str, /) -> str:
    """The axis a cytokine belongs to."""
    return next(a.id for a in cs.signatures.load().axes.values() if id in a.members)


def labelled(adata: ad.AnnData, label: str, /) -> NDArray[np.bool_]:
    """Observations with that value of ``obs["cytokine"]``."""
    mask: NDArray[np.bool_] = (adata.obs["cytokine"].astype(str) == label).to_numpy()
    return mask
