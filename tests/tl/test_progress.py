"""Who watches a run is told of every pass over the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import scipy.sparse as sp

import cytosig as cs
from cytosig.io import open_store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np
    from anndata import AnnData


class Seen:
    """Passes, with the observations of each block."""

    def __init__(self) -> None:
        self.passes: list[tuple[str, int, int, list[int]]] = []

    def begin(self, phase: str, n_rows: int, n_done: int, /) -> Callable[[int], None]:
        self.passes.append((phase, n_rows, n_done, []))
        return self.passes[-1][3].append


@pytest.fixture
def seen() -> Seen:
    return Seen()


def test_every_pass_is_told(counts: AnnData, seen: Seen) -> None:
    n, blocks = counts.n_obs, [70, 70, 70, 70, 20]
    cs.tl.score(counts, chunk_size=70, n_jobs=1, progress=seen)
    assert seen.passes == [
        ("checking values", n, 0, blocks),
        ("measuring genes", n, 0, blocks),
        ("scoring", n, 0, blocks),
    ]


def test_values_that_are_no_counts_and_not_centred_are_read_once(
    counts: AnnData, seen: Seen, log_normalise: Callable[[np.ndarray], np.ndarray]
) -> None:
    counts.X = sp.csr_matrix(log_normalise(counts.X.toarray()))
    cs.tl.score(counts, center=None, progress=seen)
    assert [phase for phase, *_ in seen.passes] == ["scoring"]


def test_so_is_a_reference_that_is_fitted(counts: AnnData, seen: Seen) -> None:
    cs.tl.fit_reference(counts, progress=seen)
    assert [phase for phase, *_ in seen.passes] == ["checking values", "measuring genes"]
    assert all(sum(blocks) == counts.n_obs for *_, blocks in seen.passes)


def test_a_run_that_goes_on_says_what_is_done(counts: AnnData, seen: Seen, tmp_path: Path) -> None:
    counts.write_h5ad(tmp_path / "in.h5ad")
    how: dict[str, Any] = {"chunk_size": 70, "n_jobs": 1, "scratch": tmp_path / "run"}

    def cut_off(n_rows: int) -> None:
        if n_rows == 20:
            raise KeyboardInterrupt

    with open_store(tmp_path / "in.h5ad") as adata:
        with pytest.raises(KeyboardInterrupt):
            cs.tl.score(adata, **how, progress=cut_off)
        done = (tmp_path / "run" / "done.txt").read_text().splitlines()[:-1]
        (tmp_path / "run" / "done.txt").write_text("\n".join(done) + "\n")
        cs.tl.score(adata, **how, progress=seen)
    assert seen.passes[-1] == ("scoring", counts.n_obs, 280, [20])
