"""A catalogue as bytes comes back whole; other bytes are refused in so many words."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cytosig._errors import SignatureError
from cytosig.signatures import Catalogue, load
from cytosig.signatures.evidence import Evidence, HeldOut
from cytosig.signatures.stored import from_bytes, to_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

HELD_OUT = HeldOut(folds=4, found=3, auroc=0.875, median_z=2.5, median_rank=None)


def _learnt() -> Catalogue:
    """A signature with evidence, a variant and names of other alphabets."""
    own = Catalogue.from_dict({"MINE é": {"SOCS3": 0.1 + 0.2, "CCND1": -1e-9}})
    known = {"treatment": "a=b", "control": "a=c", "n_treated": 3, "n_control": 4,
             "experiment": "GSE0", "organism": "human", "compartment": "myeloid",
             "values": "counts", "design": "one group", "n_batches": 0, "max_q": 0.05,
             "min_lfc": 0.5, "held_out": HELD_OUT}  # fmt: skip
    names = Evidence.__dataclass_fields__
    evidence = Evidence(**{k: v for k, v in known.items() if k in names})
    signature = replace(own.signatures["MINE é"], evidence=evidence)
    return replace(
        own, signatures={signature.id: signature}, variants={"B": {signature.id: signature}}
    )


@pytest.mark.parametrize(
    "make", [load, lambda: load().subset(["IL6", "TNF", "IFN-γ"]), _learnt,
             lambda: load().subset(["TNF"]).merge(_learnt())],
)  # fmt: skip
def test_it_comes_back_whole(make: Callable[[], Catalogue]) -> None:
    one = make()
    content = to_bytes(one)
    other = from_bytes(content)
    assert other == one
    assert other.digest == one.digest
    assert (other.ids, list(other.axes)) == (one.ids, list(one.axes)), "in the same order"
    assert [s.evidence for s in other] == [s.evidence for s in one]
    assert to_bytes(other) == content


def _signature(**parts: object) -> bytes:
    record = {"id": "A", "genes": [{"gene": "X", "weight": 1.0}], **parts}
    empty = {"cytokines": [], "axes": [], "references": [], "variants": {}}
    return json.dumps({"signatures": [record], **empty}).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\xff\xfe", b"[]", b"{}", b"[" * 100_000, to_bytes(load())[:-9],
        _signature(id=3), _signature(id="a/b"), _signature(genes="X"), _signature(genes={}),
        _signature(genes=[{"gene": "X", "weight": "1"}]), _signature(genes=[["X", 1.0]]),
        _signature(genes=[{"gene": "X", "weight": float("nan")}]),
        _signature(genes=[{"gene": "X", "weight": True}]), _signature(colour="red"),
        _signature(genes=[{"gene": "X", "weight": 1.0, "support": [1]}]),
        _signature(evidence="x"), _signature().replace(b'"signatures"', b'"sets"'),
        _signature().replace(b'{}}', b'{"B": [{"id": "Z", "genes": []}]}}'),
    ],
)  # fmt: skip
def test_other_bytes_are_refused(content: bytes) -> None:
    with pytest.raises(SignatureError):
        from_bytes(content)


def test_the_smallest_is_accepted() -> None:
    """Else what is refused above would say nothing."""
    assert from_bytes(_signature()).to_dict() == {"A": {"X": 1.0}}
