"""The tables of a run, method by method: which there can be and what their files are called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cytosig._keys import Keys

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd
    from anndata import AnnData  # type: ignore[import-untyped,unused-ignore]

    from cytosig.methods import Method

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

    def write(self, adata: AnnData, key: str, folder: Path, /) -> None:
        """Write each as tsv."""
        from cytosig.io import write_table

        keys, label = self.keys(key), label_of(adata)
        for name in self.scores:
            table = _table(adata, getattr(keys, name))
            write_table(table, self.file(name, folder), index_label=label)
        record = adata.uns[keys.uns]
        for name in self.records:
            if name in record:
                path = self.file(name, folder)
                write_table(record[name], path, index_label=RECORDS[name])


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
