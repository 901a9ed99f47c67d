"""``cytosig score --cell-type-key COL --compartment LABEL=NAME``."""

from __future__ import annotations

import anndata
import numpy as np
import pandas as pd
import pytest

import cytosig as cs
from cytosig import cells
from cytosig.cli import _options, run
from cytosig.signatures import COMPARTMENTS

SETS = """
[[signature]]
id = "MINE"
up = [{names}]
[[signature.variant]]
compartment = "myeloid"
up = [{others}]
"""


def _records(genes):
    return ", ".join(f'{{gene = "{gene}", weight = 1.0}}' for gene in genes)


@pytest.fixture
def labelled(counts, tmp_path):
    """A file of 300 cells with labels, and a file of one signature with a variant."""
    labels = np.array(["NK", "Mac", "odd=label", "ND"])[np.arange(counts.n_obs) % 4]
    counts.obs["type"] = pd.Categorical(labels)
    counts.write_h5ad(tmp_path / "in.h5ad")
    names, others = counts.var_names[:9], counts.var_names[9:18]
    text = SETS.format(names=_records(names), others=_records(others))
    (tmp_path / "mine.toml").write_text(text)
    return tmp_path


def _call(folder, *options):
    source, out, sets = folder / "in.h5ad", folder / "out.h5ad", folder / "mine.toml"
    call = ["score", str(source), "-o", str(out), "--signatures", str(sets), "--method", "ulm"]
    return run([*call, "--threads", "1", *options])


def test_the_options_do_what_the_arguments_do(labelled, capsys):
    options = ["--compartment", "odd=label=B", "--compartment", "ND=myeloid"]
    tables = labelled / "tables"
    assert _call(labelled, "--cell-type-key", "type", *options, "--tsv", str(tables)) == 0
    found = anndata.read_h5ad(labelled / "out.h5ad")
    expected = anndata.read_h5ad(labelled / "in.h5ad")
    cs.tl.score(
        expected,
        signatures=str(labelled / "mine.toml"),
        method="ulm",
        cell_type_key="type",
        compartments={"odd=label": "B", "ND": "myeloid"},
    )
    z = expected.obsm["cytosig_score"]
    pd.testing.assert_frame_equal(found.obsm["cytosig_score"], z, check_exact=True)
    table = pd.read_csv(tables / "compartments.tsv", sep="\t", index_col="label")
    assert table["compartment"].to_dict() == {
        "Mac": "myeloid", "ND": "myeloid", "NK": "T_NK", "odd=label": "B",
    }  # fmt: skip
    own = pd.read_csv(tables / "coverage_compartments.tsv", sep="\t", index_col=0)
    assert own["n_found"].to_dict() == {"myeloid:MINE": 9}
    assert capsys.readouterr().err.count("warning") == 0


def test_notices_say_how_the_labels_were_read(labelled, capsys):
    assert _call(labelled, "--cell-type-key", "type") == 0
    err = capsys.readouterr().err
    assert (
        "cytosig: warning: obs['type']: 2 label(s) of 150 observation(s) say no compartment and are"
        " scored by generic signatures: 'ND' (75), 'odd=label' (75). Name theirs with"
        " --compartment.\n"
    ) in err
    assert "cytosig: Compartments (observations): generic 150, T_NK 75, myeloid 75.\n" in err
    assert "cytosig: T_NK: NK.\n" in err
    assert "cytosig: myeloid: Mac.\n" in err
    assert "myeloid: 1 signature(s) of its own" in err


def test_without_the_option_there_are_no_such_tables(labelled, capsys):
    assert _call(labelled, "--tsv", str(labelled / "tables")) == 0
    names = {path.name for path in (labelled / "tables").iterdir()}
    assert "coverage.tsv" in names
    assert not {name for name in names if "compartment" in name}
    assert "ompartment" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--compartment", "Mac=myeloid"], "--compartment needs --cell-type-key"),
        (["--cell-type-key", "t", "--compartment", "Mac"], "expected LABEL=NAME, such as Mac=my"),
        (["--cell-type-key", "t", "--compartment", "=B"], "expected LABEL=NAME"),
        (["--cell-type-key", "t", "--compartment", "a=TNK"], "maps 'a' to 'TNK'; expected one of"),
        (
            ["--cell-type-key", "t", "--compartment", "a=B", "--compartment", "a=T_NK"],
            "--compartment gives 'a' two compartments; keep one.",
        ),
    ],
)
def test_a_wrong_call_is_told_before_anything_is_read(tmp_path, capsys, options, text):
    assert run(["score", "nothing.h5ad", "-o", str(tmp_path / "z.tsv"), *options]) == 2
    assert text in " ".join(capsys.readouterr().err.split())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--cell-type-key", "celltype"], "--cell-type-key celltype: obs has no column 'celltype'"),
        (
            ["--cell-type-key", "type", "--compartment", "mac=myeloid"],
            "--compartment names 'mac', which no observation is labelled; the labels are 'Mac'",
        ),
    ],
)
def test_what_the_data_do_not_have_is_told_in_option_words(labelled, capsys, options, text):
    assert _call(labelled, *options) == 2
    assert text in capsys.readouterr().err
    assert not (labelled / "out.h5ad").exists()


def test_the_help_names_every_compartment():
    (option,) = (
        part
        for part in _options.CompartmentOption.__metadata__
        if "LABEL=NAME" in (part.metavar or "")
    )
    named = option.help.split(":")[1].split(";")[0].replace(" or ", ", ").replace(" ", "")
    assert named.split(",") == [*COMPARTMENTS, cells.GENERIC]
