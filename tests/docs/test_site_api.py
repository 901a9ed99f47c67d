"""Every public name has a page, and every method says what it computes."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import typer.main
from typer.testing import CliRunner

import cytosig
from cytosig import methods
from cytosig.cli._app import app

PACKAGE = Path(cytosig.__file__).parent


def _exported(module: Path) -> list[str]:
    """``__all__`` as the source has it."""
    for node in ast.parse(module.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return list(ast.literal_eval(node.value))
    return []


MAIN = typer.main.get_command(app)
COMMANDS = [
    [name, *own]
    for name, command in MAIN.commands.items()
    for own in ([[n] for n in command.commands] if hasattr(command, "commands") else [[]])
]
ROOMS = [name for name in _exported(PACKAGE / "__init__.py") if (PACKAGE / name).is_dir()]


def test_the_public_rooms_are_found() -> None:
    assert {"tl", "pl", "pp", "signatures", "datasets", "cells"} <= set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_every_public_name_has_a_page_and_is_listed(site: Path, room: str) -> None:
    names = _exported(PACKAGE / room / "__init__.py")
    assert names
    listed = (site / "api" / f"cytosig.{room}.index.rst").read_text()
    index = (site / "api" / "index.rst").read_text()
    for name in names:
        full = f"cytosig.{room}.{name}"
        page = (site / "api" / f"{full}.rst").read_text()
        assert page.startswith(f"{full}\n{'=' * len(full)}\n")
        assert f".. currentmodule:: cytosig.{room}\n" in page
        assert re.search(rf"^\.\. (auto(function|class|exception)|py:data):: {name}$", page, re.M)
        assert f"   {name} <{full}>\n" in listed
        assert f"~{full}" in index


def test_what_is_not_in_a_room_has_a_page_too(site: Path) -> None:
    assert ".. autofunction:: read" in (site / "api" / "cytosig.read.rst").read_text()
    tree = ast.parse((PACKAGE / "_errors.py").read_text())
    errors = [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
    assert "UsageError" in errors
    for error in errors:
        page = (site / "api" / f"cytosig._errors.{error}.rst").read_text()
        assert f".. autoexception:: {error}" in page


def test_there_are_no_pages_of_names_that_are_none(site: Path) -> None:
    rooms = sum(len(_exported(PACKAGE / room / "__init__.py")) + 1 for room in ROOMS)
    errors = sum(
        isinstance(n, ast.ClassDef) for n in ast.parse((PACKAGE / "_errors.py").read_text()).body
    )
    own = [n for n in _exported(PACKAGE / "__init__.py") if n not in ROOMS and n != "CytosigError"]
    assert len(list((site / "api").glob("*.rst"))) == rooms + errors + len(own) + 3  # indexes


FILES = sorted(p.stem for p in (PACKAGE / "methods").glob("*.py") if not p.stem.startswith("_"))


@pytest.mark.parametrize("name", FILES)
def test_every_method_has_a_page_with_formula_source_and_settings(site: Path, name: str) -> None:
    method = methods.get(name)
    page = (site / "methods" / f"{name}.rst").read_text()
    docstring = ast.get_docstring(ast.parse((PACKAGE / "methods" / f"{name}.py").read_text()))
    formula = re.search(r"::\n\n((?:    .*\n|\n)+)", docstring)
    assert formula, f"the docstring of methods/{name}.py has no formula (a block after '::')"
    assert formula[1].rstrip() in page
    source = method.reference.removesuffix(", docs/methods.md").removesuffix(
        ", docs/other_methods.md"
    )
    assert source in page
    assert f"* - p-values\n     - {'yes' if method.tested else 'no'}\n" in page
    for setting in method.settings:
        assert f"* - ``{setting.name}``\n     - {setting.default:g}\n" in page
        assert setting.about in page
    for peer in method.compat:
        assert f'``compat="{peer}"``' in page
    assert f":doc:`{name}`" in (site / "methods" / "index.rst").read_text()


def test_every_plot_has_a_cell_in_the_gallery(docs: Path) -> None:
    gallery = (docs / "plots.md").read_text()
    cells = "".join(re.findall(r"^```\{code-cell\}.*?^```", gallery, re.M | re.S))
    shown = set(re.findall(r"cs\.pl\.(\w+)\(", cells))
    assert shown == set(_exported(PACKAGE / "pl" / "__init__.py"))


def test_every_command_has_a_page_with_its_options(site: Path) -> None:
    runner = CliRunner()
    for words in COMMANDS:
        page = (site / "commands" / f"{'-'.join(['cytosig', *words])}.md").read_text()
        shown = runner.invoke(app, [*words, "--help"], env={"COLUMNS": "200"}).output
        options = set(re.findall(r"^│ [ *]*(--[a-z][\w-]+)", shown, re.M))
        assert "--help" in options
        for option in options - {"--help"}:
            assert re.search(rf"^\| `[^`]*{option}\b", page, re.M), f"{words} {option}"
    written = {path.stem for path in (site / "commands").glob("*.md")}
    assert written == {"index", *("-".join(["cytosig", *words]) for words in COMMANDS)}
