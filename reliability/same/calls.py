"""The fixed list of calls, in Python and by the command line, on the inputs of the seed."""

from __future__ import annotations

import contextlib
import io
import os
import warnings
from typing import TYPE_CHECKING

import anndata as ad

import cytosig as cs
from cytosig.cli import run
from cytosig.methods import available
from reliability.same import inputs
from reliability.same.arrays import named, of_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from reliability.same.arrays import Arrays

SLOW = "gsea"
"""Scores by shuffles of gene sets, seconds an observation: three samples, three signatures."""
KEYS = {"sample_key": "sample", "cell_type_key": "cell_type"}
FEW = {"min_cells": 3}
DRUGS = ["IL6R", "TGFB1", "siltuximab"]
_WORDS = ["--sample-key", "sample", "--cell-type-key", "cell_type", "--min-cells", "3"]


# --- in Python ------------------------------------------------------------------------------------


def every_method(threads: int, chunk: int | None) -> Arrays:
    methods = [name for name in available() if name != SLOW]
    return named(cs.tl.score(inputs.cells(), method=methods, n_jobs=threads, chunk_size=chunk,
                             copy=True))  # fmt: skip


def every_method_dense(threads: int, chunk: int | None) -> Arrays:
    methods = [name for name in available() if name != SLOW]
    return named(cs.tl.score(inputs.bulk(), method=methods, n_jobs=threads, chunk_size=chunk,
                             copy=True))  # fmt: skip


def by_shuffles(threads: int, chunk: int | None) -> Arrays:
    three, few = cs.signatures.load().subset(["IFNG", "TGFB1", "IL6"]), {"permutations": 100}
    return named(cs.tl.score(inputs.bulk()[:3].copy(), method=SLOW, signatures=three,
                             settings={SLOW: few}, n_jobs=threads, chunk_size=chunk,
                             copy=True))  # fmt: skip


def controls_and_compartments(threads: int, chunk: int | None) -> Arrays:
    return named(cs.tl.score(inputs.cells(), control=("condition", "control"), batch_key="donor",
                             cell_type_key="cell_type", scale=True, n_jobs=threads,
                             chunk_size=chunk, copy=True))  # fmt: skip


def channels(threads: int, chunk: int | None) -> Arrays:
    return named(cs.tl.channels(inputs.cells(), n_jobs=threads, chunk_size=chunk, copy=True))


def whole_chain(threads: int, _: int | None) -> Arrays:
    """Score, balance, comparison, sources, targets, links, blockade of one AnnData."""
    adata = inputs.cells().copy()
    shared = {**KEYS, **FEW, "n_jobs": threads}
    cs.tl.score(adata, n_jobs=threads)
    cs.tl.balance(adata, sweep=["IFNG"], n_draws=200, **shared)
    cs.tl.compare(adata, groupby="condition", sample_key="sample", n_draws=200, **FEW)
    cs.tl.compare(adata, survival=("months", "died"), sample_key="sample", key_added="survival",
                  **FEW)  # fmt: skip
    cs.tl.sources(adata, n_boot=200, **shared)
    cs.tl.targets(adata, **shared)
    cs.tl.links(adata, n_boot=200, **shared)
    cs.tl.blockade(adata, targets=DRUGS, pairs=True, n_draws=200, **shared)
    return named(adata)


def reference_and_pseudobulk(threads: int, _: int | None) -> Arrays:
    reference = cs.tl.fit_reference(inputs.bulk(), n_jobs=threads)
    scored = cs.tl.score(inputs.bulk()[:5].copy(), reference=reference, n_jobs=threads, copy=True)
    summed = cs.pp.pseudobulk(inputs.cells(), sample_key="sample", cell_type_key="cell_type",
                              **FEW)  # fmt: skip
    return {**named(scored, "referred"), **named(summed, "pseudobulk")}


# --- by the command line --------------------------------------------------------------------------


def command_score(threads: int, chunk: int | None) -> Arrays:
    """An h5ad with everything, and its tables as text."""
    blocks = [] if chunk is None else ["--chunk-size", str(chunk)]
    _cytosig("score", "cells.h5ad", "-o", "scored.h5ad", "--tsv", "tables", "--method",
             "hlm,ucell,ssgsea", "--threads", str(threads), *blocks)  # fmt: skip
    return {**_held("scored.h5ad"), **_texts("tables")}


def command_bulk(threads: int, chunk: int | None) -> Arrays:
    blocks = [] if chunk is None else ["--chunk-size", str(chunk)]
    _cytosig("score", "bulk.tsv", "-o", "bulk_scored.tsv", "--scores-only", "--threads",
             str(threads), *blocks)  # fmt: skip
    return {"bulk_scored.tsv": _text("bulk_scored.tsv")}


def command_chain(threads: int, _: int | None) -> Arrays:
    """Tables of every further command, byte for byte."""
    own = ["--threads", str(threads)]
    for name in ("balance", "sources", "targets", "links"):
        _cytosig(name, "cells.h5ad", *_WORDS, "-o", f"{name}.tsv", *own)
    _cytosig("blockade", "cells.h5ad", *_WORDS, "--targets", ",".join(DRUGS), "-o", "blockade.tsv",
             *own)  # fmt: skip
    _cytosig("score", "cells.h5ad", "-o", "plain.h5ad", *own)
    _cytosig("compare", "plain.h5ad", "--groupby", "condition", "--sample-key", "sample",
             "--min-cells", "3", "-o", "compare.tsv")  # fmt: skip
    names = ("balance", "sources", "targets", "links", "blockade", "compare")
    return {f"{name}.tsv": _text(f"{name}.tsv") for name in names}


def command_report(threads: int, _: int | None) -> Arrays:
    """The whole chain and its page, figures and all."""
    _cytosig("score", "cells.h5ad", "--all", *_WORDS[:4], "-o", "all.h5ad", "--threads",
             str(threads))  # fmt: skip
    _cytosig("report", "all.h5ad", "-o", "report.html")
    return {**_held("all.h5ad"), "report.html (page)": _text("report.html")}


def _cytosig(*words: str) -> None:
    said = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(said):
        status = run([*words])
    if status:
        raise RuntimeError(f"cytosig {' '.join(words)} ended with {status}: {said.getvalue()}")


def _held(name: str) -> Arrays:
    """What an h5ad file holds, and its bytes."""
    path = _here() / name
    return {**named(ad.read_h5ad(path), name), f"{name} (bytes)": of_file(path)}


def _texts(folder: str) -> Arrays:
    return {f"{folder}/{path.name}": of_file(path) for path in sorted((_here() / folder).iterdir())}


def _text(name: str) -> Arrays:
    return of_file(_here() / name)


def _here() -> Path:
    from pathlib import Path

    return Path.cwd()


# --- all of them ----------------------------------------------------------------------------------

BY_BLOCKS: dict[str, Callable[[int, int | None], Arrays]] = {
    "score, every method, counts": every_method,
    "score, every method, dense logs": every_method_dense,
    "score, gsea": by_shuffles,
    "score, controls and compartments": controls_and_compartments,
    "channels": channels,
    "cytosig score, h5ad": command_score,
    "cytosig score, tsv": command_bulk,
}
"""Calls that take a number of threads and a size of blocks."""

BY_THREADS: dict[str, Callable[[int, int | None], Arrays]] = {
    "the whole chain": whole_chain,
    "reference, pseudobulk": reference_and_pseudobulk,
    "cytosig balance, sources, targets, links, blockade, compare": command_chain,
}
"""Calls that take a number of threads."""

ONCE: dict[str, Callable[[int, int | None], Arrays]] = {
    "cytosig score --all, report": command_report
}
"""Long ones, compared between runs only."""


@contextlib.contextmanager
def in_folder(folder: Path, /) -> Iterator[None]:
    """Files of the calls go there; no notices, no warnings of other packages."""
    inputs.put(folder)
    with contextlib.chdir(folder), warnings.catch_warnings(action="ignore"):
        os.environ.pop("COLUMNS", None)
        yield
