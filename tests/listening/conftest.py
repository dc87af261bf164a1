"""Recordings and scores for pages, and a browser to look at them."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf

from sedpool.listening import ScoredRecording
from sedpool.scores import frame_scores

CLASSES = ("siren", "dog_bark", "gun_shot")
STEP = 0.1
SECONDS = 6.0
SR = 22050


def write_clip(path: Path, seed: int, *, seconds: float = SECONDS, sr: int = SR) -> Path:
    """Noise with a beep from 2 to 3 s."""
    path.parent.mkdir(parents=True, exist_ok=True)
    times = np.arange(round(seconds * sr)) / sr
    samples = np.random.default_rng(seed).normal(0, 0.02, len(times))
    samples += 0.4 * np.sin(2 * np.pi * 1000 * times) * ((times >= 2) & (times < 3))
    sf.write(path, samples, sr)
    return path


def random_scores(name: str, seed: int, *, seconds: float = SECONDS) -> Any:
    """Scores that rise and fall, in single precision as networks make them."""
    n_frames = round(seconds / STEP)
    rng = np.random.default_rng(seed)
    walk = np.cumsum(rng.normal(0, 0.7, (n_frames, len(CLASSES))), axis=0)
    probabilities = (1 / (1 + np.exp(-walk))).astype(np.float32)
    edges = np.arange(n_frames + 1) * STEP
    edges[-1] = seconds
    return frame_scores(name, probabilities, edges, CLASSES)


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[ScoredRecording]:
    """Four recordings with scores."""
    folder = tmp_path_factory.mktemp("clips")
    names = [f"clip_{number}.wav" for number in range(4)]
    return [
        ScoredRecording(name, write_clip(folder / name, number), random_scores(name, number))
        for number, name in enumerate(names)
    ]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """The system's Chromium, driven by Playwright."""
    api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed: the extra `test` has it")
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        pytest.skip("no Chromium in the path: pages are not driven")
    with api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path)
        yield started
        started.close()


class Visit:
    """A page that is open, and what went wrong on it."""

    def __init__(self, browser: Any, path: Path | None, *, width: int = 1280, height: int = 800) -> None:
        self.context = browser.new_context(viewport={"width": width, "height": height})
        self.page = self.context.new_page()
        self.faults: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.faults.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        if path is not None:
            self.go(path)

    def go(self, path: Path) -> None:
        """Open a page, and wait until it shows something."""
        self.page.goto(path.as_uri())
        self.until("performance.getEntriesByName('first-picture').length > 0", seconds=60)

    def until(self, condition: str, seconds: float = 15.0) -> None:
        """Wait for something; Playwright's own way evaluates text in the page, which its policy forbids."""
        end = time.monotonic() + seconds
        while not self.page.evaluate(condition):
            assert time.monotonic() < end, f"never came true: {condition}"
            self.page.wait_for_timeout(20)

    def elsewhere(self, folder: Path) -> list[str]:
        """What was asked for that is neither in the page nor in its folder."""
        own = ("data:", "blob:", folder.as_uri())
        return [url for url in self.requests if not url.startswith(own)]

    def close(self) -> None:
        """Leave, and fail if anything was reported."""
        self.context.close()
        assert self.faults == []
