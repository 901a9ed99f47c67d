"""The pages of the site as they are written, without Sphinx."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """An installed package, or a source archive, has no docs/."""
    for item in items:
        if Path(__file__).parent in item.path.parents and not DOCS.is_dir():
            item.add_marker(pytest.mark.skip(reason="no docs/ beside the tests"))


@pytest.fixture(scope="session", autouse=True)
def writers() -> None:
    """The writers of pages can be imported."""
    if str(DOCS / "_ext") not in sys.path:
        sys.path.insert(0, str(DOCS / "_ext"))


@pytest.fixture(scope="session")
def docs() -> Path:
    """The folder of pages written by hand."""
    return DOCS


@pytest.fixture(scope="session")
def site(writers: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages that are made, in a folder of their own."""
    from site_pages import write_pages

    folder = tmp_path_factory.mktemp("docs")
    old = folder / "_generated" / "catalogue" / "IL99.md"
    old.parent.mkdir(parents=True)
    old.write_text("# A cytokine whose file is gone\n")
    write_pages(folder)
    return folder / "_generated"
