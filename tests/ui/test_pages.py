"""The pages in a browser: what people see, hear and do there."""

import resource
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf
from typer.testing import CliRunner

from sedpool.cli.app import app
from sedpool.errors import SedpoolError
from sedpool.experiment.jobs import at_work
from sedpool.formats import read_tsv
from sedpool.inference.decode import Decoder
from sedpool.listening import Listening, ScoredRecording
from sedpool.run_folder import RunFolder
from sedpool.scores import write_scores
from sedpool.ui.courses import courses
from sedpool.ui.detections import detections_to_hear
from sedpool.ui.library import Library
from sedpool.ui.trials import Album, Trial, make_album
from tests.listening.conftest import CLASSES, SECONDS, Visit, random_scores, write_clip
from tests.miniatures.runs import write_run
from tests.ui.conftest import HOSTILE, Served

READY = "performance.getEntriesByName('usable').length > 0"


@pytest.fixture
def home(browser: Any, served: Served) -> Any:
    """The list of runs, open; nothing may go wrong or be asked for from elsewhere."""
    visit = served.visit(browser)
    yield visit
    assert served.elsewhere(visit) == []
    visit.close()


def column(visit: Visit, name: str) -> list[str]:
    heads = visit.page.locator("#runs th").all_inner_texts()
    index = next(number for number, text in enumerate(heads) if text.strip(" ▲▼\n") == name)
    rows = visit.page.locator("#runs tbody tr:visible")
    return [rows.nth(number).locator("td").nth(index).inner_text().strip() for number in range(rows.count())]


def test_the_runs_sort_by_every_column(home: Visit) -> None:
    assert len(column(home, "run")) == 6
    home.page.click("th button:text-is('event F1')")
    scores = column(home, "event F1")
    known = [float(score) for score in scores if score != "–"]
    assert known == sorted(known, reverse=True)
    assert len(set(known)) > 1
    assert scores[len(known) :] == ["–"] * (6 - len(known))
    home.page.click("th button:text-is('event F1')")
    assert [float(score) for score in column(home, "event F1") if score != "–"] == known[::-1]
    assert column(home, "event F1")[-1] == "–"
    home.page.click("th button:text-is('method')")
    methods = column(home, "method")
    assert methods == sorted(methods, key=str.lower)
    assert home.page.locator("th[aria-sort=ascending]").count() == 1


def test_runs_are_found_and_compared(home: Visit) -> None:
    assert home.page.locator("#compare").is_disabled()
    home.page.fill("#find", "demo s9")
    assert column(home, "run") == []
    home.page.fill("#find", "demo max")
    assert column(home, "method") == ["max"]
    home.page.check("#runs tr:visible input")
    home.page.fill("#find", "")
    home.page.check("#runs tr:has-text('cap-s1') input")
    assert "2 ticked" in home.page.inner_text("#count")
    home.page.click("#compare")
    assert "2 runs side by side" in home.page.inner_text("h1")
    heads = home.page.locator("#metrics th").all_inner_texts()
    assert [head for head in heads[1:] if "cap-s1" in head or "max-s2" in head] == heads[1:]
    best = home.page.locator("#metrics tr:has(td:text-is('segment F1')) td.number")
    values = [float(text) for text in best.all_inner_texts()]
    marks = ["best" in best.nth(number).get_attribute("class") for number in range(2)]
    assert marks == [values[0] > values[1], values[1] > values[0]]
    settings = home.page.locator("#settings tbody td.name").all_inner_texts()
    assert settings == ["method", "seed"]
    assert home.page.locator("#classes tbody tr").count() == 4


def test_damaged_and_unfinished_runs_say_so(home: Visit) -> None:
    states = dict(zip(column(home, "run"), column(home, "state"), strict=True))
    assert states["runs/begun"] == "not finished"
    assert "not valid JSON" in states["runs/damaged"]
    assert home.page.locator("#runs tr:has-text('runs/damaged') input").is_disabled()


def test_runs_that_train_are_watched(browser: Any, serve: Callable[..., Served], tmp_path: Path) -> None:
    finished = write_run(tmp_path / "runs", "cap", seed=1, scores_seed=1)
    run = RunFolder(tmp_path / f"runs/{HOSTILE}")
    run.make()
    shutil.copy(finished.file("config.yaml"), run.file("config.yaml"))
    served = serve(tmp_path)
    with at_work(run, {**{key: {} for key in ("features", "model", "supervision", "labels")}, **finished.config}):
        visit = served.visit(browser)
        visit.page.wait_for_selector("#courses >> text=in its first epoch")
        history = finished.history
        history.head(3).to_csv(run.file("history.csv"), index=False)
        visit.page.wait_for_selector("#courses svg")
        assert HOSTILE in visit.page.inner_text("#courses")
        assert "3 of at most 20 epochs; at most 6 min left" in visit.page.inner_text("#courses")
        assert len(visit.page.get_attribute("polyline.of-validation", "points").split()) == 3
        assert "kept so far: epoch 3" in visit.page.inner_text("#courses")
        history.head(2).assign(val_loss=["x", "y"]).to_csv(run.file("history.csv"), index=False)
        assert courses(served.site.library) == []
    visit.page.wait_for_selector("#courses >> text=has ended")
    assert served.elsewhere(visit) == []
    visit.close()


def test_a_round_of_self_training_is_watched(tmp_path: Path) -> None:
    finished = write_run(tmp_path / "runs", "cap", seed=1, scores_seed=1)
    run = RunFolder(tmp_path / "runs/begun")
    run.make()
    shutil.copy(finished.file("config.yaml"), run.file("config.yaml"))
    for number, n_epochs in ((0, 4), (1, 2)):
        run.file(f"rounds/{number}").mkdir(parents=True)
        finished.history.head(n_epochs).to_csv(run.file(f"rounds/{number}/history.csv"), index=False)
    with at_work(run, {**{key: {} for key in ("features", "model", "supervision", "labels")}, **finished.config}):
        (course,) = courses(Library((tmp_path,)))
    assert course["state"].startswith("6 of at most ")
    assert course["training"] == finished.history["loss"].head(2).tolist()


def test_a_report_is_shown_and_runs_nothing(browser: Any, served: Served) -> None:
    visit = served.visit(browser)
    visit.page.click("a:text-is('report')")
    visit.page.wait_for_url("**/report/*")
    assert visit.page.title() == "Report"
    assert visit.page.evaluate("window.origin") == "null"
    visit.context.close()


def test_names_are_only_text(browser: Any, served: Served) -> None:
    visit = served.visit(browser)
    assert any(HOSTILE in name for name in column(visit, "run"))
    assert HOSTILE in column(visit, "method")
    visit.page.locator("summary").click()
    assert any(HOSTILE in text for text in visit.page.locator("#recordings bdi").all_inner_texts())
    for box in visit.page.locator("#runs input:enabled").all():
        box.check()
    visit.page.click("#compare")
    assert any(HOSTILE in text for text in visit.page.locator("#settings td").all_inner_texts())
    assert visit.page.locator("img").count() == 0
    visit.page.goto(f"{served.url}listen/<img src=x onerror=alert(1)>/")
    assert visit.page.locator("img").count() == 0
    visit.faults = [fault for fault in visit.faults if "404" not in fault]
    visit.close()


@pytest.mark.parametrize("width", [1280, 400])
def test_nothing_is_cut_at_any_width(browser: Any, served: Served, width: int) -> None:
    visit = served.visit(browser, width)
    for path in ("", "compare?" + "&".join(f"run={key}" for key, row in rows(served).items() if row.scores)):
        visit.page.goto(served.url + path)
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
        cut = visit.page.evaluate(
            "[...document.querySelectorAll('button, label, p, h1, h2, li, td')].filter((e) => e.clientWidth)"
            ".filter((e) => e.scrollWidth > e.clientWidth + 1).map((e) => e.textContent)"
        )
        assert cut == []
    visit.close()


def rows(served: Served) -> dict[str, Any]:
    return {key: served.site.library.row(run) for key, run in served.site.library.runs().items()}


def test_a_recording_that_is_dropped_is_heard(browser: Any, served: Served, tmp_path: Path) -> None:
    path = write_clip(tmp_path / "dropped.wav", 3, seconds=12.0)
    visit = served.visit(browser)
    visit.page.evaluate(
        """async (bytes) => {
          const dropped = new DataTransfer();
          dropped.items.add(new File([new Uint8Array(bytes)], "dropped <b>.wav"));
          document.dispatchEvent(new DragEvent("drop", { dataTransfer: dropped, bubbles: true, cancelable: true }));
        }""",
        list(path.read_bytes()),
    )
    visit.page.wait_for_selector("#trials a", timeout=180_000)
    assert visit.page.inner_text("#trials .name") == "dropped <b>.wav"
    visit.page.click("#trials a")
    visit.until(READY, seconds=60)
    assert visit.page.inner_text("h1") == "Events in dropped <b>.wav"
    visit.page.click("#play")
    visit.until("listening.time() > 0.3")
    visit.page.keyboard.press("ArrowRight")
    assert visit.page.evaluate("listening.view().to") == pytest.approx(12.0, abs=0.01)
    events = visit.page.evaluate("listening.events(0.01)")
    assert {name for name, *_ in events} == {"dropped <b>.wav"}
    visit.page.fill("#threshold", "0.01")
    with visit.page.expect_download() as started:
        visit.page.click("#save")
    started.value.save_as(tmp_path / "saved.tsv")
    saved = read_tsv(tmp_path / "saved.tsv")
    assert set(saved["filename"]) == {"dropped <b>.wav"}
    assert len(saved) == len(events)
    visit.page.click("#notice a")
    assert visit.page.inner_text("h1") == "Runs and recordings"
    visit.page.wait_for_selector("#trials a")
    assert served.elsewhere(visit) == []
    visit.close()


def test_what_is_no_recording_is_refused_in_one_line(browser: Any, served: Served, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("text", encoding="utf-8")
    (tmp_path / "broken.wav").write_text("text", encoding="utf-8")
    visit = served.visit(browser)
    visit.page.set_input_files("#file", tmp_path / "notes.txt")
    visit.page.wait_for_selector("#problem:has-text('no audio by its name')")
    visit.page.set_input_files("#file", tmp_path / "broken.wav")
    visit.page.wait_for_selector("#trials .message", timeout=180_000)
    assert visit.page.inner_text("#trials .message").startswith("broken.wav: not readable audio")
    visit.faults = [fault for fault in visit.faults if "400" not in fault]
    visit.close()


def test_a_recording_of_the_folders_is_tried(browser: Any, served: Served) -> None:
    visit = served.visit(browser)
    visit.page.locator("summary").click()
    visit.page.click("#recordings li:has-text('a.wav') button")
    visit.page.wait_for_selector("#trials li:has-text('recordings/a.wav') a", timeout=180_000)
    visit.close()


def finished_trial(served: Served, key: str, album: Album) -> str:
    """Have a page ready as after a trial; return its path."""
    future: Future[Album] = Future()
    future.set_result(album)
    served.site.trials.all[key] = Trial(key, "random", Path("a.wav"), future)
    return f"listen/{key}/"


def test_several_recordings_seek_and_play(browser: Any, served: Served, tmp_path: Path) -> None:
    recordings = [
        ScoredRecording(name, write_clip(tmp_path / name, number), random_scores(name, number))
        for number, name in enumerate(("a.wav", "b.flac"))
    ]
    path = finished_trial(served, "several", make_album(Listening("Two", CLASSES, Decoder()), recordings))
    visit = served.visit(browser, path=path)
    visit.until(READY, seconds=60)
    box = visit.page.locator("#spectrogram").bounding_box()
    visit.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 50)
    assert visit.page.evaluate("listening.time()") == pytest.approx(SECONDS / 2, abs=0.03)
    visit.page.keyboard.press("n")
    assert visit.page.input_value("#recording") == "1"
    visit.page.keyboard.press(" ")
    visit.until("listening.time() > 0.3")
    visit.page.keyboard.press(" ")
    assert {url.rsplit("/", 2)[1] for url in visit.requests if url.endswith(".wav")} == {"0", "1"}
    visit.close()


@pytest.mark.slow
def test_an_hour_neither_loads_whole_nor_drifts(browser: Any, served: Served, tmp_path: Path) -> None:
    """A beep in the last seconds: where the picture, the clock and the sound have it, and how long pictures take."""
    sr, seconds, beep = 44100, 3600, 3595.0
    path = tmp_path / "hour.flac"
    with sf.SoundFile(path, "w", sr, 1) as written:
        for start in range(0, seconds, 60):
            times = start + np.arange(60 * sr) / sr
            noise = np.random.default_rng(start).normal(0, 0.005, len(times))
            written.write(noise + 0.5 * np.sin(2 * np.pi * 1000 * times) * ((times >= beep) & (times < beep + 2)))
    scored = ScoredRecording("hour.flac", path, random_scores("hour.flac", 0, seconds=seconds))
    album = make_album(Listening("An hour", CLASSES, Decoder(0.9)), [scored])
    _ = album.recordings[0].overview
    visit = served.visit(browser)
    session, received = visit.context.new_cdp_session(visit.page), list[int]()
    session.send("Network.enable")
    session.on("Network.dataReceived", lambda event: received.append(event["dataLength"]))
    visit.page.goto(served.url + finished_trial(served, "hour", album))
    visit.until(READY, seconds=60)
    visit.page.evaluate(
        """() => {
          const play = HTMLMediaElement.prototype.play;
          HTMLMediaElement.prototype.play = function () {
            if (!window.levels) {
              const context = new AudioContext(), source = context.createMediaElementSource(this);
              const analyser = new AnalyserNode(context, { fftSize: 256 }), samples = new Float32Array(256);
              source.connect(analyser).connect(context.destination);
              window.levels = [];
              setInterval(() => {
                analyser.getFloatTimeDomainData(samples);
                levels.push([listening.time(), Math.max(...samples)]);
              }, 4);
            }
            return play.call(this);
          };
        }"""
    )
    box = visit.page.locator("#spectrogram").bounding_box()
    visit.page.mouse.click(box["x"] + box["width"] * (beep - 2) / seconds, box["y"] + 50)
    visit.until(f"listening.time() > {beep + 1}", seconds=60)
    visit.page.keyboard.press(" ")  # pauses
    levels = visit.page.evaluate("levels")
    heard = next(now for now, level in levels if level > 0.2)
    assert heard == pytest.approx(beep, abs=0.05)
    for _ in range(8):
        visit.page.keyboard.press("+")
    visit.until("listening.view().to - listening.view().from < 60")
    visit.page.wait_for_timeout(1000)
    took = []
    for number in range(20):
        began = time.thread_time()  # others may be busy too
        album.recordings[0].picture("mel", number % 3, number if number % 3 == 0 else 3)
        took.append(time.thread_time() - began)
    took_s = f"{np.median(took):.3f} s, at most {max(took):.3f} s"
    print(f"{heard - beep:+.3f} s off; a picture takes {took_s}; {sum(received) / 1e6:.1f} MB came")
    assert np.median(took) < 0.1
    assert sum(received) < album.recordings[0].size / 4
    processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    pages = [Path(f"/proc/{one['id']}/statm").read_text().split() for one in processes if one["type"] == "renderer"]
    used = max(int(resident) for _, resident, *_ in pages) * resource.getpagesize() / 1e6
    print(f"{used:.0f} MB of memory")
    assert used < 500
    visit.close()


@pytest.mark.slow
def test_a_runs_test_clips_are_heard(
    browser: Any, serve: Callable[..., Served], finished: RunFolder, data_root: Path
) -> None:
    served = serve(finished.path.parent, data_root)
    visit = served.visit(browser)
    visit.page.click("a:text-is('listen')")
    visit.until(READY, seconds=120)
    assert "test clips" in visit.page.inner_text("h1")
    assert visit.page.evaluate("listening.scores(null).all.annotated") > 0
    visit.page.click("#play")
    visit.until("listening.time() > 0.3")
    assert served.elsewhere(visit) == []
    visit.close()
    without = serve(finished.path.parent)
    visit = without.visit(browser)
    visit.page.click("a:text-is('listen')")
    assert "in no folder given" in visit.page.inner_text(".message")
    visit.context.close()


@pytest.mark.slow
def test_detections_are_heard(browser: Any, serve: Callable[..., Served], tmp_path: Path) -> None:
    for number, name in enumerate(("a.wav", "b.wav")):
        write_clip(tmp_path / "recordings" / name, number)
    given = ["detect", "demo", str(tmp_path / "recordings"), "--out", str(tmp_path / "results"), "--threshold", "0.05"]
    result = CliRunner().invoke(app, [*given, "--format", "scores", "--format", "tsv"], catch_exceptions=False)
    assert result.exit_code == 0
    detected = read_tsv(tmp_path / "results/detections.tsv")
    visit = serve(tmp_path).visit(browser)
    visit.page.click("#detections a")
    visit.until(READY, seconds=60)
    events = visit.page.evaluate("listening.events(null)")
    assert [event[0] for event in events] == detected["filename"].tolist()
    assert [event[1] for event in events] == pytest.approx(detected["onset"].tolist(), abs=1e-5)
    visit.page.keyboard.press("n")
    visit.page.keyboard.press(" ")
    visit.until("listening.time() > 0.3")
    visit.close()
    refused = serve(tmp_path / "results").visit(browser)
    refused.page.click("#detections a")
    assert "in no folder given" in refused.page.inner_text(".message")
    refused.context.close()


@pytest.mark.parametrize(
    ("journal", "says"),
    [
        ("", "damaged"),
        ("[]", "damaged"),
        ('{"method": {"selection": {}, "decoding": {}}}', "damaged"),
        ('{"method": {"selection": {"min_confidence": 0, "classes": null, "top": null}, "decoding": {"x": 1}}}', "x"),
        (
            '{"method": {"selection": {"min_confidence": 0, "classes": null, "top": null}, "decoding": {}}}',
            "no scores of",
        ),
    ],
)
def test_damaged_detections_say_so(journal: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "detections.jsonl").write_text(journal, encoding="utf-8")
    write_scores(random_scores("a.wav", 0), tmp_path / "a.scores.parquet")
    with pytest.raises(SedpoolError, match=says):
        detections_to_hear(tmp_path, 1)


def test_sound_comes_in_ranges(served: Served, tmp_path: Path) -> None:
    recording = ScoredRecording("a.wav", write_clip(tmp_path / "a.wav", 0), random_scores("a.wav", 0))
    url = served.url + finished_trial(served, "ranges", make_album(Listening("A", CLASSES, Decoder()), [recording]))

    def ask(header: str | None, method: str = "GET") -> tuple[int, bytes, Any]:
        request = urllib.request.Request(
            f"{url}0/sound.wav", headers={"Range": header} if header else {}, method=method
        )
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, answer.read(), answer.headers
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read(), error.headers

    status, whole, headers = ask(None)
    assert (status, len(whole)) == (200, int(headers["Content-Length"]))
    assert headers["Accept-Ranges"] == "bytes"
    for header, begin, end in (
        ("bytes=0-43", 0, 44),
        ("bytes=101-", 101, None),
        ("bytes=-7", -7, None),
        ("bytes=5-9999999", 5, None),
    ):
        status, part, headers = ask(header)
        assert status == 206
        assert part == whole[begin:end]
        assert headers["Content-Range"].endswith(f"/{len(whole)}")
    assert ask(f"bytes={len(whole)}-")[0] == 416
    assert ask("bytes=9-5")[0] == 416
    assert ask("lines=1-2")[0] == 200
    assert ask("bytes=" + "9" * 5000 + "-")[0] == 200
    assert ask(None, "HEAD")[:2] == (200, b"")
