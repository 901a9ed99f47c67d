"""The same signatures through every format, and what each format cannot hold."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

import cytosig as cs
from cytosig._errors import FileError, SignatureError
from cytosig.signatures import Catalogue

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from anndata import AnnData

SETS = {
    "ONE": {"STAT1": 1.0, "IRF1": 0.7, "CXCL9": 0.5, "HLA-DRA": 1.0, "ALB": -0.35, "SOCS3": 0.25},
    "two-2": {"SOCS3": 1.0, "BCL3": 0.5, "JUNB": 0.5, "PIM1": 0.5, "CXCL9": -0.25},
}
SIGNS = {id: {g: float(np.sign(w)) for g, w in genes.items()} for id, genes in SETS.items()}


def _toml(sets: dict[str, dict[str, float]]) -> str:
    lines = []
    for id, genes in sets.items():
        lines += ["[[signature]]", f'id = "{id}"']
        for key, sign in (("up", 1), ("down", -1)):
            records = [
                f'{{gene = "{g}", weight = {abs(w)}}}' for g, w in genes.items() if w * sign > 0
            ]
            lines.append(f"{key} = [{', '.join(records)}]")
    return "\n".join(lines) + "\n"


def _matrix() -> pd.DataFrame:
    return pd.DataFrame(SETS).fillna(0.0)


def _long() -> pd.DataFrame:
    rows = [(id, g, w) for id, genes in SETS.items() for g, w in genes.items()]
    return pd.DataFrame(rows, columns=["source", "target", "weight"])


def _file(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


FORMATS: dict[str, Callable[[Path], object]] = {
    "dict": lambda _: SETS,
    "catalogue": lambda _: Catalogue.from_dict(SETS),
    "long frame": lambda _: _long(),
    "long frame, shuffled columns": lambda _: _long()[["weight", "target", "source"]],
    "matrix frame": lambda _: _matrix(),
    "toml": lambda p: _file(p / "s.toml", _toml(SETS)),
    "csv": lambda p: _file(p / "s.csv", _long().to_csv(index=False)),
    "tsv": lambda p: _file(p / "s.tsv", _long().to_csv(index=False, sep="\t")),
    "matrix csv": lambda p: _file(p / "m.csv", _matrix().to_csv()),
    "matrix tsv": lambda p: str(_file(p / "m.tsv", _matrix().to_csv(sep="\t"))),
    "csv with a byte-order mark": lambda p: _file(
        p / "b.csv", "\ufeff" + _long().to_csv(index=False)
    ),
}


@pytest.mark.parametrize("form", FORMATS)
def test_weighted_signatures_score_the_same_through_every_format(
    counts: AnnData, tmp_path: Path, form: str
) -> None:
    cs.tl.score(counts, signatures=SETS, key_added="dict")
    cs.tl.score(counts, signatures=FORMATS[form](tmp_path))
    for slot in ("score", "estimate", "pvalue"):
        found, expected = counts.obsm[f"cytosig_{slot}"], counts.obsm[f"dict_{slot}"]
        assert list(found.columns) == ["ONE", "two-2"]
        np.testing.assert_allclose(found, expected, rtol=1e-4 if slot == "pvalue" else 1e-10)


@pytest.mark.parametrize("form", ["gmt", "names", "signs"])
def test_signs_score_the_same_through_gmt_and_lists(
    counts: AnnData, tmp_path: Path, form: str
) -> None:
    marked = {id: [f"{g}{'+' if w > 0 else '-'}" for g, w in genes.items()]
              for id, genes in SETS.items()}  # fmt: skip
    lines = ["\t".join([id, "about it", *genes]) for id, genes in marked.items()]
    made = {"gmt": _file(tmp_path / "s.gmt", "\n".join(lines)), "names": marked, "signs": SIGNS}
    cs.tl.score(counts, signatures=SIGNS, key_added="dict")
    cs.tl.score(counts, signatures=made[form])
    np.testing.assert_allclose(counts.obsm["cytosig_score"], counts.obsm["dict_score"], rtol=1e-10)


def test_round_trips(curated: Catalogue, tmp_path: Path) -> None:
    sets = curated.to_dict()
    assert Catalogue.from_dict(sets).to_dict() == sets
    assert Catalogue.from_frame(curated.to_frame()).to_dict() == sets
    matrix = pd.DataFrame(curated.weights(curated.genes), index=curated.genes, columns=curated.ids)
    assert Catalogue.from_frame(matrix).to_dict() == sets
    curated.to_frame().to_csv(tmp_path / "c.csv", index=False)
    assert Catalogue.from_file(tmp_path / "c.csv").to_dict() == sets
    signs = {id: {g: float(np.sign(w)) for g, w in s.items()} for id, s in sets.items()}
    text = curated.to_gmt(tmp_path / "c.gmt")
    assert (tmp_path / "c.gmt").read_text(encoding="utf-8") == text
    assert Catalogue.from_gmt(tmp_path / "c.gmt").to_dict() == signs
    (tmp_path / "c.toml").write_text(_toml(sets), encoding="utf-8")
    assert Catalogue.from_file(tmp_path / "c.toml").to_dict() == sets


def test_the_long_frame_holds_every_gene_once(curated: Catalogue) -> None:
    frame = curated.to_frame()
    assert len(frame) == sum(len(s.genes) for s in curated)
    assert not frame.duplicated(["source", "target"]).any()
    for row in frame.sample(40, random_state=0).itertuples():
        assert curated.signatures[row.source].weights[row.target] == row.weight


def test_plain_gmt_is_up(tmp_path: Path) -> None:
    path = _file(tmp_path / "h.gmt", "HALL\thttp://x\tSTAT1\tIRF1\tHLA-A\t\n\nB\t\tALB-\tFGA+\n")
    assert Catalogue.from_gmt(path).to_dict() == {
        "HALL": {"STAT1": 1.0, "IRF1": 1.0, "HLA-A": 1.0},
        "B": {"ALB": -1.0, "FGA": 1.0},
    }


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("A\tx\tSTAT1\nB\tx\n", 2),
        ("A\tx\tSTAT1\n\nB STAT1 IRF1\n", 3),
        ("A\tx\tSTAT1\n\tx\tIRF1\n", 2),
        ("A\tx\tSTAT1\t+\n", 1),
        ("A\tx\tIRF1\nB/C\tx\tIRF1\n", 2),
        ("A\tx\tIRF1\nB\tx\tIRF1+\tIRF1-\n", 2),
        ("A\tx\tIRF1\n\nB\tx\tIRF1\nA\tx\tSTAT1\n", 4),
    ],
)
def test_mistakes_in_gmt_name_the_line(tmp_path: Path, text: str, line: int) -> None:
    with pytest.raises(SignatureError, match=rf"bad\.gmt:{line}: "):
        Catalogue.from_file(_file(tmp_path / "bad.gmt", text))


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.DataFrame({"source": ["A", "A"], "target": ["X", "X"]}), "row 1 .*given twice"),
        (pd.DataFrame({"source": ["A"], "target": [3]}), "row 0 .*must be texts"),
        (
            pd.DataFrame({"source": ["A"], "target": ["X"], "weight": [np.nan]}),
            "row 0 .*weight nan",
        ),
        (pd.DataFrame({"source": ["A"], "target": ["X"], "weight": ["1"]}), "weight '1'"),
        (pd.DataFrame({"A": [1.0, np.nan]}, index=["X", "Y"]), "gene 'Y' has an empty weight"),
        (pd.DataFrame({"A": [1.0, 2.0]}, index=["X", "X"]), "gene 'X' has two rows"),
        (pd.DataFrame({"A": ["p", "q"]}, index=["X", "Y"]), "column 'A' holds text"),
        (pd.DataFrame(index=["X", "Y"]), "expected source, target and weight"),
        (pd.DataFrame({"A": [0.0, 0.0]}, index=["X", "Y"]), "'A' has no genes"),
        (pd.DataFrame({"A": [np.inf, 0.0]}, index=["X", "Y"]), "inf"),
        (pd.DataFrame({"A/B": [1.0, 0.0]}, index=["X", "Y"]), "'A/B'"),
    ],
)
def test_mistakes_in_frames(frame: pd.DataFrame, message: str) -> None:
    with pytest.raises(SignatureError, match=message):
        Catalogue.from_frame(frame)


@pytest.mark.parametrize(
    ("sets", "message"),
    [
        ({"A": "STAT1"}, "'A' is the text 'STAT1'"),
        ({"A": {"STAT1": "1"}}, "gene 'STAT1'.*weight '1'"),
        ({"A": {"STAT1": float("inf")}}, "weight inf"),
        ({"A": {"STAT1": True}}, "weight True"),
        ({"A": ["STAT1", "+"]}, "names no gene"),
        ({"A": ["STAT1", "STAT1-"]}, "'STAT1' twice"),
        ({"A": {"STAT1": None}}, "STAT1"),
    ],
)
def test_mistakes_in_dicts(sets: dict[str, object], message: str) -> None:
    with pytest.raises(SignatureError, match=message):
        Catalogue.from_dict(sets)


def test_mistakes_in_tables_name_the_file(tmp_path: Path) -> None:
    path = _file(tmp_path / "bad.csv", "source,target,weight\nA,STAT1,1\nA,STAT1,2\n")
    with pytest.raises(SignatureError, match=r"bad\.csv: line 3 "):
        Catalogue.from_file(path)
    with pytest.raises(SignatureError, match=r"empty\.csv"):
        Catalogue.from_file(_file(tmp_path / "empty.csv", ""))
    with pytest.raises(FileError, match="cannot be written"):
        Catalogue.from_dict(SETS).to_gmt(tmp_path / "no such folder" / "x.gmt")


def test_genes_that_spreadsheets_and_pandas_read_as_nothing(tmp_path: Path) -> None:
    """A gene called NA or nan is a name, and an empty one an error."""
    path = _file(tmp_path / "s.csv", "source,target,weight\nA,NA,1\nA,STAT1,1\n")
    assert Catalogue.from_file(path).to_dict() == {"A": {"NA": 1.0, "STAT1": 1.0}}
    path = _file(tmp_path / "t.csv", "source,target,weight\nA,,1\nA,STAT1,1\n")
    with pytest.raises(SignatureError, match="line 2 "):
        Catalogue.from_file(path)


@pytest.mark.parametrize("end", ["csv", "tsv", "csv.gz"])
@pytest.mark.parametrize("bad", ["x", "nan", "inf", ""])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_weight_that_is_none_is_found_in_its_line(
    tmp_path: Path, end: str, bad: str, newline: str
) -> None:
    """Past a comment, a blank line and rows whose weights are numbers."""
    rows = ["# mine", "source,target,weight", "S,STAT1,1", "", "S,IRF1,2.5", f"S,CD74,{bad}"]
    text = newline.join([*rows, "S,MX1,1", ""])
    content = (text if "csv" in end else text.replace(",", "\t")).encode()
    path = tmp_path / f"sets.{end}"
    path.write_bytes(gzip.compress(content) if end.endswith("gz") else content)
    shown = f"'{bad}'" if bad in ("x", "nan") else bad or "nan"
    wanted = rf"sets\.{end}: line 6 \(S, CD74\): weight {shown};"
    with pytest.raises(SignatureError, match=wanted):
        Catalogue.from_file(path)


def test_a_row_of_several_lines_is_counted_as_a_row(tmp_path: Path) -> None:
    text = 'source,target,weight,note\nS,STAT1,1,"two\nlines"\nS,IRF1,x,\n'
    with pytest.raises(SignatureError, match=r"row 1 \(S, IRF1\): weight 'x'"):
        Catalogue.from_file(_file(tmp_path / "sets.csv", text))


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("none.gmt", "\n", "No signatures given"),
        ("none.csv", "source,target,weight\n", "No signatures given"),
        ("none.csv", "source,target,weight\nA,STAT1,0\n", "'A' has no genes"),
        ("none.csv", "gene,A\nSTAT1,0\n", "'A' has no genes"),
    ],
)
def test_a_file_without_signatures_is_named(
    tmp_path: Path, name: str, text: str, message: str
) -> None:
    with pytest.raises(SignatureError, match=rf"{name}: .*{message}"):
        Catalogue.from_file(_file(tmp_path / name, text))


@pytest.mark.parametrize("name", ["a.gmt", "a.toml", "a.csv", "a.tsv.gz"])
def test_a_file_that_is_not_there(tmp_path: Path, name: str) -> None:
    with pytest.raises((FileError, SignatureError), match=rf"{name}: No such file\.$"):
        Catalogue.from_file(tmp_path / name)


@pytest.mark.parametrize("how", ["cut short", "damaged", "no gzip"])
def test_a_damaged_gzip_table(tmp_path: Path, how: str) -> None:
    path = tmp_path / "sets.csv.gz"
    whole = gzip.compress(b"source,target,weight\n" + b"A,STAT1,1\n" * 100)
    broken = whole[:12] + bytes(b ^ 0x55 for b in whole[12:20]) + whole[20:]
    path.write_bytes({"cut short": whole[:-20], "damaged": broken, "no gzip": b"A,B\n1,2\n"}[how])
    with pytest.raises(SignatureError, match=r"sets\.csv\.gz: cannot be read as a table"):
        Catalogue.from_file(path)


@pytest.mark.parametrize(
    "name", ["http://127.0.0.1:9/sets.csv", "s3://bucket/sets.tsv", "file:///x.csv"]
)
def test_an_address_is_no_file(name: str) -> None:
    """pandas would go and fetch it."""
    with pytest.raises(SignatureError, match="No such file"):
        Catalogue.from_file(name)


@pytest.mark.parametrize("name", [".", "..", " .. ", "a\x00b", "a\x1b[2Jb", "x" * 201, "a/b"])
def test_names_that_no_column_or_folder_can_have(name: str) -> None:
    with pytest.raises(SignatureError, match="expected a name without '/'"):
        Catalogue.from_dict({name: ["STAT1", "IRF1"]})


@pytest.mark.parametrize("weight", [1e308, -1e10, 1e-320, float("nan"), float("inf")])
def test_weights_whose_squares_are_no_numbers(weight: float) -> None:
    for make in (Catalogue.from_dict, lambda sets: Catalogue.from_frame(pd.DataFrame(sets))):
        with pytest.raises(SignatureError, match=r"'STAT1'.* weight"):
            make({"A": {"STAT1": weight, "IRF1": 1.0}})


@pytest.mark.parametrize("bad", ["", "  ", "A\tB", "A\nB", "A\x00", "A\u2028B"])
def test_genes_whose_names_no_file_could_hold_are_refused(bad: str) -> None:
    with pytest.raises(SignatureError, match=r"'ONE' names gene .*of one line"):
        Catalogue.from_dict({"ONE": {"STAT1": 1.0, bad: 1.0}})


def test_blanks_around_a_gene_are_no_part_of_it() -> None:
    """In every form alike, and two spellings of one gene are two lines for it."""
    made = Catalogue.from_dict({"ONE": {" STAT1": 1.0, "IRF1\r": -0.5}})
    assert made.to_dict() == {"ONE": {"STAT1": 1.0, "IRF1": -0.5}}
    assert Catalogue.from_frame(made.to_frame()).digest == made.digest
    with pytest.raises(SignatureError, match="'STAT1' twice"):
        Catalogue.from_dict({"ONE": {" STAT1": 1.0, "STAT1": 0.5}})
    with pytest.raises(SignatureError, match="'STAT1' has two rows"):
        Catalogue.from_frame(pd.DataFrame({"ONE": [1.0, 0.5]}, index=["STAT1", "STAT1 "]))


@pytest.mark.parametrize("end", ["csv", "tsv"])
def test_weights_of_a_table_are_read_to_the_last_bit(tmp_path: Path, end: str) -> None:
    """Where pandas' quick reader is off by one: another digest of the same signatures."""
    made = Catalogue.from_dict({"ONE": {"STAT1": 90071993.05078125, "IRF1": 0.1 + 0.2}})
    path = tmp_path / f"mine.{end}"
    made.to_frame().to_csv(path, index=False, sep="," if end == "csv" else "\t")
    assert Catalogue.from_file(path).digest == made.digest
