"""Results kept in files: the same numbers, and a run that was cut off goes on."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anndata as ad
import numpy as np
import pytest

import cytosig as cs
from cytosig._errors import DataError, FileError, UsageError
from cytosig.engine import passes
from cytosig.engine.outputs import Field
from cytosig.engine.room import Folder
from cytosig.io import open_store

if TYPE_CHECKING:
    from collections.abc import Callable

    from anndata import AnnData

    from cytosig.signatures import Catalogue

METHODS = ["hlm", "ucell", "zscore", "score_genes", "gsva", "consensus"]


@pytest.fixture
def how(small: Catalogue) -> dict[str, Any]:
    return {
        "method": METHODS, "chunk_size": 7, "n_jobs": 1, "cell_type_key": "type",
        "signatures": small,
    }  # fmt: skip


@pytest.fixture
def stored(few_logged: AnnData, tmp_path: Path) -> Path:
    few_logged.obs["type"] = np.where(np.arange(few_logged.n_obs) % 3, "T cell", "fibroblast")
    few_logged.write_h5ad(tmp_path / "in.h5ad", compression="gzip")
    return tmp_path / "in.h5ad"


@pytest.fixture
def expected(stored: Path, how: dict[str, Any]) -> AnnData:
    adata = ad.read_h5ad(stored)
    cs.tl.score(adata, **how)
    return adata


@pytest.fixture
def blocks_read(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Spans read in passes over the rows."""
    seen: list[tuple[int, int]] = []
    original = passes.for_each

    def spy(rows: Any, work: Any, /, **how: Any) -> None:
        seen.extend(how.get("spans") or rows.spans)
        original(rows, work, **how)

    monkeypatch.setattr(passes, "for_each", spy)
    return seen


def _same(found: AnnData, expected: AnnData) -> None:
    assert set(found.obsm) == set(expected.obsm)
    for key in expected.obsm:
        assert list(found.obsm[key].columns) == list(expected.obsm[key].columns)
        np.testing.assert_array_equal(found.obsm[key], expected.obsm[key], err_msg=key)


def _cut_off(path: Path, how: dict[str, Any], scratch: Path, after: int) -> None:
    n = 0

    def stop(_: int) -> None:
        nonlocal n
        n += 1
        if n == after:
            raise KeyboardInterrupt

    with open_store(path) as adata, pytest.raises(KeyboardInterrupt):
        cs.tl.score(adata, **how, scratch=scratch, progress=stop)


def test_results_in_files_are_those_in_memory(
    stored: Path, how: dict[str, Any], expected: AnnData, tmp_path: Path
) -> None:
    with open_store(stored) as adata:
        cs.tl.score(adata, **how, scratch=tmp_path / "scratch")
        _same(adata, expected)


def test_a_run_cut_off_goes_on(
    stored: Path,
    how: dict[str, Any],
    expected: AnnData,
    tmp_path: Path,
    blocks_read: list[tuple[int, int]],
) -> None:
    _cut_off(stored, how, tmp_path / "scratch", 2)
    done = {(0, 7), (7, 14)}
    blocks_read.clear()
    ticks: list[int] = []
    with open_store(stored) as adata:
        cs.tl.score(adata, **how, scratch=tmp_path / "scratch", progress=ticks.append)
        _same(adata, expected)
        assert ticks[0] == 14
        assert sum(ticks) == adata.n_obs
    everything = {(a, min(a + 7, expected.n_obs)) for a in range(0, expected.n_obs, 7)}
    assert set(blocks_read) == everything - done  # gene means were kept too


def test_the_last_line_of_the_log_may_be_cut_short(
    stored: Path, how: dict[str, Any], expected: AnnData, tmp_path: Path
) -> None:
    scratch = tmp_path / "scratch"
    _cut_off(stored, how, scratch, 3)
    log = scratch / "done.txt"
    log.write_text(log.read_text()[:-3])
    with open_store(stored) as adata:
        cs.tl.score(adata, **how, scratch=scratch)
        _same(adata, expected)


@pytest.mark.parametrize("changed", [{"chunk_size": 9}, {"method": ["ulm"]}, {"min_genes": 4}])
def test_other_settings_begin_anew(
    stored: Path,
    how: dict[str, Any],
    tmp_path: Path,
    changed: dict[str, Any],
    blocks_read: list[tuple[int, int]],
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    _cut_off(stored, how, tmp_path / "scratch", 2)
    blocks_read.clear()
    with open_store(stored) as adata:
        cs.tl.score(adata, **{**how, **changed}, scratch=tmp_path / "scratch")
        size = changed.get("chunk_size", 7)
        assert blocks_read.count((0, size)) >= 2  # gene means and scores
    assert "begun anew" in caplog.text


def test_other_labels_begin_anew(stored: Path, how: dict[str, Any], tmp_path: Path) -> None:
    _cut_off(stored, how, tmp_path / "scratch", 2)
    with open_store(stored) as adata, open_store(stored) as other:
        for one in (adata, other):
            one.obs["type"] = "T cell"
        cs.tl.score(adata, **how, scratch=tmp_path / "scratch")
        cs.tl.score(other, **how)
        _same(adata, other)


def test_a_file_written_again_begins_anew(
    stored: Path, how: dict[str, Any], tmp_path: Path
) -> None:
    _cut_off(stored, how, tmp_path / "scratch", 2)
    adata = ad.read_h5ad(stored)
    adata.X = adata.X * 0.5
    adata.write_h5ad(stored)
    cs.tl.score(adata, **how)
    with open_store(stored) as again:
        cs.tl.score(again, **how, scratch=tmp_path / "scratch")
        _same(again, adata)


def test_data_in_memory_are_never_taken_for_the_same(
    few_logged: AnnData, small: Catalogue, tmp_path: Path
) -> None:
    half = few_logged.copy()
    half.X = half.X * 0.5
    cs.tl.score(few_logged, method="ulm", signatures=small, scratch=tmp_path / "scratch")
    kept = few_logged.obsm["cytosig_score"].to_numpy().copy()
    cs.tl.score(half, method="ulm", signatures=small, scratch=tmp_path / "scratch")
    cs.tl.score(few_logged, method="ulm", signatures=small)
    np.testing.assert_array_equal(few_logged.obsm["cytosig_score"], kept)


def test_a_folder_with_other_files_is_left_alone(few_logged: AnnData, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="other files"):
        cs.tl.score(few_logged, scratch=tmp_path)
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_a_full_disk_is_told_before_the_work(
    few_logged: AnnData, small: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full, raising=False)
    with pytest.raises(FileError, match="No space left"):
        cs.tl.score(few_logged, method="ulm", signatures=small, scratch=Path(tmp_path, "scratch"))


@pytest.mark.skipif(os.name == "nt", reason="locks of POSIX")
def test_two_runs_do_not_share_a_folder(tmp_path: Path) -> None:
    path = tmp_path / "scratch"
    text = (
        "import sys, pathlib; from cytosig.engine.claim import claim;"
        "claim(pathlib.Path(sys.argv[1])); print('mine', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", text, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline() == b"mine\n"
        with pytest.raises(FileError, match="Another run is writing"):
            Folder(path).claim()
        other.stdin.close()
    room = Folder(path)
    room.claim()  # the other has ended
    room.remove()
    assert not path.exists()


class _Touching:
    """Told of every pass over the rows, it has a file written anew before the last."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def begin(self, phase: str, n_rows: int, n_done: int, /) -> Callable[[int], None]:
        del n_rows, n_done
        if phase == "scoring":
            os.utime(self._path, ns=(1, 1))
        return lambda _: None


def test_rows_of_a_file_that_changes_are_refused(stored: Path, how: dict[str, Any]) -> None:
    """Whoever opened it, and wherever the results go."""
    backed = ad.read_h5ad(stored, backed="r")
    told = r"in\.h5ad was changed, replaced or removed while it was read"
    with pytest.raises(DataError, match=told):
        cs.tl.score(backed, **{**how, "method": "ulm"}, progress=_Touching(stored))
    cs.tl.score(backed, **{**how, "method": "ulm"})
    backed.file.close()


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever it is met: at the lock, the log, what is remembered, the results."""
    room = Folder(tmp_path / "scratch")
    room.open({"data": 1})

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    for module, name in ((Path, "open"), (Path, "write_text")):
        monkeypatch.setattr(module, name, full)
    told = r"scratch, which holds results while they come, cannot be written to: No space left"
    with pytest.raises(FileError, match=told):
        room.finished((0, 5), 7)
    with pytest.raises(FileError, match=told):
        room.remember("moments", {"mean": np.zeros(2)})
    with pytest.raises(FileError, match=told):
        room.open({"data": 2})
    with pytest.raises(FileError, match=r"scratch has no room for 40 bytes of results: No space"):
        room.table("score", 5, Field(None))
    monkeypatch.setattr(os, "open", full)
    with pytest.raises(FileError, match=r"other, which is to hold results .* and that has room"):
        Folder(tmp_path / "other").claim()


def test_the_order_of_methods_is_part_of_the_run(stored: Path, how: dict[str, Any]) -> None:
    """Their results stand in one table side by side."""
    scratch = stored.with_name("scratch")
    orders = (["ulm", "mlm"], ["mlm", "ulm"])
    for names in orders:
        with open_store(stored) as adata, open_store(stored) as expected:
            cs.tl.score(adata, **{**how, "method": names}, scratch=scratch)
            cs.tl.score(expected, **{**how, "method": names})
            _same(adata, expected)


def test_a_folder_that_was_being_removed_is_begun_anew(
    stored: Path, how: dict[str, Any], expected: AnnData
) -> None:
    scratch = stored.with_name("scratch")
    _cut_off(stored, how, scratch, 3)
    for lost in scratch.glob("job*score"):
        lost.unlink()
    with open_store(stored) as adata:
        cs.tl.score(adata, **how, scratch=scratch)
        _same(adata, expected)


def test_genes_of_other_names_begin_anew(stored: Path, how: dict[str, Any]) -> None:
    scratch = stored.with_name("scratch")
    plain = {**how, "method": ["ulm"], "n_jobs": 1}
    with open_store(stored) as first, open_store(stored) as second, open_store(stored) as expected:
        cs.tl.score(first, **plain, scratch=scratch)
        for adata in (second, expected):
            adata.var_names = adata.var_names[::-1]
        cs.tl.score(second, **plain, scratch=scratch)
        cs.tl.score(expected, **plain)
        _same(second, expected)


def test_a_log_cut_short_can_be_gone_on_with_twice(
    stored: Path, how: dict[str, Any], expected: AnnData
) -> None:
    scratch = stored.with_name("scratch")
    for after in (3, 2):
        _cut_off(stored, how, scratch, after)
        log = scratch / "done.txt"
        log.write_text(log.read_text()[:-2])
    with open_store(stored) as adata:
        cs.tl.score(adata, **how, scratch=scratch)
        _same(adata, expected)


def test_blocks_without_some_of_the_compartments(
    few_logged: AnnData, tmp_path: Path, how: dict[str, Any]
) -> None:
    few_logged.obs["type"] = np.repeat(["T cell", "fibroblast"], few_logged.n_obs // 2)
    few_logged.write_h5ad(tmp_path / "in.h5ad")
    real = {**how, "signatures": None, "method": ["ulm", "ucell"], "min_coverage": 0.01}
    with open_store(tmp_path / "in.h5ad") as adata:
        cs.tl.score(adata, **{**real, "min_genes": 1}, scratch=tmp_path / "scratch")
    cs.tl.score(few_logged, **{**real, "min_genes": 1})
    _same(adata, few_logged)


def _spoil_result(scratch: Path) -> None:
    path = max(scratch.glob("job*"), key=lambda p: p.stat().st_size)
    with path.open("r+b") as file:
        file.write(b"\x55" * 16)  # the first column of the first block


def _spoil_log(scratch: Path) -> None:
    (scratch / "done.txt").write_bytes(b"0 7\n7 14 \xff\n0 9999999 3\nnonsense\n14 7 0\n")


def _spoil_means(scratch: Path) -> None:
    path = scratch / "everyone.npz"
    path.write_bytes(path.read_bytes()[:-40])


def _spoil_parts(scratch: Path) -> None:
    path = scratch / "everyone.npz"
    with np.load(path) as held:
        np.savez(path, mean=held["mean"], n_used=held["n_used"])


def _spoil_run(scratch: Path) -> None:
    (scratch / "run.json").write_bytes(b"\xff\xfe\x00")


@pytest.mark.parametrize(
    "spoil", [_spoil_result, _spoil_log, _spoil_means, _spoil_parts, _spoil_run]
)
def test_what_is_not_as_it_was_written_is_done_again(
    stored: Path, how: dict[str, Any], expected: AnnData, tmp_path: Path, spoil: Any
) -> None:
    """A disk that lost power holds the log of a block and not its results."""
    scratch = tmp_path / "scratch"
    _cut_off(stored, how, scratch, 2)
    spoil(scratch)
    with open_store(stored) as adata:
        cs.tl.score(adata, **how, scratch=scratch)
        _same(adata, expected)
