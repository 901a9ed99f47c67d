"""Turn the expert prior and measured evidence into the weights of ``signatures/*.toml``.

Usage: ``python benchmarks/curation/responses/build.py [--check]``

Reads prior.tsv and cell_types.tsv beside this file, the package's table of programmes, and the
evidence table in ``../shared/knowledge``; writes the [response] part of every signature file and
studies.tsv.
The same input gives the same bytes. ``--check`` writes nothing and fails where a file differs.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import model
from grades import grade
from heldout import leave_one_study_out, queries
from settings import DEFAULT, EVIDENCE, HERE, SIGNATURES
from tables import Tables, read
from write import Lists, rewrite, studies

from cytosig.signatures import COMPARTMENTS


def build(tables: Tables) -> dict[str, str]:
    """Text of every file, by path below the project's root."""
    effects = model.study_effects(tables, DEFAULT)
    names = (model.GENERIC, *COMPARTMENTS)
    matrix = {name: model.weights(tables, effects, DEFAULT, name) for name in names}
    lists = Lists(tables, effects, DEFAULT, matrix)
    ranked = leave_one_study_out(tables, queries(tables), DEFAULT)
    measured = tables.evidence.groupby("cytokine")["study"].nunique()
    files = {}
    for k, id in enumerate(tables.ids):
        path = SIGNATURES / f"{id}.toml"
        known = int(measured.get(id, 0))
        grades = {name: grade(ranked, id, known, name) for name in names}
        files[str(path)] = rewrite(path, lists, k, grades)
    text = studies(tables).to_csv(sep="\t", index=False, lineterminator="\n")
    files[str(HERE / "studies.tsv")] = text
    return files


def main() -> None:
    """Write the files, or compare them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail on a difference")
    asked = parser.parse_args()
    if not EVIDENCE.exists():
        sys.exit(f"{EVIDENCE} is not there; the weights cannot be made without the evidence.")
    stale = []
    for path, text in build(read()).items():
        if asked.check:
            there = Path(path).exists() and Path(path).read_text(encoding="utf-8") == text
            stale += [] if there else [Path(path).name]
        else:
            Path(path).write_text(text, encoding="utf-8")
    if stale:
        sys.exit(f"Not what the evidence gives: {', '.join(stale)}. Run without --check.")


if __name__ == "__main__":
    main()
