"""Every command and call that writes, and the small files they are given."""

from __future__ import annotations

import shutil
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anndata as ad
import numpy as np
import pandas as pd

import cytosig as cs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

IN, OUT, OLDER = "in", "out", "older\n"
SETS = ("--signatures", "IFNG,TGFB1,IL6,IFN1")
_SCORE = (*SETS, "--threads", "1", "--chunk-size", "60")
_KEYS = ("--sample-key", "sample", "--cell-type-key", "cell_type")
_CELLS, _STORE, _BULK = "in/cells.h5ad", "in/cells.zarr", "in/bulk.tsv"
_SCORED, _CLINIC, _STIM = "in/scored.h5ad", "in/clinic.csv", "in/stim.h5ad"


@dataclass(frozen=True)
class Command:
    """Something that writes, called in a folder that holds ``in`` and ``out``.

    Parameters
    ----------
    name
        What the page calls it.
    words
        Behind ``cytosig``; empty where it is a call from Python.
    outputs
        Files and zarr folders, each written wholly or not at all.
    tables
        A folder whose files are written so, each for itself.
    in_place
        The output is the input.
    resumes
        A run that was cut off can be gone on with.
    weight
        How often it has its turn; those that draw pictures take seconds.
    call
        The call from Python.
    reads
        What that reads.
    """

    name: str
    words: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    tables: str = ""
    in_place: bool = False
    resumes: bool = False
    weight: int = 6
    call: Callable[[], None] | None = None
    reads: tuple[str, ...] = ()

    @property
    def inputs(self) -> tuple[str, ...]:
        """Files and folders that are read."""
        return self.reads or tuple(word for word in self.words if word.startswith(f"{IN}/"))

    @property
    def is_zarr(self) -> bool:
        """Whether zarr is read or written, which works in threads of its own."""
        return any(word.endswith(".zarr") for word in (*self.words, *self.outputs))


def _score(name: str, source: str, *words: str, **how: object) -> Command:
    return Command(name, ("score", source, *words, *_SCORE), **how)  # type: ignore[arg-type]


def _to(name: str, *words: str, also: tuple[str, ...] = (), weight: int = 6) -> Command:
    """A command that writes a file behind ``-o``."""
    return Command(name, words, (words[words.index("-o") + 1], *also), weight=weight)


def _save_reference() -> None:
    cs.tl.fit_reference(cs.read(_CELLS), n_jobs=1).save("out/zero.npz")


def _write_report() -> None:
    cs.report.write(cs.read(_SCORED), "out/page.html")


def _write_signature() -> None:
    how = {"treatment": ("cytokine", "IL22"), "control": "none", "batch_key": "donor"}
    cs.signatures.learn(cs.read(_STIM), **how).to_toml("out/IL22.toml")


def _write_data() -> None:
    cs.io.write_h5ad(cs.read(_CELLS), "out/copy.h5ad")


COMMANDS = (
    _score("score to h5ad", _CELLS, "-o", "out/out.h5ad", outputs=("out/out.h5ad",), resumes=True),
    _score("score to zarr", _STORE, "-o", "out/out.zarr", outputs=("out/out.zarr",), resumes=True),
    _score("score a table to h5ad", _BULK, "-o", "out/out.h5ad", outputs=("out/out.h5ad",)),
    _score("score to one table", _CELLS, "-o", "out/out.tsv.gz", outputs=("out/out.tsv.gz",),
           resumes=True),
    _score("score to a folder of tables", _CELLS, "--tsv", "out/tables", tables="out/tables",
           resumes=True),
    _score("score in place, h5ad", _CELLS, "--in-place", outputs=(_CELLS,), in_place=True,
           resumes=True),
    _score("score in place, zarr", _STORE, "--in-place", outputs=(_STORE,), in_place=True,
           resumes=True),
    _score("score, scores only", _CELLS, "--scores-only", "-o", "out/out.h5ad",
           outputs=("out/out.h5ad",), resumes=True),
    _score("score several files", _CELLS, "in/more.h5ad", "-o", "out", resumes=True,
           outputs=("out/cells.h5ad", "out/more.h5ad")),
    _score("score several as one", _CELLS, "in/more.h5ad", "--join", "-o", "out/all.h5ad",
           outputs=("out/all.h5ad",), resumes=True),
    _score("score and its reference", _CELLS, "-o", "out/out.h5ad", "--save-reference",
           "out/zero.npz", outputs=("out/out.h5ad", "out/zero.npz"), resumes=True),
    _to("balance", "balance", _CELLS, *_KEYS, "--n-draws", "100", "-o", "out/balance.tsv"),
    Command("balance, every table", ("balance", _CELLS, *_KEYS, "--n-draws", "100", "--tables",
            "out/tables"), tables="out/tables"),
    _to("balance into h5ad", "balance", _CELLS, *_KEYS, "--n-draws", "100", "-o", "out/all.h5ad"),
    _to("compare", "compare", _SCORED, "--metadata", _CLINIC, "--groupby", "arm",
        "--sample-key", "sample", "-o", "out/compare.csv"),
    _to("sources", "sources", _CELLS, *_KEYS, "--n-boot", "50", "-o", "out/sources.json"),
    _to("targets", "targets", _CELLS, *_KEYS, "-o", "out/targets.tsv"),
    _to("links", "links", _CELLS, *_KEYS, "--n-boot", "50", "--graphml", "out/net.graphml",
        "-o", "out/links.tsv", also=("out/net.graphml",)),
    _to("blockade", "blockade", _CELLS, *_KEYS, "--n-draws", "100", "--targets", "IL6R",
        "-o", "out/blockade.tsv"),
    _to("report", "report", _SCORED, "-o", "out/page.html", weight=1),
    _to("signatures learn", "signatures", "learn", _STIM, "--treatment", "cytokine=IL22",
        "--control", "none", "--batch", "donor", "-o", "out/IL22.toml"),
    _to("signatures export", "signatures", "export", "-o", "out/sets.gmt"),
    Command("demo", ("demo", "-o", "out/demo"), tables="out/demo", weight=1),
    Command("Reference.save", outputs=("out/zero.npz",), call=_save_reference, reads=(_CELLS,)),
    Command("report.write", outputs=("out/page.html",), call=_write_report, reads=(_SCORED,),
            weight=1),
    Command("Learned.to_toml", outputs=("out/IL22.toml",), call=_write_signature, reads=(_STIM,)),
    Command("io.write_h5ad", outputs=("out/copy.h5ad",), call=_write_data, reads=(_CELLS,)),
)  # fmt: skip


def run(command: Command, *more: str) -> int:
    """Do it, here and now; the exit status."""
    if command.call is not None:
        command.call()
        return 0
    from cytosig.cli import run as cytosig

    return cytosig([*command.words, *more])


def make_inputs(place: Path, those: Sequence[Command], /, *, rng: int = 0) -> None:
    """The files that they read; of the same size with other values for another ``rng``."""
    folder = place / IN
    folder.mkdir(parents=True)
    wanted = {name for command in those for name in command.inputs}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cells = cs.datasets.simulate_cohort(
            n_samples=6, cells_per_sample=40, n_genes=1600, rng=rng
        ).adata
        for name in sorted(wanted):
            _MAKERS[name](cells.copy(), place / name, rng)


def _make_store(cells: ad.AnnData, path: Path, _: int) -> None:
    cells.write_zarr(path)


def _make_cells(cells: ad.AnnData, path: Path, _: int) -> None:
    cells.write_h5ad(path)


def _make_more(_: ad.AnnData, path: Path, rng: int) -> None:
    how = {"n_samples": 3, "cells_per_sample": 40, "n_genes": 1600}
    cs.datasets.simulate_cohort(**how, rng=rng + 1).adata.write_h5ad(path)


def _make_bulk(cells: ad.AnnData, path: Path, _: int) -> None:
    bulk = pd.DataFrame(cells.X[:20].toarray().T, cells.var_names, cells.obs_names[:20])
    bulk.to_csv(path, sep="\t")


def _make_scored(cells: ad.AnnData, path: Path, _: int) -> None:
    cs.tl.score(cells, n_jobs=1)
    cs.tl.balance(cells, sample_key="sample", cell_type_key="cell_type", n_draws=100, n_jobs=1)
    cells.write_h5ad(path)


def _make_clinic(cells: ad.AnnData, path: Path, _: int) -> None:
    samples = sorted(set(cells.obs["sample"].astype(str)))
    clinic = pd.DataFrame({"sample": samples, "arm": list("abab" * 2)[: len(samples)]})
    clinic.to_csv(path, index=False)


def _make_stim(_: ad.AnnData, path: Path, rng: int) -> None:
    _stimulated(rng).write_h5ad(path)


_MAKERS = {
    _CELLS: _make_cells, _STORE: _make_store, "in/more.h5ad": _make_more, _BULK: _make_bulk,
    _SCORED: _make_scored, _CLINIC: _make_clinic, _STIM: _make_stim,
}  # fmt: skip


def _stimulated(seed: int) -> ad.AnnData:
    """Four pairs of samples; the first twenty genes are raised by IL22."""
    rng = np.random.default_rng(seed)
    values = rng.normal(6, 0.15, (8, 400)) + np.repeat(rng.normal(0, 0.3, (4, 400)), 2, axis=0)
    values[1::2, :20] += 2
    obs = pd.DataFrame(
        {"cytokine": ["none", "IL22"] * 4, "donor": list("aabbccdd")},
        index=[f"s{k}" for k in range(8)],
    )
    genes = ["SOCS3", "LCN2", "MKI67", *(f"XX{k:03d}" for k in range(397))]
    return ad.AnnData(values, obs=obs, var=pd.DataFrame(index=genes))


def put(command: Command, inputs: Path, place: Path, /) -> None:
    """A fresh copy of what the command reads, with its times, which runs look at."""
    place.mkdir(exist_ok=True)
    for old in place.iterdir():
        shutil.rmtree(old) if old.is_dir() else old.unlink()
    for folder in (IN, OUT):
        (place / folder).mkdir()
    for name in command.inputs:
        if (inputs / name).is_dir():
            shutil.copytree(inputs / name, place / name)
        else:
            shutil.copy2(inputs / name, place / name)


def put_older(command: Command, inputs: Path, place: Path, /) -> None:
    """Where the output goes, something of an earlier day."""
    for name in () if command.in_place else command.outputs:
        if name.endswith(".zarr"):
            shutil.copytree(inputs / _STORE, place / name)
            (place / name / "older").write_text(OLDER)
        else:
            (place / name).write_text(OLDER)
    if command.tables:
        (place / command.tables).mkdir()
        for name in ("score.tsv", "balance.tsv", "coverage.tsv", "mine.txt"):
            (place / command.tables / name).write_text(OLDER)
