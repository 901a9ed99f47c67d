"""How groups of samples differ: every stored comparison, with its figures."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from cytosig import pl
from cytosig.report._commands import not_run
from cytosig.report._figures import figure
from cytosig.report._parts import Row, Text
from cytosig.report._record import texts
from cytosig.report._sentences import count, listed, question

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Literal

    from cytosig.report._parts import Figure, NoFigure, Part
    from cytosig.report._record import Record
    from cytosig.report._shelf import Shelf

    Kind = Literal["score", "balance"]

_NOTE = (
    "The sample is the unit. A small p says that a difference is hardly chance, not that it is"
    " large; look at the intervals. No comparison predicts a response."
)
_MOST = 4  # contrasts with a figure
_POOLED = "pooled"


def comparisons(record: Record, shelf: Shelf, /) -> Iterator[Part]:
    """Each stored comparison; or how to make one."""
    if not record.comparisons:
        yield not_run("compare")
        return
    yield Text(_NOTE)
    for place, name in enumerate(record.comparisons):
        yield Text(_asked(record, name))
        figures = tuple(_figures(record, name, f"compare-{place}"))
        if figures:
            yield Row(figures)
        yield from shelf.take(name)


def _asked(record: Record, name: str) -> str:
    params = record.params(name)
    held = texts(params.get("covariates"))
    said = f"{question(params)}, in {count(int(params.get('n_samples', 0)), 'sample')}"
    if params.get("survival") is not None:
        said += f" ({' and '.join(texts(params['survival']))})"
    if params.get("reference") is not None:
        said += f", against {params['reference']}"
    if params.get("cohort_key") is not None:
        said += "; cohorts alone, and pooled"
    return f"{said}{f'; {listed(held)} held constant' if held else ''}."


def _figures(record: Record, name: str, id: str) -> Iterator[Figure | NoFigure]:
    params = record.params(name)
    if params.get("survival") is not None:
        yield from _survivals(record, name, id)
    elif params.get("cohort_key") is not None:
        yield from _forests(record, name, id)
    else:
        yield from _volcanoes(record, name, id)
        if params.get("groupby") is not None:
            yield from _activities(record, name, id)


def _names(record: Record, name: str) -> list[tuple[Kind, str]]:
    """The balance, and the cytokine with the smallest p; each with its table."""
    table = record.tables[name]
    if "cohort" in table:
        table = table[table["cohort"] == _POOLED]
    weighed = (table["table"] == "balance") & (table["name"] == "balance")
    found: list[tuple[Kind, str]] = [("balance", "balance")] if weighed.any() else []
    scores = table[(table["table"] == "score") & table["p"].notna()]
    if len(scores):
        found.append(("score", str(scores["name"].iloc[int(scores["p"].argmin())])))
    return found


def _contrasts(record: Record, name: str) -> list[str]:
    return list(dict.fromkeys(record.tables[name]["contrast"].astype(str)))[:_MOST]


def _survivals(record: Record, name: str, id: str) -> Iterator[Figure | NoFigure]:
    for place, (_, one) in enumerate(_names(record, name)):
        yield figure(
            f"{id}-survival-{place}",
            partial(pl.survival, record.adata, by=one, compare_key=name, key=record.key),
            caption=f"{one}: survival of samples above 0 and of the others.",
            alt=f"Survival curves of samples with {one} above 0 and of the others.",
        )


def _forests(record: Record, name: str, id: str) -> Iterator[Figure | NoFigure]:
    for place, contrast in enumerate(_contrasts(record, name)):
        for table, one in _names(record, name):
            yield figure(
                f"{id}-forest-{place}-{table}",
                partial(
                    pl.forest, record.adata, name=one, table=table, contrast=contrast,
                    compare_key=name, key=record.key,
                ),
                caption=f"{one}, {contrast}: the effect in each cohort, and pooled.",
                alt=f"Forest plot: effect on {one} with its interval, by cohort, and pooled.",
            )  # fmt: skip


def _volcanoes(record: Record, name: str, id: str) -> Iterator[Figure | NoFigure]:
    for place, contrast in enumerate(_contrasts(record, name)):
        yield figure(
            f"{id}-volcano-{place}",
            partial(pl.volcano, record.adata, compare_key=name, contrast=contrast, key=record.key),
            caption=f"{contrast}: effects on cytokines against their p-values.",
            alt=f"Effects on cytokines ({contrast}) against minus the logarithm of p.",
        )


def _activities(record: Record, name: str, id: str) -> Iterator[Figure | NoFigure]:
    """Every sample in its group."""
    params = record.params(name)
    for table, one in _names(record, name):
        yield figure(
            f"{id}-activity-{table}",
            partial(
                pl.activity, record.adata, id=one, groupby=str(params["groupby"]), what=table,
                sample_key=params.get("sample_key"), compare_key=name, key=record.key,
            ),
            caption=f"{one} of every sample, in groups of {params['groupby']}.",
            alt=f"Points, one a sample: {one} in groups of {params['groupby']}, with their means.",
        )  # fmt: skip
