"""Section: what taking a signal away would change in the balance, as arithmetic."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from cytosig import pl
from cytosig.report._commands import not_run
from cytosig.report._figures import figure
from cytosig.report._parts import Section, Text
from cytosig.report._sentences import count, listed

if TYPE_CHECKING:
    import pandas as pd

    from cytosig.report._parts import Part
    from cytosig.report._record import Record
    from cytosig.report._shelf import Shelf

CAUTION = (
    "A ranking of scenarios, no forecast of efficacy. It is arithmetic on expression and expert"
    " roles: it knows no dose, no pharmacology, no toxicity and no way round a block. It ranks"
    " bintrafusp alfa high, a drug that failed in phase 3. Most of a ranking is prior knowledge;"
    " what tells of these tumours is the difference between samples."
)
_FURTHER = (
    "blockade_cytokines", "blockade_samples", "blockade_samples_low", "blockade_samples_high",
    "blockade_samples_above_zero", "blockade_samples_context",
)  # fmt: skip


def blocked(record: Record, shelf: Shelf, /) -> Section:
    """Scenarios alone and in pairs."""
    table = record.table("blockade")
    parts: list[Part] = [Text(CAUTION, "caution")]
    if table is None:
        parts.append(not_run("blockade"))
    else:
        parts.append(Text(_said(table)))
        parts.append(
            figure(
                "blockade",
                partial(pl.blockade, record.adata, kind="single", key=record.key),
                caption="Change of the balance in each scenario, with its interval.",
                alt="Dots with intervals, one a scenario: the mean change of the balance.",
            )
        )
        if (table["kind"] == "pair").any():
            parts.append(
                figure(
                    "blockade-pairs",
                    partial(pl.blockade, record.adata, kind="pair", key=record.key),
                    caption="Scenarios in pairs.",
                    alt="Matrix of scenarios: the change of the balance of every two together.",
                )
            )
    parts += shelf.take("blockade", *_FURTHER)
    return Section("blockade", "Blockade scenarios", tuple(parts))


def _said(table: pd.DataFrame) -> str:
    single = table[table["kind"] == "single"]
    idle = single[single["effect"].isna() | (single["cytokines"].fillna("") == "")]
    pairs = int((table["kind"] == "pair").sum())
    also = f" and {count(pairs, 'pair')} of them" if pairs else ""
    said = f"{count(len(single), 'scenario')}{also}."
    if len(idle):
        said += f" These reach no cytokine that votes: {listed(idle['name'])}."
    return said
