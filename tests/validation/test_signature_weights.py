"""The shipped weights are what the evidence gives; needs the evidence beside the project."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
EVIDENCE = ROOT.parent / "shared" / "knowledge" / "evidence.tsv.gz"
HELD_OUT = ROOT / "benchmarks" / "results" / "heldout.tsv"


@pytest.mark.slow
@pytest.mark.skipif(not EVIDENCE.is_file(), reason="the evidence is not beside the project")
def test_rebuilding_gives_the_same_bytes():
    program = ROOT / "benchmarks" / "curation" / "responses" / "build.py"
    done = subprocess.run(
        [sys.executable, str(program), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def _by_the_rule(ranks: pd.DataFrame) -> str:
    """Grade of one cytokine, from the table in signatures/README.md."""
    ranks = ranks[ranks["study"] != "GSE46903"]
    shares = [(part["rank"] <= 3).mean() for _, part in ranks.groupby("study")]
    found = sum(share >= 0.5 for share in shares)
    if not (ranks["rank"] == 1).any():
        return "C" if found else "D"
    if found >= 3 and found / len(shares) >= 2 / 3:
        return "A"
    if found >= 2 and found / len(shares) >= 1 / 2:
        return "B"
    return "C" if found >= 1 else "D"


def test_grades_follow_from_the_held_out_ranks():
    held = pd.read_csv(HELD_OUT, sep="\t", low_memory=False)
    shown = held[
        (held["lists"] == "evidence, by compartment")
        & (held["method"] == "hlm")
        & (held["scored"] == "directions")
    ]
    for path in sorted((ROOT / "signatures").glob("*.toml")):
        response = tomllib.loads(path.read_text(encoding="utf-8")).get("response", {})
        if "up" in response:
            own = shown[shown["cytokine"] == path.stem]
            assert response["grade"] == _by_the_rule(own), path.stem
        for variant in response.get("variant", []):
            there = own[own["compartment"] == variant["compartment"]]
            assert variant["grade"] == _by_the_rule(there), f"{path.stem} {variant['compartment']}"


def test_evidence_beats_the_first_lists_where_the_study_is_left_out():
    """Ours by compartment is above the first lists in every figure, for directions and changes."""
    held = pd.read_csv(HELD_OUT, sep="\t", low_memory=False)
    held = held[(held["method"] == "hlm") & held["kind"].isin(["table", "dictionary"])]
    keys = ["kind", "scored"]
    top = held.assign(first=held["rank"] == 1, three=held["rank"] <= 3)
    means = top.groupby(["lists", *keys])[["first", "three", "axis first"]].mean()
    ours, before = means.loc["evidence, by compartment"], means.loc["first expert lists"]
    assert (ours >= before - 1e-12).all(axis=None), (ours - before).to_string()
