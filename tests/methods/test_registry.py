"""Methods are found by looking into their folder, and know what they can take."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import cytosig as cs
from cytosig import CytosigError, methods
from cytosig._errors import DataError, UsageError


def test_discovery_finds_exactly_the_files_of_the_folder() -> None:
    folder = Path(methods.__file__).parent
    files = {path.stem for path in folder.glob("*.py") if not path.stem.startswith("_")}
    assert set(methods.available()) == files
    linear = {"hlm", "mlm", "ulm", "wmean", "ridge"}
    ranks = {"ucell", "aucell", "singscore", "ssgsea"}
    assert files == linear | ranks | {"score_genes", "zscore", "gsva", "gsea", "consensus"}


def test_names_titles_and_references_are_written() -> None:
    for name, method in methods.available().items():
        assert method.name == name
        assert len(method.title.split()) >= 3
        published = method.reference.count(";") == 1
        ours = method.reference.startswith("this package, docs/")
        assert published != ours, f"{name}: journal year;volume:page, or this package, expected"
    assert [n for n, m in methods.available().items() if "(default)" in m.title] == [
        methods.DEFAULT
    ]


def test_the_registry_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        methods.available()["mine"] = methods.get("ulm")
    assert "mine" not in methods.available()


def test_an_unknown_method_lists_the_known_ones(counts: object) -> None:
    for call in (lambda: methods.get("plage"), lambda: cs.tl.score(counts, method="plage")):
        with pytest.raises(UsageError, match="'plage'") as caught:
            call()
        assert all(name in str(caught.value) for name in methods.available())
        assert isinstance(caught.value, CytosigError | ValueError)
        assert caught.value.exit_code == 2


def test_lam_where_it_means_nothing_is_refused(counts: object) -> None:
    with pytest.raises(UsageError, match=r"lam=3.*'mlm'"):
        cs.tl.score(counts, method="mlm", lam=3)


@pytest.mark.parametrize("method", ["ridge", "hlm"])
@pytest.mark.parametrize("lam", [-1.0, float("inf"), float("nan")])
def test_a_lam_that_is_no_penalty_is_refused(counts: object, method: str, lam: float) -> None:
    with pytest.raises(UsageError, match="lam="):
        cs.tl.score(counts, method=method, lam=lam)


def _sets(counts: object) -> dict[str, dict[str, float]]:
    genes = [g for g in counts.var_names if g.startswith("FILL")]
    one = dict(zip(genes[:12], np.linspace(0.3, 1, 12), strict=True))
    return {"ONE": one, "OTHER": dict.fromkeys(genes[30:50], 1.0)}


@pytest.mark.parametrize("joint", ["mlm", "hlm"])
def test_collinear_signatures_are_named(counts: object, joint: str) -> None:
    sets = _sets(counts)
    sets["TWIN"] = {gene: 2 * weight for gene, weight in sets["ONE"].items()}
    with pytest.raises(DataError) as caught:
        cs.tl.score(counts, signatures=sets, method=joint)
    assert "ONE" in str(caught.value)
    assert "TWIN" in str(caught.value)
    assert "OTHER" not in str(caught.value)
    for method in ("ulm", "wmean", "ridge"):
        cs.tl.score(counts, signatures=sets, method=method, key_added=method)
        z = counts.obsm[f"{method}_score"]
        np.testing.assert_allclose(z["ONE"], z["TWIN"], rtol=1e-9)


@pytest.mark.parametrize("joint", ["mlm", "hlm"])
def test_a_signature_that_is_a_sum_of_others_is_refused(counts: object, joint: str) -> None:
    sets = _sets(counts)
    sets["BOTH"] = {**sets["ONE"], **sets["OTHER"]}
    with pytest.raises(DataError, match="combination"):
        cs.tl.score(counts, signatures=sets, method=joint)
