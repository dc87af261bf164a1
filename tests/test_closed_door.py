"""Run folders that came from elsewhere and mean harm: nothing of theirs runs, nothing is looked up, sent or written."""

import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

from sedpool import storage
from sedpool.cli.app import app
from sedpool.errors import SedpoolError
from sedpool.experiment.load import dataset_of, identify_data, load
from sedpool.reports.run_report import renew_run_report
from sedpool.reproduction.records import TYPES, forget_records, write_record
from sedpool.run_folder import RunFolder

FINISHED = Path(__file__).parent / "golden" / "fixtures" / "runs" / "demo-cap-s0-aaddf8ec49"
SECRET = "${oc.env:MY_SECRET}"
DOWNLOAD = {
    "_target_": "sedpool.datasets.download.download",
    "corpus": {
        "_target_": "sedpool.datasets.catalog.Corpus",
        "files": [
            {
                "_target_": "sedpool.datasets.catalog.RemoteFile",
                "name": "../victim/.bashrc",
                "url": "http://127.0.0.1:9/steal",
                "md5": "0" * 32,
            }
        ],
    },
    "root": "data",
}


@pytest.fixture(autouse=True)
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder with a victim in it; whatever is written outside the run folder, or asks for a connection, fails."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MY_SECRET", "hunter2")
    storage.write_text("victim/.bashrc", "mine\n")
    asked: list[Any] = []
    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, lambda *arguments, **_: asked.append(arguments[1:]))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *arguments, **_: asked.append(arguments))
    yield
    written = {path.as_posix() for path in Path().rglob("*") if path.is_file() and path.parts[0] != "run"}
    assert written == {"victim/.bashrc"}
    assert Path("victim/.bashrc").read_text() == "mine\n"
    assert asked == []
    assert not any("hunter2" in path.read_text(errors="ignore") for path in Path("run").rglob("*") if path.is_file())


def hostile(**groups: Any) -> RunFolder:
    """The golden run, with groups of its configuration changed."""
    shutil.copytree(FINISHED, "run")
    run = RunFolder("run")
    config = yaml.safe_load(run.file("config.yaml").read_text())
    for name, change in groups.items():
        config[name] = change(config[name]) if callable(change) else change
    storage.write_text(run.file("config.yaml"), yaml.safe_dump(config))
    return run


def extended(**keys: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda node: {**node, **keys}


def refusal(use: Callable[[], object]) -> str:
    with pytest.raises(SedpoolError) as caught:
        use()
    message = str(caught.value)
    assert "\n" not in message
    assert message.isprintable()
    assert "hunter2" not in message
    return message


NETWORKS = {
    "a function of ours that downloads": ({"model": DOWNLOAD}, "model is made by sedpool.datasets.download.download"),
    "a shell": ({"features": {"_target_": "os.system", "command": "touch hurt"}}, "features is made by os.system"),
    "a shell by way of a module of ours": (
        {"pooling": {"_target_": "sedpool.storage.os.system", "command": "touch hurt"}},
        "pooling is made by sedpool.storage.os.system",
    ),
    "a shell as a constraint": (
        {"pooling": extended(kernel_constraint={"_target_": "os.system", "command": "touch hurt"})},
        "pooling is made by os.system",
    ),
    "a shell in a list": (
        {"model": extended(filters=[8, {"_target_": "os.system", "command": "touch hurt"}])},
        "model is made by os.system",
    ),
    "a class as Keras stores it": (
        {"pooling": extended(kernel_initializer={"module": "os", "class_name": "system", "config": {"a": "touch"}})},
        "where a value or a class is expected",
    ),
    "code as a layer": (
        {"pooling": {"_target_": "keras.layers.Lambda", "function": "x"}},
        "made by keras.layers.Lambda",
    ),
    "a pickle": ({"pooling": {"_target_": "joblib.load", "filename": "x"}}, "pooling is made by joblib.load"),
    "an expression": ({"model": {"_target_": "builtins.eval", "_args_": ["1"]}}, "model has the key _args_"),
    "a partial call": ({"model": extended(_partial_=True)}, "model has the key _partial_"),
    "what calls another": ({"model": {"_target_": "hydra.utils.call"}}, "model is made by hydra.utils.call"),
    "a name that is none": ({"model": extended(_target_=["os", "system"])}, "model is made by ['os', 'system']"),
    "training itself": ({"model": {"_target_": "sedpool.run", "config": {}}}, "model is made by sedpool.run"),
    "a corpus as a network": ({"model": {"_target_": "sedpool.load_demo", "root": "x"}}, "made by sedpool.load_demo"),
}


@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize("trust_code", [False, True], ids=["", "trusted"])
def test_fault_25_no_network_is_made_of_anything_else(kind: str, trust_code: bool) -> None:
    groups, expected = NETWORKS[kind]
    run = hostile(**groups)
    assert expected in refusal(lambda: load(run.path, trust_code=trust_code))
    assert not Path("hurt").exists()


CORPORA = {
    "a function of ours that downloads": (DOWNLOAD, "dataset is made by sedpool.datasets.download.download"),
    "an archive": (
        {"_target_": "sedpool.datasets.archive.extract", "archive": "x", "root": ".."},
        "dataset is made by sedpool.datasets.archive.extract",
    ),
    "a pickle": ({"_target_": "joblib.load", "filename": "x"}, "dataset is made by joblib.load"),
    "a nested pickle": (
        {"_target_": "sedpool.load_demo", "root": {"_target_": "joblib.load", "filename": "x"}},
        "dataset is made by joblib.load",
    ),
    "one that would be made": (
        {"_target_": "sedpool.load_demo", "root": "victim", "n_train": 1},
        "no corpus demo-",
    ),
    "one that would be made outside": ({"_target_": "sedpool.load_demo", "root": "../victim"}, "make it: sedpool data"),
}


@pytest.mark.parametrize("kind", CORPORA)
@pytest.mark.parametrize("trust", [[], ["--trust-code"]], ids=["", "trusted"])
@pytest.mark.parametrize("command", ["tune", "analyse"])
def test_fault_25_no_corpus_is_made_of_anything_else_and_none_is_made_at_all(
    kind: str, trust: list[str], command: str
) -> None:
    node, expected = CORPORA[kind]
    run = hostile(dataset=node)
    message = refusal(lambda: CliRunner().invoke(app, [command, str(run.path), *trust], catch_exceptions=False))
    assert expected in message


def test_what_would_have_to_be_made_ends_with_the_line_to_type() -> None:
    node = {"_target_": "sedpool.load_demo", "root": "my data; rm x", "n_train": 3, "seed": 0}
    message = refusal(lambda: dataset_of(hostile(dataset=node)))
    assert message.endswith("make it: sedpool data prepare demo '--root=my data; rm x' dataset.n_train=3")


TEXTS = {
    "a secret in a corpus": ({"dataset": extended(root=SECRET)}, "would be looked up"),
    "a secret in a setting that builds nothing": ({"tracking": {"uri": f"http://127.0.0.1/{SECRET}"}}, "looked up"),
    "a secret as a key": ({"labels": extended(**{SECRET: 1})}, "would be looked up"),
    "what steers a terminal": ({"method": "cap\x1b[2J"}, "cannot be printed"),
    "a second line": ({"corpus": "demo\nerror: all is well"}, "cannot be printed"),
    "a corpus that is a path": ({"corpus": "../victim/x"}, "corpus=../victim/x: expected a name without slashes"),
    "a method that is a path": ({"method": "/tmp/x"}, "method=/tmp/x: expected a name without slashes"),
}


@pytest.mark.parametrize("kind", TEXTS)
@pytest.mark.parametrize("command", ["tune", "analyse", "report", "track"])
def test_fault_25_texts_are_plain_wherever_a_run_is_read(kind: str, command: str) -> None:
    groups, expected = TEXTS[kind]
    run = hostile(**groups)
    options = ["--uri", "sqlite:///run/mlruns.db"] if command == "track" else []
    if command == "track":
        with pytest.warns(UserWarning, match=r"not logged") as warned:
            CliRunner().invoke(app, [command, str(run.path), *options], catch_exceptions=False)
        assert any(expected in str(warning.message) for warning in warned)
    else:
        message = refusal(lambda: CliRunner().invoke(app, [command, str(run.path)], catch_exceptions=False))
        assert expected in message
    assert expected in refusal(lambda: load(run.path, trust_code=True))


@pytest.mark.parametrize(
    "text",
    ["!!python/object/apply:os.system ['touch hurt']\n", "a: &a [*a]\n", "- 1\n", "a: " + "[" * 5000],
    ids=["an object", "one that holds itself", "a list", "a deep one"],
)
def test_fault_25_a_configuration_is_plain_data(text: str) -> None:
    run = hostile()
    storage.write_text(run.file("config.yaml"), text)
    assert "run/config.yaml: " in refusal(lambda: load(run.path, trust_code=True))


def test_fault_25_an_unknown_precision_is_refused() -> None:
    run = hostile()
    storage.write_json(run.file("environment.json"), run.environment | {"precision": "int8_from_anything"})
    assert "precision 'int8_from_anything'; expected float32 or" in refusal(lambda: load(run.path))


def test_fault_25_a_link_in_a_run_folder_leads_no_writing_elsewhere() -> None:
    run = hostile()
    run.file("report").symlink_to(Path("victim").resolve())
    message = refusal(lambda: CliRunner().invoke(app, ["report", str(run.path)], catch_exceptions=False))
    assert "run/report: a link, and nothing is written where it leads" in message
    run.file("errors").symlink_to(Path("victim").resolve())
    assert "run/errors: a link" in refusal(lambda: run.subfolder("errors"))


def test_ones_own_class_is_built_where_it_is_trusted_and_said_to_run(capsys: pytest.CaptureFixture[str]) -> None:
    own = f"{__name__}.OwnPooling"
    run = hostile(pooling={"_target_": own})
    message = refusal(lambda: load(run.path))
    assert f"pooling is made by {own}, code outside sedpool's public names, which is not executed" in message
    assert "--trust-code, or trust_code=True" in message
    run.file("weights.npz").unlink()
    assert "weights" in refusal(lambda: load(run.path, trust_code=True))
    assert f"runs the code of {own}, which run names" in capsys.readouterr().err


def OwnPooling() -> Any:
    import keras

    return keras.layers.GlobalAveragePooling1D()


def test_there_are_more_than_twenty() -> None:
    assert len(NETWORKS) + len(CORPORA) + len(TEXTS) >= 20


def test_fault_25_a_link_in_a_run_folder_sends_no_file_away() -> None:
    run = hostile()
    run.file("report.html").unlink(missing_ok=True)
    run.file("report.html").symlink_to(Path("victim/.bashrc").resolve())
    tracked = CliRunner().invoke(
        app, ["track", "run", "--uri", f"sqlite:///{Path('run').resolve()}/mlruns.db"], catch_exceptions=False
    )
    assert tracked.exit_code == 0
    artifacts = {path.name for path in Path("run/mlruns").rglob("*") if path.is_file()}
    assert "metrics.json" in artifacts
    assert "report.html" not in artifacts


@pytest.mark.parametrize("name", ["tables", "figures"])
def test_fault_25_a_link_in_a_report_leads_no_writing_elsewhere(name: str) -> None:
    run = hostile()
    run.file("report").mkdir()
    (run.file("report") / name).symlink_to(Path("victim").resolve())
    message = refusal(lambda: CliRunner().invoke(app, ["report", str(run.path)], catch_exceptions=False))
    assert f"run/report/{name}: a link" in message


@pytest.mark.parametrize(
    ("name", "aim"), [("log.txt", "victim/.bashrc"), ("checkpoint", "victim"), (".lock", "victim/x")]
)
def test_fault_25_no_training_goes_on_through_a_link(name: str, aim: str) -> None:
    run = hostile()
    run.file(name).unlink(missing_ok=True)
    run.file(name).symlink_to(Path(aim).resolve())
    assert f"run/{name}: a link" in refusal(run.make)


def test_fault_25_a_record_publishes_no_file_that_a_link_leads_to() -> None:
    run = hostile()
    run.file("notes.txt").symlink_to(Path("victim/.bashrc").resolve())
    record = write_record(run, Path("run"))
    assert record.file("metrics.json").is_file()
    assert not record.file("notes.txt").exists()


@pytest.mark.parametrize("name", ["../../victim", "..", ".", "/tmp/x"])
def test_fault_25_no_row_of_a_study_names_a_folder_elsewhere(name: str) -> None:
    row = {column: 0 for column in TYPES} | {"run": name, "valid": True}
    storage.write_text("run/results.csv", pd.DataFrame([row]).to_csv(index=False))
    message = refusal(lambda: forget_records([], Path("run"), "results.csv"))
    assert "is no name of a folder" in message


def test_fault_25_a_page_written_again_asks_the_network_for_no_picture() -> None:
    run = hostile()
    picture = (
        '<figure class="example"><img src="http://127.0.0.1/x.png" alt="Spectrogram, reference and predictions of x">'
    )
    storage.write_text(run.file("report.html"), picture)
    assert "127.0.0.1" not in renew_run_report(run).read_text()


ODD = {
    "a tag that lies": ("x: !!timestamp x", "not readable"),
    "a truth value that is none": ("x: !!bool x", "not readable"),
    "a number that is none": ("x: !!int ''", "not readable"),
    "a date": ("x: 2020-01-01", "datetime.date(2020, 1, 1) is no plain value"),
    "a set": ("x: !!set {a}", "is no plain value"),
    "bytes": ("x: !!binary aGVsbG8=", "is no plain value"),
    "a number as a key": ("x: {1: 2}", "1 is no plain value"),
    "a group that is none": ("training: [1]", "training=[1]: expected its settings by name"),
    "seeds": ("seed: [1]", "seed=[1]: expected one value"),
    "no seed": ("seed: null", "seed=None: expected one value"),
    "methods": ("method: {a: 1}", "expected one value"),
}


@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize("command", ["report", "tune"])
def test_fault_25_odd_values_end_in_one_line(kind: str, command: str) -> None:
    text, expected = ODD[kind]
    run = hostile()
    path = run.file("config.yaml")
    kept = {key: value for key, value in run.config.items() if key != text.partition(":")[0]}
    storage.write_text(path, f"{yaml.safe_dump(kept)}{text}\n")
    message = refusal(lambda: CliRunner().invoke(app, [command, str(run.path)], catch_exceptions=False))
    assert "run/config.yaml: " in message
    assert expected in message


@pytest.mark.parametrize("group", ["dataset", "features", "model", "pooling"])
def test_fault_25_what_keras_has_is_no_group_of_its_own(group: str) -> None:
    run = hostile(**{group: {"_target_": "keras.regularizers.L2"}})
    use = (lambda: dataset_of(run)) if group == "dataset" else (lambda: load(run.path))
    assert "may only be an argument" in refusal(use)


@pytest.mark.parametrize(
    "arguments",
    [
        {"axis": "x"},
        {"kernel_initializer": "sedpool>AlphaBound"},
        {"kernel_initializer": {"_target_": "keras.initializers.Constant", "value": "x"}},
        {"kernel_initializer": {"_target_": "keras.regularizers.L2"}},
    ],
    ids=str,
)
def test_fault_25_arguments_that_make_no_network_end_in_one_line(arguments: dict[str, Any]) -> None:
    run = hostile(pooling=extended(**arguments))
    assert "run/config.yaml: no network can be built of it" in refusal(lambda: load(run.path))


def test_a_run_without_weights_is_no_start(monkeypatch: pytest.MonkeyPatch) -> None:
    run = hostile()
    run.file("weights.npz").unlink()
    monkeypatch.setattr("sedpool.experiment.load.build", lambda *_: None)
    config = {"augment": {"background": None}, "features": {}, "training": {"init_from": str(run.path)}}
    assert "no weights in it (no file weights.npz)" in refusal(lambda: identify_data(config))
