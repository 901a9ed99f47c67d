"""What a trap is: an input, where it comes from, and what is expected of every call, in advance."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import cytosig as cs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import anndata as ad

    from reliability.traps.calls import Call
    from reliability.traps.expect import Expectation

    Maker = Callable[[ad.AnnData], ad.AnnData]


def as_is(adata: ad.AnnData, /) -> ad.AnnData:
    """The clean data."""
    return adata


def as_h5ad(adata: ad.AnnData, folder: Path, /) -> Path:
    """Written by anndata."""
    path = folder / "in.h5ad"
    adata.write_h5ad(path)
    return path


def nothing(_: Path, /) -> dict[str, Any]:
    """No options."""
    return {}


@dataclass(frozen=True)
class Trap:
    """An input on which something is known to go wrong elsewhere.

    Parameters
    ----------
    name
        What is wrong with it.
    row
        Of the table of traps: the key of ``ROWS``.
    make
        Makes it from the clean data.
    expect
        What is right, by the name of a call, its kind, ``score`` (every method) or ``*``.
    options
        What a user who knows his data would say, from a folder to put files in: by Python, and
        by the command (files by their paths).
    write
        Puts it into a folder for the command line.
    read
        How Python gets it from that file; None hands it over as it is in memory.
    chain
        Whether the page of the whole chain is tried as well.
    """

    name: str
    row: str
    make: Maker = as_is
    expect: Mapping[str, Expectation] = field(default_factory=dict)
    options: Callable[[Path], dict[str, Any]] = nothing
    typed: Callable[[Path], dict[str, Any]] | None = None
    write: Callable[[ad.AnnData, Path], Path] = as_h5ad
    read: Callable[[Path], ad.AnnData] | None = None
    chain: bool = False

    def expected(self, call: Call, /) -> Expectation:
        """What is right of a call."""
        from reliability.traps.expect import Equal

        for key in (call.name, call.kind, "score" if call.tool == "score" else "", "*"):
            if key in self.expect:
                return self.expect[key]
        return Equal()


def read(path: Path, /) -> ad.AnnData:
    """As the README has it."""
    return cs.read(path)
