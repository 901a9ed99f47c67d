"""Names of outputs: none is another's, none is a suffix alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cytosig._errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path


def check_distinct(files: Iterable[Path], /, *, folder: Path | None = None) -> None:
    """Refuse two outputs in one place.

    Parameters
    ----------
    files
        To be written.
    folder
        For tables, which may hold the files but not lie in one of them.

    Raises
    ------
    UsageError
        One file would take the place of another, or of the folder.
    """
    seen: dict[Path, Path] = {}
    for path in files:
        other = seen.setdefault(path.resolve(), path)
        if other is not path:
            raise UsageError(f"Two outputs are the same file: {other} and {path}. Rename one.")
    for real, path in seen.items():
        if folder is not None and folder.resolve().is_relative_to(real):
            raise UsageError(
                f"{path} is a file to write, and {folder}, for tables, a folder. Rename one."
            )


def check_named(path: Path, suffixes: Sequence[str], /) -> None:
    """Refuse a name that is nothing but one of these suffixes.

    Raises
    ------
    UsageError
        There is no name before the suffix.

    Examples
    --------
    >>> from pathlib import Path
    >>> check_named(Path(".tsv"), (".tsv", ".csv"))
    Traceback (most recent call last):
        ...
    cytosig._errors.UsageError: .tsv is a suffix without a name; write scores.tsv, say.
    """
    for suffix in suffixes:
        if path.name.lower().endswith(suffix) and not path.name[: -len(suffix)].strip("."):
            named = path.with_name(f"scores{suffix}")
            raise UsageError(f"{path} is a suffix without a name; write {named}, say.")
