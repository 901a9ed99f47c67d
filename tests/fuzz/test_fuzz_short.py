"""Damaged files of every format are read, or refused in so many words: the campaign in small."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import subprocess
import sys
import warnings
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from cytosig._errors import CytosigError, FileError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import ModuleType

SEED, N_SHORT, N_LONG = 11, 150, 2000


@pytest.fixture(scope="module", autouse=True)
def _unforced() -> Iterator[None]:
    """Hundreds of small files, to be thrown away, are not forced to the disk."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield


@pytest.fixture(scope="module")
def seeds(part: Callable[[str], ModuleType]) -> dict[str, list[object]]:
    with _silent():
        return part("seeds").make_here()


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """No summaries, no notices, no warnings of anndata."""
    logger = logging.getLogger("cytosig")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _outcome(call: Callable[..., str], place: Path, case: object) -> str:
    """The campaign's own, without a process of its own."""
    try:
        with _silent():
            return call(place, case)
    except FileError as error:
        assert place.name in str(error), "which file"
        return "refused"
    except CytosigError:
        return "refused"


def _put(case: object, place: Path) -> None:
    for name in ("in", "out"):
        (place / name).mkdir(parents=True)
    case.put(place / "in")


def test_undamaged_files_give_what_they_hold(
    part: Callable[[str], ModuleType], seeds: dict[str, list[object]], tmp_path: Path
) -> None:
    """Else what the campaign calls refused would say nothing."""
    for number, (name, (kind, call, _)) in enumerate(part("calls").CALLS.items()):
        case, place = seeds[kind][number % len(seeds[kind])], tmp_path / f"seed{number}"
        _put(case, place)
        compared = kind not in ("sets", "cytokine", "axes", "context", "network")
        compared &= name not in ("h5ad, in batches", "results, reported")
        assert _outcome(call, place, case) == ("same" if compared else "valid"), name


@pytest.mark.slow
def test_no_defect_in_a_short_campaign(
    part: Callable[[str], ModuleType], seeds: dict[str, list[object]], tmp_path: Path
) -> None:
    """Every input ends in valid numbers or an error of ours; all else would be raised here."""
    pool, calls = part("pool"), part("calls").CALLS
    found = []
    for index in range(N_SHORT):
        name, case = pool.input_of(seeds, SEED, index)
        place = tmp_path / f"input{index}"
        _put(case, place)
        found.append((name, _outcome(calls[name][1], place, case)))
    assert {name for name, _ in found} == set(calls)
    assert {outcome for _, outcome in found} == {"same", "valid", "refused"}
    assert sum(outcome != "refused" for _, outcome in found) > N_SHORT // 10


def test_an_input_is_told_by_its_number(
    part: Callable[[str], ModuleType], seeds: dict[str, list[object]]
) -> None:
    pool = part("pool")
    for index in range(0, 60, 7):
        (name, case), (again, same) = (pool.input_of(seeds, 3, index) for _ in range(2))
        assert (name, case.files) == (again, same.files)
    assert pool.input_of(seeds, 3, 0)[1].files != pool.input_of(seeds, 4, 0)[1].files


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the workers are forked")
@pytest.mark.slow
def test_no_defect_in_a_longer_one(checkout: Path, tmp_path: Path) -> None:
    """With crashes, endless loops, memory and strange files watched for, as in the whole one."""
    call = [sys.executable, "-m", "reliability.fuzz", "--inputs", str(N_LONG), "--seed", "7"]
    call += ["--out", str(tmp_path)]
    done = subprocess.run(call, capture_output=True, text=True, check=False, cwd=checkout)
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(tmp_path / "fuzz.tsv", sep="\t").set_index("format")
    assert table.loc["all", "inputs"] == N_LONG
    assert table.loc["all", "defects"] == 0, done.stderr
