"""The comparison of runs, in short: it sees the last bit, and this Python's runs agree in it."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import anndata as ad
import numpy as np
import pandas as pd
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType


def _scored(number: float) -> ad.AnnData:
    table = pd.DataFrame({"IL6": [number, np.nan]}, index=["a", "b"])
    words = pd.DataFrame({"cytokine": ["IL6"], "n": [3]}, index=["x"])
    uns = {"cytosig": {"versions": {"numpy": str(number)}, "coverage": words}}
    obs = pd.DataFrame({"kind": pd.Categorical(["one", None])}, index=["a", "b"])
    return ad.AnnData(obs=obs, obsm={"cytosig_score": table}, uns=uns)


def test_all_but_the_versions_is_compared(part: Callable[[str], ModuleType]) -> None:
    found = part("arrays").named(_scored(1.0))
    assert {"obsm/cytosig_score", "uns/cytosig/coverage/cytokine", "obs/kind"} <= set(found)
    assert not [name for name in found if "versions" in name]
    assert found["obs/kind"].tolist() == ["one", "<missing>"]


def test_one_bit_is_seen(part: Callable[[str], ModuleType]) -> None:
    named, outcome = part("arrays").named, part("written").outcome
    one, next_to_it = _scored(1.0), _scored(np.nextafter(1.0, 2.0))
    same = outcome(named(one), named(one), of_versions=True, tolerance=0.0)
    assert (same["outcome"], same["identical"]) == ("identical", same["results"])
    for tolerance, kind in ((0.0, "differs"), (1e-9, "close")):
        row = outcome(named(one), named(next_to_it), of_versions=True, tolerance=tolerance)
        assert (row["outcome"], row["which"]) == (kind, "obsm/cytosig_score")
        assert row["largest difference"] == np.finfo(float).eps
        assert row["results"] - row["identical"] == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([1.0, np.nan], [1.0, 2.0]),
        ([1.0, 2.0], [1.0, np.inf]),
        ([1.0], [1.0, 1.0]),
        (["IL6"], ["IL10"]),
        ([True], [False]),
    ],
)
def test_what_no_tolerance_lets_pass(
    part: Callable[[str], ModuleType], one: list[object], other: list[object]
) -> None:
    found = part("arrays").compared(np.array(one), np.array(other))
    assert found == (False, np.inf)


@pytest.mark.slow
def test_threads_and_blocks_of_this_python(checkout: Path) -> None:
    call = [sys.executable, "-m", "reliability.same", "--quick"]
    done = subprocess.run(call, capture_output=True, text=True, check=False, cwd=checkout)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith("all byte-identical")
    assert "over 1 Python, 3 numbers of threads, 4 sizes of blocks" in done.stdout
