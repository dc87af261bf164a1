"""The listening page: recordings with their events to look at, play and filter, as one file or a folder."""

from sedpool.listening.content import ScoredRecording
from sedpool.listening.page import Listening, write_folder, write_page

__all__ = ["Listening", "ScoredRecording", "write_folder", "write_page"]
