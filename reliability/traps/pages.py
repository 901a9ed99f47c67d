"""What a report holds, read as a browser would: its tables, and whatever could be run."""

from __future__ import annotations

import base64
import gzip
import io
import json
from html.parser import HTMLParser

import pandas as pd

OWN_SCRIPTS = 1
"""Scripts of the page itself; tables are data."""


class _Reader(HTMLParser):
    """Collects the data of tables, and elements that no page of ours has."""

    def __init__(self) -> None:
        super().__init__()
        self.specs: list[str] = []
        self.scripts = 0
        self.strange: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._inside = tag == "script" and given.get("type") == "application/json"
        self.scripts += tag == "script" and not self._inside
        if tag in ("img", "iframe", "object", "embed", "base", "form"):
            self.strange.append(f"<{tag}>")
        self.strange += [f"<{tag} {name}=>" for name in given if name.startswith("on")]
        links = [given.get("href") or "", given.get("src") or ""]
        self.strange += [link for link in links if link.lower().startswith("javascript:")]

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.specs.append(data)

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - as the parser has it
        self._inside = False


def _read(page: str) -> _Reader:
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return reader


def tables_of(page: str, /) -> dict[str, pd.DataFrame]:
    """Every table of a page with all its rows, and what a browser would run."""
    reader, found = _read(page), {}
    for text in reader.specs:
        spec = json.loads(text)
        if not spec.get("data"):
            continue
        rows = gzip.decompress(base64.b64decode(spec["data"])).decode()
        found[spec["name"]] = pd.read_csv(io.StringIO(rows), sep="\t", index_col=False)
    strange = [*reader.strange, *["<script>"] * (reader.scripts - OWN_SCRIPTS)]
    found["(run by a browser)"] = pd.DataFrame({"found": pd.Series(strange, dtype=str)})
    return found
