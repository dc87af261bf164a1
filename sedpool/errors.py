"""The errors that sedpool raises deliberately.

Every message is one line that says what was found, what was expected and what to do. The command line prints that line
and exits with a non-zero status; a traceback is shown only with ``HYDRA_FULL_ERROR=1`` or ``--debug``.
"""


class SedpoolError(Exception):
    """Base of every error that a user can correct."""


class ConfigError(SedpoolError):
    """A setting is unknown, of the wrong type or out of range."""


class DataError(SedpoolError):
    """A corpus, a label list or an event table has missing or wrong content."""


class AudioError(DataError):
    """An audio file cannot be read, or its content is wrong."""


class EvaluationError(SedpoolError):
    """Reference and estimate cannot be compared."""


class StorageError(SedpoolError):
    """A file written earlier is damaged, incomplete or of another format."""


class TrainingError(SedpoolError):
    """Training cannot go on."""


class ExportError(SedpoolError):
    """A detector cannot be exported, or the file would compute something else."""
