"""Files that are no data, and places that nothing can be written to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reliability.traps.expect import refused
from reliability.traps.trap import Trap, as_h5ad, read

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import anndata as ad

    Write = Callable[[ad.AnnData, Path], Path]


def _bytes(change: Callable[[bytes], bytes]) -> Write:
    def write(adata: ad.AnnData, folder: Path) -> Path:
        path = as_h5ad(adata, folder)
        path.write_bytes(change(path.read_bytes()))
        return path

    return write


def _torn(data: bytes) -> bytes:
    """The last third is missing."""
    return data[: len(data) * 2 // 3]


def _blotted(data: bytes) -> bytes:
    """Every heap and tree of the second half of the file blanked."""
    return data[:2048] + bytes(len(data) - 2048)


def _named(name: str, content: bytes | None) -> Write:
    def write(_: ad.AnnData, folder: Path) -> Path:
        path = folder / name
        if content is not None:
            path.write_bytes(content)
        return path

    return write


def _folder(_: ad.AnnData, folder: Path) -> Path:
    (folder / "in.h5ad").mkdir()
    return folder / "in.h5ad"


_PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8
_PROSE = b"Dear colleague, please find the counts attached.\nBest wishes\n"
_FILE = {"*": refused(r"in\.(h5ad|h5|csv)")}

FILES = (
    Trap("a third of the file missing", "files", write=_bytes(_torn), read=read, expect=_FILE),
    Trap("a file blanked but for its start", "files", write=_bytes(_blotted), read=read,
         expect=_FILE),
    Trap("an empty file", "files", write=_named("in.h5ad", b""), read=read, expect=_FILE),
    Trap("text called .h5ad", "files", write=_named("in.h5ad", _PROSE), read=read, expect=_FILE),
    Trap("a picture called .h5", "files", write=_named("in.h5", _PICTURE), read=read, expect=_FILE),
    Trap("prose called .csv", "files", write=_named("in.csv", _PROSE), read=read, expect=_FILE),
    Trap("no such file", "files", write=_named("in.h5ad", None), read=read, expect=_FILE),
    Trap("an empty folder", "files", write=_folder, read=read, expect=_FILE),
)  # fmt: skip
