"""Which files are scored together, and what becomes of each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cytosig._errors import UsageError
from cytosig.cli._arguments import arguments_of, is_file
from cytosig.cli._cluster import check_scheduler
from cytosig.cli._files import Outputs, is_output, make_folder
from cytosig.cli._tables import tables_of
from cytosig.cli.methods import names_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cytosig.cli._output import Format
    from cytosig.methods import Method

_FORMAT = re.compile(r"\.(h5ad|zarr|h5|hdf5|csv|tsv|txt|mtx)(\.gz)?$", re.IGNORECASE)
_ZARR_MARKS = (".zgroup", "zarr.json", ".zmetadata")


@dataclass(frozen=True)
class DataSet:
    """Files that are centred together, and where their scores go.

    Parameters
    ----------
    sources
        The files, one unless they are joined.
    outputs
        What is written.
    joined
        They are one data set, whose expression is not written.
    """

    sources: tuple[Path, ...]
    outputs: Outputs
    joined: bool = False

    @property
    def name(self) -> str:
        """What it is called where there are several."""
        return stem(self.sources[0])


@dataclass(frozen=True)
class Call:
    """What was asked for, besides the files.

    Parameters
    ----------
    arguments
        Of ``tl.score``.
    methods
        In the order asked for.
    words
        What was typed, and what else tells one call from another.
    everything, sample_key
        Also run every other tool, and what tells samples apart.
    """

    arguments: dict[str, Any]
    methods: tuple[Method, ...]
    words: dict[str, Any]
    many: bool = False
    format: Format | None = None
    transpose: bool | None = None
    resume: bool = False
    scheduler: str | None = None
    everything: bool = False
    sample_key: str | None = None


def plan(asked: dict[str, Any], /) -> tuple[Call, list[DataSet]]:
    """Check everything that can be checked before any data are read.

    Raises
    ------
    UsageError
        When options contradict each other, or what is named cannot be written.
    FileError
        When a place cannot be written to.
    """
    how = {name: asked.pop(name) for name in ("format", "transpose", "resume") if name in asked}
    scheduler, words = asked.pop("scheduler", None), dict(asked)
    more = {name: asked.pop(name) for name in ("everything", "sample_key") if name in asked}
    sources, join = asked.pop("sources"), asked.pop("join", False)
    places = {
        name: asked.pop(name, None)
        for name in ("out", "in_place", "scores_only", "tsv", "save_reference")
    }
    named = [Path(text) for text in asked.get("signatures", []) if is_file(text)]
    named += [asked["reference"]] if "reference" in asked else []
    words["stamps"] = [(path.stat().st_mtime_ns if path.exists() else 0) for path in named]
    words["version"] = version("cytosig-toolkit")
    asked_methods = tuple(names_in(asked.get("method", "")))
    arguments, methods = arguments_of(asked)
    if scheduler is not None:
        check_scheduler(scheduler)
    many = not join and (len(sources) > 1 or _is_folder(places["out"]))
    fixed = {"methods": tables_of(methods), "asked": asked_methods}
    if many:
        data = _each(sources, places, fixed)
    else:
        data = [DataSet(tuple(sources), _outputs(sources[0], places, fixed, join=join), join)]
    if join:
        names_of(sources)
    for one in data:
        one.outputs.check_names([*sources, *named])
    if many and places["out"] is not None:
        make_folder(places["out"])
    for one in data:
        one.outputs.prepare()
    return Call(arguments, methods, words, many=many, scheduler=scheduler, **how, **more), data


def stem(path: Path, /) -> str:
    """The name of a file without what says its format.

    Examples
    --------
    >>> stem(Path("data/bulk.tsv.gz")), stem(Path("a.b.h5ad")), stem(Path("filtered_matrix"))
    ('bulk', 'a.b', 'filtered_matrix')
    """
    return _FORMAT.sub("", path.absolute().name) or path.name


def names_of(sources: Sequence[Path], /) -> list[str]:
    """The name of every file, all different.

    Raises
    ------
    UsageError
        When two files have one name.
    """
    seen: dict[str, Path] = {}
    for path in sources:
        other = seen.setdefault(stem(path).casefold(), path)
        if other is not path:
            raise UsageError(
                f"{other} and {path} are both called {stem(path)!r}, which tells results apart:"
                " rename one, or link to it under another name."
            )
    return [stem(path) for path in sources]


def _is_folder(out: Path | None) -> bool:
    """Whether results of one file, too, go into a folder that is there."""
    return out is not None and out.is_dir() and not is_output(out)


def _outputs(source: Path, places: dict[str, Any], fixed: dict[str, Any], *, join: bool) -> Outputs:
    in_place = bool(places["in_place"])
    return Outputs(
        main=source if in_place else places["out"],
        scores_only=join or bool(places["scores_only"]),
        tables=places["tsv"],
        reference=places["save_reference"],
        in_place=in_place,
        **fixed,
    )


def _each(sources: Sequence[Path], places: dict[str, Any], fixed: dict[str, Any]) -> list[DataSet]:
    """A data set for each file, in a folder."""
    out, tsv = places["out"], places["tsv"]
    if places["save_reference"] is not None:
        raise UsageError("--save-reference stores one zero: give one file, or --join them.")
    if out is not None and is_output(out):
        raise UsageError(
            f"{out} is one file, and there are {len(sources)} to score: give -o DIR, or --join to"
            " score them as one data set."
        )
    found = []
    for source, name in zip(sources, names_of(sources), strict=True):
        if name in ("", ".", ".."):
            raise UsageError(
                f"{source}: its results would be called {name!r}, which is no name for a file:"
                " rename it, or give its whole path."
            )
        suffix = ".zarr" if any((source / mark).exists() for mark in _ZARR_MARKS) else ".h5ad"
        own = {
            **places,
            "out": None if out is None else out / f"{name}{suffix}",
            "tsv": None if tsv is None else tsv / name,
        }
        found.append(DataSet((source,), _outputs(source, own, fixed, join=False)))
    return found
