"""One exception tree. A message says what was found, where, and what to do."""

from __future__ import annotations


class CytosigError(Exception):
    """Base of every error this package raises on purpose.

    ``exit_code`` is what the command line returns: 1 when the data are at
    fault, 2 when the call is.
    """

    exit_code = 1


class DataError(CytosigError):
    """The data cannot be scored as they are (NaN, no shared genes, damaged file ...)."""


class FileError(DataError):
    """A file cannot be read or written."""


class GeneError(DataError):
    """Gene names cannot be matched, or match more than once."""


class SignatureError(DataError):
    """A signature file or table is not what was expected; carries file and line."""


class UsageError(CytosigError, ValueError):
    """The call itself is at fault: an unknown method, column or cytokine."""

    exit_code = 2
