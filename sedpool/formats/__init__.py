"""Label formats: one module per format, and `read_events` for any of them."""

from sedpool.formats.audacity import read_audacity, write_audacity
from sedpool.formats.detect import read_events
from sedpool.formats.jams import read_jams, write_jams
from sedpool.formats.listing import read_list, write_list
from sedpool.formats.raven import read_raven, write_raven
from sedpool.formats.recordings import read_durations, read_sources, recordings
from sedpool.formats.table import read_csv, read_tsv, write_csv, write_tsv
from sedpool.formats.tags import is_tag_list, read_tags

__all__ = [
    "is_tag_list",
    "read_audacity",
    "read_csv",
    "read_durations",
    "read_events",
    "read_jams",
    "read_list",
    "read_raven",
    "read_sources",
    "read_tags",
    "read_tsv",
    "recordings",
    "write_audacity",
    "write_csv",
    "write_jams",
    "write_list",
    "write_raven",
    "write_tsv",
]
