"""Preprocessing: from cells to samples."""

from __future__ import annotations

from cytosig.pp.pseudobulk import pseudobulk

__all__ = ["pseudobulk"]
