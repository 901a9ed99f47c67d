"""Small valid files of every format the package reads, which the campaign then damages."""

from __future__ import annotations

import gzip
import os
import pickle
import shutil
import sys
import tempfile
import warnings
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import anndata as ad
import h5py
import numpy as np

import cytosig as cs
from cytosig.signatures.load import folder
from reliability.fuzz.case import HERE, N_OBS, SETS, Case, counts

if TYPE_CHECKING:
    from collections.abc import Callable


def _files_of(place: Path, root: str) -> Case:
    path = place / root
    found = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
    return Case(root, {str(p.relative_to(place)): p.read_bytes() for p in found})


def _h5ad(place: Path) -> list[Case]:
    full, dense, by_column = counts(), counts(), counts()
    full.raw = full
    full.layers["counts"] = full.X.toarray()
    dense.X = dense.X.toarray()
    by_column.X = by_column.X.tocsc()
    full.write_h5ad(place / "in.h5ad")
    found = [_files_of(place, "in.h5ad")]
    for made, packed in ((counts(), "gzip"), (dense, None), (dense, "lzf"), (by_column, None)):
        made.write_h5ad(place / "in.h5ad", compression=packed)
        found.append(_files_of(place, "in.h5ad"))
    with (
        h5py.File(place / "in.h5ad", "r") as old,
        h5py.File(place / "new.h5ad", "w", libver="latest") as new,
    ):
        new.attrs.update(dict(old.attrs))
        for name in old:
            old.copy(name, new)
    (place / "new.h5ad").replace(place / "in.h5ad")
    return [*found, _files_of(place, "in.h5ad")]


def _scored(place: Path) -> list[Case]:
    """With results of two tools, and the calls that made them."""
    made = counts()
    few = cs.signatures.load().subset(SETS)
    cs.tl.score(made, signatures=few, method=["hlm", "ucell"], n_jobs=1)
    cs.tl.compare(made, covariate="age")
    made.write_h5ad(place / "in.h5ad")
    return [_files_of(place, "in.h5ad")]


def _legacy(place: Path) -> list[Case]:
    """As anndata wrote before 0.7."""
    made = counts()
    with h5py.File(place / "in.h5ad", "w") as file:
        file["X"] = made.X.toarray()
        names = np.array(
            [(n.encode(), 1.5) for n in made.obs_names], [("index", "S8"), ("q", "f8")]
        )
        file["obs"] = names
        file["var"] = np.array([(n.encode(),) for n in made.var_names], [("index", "S12")])
    return [_files_of(place, "in.h5ad")]


def _zarr(place: Path) -> list[Case]:
    found = []
    full = counts()
    full.layers["counts"] = full.X.toarray()
    for version in (2, 3):
        for made in (full, counts()):
            shutil.rmtree(place / "in.zarr", ignore_errors=True)
            with ad.settings.override(zarr_write_format=version):
                made.write_zarr(place / "in.zarr")
            found.append(_files_of(place, "in.zarr"))
    return found


def _tenx_h5(place: Path) -> list[Case]:
    made = counts()
    text = {"dtype": h5py.string_dtype()}
    arrays = {
        "data": made.X.data.astype(np.int32), "indices": made.X.indices, "indptr": made.X.indptr,
        "shape": np.array(made.shape[::-1], np.int32),
    }  # fmt: skip
    ids = [f"ENSG{k:011d}" for k in range(made.n_vars)]
    found = []
    for version, name in ((3, "matrix"), (2, "GRCh38")):
        with h5py.File(place / "in.h5", "w") as file:
            group = file.create_group(name)
            for key, values in arrays.items():
                group.create_dataset(key, data=values, compression="gzip" if version == 3 else None)
            group.create_dataset("barcodes", data=list(made.obs_names), **text)
            if version == 2:
                group.create_dataset("genes", data=ids, **text)
                group.create_dataset("gene_names", data=list(made.var_names), **text)
            else:
                features = group.create_group("features")
                kinds = ["Gene Expression"] * made.n_vars
                own = {"id": ids, "name": list(made.var_names), "feature_type": kinds}
                for key, values in own.items():
                    features.create_dataset(key, data=values, **text)
        found.append(_files_of(place, "in.h5"))
    return found


def _tenx_mtx(_: Path) -> list[Case]:
    made = counts()
    matrix = made.X.T.tocoo()
    lines = ["%%MatrixMarket matrix coordinate integer general", "%made by hand",
             f"{matrix.shape[0]} {matrix.shape[1]} {matrix.nnz}"]  # fmt: skip
    entries = zip(matrix.row, matrix.col, matrix.data, strict=True)
    lines += [f"{r + 1} {c + 1} {v:g}" for r, c, v in entries]
    features = "".join(f"E{k}\t{g}\tGene Expression\n" for k, g in enumerate(made.var_names))
    names = "".join(f"{name}\n" for name in made.obs_names)
    texts = {"matrix.mtx": "\n".join(lines) + "\n", "features.tsv": features, "barcodes.tsv": names}
    plain = {f"in/{name}": text.encode() for name, text in texts.items()}
    packed = {f"{name}.gz": gzip.compress(data, mtime=0) for name, data in plain.items()}
    return [Case("in", plain), Case("in", packed)]


def _tables(_: Path) -> list[Case]:
    frame = counts().to_df()
    csv, tsv = frame.to_csv().encode(), frame.T.to_csv(sep="\t").encode()
    return [
        Case("in.csv", {"in.csv": csv}),
        Case("in.tsv", {"in.tsv": tsv}),
        Case("in.tsv.gz", {"in.tsv.gz": gzip.compress(tsv, mtime=0)}),
    ]


def _metadata(_: Path) -> list[Case]:
    rows = "".join(f"cell{k},{'yes' if k % 2 else 'no'},{40 + k},\n" for k in range(N_OBS))
    text = f"sample,response,years,remark\n{rows}".encode()
    return [Case("in.csv", {"in.csv": text}),
            Case("in.csv.gz", {"in.csv.gz": gzip.compress(text, mtime=0)})]  # fmt: skip


def _sets(_: Path) -> list[Case]:
    """GMT, long frame, matrix, TOML of a user."""
    catalogue = cs.signatures.load().subset(SETS)
    long = catalogue.to_frame()
    matrix = long.pivot_table(index="target", columns="source", values="weight", fill_value=0.0)
    lines = []
    for id in SETS:
        lines += ["[[signature]]", f'id = "{id}"', 'grade = "B"', 'grade_reason = "seen"']
        for key, sign in (("up", 1), ("down", -1)):
            own = long[(long.source == id) & (long.weight * sign > 0)]
            rows = [
                f'  {{ gene = "{g}", weight = {abs(w):g} }},'
                for g, w in zip(own.target, own.weight, strict=True)
            ]
            lines += [f"{key} = [", *rows, "]"] if rows else []
    texts = {
        "in.gmt": catalogue.to_gmt(), "in.tsv": long.to_csv(sep="\t", index=False),
        "in.csv": matrix.to_csv(), "in.toml": "\n".join(lines) + "\n",
    }  # fmt: skip
    found = [Case(name, {name: text.encode()}) for name, text in texts.items()]
    packed = gzip.compress(texts["in.csv"].encode(), mtime=0)
    return [*found, Case("in.csv.gz", {"in.csv.gz": packed})]


def _curated(*names: str) -> Callable[[Path], list[Case]]:
    def made(_: Path) -> list[Case]:
        return [Case(name, {name: (folder() / name).read_bytes()}) for name in names]

    return made


def _reference(place: Path) -> list[Case]:
    made, found = counts(), []
    for cohort in (False, True):
        fitted = cs.tl.fit_reference(made, sample_key="donor" if cohort else None, n_jobs=1,
                                     **({"min_cells": 1} if cohort else {}))  # fmt: skip
        fitted.save(place / "in.npz")
        found.append(_files_of(place, "in.npz"))
    with np.load(place / "in.npz") as held:
        np.savez(place / "in.npz", **dict(held))
    return [*found, _files_of(place, "in.npz")]


def _resumed(place: Path) -> list[Case]:
    """A run that was cut off after two of its four blocks."""
    from cytosig.engine.room import Folder

    counts().write_h5ad(place / "in.h5ad")
    os.utime(place / "in.h5ad", ns=(10**18, 10**18))
    ended, finished = [], Folder.finished

    def cut(self: Folder, span: tuple[int, int], *values: object) -> None:
        finished(self, span, *values)
        ended.append(span)
        if len(ended) == 2:
            raise KeyboardInterrupt

    Folder.finished = cut  # type: ignore[method-assign]
    try:
        command(place, "in.h5ad", "-o", str(place / "out.h5ad"), "--chunk-size", "2")
    except KeyboardInterrupt:
        pass
    finally:
        Folder.finished = finished  # type: ignore[method-assign]
    left = _files_of(place, ".out.h5ad.run").files
    left = {k: v.replace(str(place).encode(), HERE.encode()) for k, v in left.items()}
    files = {"in.h5ad": (place / "in.h5ad").read_bytes(), **left}
    return [Case("in.h5ad", files, kept=("in.h5ad",))]


def command(place: Path, *words: str) -> None:
    import typer

    from cytosig.cli._app import app

    call = ["score", str(place / words[0]), *words[1:], "--threads", "1"]
    call += ["--signatures", ",".join(SETS)]
    typer.main.get_command(app).main(args=call, standalone_mode=False)


MAKERS: dict[str, Callable[[Path], list[Case]]] = {
    "h5ad": _h5ad, "scored": _scored, "h5ad, old layout": _legacy, "zarr": _zarr,
    "10x h5": _tenx_h5, "10x mtx": _tenx_mtx,
    "table": _tables, "metadata": _metadata, "sets": _sets,
    "cytokine": _curated("IL6.toml", "IFNG.toml", "IL17A.toml"),
    "axes": _curated("axes.toml", "references.toml"),
    "context": _curated("context.toml"), "network": _curated("network.toml"),
    "reference": _reference, "resumed": _resumed,
}  # fmt: skip


def make_here() -> dict[str, list[Case]]:
    """Every seed, made by this process."""
    found: dict[str, list[Case]] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, maker in MAKERS.items():
            with tempfile.TemporaryDirectory() as place:
                found[name] = maker(Path(place))
    return found


def _make(target: Path) -> None:
    target.write_bytes(pickle.dumps(make_here()))


def make() -> dict[str, list[Case]]:
    """Every seed, made by a process of its own: zarr's threads do not outlive a fork."""
    with tempfile.TemporaryDirectory() as place:
        target = Path(place) / "seeds"
        process = get_context("fork").Process(target=_make, args=(target,))
        process.start()
        process.join()
        if process.exitcode:
            sys.exit("The seeds could not be made.")
        found: dict[str, list[Case]] = pickle.loads(target.read_bytes())
    return found
