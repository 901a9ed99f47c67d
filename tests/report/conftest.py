"""Analysed data with labels that would break a careless page, and the page as a tree."""

from __future__ import annotations

import base64
import csv
import gzip
import io
import json
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

import cytosig as cs

if TYPE_CHECKING:
    from collections.abc import Iterator

    import anndata

IMAGE = "<img src=x onerror=alert(1)>"
SCRIPT = "</script><script>alert(2)</script>"
QUOTES = "\"one\" & 'two'"
FORMULA = "=1+1"
SAMPLES = (IMAGE, SCRIPT, QUOTES, FORMULA, "S5", "S6")
TYPE = "T cell <b onclick='alert(3)'>"
VOID = {"meta", "link", "input", "img", "br", "hr"}


def analyse(adata: anndata.AnnData) -> anndata.AnnData:
    """Run everything on cells of samples of two groups."""
    keys = {"sample_key": "sample", "cell_type_key": "cell_type"}
    cs.tl.score(adata, cell_type_key="cell_type", n_jobs=1)
    cs.tl.channels(adata, n_jobs=1)
    cs.tl.balance(adata, **keys, sweep=["IFNG"], n_draws=100)
    for tool in (cs.tl.sources, cs.tl.targets, cs.tl.links):
        tool(adata, **keys)
    cs.tl.blockade(
        adata, targets=["siltuximab", "IL1B"], pairs=True, sample_key="sample", n_draws=100
    )
    cs.tl.compare(adata, groupby="arm", sample_key="sample")
    return adata


def hostile_cells() -> anndata.AnnData:
    """Six samples of three cell types, their names no good."""
    adata = cs.datasets.simulate_cohort(n_samples=6, cells_per_sample=60, n_genes=3000).adata
    samples = pd.Categorical(adata.obs["sample"])
    adata.obs["sample"] = samples.rename_categories(list(SAMPLES))
    types = adata.obs["cell_type"].astype("category").cat
    first = next(name for name in types.categories if name == "T cell")
    adata.obs["cell_type"] = types.rename_categories({first: TYPE})
    adata.obs["arm"] = np.where(samples.codes < 3, "a <i>", "b")
    return adata


@pytest.fixture(scope="session")
def hostile() -> anndata.AnnData:
    """Everything run on these; not to be changed."""
    adata = analyse(hostile_cells())
    adata.uns["cytosig"]["mine"] = pd.DataFrame(
        {IMAGE: [SCRIPT, "+2", 'a\tb\n"c"'], "x": [np.nan, 1 / 3, -np.inf]},
        index=["@cmd", "-row", "plain"],
    )
    return adata


@dataclass(frozen=True)
class Made:
    """A report, what the data held before, and the texts that plots gave their marks."""

    page: str
    before: dict[str, str]
    texts: list[str]


@pytest.fixture(scope="session")
def made(hostile: anndata.AnnData) -> Made:
    """Their report, drawn once for all tests."""
    from cytosig.report import _svg

    before, texts, read = contents(hostile), [], _svg.read
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_svg, "read", lambda gid: texts.extend(read(gid)) or read(gid))
        page = cs.report.html(hostile, title=f"Report of {IMAGE}")
    return Made(page, before, texts)


@pytest.fixture(scope="session")
def page(made: Made) -> str:
    """Their report."""
    return made.page


def contents(adata: anndata.AnnData) -> dict[str, str]:
    """What stands in obs, obsm and uns, as text."""
    tables = {f"uns {name}": table for name, table in adata.uns["cytosig"].items()}
    tables |= {f"obsm {name}": adata.obsm[name] for name in adata.obsm} | {"obs": adata.obs}
    return {
        name: value.to_csv() if isinstance(value, pd.DataFrame) else repr(value)
        for name, value in tables.items()
    }


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures that cost nothing."""
    empty = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"/>'
    monkeypatch.setattr("cytosig.report._figures._drawn", lambda draw: empty)


@dataclass
class Node:
    """An element, with what is in it."""

    tag: str
    attributes: dict[str, str | None]
    children: list[Node] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)

    def all(self, tag: str, **wanted: str) -> list[Node]:
        """Elements of that name below, in the order of the page."""
        return [node for node in self.walk() if node.tag == tag and node._has(wanted)]

    def one(self, tag: str, **wanted: str) -> Node:
        """The only one."""
        (found,) = self.all(tag, **wanted)
        return found

    def walk(self) -> Iterator[Node]:
        """Every element below."""
        for child in self.children:
            yield child
            yield from child.walk()

    @property
    def text(self) -> str:
        """All text in it, as one line."""
        inner = " ".join([*self.pieces, *(child.text for child in self.children)])
        return " ".join(inner.split())

    def _has(self, wanted: dict[str, str]) -> bool:
        return all(self.attributes.get(k.rstrip("_")) == v for k, v in wanted.items())


class _Tree(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("root", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, dict(attrs))
        self.open[-1].children.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].children.append(Node(tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].pieces.append(data)


def parsed(text: str) -> Node:
    """The page as a tree; every tag is closed, and in order."""
    tree = _Tree()
    tree.feed(text)
    tree.close()
    assert tree.open == [tree.root]
    return tree.root


@pytest.fixture(scope="session")
def tree(page: str) -> Node:
    """Their report as a tree."""
    return parsed(page)


@dataclass(frozen=True)
class Stored:
    """What a table of the page holds, unpacked as the browser does it."""

    spec: dict
    text: str

    @property
    def rows(self) -> list[list[str]]:
        """Header and rows."""
        return list(csv.reader(io.StringIO(self.text), delimiter="\t"))


def stored_tables(tree: Node) -> dict[str, Stored]:
    """Every table of the page that can be saved, by name."""
    found = {}
    for script in tree.all("script", type="application/json"):
        spec = json.loads("".join(script.pieces))
        found[spec["name"]] = Stored(spec, gzip.decompress(base64.b64decode(spec["data"])).decode())
    return found
