"""Import first: kernels are compiled anew for this run.

Numba does not notice that a function called by a cached one has changed, so a cache of an
earlier state of the package could answer in place of the present one.
"""

from __future__ import annotations

import os
import tempfile

FOLDER = tempfile.TemporaryDirectory(prefix="cytosig-kernels-", ignore_cleanup_errors=True)
os.environ["NUMBA_CACHE_DIR"] = FOLDER.name
