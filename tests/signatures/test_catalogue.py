"""The curated catalogue: what it holds, what it is called, and the rules its files follow."""

from __future__ import annotations

import tomllib

import pytest

from cytosig._errors import SignatureError, UsageError
from cytosig.signatures import Axis, Catalogue, Signature
from cytosig.signatures.load import folder, load_folder

# The rule of signatures/README.md, written down a second time.
WEIGHT = {"specific": 1.0, "family": 0.7, "shared": 0.5}


def _files() -> dict[str, dict[str, object]]:
    special = {"axes", "references", "context", "network"}
    return {
        path.stem: tomllib.loads(path.read_text(encoding="utf-8"))
        for path in folder().glob("*.toml")
        if path.stem not in special
    }


def test_counts(curated: Catalogue) -> None:
    assert len(curated.cytokines) == 70
    assert len(curated.signatures) == 32
    assert set(curated.cytokines) == set(_files())


def test_every_signature_is_in_exactly_one_axis(curated: Catalogue) -> None:
    for id in curated.signatures:
        homes = [axis.id for axis in curated.axes.values() if id in axis.members]
        assert len(homes) == 1, f"{id}: {homes}"
    for axis in curated.axes.values():
        assert any(member in curated.signatures for member in axis.members), axis.id


def test_no_name_that_a_file_cannot_hold(curated: Catalogue) -> None:
    names = [*curated.ids, *curated.cytokines, *curated.axes, *curated.references]
    assert [name for name in names if "/" in name or name != name.strip()] == []
    assert {"IFN-I-III", "IFN-II", "NF-kB", "STAT3", "SMAD2-3", "SMAD1-5"} <= set(curated.axes)


@pytest.mark.parametrize(
    ("name", "id"),
    [
        ("TNF-alpha", "TNF"), ("TNF-α", "TNF"), ("tnfα", "TNF"), ("TNF alpha", "TNF"),
        ("IFN-γ", "IFNG"), ("IFN-gamma", "IFNG"), ("interferon gamma", "IFNG"),
        ("G-CSF", "CSF3"), ("GM-CSF", "CSF2"), ("M-CSF", "CSF1"), ("gmcsf", "CSF2"),
        ("IL-8", "CXCL8"), ("IL8", "CXCL8"), ("RANTES", "CCL5"), ("MCP-1", "CCL2"),
        ("IP-10", "CXCL10"), ("MIG", "CXCL9"), ("SDF-1", "CXCL12"), ("fractalkine", "CX3CL1"),
        ("TGF-beta", "TGFB1"), ("TGF-β1", "TGFB1"), ("TGF-β2", "TGFB2"), ("CD40L", "CD40LG"),
        ("IL-12", "IL12"), ("IL-1β", "IL1B"), ("IL-1 alpha", "IL1A"), ("IL-17A", "IL17A"),
        ("VEGF", "VEGFA"), ("activin A", "INHBA"), ("4-1BBL", "41BBL"), ("FasL", "FASLG"),
        ("il6", "IL6"), ("IL-6", "IL6"), ("Il_6", "IL6"), ("TSLP", "TSLP"),
    ],
)  # fmt: skip
def test_names_people_write(curated: Catalogue, name: str, id: str) -> None:
    assert curated.resolve(name) == id
    assert name in curated


@pytest.mark.parametrize(
    ("name", "near"), [("TNFR-alpha", "TNF"), ("IL66", "IL6"), ("IFN-gama", "IFNG")]
)
def test_names_nobody_has_offer_near_ones(curated: Catalogue, name: str, near: str) -> None:
    with pytest.raises(UsageError, match=f"'{name}'.*Near: .*{near}"):
        curated.resolve(name)
    assert name not in curated


@pytest.mark.parametrize("name", ["EBI3", "IL12B", "LTA"])
def test_a_subunit_of_several_cytokines_names_none(curated: Catalogue, name: str) -> None:
    with pytest.raises(UsageError):
        curated.resolve(name)


def test_asking_for_the_response_of_a_chemokine(curated: Catalogue) -> None:
    assert "CXCL9" in curated.cytokines
    with pytest.raises(UsageError, match=r"CXCL9 has no response signature.*cytokines\['CXCL9'\]"):
        curated["MIG"]
    assert curated["TNF-α"] is curated.signatures["TNF"]


def _forms(curated: Catalogue, id: str, which: str) -> set[tuple[tuple[str, ...], ...]]:
    return {(tuple(sorted(f.genes)), f.supplied) for f in getattr(curated.cytokines[id], which)}


@pytest.mark.parametrize(
    ("id", "genes"),
    [
        ("IL12", ("IL12A", "IL12B")), ("IL23", ("IL12B", "IL23A")), ("IL27", ("EBI3", "IL27")),
        ("IL35", ("EBI3", "IL12A")), ("LTAB", ("LTA", "LTB")),
    ],
)  # fmt: skip
def test_ligands_of_two_subunits_need_both(
    curated: Catalogue, id: str, genes: tuple[str, ...]
) -> None:
    assert _forms(curated, id, "ligands") == {(genes, ())}


@pytest.mark.parametrize("id", ["CSF1", "IL17A", "INHBA", "VEGFA", "EGF", "PDGFB", "IL6", "IFNG"])
def test_ligands_that_work_alone(curated: Catalogue, id: str) -> None:
    assert ((id,), ()) in _forms(curated, id, "ligands")


def test_il6_signals_in_cis_and_in_trans(curated: Catalogue) -> None:
    expected = {(("IL6R", "IL6ST"), ()), (("IL6ST",), ("IL6R",))}
    assert _forms(curated, "IL6", "receptors") == expected


@pytest.mark.parametrize(
    ("id", "genes"),
    [
        ("IFNG", ("IFNGR1", "IFNGR2")), ("IFN1", ("IFNAR1", "IFNAR2")),
        ("IL10", ("IL10RA", "IL10RB")),
        ("IL12", ("IL12RB1", "IL12RB2")), ("IL23", ("IL12RB1", "IL23R")),
        ("TGFB1", ("TGFBR1", "TGFBR2")), ("IL7", ("IL2RG", "IL7R")), ("CSF1", ("CSF1R",)),
        ("IL4", ("IL2RG", "IL4R")), ("IL2", ("IL2RB", "IL2RG")), ("CXCL9", ("CXCR3",)),
        ("IL33", ("IL1RAP", "IL1RL1")), ("CSF2", ("CSF2RA", "CSF2RB")), ("CCL5", ("CCR5",)),
    ],
)  # fmt: skip
def test_receptors_of_the_textbook(curated: Catalogue, id: str, genes: tuple[str, ...]) -> None:
    assert genes in {form for form, _ in _forms(curated, id, "receptors")}


@pytest.mark.parametrize("id", ["IL7", "IL18", "IL23", "IL33", "CXCL9", "CXCL10", "CCL5"])
def test_cytokines_other_catalogues_miss(curated: Catalogue, id: str) -> None:
    assert curated.cytokines[id].ligand_genes
    assert curated.cytokines[id].receptors


def test_roles_lie_in_range_and_agree_with_their_kind(curated: Catalogue) -> None:
    for id, cytokine in curated.cytokines.items():
        role = cytokine.role
        assert -1 <= role.value <= 1, id
        assert not (role.kind == "anti" and role.value <= 0), id
        assert not (role.kind == "pro" and role.value >= 0), id
    known = {"IL12": 1, "IFNG": 1, "IL15": 1, "TGFB1": -1, "IL10": -1, "VEGFA": -1, "IL6": -1}
    for id, sign in known.items():
        assert curated.cytokines[id].role.value * sign > 0, id


def test_no_gene_goes_up_and_down() -> None:
    for id, held in _files().items():
        response = held.get("response", {})
        genes = [e["gene"] for key in ("up", "down") for e in response.get(key, [])]
        assert sorted(g for g in set(genes) if genes.count(g) > 1) == [], id


def test_specific_means_in_no_other_list_in_this_direction() -> None:
    seen: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for id, held in _files().items():
        for key in ("up", "down"):
            for entry in held.get("response", {}).get(key, []):
                seen.setdefault((entry["gene"], key), []).append((id, entry["tier"]))
    wrong = {
        f"{gene} {key}": lists
        for (gene, key), lists in seen.items()
        if len(lists) > 1 and any(tier == "specific" for _, tier in lists)
    }
    assert wrong == {}


def test_textbook_responses(curated: Catalogue) -> None:
    for id, genes in {
        "IFNG": ("CXCL9", "CIITA", "IRF1", "HLA-DPA1"), "IFN1": ("MX1", "ISG15", "IFIT1"),
        "TGFB1": ("SERPINE1", "SMAD7"), "IL6": ("SOCS3",), "IL4": ("CCL17",), "BMP": ("ID1", "ID3"),
        "TNF": ("NFKBIA", "TNFAIP3"), "IL2": ("IL2RA", "CISH"),
    }.items():  # fmt: skip
        assert all(curated.signatures[id].weights.get(gene, 0) > 0 for gene in genes), id


def test_the_matrix_of_weights(curated: Catalogue) -> None:
    genes = ["ACTB", "SOCS3", "ALB", "CXCL9"]
    matrix = curated.weights(genes)
    assert matrix.shape == (4, 32)
    assert not matrix[0].any()
    for k, id in enumerate(curated.ids):
        for i, gene in enumerate(genes):
            assert matrix[i, k] == curated.signatures[id].weights.get(gene, 0.0)
    assert matrix[2, curated.ids.index("IL6")] < 0


def test_cytokines_without_their_own_list_point_to_one(curated: Catalogue) -> None:
    for id, cytokine in curated.cytokines.items():
        if cytokine.response and cytokine.response.proxy:
            assert id not in curated.signatures
            assert cytokine.response.proxy in curated.signatures


# --- digest, subset, merge ----------------------------------------------------------------------


def test_digest_is_stable_and_of_the_content(curated: Catalogue, small: Catalogue) -> None:
    assert curated.digest == load_folder(folder()).digest
    assert len(curated.digest) == 64
    same = Catalogue.from_dict(small.to_dict())
    again = Catalogue.from_dict({k: dict(v) for k, v in small.to_dict().items()})
    assert same.digest == again.digest
    turned = Catalogue.from_dict(dict(reversed(small.to_dict().items())))
    changed = {id: dict(w) for id, w in small.to_dict().items()}
    changed["BETA"][next(iter(changed["BETA"]))] *= 1.0000001
    digests = {same.digest, turned.digest, Catalogue.from_dict(changed).digest, small.digest}
    assert len(digests) == 4


def test_subset_keeps_the_order_given(curated: Catalogue) -> None:
    part = curated.subset(["TNF-α", "CXCL9", "IL6", "TNF"])
    assert part.ids == ["TNF", "IL6"]
    assert list(part.cytokines) == ["TNF", "CXCL9", "IL6"]
    assert {a.id: a.members for a in part.axes.values()} == {"NF-kB": ("TNF",), "STAT3": ("IL6",)}
    assert part.signatures["TNF"] is curated.signatures["TNF"]
    with pytest.raises(UsageError, match="'IL666'"):
        curated.subset(["TNF", "IL666"])


def test_merge(small: Catalogue) -> None:
    mine = Catalogue.from_dict({"MINE": ["STAT1", "IRF1-"]})
    both = small.merge(mine)
    assert both.ids == ["ALPHA", "BETA", "GAMMA", "MINE"]
    assert both.axes == small.axes
    assert small.ids == ["ALPHA", "BETA", "GAMMA"]
    assert both.merge(mine).digest == both.digest
    other = Catalogue.from_dict({"MINE": ["STAT1"]})
    with pytest.raises(SignatureError, match="'MINE' and they differ"):
        both.merge(other)


def test_merge_refuses_axes_that_differ(small: Catalogue) -> None:
    """A catalogue never takes one of two meanings of a name without a word."""
    other = Catalogue({}, {}, {"AB": Axis("AB", "something else", ("GAMMA",))})
    with pytest.raises(SignatureError, match="AB"):
        small.merge(other)


def test_records_cannot_be_changed(curated: Catalogue) -> None:
    with pytest.raises(AttributeError):
        curated.signatures["TNF"].id = "X"
    with pytest.raises(AttributeError):
        curated.signatures = {}


@pytest.mark.parametrize("id", ["A/B", "", "  "])
def test_ids_that_cannot_be_columns(id: str) -> None:
    with pytest.raises(SignatureError, match="expected a name without '/'"):
        Signature.from_genes(id, up=["STAT1"])


def test_a_gene_twice_or_none_at_all() -> None:
    with pytest.raises(SignatureError, match="'MINE' names gene 'STAT1' twice"):
        Signature.from_genes("MINE", up=["STAT1", "IRF1"], down=["STAT1"])
    with pytest.raises(SignatureError, match="'MINE' has no genes"):
        Catalogue.from_dict({"MINE": []})
    with pytest.raises(SignatureError, match="at least one"):
        Catalogue.from_dict({})
    one = Signature.from_genes("MINE", up=["STAT1"])
    with pytest.raises(SignatureError, match="'MINE' is given twice"):
        Catalogue.from_signatures([one, one])
