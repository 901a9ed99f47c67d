"""A dask array scored by worker processes gives the numbers that memory gives, to the bit."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import cytosig as cs

if TYPE_CHECKING:
    from anndata import AnnData
    from distributed import Client

METHODS = ["hlm", "ucell", "zscore", "score_genes", "consensus"]


def _lazy(cells: AnnData, n_rows: int) -> AnnData:
    import dask.array as da

    found = cells.copy()
    found.X = da.from_array(cells.X, chunks=(n_rows, cells.n_vars), asarray=False)
    return found


def _assert_equal(found: AnnData, expected: AnnData) -> None:
    assert set(found.obsm) == set(expected.obsm) != set()
    for slot, table in expected.obsm.items():
        assert found.obsm[slot].to_numpy().tobytes() == table.to_numpy().tobytes(), slot


@pytest.mark.parametrize("n_rows", [17, 60])
def test_scores(client: Client, cells: AnnData, n_rows: int) -> None:
    how: dict[str, Any] = {"method": METHODS, "batch_key": "donor", "cell_type_key": "type"}
    expected = cs.tl.score(cells, **how, copy=True)
    found = _lazy(cells, n_rows)
    cs.tl.score(found, **how)
    _assert_equal(found, expected)


def test_pseudobulk(client: Client, cells: AnnData) -> None:
    how = {"sample_key": "donor", "cell_type_key": "type"}
    expected, found = cs.pp.pseudobulk(cells, **how), cs.pp.pseudobulk(_lazy(cells, 17), **how)
    assert found.X.tobytes() == expected.X.tobytes()
    for name, layer in expected.layers.items():
        assert np.asarray(found.layers[name]).tobytes() == np.asarray(layer).tobytes()


def test_a_killed_worker_costs_nothing_but_time(client: Client, cells: AnnData) -> None:
    expected = cs.tl.score(cells, copy=True)
    workers = client.scheduler_info()["workers"]
    before = {address: client.run(os.getpid, workers=[address])[address] for address in workers}
    done: list[int] = []

    def kill_one_half_way(n_rows: int) -> None:
        done.append(n_rows)
        if len(done) == 3:
            os.kill(next(iter(before.values())), signal.SIGKILL)

    found = _lazy(cells, 8)
    cs.tl.score(found, progress=kill_one_half_way)
    _assert_equal(found, expected)
    assert sum(done) == 120
    client.wait_for_workers(2, timeout=30)
    after = client.run(os.getpid)
    assert len(set(after.values()) & set(before.values())) == 1
