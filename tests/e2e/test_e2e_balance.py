"""From counts to balances and a comparison, by the installed commands."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pandas as pd

import cytosig as cs

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Cli


def test_a_cohort_from_counts_to_a_comparison(cli: Cli, tmp_path: Path) -> None:
    """Planted interferon is found in the treated samples, by both commands."""
    cohort = cs.datasets.simulate_cohort(n_samples=10, cells_per_sample=40, n_genes=3000)
    cells, out = tmp_path / "cells.h5ad", tmp_path / "weighed.h5ad"
    cohort.adata.write_h5ad(cells)
    done = cli("balance", cells, "--sample-key", "sample", "-o", out, "--format", "json")
    assert done.returncode == 0, done.stderr
    rows = {row["sample"]: row for row in json.loads(done.stdout)}
    condition = cohort.adata.obs.groupby("sample", observed=True)["condition"].first()
    treated = [rows[s]["balance"] for s in condition.index[condition == "treated"]]
    control = [rows[s]["balance"] for s in condition.index[condition == "control"]]
    assert min(treated) > max(control)
    asked = ("--groupby", "condition", "--reference", "control", "--sample-key", "sample")
    done = cli("compare", out, *asked, "--use", "balance", "--format", "tsv")
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(io.StringIO(done.stdout), sep="\t").set_index("name")
    difference = sum(treated) / len(treated) - sum(control) / len(control)
    assert abs(table.loc["balance", "estimate"] - difference) < 1e-5
    assert table.loc["balance", "p"] < 0.01
    assert table.loc["balance", "auroc"] == 1
