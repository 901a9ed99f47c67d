"""The command line: one file a command, the same words as the Python interface."""

from __future__ import annotations

from cytosig.cli._app import run

__all__ = ["run"]
