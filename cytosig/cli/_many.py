"""Several files, each on its own: one that fails does not lose the others."""

from __future__ import annotations

import hashlib
import json
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from cytosig._log import logger
from cytosig.cli._notices import error, reason, unexpected
from cytosig.cli._one import score_one

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cytosig.cli._output import Cell
    from cytosig.cli._plan import Call, DataSet

_DONE = ".cytosig-score.run"
_NOT_TELLING = ("format", "resume", "n_jobs", "sources")


def score_each(
    data: Sequence[DataSet], call: Call, client: Any | None, /
) -> tuple[list[dict[str, Cell]], list[str]]:
    """Score every file on its own.

    Returns
    -------
    The summaries, told apart by a column ``file``, and the files that failed.
    """
    log = _Log(data[0], call)
    rows: list[dict[str, Cell]] = []
    failed: list[str] = []
    for one in data:
        source = one.sources[0]
        found = log.recall(one)
        if found is not None:
            logger.info("%s is scored already.", source)
        else:
            try:
                found = score_one(one, call, client)
            except Exception as exc:
                _explain(source, exc)
                failed.append(str(source))
                continue
            log.remember(one, found)
        rows += [{"file": one.name, **row} for row in found]
    if not failed:
        log.remove()
    return rows, failed


def _explain(source: Path, exc: Exception) -> None:
    text = reason(exc) or f"{unexpected(exc)}; rerun it alone with --debug"
    error(text if str(source) in text else f"{source}: {text}")


class _Log:
    """Files that are done, so that a run that was cut off goes on with the others.

    Parameters
    ----------
    first
        A data set of the run, which says where results go.
    call
        What was asked for; what another call left is not used.
    """

    def __init__(self, first: DataSet, call: Call, /) -> None:
        self._path = first.outputs.place.parent / _DONE
        words = {k: str(v) for k, v in sorted(call.words.items()) if k not in _NOT_TELLING}
        self._call = hashlib.sha256(json.dumps(words).encode()).hexdigest()
        self._known: dict[str, dict[str, Any]] = {}
        if not call.resume:
            self.remove()
            return
        with suppress(OSError):
            for line in self._path.read_bytes().splitlines():
                entry = _entry(line)
                if entry is not None and entry["call"] == self._call:
                    self._known[entry["source"]] = entry

    def recall(self, one: DataSet, /) -> list[dict[str, Cell]] | None:
        """The summary of a file that is done and has not changed since, nor what came of it."""
        entry = self._known.get(str(one.sources[0].resolve()))
        if entry is None or entry["stamps"] != _stamps(one):
            return None
        rows: list[dict[str, Cell]] = entry["rows"]
        return rows

    def remember(self, one: DataSet, rows: list[dict[str, Cell]], /) -> None:
        """Take note that a file is done."""
        entry = {
            "call": self._call,
            "source": str(one.sources[0].resolve()),
            "stamps": _stamps(one),
            "rows": rows,
        }
        with suppress(OSError), self._path.open("a", encoding="utf-8") as file:
            file.write(_line(entry) + "\n")

    def remove(self) -> None:
        """Forget all."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)


def _line(entry: dict[str, Any]) -> str:
    """An entry as it is written: its checksum, and what it says."""
    text = json.dumps(entry)
    return f"{zlib.crc32(text.encode())} {text}"


def _entry(line: bytes) -> dict[str, Any] | None:
    """What a line says; None where it is not as it was written."""
    checksum, _, text = line.partition(b" ")
    if checksum.decode("ascii", "replace") != str(zlib.crc32(text)):
        return None
    entry: dict[str, Any] = json.loads(text)
    return entry


def _stamps(one: DataSet) -> list[list[int]] | None:
    """Size and time of what is read and of what came of it; None where something is missing."""
    from cytosig.io import files_of, stamp

    files = [*files_of(one.sources[0]), one.outputs.last]
    try:
        return [list(stamp(file)) for file in files]
    except OSError:
        return None
