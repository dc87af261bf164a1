"""The listening page: recordings with their events to look at, play and filter, as one file or a folder."""

from sedpool.listening.content import ScoredRecording
from sedpool.listening.long import LongRecording
from sedpool.listening.page import Listening, page_text, served_page, write_folder, write_page

__all__ = [
    "Listening",
    "LongRecording",
    "ScoredRecording",
    "page_text",
    "served_page",
    "write_folder",
    "write_page",
]
