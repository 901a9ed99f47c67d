"""What was learnt, in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cytosig.learn.held_out import shortfalls
from cytosig.signatures.ambiguity import THRESHOLD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cytosig.learn.result import Learned
    from cytosig.signatures.evidence import Evidence

NOT_VALIDATED = "NOT VALIDATED"
_SHOWN = 10


def summary(learned: Learned, /) -> str:
    """Some ten lines."""
    evidence = learned.signature.evidence
    lines = [_genes(learned)]
    if evidence is not None:
        lines += [*_made(evidence), _check(learned, evidence)]
    lines += _alike(learned)
    lines.append(
        f"One experiment: grade {learned.signature.grade or 'none'}. A culture is no tumour; try it"
        " on an experiment it has not seen."
    )
    return "\n".join(lines)


def _genes(learned: Learned) -> str:
    weights = learned.signature.weights
    up = sum(weight > 0 for weight in weights.values())
    first = ", ".join(sorted(weights, key=lambda gene: -abs(weights[gene]))[:_SHOWN])
    return (
        f"{learned.signature.id}: {len(weights)} genes, {up} raised and {len(weights) - up} lowered"
        f" ({first} ...)"
    )


def _made(evidence: Evidence) -> Iterator[str]:
    named = f" in {evidence.experiment}" if evidence.experiment else ""
    yield (
        f"Learnt from {evidence.n_treated} samples of {evidence.treatment} against"
        f" {evidence.n_control} of {evidence.control}{named}: {evidence.design}."
    )
    yield (
        f"{evidence.n_passed:,} of {evidence.n_tested:,} genes pass q <= {evidence.max_q:g} and a"
        f" change of {evidence.min_lfc:g} (log2)."
    )


def _check(learned: Learned, evidence: Evidence) -> str:
    figures = evidence.held_out
    short = "; ".join(shortfalls(figures, evidence.max_q or 0.0))
    verdict = f"{NOT_VALIDATED}: {short}." if short else "Validated within this experiment."
    if figures is None:
        return verdict
    median = "" if figures.median_z is None else f", median z {figures.median_z:.3g}"
    rank = "" if figures.median_rank is None else f" and rank {figures.median_rank:g}"
    return (
        f"{verdict} Made without them, it finds the response in {figures.found} of {figures.folds}"
        f" contrasts left out{median}{rank}; AUROC over the {len(learned.samples)} samples left out"
        f" {figures.auroc:.2f}."
    )


def _alike(learned: Learned) -> Iterator[str]:
    """Whose response it is, by the lists and by the experiment; in reverse where it is blocked."""
    table, axis = learned.overlap, learned.signature.axis
    closest = table.iloc[int(table["correlation"].abs().argmax())]
    share = float(closest["correlation"])
    numbers = f"correlation {share:.2f}, {closest['n_shared']} genes in the same direction"
    own = f", of its own axis {axis}" if axis and closest["axis"] == axis else ""
    again = "again" if share > 0 else "in reverse"
    if abs(share) < THRESHOLD:
        yield (
            f"No shipped signature is close to it; the closest is {closest['signature']}"
            f" ({numbers}){own}."
        )
    elif own and share > 0:
        yield f"It is close to {closest['signature']} ({numbers}){own}."
    else:
        yield f"It is {closest['signature']} {again} ({numbers}): the scores cannot be told apart."
    known = table.dropna(subset="experiment_z")
    if len(known):
        first = known.iloc[int(known["experiment_z"].abs().argmax())]
        much = _much(learned, str(first["axis"]), float(first["experiment_z"]))
        yield (
            f"Of the shipped signatures {first['signature']} answers most in this experiment (z"
            f" {first['experiment_z']:.1f}){much}."
        )
    beaten = _beaten(learned)
    if beaten:
        names = ", ".join(sorted(set(beaten)))
        yield (
            f"In {len(beaten)} of {len(learned.held_out)} contrasts left out {names} scores higher"
            " than it: that response describes the experiment as well."
        )


def _much(learned: Learned, axis: str, z: float) -> str:
    """Whether another axis answers at least half as strongly as ours where it was held out."""
    evidence, own = learned.signature.evidence, learned.signature.axis
    figures = None if evidence is None else evidence.held_out
    if figures is None or figures.median_z is None or (own and axis == own):
        return ""
    return ": much of the change is that response" if abs(z) >= figures.median_z / 2 > 0 else ""


def _beaten(learned: Learned) -> list[str]:
    """Shipped signature that comes first where it does so before ours and is of another axis."""
    axis = learned.signature.axis
    home = dict(zip(learned.overlap["signature"], learned.overlap["axis"], strict=True))
    folds = learned.held_out
    over = folds["first"][folds["rank"] > 1]
    return [name for name in over if not axis or home.get(name, "") != axis]
