"""Which cells speak to which: source and target of every cytokine, and how they go together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cytosig.communication.forms import nested
from cytosig.communication.presence import Background
from cytosig.communication.settings import FEWEST_COUPLED
from cytosig.communication.tissue import over_others
from cytosig.stats.estimate import two_sided
from cytosig.stats.families import crossed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from cytosig.communication.settings import Settings
    from cytosig.communication.sources import Sources
    from cytosig.communication.targets import Competence, Targets
    from cytosig.communication.tissue import Tissue
    from cytosig.signatures.model import Cytokine, Form

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class Links:
    """Every cytokine between every two types: cytokines × sources × targets.

    Parameters
    ----------
    p, q, p_source, p_target
        ``p`` is the larger of the other two; ``q`` in two levels, cytokine then pair.
    strength
        Samples × cytokines × sources × targets: share of the cytokine's traffic.
    coupling, coupling_p
        Correlation over samples of what the source makes with how the target responds.
    route
        Receptor form of the target that the source can serve and that the target is surest to have.
    lacking
        Why forms of the ligand cannot be tested, by cytokine.
    """

    p: Array
    q: Array
    p_source: Array
    p_target: Array
    strength: Array
    coupling: Array
    coupling_p: Array
    route: Mapping[str, list[list[str]]]
    lacking: Mapping[str, tuple[str, ...]]


def find_links(
    tissue: Tissue,
    sources: Sources,
    targets: Targets,
    cytokines: Mapping[str, Cytokine],
    settings: Settings,
    /,
) -> Links:
    """Put sources and targets together."""
    background = Background(tissue, settings.expressed, settings.level)
    n = len(tissue.types)
    shape = (len(sources.ids), n, n)
    p_target, route = np.full(shape, np.nan), {}
    strength = np.full((len(tissue.samples), *shape), np.nan)
    for k, id in enumerate(sources.ids):
        known = targets.competence[id]
        hears, names = _served(background, cytokines[id], known, n)
        p_target[k] = np.maximum(hears, targets.answers[None, :, k])
        route[id] = names
        strength[:, k] = traffic(tissue, sources.net[:, :, k], known, cytokines[id])
    p_source = np.broadcast_to(sources.p.T[:, :, None], shape)
    p = np.maximum(p_source, p_target)
    q = crossed(sources.p.T, p_target)
    coupling, coupling_p = couple(over_others(sources.log), targets.contrast)
    lacking = {id: sources.made[id].lacking for id in sources.ids}
    return Links(p, q, p_source, p_target, strength, coupling, coupling_p, route, lacking)


def presented(form: Form, cytokine: Cytokine, /) -> tuple[str, ...]:
    """Subunits of a receptor form that must sit on the source (IL15RA); others may be soluble."""
    return tuple(gene for gene in form.supplied if gene in cytokine.modifiers.presenters)


def _served(
    background: Background, cytokine: Cytokine, competence: Competence, n_types: int
) -> tuple[Array, list[list[str]]]:
    """P that a target has no form that a source can serve, sources × targets, and that form."""
    if not competence.each:
        return np.full((n_types, n_types), np.nan), [[""] * n_types for _ in range(n_types)]
    each = []
    for form, lacks in competence.each:
        genes = presented(form, cytokine)
        shows = background.all_present(genes).p if genes else np.zeros(n_types)
        each.append(np.maximum(shows[:, None], lacks[None, :]))
    p = np.stack(each)
    best = np.argmin(np.where(np.isnan(p), 2.0, p), axis=0)
    least = np.minimum(np.take_along_axis(p, best[None], axis=0)[0] * len(each), 1.0)
    return least, [[competence.each[i][0].name for i in row] for row in best]


def traffic(tissue: Tissue, net: Array, competence: Competence, cytokine: Cytokine, /) -> Array:
    """Share of a cytokine that goes from each type to each, samples × sources × targets.

    What all cells of a type make (net of antagonists; of a presented form, no more than they can
    present) times what all cells of the other can hear with, over the sum of all pairs: the tissue
    is taken as well mixed. NaN where nothing is made or heard.
    """
    n = np.where(tissue.used, tissue.n_cells, 0).astype(np.float64)
    forms = [form for form, _ in competence.heard.forms]
    total = np.zeros((len(n), n.shape[1], n.shape[1]))
    for group in nested(forms):
        pairs = []
        for i in group:
            out = net
            for gene in presented(forms[i], cytokine):
                out = np.minimum(out, tissue.of(gene))
            sent = np.nan_to_num(out) * n
            heard = np.nan_to_num(competence.heard.forms[i][1]) * n
            pairs.append(sent[:, :, None] * heard[:, None, :])
        total += np.maximum.reduce(pairs)
    whole = total.sum(axis=(1, 2), keepdims=True)
    found: Array = np.divide(total, whole, out=np.full_like(total, np.nan), where=whole > 0)
    return found


def couple(made: Array, answered: Array, /) -> tuple[Array, Array]:
    """Pearson correlation over samples, cytokines × sources × targets, with its p.

    Parameters
    ----------
    made, answered
        Samples × types × cytokines, each over the other types of its sample, so that what a
        patient has more of everywhere does not count. NaN for a type with itself, whose two
        numbers come from the same cells, and below 5 samples.
    """
    x, y = made.transpose(2, 1, 0), answered.transpose(2, 1, 0)  # cytokines × types × samples
    there, known = (~np.isnan(x)).astype(np.float64), (~np.isnan(y)).astype(np.float64)
    x, y = np.nan_to_num(x), np.nan_to_num(y)
    across = known.transpose(0, 2, 1)
    n = there @ across
    with np.errstate(invalid="ignore", divide="ignore"):
        sx, sy = x @ across, there @ y.transpose(0, 2, 1)
        sxx, syy = (x**2) @ across, there @ (y**2).transpose(0, 2, 1)
        cov = x @ y.transpose(0, 2, 1) - sx * sy / n
        vx, vy = sxx - sx**2 / n, syy - sy**2 / n
        still = (vx <= 1e-12 * sxx) | (vy <= 1e-12 * syy)
        r = np.clip(cov / np.sqrt(vx * vy), -1.0, 1.0)
        r = np.where(still | (n < FEWEST_COUPLED), np.nan, r)
        t = np.abs(r) * np.sqrt((n - 2) / (1 - r**2))
        p = two_sided(t, n - 2)
    own = np.arange(r.shape[1])
    r[:, own, own] = p[:, own, own] = np.nan
    return r, p
