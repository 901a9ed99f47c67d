"""Damaged files of every format: read all the same, refused in so many words, or a defect?

Usage: ``python -m reliability.fuzz [--inputs 20000] [--seed 0] [--first 0] [--out RESULTS]``
``[--only INDEX] [--keep FOLDER]``
An input is told by the seed and its number alone, with the same versions of the packages that
write the undamaged files: ``--only`` does that one again, ``--keep`` leaves its files to look at.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import hashlib
import sys
import time
import warnings
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import h5py
import pandas as pd

from benchmarks import record
from reliability import arguments
from reliability.fuzz import calls
from reliability.fuzz import seeds as undamaged
from reliability.fuzz.pool import GIB, HANGS, KINDS, Found, Worker, input_of

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from reliability.fuzz.case import Case


def campaign(seeds: dict[str, list[Case]], seed: int, numbers: Sequence[int], /) -> Iterator[Found]:
    """What becomes of every input; tells how far it is."""
    worker = Worker(seeds, seed)
    try:
        for done, index in enumerate(numbers, start=1):
            yield worker.run(index)
            if done % 1000 == 0:
                print(f"{done:,} of {len(numbers):,}", file=sys.stderr, flush=True)
    finally:
        worker.close()


def table_of(found: Sequence[Found], /) -> pd.DataFrame:
    """A row for each format, and one for all."""
    rows = []
    for name in (*calls.CALLS, "all"):
        own = [one for one in found if name in (one.name, "all")]
        count = Counter(one.outcome for one in own)
        rows.append({
            "format": name, "inputs": len(own), "as undamaged": count[calls.SAME],
            "other, valid": count[calls.VALID], "refused": count["refused"],
            "defects": sum(count[kind] for kind in KINDS), **{kind: count[kind] for kind in KINDS},
            "seconds": sum(one.seconds for one in own),
        })  # fmt: skip
    return pd.DataFrame(rows)


def digest(seeds: dict[str, list[Case]], /) -> str:
    """What tells these undamaged files from others."""
    said = repr([[sorted(case.files.items()) for case in cases] for cases in seeds.values()])
    return hashlib.sha256(said.encode()).hexdigest()[:12]


def report(
    table: pd.DataFrame, found: Sequence[Found], seeds: str, seconds: float,
    asked: argparse.Namespace, /,
) -> str:  # fmt: skip
    """The page to read."""
    everything = table.iloc[-1]
    wrong = [one for one in found if one.is_defect]
    about = [
        f"h5py {h5py.__version__}, HDF5 {h5py.version.hdf5_version}, zarr {version('zarr')},"
        f" numcodecs {version('numcodecs')}",
        f"{len(found):,} inputs from number {asked.first:,}, seed {asked.seed}, undamaged files"
        f" {seeds}; {seconds:,.0f} s, one process after the other, other work going on",
    ]
    said = [f"- {one.index} ({one.name}): {one.outcome}; {one.detail}" for one in wrong]
    parts = [
        "# Damaged files",
        record.provenance(about),
        f"**{everything['defects']:,} defects** in {everything['inputs']:,} inputs:"
        f" {everything['as undamaged']:,} gave the numbers of the undamaged file,"
        f" {everything['other, valid']:,} other valid ones, and {everything['refused']:,} were"
        " refused by an error that names the file.",
        record.markdown(table),
        *(["\n".join(["Defects:", "", *said])] if wrong else []),
        _NOTES,
    ]
    return "\n\n".join(parts)


_NOTES = f"""\
- An input is one of some thirty small valid files, with bits flipped, parts cut out, repeated,
  moved or blanked, numbers swollen (near the marks of HDF5, zip and gzip more often than
  elsewhere), words and lines replaced, gzip members and zip members damaged and packed again,
  values, types, shapes, attributes and links of HDF5 and zarr changed, pickles planted, folders
  linked elsewhere. Each is put through the real call: read and scored, `cytosig score FILE -o OUT`,
  signatures parsed and scored with, `--resume` of a run that was cut off.
- A defect is any exception that is not the package's own (exception), scores where a p-value is
  missing, 0 or above 1, or a resumed run that does not end as the uncut one (invalid), the end of
  the process by a signal (crash), {HANGS:.0f} s of the processor (hang), {GIB // 2**30} GiB more
  memory (memory), a file written anywhere but in the output, a name unpickled, an address or a
  process asked for (let in).
- "as undamaged": damage that no score depends on, such as a picture of cells in `obsm`, or a bit
  that a checksum or a second copy made good. "other, valid": numbers that say something else and
  are as good as any, a count of 7 where there was a 3. No reader can tell these.
- Seeded mutation, not coverage-guided fuzzing (atheris): most of what reads these formats is
  compiled (HDF5, numpy, zlib, zarr's codecs) and gives a guide of Python lines nothing to go by,
  what matters is how a format lies about its size, its links and its types, which the mutations
  know, and a process that HDF5 ends or keeps busy has to be a result and not the end of the run."""


def main() -> None:
    """Run the campaign; write fuzz.md and fuzz.tsv; exit status 1 where there was a defect."""
    parser = arguments(__doc__)
    parser.add_argument("--inputs", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0, help="number of the first input")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int, help="the number of one input, done alone")
    parser.add_argument("--keep", type=Path, help="folder for the files of --only")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    seeds = undamaged.make()
    calls.warm(seeds)
    if asked.only is not None:
        if asked.keep is not None:
            input_of(seeds, asked.seed, asked.only)[1].put(asked.keep)
        print(*campaign(seeds, asked.seed, [asked.only]))
        return
    start, found = time.perf_counter(), []
    for one in campaign(seeds, asked.seed, range(asked.first, asked.first + asked.inputs)):
        found.append(one)
        if one.is_defect:
            print(f"{one.index}\t{one.name}\t{one.outcome}\t{one.detail}", file=sys.stderr)
    table, seconds = table_of(found), time.perf_counter() - start
    text = report(table, found, digest(seeds), seconds, asked)
    record.write(asked.out, "fuzz", table=table, text=text)
    sys.exit(any(one.is_defect for one in found))


if __name__ == "__main__":
    main()
