"""The lists of versions that the gate installs are those that pyproject.toml speaks of."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import json
import subprocess
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from packaging.version import Version

FOLDER = Path(__file__).parents[2] / ".ci"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="a source distribution has no .ci")


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("audit", str(FOLDER / "audit"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("audit", loader))
    loader.exec_module(module)
    return module


def test_lowest_is_the_lower_bound_of_everything_named(audit: ModuleType) -> None:
    """Run .ci/lock after a change of a bound."""
    lowest = audit.pins("lowest.txt", "3.11")
    bounds = {
        one.name.lower(): Version(spec.version)
        for one in audit.asked(tools=False)
        for spec in one.specifier
        if spec.operator == ">="
    }
    assert len(bounds) > 15
    assert {name: lowest[name] for name in bounds} == bounds


def test_the_lock_is_what_pyproject_allows_on_every_python(audit: ModuleType) -> None:
    assert audit.unfit() == []


def test_a_bound_above_the_lock_is_told(audit: ModuleType, monkeypatch) -> None:
    higher = audit.Requirement("numpy>=99")
    monkeypatch.setattr(audit, "asked", lambda **_: [higher])
    assert [line.split(":")[0] for line in audit.unfit()] == [
        *(f"lock.txt, Python {python}" for python in audit.PYTHONS), "lowest.txt, Python 3.11",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["lowest.txt", "lock.txt", "tools.in"])
def test_no_address_is_written_down(name: str) -> None:
    text = (FOLDER / name).read_text(encoding="utf-8")
    assert "://" not in text
    assert not [line for line in text.splitlines() if line.startswith("-")]


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ([{"name": "numpy", "version": "1", "skip_reason": "not found"}], None),
        ([{"name": "numpy", "version": "1", "vulns": []}], {}),
        ([{"name": "numpy", "version": "1", "vulns": [{"id": "X-1"}]}], {"numpy": ["X-1"]}),
    ],
)
def test_what_was_not_looked_up_is_not_called_safe(
    audit: ModuleType, monkeypatch, capsys, told: list[object], expected: object
) -> None:
    done = SimpleNamespace(stdout=json.dumps({"dependencies": told}))
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: done)
    assert audit.holes({"numpy": Version("1")}) == expected
    assert (capsys.readouterr().out == "") == (expected is None)
