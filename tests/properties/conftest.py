"""Properties draw their data by strategies of reliability/, where the long campaign lives, too."""

from __future__ import annotations

import logging
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
THERE = (ROOT / "reliability").is_dir() and find_spec("hypothesis") is not None
collect_ignore_glob = [] if THERE else ["test_*.py"]

if THERE:
    if find_spec("reliability") is None:
        sys.path.append(str(ROOT))  # last: an installed cytosig stays the one that is tested
    from reliability.properties.profiles import load_short

    load_short()


@pytest.fixture(autouse=True, scope="module")
def quiet() -> None:
    """Thousands of notices help nobody."""
    logger = logging.getLogger("cytosig")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    yield
    logger.setLevel(level)
