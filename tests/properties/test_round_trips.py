"""What is written says the same when it is read again, and files of any format score alike."""

from __future__ import annotations

import csv
import gzip
import io
import warnings
from contextlib import redirect_stderr, redirect_stdout
from typing import TYPE_CHECKING, Any

import anndata
import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from hypothesis.extra import pandas as hpd

import cytosig as cs
from cytosig.cli import run
from cytosig.io import write_h5ad, write_table
from reliability.properties import cells, held, names, sets
from reliability.properties.profiles import share

if TYPE_CHECKING:
    from pathlib import Path

    from anndata import AnnData

    from cytosig.signatures import Catalogue
    from reliability.properties.cells import Given
    from reliability.properties.sets import Kind

pytestmark = pytest.mark.filterwarnings(
    "ignore:(Observation|Variable) names are not unique:UserWarning",
    "ignore:Transforming to str index:UserWarning",
)

LOOSE: dict[str, Any] = {"min_genes": 1, "min_coverage": 0.0}
FORMATS = ("in.h5ad", "in.zarr", "in.csv", "in.tsv.gz", "turned.csv")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for files that are written over and over."""
    return tmp_path_factory.mktemp("round_trips")


def _scored(adata: AnnData, wanted: Any, kind: Kind, **options: Any) -> AnnData:
    asked = {**LOOSE, "signatures": wanted, **kind.options, **options}
    found = held.outcome(lambda: cs.tl.score(adata, copy=True, **asked))
    assume(not held.refused(found))
    return found


def _same(one: Any, other: Any, where: str) -> None:
    """Records of uns, as files give them back: lists as arrays, numbers as numpy's."""
    if isinstance(one, dict):
        assert set(one) == set(other), where
        for key in one:
            _same(one[key], other[key], f"{where}/{key}")
    elif isinstance(one, pd.DataFrame):
        assert list(one.columns) == list(other.columns), where
        assert list(one.index) == list(other.index), where
        for column in one:
            np.testing.assert_array_equal(one[column], other[column], err_msg=where)
    else:
        assert np.array_equal(np.asarray(one), np.asarray(other)), f"{where}: {one!r} {other!r}"


def _write_zarr(adata: AnnData, path: Path, version: int = 3) -> None:
    with warnings.catch_warnings(), anndata.settings.override(zarr_write_format=version):
        warnings.simplefilter("ignore")  # of what zarr is about to change
        adata.write_zarr(path)


def _same_results(one: AnnData, other: AnnData) -> None:
    held.same_tables(held.tables(one), held.tables(other))
    for key in one.uns:
        _same(one.uns[key], other.uns[key], key)


# --- results ------------------------------------------------------------------------------------


@share(1 / 2)
@given(data=cells.any_data(), wanted=sets.any_sets(), kind=sets.kinds())
def test_results_of_any_data_survive_h5ad(
    data: Given, wanted: Any, kind: Kind, place: Path
) -> None:
    """Scored, written and read again: the same tables to the bit and the same record; or the
    writer says what cannot be stored."""
    scored = _scored(data.adata, wanted, kind)
    path = place / "scored.h5ad"
    if held.refused(held.outcome(lambda: write_h5ad(scored, path))):
        return
    _same_results(scored, anndata.read_h5ad(path))
    _same_results(scored, cs.read(path))


@share(1 / 4)
@given(data=cells.sound_data(), wanted=sets.catalogues(), kind=sets.kinds(), seed=st.integers(0, 9))
def test_results_survive_zarr(
    data: Given, wanted: Catalogue, kind: Kind, seed: int, place: Path
) -> None:
    """Scored, written by anndata as zarr and read by this package: the same."""
    pytest.importorskip("zarr")
    scored = _scored(data.adata, wanted, kind)
    _write_zarr(scored, place / "scored.zarr", 2 + seed % 2)
    _same_results(scored, cs.read(place / "scored.zarr"))


@share(1 / 2)
@given(data=cells.sound_data(), wanted=sets.catalogues(), kind=sets.kinds(by_company=False))
def test_a_stored_reference_scores_as_the_one_in_memory(
    data: Given, wanted: Catalogue, kind: Kind, place: Path
) -> None:
    """A reference written and read scores as it did before, to the bit."""
    reference = cs.tl.fit_reference(data.adata, n_jobs=1)
    reference.save(place / "reference.npz")
    one = _scored(data.adata, wanted, kind, reference=reference)
    other = _scored(data.adata, wanted, kind, reference=place / "reference.npz")
    held.same_tables(held.tables(one), held.tables(other))


# --- tables -------------------------------------------------------------------------------------

numbers = st.one_of(st.floats(), st.sampled_from((np.nan, 1e-300, 0.1, -0.0, 5e-324)))
frames = hpd.data_frames(
    [hpd.column("z", elements=numbers, dtype=float), hpd.column("n", dtype=np.int64)],
    index=hpd.indexes(elements=names.odd(), dtype=object, max_size=6, unique=False),
)


@share(2)
@given(table=frames, header=names.odd(), separator=st.sampled_from((".csv", ".tsv", ".csv.gz")))
def test_tables_are_read_back_to_the_bit(
    table: pd.DataFrame, header: str, separator: str, place: Path
) -> None:
    """Any numbers under any names, as csv or tsv, packed or not: the same numbers to the bit and
    the same names, but for an apostrophe before what a spreadsheet would run."""
    path = place / f"table{separator}"
    table = table.rename(columns={"z": f"z{header}"})
    write_table(table, path, index_label="name")
    raw = gzip.decompress(path.read_bytes()) if separator.endswith(".gz") else path.read_bytes()
    delimiter = "\t" if ".tsv" in separator else ","
    rows = list(csv.reader(io.StringIO(raw.decode(), newline=""), delimiter=delimiter))
    assert rows[0][1:] == list(table.columns)
    found = np.array([float(row[1]) if row[1] else np.nan for row in rows[1:]])
    np.testing.assert_array_equal(found, table.iloc[:, 0].to_numpy(dtype=float))
    for row, name in zip(rows[1:], table.index, strict=True):
        assert row[0] == (f"'{name}" if name.startswith(("=", "+", "-", "@", "\t", "\r")) else name)
        assert not row[0].startswith(("=", "+", "-", "@"))


# --- input --------------------------------------------------------------------------------------


def _write(adata: AnnData, path: Path) -> None:
    frame = adata.to_df()
    if path.suffix == ".h5ad":
        adata.write_h5ad(path)
    elif path.suffix == ".zarr":
        _write_zarr(adata, path)
    elif path.name.startswith("turned"):
        frame.T.to_csv(path)
    else:
        frame.to_csv(path, sep="\t" if ".tsv" in path.name else ",")


@share(1 / 4)
@given(data=cells.sound_data(kinds=("counts", "logged")), wanted=sets.catalogues(),
       kind=sets.kinds())  # fmt: skip
def test_input_scores_the_same_in_every_format(
    data: Given, wanted: Catalogue, kind: Kind, place: Path
) -> None:
    """h5ad, zarr, csv, tsv.gz and csv with genes as rows: the scores of the data in memory, to the
    bit for counts and for what single precision holds."""
    pytest.importorskip("zarr")
    data.adata.X = np.asarray(data.adata.X, dtype=np.float32)
    one = held.tables(_scored(data.adata, wanted, kind))
    for name in FORMATS:
        _write(data.adata, place / name)
        read = cs.read(place / name, transpose=name.startswith("turned"))
        held.same_tables(one, held.tables(_scored(read, wanted, kind)))


def _quietly(*words: str) -> int:
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        return run(list(words))


@share(1 / 5)
@given(data=cells.sound_data(kinds=("counts",)), wanted=sets.sound_sets(),
       kind=sets.kinds(linear=True), cut=st.integers(1, 3))  # fmt: skip
def test_the_command_line_says_what_python_says(
    data: Given, wanted: sets.Weights, kind: Kind, cut: int, place: Path
) -> None:
    """`cytosig score`, of one file and of two joined: the tables of h5ad and of --tsv are those
    of `cs.tl.score`, the numbers as they are."""
    frame = pd.DataFrame(
        [(id, gene, w) for id, own in wanted.items() for gene, w in own.items()],
        columns=["source", "target", "weight"],
    )
    frame.to_csv(place / "sets.csv", index=False)
    data.adata.write_h5ad(place / "whole.h5ad")
    data.adata[:cut].copy().write_h5ad(place / "first.h5ad")
    data.adata[cut:].copy().write_h5ad(place / "second.h5ad")
    expected = held.outcome(
        lambda: cs.tl.score(data.adata, signatures=place / "sets.csv", copy=True, **kind.options)
    )
    how = ["--signatures", str(place / "sets.csv"), "--method", kind.method.name, "-q",
           "--threads", "1", "--tsv", str(place / "tables")]  # fmt: skip
    for files in (["whole.h5ad"], ["first.h5ad", "second.h5ad", "--join"]):
        words = [str(place / w) if w.endswith("h5ad") else w for w in files]
        status = _quietly("score", *words, "-o", str(place / "out.h5ad"), *how)
        assert status == (expected.exit_code if held.refused(expected) else 0)
        if held.refused(expected):
            continue
        held.same_tables(held.tables(expected), held.tables(anndata.read_h5ad(place / "out.h5ad")))
        for name, table in held.tables(expected).items():
            if table.shape[1]:
                read = pd.read_csv(place / "tables" / f"{name}.tsv", sep="\t", index_col=0,
                                   float_precision="round_trip")  # fmt: skip
                np.testing.assert_array_equal(read, table)
                assert list(read.index) == list(table.index)


matrices = hnp.arrays(
    np.float64, hnp.array_shapes(min_dims=2, max_dims=2, max_side=6),
    elements=st.one_of(st.integers(0, 2**40).map(float), st.floats(1e-30, 1e6)),
)  # fmt: skip


@share(1 / 2)
@given(values=matrices)
def test_tables_of_any_numbers_are_read_as_they_are(values: np.ndarray, place: Path) -> None:
    """A csv of any numbers: those numbers, in single precision where that holds whole numbers."""
    path = place / "any.csv"
    genes = list(names.known_genes()[: values.shape[1]])
    frame = pd.DataFrame(values, [f"sample{i}" for i in range(len(values))], genes)
    frame.to_csv(path)
    read = held.outcome(lambda: cs.read(path, transpose=False))
    assume(not held.refused(read))
    x = read.X.toarray() if hasattr(read.X, "toarray") else read.X
    np.testing.assert_allclose(x, values, rtol=1e-7)
    whole = values == np.round(values)
    np.testing.assert_array_equal(np.asarray(x, dtype=np.float64)[whole], values[whole])
    assert list(read.var_names) == genes
