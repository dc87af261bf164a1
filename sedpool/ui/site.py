"""The pages and what they ask for."""

import re
import shutil
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from sedpool import audio
from sedpool.comparison.tables import METRIC_COLUMNS, look_up
from sedpool.errors import ConfigError, DataError, SedpoolError
from sedpool.experiment.clips import clips_to_hear
from sedpool.run_folder import RunFolder, finished, shown
from sedpool.ui.courses import courses, training
from sedpool.ui.detections import detections_to_hear
from sedpool.ui.guard import Guard
from sedpool.ui.library import Library
from sedpool.ui.trials import Album, Trials, make_album

_MOST_CLIPS = 200  # of a run on its page
_MOST_ALBUMS = 8  # that are kept
_MOST_RECORDINGS = 500  # in the list
_PICTURE = re.compile(r"(mel|linear)-(\d{1,2})-(\d{1,9})\.webp")
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_SCORES = {
    "event_f1_micro": "event F1",
    "psds1": "PSDS1, over all thresholds",
    "psds2": "PSDS2, over all thresholds",
    "segment_f1_micro": "segment F1",
    "own_stretched_f1": "segment F1 of its decisions about clips, over all of each clip",
    "oracle_stretched_f1": "segment F1 of the true tags, over all of each clip",
    "segment_precision": "segment precision",
    "segment_recall": "segment recall",
    "segment_error_rate": "segment error rate",
    "segment_f1_macro": "segment F1, mean of the classes",
    "clip_f1_macro": "clip F1, mean of the classes",
    "clip_f1_micro": "clip F1",
    "clip_precision": "clip precision",
    "clip_recall": "clip recall",
}
"""What the page that compares runs calls scores, which are columns of `METRIC_COLUMNS`."""
_OF_A_REPORT = (
    "sandbox allow-popups; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"
)
_OF_A_LISTENING_PAGE = "frame-ancestors 'none'"  # it has one that lets nothing run but its own script
_FOR_GOOD = {"Cache-Control": "private, max-age=86400"}


@cache
def _templates() -> Environment:
    return Environment(loader=PackageLoader("sedpool.ui"), autoescape=True, undefined=StrictUndefined)


@dataclass(frozen=True)
class Site:
    """The pages of some folders.

    Attributes
    ----------
    library : Library
        What there is.
    trials : Trials
        Detectors that are tried.
    uploads : Path
        Folder for recordings that are dropped on the page.
    """

    library: Library
    trials: Trials
    uploads: Path
    _albums: "OrderedDict[str, Album]" = field(default_factory=OrderedDict)

    def app(self, token: str, hosts: tuple[str, ...]) -> Guard:
        """Return the application for requests with the token to one of the hosts."""
        routes = [
            Route("/", self.home),
            Route("/compare", self.compare),
            Route("/report/{run}", self.report),
            Route("/listen/{album}/", self.listen),
            Route("/listen/{album}/{number:int}/{name}", self.media),
            Route("/training", self.training),
            Route("/try", self.try_detector, methods=["POST"]),
            Route("/trial/{trial}", self.trial),
            Mount("/static", StaticFiles(packages=[("sedpool.ui", "static")])),
        ]
        handlers: Mapping[Any, Any] = {SedpoolError: _error, OSError: _error, HTTPException: _error}
        return Guard(Starlette(routes=[Mount(f"/{token}", routes=routes)], exception_handlers=handlers), token, hosts)

    def home(self, request: Request) -> Response:
        """Show runs, recordings and trials."""
        del request
        runs = self.library.runs()
        rows = {key: self.library.row(run) for key, run in runs.items()}
        rows |= {key: replace(rows[key], state="training") for key in training(runs)}
        recordings = {key: self.library.name(path) for key, path in self.library.recordings().items()}
        return _page(
            "home.html",
            folders=[str(folder) for folder in self.library.folders],
            rows=rows,
            scores=list(dict.fromkeys(name for row in rows.values() for name in row.scores)),
            recordings=dict(list(recordings.items())[:_MOST_RECORDINGS]),
            n_recordings=len(recordings),
            detections={key: self.library.name(path) for key, path in self.library.detections().items()},
            detectors={key: self.library.name(path) for key, path in self.library.detectors().items()},
            trials={key: trial.status for key, trial in self.trials.all.items()},
            extensions=sorted(audio.EXTENSIONS),
        )

    def compare(self, request: Request) -> Response:
        """Show chosen runs side by side: scores, classes and the settings in which they differ."""
        known = self.library.runs()
        chosen = [known[key] for key in dict.fromkeys(request.query_params.getlist("run")) if key in known]
        if not chosen:
            raise ConfigError("no run chosen; tick some in the list")
        runs = [finished(run.path) for run in chosen]
        parts = [{**run.metrics, **shown(run.metrics)} for run in runs]
        metrics = pd.DataFrame(
            {title: [look_up(part, METRIC_COLUMNS[name]) for part in parts] for name, title in _SCORES.items()}
        ).dropna(axis="columns", how="all")
        class_wise = [(part.get("segment") or {}).get("class_wise") or {} for part in parts]
        labels = dict.fromkeys(label for one in class_wise for label in one)
        settings = [_flat(run.config) for run in runs]
        keys = dict.fromkeys(key for one in settings for key in one)
        values = {key: [one.get(key, "–") for one in settings] for key in keys}
        return _page(
            "compare.html",
            names=[self.library.name(run.path) for run in runs],
            metrics={name: _scores(values) for name, values in metrics.items()},
            classes={label: [one.get(label, {}).get("f1") for one in class_wise] for label in labels},
            settings={key: one for key, one in values.items() if len(set(one)) > 1},
        )

    def report(self, request: Request) -> Response:
        """Show the page of a run, in which nothing runs."""
        run = self._run(request.path_params["run"])
        path = run.file("report.html")
        if not (path.is_file() and self.library.holds(path)):
            raise HTTPException(404, "This run has no page.")
        return HTMLResponse(path.read_bytes(), headers={"Content-Security-Policy": _OF_A_REPORT})

    def listen(self, request: Request) -> Response:
        """Show the listening page of a trial, of detections, or of a run's test clips."""
        key = request.path_params["album"]
        headers = {"Content-Security-Policy": _OF_A_LISTENING_PAGE}
        return HTMLResponse((self._album(key) or self._opened(key)).page, headers=headers)

    def media(self, request: Request) -> Response:
        """Send sound or a picture of a listening page."""
        number, name = request.path_params["number"], request.path_params["name"]
        album = self._album(request.path_params["album"])
        if album is None or number >= len(album.recordings):
            raise HTTPException(404, "Nothing is here: open the page again.")
        recording = album.recordings[number]
        if name == "sound.wav":
            return _ranged(request, recording.size, recording.wav)
        if not (found := _PICTURE.fullmatch(name)):
            raise HTTPException(404, "Nothing is here.")
        try:
            picture = recording.picture("mel" if found[1] == "mel" else "linear", int(found[2]), int(found[3]))
        except LookupError:
            raise HTTPException(404, "Nothing is here.") from None
        return Response(picture, media_type="image/webp", headers=_FOR_GOOD)

    def training(self, request: Request) -> Response:
        """Say how far runs are that train."""
        del request
        return JSONResponse(courses(self.library), headers={"Cache-Control": "no-store"})

    async def try_detector(self, request: Request) -> Response:
        """Take a recording, or the name of one that is here, and begin to detect in it."""
        detector, query = request.query_params.get("detector", ""), request.query_params
        detectors = self.library.detectors()
        if detector not in detectors:
            raise HTTPException(404, "No such detector.")
        path = detectors[detector]
        called = self.library.name(path)
        if path.is_dir():
            self.library.refuse_outside(RunFolder(path))
        if key := query.get("recording"):
            recordings = self.library.recordings()
            if key not in recordings:
                raise HTTPException(404, "No such recording.")
            trial = self.trials.start(self.library.name(recordings[key]), recordings[key], path, called)
        else:
            name = query.get("name", "").replace("\\", "/").rpartition("/")[2] or "recording"
            suffix = Path(name).suffix.lower()
            if suffix not in audio.EXTENSIONS:
                raise DataError(f"{name}: no audio by its name; expected {', '.join(sorted(audio.EXTENSIONS))}")
            if int(request.headers.get("content-length") or 0) > shutil.disk_usage(self.uploads).free:
                raise DataError(f"{name}: more than the disk takes; free some space, or give sedpool ui its folder")
            target = self.uploads / f"{len(list(self.uploads.iterdir()))}{suffix}"
            with target.open("xb") as written:
                async for chunk in request.stream():
                    written.write(chunk)
            trial = self.trials.start(name, target, path, called)
        return JSONResponse({"trial": trial})

    def trial(self, request: Request) -> Response:
        """Say how far a trial is."""
        trial = self.trials.all.get(request.path_params["trial"])
        if trial is None:
            raise HTTPException(404, "No such trial.")
        return JSONResponse(trial.status)

    def _run(self, key: str) -> RunFolder:
        runs = self.library.runs()
        if key not in runs:
            raise HTTPException(404, "No such run: it was moved or deleted, or the address is wrong.")
        return runs[key]

    def _album(self, key: str) -> Album | None:
        """Return a page that is open; None if it is not."""
        trial = self.trials.all.get(key)
        if trial is not None:
            if trial.status["state"] != "done":
                raise HTTPException(404, "Not finished yet.")
            return trial.future.result()
        return self._albums.get(key)

    def _opened(self, key: str) -> Album:
        """Open the page of detections, or of a run's test clips."""
        if (folder := self.library.detections().get(key)) is not None:
            listening, recordings = detections_to_hear(folder, self.trials.slower)
        else:
            run = finished(self._run(key).path)
            self.library.refuse_outside(run)
            clips = clips_to_hear(run, _MOST_CLIPS)
            listening, recordings = replace(clips.listening, slower=self.trials.slower), clips.recordings
        for recording in recordings:
            if not self.library.holds(recording.path):
                raise ConfigError(f"{recording.path}: it is in no folder given to sedpool ui; give its folder too")
        self._albums[key] = make_album(listening, recordings)
        if len(self._albums) > _MOST_ALBUMS:
            self._albums.popitem(last=False)
        return self._albums[key]


def _page(template: str, status: int = 200, **content: Any) -> HTMLResponse:
    text = _templates().get_template(template).render(**content)
    return HTMLResponse(text.encode(errors="backslashreplace"), status)


def _error(request: Request, error: Exception) -> Response:
    """Show an error as a page, or as JSON to what is no page."""
    status = error.status_code if isinstance(error, HTTPException) else 400
    message = error.detail if isinstance(error, HTTPException) else str(error)
    if request.method == "POST" or "/trial/" in request.url.path or request.url.path.endswith("/training"):
        return JSONResponse({"message": message}, status)
    return _page("error.html", status, message=message, home=f"/{request.url.path.split('/')[1]}/")


def _ranged(request: Request, size: int, content: Callable[[int, int], Iterator[bytes]]) -> Response:
    """Send the range of bytes that is asked for, or all."""
    begin, end, status = 0, size, 200
    headers = {"Accept-Ranges": "bytes", **_FOR_GOOD}
    if (asked := request.headers.get("range")) and (found := _RANGE.fullmatch(asked)):
        status = 206
        if found[1]:
            begin, end = int(found[1]), min(size, int(found[2]) + 1) if found[2] else size
        else:
            begin = max(0, size - int(found[2] or 0))
        if begin >= end:
            return Response(status_code=416, headers={"Content-Range": f"bytes */{size}"})
        headers["Content-Range"] = f"bytes {begin}-{end - 1}/{size}"
    headers["Content-Length"] = str(end - begin)
    if request.method == "HEAD":
        return Response(None, status, headers, "audio/wav")
    return StreamingResponse(content(begin, end), status, headers, "audio/wav")


def _scores(values: "pd.Series[float]") -> list[float | None]:
    return [None if np.isnan(value) else float(value) for value in values]


def _flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Return settings by their full names, as text."""
    found: dict[str, str] = {}
    for key, value in settings.items():
        found |= _flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {f"{prefix}{key}": str(value)}
    return found
