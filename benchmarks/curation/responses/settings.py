"""Every number the model of evidence depends on, in one place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
EVIDENCE = ROOT.parent / "shared" / "knowledge" / "evidence.tsv.gz"
SIGNATURES = ROOT / "signatures"
INTERFERON_AXES = ("IFN-I-III", "IFN-II")


@dataclass(frozen=True)
class Settings:
    """What was chosen, and what it means.

    Parameters
    ----------
    prior_weight
        The expert prior counts as this many studies.
    within
        Correlation of experiments inside a study: n of them count n / (1 + within·(n − 1)).
    borrow
        A study in another compartment counts this much.
    elsewhere
        A prior gene bound to other compartments keeps this share of its prior.
    broad
        In the generic list, what a prior gene keeps that is known from one compartment, two, or
        three and more (or ``any``).
    copies, copied
        Cytokines whose answer is another's over again: genes that one of those moves at least
        half as much keep ``copied`` of their weight, so that the copy is not the purer list.
    strong
        In an experiment, the gene with this rank counts half of the first.
    growth
        What a prior gene keeps that is known to mark growth as well.
    wave
        How hard interferon genes outside the prior are held down in other lists.
    rivals
        How hard the answers of other axes press on a weight.
    confidence
        Prior of a high, medium and low row.
    indirect, lowered
        What is left of it for a gene known to answer in a second step, and for a lowered one.
    longest
        Most raised and most lowered genes in a list.
    least
        Share of the largest weight below which a gene is left out.
    differs, fewest
        A compartment has a list of its own when its cosine with the generic one is below
        ``differs`` and the raised genes known from that compartment are effectively ``fewest``:
        (Σw)² / Σw².
    """

    prior_weight: float = 5.0
    within: float = 0.3
    borrow: float = 0.3
    elsewhere: float = 0.1
    broad: tuple[float, float, float] = (0.4, 0.7, 1.0)
    copies: tuple[tuple[str, tuple[str, ...]], ...] = (
        ("IL27", ("IFNG", "IFN1")),
        ("IFNL", ("IFN1",)),
    )
    copied: float = 0.5
    strong: float = 300.0
    growth: float = 0.25
    wave: float = 5.0
    rivals: float = 0.5
    confidence: tuple[float, float, float] = (1.0, 0.7, 0.35)
    indirect: float = 0.6
    lowered: float = 0.5
    longest: tuple[int, int] = (80, 20)
    least: float = 0.05
    differs: float = 0.9
    fewest: int = 15


DEFAULT = Settings()
