"""The package is closed: no network, nothing run that a file brings, no writing but the output."""

from __future__ import annotations

import ast
import csv
import html
import os
import re
import socket
import subprocess
import sys
import tempfile
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

import cytosig
from cytosig.cli import run

if TYPE_CHECKING:
    from collections.abc import Iterator

    import anndata as ad

SOURCE = Path(cytosig.__file__).parent
FORMULA = "=cmd|' /C calc'!A0"
TYPES = {"macrophage": FORMULA, "T cell": "../../T cell"}
SAMPLES = ["@SUM(A1:A9)", "+1+1", "-2+3", "../../up", "/etc/passwd"]
"""Names as a spreadsheet, a file system and an archive would like them least."""


# --- in the source --------------------------------------------------------------------------------

# What would fetch something, or run what a file holds.
MODULES = {
    "pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve", "joblib", "yaml", "socket",
    "ssl", "http", "urllib", "urllib3", "requests", "httpx", "aiohttp", "ftplib", "smtplib",
    "telnetlib", "webbrowser", "pooch", "fsspec", "subprocess", "pty", "code", "codeop", "runpy",
}  # fmt: skip
CALLS = {
    "eval", "exec", "compile", "__import__", "read_pickle", "to_pickle", "system", "popen",
    "spawnv", "execv", "execvp", "load_module", "urlopen", "urlretrieve", "mktemp", "extractall",
}  # fmt: skip


def _files() -> list[Path]:
    return sorted(p for p in SOURCE.rglob("*.py") if "__pycache__" not in p.parts)


def _found(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and name of everything that is not to be there."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name.split(".")[0] for alias in node.names]
            yield from ((node.lineno, name) for name in names if name in MODULES)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            if (name := (node.module or "").split(".")[0]) in MODULES:
                yield node.lineno, name
        elif isinstance(node, ast.Call):
            yield from _called(node)


def _called(node: ast.Call) -> Iterator[tuple[int, str]]:
    function = node.func
    own = isinstance(function, ast.Name)
    name = function.id if own else function.attr if isinstance(function, ast.Attribute) else ""
    of_re = isinstance(function, ast.Attribute) and ast.unparse(function) == "re.compile"
    if name in CALLS and not of_re:
        yield node.lineno, name
    for word in node.keywords:
        if word.arg == "allow_pickle" and not _is(word.value, False):
            yield node.lineno, "allow_pickle"
        if word.arg == "shell" and not _is(word.value, False):
            yield node.lineno, "shell"
        if word.arg == "weights_only" and not _is(word.value, True):
            yield node.lineno, "weights_only"


def _is(node: ast.expr, value: bool) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def test_nothing_in_the_source_fetches_or_runs_what_it_reads() -> None:
    found = []
    for path in _files():
        for line, name in _found(ast.parse(path.read_text(encoding="utf-8"))):
            found.append(f"{path.relative_to(SOURCE)}:{line} {name}")
    assert found == []


@pytest.mark.parametrize(
    "code",
    ["import pickle", "from urllib.request import urlopen", "import os.path, yaml", "eval('1')",
     "np.load(x, allow_pickle=True)", "np.load(x, allow_pickle=flag)", "pd.read_pickle(x)",
     "compile(x, '', 'exec')", "os.system(x)", "run(x, shell=True)"],
)  # fmt: skip
def test_the_walk_sees_what_is_not_to_be_there(code: str) -> None:
    assert len(list(_found(ast.parse(code)))) == 1


def test_the_walk_lets_pass_what_is_harmless() -> None:
    code = "import re\nre.compile('x')\nnp.savez(x, allow_pickle=False)\nself.compiled(x)"
    assert list(_found(ast.parse(code))) == []


# --- the whole chain ------------------------------------------------------------------------------

KEYS = ["--sample-key", "sample", "--cell-type-key", "cell_type", "--threads", "1"]
ASKED = [*KEYS, "--signatures", "IFNG,TGFB1,IL6"]
CHAIN = [
    ["score", "IN", "-o", "scored.h5ad", "--tsv", "tables", "--threads", "1"],
    ["score", "IN", "-o", "scores.csv", "--threads", "1", "--signatures", "IFNG,TGFB1,IL6"],
    ["balance", "IN", "-o", "balance.tsv", "--tables", "more", "--n-draws", "100", *ASKED],
    ["links", "IN", "-o", "links.csv", "--tables", "talk", "--graphml", "net.graphml", *ASKED],
    ["report", "scored.h5ad", "-o", "page.html"],
    ["signatures", "list", "--format", "tsv"],
    ["signatures", "export", "-o", "sets.gmt"],
]


def _cells() -> ad.AnnData:
    """Five samples of few cells, with names that would do harm."""
    made = cytosig.datasets.simulate_cohort(n_samples=5, cells_per_sample=60, n_genes=2000).adata
    for column, names in (("sample", SAMPLES), ("cell_type", list(TYPES.values()))):
        known = sorted(set(made.obs[column]))
        new = {old: names[k] for k, old in enumerate(known) if k < len(names)}
        made.obs[column] = made.obs[column].astype(str).replace(new)
    made.obs_names = [f"={name}" for name in made.obs_names]
    return made


class Chain:
    """What a chain of commands printed and left behind.

    Parameters
    ----------
    root
        The folder around everything: ``data``, ``out``, ``cwd``, ``home`` and ``tmp``.
    printed
        By the number of the command.
    """

    def __init__(self, root: Path, printed: list[str], before: dict[str, int]) -> None:
        self.root, self.printed, self.before = root, printed, before


def _state(root: Path) -> dict[str, int]:
    """Every file, and when it was written."""
    files = (path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path.stat().st_mtime_ns for path in files}


def _no_network(*_: object, **__: object) -> NoReturn:
    raise AssertionError("the network was asked for")


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    root = tmp_path_factory.mktemp("closed")
    for name in ("data", "out", "cwd", "home", "tmp"):
        (root / name).mkdir()
    _cells().write_h5ad(root / "data" / "cells.h5ad")
    before, printed = _state(root), []
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex", "bind", "sendto"):
            patch.setattr(socket.socket, name, _no_network)
        patch.setattr(socket, "getaddrinfo", _no_network)
        patch.setattr(tempfile, "tempdir", str(root / "tmp"))
        patch.setenv("HOME", str(root / "home"))
        patch.chdir(root / "cwd")
        for words in CHAIN:
            files = re.compile(r".*\.(h5ad|csv|tsv|html|graphml|gmt)|tables|more|talk")
            call = [str(root / "out" / word) if files.fullmatch(word) else word for word in words]
            call = [str(root / "data" / "cells.h5ad") if word == "IN" else word for word in call]
            with redirect_stdout(StringIO()) as out:
                code = run(["--debug", *call])
            assert code == 0, call
            printed.append(out.getvalue())
        yield Chain(root, printed, before)


def test_the_chain_needs_no_network_and_writes_its_outputs_alone(chain: Chain) -> None:
    """matplotlib's list of fonts is the one thing that may come to be in a home."""
    after = _state(chain.root)
    changed = {
        name for name in {*chain.before, *after} if chain.before.get(name) != after.get(name)
    }
    strange = {name for name in changed if not name.startswith("out/")}
    assert {name for name in strange if "matplotlib" not in name} == set()
    named = {word for words in CHAIN for word in words if "." in word}
    assert {f"out/{name}" for name in named} <= changed
    folders = ("tables", "more", "talk")
    assert {n.split("/")[1] for n in changed if n.startswith("out/")} == {*named, *folders}


def _texts(chain: Chain) -> list[tuple[str, list[list[str]]]]:
    """Every table of text that was written or printed, cell by cell."""
    found = [
        ("printed", list(csv.reader(StringIO(text), delimiter="\t"))) for text in chain.printed
    ]
    for path in sorted((chain.root / "out").rglob("*")):
        if path.suffix in (".csv", ".tsv"):
            with path.open(newline="", encoding="utf-8") as file:
                rows = list(csv.reader(file, delimiter="," if path.suffix == ".csv" else "\t"))
            found.append((path.name, rows))
    return found


def test_no_cell_of_a_table_is_a_formula(chain: Chain) -> None:
    active, disarmed, negative = [], set(), 0
    for name, rows in _texts(chain):
        for cell in (cell for row in rows for cell in row):
            number = re.fullmatch(r"[+-]?(\d+\.?\d*(e[+-]?\d+)?|inf)", cell)
            negative += number is not None and cell.startswith("-")
            if cell.startswith(("=", "+", "-", "@", "\t", "\r")) and not number:
                active.append((name, cell))
            if cell.startswith("'"):
                disarmed.add(cell)
    assert active == []
    assert {f"'{FORMULA}", "'@SUM(A1:A9)", "'+1+1", "'-2+3"} <= disarmed
    assert any(cell.startswith("'=") for cell in disarmed - {f"'{FORMULA}"}), "names of cells"
    assert negative > 100, "numbers stay numbers"


def test_names_lead_nowhere(chain: Chain) -> None:
    """A sample called ../../up is a name in a table, never a path."""
    assert any("../../up" in cell for _, rows in _texts(chain) for row in rows for cell in row)
    outside = [p.name for p in chain.root.parent.iterdir() if p.name in ("up", "T cell")]
    assert outside == []
    assert not [name for name in _state(chain.root) if "up" in Path(name).stem.split(".")]


def test_the_page_fetches_nothing(chain: Chain) -> None:
    page = (chain.root / "out" / "page.html").read_text(encoding="utf-8")
    assert "default-src 'none'" in html.unescape(page)
    tags = re.findall(r"<(?:script|link|img|iframe|object|embed|source|use)\b[^>]*>", page)
    assert [tag for tag in tags if re.search(r"(src|href)\s*=\s*[\"'](?!#|data:)", tag)] == []
    assert "url(http" not in page


_WATCHED = """
import os, sys
home = sys.argv[1]
seen = []
def hear(event, what):
    if event in ("socket.connect", "socket.bind", "socket.getaddrinfo", "subprocess.Popen",
                 "os.system", "os.exec", "os.posix_spawn", "urllib.Request"):
        seen.append((event, str(what)[:200]))
    elif event == "open" and isinstance(what[0], str):
        if (what[2] or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            seen.append(("wrote", os.path.abspath(what[0])))
    elif event in ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink",
                   "shutil.rmtree", "os.chmod", "os.truncate"):
        within = what[1] if event in ("os.remove", "os.rmdir") else -1  # a folder that is open
        folder = os.readlink(f"/proc/self/fd/{within}") if within >= 0 else os.getcwd()
        seen.append((event, os.path.join(folder, str(what[0]))))
sys.addaudithook(hear)
from cytosig.cli import run
code = run(["demo", "-o", os.path.join(home, "out")])
told = [one for one in seen if not (os.path.join(home, "out") in one[1])]
print("\\n".join(map(repr, told)), file=sys.stderr)
sys.exit(code)
"""


@pytest.mark.slow
def test_demo_from_its_first_import_to_its_end(tmp_path: Path) -> None:
    """As the interpreter tells: every file opened to write, every process, every address."""
    env = {**os.environ, "HOME": str(tmp_path), "MPLCONFIGDIR": str(tmp_path / "matplotlib")}
    env.pop("NUMBA_CACHE_DIR", None)
    done = subprocess.run(
        [sys.executable, "-c", _WATCHED, str(tmp_path)], env=env, cwd=tmp_path, text=True,
        capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = [line for line in done.stderr.splitlines() if line.startswith("(")]
    # caches that numba, the interpreter and matplotlib keep for themselves; what the machine is
    # called and which fonts it has, asked by them
    own = (
        "__pycache__",
        ".nbi",
        ".nbc",
        "numba",
        "matplotlib",
        "/dev/null",
        "'uname'",
        "'fc-list'",
    )
    assert [line for line in told if not any(word in line for word in own)] == []
