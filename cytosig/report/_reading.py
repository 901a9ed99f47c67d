"""Section: what was read, and how its genes were matched."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from cytosig import pl
from cytosig.report._commands import not_run
from cytosig.report._figures import figure
from cytosig.report._parts import Facts, Heading, Points, Section, Text
from cytosig.report._sentences import count, listed
from cytosig.report._summary import unscored

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cytosig.report._parts import Part
    from cytosig.report._record import Record
    from cytosig.report._shelf import Shelf

_LEAD = (
    "How names of genes, values and cell types were recognised, and how much of every signature"
    " the data hold. A score rests on the genes that are there."
)


def reading(record: Record, shelf: Shelf, /) -> Section:
    """Recognised values and genes, coverage, cell types."""
    parts: list[Part] = [Text(_LEAD, "lead"), Facts(tuple(_facts(record)))]
    notes = record.words("notes") or _notes_of_tools(record)
    if notes:
        parts += [Heading("What was recognised and done"), Points(notes)]
    coverage = record.table("coverage")
    if coverage is None:
        parts.append(not_run("score"))
    else:
        parts += [Heading("Coverage of the signatures"), Text(_matched(record))]
        lost = unscored(record)
        parts.append(
            figure(
                "coverage",
                partial(pl.coverage, record.adata, key=record.key),
                caption="Share of every signature's weight that the data hold.",
                alt=f"Bars, one a signature: the share of its weight found in the data."
                f" {len(coverage) - len(lost)} of {len(coverage)} are scored.",
            )
        )
    parts += shelf.take("coverage", "coverage_compartments", "compartments", "agreement")
    return Section("reading", "What was read", tuple(parts))


def _notes_of_tools(record: Record, /) -> tuple[str, ...]:
    """What a tool recognised that was run without scoring."""
    from cytosig.report._record import texts

    found = (
        texts(record.params(tool).get("notes")) for tool in ("balance", "blockade", "channels")
    )
    return next(filter(None, found), ())


def _facts(record: Record) -> Iterator[tuple[str, str]]:
    adata, params = record.adata, record.params()
    yield "Observations × genes", f"{adata.n_obs:,} × {adata.n_vars:,}"
    for word, key in (("Sample", record.sample_key), ("Cell type", record.cell_type_key)):
        if key is not None:
            n = int(adata.obs[key].nunique())
            yield f"{word} of each observation", f"obs column {key!r} ({n:,})"
    for word, name in (("Organism", "organism"), ("Method", "method"), ("Layer", "layer")):
        if name in params:
            yield word, str(params[name])
    for word, name in (("Controls", "control"), ("Centred within", "batch_key")):
        if name in params:
            yield word, str(params[name])


def _matched(record: Record) -> str:
    coverage = record.tables["coverage"]
    found, every = int(coverage["n_found"].sum()), int(coverage["n_genes"].sum())
    whole = int((coverage["n_found"] == coverage["n_genes"]).sum())
    said = (
        f"{found:,} of {every:,} entries of {count(len(coverage), 'signature')} are in the data;"
        f" {count(whole, 'signature')} with all their genes."
    )
    renamed = [name for names in coverage["renamed"].fillna("") for name in _names(names)]
    if renamed:
        said += (
            f" Found under another name: {count(len(set(renamed)), 'gene')}, such as"
            f" {listed(sorted(set(renamed)), most=4)}."
        )
    lost = unscored(record)
    return f"{said} Not scored: {listed(lost, most=40)}." if lost else f"{said} All were scored."


def _names(text: str) -> list[str]:
    return [part for name in str(text).replace(";", ",").split(",") if (part := name.strip())]
