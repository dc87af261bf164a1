"""A detector on a front-end, from training to a package on another machine."""

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

import sedpool as sp
from sedpool import storage
from sedpool.errors import ConfigError
from sedpool.experiment.pack import pack_run
from sedpool.experiment.run import run
from sedpool.frontends.aisfx_weights import read_weights
from sedpool.frontends.catalog import AISFX
from sedpool.inference.package import open_run, unpack
from sedpool.inference.predict import predict
from sedpool.inference.windows import MOST_TWICE
from sedpool.reports.document_markdown import markdown_text
from sedpool.reports.run_sentences import front_end
from sedpool.reports.runs_document import runs_document
from sedpool.run_folder import RunFolder
from tests.conftest import FRONT_ENDS
from tests.experiment.small import small

SAID = (AISFX.licence, AISFX.attribution, AISFX.caution, AISFX.command)


@pytest.fixture(scope="session")
def trained(data_root: Path, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A finished run of ``model=aisfx``."""
    if not (FRONT_ENDS / "models" / "aisfx.npz").is_file():
        pytest.skip("the weights of aisfx are not here: `make models` gets them")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEDPOOL_DATA", str(FRONT_ENDS))
        return RunFolder(run(small(data_root, tmp_path_factory.mktemp("runs"), "model=aisfx")))


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """A minute and a half with sound of changing level."""
    rng = np.random.default_rng(0)
    samples = rng.normal(0, 0.1, 90 * 44100) * rng.uniform(0, 1, 90).repeat(44100)
    soundfile.write(tmp_path / "minute.wav", samples, 44100)
    return tmp_path / "minute.wav"


@pytest.mark.usefixtures("front_ends")
def test_run_report_and_card_name_the_front_end_and_its_terms(trained: RunFolder) -> None:
    assert trained.front_end == asdict(AISFX)
    assert trained.scores.groupby("filename").size().eq(107).all()
    page = trained.file("report.html").read_text(encoding="utf-8").replace("&#39;", "'")
    content = pack_run(trained)
    _, parts = unpack(content, "x.sedpool")
    card = parts["card.md"].decode().replace("\\", "")
    (runs, *_) = runs_document([trained]).sections
    texts = [page, card, " ".join(block for block in runs.blocks if isinstance(block, str))]
    texts.append(trained.file("log.txt").read_text(encoding="utf-8") + AISFX.command)
    for text in texts[:3]:
        for said in SAID:
            assert said in text
    assert len(content) < 200_000  # its own weights; not those of the front-end
    assert markdown_text(front_end(trained.front_end))
    assert front_end(None) == ""


@pytest.mark.usefixtures("front_ends")
def test_training_says_which_terms_bind_it(data_root: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", logger="sedpool"):
        run(small(data_root, tmp_path, "model=aisfx", "training.epochs=1"))
    assert all(said in caplog.text for said in SAID[:3])


@pytest.mark.usefixtures("front_ends")
def test_a_package_detects_as_the_run_and_windows_as_the_whole(
    trained: RunFolder, recording: Path, tmp_path: Path
) -> None:
    detector = sp.load(trained.path)
    detector.save(tmp_path / "mine.sedpool")
    packed = sp.load(tmp_path / "mine.sedpool")
    scores = detector.scores(recording)
    assert scores.equals(packed.scores(recording))
    assert detector.detect(recording).equals(packed.detect(recording))
    windows = detector.windows
    assert windows.margin == detector.extractor.context == 9
    assert 2 * windows.margin / windows.length <= MOST_TWICE
    samples, _ = soundfile.read(recording, dtype="float32")
    whole, _ = predict(
        detector.detector,
        {"a": detector.extractor(samples)},
        {"a": 90.0},
        frame_rate=detector.extractor.frame_rate,
        silence=0.0,
    )
    labels = list(detector.detector.classes)
    assert np.abs(scores[labels].to_numpy() - whole[labels].to_numpy()).max() < 1e-4


def test_without_the_weights_every_use_says_what_to_type(
    trained: RunFolder, data_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEDPOOL_DATA", str(tmp_path))
    with pytest.raises(ConfigError, match=r"get them: sedpool models get aisfx$"):
        sp.load(trained.path)
    with pytest.raises(ConfigError, match=r"get them: sedpool models get aisfx$"):
        run(small(data_root, tmp_path / "runs", "model=aisfx", "seed=7"))
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
@pytest.mark.usefixtures("front_ends")
def test_the_last_block_trains_further_and_is_in_the_package(data_root: Path, tmp_path: Path, recording: Path) -> None:
    settings = ("model=aisfx_finetune", "features.frame_period=186", "training.epochs=1", "dataset.n_train=24")
    finished = RunFolder(run(small(data_root, tmp_path, *settings)))
    detector = sp.load(finished.path)
    trained = detector.detector.network.get_layer("backbone").get_layer("block4_1").get_weights()[0]
    assert 0 < np.abs(trained - read_weights()["block4_1_kernel"]).max() < 0.1
    detector.save(tmp_path / "mine.sedpool")
    packed = sp.load(tmp_path / "mine.sedpool")
    assert packed.scores(recording).equals(detector.scores(recording))
    assert detector.windows.margin <= detector.extractor.context + 2  # two convolutions over three frames each


@pytest.mark.usefixtures("front_ends")
def test_other_weights_than_those_of_training_are_refused(trained: RunFolder, tmp_path: Path) -> None:
    with open_run(trained.path) as opened:
        content = pack_run(opened)
    about, parts = unpack(content, "x")
    other = asdict(replace(AISFX, sha256="0" * 64))
    from sedpool.inference.package import pack

    storage.write_bytes(
        tmp_path / "x.sedpool", pack(about, parts | {"front_end.json": storage.json_text(other).encode()})
    )
    with pytest.raises(ConfigError, match="trained on another aisfx than is here: sha256 000"):
        sp.load(tmp_path / "x.sedpool")


@pytest.mark.slow
@pytest.mark.usefixtures("front_ends")
def test_a_notebook_trains_and_packs_one(data_root: Path, tmp_path: Path, recording: Path) -> None:
    corpus = sp.load_demo(data_root / "demo", n_train=24, n_validate=8, n_test=8)
    detector = sp.build_detector(
        sp.embedding_head(hidden=[16], dropout=0.5), sp.Max(), classes=corpus.classes, patch_frames=107
    )
    recipe = replace(sp.STUDY, epochs=1)
    trained = sp.fit(
        detector,
        corpus.split("train"),
        validate=corpus.split("validate"),
        features=sp.Aisfx(),
        recipe=recipe,
        cache=tmp_path,
        progress=False,
    )
    trained.save(tmp_path / "mine.sedpool")
    packed = sp.load(tmp_path / "mine.sedpool")
    with open_run(tmp_path / "mine.sedpool") as opened:
        assert opened.front_end == asdict(AISFX)
    assert packed.scores(recording).equals(trained.scores(recording))


@pytest.mark.parametrize("model", ["aisfx", "compact"])
def test_features_and_model_that_do_not_belong_together_are_refused_at_once(
    model: str, data_root: Path, tmp_path: Path, front_ends: Path
) -> None:
    wrong = {"aisfx": ["features=logmel"], "compact": ["features=aisfx", "model.n_mels=128"]}[model]
    with pytest.raises(ConfigError, match=r"model takes \d+ values per frame, and features have \d+; choose .*aisfx"):
        run(small(data_root, tmp_path, f"model={model}", *wrong))
    with pytest.raises(ConfigError, match=r"augment.gain=10: changes levels in dB"):
        run(small(data_root, tmp_path, "model=aisfx", "augment=levels"))


@pytest.mark.usefixtures("front_ends")
def test_a_finished_run_is_the_same_run_wherever_the_weights_lie(
    trained: RunFolder, data_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = small(data_root, trained.path.parent, "model=aisfx")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "aisfx.npz").symlink_to(FRONT_ENDS / "models" / "aisfx.npz")
    monkeypatch.setenv("SEDPOOL_DATA", str(tmp_path))
    assert run(config) == trained.path
