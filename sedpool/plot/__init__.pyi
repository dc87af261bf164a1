from .inline import player as player
from .recording import comparison as comparison
from .recording import events as events
from .recording import scores as scores
from .recording import spectrogram as spectrogram
