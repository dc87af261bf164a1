"""The errors that sedpool raises deliberately.

Every message is one line that says what was found, what was expected and what to do. The command line prints that line
and exits with a non-zero status; a traceback is shown only with ``HYDRA_FULL_ERROR=1`` or ``--debug``.
"""

import re

_LONGEST = 2000  # letters of a message: a damaged file may quote megabytes
_LINE_BREAKS = re.compile(r"\s*[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]\s*")


class SedpoolError(Exception):
    """Base of every error that a user can correct; its message is one line, whatever it quotes."""

    def __init__(self, message: str = "") -> None:
        line = _LINE_BREAKS.sub(
            " ", message.encode(errors="backslashreplace").decode()
        )  # names of files may be no text
        if len(line) > _LONGEST:
            line = f"{line[: _LONGEST * 2 // 3]} ... {line[-_LONGEST // 3 :]}"
        super().__init__(line)


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
