"""Known stimulations must be recognised; needs the development data beside the project."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
DATA = BENCHMARKS.parents[1] / "shared" / "data"

pytestmark = pytest.mark.skipif(
    not (DATA / "stim_jankowski_hppt.h5ad").is_file(),
    reason="the development data are not beside the project",
)


@pytest.fixture(scope="module")
def panel(program_named):
    return program_named("panel")


@pytest.fixture(scope="module")
def stimulations(panel) -> pd.DataFrame:
    return panel.stimulations(DATA)


@pytest.fixture(scope="module")
def cells(panel) -> pd.Series:
    return panel.single_cells(DATA)


def test_bar(panel, stimulations, cells):
    shown = ["case", "true", "rank", "z", "first three", "axis rank", "AUROC"]
    sys.stdout.write("\n" + stimulations[shown].to_string(index=False) + "\n")
    sys.stdout.write(cells[["IFN1", "IFNL", "IFNG"]].round(4).to_string() + "\n")
    missed = [name for name, met in panel.bar(stimulations, cells).items() if not met]
    assert not missed


def test_type_iii_interferon_is_missed_only_for_type_i(stimulations):
    missed = stimulations[stimulations["rank"] > 1]
    assert set(missed["true"]) <= {"IFNL"}
    assert missed["first three"].str.startswith("IFN1 ").all()


def test_inverted_contrasts_are_strongly_negative(panel):
    contrasts = panel.contrasts(DATA)
    inverted = contrasts[contrasts["documented as inverted"]]
    assert set(inverted["true"]) == {"IL4", "TGFB1"}
    assert (inverted["z"] < -5).all()
    assert (inverted["rank"] == 1).all()
    assert (inverted["axis rank"] == 1).all()


def test_ulm_and_wmean_give_the_same_z(panel):
    pd.testing.assert_frame_equal(
        panel.contrasts(DATA, "ulm").drop(columns="values below 0"),
        panel.contrasts(DATA, "wmean").drop(columns="values below 0"),
    )
