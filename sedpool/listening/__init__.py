"""The listening page: recordings with their events to look at, play and filter, as one file or a folder."""

from sedpool.listening.content import ScoredRecording
from sedpool.listening.page import Listening, page_text, write_folder, write_page

__all__ = ["Listening", "ScoredRecording", "page_text", "write_folder", "write_page"]
