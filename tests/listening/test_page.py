"""The page in a browser: what people see, hear and do there."""

import functools
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sedpool.evaluation.evaluation_input import reference_input
from sedpool.events import events_from_rows
from sedpool.formats import read_events
from sedpool.inference.decode import Decoder
from sedpool.listening import Listening, ScoredRecording, page, write_folder, write_page
from sedpool.listening.media import make_media
from tests.listening.conftest import CLASSES, SECONDS, Visit, random_scores, write_clip

PLAYS = "document.getElementById('play').textContent.includes('Pause')"
HOSTILE = "</script><img src=x onerror=alert(1)>&amp;{{script}}\"'"


@pytest.fixture(scope="module")
def listening(clips: list[ScoredRecording]) -> Listening:
    """A page with a reference that has what is detected in two clips, and two events that are not."""
    decoder = Decoder({"siren": 0.5, "dog_bark": 0.4, "gun_shot": 0.6})
    rows = [
        row
        for one in clips[:2]
        for row in decoder.events(one.scores)[["filename", "onset", "offset", "event_label"]].itertuples(index=False)
    ]
    rows += [("clip_2.wav", 1.0, 1.2, "siren"), ("clip_3.wav", 2.0, 2.4, "dog_bark")]
    reference = reference_input(
        events_from_rows(rows), durations={one.filename: SECONDS for one in clips}, classes=CLASSES
    )
    return Listening("Events in four clips", CLASSES, decoder, reference=reference)


@pytest.fixture(scope="module")
def page_path(clips: list[ScoredRecording], listening: Listening, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of four clips."""
    path = tmp_path_factory.mktemp("page") / "page.html"
    write_page(path, listening, clips)
    return path


@pytest.fixture
def visit(browser: Any, page_path: Path) -> Any:
    """The page, open; nothing may go wrong or be asked for from elsewhere."""
    opened = Visit(browser, page_path)
    yield opened
    assert opened.elsewhere(page_path.parent) == []
    opened.close()


def now(visit: Visit) -> float:
    return float(visit.page.evaluate("listening.time()"))


def rows(visit: Visit) -> list[str]:
    return [text.replace("\n", " ") for text in visit.page.locator("#rows tbody tr").all_inner_texts()]


def test_it_says_what_it_is(visit: Visit) -> None:
    assert "4 recordings" in visit.page.inner_text("#summary")
    assert "holds recordings" in visit.page.inner_text("#notice")
    assert visit.page.title() == "Events in four clips"


def test_it_plays_and_the_cursor_moves(visit: Visit) -> None:
    cursor = visit.page.locator("#cursor")
    before = cursor.bounding_box()["x"]
    visit.page.click("#play")
    visit.until("listening.time() > 0.4")
    assert cursor.bounding_box()["x"] > before + 20
    assert "Pause" in visit.page.inner_text("#play")
    visit.page.click("#play")
    visit.until(f"!{PLAYS}")


def test_a_click_on_the_spectrogram_plays_from_there(visit: Visit) -> None:
    box = visit.page.locator("#spectrogram").bounding_box()
    visit.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 50)
    assert now(visit) >= SECONDS / 2 - 0.03
    visit.until(PLAYS)
    visit.page.keyboard.press(" ")
    visit.until(f"!{PLAYS}")
    assert SECONDS / 2 - 0.03 <= now(visit) < SECONDS
    cursor = box["x"] + box["width"] * now(visit) / SECONDS
    assert visit.page.locator("#cursor").bounding_box()["x"] == pytest.approx(cursor, abs=4)


def test_the_wheel_moves_and_zooms(visit: Visit) -> None:
    box = visit.page.locator("#spectrogram").bounding_box()
    visit.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 50)
    visit.page.keyboard.press("+")
    visit.until(f"(listening.view().to - listening.view().from) < {SECONDS * 0.6}")
    before = visit.page.evaluate("listening.view().from")
    visit.page.keyboard.down("Shift")
    visit.page.mouse.wheel(0, 100)
    visit.until(f"listening.view().from > {before}")
    visit.page.keyboard.up("Shift")
    length = visit.page.evaluate("listening.view().to - listening.view().from")
    visit.page.keyboard.down("Control")
    visit.page.mouse.wheel(0, -100)
    visit.until(f"(listening.view().to - listening.view().from) < {length * 0.9}")
    visit.page.keyboard.up("Control")


def test_in_print_there_are_the_numbers_and_all_events(visit: Visit) -> None:
    visit.page.emulate_media(media="print")
    visit.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert not visit.page.locator("#player").is_visible()
    assert visit.page.locator("#scores").is_visible()
    n_events = int(visit.page.inner_text("#count").split()[0])
    assert visit.page.locator("#rows tbody tr").count() == n_events
    assert visit.page.evaluate("getComputedStyle(document.getElementById('rows')).maxHeight") == "none"


def test_a_click_on_an_event_plays_it_to_its_end(visit: Visit) -> None:
    visit.page.locator(".event.detected").first.click()
    title = visit.page.locator(".event.detected").first.get_attribute("title")
    onset, offset = (float(time.split(":")[1]) for time in re.search(r": (\S+) to (\S+),", title).groups())
    visit.until(PLAYS)
    visit.until(f"!{PLAYS}")
    assert now(visit) == pytest.approx(min(SECONDS, offset + 0.5), abs=0.15)  # and what surrounds it
    assert offset > onset
    assert visit.page.locator("#rows tr[aria-selected=true]").count() == 1


def test_the_slider_redraws_events_and_scores(visit: Visit) -> None:
    assert "one for each class" in visit.page.inner_text("#threshold-value")
    f1, events = visit.page.inner_text("#f1"), visit.page.inner_text("#count")
    visit.page.locator("#threshold").fill("0.9")
    visit.until(f"document.getElementById('count').textContent !== '{events}'")
    assert visit.page.inner_text("#f1") != f1
    n_detected = visit.page.evaluate("listening.events(0.9).length")
    assert f"{n_detected} event" in visit.page.inner_text("#summary")
    expected = visit.page.evaluate("listening.scores(0.9).all.f1")
    assert float(visit.page.inner_text("#f1")) == pytest.approx(expected, abs=6e-4)
    visit.page.click("#reset")
    visit.until(f"document.getElementById('count').textContent === '{events}'")
    assert visit.page.inner_text("#f1") == f1


def test_the_list_has_the_worst_first_and_filters(visit: Visit) -> None:
    outcomes = [re.search("false alarm|miss|hit", row)[0] for row in rows(visit)]
    assert outcomes == sorted(outcomes, key=lambda name: name == "hit")
    assert outcomes.count("miss") == 2
    visit.page.select_option("#outcome-filter", "miss")
    assert len(rows(visit)) == 2
    visit.page.select_option("#outcome-filter", "")
    visit.page.select_option("#class-filter", label="gun_shot")
    assert {"gun_shot" in row for row in rows(visit)} == {True}
    visit.page.fill("#least", "0.9")
    confidences = [float(re.search(r"wav\s+(\S+)", row)[1]) for row in rows(visit)]
    assert min(confidences) >= 0.9
    assert " of " in visit.page.inner_text("#count")


def test_a_click_on_a_heading_sorts(visit: Visit) -> None:
    visit.page.click("th:has-text('Confidence')")
    confidences = [float(text) for text in visit.page.locator("#rows td:nth-child(3)").all_inner_texts()]
    assert confidences == sorted(confidences, reverse=True)
    assert visit.page.input_value("#sort") == "confident"


@pytest.mark.parametrize(
    ("format", "name"),
    [("table", "events.tsv"), ("audacity", "clip_1.txt"), ("raven", "clip_1.Table.1.selections.txt")],
)
def test_detections_of_the_list_are_saved_in_formats_that_are_read(
    visit: Visit, format: str, name: str, listening: Listening, clips: list[ScoredRecording], tmp_path: Path
) -> None:
    visit.page.select_option("#class-filter", label="siren")
    visit.page.keyboard.press("n")
    visit.page.select_option("#format", format)
    with visit.page.expect_download() as started:
        visit.page.click("#save")
    assert started.value.suggested_filename == name
    started.value.save_as(tmp_path / name)
    saved = read_events(tmp_path / name)
    kept = clips if format == "table" else [clips[1]]
    detected = pd.concat([listening.decoder.events(one.scores) for one in kept])
    detected = detected[detected["event_label"] == "siren"].reset_index(drop=True)
    assert len(saved) == len(detected)
    if format == "table":
        assert saved["filename"].tolist() == detected["filename"].tolist()
    for column in ("onset", "offset", *(["confidence"] if format != "audacity" else [])):
        assert saved[column].to_numpy() == pytest.approx(detected[column].to_numpy(), abs=1e-6)
    assert visit.page.inner_text("#saved") == f"{len(detected)} detections in {name}"


def test_everything_goes_by_keyboard(visit: Visit) -> None:
    press = visit.page.keyboard.press
    press("ArrowRight")
    assert now(visit) == pytest.approx(1, abs=0.01)
    press("Shift+ArrowLeft")
    assert now(visit) == pytest.approx(0.9, abs=0.01)
    press("End")
    visit.until(f"listening.time() > {SECONDS - 0.05}")
    press("Home")
    visit.until("listening.time() === 0")
    press("ArrowDown")
    press("ArrowDown")
    visit.page.wait_for_selector('tr[data-index="1"][aria-selected=true]')
    press("Enter")
    visit.until(PLAYS)
    press(" ")
    visit.until(f"!{PLAYS}")
    press("p")
    press("p")
    press("p")
    press("n")
    assert visit.page.input_value("#recording") == "1"
    press("+")
    visit.until(f"(listening.view().to - listening.view().from) < {SECONDS * 0.6}")
    press("0")
    visit.until(f"(listening.view().to - listening.view().from) > {SECONDS * 0.99}")
    press("f")
    assert visit.page.input_value("#scale") == "linear"
    press("]")
    visit.until("/^0[.]/.test(document.getElementById('threshold-value').textContent)")
    press("?")
    assert visit.page.locator("#keys").is_visible()


@pytest.mark.parametrize("width", [1280, 400])
def test_nothing_is_cut_at_any_width(browser: Any, page_path: Path, width: int) -> None:
    visit = Visit(browser, page_path, width=width)
    visit.page.evaluate("document.querySelector('#scores details').open = true")
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
    cut = visit.page.evaluate(
        "[...document.querySelectorAll('button, th, label, p, h1, .scroll')].filter((e) => e.clientWidth)"
        ".filter((e) => e.scrollWidth > e.clientWidth + 1).map((e) => e.textContent)"
    )
    assert cut == []
    visit.close()


def test_names_are_only_text(browser: Any, tmp_path: Path) -> None:
    names = [HOSTILE, "\u2028.wav", "<b>bold</b>"]
    table = random_scores(HOSTILE, 0).rename(columns={"siren": HOSTILE, "dog_bark": "__proto__"})
    classes = (HOSTILE, "__proto__", "gun_shot")
    path = write_clip(tmp_path / "a.wav", 0)
    reference = reference_input(
        events_from_rows([(HOSTILE, 1.0, 2.0, HOSTILE)]), durations={HOSTILE: SECONDS}, classes=classes
    )
    recordings = [ScoredRecording(name, path, table.assign(filename=name)) for name in names]
    write_page(tmp_path / "page.html", Listening(HOSTILE, classes, Decoder(), reference=reference), recordings)
    visit = Visit(browser, tmp_path / "page.html")
    assert visit.page.title() == HOSTILE
    assert visit.page.inner_text("h1") == HOSTILE
    assert visit.page.locator("img, b b, h1 *").count() == 0
    assert any(HOSTILE in row for row in rows(visit))
    assert visit.page.evaluate("Object.keys(listening.scores(null).classes).length") >= 2
    visit.close()


def test_no_other_script_runs(browser: Any, page_path: Path, tmp_path: Path) -> None:
    text = page_path.read_text(encoding="utf-8").replace("<main>", "<main><script>document.title = 'taken'</script>", 1)
    (tmp_path / "page.html").write_text(text, encoding="utf-8")
    visit = Visit(browser, tmp_path / "page.html")
    assert visit.page.title() == "Events in four clips"
    assert any("Content Security Policy" in fault for fault in visit.faults)
    visit.context.close()


def test_a_folder_has_sound_and_pictures_beside_the_page(
    browser: Any, clips: list[ScoredRecording], listening: Listening, tmp_path: Path
) -> None:
    index = write_folder(tmp_path / "page", listening, clips)
    assert index.stat().st_size < 250_000
    visit = Visit(browser, index)
    visit.page.click("#play")
    visit.until("listening.time() > 0.3")
    visit.page.keyboard.press("n")
    visit.page.keyboard.press(" ")
    visit.page.keyboard.press(" ")
    assert visit.elsewhere(tmp_path) == []
    assert any(url.endswith(".mp3") for url in visit.requests)
    visit.close()


def test_ultrasound_is_slowed(browser: Any, tmp_path: Path) -> None:
    path = write_clip(tmp_path / "bat.wav", 0, seconds=2.0, sr=192000)
    recordings = [ScoredRecording("bat.wav", path, random_scores("bat.wav", 0, seconds=2.0))]
    write_page(tmp_path / "page.html", replace(Listening("Bats", CLASSES, Decoder()), slower=10), recordings)
    visit = Visit(browser, tmp_path / "page.html")
    assert "10 times slower" in visit.page.inner_text("#slowed")
    assert visit.page.inner_text("#frequencies").strip().startswith(("0 kHz", "80 kHz"))
    visit.page.click("#play")
    visit.page.wait_for_timeout(1500)
    assert 0.05 < now(visit) < 0.2
    visit.page.evaluate("document.activeElement.blur()")
    visit.page.keyboard.press("ArrowRight")
    assert not visit.page.locator("#scale-choice").is_visible()
    visit.close()


def test_sound_and_pictures_agree_in_time(visit: Visit) -> None:
    """The beep from 2 to 3 s: in the sound as the browser decodes it, and where the picture is dark at 1 kHz."""
    onset = visit.page.evaluate(
        """async () => {
          const text = document.getElementById("0/sound.mp3").textContent;
          const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
          const sound = await new OfflineAudioContext(1, 1, 44100).decodeAudioData(bytes.buffer);
          return sound.getChannelData(0).findIndex((value) => Math.abs(value) > 0.2) / sound.sampleRate;
        }"""
    )
    assert onset == pytest.approx(2, abs=0.01)
    visit.page.select_option("#scale", "linear")
    visit.page.wait_for_timeout(300)
    dark = visit.page.evaluate(
        """() => {
          const canvas = document.getElementById("spectrogram"), context = canvas.getContext("2d");
          const row = context.getImageData(0, Math.round(canvas.height * (1 - 1000 / 11025)), canvas.width, 1).data;
          const columns = [...Array(canvas.width).keys()].filter((x) => row[4 * x] < 100);
          return [columns[0] / canvas.width, columns.at(-1) / canvas.width];
        }"""
    )
    assert dark == pytest.approx([2 / SECONDS, 3 / SECONDS], abs=0.01)


def test_two_hundred_clips_are_there_at_once(browser: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "make_media", functools.cache(make_media))  # of ten recordings, each twenty times
    paths = [write_clip(tmp_path / f"{number}.wav", number, seconds=10.0, sr=44100) for number in range(10)]
    names = [f"clip_{number:03}.wav" for number in range(200)]
    recordings = [
        ScoredRecording(name, paths[number % 10], random_scores(name, number, seconds=10.0))
        for number, name in enumerate(names)
    ]
    rows = [(name, 2.0, 3.0, label) for name in names for label in CLASSES]
    reference = reference_input(events_from_rows(rows), durations=dict.fromkeys(names, 10.0), classes=CLASSES)
    write_page(tmp_path / "page.html", Listening("Many", CLASSES, Decoder(), reference=reference), recordings)
    assert 20e6 < (tmp_path / "page.html").stat().st_size <= 40e6
    visit = Visit(browser, None)
    session = visit.context.new_cdp_session(visit.page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    visit.go(tmp_path / "page.html")
    visit.until("performance.getEntriesByName('usable').length > 0", seconds=60)
    metrics = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
    # Until all is usable; how long that takes by the clock depends on what else the machine does.
    assert metrics["ThreadTime"] < 1.0
    assert metrics["JSHeapUsedSize"] < 100e6
    visit.close()
