"""With CytoSig's matrix and penalty, does ridge give SecActPy's z?

Usage: ``python benchmarks/cytosig_parity.py [--data DIR] [--peer PYTHON] [--out DIR]``
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.stats import norm

sys.path.insert(0, str(Path(__file__).parent))

import fresh  # noqa: F401
import panel_sets as sets
import peer
import record

import cytosig as cs
from cytosig.stats.permutation import central_power_sums, moments

if TYPE_CHECKING:
    import anndata as ad
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

LAM = 1e4


def observations(folder: Path, name: str, /) -> tuple[ad.AnnData, dict[str, object]]:
    """The set, and how it is centred."""
    if name == "jankowski":
        adata = sets.read(folder, "stim_jankowski_hppt")
        return adata, {"control": ("cytokine", "control")}
    adata = sets.read(folder, "stim_kang_ifnb_2800")
    return adata[np.linspace(0, adata.n_obs - 1, 200).astype(int)].copy(), {}


def centred(adata: ad.AnnData, options: dict[str, object], /) -> Array:
    """Expression minus the mean of the controls, or of all; plain numpy."""
    x = adata.X.toarray() if hasattr(adata.X, "toarray") else adata.X
    x = np.asarray(x, dtype=np.float64)
    zero = x
    if "control" in options:
        column, value = options["control"]
        zero = x[(adata.obs[column].astype(str) == value).to_numpy()]
    return x - zero.mean(axis=0)


def closed_form(y: Array, weights: Array, /) -> tuple[Array, Array, Array, Array]:
    """T'y, the exact z, and skewness and kurtosis of the null, written out in plain numpy."""
    g = len(weights)
    t = np.linalg.solve(weights.T @ weights + LAM * np.eye(weights.shape[1]), weights.T)
    beta = y @ t.T
    a, b = t - t.mean(axis=1, keepdims=True), y - y.mean(axis=1, keepdims=True)
    of_a, of_b = ([(v**k).sum(axis=1) for k in (1, 2, 3, 4)] for v in (a, b))
    of_b = [sums[:, None] for sums in of_b]
    second, third, fourth = moments(*central_power_sums(*of_a, g), *central_power_sums(*of_b, g), g)
    return beta, b @ a.T / np.sqrt(second), third / second**1.5, fourth / second**2


def compare(adata: ad.AnnData, options: dict, matrix: pd.DataFrame, asked: object, /) -> dict:
    """Differences of z in units of what the peer's own sampling error explains."""
    shared = [gene for gene in matrix.index if gene in set(adata.var_names)]
    adata, matrix = adata[:, shared].copy(), matrix.loc[shared]
    ours = {"method": "ridge", "lam": LAM, "background": "signatures", "signatures": matrix}
    cs.tl.score(adata, **ours, **options)
    mine = adata.obsm["cytosig_score"][matrix.columns].to_numpy()
    y, weights = centred(adata, options), matrix.to_numpy(dtype=np.float64)
    beta, exact, skew, kurtosis = closed_form(y, weights)
    with tempfile.TemporaryDirectory() as folder:
        theirs = peer.ridge(
            asked.peer, Path(folder), y, weights,
            permutations=asked.permutations, lam=LAM, keep=True,
        )  # fmt: skip
    n = asked.permutations
    error = np.sqrt(1 / n + exact * skew / n + exact**2 * (kurtosis - 1) / (4 * n))
    units = (theirs.zscore - mine) / error
    worst = np.unravel_index(np.abs(theirs.zscore - mine).argmax(), mine.shape)
    return {
        "observations": len(y),
        "genes": len(shared),
        "signatures": matrix.shape[1],
        "largest |z|": np.abs(mine).max(),
        "peer − ours, largest": np.abs(theirs.zscore - mine).max(),
        "at z": mine[worst],
        "error expected there": error[worst],
        "in units of error: largest": np.abs(units).max(),
        "of independent draws": norm.isf(0.025 / units.size),
        "root mean square": np.sqrt((units**2).mean()),
        "correlation": np.corrcoef(theirs.zscore.ravel(), mine.ravel())[0, 1],
        "ours − numpy, largest": np.abs(mine - exact).max(),
        "peer beta − numpy, largest": np.abs(theirs.beta - beta).max() / np.abs(beta).max(),
        "peer": theirs.versions,
    }


_NOTES = """\
- Ours is exact: it equals √(G−1)·Pearson(T, y) written out in numpy ("ours − numpy"). The peer
  estimates mean and standard deviation of the null from its permutations, so its z scatters
  around the exact one by √(1/n + z·γ/n + z²(κ−1)/4n), γ and κ the skewness and kurtosis of the
  null. "in units of error" divides by that; a root mean square near 1 means that nothing but the
  peer's sampling error is left. Pairs share permutations, so units scatter together: the
  expected largest of independent draws is a guide, not a limit.
- Matrix and data are cut to the genes whose names agree exactly. tl.score would also find
  genes under their previous symbols; then its universe holds a few more genes than the peer's.
- No setting of min_genes or min_coverage is needed: every signature of the matrix has all its
  genes here. center and control decide the zero, as in the peer's own preprocessing;
  background="signatures" makes the null the genes of the matrix, as CytoSig has it.
- CytoSig's matrix is read from the peer at run time and is not part of this project."""


def main() -> None:
    """Run both sets and write cytosig_parity.md and .tsv."""
    parser = record.arguments(__doc__, peer=True)
    parser.add_argument("--permutations", type=int, default=10_000)
    asked = parser.parse_args()
    peer.check(asked.peer)
    with tempfile.TemporaryDirectory() as folder:
        matrix = peer.cytosig_matrix(asked.peer, Path(folder))
    rows = []
    for name in ("jankowski", "kang"):
        adata, options = observations(asked.data, name)
        rows.append({"set": name, **compare(adata, options, matrix, asked)})
    table = pd.DataFrame(rows)
    extra = [f"Peer: {table.pop('peer')[0]}, {asked.permutations:,} permutations, λ = {LAM:g}"]
    upright = table.set_index("set").T.rename_axis("").reset_index()
    parts = ["# CytoSig's scores from ours", record.provenance(extra), record.markdown(upright)]
    text = "\n\n".join([*parts, _NOTES])
    record.write(asked.out, "cytosig_parity", table=table, text=text)


if __name__ == "__main__":
    main()
