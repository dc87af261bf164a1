"""The microphone, by sounddevice (PortAudio), which is an extra."""

import queue
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sedpool.errors import AudioError, ConfigError
from sedpool.runtime.arrays import Float32Array


@contextmanager
def microphone(sr: int, device: str | None = None, seconds: float | None = None) -> Iterator[Iterator[Float32Array]]:
    """Open a microphone for the time of the block.

    Parameters
    ----------
    sr : int
        Sampling rate in Hz.
    device : str, optional
        Name, part of a name, or number of the device; by default the system's.
    seconds : float, optional
        How long to record; by default until interrupted.

    Yields
    ------
    blocks : iterator of ndarray, shape (n, 1)
        The sound as it comes. It ends after `seconds`, or with an interruption from the keyboard.

    Raises
    ------
    ConfigError
        If sounddevice is not installed.
    AudioError
        If there is no such device, or sound was lost.
    """
    try:
        import sounddevice
    except (ImportError, OSError) as error:  # an OSError: PortAudio's library is missing
        raise ConfigError(f"the microphone needs sounddevice ({error}): pip install 'sedpool[listen]'") from None
    recorded: queue.SimpleQueue[tuple[Float32Array, bool]] = queue.SimpleQueue()

    def keep(data: Float32Array, _frames: int, _time: Any, status: Any) -> None:
        recorded.put((data.copy(), bool(status.input_overflow)))

    def blocks() -> Iterator[Float32Array]:
        began = time.monotonic()
        try:
            while seconds is None or time.monotonic() - began < seconds:
                try:
                    samples, lost = recorded.get(timeout=0.1)
                except queue.Empty:
                    continue
                if lost:
                    raise AudioError("microphone: sound was lost, since this machine does not keep up")
                yield samples
        except KeyboardInterrupt:
            return

    try:
        chosen = int(device) if device is not None and device.isdecimal() else device
        stream = sounddevice.InputStream(sr, device=chosen, channels=1, dtype="float32", callback=keep)
    except (sounddevice.PortAudioError, ValueError) as error:
        raise AudioError(f"microphone: {' '.join(str(error).split())}") from None
    with stream:
        yield blocks()
