"""What was learnt: the signature, the tables behind it, and what to make of it in words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from cytosig.learn.words import summary
from cytosig.signatures import Catalogue
from cytosig.signatures.write import signature_toml

if TYPE_CHECKING:
    import os

    import pandas as pd

    from cytosig.signatures import Signature


@dataclass(frozen=True, eq=False, repr=False)
class Learned:
    """A signature learnt from one experiment, and how far to believe it.

    Parameters
    ----------
    signature
        Genes with weights, grade D (one study is one study), and ``evidence``: what it was learnt
        from and how it did on samples left out.
    genes
        One row a gene that was tested, the listed ones first: ``gene``, ``weight`` (0 where not
        listed), ``direction`` (up, down), ``lfc`` (log2), ``lfc_low``, ``lfc_high``, ``confident``
        (the end of that 95 % interval nearer to 0), ``t``, ``df``, ``p``, ``q``, ``also_in``
        (shipped signatures that move it the same way) and ``note`` (ligand, receptor or modifier
        of the cytokine; the programme for which a gene was left out).
    held_out
        One row a fold: ``fold``, ``left_out``, ``n_treated``, ``n_control`` (samples left out),
        ``n_genes`` of the signature made from the rest, its ``z`` and two-sided ``p`` of the
        contrast left out, its ``rank`` among ``n_ranked`` signatures (itself and the shipped ones),
        the shipped one that scores ``first`` there with ``first_z``, and a ``reason`` where the
        rest gave no signature. Without rows where nothing could be left out.
    samples
        One row a sample left out: ``sample``, ``treated``, ``fold``, ``score`` (z by the signature
        that never saw it, centred half way between the sides that was learnt from).
    overlap
        One row a shipped signature: ``signature``, ``axis``, ``grade``, ``correlation`` of the
        weights, ``jaccard``, ``n_shared``, ``shared`` genes, ``experiment_z`` (its score of this
        experiment's change).
    cytokine
        Id of the shipped cytokine that the treatment is named after; empty for none.
    """

    signature: Signature
    genes: pd.DataFrame
    held_out: pd.DataFrame
    samples: pd.DataFrame
    overlap: pd.DataFrame
    cytokine: str = ""

    @property
    def validated(self) -> bool:
        """Whether the held-out check was made and passed; see docs/learn.md for the rule."""
        evidence = self.signature.evidence
        return evidence is not None and evidence.validated

    @cached_property
    def catalogue(self) -> Catalogue:
        """The signature as a catalogue: to score by, or to merge with the shipped one."""
        return Catalogue.from_signatures([self.signature])

    @property
    def summary(self) -> str:
        """What was learnt, from what, how it did, and what it resembles: some ten lines."""
        return summary(self)

    def __repr__(self) -> str:
        return self.summary

    def to_toml(self, path: str | os.PathLike[str] | None = None, /) -> str:
        """The entry as TOML text, written to ``path`` when given; the same bytes every time.

        ``Catalogue.from_file``, ``cytosig signatures check`` and ``--signatures`` read it.
        """
        text = signature_toml(self.signature)
        if path is not None:
            from cytosig.io import atomic_path

            with atomic_path(path) as part:
                part.write_text(text, encoding="utf-8", newline="\n")
        return text
