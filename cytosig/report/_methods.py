"""Section: what was done, in sentences to cite, with references."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cytosig.report import _citations as cited
from cytosig.report._parts import Points, References, Section, Text
from cytosig.report._record import texts
from cytosig.report._sentences import count, listed
from cytosig.report._verdicts import carried_by

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from cytosig.report._parts import Reference
    from cytosig.report._record import Record

_TESTS = {
    "moderated": "moderated t-tests (plain ones in tables of fewer than 10 columns)",
    "t": "t-tests",
    "welch": "Welch's t-tests",
    "mann-whitney": "Mann-Whitney tests",
    "wilcoxon": "Wilcoxon signed-rank tests",
    "hc3": "regression with errors that hold for unequal variances",
    "spearman": "Spearman's correlation",
    "cox": "Cox regression",
}


def methods(record: Record, /) -> Section:
    """Sentences on what was really run, with its parameters."""
    cite = cited.Citations()
    said = [
        _scoring(record, cite),
        _weighing(record, cite),
        *(_comparing(record, name, cite) for name in record.comparisons),
        _speaking(record, cite),
        _blocking(record),
        "This report tests nothing of its own: it shows what is stored.",
    ]
    lead = (
        "To copy into a methods section. Sentences are made of what was run and its recorded"
        " parameters; what was not run is not named."
    )
    return Section(
        "methods",
        "Methods, to cite",
        (
            Text(lead, "lead"),
            Points(tuple(sentence for sentence in said if sentence)),
            References(cite.items),
        ),
    )


def _scoring(record: Record, cite: cited.Citations) -> str:
    params, coverage = record.params(), record.table("coverage")
    if not params and coverage is None:
        return ""
    name = str(params.get("method", "hlm"))
    digest = str(record.uns.get("catalogue_digest", ""))
    curated = cited.catalogue(digest)
    marks = [cited.package()]
    marks += [found] if (found := cited.method(name)) is not None else []
    behind = cited.behind_signatures(curated) if curated is not None else []
    of = "the curated catalogue" if curated is not None else "a catalogue of the user's"
    n = 0 if coverage is None else int((coverage["reason"].fillna("") == "").sum())
    return " ".join(
        [
            f"Activities of {count(n, 'signature')} of {of} (digest {digest[:12]}"
            f"{_resting_on(cite, behind)}) were scored by {_titled(name)}{cite.mark(*marks)}.",
            _values(record.words("notes")),
            _null(name),
            _thresholds(params),
        ]
    ).strip()


def _resting_on(cite: cited.Citations, behind: list[Reference]) -> str:
    """Where the genes come from."""
    mark = cite.mark(*behind)
    return f", resting among others on{mark}" if mark else ""


def _titled(name: str) -> str:
    from cytosig.methods import available

    known = available().get(name)
    return f"{name} ({known.title.removesuffix(' (default)')})" if known is not None else name


def _values(notes: tuple[str, ...]) -> str:
    return f"Of the data: {'; '.join(notes)}." if notes else ""


def _null(name: str) -> str:
    from cytosig.methods import available

    known = available().get(name)
    if known is None or not known.tested:
        return "This method has no p-values."
    return (
        "Scores are z on the exact permutation null that shuffles gene labels within an"
        " observation, with two-sided saddlepoint p-values; they say nothing about groups of"
        " patients."
    )


def _thresholds(params: Mapping[str, Any]) -> str:
    if "min_coverage" not in params:
        return ""
    return (
        f"Signatures with less than {float(params['min_coverage']):.0%} of their weight or fewer"
        f" than {params.get('min_genes', 5)} genes in the data were not scored."
    )


def _weighing(record: Record, cite: cited.Citations) -> str:
    from cytosig.pl._samples import relative

    table, params = record.table("balance"), record.params("balance")
    if table is None:
        return ""
    against = relative(record.adata, key=record.key)
    known = cited.catalogue(params.get("catalogue_digest"))
    drivers = [] if known is None else list(carried_by(table))[:3]
    roles = [one for id in drivers for one in cited.behind_role(known, id)] if known else []
    named = f" (of {listed(drivers)}:{cite.mark(*roles)})" if roles else ""
    context = texts(params.get("context"))
    return (
        f"The cytokine balance of {count(len(table), 'sample')} was taken relative to {against.to}:"
        " activities were"
        + (" drawn towards the reference by empirical Bayes," if params.get("shrink", True) else "")
        + f" weighted by expert roles{named} with one vote an axis, and those for the tumour taken"
        f" from those against it. Intervals ({against.level:.0%}) come from"
        f" {int(params.get('n_draws', 1000)):,} draws of genes (Bayesian bootstrap)"
        f"{cite.mark(cited.statistics('rubin'))} and roles. "
        + (f"Context came from {listed(context)}. " if context else "No context was given. ")
        + "The balance is a score, made without any outcome, and no probability of response."
    )


def _comparing(record: Record, name: str, cite: cited.Citations) -> str:
    params = record.params(name)
    test, level = str(params.get("method", "")), float(params.get("level", 0.95))
    held, cohort = texts(params.get("covariates")), params.get("cohort_key")
    marks = {"moderated": ("smyth",), "cox": ("cox", "grambsch")}.get(test, ())
    said = (
        f"{_question(params)}, {count(int(params.get('n_samples', 0)), 'sample')}, by"
        f" {_TESTS.get(test, test)}{cite.mark(*map(cited.statistics, marks))}"
        + (f", {listed(held)} held constant" if held else "")
        + f"; intervals are {level:.0%}, and q values Benjamini and Hochberg's within one table and"
        f" contrast{cite.mark(cited.statistics('bh'))}."
    )
    if params.get("groupby") is not None and params.get("auroc_ci") == "delong":
        mark = cite.mark(cited.statistics("delong"))
        said += f" Areas under the ROC curve have DeLong's intervals{mark}."
    if cohort is not None:
        pooled = cite.mark(cited.statistics("paule"), cited.statistics("knapp"))
        said += f" Cohorts ({cohort}) were compared alone and pooled by random effects{pooled}."
    return said


def _question(params: Mapping[str, Any]) -> str:
    if params.get("groupby") is not None:
        against = params.get("reference")
        than = f" with {against} as the reference" if against is not None else ""
        paired = f", paired by {params['paired']}" if params.get("paired") is not None else ""
        return f"Groups of {params['groupby']} were compared{than}{paired}"
    if params.get("survival") is not None:
        return f"Survival ({' and '.join(texts(params['survival']))}) was modelled"
    return f"Trends with {params.get('covariate')} were tested"


def _speaking(record: Record, cite: cited.Citations) -> str:
    run = [tool for tool in ("sources", "targets", "links") if record.table(tool) is not None]
    if not run:
        return ""
    params = record.params(run[-1])
    refs = [cited.statistics("smyth")]
    if {"targets", "links"} & set(run) or "sources" in run:
        refs.append(cited.statistics("bogomolov"))
    return (
        f"{listed(run).capitalize()} were found from cells added up by sample"
        f" ({params.get('sample_key', '?')}) and cell type ({params.get('cell_type_key', '?')}), at"
        f" least {params.get('min_cells', 10)} of a type in a sample, with the samples as"
        f" replicates: moderated t and false discoveries in two levels{cite.mark(*refs)}."
        " A link takes a source and a target, and its p is the larger of theirs."
    )


def _blocking(record: Record) -> str:
    table, params = record.table("blockade"), record.params("blockade")
    if table is None:
        return ""
    singles = int((table["kind"] == "single").sum())
    pairs = len(table) - singles
    also = f" and {count(pairs, 'pair')} of them" if pairs else ""
    return (
        f"{count(singles, 'scenario')}{also} were taken through the balance by arithmetic on"
        " expression and roles: forms of ligands and receptors that hold a blocked gene were set"
        f" to zero, down to the {float(params.get('floor_quantile', 0.05)):.0%} quantile of the"
        " reference. It is a ranking of scenarios, no forecast of efficacy."
    )
