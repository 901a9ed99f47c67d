"""Signatures of one's own, of any weights, genes and names: kept as they are, or refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import cytosig as cs
from cytosig.signatures import Catalogue
from cytosig.signatures.write import signature_toml
from reliability.properties import cells, held, names, sets
from reliability.properties.profiles import share

if TYPE_CHECKING:
    from pathlib import Path

    from reliability.properties.cells import Given

anything = st.one_of(
    sets.weights(),
    st.sampled_from((0.0, float("nan"), float("inf"), 1e-12, 1e12, "1", True, None, 1 + 1j)),
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for files that are written over and over."""
    return tmp_path_factory.mktemp("catalogues")


def _known(wanted: Any, build: Any = Catalogue.from_dict) -> Catalogue:
    """The catalogue; signatures that are refused say nothing here."""
    found = held.outcome(lambda: build(wanted))
    assume(not held.refused(found))
    return found


def _same_weights(one: Catalogue, other: Catalogue) -> None:
    assert one.to_dict() == other.to_dict()
    assert one.ids == other.ids


@share(2)
@given(st.dictionaries(names.odd(), st.one_of(
    st.dictionaries(names.odd(), anything, max_size=4), st.lists(names.odd(), max_size=4)
), max_size=3))  # fmt: skip
def test_any_dict_is_a_catalogue_or_refused(wanted: dict[str, Any]) -> None:
    """Any names, genes and weights: a catalogue, or an error of the package's own."""
    found = held.outcome(lambda: Catalogue.from_dict(wanted))
    if held.refused(found):
        return
    assert found.ids == [str(id) for id in wanted]
    for own in found.to_dict().values():
        assert all(np.isfinite(w) and w != 0 for w in own.values())
        assert all(gene == gene.strip() != "" for gene in own)


@given(sets.sound_sets(), st.sampled_from((float("nan"), float("inf"), float("-inf"), 1e300)),
       st.integers(0, 3))  # fmt: skip
def test_weights_that_are_no_numbers_are_refused(
    wanted: sets.Weights, bad: float, where: int
) -> None:
    """A NaN, an infinity or a weight beyond all measure is refused by name of its signature, from
    a dict, a long frame and a matrix."""
    id = list(wanted)[where % len(wanted)]
    wanted[id][next(iter(wanted[id]))] = bad
    frame = pd.DataFrame(
        [(id, gene, w) for id, own in wanted.items() for gene, w in own.items()],
        columns=["source", "target", "weight"],
    )
    matrix = pd.DataFrame(wanted).fillna({other: 0.0 for other in wanted if other != id})
    for build, given_ in ((Catalogue.from_dict, wanted), (Catalogue.from_frame, frame),
                          (Catalogue.from_frame, matrix)):  # fmt: skip
        found = held.outcome(lambda build=build, given_=given_: build(given_))
        assert held.refused(found)


@given(sets.any_sets())
def test_a_dict_comes_back_from_its_catalogue(wanted: sets.Weights) -> None:
    """A catalogue gives back the weights it was made of, to the bit, and makes the same one."""
    made = _known(wanted)
    stripped = {id: {g.strip(): w for g, w in own.items()} for id, own in wanted.items()}
    assert made.to_dict() == stripped
    assert Catalogue.from_dict(made.to_dict()).digest == made.digest


@given(sets.any_sets())
def test_frames_come_back_as_they_were(wanted: sets.Weights) -> None:
    """Long frame and matrix, from a catalogue and back: the same weights, the same digest of the
    long one."""
    made = _known(wanted)
    long = made.to_frame()
    assert Catalogue.from_frame(long).digest == made.digest
    matrix = long.pivot(index="target", columns="source", values="weight").fillna(0.0)
    _same_weights(Catalogue.from_frame(matrix[made.ids]), made)


@share(1 / 2)
@given(wanted=sets.any_sets())
def test_files_come_back_as_they_were(wanted: sets.Weights, place: Path) -> None:
    """TOML, csv and a matrix as tsv, written and read: the same weights, or a name is refused;
    GMT: their signs."""
    made = _known(wanted)
    toml, csv, tsv, gmt = (place / f"mine.{end}" for end in ("toml", "csv", "tsv", "gmt"))
    toml.write_text("\n".join(map(signature_toml, made)), encoding="utf-8")
    made.to_frame().to_csv(csv, index=False)
    matrix = made.to_frame().pivot(index="target", columns="source", values="weight").fillna(0.0)
    matrix[made.ids].to_csv(tsv, sep="\t")
    made.to_gmt(gmt)
    for path in (toml, csv, tsv):
        found = held.outcome(lambda path=path: Catalogue.from_file(path))
        if not held.refused(found):  # a name that only a dict may have
            _same_weights(found, made)
    signs = {
        id: {g: float(np.sign(w)) for g, w in own.items()} for id, own in made.to_dict().items()
    }
    found = held.outcome(lambda: Catalogue.from_gmt(gmt))
    assert held.refused(found) or found.to_dict() == signs


@given(sets.sound_sets(), st.integers(0, 99))
def test_parts_of_a_catalogue_make_the_whole(wanted: sets.Weights, seed: int) -> None:
    """Merged with itself a catalogue stays what it is; parts merged are the whole."""
    made = Catalogue.from_dict(wanted)
    assert made.merge(made).digest == made.digest
    assert made.subset(made.ids).digest == made.digest
    cut = 1 + seed % (len(wanted) - 1)
    parts = made.subset(made.ids[:cut]).merge(made.subset(made.ids[cut:]))
    assert parts.digest == made.digest


@given(sets.sound_sets(), st.integers(0, 3), sets.weights())
def test_another_weight_is_another_digest(wanted: sets.Weights, where: int, weight: float) -> None:
    """The digest tells catalogues apart by a single weight."""
    made = Catalogue.from_dict(wanted)
    id = list(wanted)[where % len(wanted)]
    gene = next(iter(wanted[id]))
    assume(wanted[id][gene] != weight)
    other = Catalogue.from_dict({**wanted, id: {**wanted[id], gene: weight}})
    assert other.digest != made.digest


@share(1 / 2)
@given(data=cells.sound_data(), wanted=sets.sound_sets(), kind=sets.kinds(by_order=False))
def test_signatures_score_the_same_in_any_form(
    data: Given, wanted: sets.Weights, kind: sets.Kind, place: Path
) -> None:
    """Dict, long frame, catalogue and TOML file: the same scores, to the bit."""
    made = Catalogue.from_dict(wanted)
    path = place / "scored.toml"
    path.write_text("\n".join(map(signature_toml, made)), encoding="utf-8")
    asked = {"min_genes": 1, "min_coverage": 0.0, **kind.options}
    one = held.outcome(lambda: cs.tl.score(data.adata, copy=True, signatures=wanted, **asked))
    assume(not held.refused(one))
    for form in (made.to_frame(), made, path):
        other = cs.tl.score(data.adata, copy=True, signatures=form, **asked)
        held.same_tables(held.tables(one), held.tables(other))
        assert one.uns["cytosig"]["catalogue_digest"] == made.digest
