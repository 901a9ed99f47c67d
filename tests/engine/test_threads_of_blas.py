"""The threads of the linear algebra library do not show in any bit."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

_PROGRAM = """
import hashlib, logging, numpy as np, cytosig as cs
logging.getLogger("cytosig").setLevel(50)
adata = cs.datasets.oligodendroglioma()
cs.tl.score(adata, method=["hlm", "mlm", "ucell"], cell_type_key="cell_type")
tables = [adata.obsm[key].to_numpy() for key in sorted(adata.obsm)]
print(hashlib.sha256(b"".join(np.ascontiguousarray(t).tobytes() for t in tables)).hexdigest())
"""


@pytest.mark.slow
def test_scores_do_not_depend_on_its_threads() -> None:
    found = set()
    for threads in ("1", "2", "4"):
        names = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")
        env = {**os.environ, **dict.fromkeys(names, threads)}
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM], env=env, capture_output=True, text=True, check=True
        )
        found.add(done.stdout)
    assert len(found) == 1, found
