"""Section: what was found, in plain words, and what to be careful about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cytosig.pl._grades import is_weak
from cytosig.report import _verdicts as verdicts
from cytosig.report._commands import not_run
from cytosig.report._parts import Counts, Heading, Points, Section, Text
from cytosig.report._sentences import count, listed, question, signed

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from cytosig.report._parts import Part
    from cytosig.report._record import Record

LEVEL = 0.05  # of false discoveries
FEW = 5  # samples
_TITLES = {
    "sources": "Who makes each cytokine", "targets": "Who answers", "links": "Who speaks to whom",
}  # fmt: skip
_KINDS = {"score": "cytokines", "axis": "axes", "balance": "measures of the balance"}
_FEW_REFERENCE = 10


def summary(record: Record, /) -> Section:
    """Headline, counts, what stands out, cautions."""
    table = record.table("balance")
    parts: list[Part] = [Text(_headline(record), "lead")]
    if table is None:
        parts.append(not_run("balance"))
    else:
        counts = verdicts.counted(table)
        parts.append(Text(_verdict(record, table)))
        parts.append(Counts(tuple((str(n), verdicts.WORDS[v], v) for v, n in counts.items())))
    found = tuple(_findings(record))
    if found:
        parts += [Heading("What stands out"), Points(found)]
    parts += [Heading("What to be careful about"), Points(tuple(_cautions(record)))]
    return Section("summary", "Summary", tuple(parts))


def n_samples(record: Record, /) -> int | None:
    """Samples behind the results; None where observations are cells of nobody knows whom."""
    table = record.table("balance")
    if table is not None:
        return len(table)
    if record.sample_key is not None:
        return int(record.adata.obs[record.sample_key].nunique())
    return None


def _headline(record: Record) -> str:
    n, n_obs = n_samples(record), record.adata.n_obs
    what = count(n_obs, "observation")
    if n is not None:
        what = count(n, "sample")
        what += f" ({count(n_obs, 'cell')})" if record.sample_key is not None else ""
    if record.cell_type_key is not None:
        types = int(record.adata.obs[record.cell_type_key].nunique())
        what += f" with {count(types, 'cell type')}"
    scores, axes = record.scores, record.slot(record.slots.axis)
    if scores is None:
        return f"{what}."
    scored = int(scores.notna().any().sum())
    said = f"{what}, scored for {count(scored, 'cytokine')}"
    if axes is not None and axes.shape[1]:
        said += f" and {count(int(axes.notna().any().sum()), 'response axis', 'response axes')}"
    return f"{said}."


def _verdict(record: Record, table: pd.DataFrame) -> str:
    from cytosig.pl._samples import relative

    counts = verdicts.counted(table)
    anti, pro, open_, lacking = (counts[verdict] for verdict in verdicts.ORDER)
    against = f"Compared with {relative(record.adata, key=record.key).to}"
    if anti or pro:
        said = (
            f"{against}, the cytokines of {_of(anti, len(table))} lean against the tumour and those"
            f" of {_of(pro, len(table))} for it. For {open_} the data do not say which"
            " (indeterminate)"
        )
    else:
        said = f"{against}, no sample leans clearly: {_of(open_, len(table))} are indeterminate"
    return f"{said}, and for {lacking} too little was measured." if lacking else f"{said}."


def _of(n: int, every: int) -> str:
    return f"{n} of {count(every, 'sample')}"


def _findings(record: Record) -> Iterator[str]:
    table = record.table("balance")
    if table is not None:
        yield from _drivers(record, table)
    for name in record.comparisons:
        yield _compared(record, name)
    yield from _spoken(record)
    yield from _blocked(record)


def _drivers(record: Record, table: pd.DataFrame) -> Iterator[str]:
    counts = verdicts.carried_by(table)
    if counts:
        decided = table["verdict"].isin(verdicts.ORDER[:2]).any()
        which = "leaning samples" if decided else "samples (none of which leans clearly)"
        named = [f"{_graded(record, id)} in {n}" for id, n in counts.items()]
        yield f"What carries the balance of the {which}: {listed(named, most=5)}."


def _graded(record: Record, id: str) -> str:
    grade = record.grades.get(id, "")
    return f"{id} (grade {grade})" if is_weak(grade) else id


def _compared(record: Record, name: str) -> str:
    """How many rows of each table of a comparison have a small q, and the surest."""
    table, what = record.tables[name], question(record.params(name))
    asked = table[table["p"].notna()]
    if "cohort" in table and (table["cohort"] == "pooled").any():
        asked = asked[asked["cohort"] == "pooled"]
    if asked.empty:
        return f"{what}: nothing could be tested; the table says why."
    found = asked[asked["q"] <= LEVEL]
    if found.empty:
        return (
            f"{what}: of {count(len(asked), 'row')} tested none has q ≤ {LEVEL}. That does not show"
            " that nothing differs."
        )
    parts = [
        f"{int((found['table'] == kind).sum())} of {int((asked['table'] == kind).sum())} {word}"
        for kind, word in _KINDS.items()
        if (asked["table"] == kind).any()
    ]
    best = found.iloc[int(found["p"].argmin())]
    return (
        f"{what}: {listed(parts)} have q ≤ {LEVEL}. The smallest p is that of {best['name']}"
        f" ({best['contrast']}; estimate {signed(float(best['estimate']))})."
    )


def _spoken(record: Record) -> Iterator[str]:
    for name in ("sources", "targets", "links"):
        table = record.table(name)
        if table is not None:
            yield _pairs(name, table[table["q"].notna()])


def _pairs(name: str, tested: pd.DataFrame) -> str:
    """How many of the rows that could be tested were found, and the surest of them."""
    title = _TITLES[name]
    if tested.empty:
        return f"{title}: nothing could be tested; the table says why."
    found = tested[tested["class"] == "responsive" if name == "targets" else tested["q"] <= LEVEL]
    rows = "links" if name == "links" else "pairs of a cytokine and a cell type"
    said = f"{title}: {len(found):,} of {len(tested):,} {rows} found at q ≤ {LEVEL}"
    if found.empty:
        return f"{said}."
    best = found.sort_values(["q", "p"], kind="stable").head(3).astype(str)
    if name == "links":
        named = best["cytokine"] + " from " + best["source"] + " to " + best["target"]
    else:
        named = best["cytokine"] + " by " + best["cell_type"]
    return f"{said}; the surest: {listed(named)}."


def _blocked(record: Record) -> Iterator[str]:
    table = record.table("blockade")
    if table is None:
        return
    single = table[(table["kind"] == "single") & table["effect"].notna()]
    if single.empty:
        return
    best = single.iloc[int(single["effect"].argmax())]
    effect, low, high = (float(best[name]) for name in ("effect", "ci_low", "ci_high"))
    holds = ", which holds 0" if low <= 0 <= high else ""
    yield (
        f"Of {count(len(single), 'scenario')}, {best['name']} comes first: in this arithmetic it"
        f" moves the balance by {signed(effect, 3)} (interval {signed(low, 3)} to"
        f" {signed(high, 3)}{holds}). It is a ranking and forecasts no efficacy; most of it is"
        " prior knowledge."
    )


def _cautions(record: Record) -> Iterator[str]:
    yield (
        "A score says that a response is present, a balance which way what is known of cytokines"
        " lets them lean. Neither is a probability that a patient responds to a treatment."
    )
    table = record.table("balance")
    if table is not None:
        yield from _of_balance(record, table)
    n = n_samples(record)
    if n is None and record.are_cells:
        yield "Nobody said which cells are of which sample. Cells are no replicates."
    elif n is not None and n < FEW:
        yield f"With {count(n, 'sample')}, intervals are wide and no p can be small."
    lacking = unscored(record)
    if lacking:
        yield (
            f"{count(len(lacking), 'signature')} could not be scored: {listed(lacking)}. What is"
            " not scored is neither high nor low."
        )
    weak = [id for id, grade in record.grades.items() if is_weak(grade) and id not in lacking]
    if weak:
        yield (
            f"Signatures of {count(len(weak), 'cytokine')} have weak experimental support (grade C"
            f" or D): {listed(weak, most=24)}. Read their axis first."
        )
    if record.scores is not None and {"IFN1", "IL6"} <= set(record.scores.columns):
        yield (
            "Some cytokines cannot be told apart by the genes they move: type I and III"
            " interferons; IL-4 and IL-13; IL-6, OSM, LIF and IL-11; IL-2 and IL-15."
        )


def _of_balance(record: Record, table: pd.DataFrame) -> Iterator[str]:
    yield (
        "A balance is relative: above 0 means more against the tumour than the reference. Roles of"
        " cytokines are expert priors for an established tumour, not estimates from these data."
    )
    n = record.params("balance").get("n_reference")
    if n is not None and int(n) < _FEW_REFERENCE:
        yield f"The reference has {count(int(n), 'sample')}; another one could move every balance."
    drivers = verdicts.carried_by(table)
    weak = [id for id in drivers if record.grades.get(id, "") == "D"]
    if weak:
        yield (
            f"In {count(sum(drivers[id] for id in weak), 'sample')} the balance is carried by a"
            f" signature that no experiment at hand confirms (grade D: {listed(weak)}); the column"
            " 'graded only' has the balance without such."
        )


def unscored(record: Record, /) -> list[str]:
    """Signatures that were not scored."""
    coverage = record.table("coverage")
    if coverage is None or "reason" not in coverage:
        return []
    return [str(id) for id, reason in coverage["reason"].fillna("").items() if reason]
