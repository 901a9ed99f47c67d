"""What is done with a damaged file, as a user would, and whether what comes of it may stand."""

from __future__ import annotations

import contextlib
import io
import shutil
import tempfile
import warnings
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import anndata as ad
import numpy as np
import pandas as pd
from anndata.io import read_elem
from scipy import sparse

import cytosig as cs
from cytosig.cli import _check, _metadata
from cytosig.engine.reference import Reference
from cytosig.io.lazy import opened
from cytosig.signatures import context, network
from reliability.fuzz.case import SETS, counts
from reliability.fuzz.seeds import command

if TYPE_CHECKING:
    from collections.abc import Callable

    from reliability.fuzz.case import Case

    Call = Callable[[Path, Case], str]

SLOTS = ("cytosig_score", "cytosig_pvalue", "cytosig_axis", "cytosig_axis_pvalue", "cytosig_ligand")
SAME, VALID = "same", "valid"
IN, OUT = "in", "out"


class Invalid(Exception):  # noqa: N818 - a finding, not an error of ours
    """A result that may not stand, and nobody said so."""


@cache
def _catalogue() -> cs.signatures.Catalogue:
    return cs.signatures.load().subset(SETS)


@cache
def _whole() -> ad.AnnData:
    """The undamaged data, scored."""
    made = counts()
    _score(made)
    return made


def _score(adata: ad.AnnData, **how: object) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cs.tl.score(adata, n_jobs=1, **{"signatures": _catalogue(), **how})


def judged(adata: ad.AnnData, known: ad.AnnData | None = None) -> str:
    """SAME where the scores are those of the undamaged data; Invalid where they are none."""
    record = adata.uns["cytosig"]
    for table, tested in (
        ("cytosig_score", "cytosig_pvalue"),
        ("cytosig_axis", "cytosig_axis_pvalue"),
    ):
        if table not in adata.obsm:
            continue  # sets of a user have no axes
        z, p = adata.obsm[table], adata.obsm[tested]
        if list(z.columns) != list(p.columns) or not z.index.equals(adata.obs_names):
            raise Invalid(f"{table} and {tested} differ in their names")
        z, p = z.to_numpy(dtype=float), p.to_numpy(dtype=float)
        if (np.isfinite(z) != np.isfinite(p)).any() or np.isinf(z).any():
            raise Invalid(f"{table}: a p-value without a score, or a score without one")
        if not ((p > 0) & (p <= 1) | np.isnan(p)).all():
            raise Invalid(f"{tested}: {np.nanmin(p)} to {np.nanmax(p)}")
    if "coverage" not in record:
        raise Invalid("no coverage")
    return SAME if _equal(adata, _whole() if known is None else known) else VALID


def _equal(left: ad.AnnData, right: ad.AnnData) -> bool:
    for name in SLOTS:
        one, two = left.obsm.get(name), right.obsm.get(name)
        if one is None or two is None or list(one.columns) != list(two.columns):
            return False
        if not one.index.equals(two.index):
            return False
        if not np.array_equal(one.to_numpy(float), two.to_numpy(float), equal_nan=True):
            return False
    return True


def read(place: Path, case: Case) -> str:
    """cs.read, then scores of what it gives."""
    adata = cs.read(place / IN / case.root)
    matrix = adata.X
    if matrix is None:
        return VALID  # layers or raw only: no matrix to score by default
    if matrix.shape != (len(adata.obs_names), len(adata.var_names)):
        raise Invalid(f"a matrix of {matrix.shape} for {adata.shape}")
    if sparse.issparse(matrix) and matrix.nnz and matrix.indices.max() >= matrix.shape[1]:
        raise Invalid("a matrix that points outside itself")
    _score(adata)
    return judged(adata)


def stream(place: Path, case: Case) -> str:
    """``cytosig score FILE -o OUT``, rows read from the file."""
    out = place / OUT / f"out{Path(case.root).suffix}"
    command(place / IN, case.root, "-o", str(out))
    return judged(_results(out))


def batches(place: Path, case: Case) -> str:
    """The same, samples centred inside their donor: columns of obs are read, too."""
    out = place / OUT / "out.h5ad"
    command(place / IN, case.root, "-o", str(out), "--batch", "donor")
    return judged(_results(out))


def _results(out: Path) -> ad.AnnData:
    """What was written; parts that were never read are copied as damaged as they were."""
    try:
        return ad.read_zarr(out) if out.is_dir() else ad.read_h5ad(out)
    except Exception:
        with opened(out, "zarr" if out.is_dir() else "h5ad") as store:
            obsm = {name: read_elem(store[f"obsm/{name}"]) for name in SLOTS}
            uns = {"cytosig": read_elem(store["uns/cytosig"])}
            return ad.AnnData(obs=read_elem(store["obs"]), obsm=obsm, uns=uns)


def resumed(place: Path, case: Case) -> str:
    """``--resume`` of a run whose files are damaged: the input is whole, so must be the result."""
    out = place / IN / "out.h5ad"
    command(place / IN, case.root, "-o", str(out), "--resume", "--chunk-size", "2")
    if judged(ad.read_h5ad(out)) != SAME:
        raise Invalid("scores of an undamaged file differ after --resume")
    return SAME


def again(place: Path, case: Case) -> str:
    """What a file holds made again from what it says of itself."""
    adata = cs.read(place / IN / case.root)
    found = cs.tl.rerun(adata, n_jobs=1)
    if found["n_different"].max() > found["n_values"].max():
        raise Invalid("more differences than values")
    return SAME if set(found["state"]) == {"same"} else VALID


def reported(place: Path, case: Case) -> str:
    """The page of what a file holds."""
    adata = cs.read(place / IN / case.root)
    cs.report.write(adata, place / OUT / "out.html")
    return VALID


def metadata(place: Path, case: Case) -> str:
    """A table of samples beside the data."""
    adata = counts()
    before = adata.obs.shape[1]
    _metadata.add_metadata(adata, place / IN / case.root)
    if adata.obs.shape[1] <= before:
        raise Invalid("a table without columns was taken")
    asked = pd.Series(adata.obs.get("years", pd.Series(dtype=float))).tolist()
    return SAME if asked == list(range(40, 48)) else VALID


def sets(place: Path, case: Case) -> str:
    """Signatures of a user, and scores by them."""
    found = cs.signatures.Catalogue.from_file(place / IN / case.root)
    weights = found.to_frame()["weight"].to_numpy()
    if not (np.isfinite(weights) & (weights != 0)).all():
        raise Invalid("a weight that is no number")
    adata = counts()
    _score(adata, signatures=found)
    return judged(adata)


def curated(place: Path, case: Case) -> str:
    """``cytosig signatures check FILE``."""
    _check.verdict(place / IN / case.root)
    return VALID


def rules(place: Path, case: Case) -> str:
    """Context rules."""
    context.read_context(place / IN / case.root, cs.signatures.load())
    return VALID


def edges(place: Path, case: Case) -> str:
    """The network."""
    network.read_network(place / IN / case.root, cs.signatures.load(), context.shipped())
    return VALID


def reference(place: Path, case: Case) -> str:
    """A stored reference, and new samples against it."""
    path = place / IN / case.root
    adata = counts()
    held = Reference.load(path)
    _score(adata, reference=held)
    found = judged(adata, _against(held.n_obs))
    if held.cohort is not None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            cs.tl.balance(adata, reference=path, sample_key="donor", min_cells=1, n_jobs=1)
        table = adata.uns["cytosig"]["balance"]
        if not np.isfinite(table["balance"].dropna()).all():
            raise Invalid("an infinite balance")
    return found


@cache
def _against(n_obs: int) -> ad.AnnData:
    """Scores against the undamaged reference of so many observations."""
    made = counts()
    pooled = {"sample_key": "donor", "min_cells": 1} if n_obs != made.n_obs else {}
    _score(made, reference=cs.tl.fit_reference(made, n_jobs=1, **pooled))
    return made


CALLS: dict[str, tuple[str, Call, int]] = {
    "h5ad, read": ("h5ad", read, 4),
    "h5ad, row by row": ("h5ad", stream, 4),
    "h5ad, in batches": ("h5ad", batches, 2),
    "results, made again": ("scored", again, 1),
    "results, reported": ("scored", reported, 1),
    "h5ad, old layout": ("h5ad, old layout", read, 1),
    "zarr, read": ("zarr", read, 2),
    "zarr, row by row": ("zarr", stream, 2),
    "10x h5": ("10x h5", read, 2),
    "10x mtx": ("10x mtx", read, 1),
    "csv, tsv, tsv.gz": ("table", read, 2),
    "samples' metadata": ("metadata", metadata, 1),
    "gmt, tsv, csv, toml of sets": ("sets", sets, 2),
    "cytokine toml": ("cytokine", curated, 1),
    "axes, references toml": ("axes", curated, 1),
    "context toml": ("context", rules, 1),
    "network toml": ("network", edges, 1),
    "stored reference": ("reference", reference, 2),
    "run to go on with": ("resumed", resumed, 2),
}
"""What is done, by what the page calls it: its seeds, the call, and how often it has its turn."""

TURNS = [name for name, (_, _, weight) in CALLS.items() for _ in range(weight)]


def warm(seeds: dict[str, list[Case]]) -> None:
    """Import and compile before workers are forked; not what reads zarr, which starts threads."""
    _whole()
    with tempfile.TemporaryDirectory() as place:
        for kind, call, _ in CALLS.values():
            if kind == "zarr":
                continue
            for case in seeds[kind]:
                for part in (IN, OUT):
                    shutil.rmtree(Path(place) / part, ignore_errors=True)
                    (Path(place) / part).mkdir()
                case.put(Path(place) / IN)
                with contextlib.redirect_stdout(io.StringIO()):
                    call(Path(place), case)
    context.shipped()
