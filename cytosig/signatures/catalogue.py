"""The catalogue: cytokines, their response signatures and axes, and how to ask for them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from cytosig._errors import SignatureError, UsageError
from cytosig.signatures import axes as response_axes
from cytosig.signatures import formats
from cytosig.signatures import variants as compartments
from cytosig.signatures.ambiguity import BACKGROUND, THRESHOLD, ambiguous
from cytosig.signatures.names import normalise

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from cytosig.signatures.model import Axis, Cytokine, Lists, Reference, Signature


_PARTS = ("signatures", "cytokines", "axes", "references")


@dataclass(frozen=True)
class Catalogue:
    """Signatures to score, and what is known of the cytokines behind them.

    A catalogue made from a user's own signatures has no cytokines or axes; it
    is scored the same way.

    Parameters
    ----------
    signatures
        Response signatures by id, in score-column order.
    cytokines
        Knowledge by cytokine id.
    axes
        Response axes by id.
    references
        Publications by id.
    variants
        Signatures that replace the generic one in a compartment, by compartment and id.

    Examples
    --------
    >>> import cytosig as cs
    >>> catalogue = cs.signatures.load()
    >>> catalogue.resolve("IFN-γ")
    'IFNG'
    >>> catalogue.subset(["IL6", "TNF-alpha"]).ids
    ['IL6', 'TNF']
    >>> catalogue.for_compartment("myeloid").ids == catalogue.ids
    True
    """

    signatures: Mapping[str, Signature]
    cytokines: Mapping[str, Cytokine] = field(default_factory=dict)
    axes: Mapping[str, Axis] = field(default_factory=dict)
    references: Mapping[str, Reference] = field(default_factory=dict)
    variants: Mapping[str, Mapping[str, Signature]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        compartments.check(self.variants, self.signatures)

    # --- asking -----------------------------------------------------------------------------

    @property
    def ids(self) -> list[str]:
        """Ids of the signatures, in score-column order."""
        return list(self.signatures)

    @property
    def genes(self) -> list[str]:
        """Every gene of every signature, sorted; variants do not count."""
        return sorted({gene for s in self.signatures.values() for gene in s.weights})

    @property
    def grades(self) -> dict[str, str]:
        """Grade (A to D) by signature id; empty where a signature has none."""
        return {signature.id: signature.grade or "" for signature in self}

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the content; the same digest means the same scores."""
        parts = [sorted(getattr(self, part).items()) for part in _PARTS]
        variants = {name: sorted(kept.items()) for name, kept in self.variants.items()}
        text = repr((parts, sorted(variants.items()), self.ids, list(self.axes)))
        return hashlib.sha256(text.encode()).hexdigest()

    def __len__(self) -> int:
        return len(self.signatures)

    def __iter__(self) -> Iterator[Signature]:
        return iter(self.signatures.values())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and normalise(name) in self._names()

    def __getitem__(self, name: str) -> Signature:
        id = self.resolve(name)
        if id not in self.signatures:
            raise UsageError(
                f"{id} has no response signature of its own, only ligand and receptor knowledge; "
                f"use Catalogue.cytokines[{id!r}]."
            )
        return self.signatures[id]

    def resolve(self, name: str, /) -> str:
        """Id for an id or alias, whatever its case, hyphens or Greek letters.

        Raises
        ------
        UsageError
            When no cytokine goes by that name; the message offers near ones.
        """
        names = self._names()
        key = normalise(name)
        if key in names:
            return names[key]
        near = dict.fromkeys(names[k] for k in get_close_matches(key, names, n=3, cutoff=0.6))
        hint = f" Near: {', '.join(near)}." if near else ""
        raise UsageError(f"No cytokine or signature is called {name!r}.{hint}")

    def _names(self) -> dict[str, str]:
        names = {normalise(alias): c.id for c in self.cytokines.values() for alias in c.aliases}
        names |= {normalise(c.name): c.id for c in self.cytokines.values()}
        return names | {normalise(id): id for id in (*self.cytokines, *self.signatures)}

    def weights(self, genes: Sequence[str], /) -> NDArray[np.float64]:
        """Weight matrix, genes × signatures; genes a signature does not name weigh 0."""
        row = {gene: i for i, gene in enumerate(genes)}
        matrix = np.zeros((len(row), len(self.signatures)))
        for column, signature in enumerate(self.signatures.values()):
            for gene, weight in signature.weights.items():
                if gene in row:
                    matrix[row[gene], column] = weight
        return matrix

    def ambiguity(
        self, *, threshold: float = THRESHOLD, background: int = BACKGROUND
    ) -> dict[str, dict[str, float]]:
        """Signatures that could equally explain each score.

        The response of another cytokine, as its own signature has it, is put into the score
        of each; what that score shows of it, as a share of what the cytokine's own score
        shows, is the correlation of the two signatures over all genes.

        Parameters
        ----------
        threshold
            Smallest share that counts, above 0 and at most 1.
        background
            Number of genes in the data; those no signature names weigh 0.

        Returns
        -------
        By id, the other signatures and their shares, the largest first. Only signatures of
        this catalogue are compared, and no variants; see `for_compartment`.

        Raises
        ------
        UsageError
            When the threshold is no share or the background too small.

        Examples
        --------
        >>> sets = {"A": ["STAT1", "IRF1"], "B": ["STAT1", "IRF1", "MX1"], "C": ["MYC"]}
        >>> Catalogue.from_dict(sets).ambiguity()["A"]
        {'B': 0.816...}
        """
        weights = self.weights(self.genes)
        return ambiguous(self.ids, weights, threshold=threshold, background=background)

    # --- changing (always a new catalogue) ----------------------------------------------------

    def for_compartment(self, name: str, /) -> Catalogue:
        """Every signature as it is in one compartment: its variant, else the generic one.

        Parameters
        ----------
        name
            epithelial, stromal, myeloid, T_NK or B.

        Returns
        -------
        The same ids in the same order, without variants.

        Raises
        ------
        UsageError
            When there is no such compartment.
        """
        own = self.variants.get(compartments.known(name), {})
        return replace(self, signatures={**self.signatures, **own}, variants={})

    def subset(self, names: Iterable[str], /) -> Catalogue:
        """Keep the named cytokines or signatures (ids or aliases), in the order given."""
        ids = list(dict.fromkeys(self.resolve(name) for name in names))
        return Catalogue(
            {id: self.signatures[id] for id in ids if id in self.signatures},
            {id: self.cytokines[id] for id in ids if id in self.cytokines},
            response_axes.keep(self.axes, ids),
            self.references,
            compartments.keep(self.variants, ids),
        )

    def merge(self, other: Catalogue, /) -> Catalogue:
        """Both catalogues together; an axis of both has the members of both.

        Raises
        ------
        SignatureError
            When a record of the same id, or a variant of it, differs between the two.
        """
        for part in ("signatures", "cytokines", "references"):
            mine, theirs = getattr(self, part), getattr(other, part)
            for id in sorted(mine.keys() & theirs.keys()):
                if mine[id] != theirs[id]:
                    raise SignatureError(
                        f"Both catalogues have under {part} {id!r} and they differ; rename one."
                    )
        return Catalogue(
            {**self.signatures, **other.signatures},
            {**self.cytokines, **other.cytokines},
            response_axes.join(self.axes, other.axes),
            {**self.references, **other.references},
            compartments.join(self.variants, other.variants),
        )

    # --- other formats --------------------------------------------------------------------------

    @classmethod
    def from_signatures(cls, signatures: Iterable[Signature], /) -> Catalogue:
        """Catalogue of loose signatures, with the axes that they name.

        Raises
        ------
        SignatureError
            When an id comes twice or nothing is given.
        """
        kept: dict[str, Signature] = {}
        for signature in signatures:
            if signature.id in kept:
                raise SignatureError(f"Signature {signature.id!r} is given twice; rename one.")
            if not signature.genes:
                raise SignatureError(f"Signature {signature.id!r} has no genes.")
            kept[signature.id] = signature
        if not kept:
            raise SignatureError("No signatures given; expected at least one.")
        return cls(kept, axes=response_axes.named(kept.values()))

    @classmethod
    def from_lists(cls, responses: Iterable[Lists], /) -> Catalogue:
        """Catalogue of loose signatures with their variants; see `from_signatures`."""
        found = list(responses)
        generic = cls.from_signatures(lists.generic for lists in found)
        return replace(generic, variants=compartments.by_compartment(found))

    @classmethod
    def from_dict(cls, sets: Mapping[str, Mapping[str, float] | Iterable[str]], /) -> Catalogue:
        """From ``{id: {gene: weight}}`` or ``{id: [genes]}`` (``GENE+`` / ``GENE-`` allowed)."""
        return cls.from_signatures(formats.from_dict(sets))

    @classmethod
    def from_frame(cls, frame: pd.DataFrame, /) -> Catalogue:
        """From a long frame (``source, target[, weight]``) or a matrix genes × signatures."""
        return cls.from_signatures(formats.from_frame(frame))

    @classmethod
    def from_gmt(cls, path: str | os.PathLike[str], /) -> Catalogue:
        """From a GMT file; ``GENE+`` and ``GENE-`` mark direction, plain names are up."""
        found = formats.read_gmt(path)
        with formats.naming(path):
            return cls.from_signatures(found)

    @classmethod
    def from_file(cls, path: str | os.PathLike[str], /) -> Catalogue:
        """From ``.toml`` (the only one that holds variants), ``.gmt`` or a csv/tsv table."""
        found = formats.read_any(path)
        with formats.naming(path):
            return cls.from_lists(found)

    def to_dict(self) -> dict[str, dict[str, float]]:
        """``{id: {gene: signed weight}}``, generic signatures; see `for_compartment`."""
        return {id: dict(signature.weights) for id, signature in self.signatures.items()}

    def to_frame(self) -> pd.DataFrame:
        """Long frame with columns source, target, weight (decoupler's shape)."""
        return formats.to_frame(self.to_dict())

    def to_gmt(self, path: str | os.PathLike[str] | None = None, /) -> str:
        """GMT text with ``GENE+`` / ``GENE-``; written to ``path`` when given.

        GMT holds no weights: only the direction survives.
        """
        text = formats.to_gmt(self)
        if path is not None:
            formats.write_text(path, text)
        return text
