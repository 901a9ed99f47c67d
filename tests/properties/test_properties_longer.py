"""The campaign as a program: its options, what it writes, and more examples than the tests try."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
MODULES = {p.stem.removeprefix("test_") for p in Path(__file__).parent.glob("test_*.py")}


def _campaign(folder: Path, *words: str) -> tuple[subprocess.CompletedProcess[str], pd.DataFrame]:
    call = [sys.executable, "-m", "reliability.properties", "--out", str(folder), *words]
    done = subprocess.run(call, capture_output=True, text=True, check=False, cwd=ROOT)
    return done, pd.read_csv(folder / "properties.tsv", sep="\t")


@pytest.mark.slow
def test_no_property_fails_in_a_longer_campaign(tmp_path: Path) -> None:
    """With other examples than those of the tests; every property is told with its examples."""
    done, table = _campaign(tmp_path, "--examples", "12", "--seed", "7")
    assert done.returncode == 0, done.stdout[-4000:]
    asked = {name.split(":")[0].replace(" ", "_") for name in table["property"]}
    assert asked == MODULES - {"properties_longer"}
    assert (table["examples"] >= 2).all()
    assert (table["failures"] == 0).all()
    assert (table["what must hold"].str.len() > 20).all()
    text = (tmp_path / "properties.md").read_text(encoding="utf-8")
    assert f"**{len(table)} properties, {table['examples'].sum():,} examples, 0 failures.**" in text
