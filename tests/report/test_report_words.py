"""What the page says in sentences, from tables made by hand."""

from __future__ import annotations

import anndata
import numpy as np
import pandas as pd
import pytest

import cytosig as cs
from cytosig.report._citations import Citations, behind_role, statistics
from cytosig.report._parts import Reference

from .conftest import Node, parsed

pytestmark = pytest.mark.usefixtures("undrawn")


def _balance(verdicts: list[str], drivers: list[str], **columns: object) -> pd.DataFrame:
    """A table of balances, everything about them plain."""
    n = len(verdicts)
    values = {"anti-tumour": 0.5, "pro-tumour": -0.5}
    balance = [values.get(verdict, 0.0) for verdict in verdicts]
    table = pd.DataFrame(
        {
            "balance": balance, "ci_low": np.subtract(balance, 0.1),
            "ci_high": np.add(balance, 0.1), "p_above_zero": 0.5, "verdict": verdicts,
            "reason": "", "anti": 0.1, "pro": 0.1, "driver": drivers, "rules": "",
            "verdict_context": verdicts, "balance_adjusted": np.nan,
            "balance_context": balance, "context_low": balance, "context_high": balance,
            "balance_least": balance, "balance_most": balance,
        },
        index=[f"P{k}" for k in range(n)],
    )  # fmt: skip
    return table.assign(**columns)


def _page(**uns: object) -> Node:
    adata = anndata.AnnData(np.ones((2, 1)))
    adata.uns["cytosig"] = uns
    return parsed(cs.report.html(adata))


def _section(id: str, **uns: object) -> str:
    return _page(**uns).one("section", id=id).text


LEANING = ["anti-tumour"] * 3 + ["pro-tumour"] * 2 + ["indeterminate", "insufficient coverage"]
CARRIED = ["IFNG", "IFNG", "TNF", "TGFB1", "IFNG", "IL6", ""]


def test_verdicts_are_counted() -> None:
    tree = _page(balance=_balance(LEANING, CARRIED))
    counts = tree.one("dl", class_="counts")
    found = {div.one("dt").text: int(div.one("dd").text) for div in counts.all("div")}
    assert found == {
        "against the tumour": 3, "for the tumour": 2, "indeterminate": 1,
        "insufficient coverage": 1,
    }  # fmt: skip
    text = tree.one("section", id="summary").text
    assert "3 of 7 samples lean against the tumour and those of 2 of 7 samples for it" in text
    assert "For 1 the data do not say which (indeterminate), and for 1 too little" in text


def test_drivers_are_those_of_samples_that_lean() -> None:
    text = _section("summary", balance=_balance(LEANING, CARRIED))
    assert "of the leaning samples: IFNG in 3, TGFB1 in 1 and TNF in 1." in text
    assert "IL6" not in text.split("What to be careful about")[0]


def test_where_nothing_leans_nothing_is_said_to() -> None:
    text = _section("summary", balance=_balance(["indeterminate"] * 3, ["IL6"] * 3))
    assert "no sample leans clearly: 3 of 3 samples are indeterminate." in text
    assert "none of which leans clearly" in text
    assert "lean against the tumour" not in text


def test_few_samples_and_a_small_reference_are_named() -> None:
    params = {"n_reference": 3, "level": 0.95}
    text = _section("summary", balance=_balance(LEANING[:3], CARRIED[:3]), balance_params=params)
    assert "With 3 samples, intervals are wide" in text
    assert "The reference has 3 samples" in text
    many = {"n_reference": 30}
    text = _section("summary", balance=_balance(LEANING, CARRIED), balance_params=many)
    assert "intervals are wide" not in text
    assert "The reference has" not in text


def _coverage(**reasons: str) -> pd.DataFrame:
    grades = {"IFNG": "A", "IL12": "D", "OSM": "D"}
    return pd.DataFrame(
        {
            "n_genes": 10, "n_found": [10, 7, 2], "coverage": [1.0, 0.7, 0.1],
            "renamed": ["", "IL8=CXCL8 (previous symbol)", ""], "missing": "",
            "grade": list(grades.values()), "reason": [reasons.get(id, "") for id in grades],
        },
        index=list(grades),
    )  # fmt: skip


def test_weak_signatures_that_carry_a_balance_are_named() -> None:
    table = _balance(["anti-tumour"] * 2, ["IL12", "IFNG"])
    text = _section("summary", balance=table, coverage=_coverage())
    assert "In 1 sample the balance is carried by a signature that no experiment" in text
    assert "(grade D: IL12)" in text
    assert "IL12 (grade D) in 1" in text


def test_what_was_not_scored_is_said_thrice() -> None:
    tree = _page(coverage=_coverage(OSM="10% of its weight in the data"))
    assert "1 signature could not be scored: OSM." in tree.one("section", id="summary").text
    assert "Not scored: OSM." in tree.one("section", id="reading").text
    assert "OSM is not scored: 10% of its weight" in tree.one("section", id="missing").text
    reading = tree.one("section", id="reading").text
    assert "19 of 30 entries of 3 signatures are in the data" in reading
    assert "Found under another name: 1 gene, such as IL8=CXCL8 (previous symbol)." in reading


COMPARED = pd.DataFrame(
    {
        "table": ["score"] * 3 + ["axis"],
        "name": ["IFNG", "IL6", "TNF", "NF-kB"],
        "contrast": "R vs NR",
        "estimate": [1.5, -0.2, 0.1, 0.3],
        "p": [0.001, 0.4, np.nan, 0.2],
        "q": [0.003, 0.4, np.nan, 0.2],
        "reason": ["", "", "one group only", ""],
    }
)
ASKED = {
    "groupby": "response", "covariate": "none", "survival": "none", "auroc_ci": "delong",
    "reference": "NR", "method": "moderated", "n_samples": 20, "covariates": ["age"],
    "level": 0.95, "cohort_key": "none", "paired": "none",
}  # fmt: skip


def test_comparisons_are_counted_by_table() -> None:
    text = _section("summary", who=COMPARED, who_params=ASKED)
    assert "Groups of response: 1 of 2 cytokines and 0 of 1 axes have q ≤ 0.05." in text
    assert "smallest p is that of IFNG (R vs NR; estimate 1.50)" in text


def test_nothing_found_is_no_proof() -> None:
    text = _section("summary", who=COMPARED.assign(q=0.5), who_params=ASKED)
    assert "of 3 rows tested none has q ≤ 0.05. That does not show that nothing differs" in text


@pytest.mark.parametrize(("low", "said"), [(-0.01, ", which holds 0)"), (0.01, "to 0.070)")])
def test_the_first_scenario_is_named_with_its_interval(low: float, said: str) -> None:
    table = pd.DataFrame(
        {
            "name": ["IL6R", "IL1B"], "kind": "single", "effect": [0.04, 0.02],
            "ci_low": [low, 0.0], "ci_high": [0.07, 0.1], "cytokines": ["IL6", "IL1B"],
            "note": "", "not_modelled": "", "rank": [1, 2], "action": "blocks",
        }
    )  # fmt: skip
    text = _section("summary", blockade=table)
    assert "Of 2 scenarios, IL6R comes first" in text
    assert said in text
    assert "forecasts no efficacy" in text


def test_rows_without_p_are_told_with_their_reason() -> None:
    text = _section("missing", who=COMPARED, who_params=ASKED)
    assert "Comparison 'who': 1 of 4 rows without p: one group only (1)." in text


def test_methods_tell_what_was_run_and_nothing_else() -> None:
    text = _section("methods", who=COMPARED, who_params=ASKED)
    assert "Groups of response were compared with NR as the reference, 20 samples," in text
    assert "of fewer than 10 columns) [1], age held constant" in text
    assert "Smyth GK" in text
    assert "Benjamini Y, Hochberg Y" in text
    for word in ("balance", "blockade", "scored", "Cox", "replicates"):
        assert word not in text.replace("What was", "")


def test_every_number_in_the_methods_has_its_reference(tree: Node) -> None:
    import re

    section = tree.one("section", id="methods")
    said = " ".join(li.text for li in section.one("ul").all("li"))
    numbers = [int(n) for group in re.findall(r"\[([\d, ]+)\]", said) for n in group.split(", ")]
    references = section.one("ol", class_="references").all("li")
    assert sorted(set(numbers)) == list(range(1, len(references) + 1))
    first = [numbers.index(n) for n in sorted(set(numbers))]
    assert first == sorted(first), "numbered in the order cited"
    for id in ("smyth", "rubin", "bh", "bogomolov"):
        assert statistics(id).doi in section.text


def test_a_reference_keeps_its_number() -> None:
    cite, one, two = Citations(), Reference("One"), Reference("Two")
    assert [cite.mark(one), cite.mark(two, one), cite.mark()] == [" [1]", " [2, 1]", ""]
    assert cite.items == (one, two)


def test_roles_are_cited_as_the_catalogue_has_them() -> None:
    known = cs.signatures.load()
    ids = known.cytokines["IFNG"].role.references
    assert [r.doi for r in behind_role(known, "IFNG")] == [known.references[i].doi for i in ids]
    assert behind_role(known, "unheard of") == []


def test_dois_look_like_dois() -> None:
    import tomllib

    from cytosig.report._words import read

    for entry in tomllib.loads(read("references.toml")).values():
        assert entry["doi"].startswith("10.")
        assert " " not in entry["doi"]
        assert any(char.isdigit() for char in entry["citation"])


def test_the_digest_and_every_parameter_are_there(hostile: anndata.AnnData, tree: Node) -> None:
    text = tree.one("section", id="versions").text
    record = hostile.uns["cytosig"]
    assert record["catalogue_digest"] in text
    for name, params in record.items():
        if name.endswith("params"):
            assert all(key in text for key in params)


@pytest.mark.parametrize("tool", ["score", "balance", "sources", "targets", "links", "blockade"])
def test_what_was_run_is_not_called_missing(tree: Node, tool: str) -> None:
    section = tree.one("section", id="missing")
    assert tool not in [dt.text for dt in section.all("dt")]
