"""Section: what could not be computed, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cytosig.report import _verdicts as verdicts
from cytosig.report._commands import TOOLS, not_run
from cytosig.report._parts import Facts, Heading, Points, Section, Text
from cytosig.report._sentences import count, listed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    import pandas as pd

    from cytosig.report._parts import Part
    from cytosig.report._record import Record
    from cytosig.report._shelf import Shelf

_LEAD = "What is not here is not zero. This is what was left out, and why."
_NOTHING = "Nothing was left out of what was run."
_MOST = 6  # reasons of a kind


def missing(record: Record, shelf: Shelf, /) -> Section:
    """Tools, signatures, observations and rows without a result."""
    parts: list[Part] = [Text(_LEAD, "lead")]
    said = tuple(_said(record))
    parts.append(Points(said) if said else Text(_NOTHING))
    parts += shelf.take("unscored")
    idle = [tool for tool in TOOLS if not _was_run(record, tool)]
    if idle:
        parts.append(Heading("Tools that were not run"))
        parts.append(Facts(tuple((tool, not_run(tool).command) for tool in idle)))
    return Section("missing", "What could not be computed", tuple(parts))


def _was_run(record: Record, tool: str) -> bool:
    if tool == "score":
        return record.scores is not None
    if tool == "compare":
        return bool(record.comparisons)
    if tool == "channels":
        return record.slots.receptor in record.adata.obsm
    return record.table(tool) is not None


def _said(record: Record) -> Iterator[str]:
    yield from _of_scores(record)
    yield from _of_balance(record)
    for name in record.comparisons:
        yield from _of_rows(record.tables[name], f"Comparison {name!r}", "p", "reason")
    for tool in ("sources", "targets", "links"):
        if tool in record.tables:
            yield from _of_rows(record.tables[tool], tool.capitalize(), "q", "flags")
    if "blockade" in record.tables:
        yield from _of_rows(record.tables["blockade"], "Blockade", "effect", "note")
    yield from _of_channels(record)


def _of_scores(record: Record) -> Iterator[str]:
    coverage = record.table("coverage")
    if coverage is not None:
        for id, reason in coverage["reason"].fillna("").items():
            if reason:
                yield f"{id} is not scored: {reason}."
    lost = record.table("unscored")
    if lost is not None:
        reasons = listed(_frequent(lost.iloc[:, 0]), most=_MOST)
        yield f"{count(len(lost), 'observation')} of {record.adata.n_obs:,} not scored: {reasons}."
    labels = record.table("compartments")
    if labels is not None:
        unread = [str(name) for name in labels.index[labels["how"] == "unmapped"]]
        if unread:
            yield (
                f"{count(len(unread), 'cell type label')} not read as a compartment, scored by the"
                f" generic signatures: {listed(unread)}."
            )


def _of_balance(record: Record) -> Iterator[str]:
    table = record.table("balance")
    if table is None:
        return
    lacking = table[table["verdict"] == verdicts.ORDER[-1]]
    for name, reason in lacking["reason"].head(_MOST).items():
        yield f"{name} has no verdict: {reason}."
    if len(lacking) > _MOST:
        yield f"{len(lacking) - _MOST} more samples have insufficient coverage."
    mute = record.table("balance_cytokines")
    if mute is not None:
        reasons = mute["reason"].fillna("")
        for id, reason in reasons[reasons != ""].items():
            yield f"{id} has no vote in the balance: {reason}."
    if table["balance_adjusted"].isna().all():
        yield (
            "There is no balance with the content of immune cells and stroma held constant: it"
            " takes 10 samples in the reference, and the genes of these programmes."
        )
    rules = record.table("balance_rules")
    if rules is not None:
        yield (
            f"{count(int((rules['state'] == 'undecided').sum()), 'context rule')} of {len(rules):,}"
            " (samples × rules) are undecided; the table of rules says what each lacks."
        )


def _of_rows(table: pd.DataFrame, what: str, value: str, why: str) -> Iterator[str]:
    """Rows of a table without a value, by the reason that stands in them."""
    lost = table[table[value].isna()]
    if lost.empty:
        return
    known = lost[why].dropna().astype(str) if why in lost else lost.iloc[:, 0].astype(str).iloc[:0]
    reasons = [part for text in known for part in text.split("; ") if part]
    import pandas as pd

    said = listed(_frequent(pd.Series(reasons, dtype=object)), most=_MOST)
    yield (
        f"{what}: {len(lost):,} of {count(len(table), 'row')} without {value}"
        + (f": {said}." if said else ".")
    )


def _of_channels(record: Record) -> Iterator[str]:
    forms = record.table("channels_forms")
    if forms is None:
        return
    unread = forms[~forms["read"].astype(bool)]
    if len(unread):
        yield (
            f"{count(len(unread), 'form')} of ligands, receptors and decoys (of {len(forms)}) could"
            f" not be read, of {count(unread['cytokine'].nunique(), 'cytokine')}; the table of"
            " forms says why."
        )


def _frequent(values: pd.Series[Any]) -> list[str]:
    """Reasons with their counts, most frequent first."""
    counts = values.astype(str).value_counts()
    order = sorted(counts.index, key=lambda reason: (-counts[reason], reason))
    return [f"{reason} ({counts[reason]:,})" for reason in order]
