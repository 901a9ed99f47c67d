"""Links that hold in the repository, turned into links that hold on the site."""

from __future__ import annotations

import os
import re
from os.path import relpath
from pathlib import Path, PurePosixPath
from posixpath import normpath

ROOT = Path(__file__).resolve().parents[3]
COPIES = PurePosixPath("_generated/repository")
"""Where pages of the repository that are not in docs/ stand on the site."""
EXECUTED = "CYTOSIG_TUTORIALS"
"""Environment variable that names a folder of executed copies of the tutorials."""

_LINK = re.compile(r"(!?)\[([^\[\]]*)\]\(([^()\s]+)\)")
_PATH = re.compile(r"(?<![\[`])`([\w./-]+\.md)`(?!`)")
_OUTSIDE = re.compile(r"[a-z]+:|#|/")
_FENCE = re.compile(r"^(```.*?^```[ ]*$)", re.MULTILINE | re.DOTALL)


def copied(root: Path = ROOT) -> list[PurePosixPath]:
    """Files outside docs/ that the site holds a copy of, by their path in the repository."""
    patterns = (
        "README.md", "CHANGELOG.md", "CITATION.cff", "signatures/README.md",
        "benchmarks/README.md", "benchmarks/results/*.md", "benchmarks/results/*.png",
    )  # fmt: skip
    found = (path for pattern in patterns for path in sorted(root.glob(pattern)))
    return [PurePosixPath(path.relative_to(root).as_posix()) for path in found]


def tutorials(root: Path = ROOT) -> list[Path]:
    """Notebooks that the site shows: executed copies where they are, else as they are."""
    return sorted(Path(os.environ.get(EXECUTED) or root / "tutorials").glob("*.ipynb"))


def on_site(path: PurePosixPath, /, *, root: Path = ROOT) -> PurePosixPath | None:
    """Place in the site of a file of the repository; None where the site does not hold it."""
    if path.parts[:1] == ("docs",) and (root / path).is_file():
        return path.relative_to("docs")
    if path.parent.name == "tutorials" and path.name in {p.name for p in tutorials(root)}:
        return PurePosixPath("_generated") / path
    return COPIES / path if path in copied(root) else None


def relinked(text: str, page: PurePosixPath, at: PurePosixPath, /, *, root: Path = ROOT) -> str:
    """Text of a page with its links to files of the repository as links inside the site.

    A link to a file that the site does not hold stays as its words. A path in code marks that
    names a page of the site becomes a link to it. Code blocks stay as they are.

    Parameters
    ----------
    text
        Markdown.
    page
        Path of the page in the repository, from which its links are read.
    at
        Where the page stands on the site, both from the site's root.
    """

    def target(path: str) -> tuple[bool, str]:
        """Whether the repository has it, and where it is from this page; empty: not on the site."""
        place, _, anchor = path.partition("#")
        full = PurePosixPath(normpath(page.parent / place))
        if not (root / full).exists():
            return False, ""
        found = on_site(full, root=root)
        if found is None:
            return True, ""
        return True, relpath(found, at.parent) + (f"#{anchor}" if anchor else "")

    def mend(match: re.Match[str]) -> str:
        picture, words, path = match.groups()
        if _OUTSIDE.match(path):
            return match[0]
        there, place = target(path)
        if not there:
            return match[0]
        return f"{picture}[{words}]({place})" if place else words

    def name(match: re.Match[str]) -> str:
        found = on_site(PurePosixPath(match[1]), root=root)
        return f"[{match[0]}]({relpath(found, at.parent)})" if found else match[0]

    parts = _FENCE.split(text)
    return "".join(
        part if part.startswith("```") else _PATH.sub(name, _LINK.sub(mend, part)) for part in parts
    )
