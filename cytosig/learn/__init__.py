"""Signatures learnt from stimulation experiments, and how far to believe them.

Users find :func:`learn` as ``cytosig.signatures.learn``; the code sits here, above the rooms
that read samples, test them and score them.
"""

from __future__ import annotations

from cytosig.learn.result import Learned
from cytosig.learn.run import learn

__all__ = ["Learned", "learn"]
