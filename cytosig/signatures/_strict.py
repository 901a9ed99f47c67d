"""A TOML table read strictly: every key must be known, every error names file and line."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Never

from cytosig._errors import SignatureError

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path


_MOST_DOTS, _DEEPEST, _LONGEST_KEY, _LONGEST = 10_000, 32, 1000, 1000


@dataclass
class Document:
    """The text of one TOML file, kept to find the line an error belongs to."""

    label: str
    text: str
    data: dict[str, Any]

    @classmethod
    def parse(cls, text: str, label: str, /) -> Document:
        """Parse TOML text; ``label`` names it in errors."""
        try:
            _check_size(text)
            data = tomllib.loads(text)
            _check_values(data)
        except (ValueError, RecursionError) as error:  # tomllib's own among them
            line = re.search(r"at line (\d+)", str(error))
            where = f"{label}:{line.group(1)}" if line else label
            deep = isinstance(error, RecursionError)
            why = "brackets in brackets without end" if deep else str(error)
            raise SignatureError(f"{where}: not valid TOML: {why}.") from error
        return cls(label, text, data)

    @classmethod
    def read(cls, path: Path, /) -> Document:
        """Read and parse a TOML file."""
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError as error:
            raise SignatureError(f"{path}: No such file.") from error
        except (OSError, UnicodeDecodeError) as error:
            raise SignatureError(f"{path}: cannot be read as UTF-8 text: {error}.") from error
        return cls.parse(text, str(path))

    def line_of(self, path: tuple[str | int, ...], needle: str = "", /) -> int:
        """Line on which the table or key at ``path`` (or ``needle`` inside it) stands."""
        lines = self.text.splitlines()
        start = 0
        for i, step in enumerate(path):
            if isinstance(step, int):
                continue
            nth = path[i + 1] if i + 1 < len(path) and isinstance(path[i + 1], int) else 0
            start = _find(lines, start, step, int(nth))
        if needle:
            start = next((k for k in range(start, len(lines)) if needle in lines[k]), start)
        return start + 1


def _check_size(text: str) -> None:
    """Refuse a line on which tomllib would spend minutes: its time grows with the dots squared."""
    for number, line in enumerate(text.split("\n"), start=1):
        if line.count(".") > _MOST_DOTS:
            raise ValueError(f"more than {_MOST_DOTS:,} dots in one line (at line {number})")


def _check_values(data: dict[str, Any]) -> None:
    """Refuse what TOML itself does not ask for, and what no message could show."""
    rest: list[tuple[object, int]] = [(data, 0)]
    while rest:
        value, depth = rest.pop()
        if depth > _DEEPEST:
            raise ValueError(f"tables in tables, more than {_DEEPEST} deep")
        if isinstance(value, int) and abs(value) >= 2**63:
            raise ValueError("a whole number of more than 64 bits")
        if isinstance(value, dict | list):
            inner = value.values() if isinstance(value, dict) else value
            rest += [(one, depth + 1) for one in inner]


def _find(lines: list[str], start: int, key: str, nth: int) -> int:
    if len(key) > _LONGEST_KEY:  # looking for it at every place of a line as long takes minutes
        return start
    header = re.compile(rf"\s*\[\[?\s*(?:.*\.)?{re.escape(key)}\s*\]\]?")
    entry = re.compile(rf"\s*(?:\{{.*)?{re.escape(key)}\s*=")
    headers = [i for i in range(start, len(lines)) if header.match(lines[i])]
    if nth < len(headers):
        return headers[nth]
    first = next((i for i in range(start, len(lines)) if entry.match(lines[i])), start)
    inline = [i for i in range(first, len(lines)) if lines[i].lstrip().startswith("{")]
    return inline[nth] if key == _array_key(lines[first]) and nth < len(inline) else first


def _array_key(line: str) -> str:
    match = re.match(r"\s*([\w-]+)\s*=\s*\[\s*$", line)
    return match.group(1) if match else ""


@dataclass
class Table:
    """One table of a document; ``take`` a key of a stated type, then ``close`` it."""

    doc: Document
    data: dict[str, Any]
    path: tuple[str | int, ...] = ()
    taken: set[str] = field(default_factory=set)

    def fail(self, message: str, /, *, key: str = "", needle: str = "") -> Never:
        """Raise with file and line."""
        path = (*self.path, key) if key in self.data else self.path
        line = self.doc.line_of(path, needle)
        short = message if len(message) <= _LONGEST else f"{message[:_LONGEST]} ..."
        raise SignatureError(f"{self.doc.label}:{line}: {short}")

    def _raw(self, key: str, kind: type, wanted: str, *, required: bool) -> Any:
        self.taken.add(key)
        if key not in self.data:
            if required:
                self.fail(f"key {key!r} is missing; expected {wanted}.")
            return None
        value = self.data[key]
        if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
            self.fail(f"{key} = {value!r}: expected {wanted}.", key=key)
        return value

    def text(self, key: str, /, *, required: bool = True) -> str:
        """Take a non-empty string."""
        value = self._raw(key, str, "a text in quotes", required=required)
        if value is not None and not value.strip():
            self.fail(f"{key} is empty; write a text or leave the key out.", key=key)
        return value or ""

    def id(self) -> str:
        """Take the key ``id``: a name that can be a column and a file name."""
        value = self.text("id")
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.+-]*", value):
            self.fail(f"id = {value!r}: expected letters, digits, '-', '+', '_' or '.'.", key="id")
        return value

    def choice(self, key: str, allowed: Collection[str], /, *, required: bool = True) -> Any:
        """Take one of the allowed words; None where an optional key is left out."""
        value = self.text(key, required=required)
        if key not in self.data:
            return None
        if value not in allowed:
            self.fail(f"{key} = {value!r}: expected one of {', '.join(sorted(allowed))}.", key=key)
        return value

    def number(self, key: str, /, *, low: float, high: float) -> float:
        """Take a number in [low, high]."""
        wanted = f"a number from {low:g} to {high:g}"
        self.taken.add(key)
        value = self.data.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.fail(f"{key} = {value!r}: expected {wanted}.", key=key)
        if not low <= value <= high:
            self.fail(f"{key} = {value!r}: expected {wanted}.", key=key)
        return float(value)

    def optional(self, key: str, /, *, low: float, high: float) -> float | None:
        """Take a number in [low, high]; None where it is left out."""
        self.taken.add(key)
        return self.number(key, low=low, high=high) if key in self.data else None

    def flag(self, key: str, /) -> bool:
        """Take true or false; false where it is left out."""
        return bool(self._raw(key, bool, "true or false", required=False))

    def count(self, key: str, default: int = 0, /) -> int:
        """Take a whole number, 0 or more; the default where it is left out."""
        wanted = "a whole number, 0 or more"
        value = self._raw(key, int, wanted, required=False)
        value = default if value is None else value
        if value < 0:
            self.fail(f"{key} = {value!r}: expected {wanted}.", key=key)
        return int(value)

    def words(self, key: str, /, *, required: bool = False) -> tuple[str, ...]:
        """Take a list of distinct non-empty strings."""
        values = self._raw(key, list, "a list of texts", required=required) or []
        seen: set[str] = set()
        for value in values:
            if not isinstance(value, str) or not value.strip() or value != value.strip():
                self.fail(f"{key} holds {value!r}: expected texts without blanks around.", key=key)
            if value in seen:
                self.fail(f"{key} names {value!r} twice.", key=key, needle=value)
            seen.add(value)
        if required and not values:
            self.fail(f"{key} is empty; expected at least one name.", key=key)
        return tuple(values)

    def tables(self, key: str, /) -> list[Table]:
        """Take an array of tables."""
        values = self._raw(key, list, f"tables [[{key}]]", required=False) or []
        for value in values:
            if not isinstance(value, dict):
                self.fail(f"{key} holds {value!r}: expected a table.", key=key)
        return [Table(self.doc, v, (*self.path, key, i)) for i, v in enumerate(values)]

    def table(self, key: str, /, *, required: bool = False) -> Table | None:
        """Take one table."""
        value = self._raw(key, dict, f"a table [{key}]", required=required)
        return None if value is None else Table(self.doc, value, (*self.path, key))

    def close(self) -> None:
        """Refuse keys nobody took."""
        for key in self.data:
            if key not in self.taken:
                known = ", ".join(sorted(self.taken))
                self.fail(f"unknown key {key!r}; known here: {known}.", key=key)
