"""The gene tables that ship with the package, read when first needed."""

from __future__ import annotations

import csv
import gzip
import io
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

Organism = Literal["human", "mouse"]


@dataclass(frozen=True)
class Synonyms:
    """Other names of the gene a human symbol stands for, best kind first."""

    symbol: str
    ensembl: tuple[str, ...] = ()
    previous: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


def _rows(name: str) -> list[dict[str, str]]:
    packed = (files("cytosig.genes") / "data" / f"{name}.tsv.gz").read_bytes()
    text = gzip.decompress(packed).decode("utf-8")
    return list(csv.DictReader(io.StringIO(text), delimiter="\t"))


def _split(text: str) -> tuple[str, ...]:
    return tuple(text.split("|")) if text else ()


@cache
def human() -> dict[str, Synonyms]:
    """Human genes by approved symbol."""
    return {
        row["symbol"]: Synonyms(
            row["symbol"],
            _split(row["ensembl"]),
            _split(row["previous"]),
            _split(row["aliases"]),
        )
        for row in _rows("human")
    }


@cache
def mouse() -> dict[str, Synonyms]:
    """Mouse genes by the human symbol they are the one-to-one ortholog of."""
    return {
        row["human"]: Synonyms(row["symbol"], _split(row["ensembl"]), (), _split(row["synonyms"]))
        for row in _rows("mouse")
    }


@cache
def approved_by_old_name() -> dict[str, str]:
    """Approved human symbol by previous symbol or alias, previous symbols first."""
    found: dict[str, str] = {}
    for kind in ("previous", "aliases"):
        for symbol, gene in human().items():
            for name in getattr(gene, kind):
                found.setdefault(name, symbol)
    return found


@cache
def symbol_by_any_name(organism: Organism, /) -> dict[str, str]:
    """Approved human symbol by every name the gene goes by, lower case."""
    genes = human() if organism == "human" else mouse()
    found: dict[str, str] = {}
    for kind in ("symbol", "previous", "ensembl", "aliases"):
        for approved, gene in genes.items():
            names = getattr(gene, kind)
            for name in (names,) if isinstance(names, str) else names:
                found.setdefault(name.casefold(), approved)
    return found
