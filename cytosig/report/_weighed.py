"""Section: the balance of every sample, how sure it is, and what carries it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from cytosig import pl
from cytosig.report import _verdicts as verdicts
from cytosig.report._commands import not_run
from cytosig.report._figures import figure
from cytosig.report._parts import Heading, Row, Section, Text
from cytosig.report._sentences import count, listed, signed

if TYPE_CHECKING:
    import pandas as pd

    from cytosig.report._parts import Figure, NoFigure, Part
    from cytosig.report._record import Record
    from cytosig.report._shelf import Shelf

_LEAD = (
    "Which way the cytokines of a sample lean: against the tumour (above 0) or for it (below), how"
    " sure that is, and which cytokines carry it. The interval covers genes and roles; it does not"
    " cover which part of the tumour was sampled, nor the choice of the reference."
)
_WATERFALL = "What carries the balance"
_FURTHER = (
    "balance_cell_types", "balance_contributions", "balance_axes",
    "balance_cell_types_contributions", "balance_activity", "balance_cytokines", "balance_rules",
    "balance_edges", "balance_sweep", "balance_tipping",
)  # fmt: skip
MOST = 200
"""Samples that a figure shows; of more, the extremes on both sides."""
MOST_SWEEPS = 4


def weighed(record: Record, shelf: Shelf, /) -> Section:
    """Plots of the balance, its context and its drivers, and the tables."""
    table = record.table("balance")
    parts: list[Part] = [Text(_LEAD, "lead")]
    if table is None:
        parts.append(not_run("balance"))
    else:
        table = table.set_axis(table.index.astype(str), axis=0)
        parts += [
            _overview(record, table),
            Heading(_WATERFALL),
            Text(_drivers(table)),
            Row(tuple(_waterfall(record, table, name) for name in verdicts.extremes(table))),
            Heading("In context"),
            Text(_context(table)),
            _in_context(record, table),
            *_sweeps(record),
        ]
    parts += shelf.take("balance", *_FURTHER)
    return Section("balance", "Balance of every sample", tuple(parts))


def _shown(table: pd.DataFrame) -> list[str] | None:
    """Samples that figures show, None for all."""
    if len(table) <= MOST:
        return None
    order = table["balance"].dropna().sort_values(kind="stable").index
    return [*map(str, order[: MOST // 2]), *map(str, order[-MOST // 2 :])]


def _overview(record: Record, table: pd.DataFrame) -> Figure | NoFigure:
    known = table["balance"].dropna()
    counts = verdicts.counted(table)
    named = [f"{n} {verdicts.WORDS[verdict]}" for verdict, n in counts.items() if n]
    shown = _shown(table)
    alt = f"Dots with intervals, one a sample, from highest to lowest balance: {listed(named)}."
    if len(known):
        alt += (
            f" Highest {known.idxmax()} ({signed(float(known.max()))}), lowest {known.idxmin()}"
            f" ({signed(float(known.min()))})."
        )
    caption = (
        "Balance of every sample with its interval. Pale bars behind: the arms against the tumour"
        " and for it."
    )
    if shown is not None:
        caption += f" Of {len(table):,} samples the {MOST} at the two ends; the table has all."
    return figure(
        "balance",
        partial(pl.balance, record.adata, key=record.key, samples=shown),
        caption=caption,
        alt=alt,
    )


def _drivers(table: pd.DataFrame) -> str:
    counts = verdicts.carried_by(table, decided=False)
    named = [f"{id} in {count(n, 'sample')}" for id, n in counts.items()]
    return (
        "The cytokine that adds most to the balance of a sample is its driver:"
        f" {listed(named, most=6) or 'none'}. Below, the samples at the two ends, cytokine by"
        " cytokine; bars add up to the balance."
    )


def _waterfall(record: Record, table: pd.DataFrame, sample: str) -> Figure | NoFigure:
    place = list(table.index).index(sample)
    row = table.iloc[place]
    balance = signed(float(row["balance"]))
    return figure(
        f"contributions-{place}",
        partial(pl.contributions, record.adata, sample=sample, key=record.key),
        caption=f"{sample}: what each cytokine adds to its balance of {balance}.",
        alt=f"Bars, one a cytokine: what it adds to the balance of {sample}, which is {balance}."
        f" The driver is {row['driver'] or 'none'}.",
    )


def _context(table: pd.DataFrame) -> str:
    rules = table["rules"].fillna("").astype(str)
    held = int((rules != "").sum())
    turned = int((table["verdict"].astype(str) != table["verdict_context"].astype(str)).sum())
    return (
        "The same cytokine helps or harms by dose, time and place. Context rules that hold in a"
        f" sample change the roles there: at least one holds in {held} of"
        f" {count(len(table), 'sample')}, and the verdict differs for {turned}. The range is what"
        " the balance would be if any of the undecided rules held as well."
    )


def _in_context(record: Record, table: pd.DataFrame) -> Figure | NoFigure:
    shown = _shown(table)
    return figure(
        "context",
        partial(pl.balance_context, record.adata, key=record.key, samples=shown),
        caption="Balance under the usual roles, under the rules that hold, and the range over"
        " undecided ones.",
        alt="Per sample: the balance under the usual roles, in context, and the range if undecided"
        " rules held as well.",
    )


def _sweeps(record: Record) -> list[Part]:
    """The balance along each cytokine that was swept."""
    swept = record.table("balance_sweep")
    ids = [] if swept is None else list(dict.fromkeys(swept["cytokine"].astype(str)))
    if not ids:
        return []
    text = (
        "Roles are opinions with a spread. What would the balance be if a cytokine had another"
        " role, from −1 (for the tumour) to 1 (against it)? A point marks where the sign turns."
    )
    figures = tuple(_sweep(record, place, id) for place, id in enumerate(ids[:MOST_SWEEPS]))
    return [Heading("If a role were different"), Text(text), Row(figures)]


def _sweep(record: Record, place: int, id: str) -> Figure | NoFigure:
    return figure(
        f"sweep-{place}",
        partial(pl.balance_context, record.adata, key=record.key, cytokine=id),
        caption=f"The balance at every role of {id}.",
        alt=f"Lines, one a sample: the balance against the role of {id}.",
    )
