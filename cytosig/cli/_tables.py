"""The tables of a run, method by method: which there can be and what their files are called."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cytosig._keys import Keys

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pandas as pd
    from anndata import AnnData  # type: ignore[import-untyped,unused-ignore]

    from cytosig.methods import Method

    Named = tuple[pd.DataFrame, Path, str]

TABLES = ("score", "pvalue", "axis", "axis_pvalue", "estimate", "ligand")
RECORDS = {
    "coverage": "signature",
    "compartments": "label",
    "coverage_compartments": "compartment:signature",
    "agreement": "signature",
}  # tables in uns, and what their rows are


@dataclass(frozen=True)
class MethodTables:
    """The tables there can be of one method.

    Parameters
    ----------
    method
        Name of a further method, whose slots and files have names of their own; empty for the
        first.
    scores
        Tables in obsm. Each is written, without columns where the run did not make it, so that no
        such table of an older run stands beside this one's.
    records
        Tables in uns, written where there are any. Those of an older run, and of methods that
        this run does not have, stay in the folder.
    """

    method: str = ""
    scores: tuple[str, ...] = TABLES
    records: tuple[str, ...] = ("coverage", "compartments", "coverage_compartments")

    def keys(self, key: str, /) -> Keys:
        """Slots under the key of the run."""
        return Keys(key).of_method(self.method) if self.method else Keys(key)

    def file(self, name: str, folder: Path, /) -> Path:
        """Where the table of that name is written."""
        return folder / (f"{self.method}_{name}.tsv" if self.method else f"{name}.tsv")

    def files(self, folder: Path, /) -> list[Path]:
        """Every file there can be."""
        return [self.file(name, folder) for name in (*self.scores, *self.records)]

    def stored(self, adata: AnnData, key: str, /) -> list[str]:
        """Slots of obsm that the run filled."""
        keys = self.keys(key)
        return [slot for name in self.scores if (slot := getattr(keys, name)) in adata.obsm]

    def made(self, adata: AnnData, key: str, folder: Path, /) -> Iterator[Named]:
        """Each with its file and what its rows are."""
        keys, label = self.keys(key), label_of(adata)
        for name in self.scores:
            yield _table(adata, getattr(keys, name)), self.file(name, folder), label
        record = adata.uns[keys.uns]
        for name in self.records:
            if name in record:
                yield record[name], self.file(name, folder), RECORDS[name]


def write_tables(
    methods: Sequence[MethodTables], adata: AnnData, key: str, folder: Path, /
) -> None:
    """Write those of every method as tsv.

    All are written before any takes its place; the first scores of the last method do last.
    """
    from cytosig.io import atomic_path, put_table

    with ExitStack() as stack:
        for method in reversed(methods):
            for table, path, label in method.made(adata, key, folder):
                part = stack.enter_context(atomic_path(path))
                put_table(table, part, index_label=label, shown=str(path))


def tables_of(methods: Sequence[Method], /) -> tuple[MethodTables, ...]:
    """The tables of a run by these methods.

    The first has every table of ``TABLES``, whatever it is; further ones have those they can fill,
    without ligands and compartments, which are the same for all.
    """
    from cytosig.methods import ConsensusMethod

    found = []
    for number, method in enumerate(methods):
        scores = _scores(method) if number else dict.fromkeys((*TABLES, *_scores(method)))
        records = ["coverage", "coverage_compartments", *([] if number else ["compartments"])]
        if isinstance(method, ConsensusMethod):
            records.append("agreement")
        found.append(MethodTables(method.name if number else "", tuple(scores), tuple(records)))
    return tuple(found)


def _scores(method: Method) -> list[str]:
    """Tables of obsm that the method can fill."""
    from cytosig.methods import ConsensusMethod, LinearMethod

    tested = ["pvalue", "axis_pvalue"] if method.tested else []
    estimated = ["estimate"] if isinstance(method, LinearMethod) else []
    joint = ["spread"] if isinstance(method, ConsensusMethod) else []
    return ["score", "axis", *tested, *estimated, *joint]


def _table(adata: AnnData, slot: str) -> pd.DataFrame:
    table: pd.DataFrame = adata.obsm[slot] if slot in adata.obsm else adata.obs.iloc[:, :0]
    return table


def label_of(adata: AnnData, /) -> str:
    """What the observations are called in the corner of a table."""
    return str(adata.obs_names.name or "observation")
