"""Calls of anndata's writers, without what nobody can act on."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_NULLABLE = "allow_write_nullable_strings"


def quietly(write: Callable[[], None], /) -> None:
    """Write, without warnings, and text as pandas 3 holds it also where anndata asks to opt in."""
    import anndata

    with warnings.catch_warnings():
        for kind in (DeprecationWarning, FutureWarning, UserWarning):
            warnings.simplefilter("ignore", kind)
        try:
            write()
        except RuntimeError as exc:
            if _NULLABLE not in str(exc):
                raise
            with anndata.settings.override(allow_write_nullable_strings=True):
                write()
