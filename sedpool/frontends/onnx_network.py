"""A front-end of the user's own: any network in an ONNX file that makes frames of numbers of audio."""

from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sedpool import audio, storage
from sedpool.errors import ConfigError
from sedpool.frontends.catalog import FrontEnd, models_folder
from sedpool.runtime.arrays import Float32Array

FORMAT = 1
_PROBE = 4.0  # seconds, twice and three times of which show where frames lie
_EQUAL = 1e-3  # of the standard deviation of a value: the arithmetic's difference


class NetworkFacts(NamedTuple):
    """What a network turned out to do.

    Attributes
    ----------
    hop : int
        Samples from one frame to the next.
    n_features : int
        Values per frame.
    fixed : int or None
        Samples that it takes, neither more nor fewer; None if it takes any number.
    missing : int
        Frames that the end of a recording lacks, since the network pads nothing there.
    context : int
        Frames at either end that depend on what is beyond it.
    is_local : bool
        Whether others depend on nothing but the sound around them.
    """

    hop: int
    n_features: int
    fixed: int | None
    missing: int
    context: int
    is_local: bool


@dataclass(frozen=True)
class OnnxEmbedding:
    """Values of a network in an ONNX file, run by ONNX Runtime (``pip install 'sedpool[onnx]'``).

    It has one input, audio of shape (batch, samples) in float32, and its first output is (batch, frames, values); if
    it takes a fixed number of samples, also (batch, values), one frame for each such stretch. How far apart frames
    are, and how much around them they depend on, is measured.

    Parameters
    ----------
    path : str
        The file; or the name of one that ``sedpool models add FILE`` put among the models.
    sr : int
        Sampling rate in Hz that the network expects; audio is resampled to it.

    Raises
    ------
    ConfigError
        If a setting is out of range.
    """

    path: str
    sr: int = 16000

    def __post_init__(self) -> None:
        if isinstance(self.sr, bool) or not isinstance(self.sr, int) or self.sr <= 0:
            raise ConfigError(f"features.sr={self.sr}: expected a whole number above 0")

    @property
    def file(self) -> Path:
        """Where the file is; raises a `sedpool.errors.ConfigError` if it is nowhere."""
        return find_network(self.path)

    @property
    def front_end(self) -> FrontEnd:
        """What network it is; raises a `sedpool.errors.ConfigError` if it is nowhere."""
        name = Path(self.path).name
        return FrontEnd(name, storage.sha256_file(self.file), "", "", "", f"sedpool models add {name}")

    @property
    def facts(self) -> NetworkFacts:
        """What the network turned out to do."""
        return measured(self.file, self.sr)

    @property
    def n_features(self) -> int:
        """Values per frame."""
        return self.facts.n_features

    @property
    def frame_rate(self) -> float:
        """Frames per second."""
        return self.sr / self.facts.hop

    @property
    def unit(self) -> str:
        """What values are in."""
        return "activations"

    @property
    def silence(self) -> float:
        """Value that short features are made longer with."""
        return 0.0

    @property
    def context(self) -> int:
        """Frames at either end of a part of a recording whose values depend on what is beyond it."""
        return self.facts.context

    @property
    def is_local(self) -> bool:
        """Whether, except for `context`, the values of a frame do not depend on where a recording is cut."""
        return self.facts.is_local

    @property
    def parameters(self) -> dict[str, Any]:
        """All settings that the values depend on, which key the feature store; the file counts by what is in it."""
        settings = {**asdict(self), "path": storage.sha256_file(self.file)}
        return {"kind": "onnx", "format": FORMAT, "resampler": audio.RESAMPLER, **settings}

    def n_frames(self, duration: float) -> int:
        """Return the number of frames of a clip of `duration` seconds; at least 1."""
        return max(1, round(duration * self.sr) // self.facts.hop)

    def __call__(self, samples: Float32Array) -> Float32Array:
        """Compute the values of a recording.

        Parameters
        ----------
        samples : ndarray of float32, shape (n,)
            Mono audio at the rate `sr`. Silence follows it as far as the network needs it for the last frame.

        Returns
        -------
        features : ndarray of float32, shape (frames, values)
        """
        facts, n_frames = self.facts, max(1, len(samples) // self.facts.hop)
        n_samples = max(len(samples), (n_frames + facts.missing) * facts.hop)
        if facts.fixed:
            n_samples = -(-n_samples // facts.fixed) * facts.fixed
        padded = np.pad(samples, (0, n_samples - len(samples)))
        return _run(self.file, padded.reshape(-1, facts.fixed or n_samples))[:n_frames]


def find_network(path: str) -> Path:
    """Find a network: at its path, or by its name among the models.

    Raises
    ------
    ConfigError
        If it is nowhere.
    """
    kept = models_folder() / Path(path).name
    found = next((place for place in (Path(path), kept) if place.is_file()), None)
    if found is None:
        raise ConfigError(f"{path}: no such network, here or in {kept.parent}; get the file: sedpool models add FILE")
    return found


def measured(path: Path, sr: int) -> NetworkFacts:
    """Measure what a network does, once for each state of its file.

    Raises
    ------
    ConfigError
        If it is no network that takes audio and makes evenly spaced frames.
    """
    return _measured(str(path), path.stat().st_mtime_ns, sr)


@lru_cache(maxsize=8)
def _measured(path: str, state: int, sr: int) -> NetworkFacts:
    session = _session(path, state)
    (given,) = session.get_inputs() if len(session.get_inputs()) == 1 else (None,)
    if given is None or given.type != "tensor(float)" or len(given.shape) != 2:
        described = ", ".join(f"{one.name} {one.type} {one.shape}" for one in session.get_inputs())
        raise ConfigError(f"{path}: takes {described}; expected one input, audio (batch, samples) in float32")
    fixed = given.shape[1] if isinstance(given.shape[1], int) else None
    unit = fixed or round(_PROBE * sr)
    noise = np.random.default_rng(0).normal(0, 0.1, 6 * unit).astype(np.float32)
    if fixed:
        rows = len(_run(Path(path), noise[None, :fixed]))
        if fixed % rows:
            raise ConfigError(f"{path}: makes {rows} frames of {fixed} samples; expected a number that divides them")
        n_features = _run(Path(path), noise[None, :fixed]).shape[1]
        return NetworkFacts(fixed // rows, n_features, fixed, 0, 0, False)
    one, two, three = (_run(Path(path), noise[None, : count * unit]) for count in (1, 2, 3))
    hop = round(unit / max(1, len(two) - len(one)))
    if len(two) == len(one) or abs((three.shape[0] - len(two)) * hop - unit) > hop:
        counts = f"{len(one)}, {len(two)} and {len(three)}"
        raise ConfigError(
            f"{path}: makes {counts} frames of 1, 2 and 3 times {_PROBE:g} s; expected evenly spaced ones"
        )
    missing = max(0, unit // hop - len(one), 2 * unit // hop - len(two))
    # Frames of a part, with silence after it, against those of the whole: how far inside do they differ?
    first, last = unit // hop, 3 * unit // hop
    part = _run(Path(path), np.pad(noise[first * hop : last * hop], (0, missing * hop))[None])[: last - first]
    whole = _run(Path(path), noise[None])[first : first + len(part)]
    differs = np.abs(whole - part).max(axis=1) > _EQUAL * whole.std()
    reached = np.minimum(np.flatnonzero(differs) + 1, len(whole) - np.flatnonzero(differs)).max(initial=0)
    return NetworkFacts(hop, one.shape[1], None, missing, int(reached), bool(reached < len(whole) // 4))


def _run(path: Path, batch: Float32Array) -> Float32Array:
    """Return the frames of a batch of stretches that follow each other, shape (frames, values)."""
    session = _session(str(path), path.stat().st_mtime_ns)
    try:
        output = session.run(None, {session.get_inputs()[0].name: batch})[0]
    except Exception as error:  # whatever ONNX Runtime raises of a network that is no front-end
        reason = " ".join(str(error).split())[:200]
        raise ConfigError(f"{path}: cannot be run on audio of shape {batch.shape} ({reason})") from None
    if output.ndim not in (2, 3) or (output.ndim == 2 and len(output) != len(batch)):
        raise ConfigError(f"{path}: makes an output of shape {output.shape}; expected (batch, frames, values)")
    return np.asarray(output, dtype=np.float32).reshape(-1, output.shape[-1])


@lru_cache(maxsize=4)
def _session(path: str, state: int) -> Any:
    """Open a network; `state` is that of its file, so that a new one is read anew."""
    try:
        import onnxruntime
    except ImportError:
        raise ConfigError("model=onnx needs ONNX Runtime: pip install 'sedpool[onnx]'") from None
    try:
        return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    except Exception as error:  # whatever ONNX Runtime raises of a file that is none
        raise ConfigError(
            f"{path}: no network that ONNX Runtime opens ({' '.join(str(error).split())[:200]})"
        ) from None
