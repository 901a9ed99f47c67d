"""One data set: opened, scored, told about, written."""

from __future__ import annotations

from contextlib import nullcontext
from inspect import signature
from typing import TYPE_CHECKING, Any

from cytosig._log import logger
from cytosig.cli import _summary as told
from cytosig.cli._everything import add_everything, check_samples
from cytosig.cli._files import is_store_name
from cytosig.cli._input import is_stored, opened, scratch
from cytosig.cli._progress import Bar

if TYPE_CHECKING:
    from anndata import AnnData  # type: ignore[import-untyped,unused-ignore]

    from cytosig.cli._output import Cell
    from cytosig.cli._plan import Call, DataSet
    from cytosig.engine.reference import Reference
    from cytosig.signatures import Catalogue


def score_one(data: DataSet, call: Call, client: Any | None, /) -> list[dict[str, Cell]]:
    """Score and write; the summary.

    Parameters
    ----------
    data, call
        What is scored, and how.
    client
        Of the cluster that scores it; None to score it here.
    """
    from cytosig.engine.room import Room
    from cytosig.io import files_of, watched

    check = watched(*(file for path in data.sources for file in files_of(path)))
    outputs, arguments = data.outputs, dict(call.arguments)
    stored = is_stored(data, call)
    label = f"cytosig: {data.name}" if call.many else "cytosig"
    with scratch(outputs.place, resume=call.resume) if stored else nullcontext(Room()) as room:
        if stored:
            arguments["scratch"] = room
        with opened(data, call, client, stored=stored) as adata:
            check_samples(adata, call.sample_key)
            with Bar(label) as bar:
                fitted = _fit(adata, arguments, bar) if outputs.reference is not None else None
                key = _score(adata, arguments, bar)
            if call.everything:
                add_everything(adata, arguments, call.sample_key)
        told.say_notes(adata, key)
        told.say_coverage(adata, key)
        told.say_compartments(adata, key)
        word = _word(arguments.get("signatures"))
        rows = told.summary(adata, key, word, method=call.methods[0], let_go=room.let_go)
        source = data.sources[0] if stored and not data.joined else None
        own = room if stored or data.joined else None
        outputs.write(adata, key, fitted, source=source, room=own, check=check)
    if data.joined and outputs.main is not None and is_store_name(outputs.main):
        logger.info("%s holds obs, obsm and uns: a joined result has no expression.", outputs.main)
    outputs.say_further(adata, key)
    return rows


def _word(catalogue: Catalogue | None) -> str:
    """What the score columns are: cytokines, unless the user brought sets of their own."""
    known = catalogue is None or all(id in catalogue.cytokines for id in catalogue.ids)
    return "cytokine" if known else "signature"


def _fit(adata: AnnData, arguments: dict[str, Any], bar: Bar) -> Reference:
    """The zero of this run, to store."""
    from cytosig import tl

    known = {k: v for k, v in arguments.items() if k in signature(tl.fit_reference).parameters}
    return tl.fit_reference(adata, **known, progress=bar.watch)


def _score(adata: AnnData, arguments: dict[str, Any], bar: Bar) -> str:
    """Score in place; the key scored under."""
    from cytosig import tl

    tl.score(adata, **arguments, progress=bar.watch)
    key: str = arguments.get("key_added", signature(tl.score).parameters["key_added"].default)
    return key
