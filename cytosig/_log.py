"""The package's logger. The library never adds handlers; the command line does."""

from __future__ import annotations

import logging

logger = logging.getLogger("cytosig")
