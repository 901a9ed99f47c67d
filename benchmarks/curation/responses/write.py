"""The [response] part of signatures/<ID>.toml, byte for byte the same for the same input."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from model import GENERIC, has_own, known_there, study_votes
from settings import INTERFERON_AXES

from cytosig.signatures import COMPARTMENTS

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from grades import Grade
    from model import Array, Effect
    from settings import Settings
    from tables import Tables

_LABELS = {
    "ImmuneDictionary": "R_IMMDICT",
    "GSE_Jankowski_HPPT": "GEO:GSM4923334",
    "singscore_tgfb10": "DATA:Foroutan_TGFB1",
}


def label(study: str) -> str:
    """How a study is named among the support of a gene."""
    if study in _LABELS:
        return _LABELS[study]
    if study.startswith("C2_"):
        return "C2:" + study.removeprefix("C2_")
    return ("GEO:" if study.startswith("GSE") else "DATA:") + study


@dataclass(frozen=True)
class Lists:
    """All weights, and what is known of each gene in them."""

    tables: Tables
    effects: list[Effect]
    settings: Settings
    matrix: dict[str, Array]

    @cached_property
    def own(self) -> dict[str, np.ndarray]:
        """Which cytokines have a list of their own, by compartment."""
        generic = self.matrix[GENERIC]
        return {
            c: has_own(
                self.matrix[c],
                generic,
                known_there(self.tables, self.effects, c),
                self.settings,
            )
            for c in COMPARTMENTS
        }

    @cached_property
    def prior(self) -> dict[tuple[str, str], list[str]]:
        """(cytokine, gene) to ``expert`` and the references of its prior rows."""
        found: dict[tuple[str, str], list[str]] = {}
        for row in self.tables.prior.itertuples():
            labels = found.setdefault((row.cytokine, row.gene), ["expert"])
            labels += [word for word in row.reference.split() if word not in labels]
        return found

    @cached_property
    def votes(self) -> dict[tuple[int, str], Array]:
        """(cytokine, study) to -1, 0, 1 for every gene."""
        return study_votes(self.effects)

    def support(self, k: int, gene: int, sign: float) -> tuple[int, int, list[str]]:
        """Studies for and against, and the labels of prior and studies for."""
        votes = {s: v[gene] * sign for (c, s), v in self.votes.items() if c == k}
        ours = sorted(label(study) for study, vote in votes.items() if vote > 0)
        against = sum(vote < 0 for vote in votes.values())
        known = self.prior.get((self.tables.ids[k], self.tables.genes[gene]), [])
        return len(ours), int(against), [*known, *(s for s in ours if s not in known)]

    @cached_property
    def tiers(self) -> dict[tuple[int, float], set[str]]:
        """(gene, direction) to the axes whose generic lists hold it so; interferons are one."""
        found: dict[tuple[int, float], set[str]] = {}
        for gene, k in zip(*np.nonzero(self.matrix[GENERIC]), strict=True):
            key = int(gene), float(np.sign(self.matrix[GENERIC][gene, k]))
            found.setdefault(key, set()).add(self.tables.ids[k])
        return found

    def tier(self, k: int, gene: int, sign: float) -> str:
        """``specific`` to one list, to one ``family``, or ``shared``."""
        others = self.tiers.get((gene, sign), set()) - {self.tables.ids[k]}
        families = {self._family(id) for id in (*others, self.tables.ids[k])}
        return "specific" if not others else "family" if len(families) == 1 else "shared"

    def _family(self, id: str) -> str:
        axis = self.tables.axis_of[id]
        return "interferon" if axis in INTERFERON_AXES else axis


def response(lists: Lists, k: int, before: dict[str, str], grades: dict[str, Grade]) -> str:
    """Text of the [response] table of one cytokine; ``grades`` by compartment."""
    grade = grades[GENERIC]
    lines = ["[response]"]
    lines += [
        f"{key} = {_quoted(before[key])}" for key in ("scorability", "caveat") if key in before
    ]
    lines += [f"grade = {_quoted(grade.letter)}", f"grade_reason = {_quoted(grade.reason)}"]
    lines += _genes(lists, k, GENERIC)
    for compartment in COMPARTMENTS:
        if lists.own[compartment][k]:
            lines += ["", "[[response.variant]]", f"compartment = {_quoted(compartment)}"]
            lines.append(f"grade = {_quoted(grades[compartment].letter)}")
            lines += _genes(lists, k, compartment)
    return "\n".join(lines) + "\n"


def _genes(lists: Lists, k: int, compartment: str) -> list[str]:
    column = lists.matrix[compartment][:, k]
    shared = (column * lists.matrix[GENERIC][:, k] > 0) & (compartment != GENERIC)
    weight = np.round(np.abs(column), 2)
    lines = []
    for key, sign in (("up", 1.0), ("down", -1.0)):
        chosen = [g for g in np.flatnonzero(sign * column > 0) if weight[g] > 0]
        chosen.sort(key=lambda g: (-weight[g], lists.tables.genes[g]))
        if chosen:
            entries = [
                _entry(lists, k, int(g), sign, float(weight[g]), short=bool(shared[g]))
                for g in chosen
            ]
            lines += [f"{key} = [", *entries, "]"]
    return lines


def _entry(lists: Lists, k: int, gene: int, sign: float, weight: float, *, short: bool) -> str:
    """One line; ``short`` where the generic list already says where the gene comes from."""
    parts = [f'gene = "{lists.tables.genes[gene]}"', f"weight = {weight:g}"]
    if not short:
        ours, against, labels = lists.support(k, gene, sign)
        parts.append(f'tier = "{lists.tier(k, gene, sign)}"')
        parts += [f"{key} = {n}" for key, n in (("for", ours), ("against", against)) if n]
        parts.append(f"support = [{', '.join(_quoted(word) for word in labels)}]")
    return "  {" + ", ".join(parts) + "},"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def rewrite(path: Path, lists: Lists, k: int, grades: dict[str, Grade]) -> str:
    """The whole file: everything before [response] stays as it is."""
    text = path.read_text(encoding="utf-8")
    before = tomllib.loads(text)["response"]
    head = text[: text.index("\n[response]\n") + 1]
    return head + response(lists, k, before, grades)


def studies(tables: Tables) -> pd.DataFrame:
    """One row a study: its label in the signature files, and what it measured."""

    def joined(values: pd.Series[str]) -> str:
        return ", ".join(sorted({str(v) for v in values.dropna()}))

    table = tables.evidence.groupby("study").agg(
        cytokines=("cytokine", joined),
        experiments=("experiment", "nunique"),
        genes=("gene", "nunique"),
        cells=("cell_type", joined),
        organism=("organism", joined),
        accession=("geo", joined),
        kind=("kind", joined),
        licence=("licence", joined),
    )
    table.insert(0, "label", [label(study) for study in table.index])
    return table.reset_index()
