"""How alike must two lists be before experiments confuse them? Behind the ambiguity threshold.

Usage: ``python benchmarks/curation/responses/confusion.py [--out DIR]``

Writes confusion.md and confusion.tsv.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import record
from heldout import folds, queries, score
from settings import DEFAULT
from tables import read

from cytosig.signatures.ambiguity import shares

if TYPE_CHECKING:
    from tables import Tables

EDGES = (-1.0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 1.0)
HIGH = 2.0


def pairs(tables: Tables) -> pd.DataFrame:
    """Every recognised experiment (own z above 2) × every other cytokine, its study unseen."""
    asked = queries(tables)
    rows = []
    for part, matrix in folds(tables, asked, DEFAULT):
        alike = shares(matrix)
        z, _ = score(tables, matrix, asked.sign[part.index], "hlm")
        studies = zip(part["cytokine"], part["study"], z.fillna(0.0).to_numpy(), strict=True)
        for own, study, row in studies:
            k = tables.ids.index(own)
            if row[k] > HIGH:
                rows += [
                    (own, other, study, alike[k, j], row[j] > row[k], row[j] > row[k] / 2)
                    for j, other in enumerate(tables.ids)
                    if j != k
                ]
    columns = ["cytokine", "other", "study", "share", "above", "half"]
    return pd.DataFrame(rows, columns=columns)


def table(found: pd.DataFrame) -> pd.DataFrame:
    """By share: how often the other scores above the true one, and above half of it."""
    keys = ["cytokine", "other", "study"]
    each = found.groupby(keys)[["share", "above", "half"]].mean().reset_index()
    each["shared"] = pd.cut(each["share"], EDGES).astype(str)
    order = each.groupby("shared")["share"].mean().sort_values().index
    means = each.groupby("shared")[["above", "half"]].mean().loc[order]
    return means.assign(pairs=each.groupby("shared").size()).reset_index()


def main() -> None:
    """Run and write."""
    given = record.arguments(__doc__).parse_args()
    found = table(pairs(read()))
    parts = ["# Which cytokines experiments confuse", record.provenance(), _READING]
    text = "\n\n".join([*parts, record.markdown(found)])
    record.write(given.out, "confusion", table=found, text=text)


_READING = """\
Held-out experiments in which the true cytokine has z above 2 (study left out, hlm, by compartment,
directions). shared: the share of one cytokine's own effect that the score of the other shows, by
the weights. above: how often the other scores above the true one; half: above half of it; mean
over pairs of cytokines and studies. From a share of 0.4 on, the other shows more than half of the
score in every second experiment: that is the threshold of `Catalogue.ambiguity`."""


if __name__ == "__main__":
    main()
