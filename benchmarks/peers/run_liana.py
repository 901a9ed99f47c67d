"""Run LIANA in its own environment; called by communication_null.py, _planted.py and _speed.py.

Usage: ``PEER_PYTHON run_liana.py run METHOD FOLDER DATA.h5ad [DATA.h5ad ...] [--permutations N]
[--resource PAIRS.tsv] [--expr-prop X] [--groupby COLUMN] [--jobs N] [--raw-counts]`` writes
FOLDER/DATA.tsv with the p-values and FOLDER/DATA.json with seconds and memory; METHOD is
cellphonedb or rank_aggregate. ``PEER_PYTHON run_liana.py resource OUT.tsv`` writes the pairs of
its consensus; ``PEER_PYTHON run_liana.py versions OUT.txt`` says what is installed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import warnings
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import anndata as ad
import liana as li
import pandas as pd
import scanpy as sc
from memory import peak, reset_peak, status

_PACKAGES = ("liana", "scanpy", "anndata", "numpy", "scipy", "pandas", "numba")
_TICK = os.sysconf("SC_CLK_TCK")
METHODS = {"cellphonedb": li.mt.cellphonedb, "rank_aggregate": li.mt.rank_aggregate}
KEPT = [
    "source", "target", "ligand_complex", "receptor_complex", "cellphone_pvals", "lr_means",
    "specificity_rank", "magnitude_rank",
]  # fmt: skip


def workers() -> list[str]:
    """Processes that LIANA started and still holds."""
    found = Path("/proc/self/task").glob("*/children")
    return [pid for path in found for pid in path.read_text().split()]


def of_worker(pid: str, /) -> tuple[float, float]:
    """CPU seconds and peak resident MiB of a worker."""
    parts = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    high = next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)
    return (int(parts[11]) + int(parts[12])) / _TICK, high


def cpu() -> float:
    """CPU seconds of this process, its threads, its ended children and its workers."""
    own = os.times()
    return sum(own[:4]) + sum(of_worker(pid)[0] for pid in workers())


def called(adata: ad.AnnData, asked: argparse.Namespace, permutations: int, /) -> pd.DataFrame:
    """The table of one call."""
    pairs = pd.read_csv(asked.resource, sep="\t") if asked.resource else None
    return METHODS[asked.method](
        adata, groupby=asked.groupby, resource=pairs, expr_prop=asked.expr_prop,
        n_perms=permutations, n_jobs=asked.jobs, seed=asked.seed, use_raw=False, inplace=False,
        verbose=False,
    )  # fmt: skip


def prepared(path: Path, *, raw_counts: bool) -> ad.AnnData:
    """Logged values per 10,000, unless they are logged already."""
    adata = ad.read_h5ad(path)
    if raw_counts:
        sc.pp.normalize_total(adata, target_sum=1e4)
        sc.pp.log1p(adata)
    return adata


def run(asked: argparse.Namespace) -> None:
    asked.target.mkdir(parents=True, exist_ok=True)
    first = True
    for path in asked.data:
        adata = prepared(path, raw_counts=asked.raw_counts)
        if first and asked.warm:  # compiles and starts workers on a few cells
            called(adata[:: max(1, adata.n_obs // 600)].copy(), asked, 10)
        first = False
        reset_peak()
        before, spent, start = status("VmRSS"), cpu(), time.perf_counter()
        table = called(adata, asked, asked.permutations)
        seconds = time.perf_counter() - start
        high = [of_worker(pid)[1] for pid in workers()]
        figures = {
            "seconds": seconds, "cpu": cpu() - spent, "peak": peak() + sum(high),
            "extra": peak() - before + sum(high), "rows": len(table),
            "permutations": asked.permutations, "jobs": asked.jobs,
        }  # fmt: skip
        kept = [name for name in KEPT if name in table]
        table[kept].to_csv(asked.target / f"{path.stem}.tsv", sep="\t", index=False)
        (asked.target / f"{path.stem}.json").write_text(json.dumps(figures))


def resource(asked: argparse.Namespace) -> None:
    li.rs.select_resource("consensus").to_csv(asked.target, sep="\t", index=False)


def versions(asked: argparse.Namespace) -> None:
    python = ".".join(map(str, sys.version_info[:3]))
    held = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    asked.target.write_text(f"{held}, Python {python}")


def main() -> None:
    parser = argparse.ArgumentParser(description="LIANA in its own environment.")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("run")
    command.add_argument("method", choices=METHODS)
    command.add_argument("target", type=Path, help="folder for the tables")
    command.add_argument("data", type=Path, nargs="+")
    command.add_argument("--permutations", type=int, default=1000)
    command.add_argument("--resource", type=Path, help="columns ligand and receptor")
    command.add_argument("--expr-prop", type=float, default=0.1)
    command.add_argument("--groupby", default="cell_type")
    command.add_argument("--jobs", type=int, default=1)
    command.add_argument("--seed", type=int, default=1337)
    command.add_argument("--raw-counts", action="store_true", help="normalise and log first")
    command.add_argument("--warm", action="store_true", help="a small call before the clock")
    command.set_defaults(run=run)
    for name, given in (("resource", resource), ("versions", versions)):
        command = commands.add_parser(name)
        command.add_argument("target", type=Path)
        command.set_defaults(run=given)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    os.environ["PYTHONWARNINGS"] = "ignore"
    asked.run(asked)


if __name__ == "__main__":
    main()
