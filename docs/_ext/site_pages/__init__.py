"""What the site holds beyond the pages of docs/: made from the package and the repository."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

GENERATED = "_generated"


def write_pages(docs: Path, /) -> list[Path]:
    """Write every generated page below ``docs``; pages of things that are gone are removed."""
    from site_pages import api, catalogue, commands, copies, scoring

    out = docs / GENERATED
    written = [
        *api.write(out / "api"),
        *scoring.write(out / "methods"),
        *commands.write(out / "commands"),
        *catalogue.write(out / "catalogue"),
        *copies.write_tutorials(out / "tutorials"),
        *copies.write_repository(docs),
    ]
    for old in {path for path in out.rglob("*") if path.is_file()} - set(written):
        old.unlink()
    return written


def _before(app: Sphinx) -> None:
    write_pages(Path(app.srcdir))


def _read(app: Sphinx, name: str, content: list[str]) -> None:
    """Mend the links of a page of docs/ as it is read."""
    from site_pages.links import relinked

    if not name.startswith(f"{GENERATED}/") and app.env.doc2path(name).suffix == ".md":
        page = PurePosixPath(f"{name}.md")
        content[0] = relinked(content[0], "docs" / page, page)


def setup(app: Sphinx) -> dict[str, Any]:
    """Hook into the build."""
    from site_pages import docstrings, mathml

    app.connect("builder-inited", _before, priority=100)
    app.connect("source-read", _read)
    app.connect("autodoc-process-docstring", docstrings.mend, priority=100)
    app.add_html_math_renderer("mathml", (mathml.inline, None), (mathml.block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
