"""What is right where genes are missing: scores of what is there, the rest said to be missing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

import cytosig as cs
from reliability.traps.data import cells
from reliability.traps.frames import difference, normal

if TYPE_CHECKING:
    from reliability.traps.calls import Call
    from reliability.traps.expect import Clean, Tables
    from reliability.traps.trap import Maker

MIN_COVERAGE, MIN_GENES = 0.25, 5
"""Of a signature, by default."""


def _cut(catalogue: cs.signatures.Catalogue, genes: set[str]) -> cs.signatures.Catalogue:
    """The catalogue with the genes that are there, and the signatures of which enough are."""
    found = {}
    for id, signature in catalogue.signatures.items():
        there = tuple(record for record in signature.genes if record.gene in genes)
        share = sum(abs(r.weight) for r in there) / sum(abs(r.weight) for r in signature.genes)
        if share >= MIN_COVERAGE and len(there) >= MIN_GENES:
            found[id] = replace(signature, genes=there)
    return replace(catalogue, signatures=found, variants={})


@dataclass(frozen=True)
class Covered:
    """Scored if and only if enough of its weight is there, as if the rest were in no signature.

    Parameters
    ----------
    make
        Leaves the genes that are there.
    """

    make: Maker
    said: str = "equal to the signatures cut to these genes; the others NaN, with their share"

    def amiss(self, call: Call, tables: Tables, clean: Clean, /) -> str:
        """By the catalogue's own lists."""
        genes = set(self.make(cells()).var_names)
        if call.kind == "tissue":
            return _untestable(call, tables[call.name], genes)
        if call.name == "balance":
            table = tables["balance"]
            short = table["verdict"] == "insufficient coverage"
            agree = (table["balance"].isna() == short).all() and (table["anti_coverage"] < 1).all()
            return "" if agree else "balance: NaN without 'insufficient coverage', or coverage of 1"
        if not call.is_score:
            return ""
        whole = call.options.get("signatures") or cs.signatures.load()
        cut = _cut(whole, genes)
        shares = _shares(whole, genes)
        told = tables["coverage"]["coverage"]
        if not np.allclose(told, [shares[id] for id in told.index]):
            return "coverage: other shares than the lists give"
        missing = [id for id in whole.ids if id not in cut.signatures]
        score = tables["score"]
        if score[missing].notna().any(axis=None):
            return f"score: a number for {missing}, of which too little is there"
        wanted = clean(call, self.make, {"signatures": cut})["score"]
        return difference(
            normal("score", score[list(cut.signatures)]), normal("score", wanted), 1e-6
        )


def _shares(catalogue: cs.signatures.Catalogue, genes: set[str]) -> dict[str, float]:
    found = {}
    for id, signature in catalogue.signatures.items():
        weights: dict[str, Any] = signature.weights
        there = sum(abs(w) for gene, w in weights.items() if gene in genes)
        found[id] = there / sum(abs(w) for w in weights.values())
    return found


def _untestable(call: Call, table: Any, genes: set[str]) -> str:
    """A cytokine without a whole form is no number, and a gene that it lacks is named."""
    cytokines = cs.signatures.load().cytokines
    ends = {"sources": ("ligands",), "targets": ("receptors",), "links": ("ligands", "receptors")}
    for id, own in table.groupby("cytokine"):
        forms = [getattr(cytokines[id], end) for end in ends[call.name]]
        whole = all(any(set(form.genes) <= genes for form in end) for end in forms)
        number = own["p"].notna()
        if number.any() and not whole:
            return f"{id}: a p-value, though no form is measured"
        lacking = {g for end in forms for form in end for g in form.genes} - genes
        told = own.loc[~number, "flags"].fillna("").astype(str)
        if not whole and not all(any(gene in text for gene in lacking) for text in told):
            return f"{id}: no number, and no gene named that is missing"
    return ""
