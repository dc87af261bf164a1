"""The examples in the documentation run, print what the pages say, and name what there is."""

import doctest
import importlib
import importlib.util
import inspect
import itertools
import json
import re
import shlex
import shutil
import sys
import tokenize
import warnings
from dataclasses import fields, replace
from functools import partial, update_wrapper
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

import sedpool as sp
from sedpool.cli.app import app
from sedpool.cli.evaluate.command import evaluate
from sedpool.events import events_from_rows
from sedpool.formats.options import LabelOptions
from sedpool.inference.package import ABOUT, NEEDED, OPTIONAL, unpack
from sedpool.settings.compose import compose
from tests.datasets.test_desed import write_desed
from tests.miniatures.urbansed import write_urbansed

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *ROOT.glob("docs/**/*.md")])
FENCED = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
SHELL_OR_PYTHON = re.compile(r"^```(python|(?=\nsedpool))\n(.*?)^```", re.DOTALL | re.MULTILINE)
HOW_TO = [ROOT / "docs" / name for name in ("detect.md", "field-season.md", "audacity-raven.md", "thresholds.md")]
WITH_A_TEST_OF_THEIR_OWN = [
    ROOT / "docs" / name for name in ("annotation-programs.md", "negative-recordings.md", "spreadsheet.md")
]
_SLOW = {("reproduction.md", 0): pytest.mark.slow}  # it reports on sixty runs
BLOCKS = [
    pytest.param(page, index, id=f"{page.relative_to(ROOT)}-{index}", marks=_SLOW.get((page.name, index), ()))
    for page in PAGES
    for index, code in enumerate(FENCED.findall(page.read_text(encoding="utf-8")))
    if ">>>" not in code and page not in [*HOW_TO, *WITH_A_TEST_OF_THEIR_OWN]
]
BRIEF = (
    " training.epochs=1 training.self_training_rounds=1 tracking=none model=tiny"
    " dataset.n_train=16 dataset.n_validate=8 dataset.n_test=8"
)
FINISHED = ROOT / "tests/golden/fixtures/runs/demo-cap-s0-aaddf8ec49"
FORMER_NAMES_STAND_IN = {ROOT / "sedpool/settings/targets.py"}


@pytest.mark.parametrize(
    "page", [page for page in PAGES if ">>>" in page.read_text(encoding="utf-8")], ids=lambda p: p.name
)
def test_examples_print_what_pages_say(page: Path) -> None:
    text = re.sub(r"^```.*$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    examples = doctest.DocTestParser().get_doctest(text, {}, page.name, page.name, 0)
    said: list[str] = []
    results = doctest.DocTestRunner().run(examples, out=said.append)
    assert results.attempted > 0
    assert not results.failed, "".join(said)


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the pages take for granted, in small: corpora, a finished run, the records of the study, labels."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")  # put back where a page asks for another
    monkeypatch.setenv("HYDRA_FULL_ERROR", "0")  # training sets both for its process
    monkeypatch.setattr(warnings, "formatwarning", warnings.formatwarning)
    small = partial(sp.load_demo, n_train=16, n_validate=8, n_test=8, n_jobs=1)
    monkeypatch.setattr(sp, "load_demo", update_wrapper(small, sp.load_demo))
    monkeypatch.setattr(sp, "fit", partial(sp.fit, recipe=replace(sp.STUDY, epochs=1)))
    for name in ("RUN", "RUN-s1", "demo-cap-s0-5a94d1c1ef"):
        shutil.copytree(FINISHED, tmp_path / "experiments/runs" / name)
    (tmp_path / "experiments/esc10-soundscapes").symlink_to(ROOT / "experiments/esc10-soundscapes")
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels/monday 1.txt").write_text("1\t2\tdog\n", encoding="utf-8")
    return tmp_path


def write_recording(path: Path) -> None:
    """A second of noise."""
    path.parent.mkdir()
    soundfile.write(path, np.random.default_rng(0).normal(0, 0.1, 44100), 44100)


def assumed(page: str, folder: Path) -> dict[str, Any]:
    """The variables that a page's examples use without making them."""
    if page == "corpora.md":
        write_urbansed(folder / "data/URBAN-SED")
        write_desed(folder / "data/DESED")
        return {"sp": sp}
    if page == "labels.md":
        (table,) = re.findall(
            r"^```text\n(datei;.*?)^```", (ROOT / "docs/labels.md").read_text(), re.DOTALL | re.MULTILINE
        )
        (folder / "art.csv").write_text(table, encoding="utf-8")
        return {"sp": sp}
    if page == "first-hour.md":
        exec(FENCED.findall((ROOT / "docs/first-hour.md").read_text(encoding="utf-8"))[0])
    if page == "extend.md":
        for number, split in enumerate(("train", "validate", "test")):
            (folder / "birds" / split).mkdir(parents=True)
            soundfile.write(folder / "birds" / split / f"{number}.wav", np.zeros(800), 8000)
        rows = [(f"{number}.wav", 0.01, 0.05, "owl") for number in range(3)]
        sp.formats.write_tsv(events_from_rows(rows), folder / "birds/labels.tsv")
    if page == "share.md":
        CliRunner().invoke(app, ["pack", "experiments/runs/RUN", "mine.sedpool"])
        write_recording(folder / "recordings/a.wav")
    if page == "pooling.md":
        import keras

        p = keras.ops.convert_to_tensor(np.random.default_rng(0).random((2, 5, 3), dtype=np.float32))
        return {"frames": p, "p": p, "valid": keras.ops.ones((2, 5), dtype="bool")}
    if page == "statistics.md":
        tables = [events_from_rows([(f"{n}.wav", 1.0, end, "dog") for n in range(4)]) for end in (3.0, 4.0, 5.0)]
        names = ("reference", "estimated", "rival")
        return dict(zip(names, tables, strict=True)) | {
            "durations": {f"{n}.wav": 10.0 for n in range(4)},
            "classes": ("dog",),
        }
    return {}


@pytest.mark.parametrize(("page", "index"), BLOCKS)
def test_code_on_a_page_runs(page: Path, index: int, workplace: Path) -> None:
    code = FENCED.findall(page.read_text(encoding="utf-8"))[index]
    exec(compile(code, f"{page.name}, example {index}", "exec"), assumed(page.name, workplace))


@pytest.fixture
def recordings(workplace: Path) -> None:
    """Recordings of one's own with labels, and those of a season."""
    names = ["recordings/monday 1.wav", "recordings/tuesday.flac", "season/bog/20240601_053000.WAV"]
    for number, name in enumerate([*names, "season/bog/SM4_20240601_070000.wav", "by_day/01-06-2024/05h30.wav"]):
        samples = np.random.default_rng(number).normal(0, 0.1, 11 * 44100)
        (workplace / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(workplace / name, samples, 44100)
    rows = [("monday 1.wav", 1.0, 2.0, label) for label in sp.RunFolder(FINISHED).classes]
    sp.formats.write_tsv(events_from_rows([*rows, ("tuesday.flac", 3.0, 4.0, "siren")]), "labels.tsv")


@pytest.mark.usefixtures("recordings")
@pytest.mark.parametrize("page", HOW_TO, ids=lambda page: page.name)
def test_commands_of_a_how_to_page_run_one_after_another(page: Path) -> None:
    namespace: dict[str, Any] = {}
    n_commands = 0
    for language, code in SHELL_OR_PYTHON.findall(page.read_text(encoding="utf-8")):
        if language:
            exec(compile(code, page.name, "exec"), namespace)
            continue
        for line in code.splitlines():
            assert line.startswith("sedpool ")
            run_shell(line + BRIEF if line.startswith("sedpool train ") else line)
            n_commands += 1
    assert n_commands >= 3


def run_shell(line: str) -> str:
    """What a command prints, which has to succeed."""
    result = CliRunner().invoke(app, shlex.split(line)[1:], catch_exceptions=False)
    assert result.exit_code == 0, f"{line}: {result.output}"
    return result.output


def test_the_page_about_spreadsheets_leads_to_a_detector(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (ROOT / "docs/spreadsheet.md").read_text(encoding="utf-8")
    (table,) = re.findall(r"^```text\n(file;.*?)^```", page, re.DOTALL | re.MULTILINE)
    names = re.findall(r"^(.+\.wav);", table, re.MULTILINE)
    (workplace / "recordings").mkdir()
    for number, name in enumerate(names):
        samples = np.random.default_rng(number).normal(0, 0.1, 2 * 44100)
        soundfile.write(workplace / "recordings" / name, samples, 44100)
    (workplace / "recordings/labels.csv").write_text(table, encoding="utf-8")
    marks = [f"{name};{'x' * (number % 2)};{'x' * (number % 3 == 0)}" for number, name in enumerate(names)]
    (workplace / "marks.csv").write_text("\n".join(["file;plover;gull", *marks]), encoding="utf-8")
    outputs = []
    for language, code in SHELL_OR_PYTHON.findall(page):
        if language:
            exec(compile(code, "spreadsheet.md", "exec"), {})
        else:
            outputs.append(run_shell(code))
    check, train, _, again = outputs
    assert "recordings: 10 recordings (6 train, 2 validate, 2 test), 0.3 min" in check
    assert sp.RunFolder(train.splitlines()[-1]).is_done
    for shown, expected in ((check, {"gull": 5, "plover": 5}), (again, {"gull": 4, "plover": 5})):
        for label, n_clips in expected.items():
            (counts,) = re.findall(rf"\n {label} +(\d) +(\d) +(\d) *\n", shown)
            assert sum(map(int, counts)) == n_clips
    (other,) = re.findall(r"^sedpool data check .*columns.*$", page, re.MULTILINE)
    (workplace / "recordings/labels.csv").write_text(table.replace("file;tags", "Aufnahme;Arten"), encoding="utf-8")
    assert "recordings: 10 of 10" in run_shell(other)
    (score,) = re.findall(r"^sedpool evaluate .*$", page, re.MULTILINE)
    for path in ("recordings/labels.csv", "other.csv"):
        (workplace / path).write_text(table, encoding="utf-8")
    assert re.search(r"clips +1\.000", run_shell(score))


def as_programs_save(program: str, folder: Path, names: list[str]) -> None:
    """Write labels of recordings of 2 s: a plover in all but every third, a gull in every second."""
    rows = [(name, 0.25, 0.75, "plover") for number, name in enumerate(names) if number % 3]
    rows += [(name, 1.0, 1.5, "gull") for number, name in enumerate(names) if number % 2]
    if program == "BirdNET":
        table = "".join(f"{start},{end},Avis,{label},0.9,/card/{name}\n" for name, start, end, label in sorted(rows))
        silent = "".join(f"0,2,nocall,nocall,1.0,/card/{name}\n" for name in set(names) - {row[0] for row in rows})
        head = "Start (s),End (s),Scientific name,Common name,Confidence,File\n"
        (folder / "BirdNET_CombinedTable.csv").write_text(f"{head}{table}{silent}", encoding="utf-8")
        return
    if program == "Label Studio":
        tasks = [
            {
                "id": number,
                "annotations": [
                    {
                        "id": number,
                        "result": [{"value": {"start": s, "end": e, "labels": [label]}} for _, s, e, label in own],
                    }
                ],
                "data": {"audio": f"/data/upload/1/0123abcd-{name}"},
            }
            for number, name in enumerate(names)
            for own in [[row for row in rows if row[0] == name]]
        ]
        (folder / "export.json").write_text(json.dumps(tasks), encoding="utf-8")
        return
    known = {name: sp.formats.RecordingInfo(2.0) for name in names}
    if program == "whombat":
        sp.formats.write_events(events_from_rows(rows), folder / "project.json", "soundevent", recordings=known)
        return
    for name in names:
        own = events_from_rows([row for row in rows if row[0] == name])
        suffix = {"audacity": ".txt", "raven": ".Table.1.selections.txt", "textgrid": ".TextGrid"}[program]
        path = folder / (Path(name).stem + suffix)
        sp.formats.write_events(own, path, program, recordings={name: known[name]})


@pytest.mark.parametrize("program", ["audacity", "raven", "textgrid", "BirdNET", "Label Studio", "whombat"])
def test_the_page_about_annotation_programs_leads_to_a_detector(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    page = (ROOT / "docs/annotation-programs.md").read_text(encoding="utf-8")
    check, train, detect = re.findall(r"^sedpool .*$", page, re.MULTILINE)
    names = [f"monday {number}.wav" for number in range(10)]
    (workplace / "recordings").mkdir()
    for number, name in enumerate(names):
        samples = np.random.default_rng(number).normal(0, 0.1, 2 * 8000)
        soundfile.write(workplace / "recordings" / name, samples, 8000)
    as_programs_save(program, workplace / "recordings", names)
    shown = run_shell(check)
    assert "recordings: 10 recordings (6 train, 2 validate, 2 test)" in shown
    for label, n_clips in (("gull", 5), ("plover", 6)):
        (counts,) = re.findall(rf"\n {label} +(\d) +(\d) +\d +(\d) +(\d) +\d +(\d) +(\d) +\d *\n", shown)
        assert sum(map(int, counts)) == 2 * n_clips  # clips and events
    if program == "raven":  # the others go on as it does
        assert sp.RunFolder(run_shell(train).splitlines()[-1]).is_done
        run_shell(detect)
        assert (workplace / "results/detections.tsv").is_file()


def test_commands_about_maps_annotators_and_what_nobody_knows_do_what_the_page_says(workplace: Path) -> None:
    page = (ROOT / "docs/labels.md").read_text(encoding="utf-8")
    commands = re.findall(r"^sedpool .*$", page, re.MULTILINE)
    assert len(commands) == 5
    for name, begin in (("map.csv", "from,to"), ("unknown.tsv", "filename\tonset")):
        (table,) = re.findall(rf"^```text\n({begin}.*?)^```", page, re.DOTALL | re.MULTILINE)
        (workplace / name).write_text(table, encoding="utf-8")
    (workplace / "recordings").mkdir()
    rows = []
    for number in range(1, 7):
        samples = np.random.default_rng(number).normal(0, 0.1, 8 * 8000)
        soundfile.write(workplace / f"recordings/monday {number}.wav", samples, 8000)
        labels = ("barn owl", "tawny owl", "dgo", "thump", "bird?", "gull", "plover")
        rows += [(f"monday {number}.wav", 0.5 * at, 0.5 * at + 1, label) for at, label in enumerate(labels)]
    sp.formats.write_tsv(events_from_rows(rows), "recordings/labels.tsv")
    sp.formats.write_tsv(events_from_rows(rows), "detections.tsv")
    (workplace / "recordings/monday 1.txt").write_text("0\t2\tgull\n", encoding="utf-8")
    agreement = run_shell(commands[0])
    (workplace / "recordings/monday 1.txt").unlink()
    check = CliRunner().invoke(app, shlex.split(commands[1])[1:], catch_exceptions=False)
    assert check.exit_code == 0
    assert "neither training nor scores count them" in " ".join(check.output.split())
    check = check.output
    mapped, unknown = map(run_shell, commands[2:4])
    assert re.search(r"gull +1 +1 +0\.", agreement)
    assert re.search(r"^ +owl +", check, re.MULTILINE)
    assert "thump" not in check
    for name in ("owl", "dog", "gull", "plover"):
        assert re.search(rf"^ +{name} ", mapped, re.MULTILINE)
    assert "Events: 42 true" in unknown


def test_the_page_about_recordings_without_the_sound_does_what_it_says(workplace: Path) -> None:
    page = (ROOT / "docs/negative-recordings.md").read_text(encoding="utf-8")
    for number in range(12):
        path = workplace / f"recordings/{'without/' * (number % 2)}{number}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, np.random.default_rng(number).normal(0, 0.1, 80000), 8000)
        if number % 2 == 0:
            path.with_suffix(".txt").write_text("1\t2\tplover\n", encoding="utf-8")
    (first,), (again, shorter) = FENCED.findall(page), re.findall(r"^sedpool .*$", page, re.MULTILINE)
    exec(compile(first, "negative-recordings.md", "exec"), {})
    assert "in every clip" not in run_shell(again)
    shutil.rmtree(workplace / "recordings/without")
    (said,) = re.findall(r"^```text\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    assert said.replace("\n", " ").strip() in run_shell(again)
    assert "in every clip" not in run_shell(shorter)


def test_commands_on_the_page_about_sharing_run(workplace: Path) -> None:
    page = (ROOT / "docs/share.md").read_text(encoding="utf-8")
    commands = [line for line in page.splitlines() if line.startswith("sedpool ")]
    write_recording(workplace / "recordings/a.wav")
    assert len(commands) == 5
    for command in commands:
        result = CliRunner().invoke(app, shlex.split(command)[1:])
        assert result.exit_code == 0, f"{command}: {result.output} {result.exception}"
    assert "City sounds" in unpack(Path("city.sedpool").read_bytes(), "city.sedpool")[0].name
    assert Path("detections/detections.tsv").is_file()
    (named,) = set(re.findall(r"\(`(tune`.*?)\)", page))
    for name in re.findall(r"\w+", named):
        assert "a package has no scores" in str(CliRunner().invoke(app, [name, "mine.sedpool"]).exception)
    listed = set(re.findall(r"`([\w.]+)`", " ".join(re.findall(r"^\| (`.*?) \|", page, re.MULTILINE))))
    assert listed == {ABOUT, *NEEDED, *OPTIONAL}


def test_commands_on_the_page_about_front_ends_run(
    workplace: Path, front_ends: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng, rows = np.random.default_rng(0), []
    for split, label in itertools.product(("train", "validate", "test"), ("owl", "rain")):
        (workplace / "birds" / split).mkdir(parents=True, exist_ok=True)
        soundfile.write(workplace / "birds" / split / f"{split} {label}.wav", rng.normal(0, 0.1, 44100), 44100)
        rows.append((f"{split} {label}.wav", 0.2, 0.6, label))
    sp.formats.write_tsv(events_from_rows(rows), workplace / "birds/labels.tsv")
    write_recording(workplace / "recordings/a.wav")
    page = (ROOT / "docs/front-ends.md").read_text(encoding="utf-8")
    runnable = re.sub(r"^```text\n.*?^```", "", page, flags=re.MULTILINE | re.DOTALL)
    commands = re.findall(r"^sedpool .*$", runnable, re.MULTILINE)
    assert len(commands) == 5
    monkeypatch.setattr(sys, "argv", ["sedpool"])
    for command in commands:
        settings = " training.epochs=1 training.patch_duration=1 tracking=none" if " train " in command else ""
        result = CliRunner().invoke(app, shlex.split(command + settings)[1:])
        assert result.exit_code == 0, f"{command}: {result.output} {result.exception}"
        if settings:
            shutil.rmtree("experiments/runs/RUN")
            next(Path("experiments/runs").glob("birds-cap-s0-*")).rename("experiments/runs/RUN")
    assert "sedpool models get aisfx" in unpack(Path("birds.sedpool").read_bytes(), "x")[1]["card.md"].decode()


def test_extensions_are_short() -> None:
    blocks = FENCED.findall((ROOT / "docs/extend.md").read_text(encoding="utf-8"))
    assert len(blocks) == 6
    assert all(len(block.splitlines()) < 30 for block in blocks)


def test_label_files_that_a_page_writes_can_be_read(workplace: Path) -> None:
    blocks = FENCED.findall((ROOT / "docs/labels.md").read_text(encoding="utf-8"))
    (example,) = (block for block in blocks if "write_events" in block)
    exec(example, {"sp": sp})
    for name in ("all.tsv", "all.json", "monday 1.txt", "monday 1.Table.1.selections.txt", "monday 1.jams"):
        events = sp.read_events(name)[["onset", "offset", "event_label"]]
        assert events.to_numpy().tolist() == [[1.0, 2.0, "dog"]]


def test_options_for_labels_are_those_of_the_page() -> None:
    """Every option that the table of the page names is one of Python, of evaluate and of a folder."""
    page = (ROOT / "docs/labels.md").read_text(encoding="utf-8")
    python = re.findall(r"^\| [^|]+ \| `(\w+)=", page, re.MULTILINE)
    command = re.findall(r"\| `--([a-z-]+) ", page)
    folder = re.findall(r"\| `dataset\.(\w+)=", page)
    assert python == [name.replace("-", "_") for name in command] == folder
    options = {field.name for field in fields(LabelOptions)}
    assert set(python) == options
    assert options <= set(inspect.signature(sp.read_events).parameters)
    assert options <= set(inspect.signature(sp.load_folder).parameters)
    assert options <= set(inspect.signature(evaluate).parameters)


def hooks() -> Any:
    """What mkdocs adds to the pages; it makes its pages without mkdocs."""
    spec = importlib.util.spec_from_file_location("hooks", ROOT / "docs/hooks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_reference_shows_every_public_name_once() -> None:
    pages = "".join(hooks().reference_page(page) for page in hooks().REFERENCE.values())
    headings = re.findall(r"heading: (\S+)", pages)
    assert {f"sedpool.{name}" for name in sp.__all__} - {"sedpool.formats"} <= set(headings)
    assert len(headings) == len(set(headings))
    assert sorted(name for name in headings if not resolves(name)) == []


def leaves(configuration: dict[str, Any], prefix: str = "") -> set[str]:
    """Keys of a configuration, nested ones with dots."""
    found = set()
    for key, value in configuration.items():
        nested = isinstance(value, dict) and value
        found |= leaves(value, f"{prefix}{key}.") if nested else {f"{prefix}{key}"}
    return {key for key in found if not key.endswith("_target_")}


def test_the_page_of_settings_shows_every_setting_with_its_default() -> None:
    page = hooks().settings_page()
    for overrides in ([], ["dataset=folder", "dataset.root=x"], ["pooling=rap", "training=paper"]):
        missing = sorted(key for key in leaves(compose(overrides)) if f"| `{key}` |" not in page)
        assert missing == []
    assert "| `pooling.max_weight` | `0.5` |" in page
    assert "| `labels.drop` | `0.0` | probability that a right tag of a training clip is dropped" in page


def test_links_of_pages_become_links_of_the_site() -> None:
    links = hooks().site_links
    assert (
        links("[a](docs/first-hour.md#x) [b](CONTRIBUTING.md)", "index.md")
        == "[a](first-hour.md#x) [b](contributing.md)"
    )
    assert links("![a](../experiments/x/r.png)", "results.md") == "![a](experiments/x/r.png)"
    assert links("[a](../faults.md)", "decisions/design.md") == "[a](../faults.md)"
    assert links("[a](https://b.org) [c](#d)", "pooling.md") == "[a](https://b.org) [c](#d)"


def test_every_fault_has_a_row_and_names_a_test_that_exists() -> None:
    page = (ROOT / "docs/faults.md").read_text(encoding="utf-8")
    code = "\n".join(path.read_text(encoding="utf-8") for path in ROOT.glob("tests/**/*.py"))
    defined = set(re.findall(r"def (test_fault_\w+)", code))
    rows = [line for line in page.splitlines() if re.match(r"\| \d", line)]
    numbers = [int(row.split("|")[1]) for row in rows]
    assert numbers == sorted(set(numbers))
    for row in rows:
        number = int(row.split("|")[1])
        named = re.findall(r"`(test_fault_\w+)`", row)
        assert set(named) <= defined
        assert bool(named) == any(f"{number:02}" in name[:25] for name in defined)


@pytest.mark.parametrize("page", ["architecture.md", "extend.md"])
def test_every_file_that_a_page_names_for_changes_exists(page: str) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    named = re.findall(r"`([a-z_]+/[a-z_/]*\.(?:pyi?|md|yaml))`", text.partition("## Into sedpool itself")[2] or text)
    assert len(named) > 10
    assert [name for name in named if not any((folder / name).is_file() for folder in (ROOT, ROOT / "sedpool"))] == []


def texts() -> dict[Path, str]:
    """What people read, by file: pages and config files, and the strings and comments of the code."""
    found = {path: path.read_text(encoding="utf-8") for path in [*PAGES, *ROOT.glob("configs/**/*.yaml")]}
    for path in [*ROOT.glob("sedpool/**/*.py"), *ROOT.glob("scripts/**/*.py"), *ROOT.glob("hydra_plugins/*.py")]:
        with tokenize.open(path) as stream:
            tokens = list(tokenize.generate_tokens(stream.readline))
        found[path] = "\n".join(token.string for token in tokens if token.type in (tokenize.STRING, tokenize.COMMENT))
    return {path: text for path, text in found.items() if path not in FORMER_NAMES_STAND_IN}


def resolves(name: str) -> bool:
    """Whether a dotted name is that of a module, or of something in one."""
    parts = name.split(".")
    for n_modules in range(len(parts), 0, -1):
        try:
            value = importlib.import_module(".".join(parts[:n_modules]))
        except ImportError:
            continue
        for part in parts[n_modules:]:
            if not hasattr(value, part):
                return part in getattr(value, "__annotations__", {}) and part == parts[-1]
            value = getattr(value, part)
        return True
    return False


def test_every_dotted_name_resolves() -> None:
    named = {
        (name, str(path.relative_to(ROOT)))
        for path, text in texts().items()
        for name in re.findall(r"(?<![\w./-])sedpool(?:\.[A-Za-z_]\w*)+\b(?<!_)", text)
    }
    assert len(named) > 100
    assert sorted((name, place) for name, place in named if not resolves(name)) == []
