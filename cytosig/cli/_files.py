"""Where results go: looked at before the work, written whole after it."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from cytosig._errors import FileError, UsageError
from cytosig._keys import Keys
from cytosig._log import logger
from cytosig.cli._places import check_distinct, check_named
from cytosig.cli._tables import MethodTables, label_of, write_tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from anndata import AnnData  # type: ignore[import-untyped,unused-ignore]

    from cytosig.engine.reference import Reference
    from cytosig.engine.room import Room
    from cytosig.io.stamp import Check

TABLES_RUN = ".cytosig.run"
"""Inside a folder of tables, the folder of a run that writes them."""

_STORE_SUFFIXES = (".h5ad", ".zarr")
_TABLE_SUFFIXES = (".tsv", ".csv", ".tsv.gz", ".csv.gz", ".parquet")


class _OnlyLooking(Exception):  # noqa: N818 - a signal, not an error
    """Leaves ``atomic_path`` before anything is written."""


def check_writable(path: Path, /) -> None:
    """Refuse a place that cannot be written to, before hours of work are lost to it."""
    from cytosig.io import atomic_folder, atomic_path

    with suppress(_OnlyLooking), (atomic_folder if is_zarr(path) else atomic_path)(path):
        raise _OnlyLooking


@dataclass(frozen=True)
class Outputs:
    """The files one run writes.

    Parameters
    ----------
    main
        AnnData (``.h5ad``, ``.zarr``) or the score table, by suffix.
    scores_only
        The AnnData without expression.
    tables
        Folder for every table.
    reference
        File for the fitted reference.
    methods
        What there can be of each method.
    asked
        Methods that were named; those a consensus brings are not.
    in_place
        The main file is the input.
    """

    main: Path | None = None
    scores_only: bool = False
    tables: Path | None = None
    reference: Path | None = None
    methods: tuple[MethodTables, ...] = (MethodTables(),)
    asked: tuple[str, ...] = ()
    in_place: bool = False

    @property
    def files(self) -> list[Path]:
        """Every file, in the order written."""
        folders = [] if self.tables is None else [self.tables]
        inside = [path for f in folders for method in self.methods for path in method.files(f)]
        return [path for path in (self.reference, *inside, self.main) if path is not None]

    @property
    def last(self) -> Path:
        """A file that is always written, the last one where there is a main file."""
        if self.main is None and self.tables is not None:
            return self.methods[-1].file("score", self.tables)
        return self.place

    @property
    def place(self) -> Path:
        """Where results go that are kept until they can be written."""
        found = self.main or self.tables or self.reference
        if found is None:
            raise UsageError("Nowhere to write the scores.")
        return found

    def check(self, inputs: Iterable[Path]) -> None:
        """Refuse what cannot or must not be written; make the folder for tables."""
        self.check_names(inputs)
        self.prepare()

    def check_names(self, inputs: Iterable[Path]) -> None:
        """Refuse what must not be written, whatever is there.

        Raises
        ------
        UsageError
            No output, one that is an input or another output, an unknown suffix, a single table
            for several methods.
        """
        if self.main is None and self.tables is None:
            raise UsageError(
                "Nowhere to write the scores: give -o OUT.h5ad (or .tsv), --in-place or --tsv DIR."
            )
        if self.main is not None:
            _check_suffix(self.main)
            self._check_holds_all(self.main)
        self._check_distinct(list(inputs))

    def prepare(self) -> None:
        """Make the folder for tables, once all else is known to have a place.

        Raises
        ------
        FileError
            A place that cannot be written to.
        """
        later = [path for path in self.files if self._makes(path.parent.resolve())]
        for path in self.files:
            if path not in later:
                check_writable(path)
        if self.tables is not None:
            make_folder(self.tables)
        for path in later:
            check_writable(path)

    def _makes(self, folder: Path) -> bool:
        """Whether the folder will be there with that for tables."""
        within = self.tables is not None and self.tables.resolve().is_relative_to(folder)
        return within and not folder.is_dir()

    def _check_holds_all(self, main: Path) -> None:
        if len(self.asked) > 1 and not is_store_name(main):
            raise UsageError(
                f"{main} holds one table, and {', '.join(self.asked)} have one each: give -o"
                " OUT.h5ad, or --tsv DIR alone."
            )

    def _check_distinct(self, inputs: list[Path]) -> None:
        from cytosig.io import check_output

        for path in self.files:
            if not (self.in_place and path == self.main):
                check_output(path, inputs=inputs)
        check_distinct(self.files, folder=self.tables)

    def write(
        self,
        adata: AnnData,
        key: str,
        fitted: Reference | None = None,
        /,
        *,
        source: Path | None = None,
        room: Room | None = None,
        check: Check = lambda _=None: None,
    ) -> None:
        """Write the main file last: when it is there, everything is.

        ``source`` is the store that ``adata`` was opened from, None where it is of several files
        or in memory; in a ``room`` of its own where it is not. ``check`` makes sure that what was
        read has not changed since.
        """
        check()
        if self.reference is not None and fitted is not None:
            from cytosig.io import atomic_path

            with atomic_path(self.reference) as part:
                fitted.save(part)
        if self.tables is not None:
            ours = room is not None and self.main is None
            with nullcontext() if ours else alone_in(self.tables):
                write_tables(self.methods, adata, key, self.tables)
        if self.main is None:
            return
        from cytosig.io import write_h5ad, write_table

        if not is_store_name(self.main):
            write_table(adata.obsm[Keys(key).score], self.main, index_label=label_of(adata))
        elif room is not None:
            self._add(adata, key, self.main, source, room, check)
        else:
            write_h5ad(_without_matrix(adata) if self.scores_only else adata, self.main)

    def _add(
        self, adata: AnnData, key: str, main: Path, source: Path | None, room: Room, check: Check, /
    ) -> None:
        """Results to a copy of the source, or to a store of their own."""
        from cytosig.io import write_scored, write_scores

        room.let_go()
        disk: dict[str, Any] = {"let_go": room.let_go, "place_of": room.place_of, "check": check}
        if source is None or self.scores_only:
            write_scores(adata, main, key=key, source=source, **disk)
        else:
            write_scored(adata, source, main, key=key, **disk)

    def say_further(self, adata: AnnData, key: str, /) -> None:
        """Where the scores of each further method are."""
        for method in self.methods[1:]:
            places = []
            if self.main is not None and is_store_name(self.main):
                places += [f'obsm["{slot}"]' for slot in method.stored(adata, key)]
            if self.tables is not None:
                places.append(str(self.tables / f"{method.method}_*.tsv"))
            kept = ", ".join(places) or "not kept; give -o OUT.h5ad or --tsv DIR"
            logger.info("Scores by %s: %s.", method.method, kept)


def is_output(path: Path, /) -> bool:
    """Whether the name is that of a file to write, not of a folder for several."""
    return path.name.lower().endswith((*_STORE_SUFFIXES, *_TABLE_SUFFIXES))


def is_store_name(path: Path, /) -> bool:
    """Whether the name is that of an AnnData store."""
    return path.suffix.lower() in _STORE_SUFFIXES


def is_zarr(path: Path, /) -> bool:
    """Whether the name is that of a zarr folder."""
    return path.suffix.lower() == ".zarr"


def _check_suffix(path: Path) -> None:
    if not is_output(path):
        raise UsageError(
            f"{path}: unknown kind of output; end it in .h5ad, .zarr, .tsv, .csv (.gz) or .parquet."
        )
    check_named(path, (*_STORE_SUFFIXES, *_TABLE_SUFFIXES))
    if path.suffix.lower() == ".parquet" and find_spec("pyarrow") is None:
        raise UsageError(f"{path}: parquet needs pyarrow. Run 'pip install pyarrow', or use .tsv.")
    if is_zarr(path) and find_spec("zarr") is None:
        raise UsageError(f"{path}: that needs zarr. Run 'pip install zarr', or use .h5ad.")


def make_folder(folder: Path, /) -> None:
    """Make a folder and those it is in, unless it is there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError as exc:
        raise FileError(f"{folder} is a file; give the name of a folder.") from exc
    except OSError as exc:
        raise FileError(f"{folder} cannot be made: {exc.strerror or exc}.") from exc


@contextmanager
def alone_in(folder: Path, /) -> Iterator[None]:
    """Have a folder of tables for this run alone, so that all in it are of one run.

    Raises
    ------
    FileError
        When another run is writing there.
    """
    from cytosig.engine.room import Folder

    room = Folder(folder / TABLES_RUN)
    room.claim()
    try:
        yield
    finally:
        if not room.begun:  # by a run that was cut off
            room.remove()


def _without_matrix(adata: AnnData) -> AnnData:
    """Observations, their tables and uns, with no genes at all."""
    import anndata as ad

    return ad.AnnData(obs=adata.obs, obsm=dict(adata.obsm), uns=adata.uns)
