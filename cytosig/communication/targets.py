"""Which cell types can hear each cytokine, and which of them answer it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cytosig._errors import DataError
from cytosig.communication.forms import Expressed, heard_by, receptor, summed
from cytosig.communication.means import means_above_zero
from cytosig.communication.presence import Background, Presence
from cytosig.communication.response import Genes, readable, respond, scores
from cytosig.communication.tissue import over_others, over_samples
from cytosig.stats.families import two_levels

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from cytosig.communication.means import Tested
    from cytosig.communication.response import Readable
    from cytosig.communication.settings import Settings
    from cytosig.communication.tissue import Tissue
    from cytosig.signatures import Catalogue
    from cytosig.signatures.model import Cytokine, Form

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class Competence:
    """Receptor of one cytokine in every type.

    Parameters
    ----------
    heard
        Receptor forms less decoys.
    form
        By type, the form it is surest to have, None where none is measured.
    excess, low, high
        log2 over background of that form's least subunit, with its interval.
    p
        P that the type has no form.
    each
        By form: P that a type lacks it, and the foreign subunits it needs.
    decoy_delta
        log2 of receptor over decoys; NaN where there are none.
    """

    heard: Expressed
    form: tuple[Form | None, ...]
    excess: Array
    low: Array
    high: Array
    p: Array
    each: tuple[tuple[Form, Array], ...]
    decoy_delta: Array


@dataclass(frozen=True)
class Targets:
    """What was found of the receptors and responses of every cytokine.

    Parameters
    ----------
    specificity
        Of the receptor, over the other types of the same sample.
    response
        Likewise of the response; ``contrast`` is what it tests, samples × types × cytokines.
    answers
        Types × cytokines: p of the response; where none can be read, that of the specificity.
    p, q, q_response
        Types × cytokines: the larger of ``answers`` and the competence's, and in two levels.
    """

    ids: tuple[str, ...]
    competence: Mapping[str, Competence]
    lists: Mapping[str, tuple[Readable, ...]]
    specificity: Tested
    response: Tested
    contrast: Array
    answers: Array
    p: Array
    q: Array
    q_response: Array


def find_targets(
    tissue: Tissue,
    genes: Genes,
    column: Mapping[str, int],
    catalogues: Sequence[Catalogue],
    cytokines: Mapping[str, Cytokine],
    settings: Settings,
    /,
) -> Targets:
    """Test every cytokine in every cell type.

    Parameters
    ----------
    genes
        All measured genes, ``column`` being their places.
    catalogues
        By type: the signatures of its compartment.
    """
    ids = tuple(cytokines)
    background = Background(tissue, settings.expressed, settings.level)
    competence = {id: competent(tissue, cytokines[id], background) for id in ids}
    response, contrast, lists = _responses(genes, column, catalogues, cytokines, settings)
    hears = np.stack([competence[id].p for id in ids], axis=1)
    unread = np.array([[bool(one.why) for one in lists[id]] for id in ids]).T
    cpm = np.stack([competence[id].heard.cpm for id in ids], axis=2)
    specificity = means_above_zero(
        over_others(tissue.log(cpm)),
        moderated=np.nansum(cpm, axis=0) > 0,
        level=settings.level,
        exact=False,
    )
    # without a response list more receptor than others is all there is to ask
    answers = np.where(unread, specificity.p, response.p)
    p = np.maximum(hears, answers)
    family = np.tile(np.array(ids), (len(tissue.types), 1))
    q = two_levels(p.ravel(), family.ravel()).reshape(p.shape)
    answered = two_levels(response.p.ravel(), family.ravel()).reshape(p.shape)
    return Targets(ids, competence, lists, specificity, response, contrast, answers, p, q, answered)


def _responses(
    genes: Genes,
    column: Mapping[str, int],
    catalogues: Sequence[Catalogue],
    cytokines: Mapping[str, Cytokine],
    settings: Settings,
) -> tuple[Tested, Array, dict[str, tuple[Readable, ...]]]:
    """Responses of each type by the lists of its compartment, which the other types share."""
    by_list: dict[int, list[int]] = {}
    for type_, catalogue in enumerate(catalogues):
        by_list.setdefault(id(catalogue), []).append(type_)
    n_types, n = genes.values.shape[1], len(cytokines)
    made: Tested | None = None
    contrast = np.full((len(genes.values), n_types, n), np.nan)
    lists: list[list[Readable]] = [[] for _ in range(n_types)]
    for types in by_list.values():
        own = [readable(c, catalogues[types[0]], column) for c in cytokines.values()]
        tested = respond(genes, own, level=settings.level, exact=settings.exact)
        contrast[:, types] = scores(genes.contrast, own)[:, types]
        for type_ in types:
            lists[type_] = own
        made = tested if made is None else made.with_types(types, tested)
    found = {c: tuple(mine[k] for mine in lists) for k, c in enumerate(cytokines)}
    if made is None:
        raise DataError("There is no cell type to ask.")
    return made, contrast, found


def competent(tissue: Tissue, cytokine: Cytokine, background: Background, /) -> Competence:
    """Test which types have a receptor form with all its subunits, decoys off.

    A subunit that other cells supply must be there in the sample as a whole. With F forms the
    least of their p counts F times (Bonferroni).
    """
    heard = receptor(tissue, cytokine)
    n_types = len(tissue.types)
    decoys = [gene for gene in cytokine.modifiers.decoys if gene in tissue.place]
    off = summed(tissue, decoys)
    tested = [_form_present(background, form, off) for form, _ in heard.forms]
    each = tuple((form, one.p) for (form, _), one in zip(heard.forms, tested, strict=True))
    delta = _over_decoys(tissue, heard, off) if decoys else np.full(n_types, np.nan)
    if not tested:
        nothing = np.full(n_types, np.nan)
        return Competence(heard, (None,) * n_types, nothing, nothing, nothing, nothing, (), delta)
    p = np.stack([one.p for one in tested])
    best = np.argmin(np.where(np.isnan(p), 2.0, p), axis=0)
    columns = np.arange(n_types)
    excess, low, high = (
        np.stack([getattr(one, name) for one in tested])[best, columns]
        for name in ("excess", "low", "high")
    )
    form = tuple(heard.forms[i][0] for i in best)
    least = np.minimum(p[best, columns] * len(tested), 1.0)
    return Competence(heard, form, excess, low, high, least, each, delta)


def _form_present(background: Background, form: Form, off: Array) -> Presence:
    found = background.all_present(form.genes, off)
    supply = max((background.supplied(gene) for gene in form.supplied), default=0.0)
    return Presence(found.excess, found.low, found.high, np.maximum(found.p, supply))


def _over_decoys(tissue: Tissue, heard: Expressed, off: Array) -> Array:
    """Mean over samples of log2 of the receptor forms, decoys not off, over the decoys."""
    if not heard.forms:
        return np.full(len(tissue.types), np.nan)
    plain = [heard_by(tissue, form, np.zeros_like(off)) for form, _ in heard.forms]
    delta = tissue.log(np.maximum.reduce(plain)) - tissue.log(off)
    return over_samples(delta)
