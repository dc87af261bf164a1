"""What runs say beside the paper, as sections of a report."""

from collections.abc import Iterable

from sedpool.comparison.groups import grouped
from sedpool.reports.document import Section
from sedpool.reproduction.findings_section import findings_section
from sedpool.reproduction.published_comparison import published_comparison
from sedpool.reproduction.published_comparison_sections import published_comparison_sections
from sedpool.reproduction.table_statistics_section import table_statistics_section
from sedpool.run_folder import RunFolder


def reproduction_sections(runs: Iterable[RunFolder]) -> list[Section]:
    """The findings, the paper's tables with ours beside them, and what those tables say of themselves.

    Parameters
    ----------
    runs : iterable of RunFolder
        Finished runs or their records, of any corpora: the findings are asked of each corpus, and the published tables
        stand beside runs on their own alone.

    Raises
    ------
    DataError, EvaluationError
        If a method ran twice on one fold with one seed, or runs on one fold were tested on different clips.
    """
    groups = grouped(runs)
    return [
        findings_section(groups),
        *published_comparison_sections(published_comparison(groups)),
        table_statistics_section(),
    ]
