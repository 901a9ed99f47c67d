"""Build the table of Cell Ontology terms and their compartments.

Usage: ``python benchmarks/curation/cell_ontology.py --wheels DIR --out cytosig/cells/data``

DIR holds the unpacked wheel ``cellxgene-ontology-guide`` 1.11.1, whose file
``data/CL-ontology-v2026-03-26.json.zst`` is the Cell Ontology of 26 March 2026 (CC BY 4.0).
Reading it needs the package ``zstandard``.

A term gets the compartment of the first of ANCHORS that it is or descends from; terms under
none of them (leukocyte, secretory cell, kidney cell ...) are left out.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
from pathlib import Path

import zstandard

SOURCE = "cellxgene_ontology_guide/data/CL-ontology-v2026-03-26.json.zst"

# In order: the first that holds decides.
ANCHORS = (
    ("stromal", "CL:0000442", "follicular dendritic cell"),
    ("generic", "CL:0000764", "erythroid lineage cell"),
    ("generic", "CL:0000556", "megakaryocyte"),
    ("generic", "CL:0000233", "platelet"),
    ("B", "CL:0000945", "lymphocyte of B lineage"),
    ("B", "CL:0000826", "pro-B cell"),
    ("T_NK", "CL:0000084", "T cell"),
    ("T_NK", "CL:0001065", "innate lymphoid cell"),
    ("T_NK", "CL:0000827", "pro-T cell"),
    ("T_NK", "CL:0000825", "pro-NK cell"),
    ("myeloid", "CL:0000766", "myeloid leukocyte"),
    ("myeloid", "CL:0000113", "mononuclear phagocyte"),
    ("myeloid", "CL:0000517", "macrophage derived foam cell"),
    ("myeloid", "CL:0000040", "monoblast"),
    ("myeloid", "CL:0000559", "promonocyte"),
    ("myeloid", "CL:0000836", "promyelocyte"),
    ("myeloid", "CL:0002193", "myelocyte"),
    ("myeloid", "CL:0002192", "metamyelocyte"),
    ("generic", "CL:0008001", "hematopoietic precursor cell"),
    ("myeloid", "CL:0000763", "myeloid cell"),
    ("epithelial", "CL:0000164", "enteroendocrine cell"),
    ("epithelial", "CL:1000223", "pulmonary neuroendocrine cell"),
    ("epithelial", "CL:0002313", "endocrine-paracrine cell of prostate gland"),
    ("epithelial", "CL:0000242", "Merkel cell"),
    ("stromal", "CL:0000115", "endothelial cell"),
    ("stromal", "CL:0000669", "pericyte"),
    ("stromal", "CL:0000192", "smooth muscle cell"),
    ("stromal", "CL:4023051", "vascular leptomeningeal cell"),
    ("stromal", "CL:0000708", "leptomeningeal cell"),
    ("stromal", "CL:0000057", "fibroblast"),
    ("generic", "CL:0002319", "neural cell"),
    ("generic", "CL:0000147", "pigment cell"),
    ("generic", "CL:0000039", "germ line cell"),
    ("generic", "CL:0000216", "Sertoli cell"),
    ("generic", "CL:0000178", "Leydig cell"),
    ("generic", "CL:0002174", "follicular cell of ovary"),
    ("generic", "CL:0000175", "luteal cell"),
    ("generic", "CL:0000187", "muscle cell"),
    ("generic", "CL:0000188", "cell of skeletal muscle"),
    ("generic", "CL:0000594", "skeletal muscle satellite cell"),
    ("generic", "CL:0011012", "neural crest cell"),
    ("generic", "CL:0001063", "neoplastic cell"),
    ("generic", "CL:0002322", "embryonic stem cell"),
    ("generic", "CL:0002248", "pluripotent stem cell"),
    ("stromal", "CL:0000077", "mesothelial cell"),
    ("stromal", "CL:0000214", "synovial cell"),
    ("stromal", "CL:0002088", "interstitial cell of Cajal"),
    ("stromal", "CL:0000499", "stromal cell"),
    ("stromal", "CL:0002320", "connective tissue cell"),
    ("stromal", "CL:0008034", "mural cell"),
    ("stromal", "CL:0008019", "mesenchymal cell"),
    ("stromal", "CL:0009099", "fibro/adipogenic progenitor cell"),
    ("stromal", "CL:4030032", "valve interstitial cell"),
    ("epithelial", "CL:0000351", "trophoblast cell"),
    ("epithelial", "CL:0000066", "epithelial cell"),
    ("epithelial", "CL:0002633", "respiratory basal cell"),
    ("epithelial", "CL:1001225", "kidney collecting duct cell"),
    ("epithelial", "CL:1000507", "kidney tubule cell"),
    ("epithelial", "CL:1000272", "lung secretory cell"),
    ("epithelial", "CL:0000319", "mucus secreting cell"),
    ("epithelial", "CL:0000313", "serous secreting cell"),
    ("epithelial", "CL:0005026", "hepatoblast"),
    ("epithelial", "CL:0000036", "epithelial fate stem cell"),
    ("epithelial", "CL:0000064", "ciliated cell"),
    ("epithelial", "CL:0002153", "corneocyte"),
    ("epithelial", "CL:0002195", "hepatic stem cell"),
    ("epithelial", "CL:0002196", "hepatic oval stem cell"),
    ("epithelial", "CL:0009005", "salivary gland cell"),
    ("epithelial", "CL:0009116", "progenitor cell of mammary luminal epithelium"),
    ("epithelial", "CL:2000021", "sebaceous gland cell"),
)


def compartment(id: str, ancestors: dict[str, int], /) -> str | None:
    """Compartment of the first anchor among a term and its ancestors."""
    return next((name for name, anchor, _ in ANCHORS if anchor == id or anchor in ancestors), None)


def table(terms: dict[str, dict], /) -> list[tuple[str, str, str]]:
    """Rows (ontology id, name, compartment), sorted by id."""
    kept = {k: v for k, v in terms.items() if k.startswith("CL:") and not v["deprecated"]}
    for _, id, name in ANCHORS:
        if id not in kept or kept[id]["label"] != name:
            raise SystemExit(f"{id} is {kept.get(id, {}).get('label')!r}, not {name!r}")
    rows = ((id, term["label"], compartment(id, term["ancestors"])) for id, term in kept.items())
    return sorted((id, name, where) for id, name, where in rows if where is not None)


def main() -> None:
    """Read the ontology, write ``cell_ontology.tsv.gz`` (the same bytes every time)."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--wheels", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    packed = (asked.wheels / SOURCE).read_bytes()
    with zstandard.ZstdDecompressor().stream_reader(io.BytesIO(packed)) as reader:
        rows = table(json.loads(reader.read()))
    text = io.StringIO()
    writer = csv.writer(text, delimiter="\t", lineterminator="\n")
    writer.writerow(("ontology_id", "name", "compartment"))
    writer.writerows(rows)
    path = asked.out / "cell_ontology.tsv.gz"
    path.write_bytes(gzip.compress(text.getvalue().encode("utf-8"), 9, mtime=0))
    print(f"{path}: {len(rows)} terms")


if __name__ == "__main__":
    main()
