"""Any data at all: a result that can be trusted, or an error that says what to do."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import cytosig as cs
from reliability.properties import cells, held, sets
from reliability.properties.profiles import share

if TYPE_CHECKING:
    from reliability.properties.cells import Given
    from reliability.properties.sets import Kind

pytestmark = pytest.mark.filterwarnings(  # what anndata says of names when it copies
    "ignore:(Observation|Variable) names are not unique:UserWarning",
    "ignore:Transforming to str index:UserWarning",
)

choices = st.fixed_dictionaries({
    "min_genes": st.sampled_from((1, 2, 5)),
    "min_coverage": st.sampled_from((0.0, 0.25, 1.0)),
    "normalize": st.sampled_from(("auto", "auto", "none", "log1p")),
    "nonfinite": st.sampled_from(("raise", "drop_genes")),
    "background": st.sampled_from(("all", "all", "signatures")),
    "chunk_size": st.sampled_from((None, 1, 4)),
})  # fmt: skip
centring = st.fixed_dictionaries({}, optional={
    "batch_key": st.sampled_from(("donor", "arm")),
    "control": st.tuples(st.just("arm"), st.sampled_from(("a", "0", "", 1, True))),
    "scale": st.booleans(),
    "center": st.sampled_from(("auto", "mean", None)),
})  # fmt: skip


def _score(data: Given, wanted: Any, kind: Kind, options: dict[str, Any]) -> Any:
    """The scored copy, or the error."""
    asked = {"signatures": wanted, **options, **kind.options}
    return held.outcome(partial(cs.tl.score, data.adata, copy=True, **asked))


@share(3)
@given(cells.any_data(), sets.any_sets(), sets.kinds(), choices)
def test_any_data_are_scored_or_refused(
    data: Given, wanted: Any, kind: Kind, options: dict[str, Any]
) -> None:
    """Any type, layout, size and name of data: scores, or an error of the package's own; no
    other exception, and no warning of numpy."""
    _score(data, wanted, kind, options)


@given(cells.any_data(), sets.sound_sets(), sets.kinds(), choices, centring)
def test_any_columns_centre_or_are_refused(
    data: Given, wanted: Any, kind: Kind, options: dict[str, Any], how: dict[str, Any]
) -> None:
    """Columns of any type as batch and control: scores, or an error of the package's own."""
    _score(data, wanted, kind, {**options, **how})


@given(cells.any_data(), sets.any_sets(), sets.kinds(), choices)
def test_what_was_given_is_left_as_it_was(
    data: Given, wanted: Any, kind: Kind, options: dict[str, Any]
) -> None:
    """Scoring in place leaves X, obs and var as they were, to the byte, and writes nothing where
    it refuses."""
    before = held.contents(data.adata)
    asked = {"signatures": wanted, **options, **kind.options}
    found = held.outcome(partial(cs.tl.score, data.adata, **asked))
    held.unchanged(data.adata, before, written=not held.refused(found))


@given(cells.any_data(), sets.any_sets(), sets.kinds(), choices)
def test_tables_have_every_observation_and_signature_in_order(
    data: Given, wanted: Any, kind: Kind, options: dict[str, Any]
) -> None:
    """A row for every observation and a column for every signature, in the order given; nothing is
    infinite."""
    found = _score(data, wanted, kind, options)
    assume(not held.refused(found))
    for name, table in held.tables(found).items():
        assert not np.isinf(table.to_numpy()).any(), name
        assert list(table.index.astype(str)) == list(data.adata.obs_names.astype(str)), name
        if name in ("score", "pvalue", "estimate"):
            assert list(table.columns) == [str(id) for id in wanted]
    assert list(found.uns["cytosig"]["coverage"].index) == [str(id) for id in wanted]


@given(cells.any_data(), sets.any_sets(), sets.kinds(linear=True), choices)
def test_a_score_has_a_p_above_0_and_no_p_stands_alone(
    data: Given, wanted: Any, kind: Kind, options: dict[str, Any]
) -> None:
    """Every score of a linear method has a p above 0 and at most 1; no p without its score."""
    found = _score(data, wanted, kind, options)
    assume(not held.refused(found))
    for score, p in held.with_p(held.tables(found)):
        assert (score.isna() == p.isna()).all(axis=None)
        there = p.notna().to_numpy()
        assert ((p.to_numpy() > 0) & (p.to_numpy() <= 1))[there].all()
        assert np.isfinite(score.to_numpy())[there].all()


@given(cells.any_data(), sets.any_sets(), sets.kinds(), choices)
def test_what_has_no_score_has_a_reason(
    data: Given, wanted: Any, kind: Kind, options: dict[str, Any]
) -> None:
    """Rows without scores are those of `unscored`, columns without scores have their reason in
    `coverage`; there are no other gaps."""
    found = _score(data, wanted, kind, options)
    assume(not held.refused(found))
    score, record = found.obsm["cytosig_score"], found.uns["cytosig"]
    gone = (record["coverage"]["reason"] != "").to_numpy()
    missing = score.isna().to_numpy()
    assert missing[:, gone].all()
    assume(not gone.all())
    rows = missing[:, ~gone].any(axis=1)
    assert (missing[:, ~gone] == rows[:, None]).all()
    assert list(record["unscored"].index) == list(found.obs_names[rows])
    assert (record["unscored"]["reason"] != "").all()
