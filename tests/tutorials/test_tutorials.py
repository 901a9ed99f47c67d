"""The tutorials as files: valid, without results, and true to the names of today's package.

They are run by nbmake (.ci/run): ``python -m pytest --nbmake tutorials -n 2``.
"""

from __future__ import annotations

import ast
import importlib.util
import inspect
import json
import re
import shlex
from functools import cache, reduce
from pathlib import Path
from typing import Any

import pytest
import typer

import cytosig
from cytosig.cli._app import app

ROOT = Path(__file__).parents[2]
NAMES = (
    "01_quickstart", "02_bulk_cohort", "03_stimulated_cells", "04_sources_targets_blockade",
    "05_your_own_signature", "06_a_million_cells",
)  # fmt: skip
MOST_BYTES, MOST_LINES = 40_000, 45
_LINK = re.compile(r"\[[^\]]*\]\(([^)#:\s]+)(?:#[^)]*)?\)")
_SHELL = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)

each = pytest.mark.parametrize("name", NAMES)


@cache
def _notebook(name: str) -> dict[str, Any]:
    text = (ROOT / "tutorials" / f"{name}.ipynb").read_text(encoding="utf-8")
    return dict(json.loads(text))


def _cells(name: str, kind: str) -> list[str]:
    return ["".join(c["source"]) for c in _notebook(name)["cells"] if c["cell_type"] == kind]


def _calls(name: str) -> list[tuple[str, ast.Call]]:
    """Calls of the package's own functions, by their dotted name behind ``cs``."""
    walked = (node for code in _cells(name, "code") for node in ast.walk(ast.parse(code)))
    calls = [(_dotted(node.func), node) for node in walked if isinstance(node, ast.Call)]
    return [(dotted, call) for dotted, call in calls if dotted]


def _dotted(node: ast.expr) -> str:
    """``tl.score`` of ``cs.tl.score``; empty for what does not begin with ``cs``."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join(reversed(parts)) if isinstance(node, ast.Name) and node.id == "cs" else ""


def _found(dotted: str) -> object:
    found: object = reduce(getattr, dotted.split("."), cytosig)
    return found


def test_these_are_all_notebooks() -> None:
    assert sorted(path.name for path in (ROOT / "tutorials").iterdir() if path.is_file()) == [
        f"{name}.ipynb" for name in NAMES
    ]


@each
def test_a_notebook_is_valid(name: str) -> None:
    notebook = _notebook(name)
    assert (notebook["nbformat"], notebook["nbformat_minor"]) >= (4, 5)
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(set(ids)) == len(ids)
    if importlib.util.find_spec("nbformat"):  # extra tutorials
        import nbformat

        nbformat.validate(nbformat.from_dict(notebook))


@each
def test_it_holds_no_results(name: str) -> None:
    for cell in _notebook(name)["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == [] and cell["execution_count"] is None
        assert set(cell["metadata"]) <= {"tags"}


@each
def test_it_is_small(name: str) -> None:
    size = (ROOT / "tutorials" / f"{name}.ipynb").stat().st_size
    assert size < MOST_BYTES
    assert max(code.count("\n") for code in _cells(name, "code")) < MOST_LINES


@each
def test_it_says_what_it_is_about(name: str) -> None:
    assert _notebook(name)["cells"][0]["cell_type"] == "markdown"
    prose = _cells(name, "markdown")
    assert prose[0].startswith("# ")
    assert sum(line.startswith("# ") for text in prose for line in text.splitlines()) == 1
    assert "**What you will learn.**" in prose[0] and "**What you need.**" in prose[0]
    assert "## What next" in prose[-1]
    everything = "\n".join(prose)
    assert "**What it does not mean.**" in everything
    assert not re.search(r"(?<![\w.])/(tmp|home|work|root)/", everything)


@each
def test_every_name_of_the_package_exists(name: str) -> None:
    walked = (node for code in _cells(name, "code") for node in ast.walk(ast.parse(code)))
    dotted = {_dotted(node) for node in walked if isinstance(node, ast.Attribute)} - {""}
    assert len(dotted) >= 5
    for one in dotted:
        assert _found(one) is not None, one


@each
def test_every_keyword_of_a_call_exists(name: str) -> None:
    for dotted, call in _calls(name):
        known = inspect.signature(_found(dotted)).parameters  # type: ignore[arg-type]
        given = {word.arg for word in call.keywords if word.arg is not None}
        assert given <= set(known), f"{dotted}: {given - set(known)}"


@each
def test_every_name_imported_from_the_package_exists(name: str) -> None:
    walked = (node for code in _cells(name, "code") for node in ast.walk(ast.parse(code)))
    for node in walked:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("cytosig"):
            assert node.module == "cytosig.datasets", "users import cytosig as cs"
            assert {alias.name for alias in node.names} <= set(cytosig.datasets.__all__)


@each
def test_links_lead_somewhere(name: str) -> None:
    links = [link for text in _cells(name, "markdown") for link in _LINK.findall(text)]
    assert len(links) >= 2
    for link in links:
        assert (ROOT / "tutorials" / link).resolve().is_file(), link


@each
def test_options_of_commands_exist(name: str) -> None:
    commands = typer.main.get_command(app)
    for block in _SHELL.findall("\n".join(_cells(name, "markdown"))):
        for line in block.replace("\\\n", " ").splitlines():
            program, *words = shlex.split(line, comments=True)
            assert program == "cytosig"
            command: Any = commands
            while hasattr(command, "commands"):
                command = command.commands[words.pop(0)]
            known = {option for param in command.params for option in param.opts}
            assert {word for word in words if word.startswith("-")} <= known, line


def test_each_is_linked_from_another() -> None:
    linked = {
        link for name in NAMES for text in _cells(name, "markdown") for link in _LINK.findall(text)
    }
    assert {f"{name}.ipynb" for name in NAMES[1:]} <= linked
