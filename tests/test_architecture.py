"""The house rules, read from the source: who may import whom, and how files may look."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import cytosig

ROOT = Path(cytosig.__file__).parent
LEAVES = {"_anndata", "_errors", "_log", "_keys", "_obs", "_types"}
BASE = {"signatures", "genes", "cells", "blocks", "io", "stats"}
STATISTICS = {"balance", "blockade", "communication", "network", "compare"}

# What each part of the package may import, besides itself and the leaves.
MAY_IMPORT: dict[str, set[str]] = {
    **{leaf: set() for leaf in LEAVES},
    "signatures": set(),
    "genes": set(),
    "cells": {"signatures"},
    "stats": set(),
    "blocks": set(),
    "kernels": {"stats"},
    "io": {"blocks"},
    "methods": {"kernels"},
    "engine": {"methods", "kernels", *BASE},
    **{part: {"engine", "methods", "kernels", *BASE, *STATISTICS} for part in STATISTICS},
    "datasets": {"signatures", "genes", "io"},
    "tl": {"pp", "engine", "methods", *BASE, *STATISTICS},
    "pp": {"engine", "methods", *BASE, *STATISTICS},
    "learn": {"tl", "pp", "engine", "methods", *BASE},  # reads samples as the tools do
    "pl": set(),  # draws what is stored, computes no score
    "report": {"pl", "tl", "pp", "engine", "methods", *BASE, *STATISTICS},
    "cli": {
        "report", "pl", "learn", "tl", "pp", "engine", "methods", "datasets", "", *BASE,
        *STATISTICS,
    },
}  # fmt: skip

# Doors: a public name of an upper room that users look for in a lower one. The lower room's
# __init__ loads it on first use and does nothing else with it: the one import that may point up.
DOORS = {("cytosig.signatures", "learn"): "cytosig.learn"}


def _files() -> list[Path]:
    return sorted(p for p in ROOT.rglob("*.py") if "__pycache__" not in p.parts)


def _module(path: Path) -> str:
    parts = ["cytosig", *path.relative_to(ROOT).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _part(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


@cache
def _modules() -> frozenset[str]:
    return frozenset(_module(path) for path in _files())


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def _door_imports(tree: ast.Module, module: str) -> set[ast.AST]:
    """Imports of doors: for annotations, or inside ``__getattr__`` of the module."""
    doors = {(target, name) for (room, name), target in DOORS.items() if room == module}
    late = [
        node
        for node in tree.body
        if (isinstance(node, ast.FunctionDef) and node.name == "__getattr__")
        or (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    ]
    return {
        node
        for part in late
        for node in ast.walk(part)
        if isinstance(node, ast.ImportFrom)
        and {(node.module, alias.name) for alias in node.names} <= doors
    }


def _typing_only(tree: ast.Module) -> set[ast.AST]:
    blocks = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
    ]
    return {inner for block in blocks for stmt in block.body for inner in ast.walk(stmt)}


def _targets(node: ast.AST, module: str, is_package: bool) -> list[str]:
    """Modules of this package that one import statement names."""
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            up = module.split(".")[: None if is_package and node.level == 1 else -1]
            up = up[: len(up) - (node.level - (2 if is_package and node.level > 1 else 1))]
            base = ".".join([*up, base] if base else up)
        names = [
            f"{base}.{alias.name}" if f"{base}.{alias.name}" in _modules() else base
            for alias in node.names
        ]
    else:
        return []
    return [name for name in names if name.split(".")[0] == "cytosig"]


@cache
def _imports(path: Path) -> list[tuple[int, str, bool]]:
    """(line, module, only for typing) of every import from this package."""
    tree = _tree(path)
    typing_only = _typing_only(tree)
    is_package = path.name == "__init__.py"
    doors = _door_imports(tree, _module(path))
    return [
        (node.lineno, target, node in typing_only)
        for node in ast.walk(tree)
        if node not in doors
        for target in _targets(node, _module(path), is_package)
    ]


def test_every_part_of_the_package_has_its_place_in_the_table() -> None:
    parts = {_part(module) for module in _modules()} - {""}
    assert parts - set(MAY_IMPORT) == set()


def test_the_table_itself_only_points_down() -> None:
    graph = {k: v - STATISTICS if k in STATISTICS else v for k, v in MAY_IMPORT.items()}
    order = list(TopologicalSorter(graph).static_order())
    ranks = ["kernels", "methods", "engine", "tl", "report", "cli"]
    assert sorted(ranks, key=order.index) == ranks


def test_imports_only_point_down() -> None:
    wrong = []
    for path in _files():
        own = _part(_module(path))
        if not own:
            continue  # the façade: names of the public parts
        for line, target, _ in _imports(path):
            other = _part(target)
            if other != own and other not in LEAVES and other not in MAY_IMPORT.get(own, set()):
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports {target}")
    assert wrong == []


def test_the_walk_sees_the_imports_that_are_there() -> None:
    seen = {t for _, t, _ in _imports(ROOT / "engine" / "score.py")}
    assert {"cytosig.methods", "cytosig.genes", "cytosig.engine.jobs"} <= seen
    assert "cytosig.signatures" in seen, "imports for annotations count too"


def test_a_door_is_where_the_table_says_and_opens_on_first_use() -> None:
    opened = {}
    for path in _files():
        module = _module(path)
        for node in _door_imports(_tree(path), module):
            opened.update({(module, alias.name): node.module for alias in node.names})
    assert opened == DOORS
    code = """
import json, sys
import cytosig.signatures
before = "cytosig.learn" in sys.modules
same = cytosig.signatures.learn is sys.modules["cytosig.learn"].learn
print(json.dumps({"before": before, "same": same}))
"""
    assert _fresh(code) == {"before": False, "same": True}


def test_an_upward_import_beside_a_door_is_seen() -> None:
    """Of another name, in another function, or in another room."""
    wrong = """
def __getattr__(name):
    from cytosig.learn import Learned
def helper():
    from cytosig.learn import learn
"""
    assert _door_imports(ast.parse(wrong), "cytosig.signatures") == set()
    right = "def __getattr__(name):\n    from cytosig.learn import learn\n"
    assert _door_imports(ast.parse(right), "cytosig.genes") == set()
    assert len(_door_imports(ast.parse(right), "cytosig.signatures")) == 1


def test_no_module_imports_itself_in_a_circle() -> None:
    graph: dict[str, set[str]] = {}
    for path in _files():
        module = _module(path)
        if module == "cytosig":
            continue
        # an annotation inside one part is no cycle; one across parts is
        graph[module] = {
            target
            for _, target, typing_only in _imports(path)
            if not (typing_only and _part(target) == _part(module))
        } - {module}
    try:
        tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(f"circular import: {' -> '.join(error.args[1])}")


def test_no_file_is_longer_than_320_lines() -> None:
    lengths = {str(p.relative_to(ROOT)): len(p.read_text().splitlines()) for p in _files()}
    assert {name: n for name, n in lengths.items() if n > 320} == {}


def _functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    return [node for node in ast.walk(_tree(path)) if isinstance(node, kinds)]


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of the body without the docstring."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


def test_no_function_is_longer_than_50_lines() -> None:
    long = {
        f"{path.relative_to(ROOT)}:{f.lineno} {f.name}": _length(f)
        for path in _files()
        for f in _functions(path)
        if _length(f) > 50
    }
    assert long == {}


def test_public_functions_name_their_options() -> None:
    hidden = [
        f"{path.relative_to(ROOT)}:{f.lineno} {f.name}(**{f.args.kwarg.arg})"
        for path in _files()
        for f in _functions(path)
        if f.args.kwarg is not None and not f.name.startswith("_")
    ]
    assert hidden == []


def test_no_assert_and_no_print() -> None:
    found = []
    for path in _files():
        for node in ast.walk(_tree(path)):
            printing = isinstance(node, ast.Call) and ast.unparse(node.func) == "print"
            if printing or isinstance(node, ast.Assert):
                found.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert found == []


def _at_import(tree: ast.AST) -> list[ast.Call]:
    """Calls that run when the module is imported."""
    calls: list[ast.Call] = []
    waiting = list(ast.iter_child_nodes(tree))
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.Call):
            calls.append(node)
        waiting.extend(ast.iter_child_nodes(node))
    return calls


def test_no_global_state_is_touched() -> None:
    """Not at import, and the global numpy seed not even later."""
    forbidden = ("filterwarnings", "simplefilter", "basicConfig", "addHandler", "set_option")
    wrong = []
    for path in _files():
        where = path.relative_to(ROOT)
        for call in _at_import(_tree(path)):
            if ast.unparse(call.func).rsplit(".", 1)[-1] in forbidden:
                wrong.append(f"{where}:{call.lineno}")
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("random.seed"):
                wrong.append(f"{where}:{node.lineno}")
    assert wrong == []


def _fresh(code: str) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_importing_the_package_is_light_and_quiet() -> None:
    code = """
import json, sys, warnings
events = []
sys.addaudithook(lambda name, args: events.append(name) if name.startswith("socket.") else None)
before = list(warnings.filters)
import cytosig
heavy = ["scanpy", "numba", "gseapy", "matplotlib", "sklearn", "requests"]
print(json.dumps({
    "heavy": [m for m in heavy if m in sys.modules],
    "network": events,
    "filters": before == list(warnings.filters),
}))
"""
    assert _fresh(code) == {"heavy": [], "network": [], "filters": True}


def test_no_module_leaves_warning_filters_or_handlers_behind() -> None:
    names = sorted(m for m in _modules() if _part(m) != "cli")
    code = f"""
import importlib, json, logging, sys, warnings
import numpy, scipy.sparse, scipy.stats, pandas, h5py, numba, anndata
import scanpy, matplotlib.pyplot
before, handlers = list(warnings.filters), list(logging.getLogger().handlers)
state = numpy.random.get_state()[1].tolist()
for name in {names!r}:
    importlib.import_module(name)
own = logging.getLogger("cytosig")
print(json.dumps({{
    "filters": before == list(warnings.filters),
    "root": handlers == list(logging.getLogger().handlers),
    "own": len(own.handlers), "level": own.level,
    "seed": state == numpy.random.get_state()[1].tolist(),
}}))
"""
    expected = {"filters": True, "root": True, "own": 0, "level": 0, "seed": True}
    assert _fresh(code) == expected


def test_unknown_names_and_the_version_of_the_package() -> None:
    from importlib.metadata import version

    assert cytosig.__version__ == version("cytosig-toolkit")
    with pytest.raises(AttributeError, match="no attribute 'scoer'"):
        cytosig.scoer  # noqa: B018
    assert set(cytosig.__all__) <= set(dir(cytosig))
    assert all(getattr(cytosig, name) is not None for name in cytosig.__all__)
