"""Messages of the library, in the words of the command line."""

from __future__ import annotations

import re

_OPTIONS = {
    "method": "--method",
    "lam": "--lam",
    "compat": "--compat",
    "layer": "--layer",
    "use_raw": "--use-raw",
    "control": "--control",
    "batch_key": "--batch",
    "reference": "--reference",
    "cell_type_key": "--cell-type-key",
    "compartments": "--compartment",
    "organism": "--organism",
    "gene_symbols": "--gene-symbols",
    "signatures": "--signatures",
    "scale": "--scale",
    "normalize": "--normalize",
    "target_sum": "--target-sum",
    "nonfinite": "--nonfinite",
    "background": "--background",
    "min_coverage": "--min-coverage",
    "min_genes": "--min-genes",
    "transpose": "--transpose",
    "key_added": "--key-added",
    "n_jobs": "--threads",
    "chunk_size": "--chunk-size",
    "sample_key": "--sample-key",
    "min_cells": "--min-cells",
    "key": "--key",
    "groupby": "--groupby",
    "groups": "--groups",
    "covariate": "--covariate",
    "covariates": "--covariates",
    "survival": "--survival",
    "paired": "--paired",
    "cohort_key": "--cohort-key",
    "use": "--use",
    "auroc_ci": "--auroc-ci",
    "n_draws": "--n-draws",
    "level": "--level",
    "context": "--context",
    "assume": "--assume",
    "adjust": "--adjust",
    "sweep": "--sweep",
    "condition_key": "--condition-key",
    "baseline": "--baseline",
    "pair_key": "--pair-key",
    "expressed": "--expressed",
    "tolerance": "--tolerance",
    "n_boot": "--n-boot",
    "treatment": "--treatment",
    "axis": "--axis",
    "id": "--id",
    "compartment": "--compartment",
    "max_genes": "--max-genes",
    "max_q": "--max-q",
    "min_lfc": "--min-lfc",
    "pairs": "--pairs",
}
_ARGUMENT = re.compile(
    rf"(?<![\w.-])({'|'.join(_OPTIONS)})="
    r"(?:(?P<true>True)\b|(?P<quote>[\"'])(?P<word>[\w.-]+)(?P=quote)"
    r"|\[(?P<names>'[\w.-]+'(?:, '[\w.-]+')*)\]"
    r"|(?P<number>-?\d+(?:\.\d+)?)|(?P<tuple>\()|(?=[\s,.;:)]|$))"
)
_PHRASES = {
    r"\bmax_q=None shows": "-o OUT.tsv holds",
    r"\bcenter=None\b": "--no-center",
    r"\btranspose=False\b": "--no-transpose",
    r"\bas key_added\b": "as --key-added",
    r"\b(?:cs|cytosig)\.tl\.fit_reference\b": "--save-reference",
    r"\b(?:cs|cytosig)\.tl\.(score|balance|blockade|compare|sources|targets|links)\b"
    r"(?:\(adata[^()]*\))?": r"cytosig \1",
}
_SETTING = re.compile(r"^settings: (?P<one>\w+\.\w+=)?")


def in_option_words(text: str, /) -> str:
    """Name options as they are typed, where a message names Python arguments.

    Examples
    --------
    >>> in_option_words('remove them, or pass nonfinite="drop_genes".')
    'remove them, or pass --nonfinite drop_genes.'
    >>> in_option_words("use_raw=True, but adata.raw is None. Check gene_symbols= and organism=.")
    '--use-raw, but adata.raw is None. Check --gene-symbols and --organism.'
    >>> in_option_words("settings: ucell.max_rank=1; expected a whole number from 2.")
    '--set ucell.max_rank=1; expected a whole number from 2.'
    """
    for python, typed in _PHRASES.items():
        text = re.sub(python, typed, text)
    return _ARGUMENT.sub(_option, _SETTING.sub(_set, text))


def _option(match: re.Match[str]) -> str:
    names = (match["names"] or "").replace("'", "").replace(" ", "")
    value = match["word"] or names or match["number"] or match["tuple"] or ""
    return f"{_OPTIONS[match[1]]} {value}".rstrip()


def _set(match: re.Match[str]) -> str:
    return f"--set {match['one']}" if match["one"] else "--set: "
