"""From prior and evidence to the weight of each gene in each signature.

For cytokine c, gene g and compartment t, with the study as the replicate:

- y_s, the effect in study s: mean over its experiments of ±1 / (1 + (rank / strong)²), ranks
  by absolute log fold change; a gene set without ranks gives all its genes its middle rank.
- w_s = n / (1 + within·(n − 1)) for n experiments, times ``borrow`` in another compartment.
- P = (κ·q + Σ w·y) / (κ + Σ w), q the expert prior and κ its weight. For a prior gene the w are
  scaled down where they add up to more than κ: a 200-gene set that does not name it is no
  refutation.
- A gene the prior does not name needs two studies more for it than against it, must not mark
  growth, stress or content, and is held down in other lists when interferon moves it
  (÷ (1 + wave·P_interferon)).
- W = P·|P| / (|P| + rivals·Σ over other axes of their largest |P|): what others answer to
  says less. A copy (IL-27 of interferon gamma, lambda of type I) has the other's genes halved.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from settings import INTERFERON_AXES
from tables import programme_genes

from cytosig.signatures import COMPARTMENTS

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray
    from settings import Settings
    from tables import Tables

    Array = NDArray[np.float64]

GENERIC = ""
MOVES = 0.02  # a smaller mean effect in a study says nothing


@dataclass(frozen=True)
class Effect:
    """One study of one cytokine in one compartment: mean effect of each gene."""

    study: str
    compartment: str
    cytokine: int
    n: int
    mean: Array


def study_effects(
    tables: Tables, settings: Settings, row: dict[str, int] | None = None
) -> list[Effect]:
    """Pool cell types and times of a study inside a compartment; responders only.

    ``row`` places the genes where the evidence is part of a larger table.
    """
    row = row or tables.row
    use = tables.evidence[tables.evidence["direct_cell"] == 1]
    effects = []
    for key, rows in use.groupby(["study", "compartment", "cytokine"], sort=True):
        total, n = np.zeros(len(row)), 0
        for _, experiment in rows.groupby("experiment", sort=True):
            place = experiment["gene"].map(row).to_numpy()
            np.add.at(total, place, experiment["sign"].to_numpy() * _strength(experiment, settings))
            n += 1
        study, compartment, cytokine = key
        effects.append(Effect(study, compartment, tables.ids.index(cytokine), n, total / n))
    return effects


def _strength(experiment: pd.DataFrame, settings: Settings) -> Array:
    size = experiment["log2FC"].abs()
    rank = size.rank(ascending=False).to_numpy() if size.notna().all() else len(size) / 2
    return np.broadcast_to(1 / (1 + (rank / settings.strong) ** 2), len(size))


@cache
def prior_matrix(tables: Tables, compartment: str, settings: Settings) -> Array:
    """q of the module's formula, genes × cytokines."""
    q = np.zeros((len(tables.genes), len(tables.ids)))
    for (id, gene, direction), rows in tables.prior.groupby(
        ["cytokine", "gene", "direction"], sort=True
    ):
        known = _by_compartment(rows, settings)
        if not any(known.values()):
            continue
        if compartment == GENERIC:
            best = max(known.values())
            kinds = min(round(sum(known.values()) / best), len(settings.broad))
            value = best * settings.broad[kinds - 1]
        else:
            value = known.get(compartment, max(known.values()) * settings.elsewhere)
        value *= 1.0 if direction == "up" else -settings.lowered
        place = tables.row[gene], tables.ids.index(id)
        if abs(value) > abs(q[place]):
            q[place] = value
    return q


def _by_compartment(rows: pd.DataFrame, settings: Settings) -> dict[str, float]:
    """Prior of one gene in every compartment that its rows name."""
    level = {"none": 0.0} | dict(zip(("high", "medium", "low"), settings.confidence, strict=True))
    known: dict[str, float] = {}
    for row in rows.itertuples():
        value = level[row.confidence] * (settings.indirect if row.direct == "no" else 1.0)
        value *= settings.growth if row.note == "growth" else 1.0
        named = row.compartments.split(",")
        for name in COMPARTMENTS if "any" in named else named:
            known[name] = max(known.get(name, 0.0), value)
    return known


def posterior(
    tables: Tables, effects: list[Effect], prior: Array, compartment: str, settings: Settings
) -> Array:
    """P of the module's formula, genes × cytokines."""
    total, count = np.zeros_like(prior), np.zeros(prior.shape[1])
    for effect in effects:
        weight = effect.n / (1 + settings.within * (effect.n - 1))
        if compartment not in (GENERIC, effect.compartment):
            weight *= settings.borrow
        total[:, effect.cytokine] += weight * effect.mean
        count[effect.cytokine] += weight
    votes = np.zeros_like(prior)
    for (cytokine, _), vote in study_votes(effects).items():
        votes[:, cytokine] += vote
    kappa = settings.prior_weight
    named = prior != 0
    scale = np.minimum(1.0, kappa / np.maximum(count, kappa / 1e6))
    known = (kappa * prior + scale * total) / (kappa + scale * count)
    enters = (votes * np.sign(total) >= 2) & ~programme_genes(tables.genes)[:, None]
    p = np.where(named, known, total / (kappa + count) * enters)
    return _without_wave(tables, p, named, settings)


def study_votes(effects: list[Effect]) -> dict[tuple[int, str], Array]:
    """(cytokine, study) to -1, 0 or 1 for every gene, compartments pooled."""
    parts: dict[tuple[int, str], list[Effect]] = {}
    for effect in effects:
        parts.setdefault((effect.cytokine, effect.study), []).append(effect)
    votes = {}
    for key, found in parts.items():
        mean = sum(e.n * e.mean for e in found) / sum(e.n for e in found)
        votes[key] = np.sign(mean) * (np.abs(mean) >= MOVES)
    return votes


def _without_wave(tables: Tables, p: Array, named: NDArray[np.bool_], settings: Settings) -> Array:
    """In vivo many cytokines raise interferon: its wave must not enter their lists."""
    ours = np.array([tables.axis_of[id] in INTERFERON_AXES for id in tables.ids])
    wave = np.clip(p[:, ours], 0, None).max(axis=1, keepdims=True)
    return np.where(ours | named | (p < 0), p, p / (1 + settings.wave * wave))


def specific(tables: Tables, p: Array, settings: Settings) -> Array:
    """W of the module's formula: rivals press, short lists, the largest weight is 1."""
    size = np.abs(p)
    groups = tables.groups
    largest = np.stack([size[:, groups == a].max(axis=1) for a in range(groups.max() + 1)], axis=1)
    rivals = largest.sum(axis=1, keepdims=True) - largest[:, groups]
    w = p * size / (size + settings.rivals * rivals + 1e-9)
    for copy, models in settings.copies:
        mine, theirs = tables.ids.index(copy), [tables.ids.index(model) for model in models]
        w[size[:, theirs].max(axis=1) >= size[:, mine] / 2, mine] *= settings.copied
    for k in range(w.shape[1]):
        _shorten(w[:, k], settings)
    return w


def _shorten(column: Array, settings: Settings) -> None:
    """Keep the strongest raised and lowered genes; the largest weight becomes 1. In place."""
    top = np.abs(column).max()
    column[np.abs(column) < settings.least * top] = 0.0
    for sign, longest in zip((1.0, -1.0), settings.longest, strict=True):
        rank = np.lexsort((np.arange(len(column)), -sign * column))
        rest = rank[longest:]
        column[rest[sign * column[rest] > 0]] = 0.0
    if top > 0:
        column /= top


def weights(
    tables: Tables, effects: list[Effect], settings: Settings, compartment: str = GENERIC
) -> Array:
    """Genes × cytokines, for one compartment or the generic one.

    A cytokine whose list for the compartment is short, or hardly differs from the generic one,
    has the generic one.
    """
    generic = _weights(tables, effects, settings, GENERIC)
    if compartment == GENERIC:
        return generic
    own = _weights(tables, effects, settings, compartment)
    known = known_there(tables, effects, compartment)
    return np.where(has_own(own, generic, known, settings), own, generic)


@cache
def _named_there(tables: Tables, compartment: str) -> NDArray[np.bool_]:
    where = tables.prior["compartments"].str.split(",")
    here = tables.prior[[bool({"any", compartment} & set(names)) for names in where]]
    named = np.zeros((len(tables.genes), len(tables.ids)), dtype=bool)
    named[here["gene"].map(tables.row), [tables.ids.index(id) for id in here["cytokine"]]] = True
    return named


def known_there(tables: Tables, effects: list[Effect], compartment: str) -> NDArray[np.bool_]:
    """Genes that the prior names for the compartment, or that moved in a study of it."""
    known = _named_there(tables, compartment).copy()
    for effect in effects:
        if effect.compartment == compartment:
            known[:, effect.cytokine] |= np.abs(effect.mean) >= MOVES
    return known


def has_own(
    own: Array, generic: Array, known: NDArray[np.bool_], settings: Settings
) -> NDArray[np.bool_]:
    """Which cytokines have a list of their own in a compartment."""
    length = np.linalg.norm(own, axis=0) * np.linalg.norm(generic, axis=0)
    cosine = (own * generic).sum(axis=0) / length
    raised = np.where(known, np.clip(own, 0, None), 0.0)
    square = (raised**2).sum(axis=0)
    effective = raised.sum(axis=0) ** 2 / np.where(square > 0, square, 1.0)
    return (cosine < settings.differs) & (effective >= settings.fewest)


def _weights(tables: Tables, effects: list[Effect], settings: Settings, compartment: str) -> Array:
    prior = prior_matrix(tables, compartment, settings)
    return specific(tables, posterior(tables, effects, prior, compartment, settings), settings)
