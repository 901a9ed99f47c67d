"""Signatures in the field's other formats: GMT, long frames, matrices, dicts, TOML."""

from __future__ import annotations

import gzip
import math
import zlib
from collections.abc import Iterable, Mapping
from contextlib import contextmanager
from io import BytesIO
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING

from cytosig._errors import FileError, SignatureError
from cytosig.signatures._strict import Document
from cytosig.signatures.model import Lists, ResponseGene, Signature
from cytosig.signatures.parse import parse_user_signatures

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence

    import pandas as pd

_LONG = ("source", "target")


@contextmanager
def naming(path: str | os.PathLike[str], /) -> Iterator[None]:
    """Put the file before what is wrong with its signatures."""
    try:
        yield
    except SignatureError as error:
        raise SignatureError(f"{path}: {error}") from error


def _signed(token: str, where: str) -> ResponseGene:
    """``GENE+``, ``GENE-`` or ``GENE`` (up)."""
    sign = -1.0 if token.endswith("-") else 1.0
    gene = token[:-1].strip() if token[-1:] in "+-" else token
    if not gene:
        raise SignatureError(f"{where}: {token!r} names no gene.")
    return ResponseGene(gene, sign)


def from_dict(sets: Mapping[str, Mapping[str, float] | Iterable[str]], /) -> list[Signature]:
    """Signatures from ``{id: {gene: weight}}`` or ``{id: [genes]}``."""
    found = []
    for id, genes in sets.items():
        if isinstance(genes, str):
            raise SignatureError(
                f"Signature {id!r} is the text {genes!r}; expected a list of genes."
            )
        if isinstance(genes, Mapping):
            for gene, weight in genes.items():
                _check_weight(weight, f"signature {id!r}, gene {gene!r}")
            pairs = [(str(gene).strip(), float(weight)) for gene, weight in genes.items()]
            kept = (ResponseGene(gene, weight) for gene, weight in pairs if weight != 0)
            found.append(Signature(str(id), tuple(kept)))
        else:
            tokens = [_signed(str(g).strip(), f"signature {id!r}") for g in genes]
            found.append(Signature(str(id), tuple(tokens)))
    return found


def _check_weight(weight: object, where: str) -> None:
    if isinstance(weight, bool) or not isinstance(weight, Real) or not math.isfinite(weight):
        raise SignatureError(f"{where}: weight {weight!r}; expected a finite number.")


def from_frame(frame: pd.DataFrame, /) -> list[Signature]:
    """Signatures from a long frame (source, target[, weight]) or a matrix genes × signatures."""
    if set(_LONG) <= set(frame.columns):
        return _from_long(frame)
    import pandas as pd

    types = pd.api.types
    numeric = [types.is_numeric_dtype(d) and not types.is_complex_dtype(d) for d in frame.dtypes]
    if frame.shape[1] == 0 or not all(numeric):
        bad = next((str(c) for c, ok in zip(frame.columns, numeric, strict=True) if not ok), "")
        raise SignatureError(
            f"Table with columns {list(map(str, frame.columns))[:6]}: expected source, target"
            " and weight, or a matrix of numbers with genes as rows and signatures as columns"
            + (f" (column {bad!r} holds text)." if bad else ".")
        )
    wrong = ~frame.abs().lt(math.inf).all(axis=1)
    if wrong.any():
        gene = str(frame.index[wrong][0])
        kind = "an empty" if frame.loc[wrong].iloc[0].isna().any() else "an infinite"
        raise SignatureError(f"Matrix of signatures: gene {gene!r} has {kind} weight.")
    genes = pd.Index([str(gene).strip() for gene in frame.index])
    if not genes.is_unique:
        gene = str(genes[genes.duplicated()][0])
        raise SignatureError(f"Matrix of signatures: gene {gene!r} has two rows.")
    return [
        Signature.from_weights(str(c), dict(zip(genes, frame[c].astype(float), strict=True)))
        for c in frame.columns
    ]


def _from_long(frame: pd.DataFrame, places: Sequence[str] | None = None) -> list[Signature]:
    """``places`` is where each row stands, for messages."""
    weights = frame["weight"] if "weight" in frame.columns else [1.0] * len(frame)
    sets: dict[str, dict[str, float]] = {}
    rows = zip(frame["source"], frame["target"], weights, strict=True)
    for number, (source, target, weight) in enumerate(rows):
        where = f"{places[number] if places else f'row {number}'} ({source}, {target})"
        if not isinstance(source, str) or not isinstance(target, str):
            raise SignatureError(f"{where}: source and target must be texts.")
        genes = sets.setdefault(source.strip(), {})
        if target.strip() in genes:
            raise SignatureError(f"{where}: this pair is given twice; keep one row.")
        _check_weight(weight, where)
        genes[target.strip()] = float(weight)
    return from_dict(sets)


def read_gmt(path: str | os.PathLike[str], /) -> list[Signature]:
    """Signatures of a GMT file, errors with line numbers."""
    label = str(path)
    found: list[Signature] = []
    lines: dict[str, int] = {}
    for number, line in enumerate(_read_text(path).split("\n"), start=1):
        if not line.strip():
            continue
        fields = [field.strip() for field in line.split("\t")]
        genes = [field for field in fields[2:] if field]
        if not fields[0] or not genes:
            raise SignatureError(
                f"{label}:{number}: expected name, description and genes separated by tabs."
            )
        if (first := lines.setdefault(fields[0], number)) != number:
            raise SignatureError(
                f"{label}:{number}: signature {fields[0]!r} is given twice, first in line {first};"
                " rename one."
            )
        records = (_signed(gene, f"{label}:{number}") for gene in dict.fromkeys(genes))
        with naming(f"{label}:{number}"):
            found.append(Signature(fields[0], tuple(records)))
    return found


def read_any(path: str | os.PathLike[str], /) -> list[Lists]:
    """Signatures of a ``.toml``, ``.gmt``, ``.csv`` or ``.tsv`` file; TOML alone has variants."""
    name = Path(path).name.lower()
    if name.endswith(".toml"):
        return parse_user_signatures(Document.parse(_read_text(path), str(path)))
    if name.endswith(".gmt"):
        return [Lists(signature) for signature in read_gmt(path)]
    if name.endswith((".csv", ".csv.gz", ".tsv", ".tsv.gz", ".txt")):
        table = _read_table(path, "," if ".csv" in name else "\t")
        return [Lists(signature) for signature in table]
    raise SignatureError(f"{path}: unknown kind of signature file; use .toml, .gmt, .csv or .tsv.")


def _read_table(path: str | os.PathLike[str], sep: str) -> list[Signature]:
    import pandas as pd

    try:
        content = Path(path).read_bytes()  # a name that pandas would take for an address is none
        if str(path).lower().endswith(".gz"):
            content = gzip.decompress(content)
        frame = pd.read_csv(
            BytesIO(content), sep=sep, comment="#", keep_default_na=False, na_values=[""],
            float_precision="round_trip",
        )  # fmt: skip
    except FileNotFoundError as error:
        raise SignatureError(f"{path}: No such file.") from error
    except (OSError, EOFError, ValueError, OverflowError, zlib.error) as error:
        raise SignatureError(f"{path}: cannot be read as a table: {error}.") from error
    if not set(_LONG) <= set(frame.columns):
        with naming(path):
            return from_frame(frame.set_index(frame.columns[0]))
    if "weight" in frame.columns and not pd.api.types.is_numeric_dtype(frame["weight"]):
        numbers = pd.to_numeric(frame["weight"], errors="coerce")
        frame["weight"] = numbers.astype(object).where(numbers.notna(), frame["weight"])
    with naming(path):
        return _from_long(frame, _lines_of(content, sep, len(frame)))


def _lines_of(content: bytes, sep: str, n: int) -> list[str] | None:
    """Line of each of the ``n`` rows below the header; None where a row takes several lines."""
    blank = b" \t".replace(sep.encode(), b"")
    lines = [line.strip(blank) for line in content.splitlines()]
    rows = [k for k, line in enumerate(lines, start=1) if line and not line.startswith(b"#")]
    return [f"line {k}" for k in rows[1:]] if len(rows) == n + 1 else None


def to_frame(sets: Mapping[str, Mapping[str, float]], /) -> pd.DataFrame:
    """Long frame: source, target, weight."""
    import pandas as pd

    rows = [(id, gene, weight) for id, genes in sets.items() for gene, weight in genes.items()]
    return pd.DataFrame(rows, columns=["source", "target", "weight"])


def to_gmt(signatures: Iterable[Signature], /) -> str:
    """GMT text, one line a signature, genes marked ``+`` or ``-``."""
    lines = []
    for signature in signatures:
        genes = [f"{r.gene}{'+' if r.weight > 0 else '-'}" for r in signature.genes]
        lines.append("\t".join([signature.id, "cytosig", *genes]))
    return "\n".join(lines) + "\n"


def _read_text(path: str | os.PathLike[str]) -> str:
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise FileError(f"{path}: No such file.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(f"{path}: cannot be read as UTF-8 text: {error}.") from error


def write_text(path: str | os.PathLike[str], text: str, /) -> None:
    """Write UTF-8 text, errors in plain words."""
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise FileError(f"{path}: cannot be written: {error.strerror}.") from error
