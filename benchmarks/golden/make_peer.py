"""Score the golden input with the programs of one environment; called by make.py.

Usage: ``PEER_PYTHON make_peer.py PINS.txt FOLDER``. FOLDER holds ``input.npz`` and
``signatures.tsv``; what the programs give is written beside them. Every program named in PINS.txt
must be installed in that very version.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import scipy.sparse as sp
from anndata import AnnData

if TYPE_CHECKING:
    from collections.abc import Iterator

    Found = Iterator[tuple[str, pd.DataFrame]]


@dataclass(frozen=True)
class Golden:
    """The golden input, in the forms the programs want."""

    folder: Path

    @cached_property
    def held(self) -> dict[str, np.ndarray]:
        with np.load(self.folder / "input.npz") as file:
            return dict(file)

    @cached_property
    def net(self) -> pd.DataFrame:
        return pd.read_csv(self.folder / "signatures.tsv", sep="\t")

    @property
    def raised(self) -> pd.DataFrame:
        return self.net[self.net["weight"] > 0]

    @property
    def sets(self) -> dict[str, list[str]]:
        """Raised genes of every signature."""
        return self.raised.groupby("source")["target"].apply(list).to_dict()

    @property
    def signed(self) -> dict[str, list[str]]:
        """All genes of every signature, each with its sign behind it."""
        net = self.net.assign(
            target=self.net["target"] + np.where(self.net["weight"] > 0, "+", "-")
        )
        return net.groupby("source")["target"].apply(list).to_dict()

    def adata(self) -> AnnData:
        parts = tuple(self.held[key] for key in ("data", "indices", "indptr"))
        x = sp.csr_matrix(parts, shape=tuple(self.held["shape"]))
        obs, var = (pd.DataFrame(index=self.held[key].astype(object)) for key in ("cells", "genes"))
        return AnnData(x, obs=obs, var=var)

    def wide(self, values: str, names: str, /) -> pd.DataFrame:
        """Genes × observations, float64."""
        return pd.DataFrame(self.held[values].T, index=self.held["genes"], columns=self.held[names])


def pyucell(golden: Golden, /) -> Found:
    from pyucell import compute_ucell_scores

    for name, sets in (("ucell", golden.signed), ("ucell_raised", golden.sets)):
        for most in (1500, 500):
            adata = golden.adata()
            compute_ucell_scores(adata, sets, max_rank=most, suffix="", n_jobs=1)
            yield f"{name}_{most}", adata.obs.astype(float)


def decoupler(golden: Golden, /) -> Found:
    import decoupler as dc

    frame = golden.adata().to_df().astype(float)
    yield "aucell", dc.mt.aucell(frame, golden.raised, tmin=1)[0]
    score, adjusted = dc.mt.ulm(frame, golden.net, tmin=1)
    x, cells, genes = dc.pp.extract(frame)
    sources, _, weights = dc.pp.adjmat(genes, dc.pp.prune(genes, golden.net, tmin=1))
    yield "ulm", score
    yield "ulm_p", pd.DataFrame(dc.mt.ulm.func(x, weights)[1], index=cells, columns=sources)
    yield "ulm_padj", adjusted
    score, p = dc.mt.mlm(frame, golden.net, tmin=1)
    yield "mlm", score
    yield "mlm_p", p


def gseapy(golden: Golden, /) -> Found:
    import gseapy as gp

    quiet = {"min_size": 1, "outdir": None, "threads": 1, "no_plot": True}
    frame = golden.adata().to_df().astype(float).T
    found = gp.ssgsea(frame, golden.sets, **quiet).res2d
    yield "ssgsea_es", spread(found, "ES", frame.columns)
    yield "ssgsea_nes", spread(found, "NES", frame.columns)
    frame = golden.wide("bulk", "samples")
    found = gp.gsva(frame, golden.sets, min_size=1, outdir=None, threads=1).res2d
    yield "gsva", spread(found, "ES", frame.columns)
    frame = golden.wide("change", "contrasts")
    found = gp.prerank(frame, golden.sets, permutation_num=1000, seed=123, **quiet).res2d
    for name, column in (("es", "ES"), ("nes", "NES"), ("p", "NOM p-val")):
        yield f"prerank_{name}", spread(found, column, frame.columns)


def spread(found: pd.DataFrame, column: str, rows: pd.Index, /) -> pd.DataFrame:
    """Observations × sets of a table of one row for both."""
    return found.pivot(index="Name", columns="Term", values=column).astype(float).loc[rows]


def scanpy(golden: Golden, /) -> Found:
    import scanpy as sc

    adata = golden.adata()
    for name, genes in golden.sets.items():
        sc.tl.score_genes(adata, genes, score_name=name)
    yield f"score_genes_{version('scanpy')}", adata.obs


def main() -> None:
    pins, folder = map(Path, sys.argv[1:])
    wanted = dict(
        line.split("==") for line in pins.read_text().split("\n") if line and line[0] != "#"
    )
    for name, number in wanted.items():
        if version(name) != number:
            raise SystemExit(f"{name} {version(name)} is installed; {pins} asks for {number}.")
    golden = Golden(folder)
    for run in (pyucell, decoupler, gseapy, scanpy):
        if run.__name__ in wanted:
            for name, table in run(golden):
                path = folder / f"{name}.tsv"
                table.rename_axis(index=None, columns=None).to_csv(
                    path, sep="\t", lineterminator="\n"
                )


if __name__ == "__main__":
    main()
