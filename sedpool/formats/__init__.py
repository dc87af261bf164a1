"""Label formats: one module per format, and `read_events` and `write_events` for any of them."""

from sedpool.formats.audacity import read_audacity, write_audacity
from sedpool.formats.clip import RecordingInfo
from sedpool.formats.detect import read_events
from sedpool.formats.jams import read_jams, write_jams
from sedpool.formats.json_list import read_json, write_json
from sedpool.formats.listing import read_list, write_list
from sedpool.formats.raven import read_raven, write_raven
from sedpool.formats.recordings import read_durations, read_sources, recordings
from sedpool.formats.table import read_csv, read_tsv, write_csv, write_tsv
from sedpool.formats.tags import is_tag_list, read_tags
from sedpool.formats.write import write_events

__all__ = [
    "RecordingInfo",
    "is_tag_list",
    "read_audacity",
    "read_csv",
    "read_durations",
    "read_events",
    "read_jams",
    "read_json",
    "read_list",
    "read_raven",
    "read_sources",
    "read_tags",
    "read_tsv",
    "recordings",
    "write_audacity",
    "write_csv",
    "write_events",
    "write_jams",
    "write_json",
    "write_list",
    "write_raven",
    "write_tsv",
]
