"""The page of the demonstration, written by what is installed."""

from __future__ import annotations

import base64
import gzip
import json
import re
from typing import TYPE_CHECKING

import anndata as ad

if TYPE_CHECKING:
    from pathlib import Path
    from subprocess import CompletedProcess

SECTIONS = [
    "summary", "reading", "balance", "activities", "sources-targets", "links", "blockade",
    "missing", "methods", "versions",
]  # fmt: skip


def test_the_demo_writes_a_report(demo: tuple[Path, CompletedProcess[str]]) -> None:
    """Templates, script, style and words of it are in the wheel; every section is filled."""
    folder, done = demo
    assert done.returncode == 0, done.stderr
    last = done.stderr.splitlines()[-5:]
    assert "Open cytosig-demo/report.html in a browser" in last[0].replace("\\", "/")
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert re.findall(r'<section id="([\w-]+)"', page) == SECTIONS
    assert "5 samples (184 cells) with 3 cell types" in page
    assert page.count("<svg") >= 8
    assert "Unexpected error" not in page
    tables = [json.loads(text) for text in re.findall(r'application/json">(.*?)</script>', page)]
    balance = next(table for table in tables if table["name"] == "balance")
    rows = gzip.decompress(base64.b64decode(balance["data"])).decode().splitlines()[1:]
    stored = ad.read_h5ad(folder / "demo.h5ad").uns["cytosig"]["balance"]
    assert [float(row.split("\t")[1]) for row in rows] == stored["balance"].tolist()
    assert [row.split("\t")[0] for row in rows] == list(stored.index)
