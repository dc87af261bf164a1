"""What is printed of sound that goes on."""

import io

import pytest

from sedpool.cli.live import print_live
from sedpool.errors import AudioError
from sedpool.inference.live import Change, read_pcm
from sedpool.inference.stream import Detection


class OneEvent:
    """Knows of one event, which goes on until the sound ends."""

    n_samples = 0

    def push(self, samples):
        self.n_samples += len(samples)
        yield Change("begin", Detection(0.0, float(self.n_samples), "dog", 0.9))

    def finish(self):
        yield Change("end", Detection(0.0, float(self.n_samples), "dog", 0.9))


def test_events_before_half_a_sample_are_printed(capsys):
    with pytest.raises(AudioError, match="ends within a sample"):
        print_live(OneEvent(), read_pcm(io.BufferedReader(io.BytesIO(bytes(7))), "s16", 1), partial=False)
    assert capsys.readouterr().out.splitlines()[1:] == ["0.000000\t3.000000\tdog\t0.900000"]
