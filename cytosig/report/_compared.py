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

    import pandas as pd

    from cytosig.report._parts import Figure, NoFigure, Part
    from cytosig.report._record import Record
    from cytosig.report._shelf import Shelf

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
        said += f", in each cohort of {params['cohort_key']} and pooled"
    return f"{said}{f'; {listed(held)} held constant' if held else ''}."


def _figures(record: Record, name: str, id: str) -> Iterator[Figure | NoFigure]:
    table, params = record.tables[name], record.params(name)
    survival = texts(params.get("survival"))
    if len(survival) == 2:
        yield _survival(record, (survival[0], survival[1]), id)
    elif params.get("cohort_key") is not None:
        yield from _forests(record, table, name, id)
    else:
        yield from _volcanoes(record, table, name, id)


def _survival(record: Record, columns: tuple[str, str], id: str) -> Figure | NoFigure:
    return figure(
        f"{id}-survival",
        partial(pl.survival, record.adata, survival=columns, by="balance", key=record.key),
        caption="Survival of samples with a high and a low balance.",
        alt=f"Survival curves ({columns[0]}) of samples with a high and a low balance.",
    )


def _forests(
    record: Record, table: pd.DataFrame, name: str, id: str
) -> Iterator[Figure | NoFigure]:
    """The balance, and the cytokine with the smallest pooled p, cohort by cohort."""
    pooled = table[(table["cohort"] == _POOLED) & table["p"].notna()]
    wanted = ["balance"] if (table["name"] == "balance").any() else []
    scores = pooled[pooled["table"] == "score"]
    wanted += [str(scores["name"].iloc[int(scores["p"].argmin())])] if len(scores) else []
    for place, one in enumerate(wanted):
        yield figure(
            f"{id}-forest-{place}",
            partial(pl.forest, record.adata, name=one, compare_key=name, key=record.key),
            caption=f"{one}: the difference in each cohort, and pooled.",
            alt=f"Forest plot: effect on {one} with its interval, cohort by cohort, and pooled.",
        )


def _volcanoes(
    record: Record, table: pd.DataFrame, name: str, id: str
) -> Iterator[Figure | NoFigure]:
    contrasts = list(dict.fromkeys(table["contrast"].astype(str)))
    for place, contrast in enumerate(contrasts[:_MOST]):
        yield figure(
            f"{id}-volcano-{place}",
            partial(pl.volcano, record.adata, compare_key=name, contrast=contrast, key=record.key),
            caption=f"{contrast}: effects on cytokines against their p-values.",
            alt=f"Effects on cytokines ({contrast}) against minus the logarithm of p.",
        )
