"""What the communication benchmarks share: calls, LIANA's calls, pairs, truths, rates."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
import pandas as pd
import record

import cytosig as cs
from cytosig.communication.forms import nested
from cytosig.communication.tissue import over_others

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import anndata as ad

PEER = record.ROOT / "benchmarks" / "peers" / "liana" / "bin" / "python"
SCRIPT = record.ROOT / "benchmarks" / "peers" / "run_liana.py"
KEYS = {"sample_key": "sample", "cell_type_key": "cell_type"}
CALLS = ("sources", "targets", "links")
ALPHA = 0.05
_DIFFERS = 0.1
_EXPRESSED = 5.0
_OFFSET = 10.0


# --- ours ------------------------------------------------------------------------------------


def talk(
    adata: ad.AnnData, /, *, calls: Sequence[str] = CALLS, **asked: Any
) -> dict[str, pd.DataFrame]:
    """Tables of sources, targets and links (and of changes, with a condition)."""
    for call in calls:
        getattr(cs.tl, call)(adata, **{**KEYS, "n_jobs": 1, **asked})
    found = adata.uns["cytosig"]
    return {name: table for name, table in found.items() if isinstance(table, pd.DataFrame)}


# --- LIANA -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Peer:
    """LIANA's Python, and a folder for what goes to and fro."""

    python: Path
    folder: Path

    def check(self) -> None:
        """Stop with a helpful message where the peer is not installed."""
        if not self.python.exists():
            raise SystemExit(
                f"No peer at {self.python}. Make one: python -m venv benchmarks/peers/liana &&"
                " benchmarks/peers/liana/bin/pip install -r benchmarks/peers/liana.txt,"
                " or pass --peer."
            )

    def run(
        self,
        method: str,
        data: Sequence[Path],
        /,
        *,
        pairs: pd.DataFrame | None = None,
        options: str = "",
    ) -> list[tuple[pd.DataFrame, dict[str, float]]]:
        """Table and figures of each file of counts; ``pairs`` are taken for its consensus."""
        target = self.folder / "found"
        call = [self.python, SCRIPT, "run", method, target, *data, "--raw-counts"]
        if pairs is not None:
            path = self.folder / "pairs.tsv"
            pairs.to_csv(path, sep="\t", index=False)
            call += ["--resource", path]
        subprocess.run([*map(str, call), *options.split()], check=True, stdout=subprocess.DEVNULL)
        return [
            (
                pd.read_csv(target / f"{path.stem}.tsv", sep="\t"),
                json.loads((target / f"{path.stem}.json").read_text()),
            )
            for path in data
        ]

    def said(self, command: str, /) -> Path:
        """The file that a command of the script writes."""
        target = self.folder / f"{command}.txt"
        subprocess.run([self.python, SCRIPT, command, target], check=True)
        return target

    def versions(self) -> str:
        """What the peer's environment holds."""
        return self.said("versions").read_text()

    def consensus(self) -> pd.DataFrame:
        """Pairs of LIANA's consensus resource."""
        return pd.read_csv(self.said("resource"), sep="\t")


def our_pairs() -> pd.DataFrame:
    """Every ligand form with every receptor form of its cytokine, written as LIANA does."""
    known = cs.signatures.load().cytokines
    rows = {
        ("_".join(sorted(made.genes)), "_".join(sorted(heard.genes)))
        for c in known.values()
        for made in c.ligands
        for heard in c.receptors
    }
    return pd.DataFrame(sorted(rows), columns=["ligand", "receptor"])


def pairs_of(table: pd.DataFrame, ligands: Iterable[str], receptors: Iterable[str], /) -> pd.Series:
    """Rows whose complexes are exactly these ligands and these receptors."""
    names = [
        next(c for c in (f"{side}_complex", side) if c in table) for side in ("ligand", "receptor")
    ]
    whole = [table[name].map(lambda text: frozenset(text.split("_"))) for name in names]
    return (whole[0] == frozenset(ligands)) & (whole[1] == frozenset(receptors))


# --- what is true ----------------------------------------------------------------------------


def true_ends(expected: pd.DataFrame, /) -> pd.DataFrame:
    """By cytokine and cell type, of the means that cells are drawn from: is it source, target?

    A source makes over 0.1 log2 more than the other types on average; a target has more of a
    receptor form, less decoys, than counts as expressed and than a tenth of the average, and a
    response over 0.1 log2 (weighted mean) by the generic list or a compartment's; without a list,
    a receptor over 0.1 log2 more.
    """
    catalogue = cs.signatures.load()
    lists = [catalogue, *map(catalogue.for_compartment, catalogue.variants)]
    parts = []
    for id, c in catalogue.cytokines.items():
        made = sum(_least(expected, form.genes) for form in c.ligands)
        off = expected[list(c.modifiers.decoys)].sum(axis=1)
        heard = [(_least(expected, form.genes) - off).clip(lower=0) for form in c.receptors]
        groups = [np.maximum.reduce([heard[i] for i in g]) for g in nested(c.receptors)]
        level = np.sum(groups, axis=0, initial=0.0) + np.zeros(len(expected))
        competent = (level > _EXPRESSED) & (level > level.mean() / 10)
        answers = [_response(expected, own.signatures[id]) for own in lists if id in own.signatures]
        more = np.max(answers, axis=0) if answers else _over(np.log2(level + _OFFSET))
        parts.append(
            pd.DataFrame(
                {
                    "cytokine": id,
                    "cell_type": expected.index,
                    "source": _over(np.log2(made + _OFFSET)) > _DIFFERS,
                    "target": competent & (more > _DIFFERS),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _least(expected: pd.DataFrame, genes: Iterable[str], /) -> pd.Series:
    return expected[list(genes)].min(axis=1)


def _over(values: np.ndarray | pd.Series, /) -> np.ndarray:
    return over_others(np.asarray(values, dtype=float)[None])[0]


def _response(expected: pd.DataFrame, signature: Any, /) -> np.ndarray:
    weights = {g: w for g, w in signature.weights.items() if (expected[g] > 0).all()}
    given = np.array(list(weights.values()))
    shift = over_others(np.log2(expected[list(weights)].to_numpy(float))[None])[0]
    return shift @ given / np.abs(given).sum()


def false_links(links: pd.DataFrame, expected: pd.DataFrame, /) -> np.ndarray:
    """Of these rows: is their source or their target none?"""
    true = true_ends(expected).set_index(["cytokine", "cell_type"])
    ends = [
        true[name].reindex(pd.MultiIndex.from_frame(links[["cytokine", name]])).to_numpy(bool)
        for name in ("source", "target")
    ]
    return ~(ends[0] & ends[1])


# --- rates -----------------------------------------------------------------------------------


def below(p: pd.Series, alpha: float = ALPHA, /) -> float:
    """Share below alpha of those that have a p."""
    known = p.dropna()
    return float((known < alpha).mean()) if len(known) else float("nan")


def gathered(rows: Iterable[tuple], keys: list[str], /) -> pd.DataFrame:
    """Mean of the last column over simulations, with its standard error over them."""
    long = pd.DataFrame(list(rows), columns=[*keys, "value"]).dropna(subset=["value"])
    groups = long.groupby(keys, sort=False)["value"]
    return groups.agg(["mean", "sem", "count"]).reset_index()
