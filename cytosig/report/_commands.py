"""What fills a section whose tool was not run."""

from __future__ import annotations

from cytosig.report._parts import NotRun

_KEYS = 'sample_key="patient", cell_type_key="cell_type"'
_OPTIONS = "--sample-key patient --cell-type-key cell_type"

# what is missing, the command, the call
_OF_TOOLS = {
    "score": (
        "Activities were not scored.",
        "cytosig score IN.h5ad -o OUT.h5ad",
        "cs.tl.score(adata)",
    ),
    "balance": (
        "The balance of the samples was not weighed.",
        "cytosig balance IN.h5ad --sample-key patient -o OUT.h5ad",
        'cs.tl.balance(adata, sample_key="patient")',
    ),
    "compare": (
        "No groups were compared, and no trend or survival was asked for.",
        "cytosig compare IN.h5ad --groupby response -o OUT.h5ad",
        'cs.tl.compare(adata, groupby="response")',
    ),
    "sources": (
        "Nobody asked which cell types make each cytokine. It takes cells, not bulk.",
        f"cytosig sources IN.h5ad {_OPTIONS} -o OUT.h5ad",
        f"cs.tl.sources(adata, {_KEYS})",
    ),
    "targets": (
        "Nobody asked which cell types answer each cytokine. It takes cells, not bulk.",
        f"cytosig targets IN.h5ad {_OPTIONS} -o OUT.h5ad",
        f"cs.tl.targets(adata, {_KEYS})",
    ),
    "links": (
        "Nobody asked which cell types speak to which. It takes cells, not bulk.",
        f"cytosig links IN.h5ad {_OPTIONS} -o OUT.h5ad",
        f"cs.tl.links(adata, {_KEYS})",
    ),
    "blockade": (
        "No blockade was calculated.",
        "cytosig blockade IN.h5ad --sample-key patient --targets all -o OUT.h5ad",
        'cs.tl.blockade(adata, targets="all", sample_key="patient")',
    ),
    "channels": (
        "Receptors of single observations were not read.",
        f"cytosig score IN.h5ad --all {_OPTIONS} -o OUT.h5ad",
        "cs.tl.channels(adata)",
    ),
}

TOOLS = tuple(_OF_TOOLS)


def not_run(tool: str, /) -> NotRun:
    """What is missing, and what to type for it."""
    return NotRun(*_OF_TOOLS[tool])
