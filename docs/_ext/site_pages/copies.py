"""Copies of the repository's own pages and of the tutorials, with their links mended."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from site_pages.links import COPIES, ROOT, copied, relinked, tutorials
from site_pages.markdown import page, put, toctree

if TYPE_CHECKING:
    from collections.abc import Iterable


def write_repository(docs: Path, /, *, root: Path = ROOT) -> list[Path]:
    """Copy README, changelog, the format of signatures and the results of benchmarks."""
    return [_copy(path, docs / COPIES / path, root) for path in copied(root)]


def _copy(path: PurePosixPath, to: Path, root: Path) -> Path:
    source = root / path
    if path.suffix == ".md":
        return put(to, relinked(source.read_text(encoding="utf-8"), path, COPIES / path, root=root))
    to.parent.mkdir(parents=True, exist_ok=True)
    if not to.is_file() or to.read_bytes() != source.read_bytes():
        to.write_bytes(source.read_bytes())
    return to


def write_tutorials(folder: Path, /, *, root: Path = ROOT) -> list[Path]:
    """Copy the notebooks, executed ones where they are; an index even where there are none."""
    found = tutorials(root)
    copies = [put(folder / path.name, _notebook(path, root)) for path in found]
    return [*copies, put(folder / "index.md", _index(path.stem for path in found))]


def _notebook(path: Path, root: Path) -> str:
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    place = PurePosixPath("tutorials") / path.name
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            text = relinked("".join(cell["source"]), place, "_generated" / place, root=root)
            cell["source"] = text.splitlines(keepends=True)
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def _index(names: Iterable[str]) -> str:
    names = list(names)
    text = "Notebooks, run from the first cell to the last." if names else "None in this checkout."
    return page("Tutorials", text, toctree(names, hidden=False) if names else "")
