"""The page about DCASE's files: its commands run on excerpts in the form of the published files."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest

from .conftest import DURATIONS, HEADER, Command

PAGE = Path(__file__).parents[3] / "docs" / "dcase.md"
STRONG = (
    "-5QrBL6MzLg_60.000_70.000.wav\t0.917\t2.029\tTrain horn\n"
    "-Qfk_Q2ctBs_30.000_40.000.wav\t0.000\t0.000\tTrain horn\n"
    "0OiPtV9sd_w_30.000_40.000.wav\t0.000\t3.800\tAir horn, truck horn\n"
    "0OiPtV9sd_w_30.000_40.000.wav\t5.000\t5.000\tTrain horn\n"
    "0OiPtV9sd_w_30.000_40.000.wav\t6.250\t6.250\tTrain horn\n"
)
RESULTS = (
    "-5QrBL6MzLg_60.000_70.000.wav\t0.8\t2.1\tTrain horn\n"
    "0OiPtV9sd_w_30.000_40.000.wav\t0.5\t3.5\tAir horn, truck horn\n"
    "0OiPtV9sd_w_30.000_40.000.wav\t6.2\t6.4\tTrain horn\n"
    "-Qfk_Q2ctBs_30.000_40.000.wav\t4.0\t9.0\tAir horn, truck horn\n"
)
FILES = {
    "groundtruth_strong_label_testing_set.csv": STRONG,
    "groundtruth_weak_label_testing_set.csv": "".join(
        f"{name}\t{name[12:18]}\t{name[19:25]}\t{label}\n"
        for name, label in dict.fromkeys((row.split("\t")[0], row.split("\t")[3]) for row in STRONG.splitlines())
    ),
    "task4_results.txt": RESULTS,
    "event_list_evaltest_babycry.csv": (
        "mixture_000.wav\t9.12\t10.5\tbabycry\nmixture_001.wav\nmixture_002.wav\t1\t2\tbabycry\n"
    ),
    "babycry_results.txt": "mixture_000.wav\t8.7\t10.0\tbabycry\nmixture_001.wav\t3\t4\tbabycry\n",
    "street_reference.txt": "audio/a.wav\tstreet\t1.0\t3.5\tcar\naudio/a.wav\tstreet\t2.0\t4.0\tpeople walking\n",
    "street_detected.txt": "audio/a.wav\t1.2\t3.0\tcar\naudio/a.wav\t1.5\t2.0\tpeople walking\n",
    "validation.tsv": HEADER + "a.wav\t0.0\t4.0\tDog\nb.wav\t2.0\t3.0\tSpeech\nsilent.wav\t\t\t\n",
    "student.tsv": HEADER + "a.wav\t0.1\t4.5\tDog\nb.wav\t5.0\t6.0\tSpeech\n",
    "durations.tsv": DURATIONS,
    "thresholds/0.3.tsv": HEADER + "a.wav\t0.0\t5.0\tDog\nb.wav\t2.0\t3.0\tSpeech\n",
    "thresholds/0.7.tsv": HEADER + "a.wav\t0.0\t4.0\tDog\n",
}


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "scores").mkdir()
    rng = np.random.default_rng(0)
    for name in ("a", "b", "silent"):
        rows = [f"{n / 2}\t{(n + 1) / 2}\t{rng.random():.3f}\t{rng.random():.3f}\n" for n in range(20)]
        (tmp_path / "scores" / f"{name}.tsv").write_text("onset\toffset\tDog\tSpeech\n" + "".join(rows))
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("published")
def test_its_commands_run_and_sed_eval_agrees(evaluate: Command) -> None:
    blocks = re.findall(r"^```\n(sedpool .*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    commands = [shlex.split(line) for block in blocks for line in block.splitlines()]
    assert len(commands) == 7
    said = {}
    for command in commands:
        assert command[:2] == ["sedpool", "evaluate"]
        shown = evaluate(*command[2:])
        assert "Clips: " in shown.output, shown.error
        assert ("counts the same: " in shown.output) == ("--official" in command)
        assert shown.error == "" or "--zero-length" in command
        said[" ".join(command)] = shown.output
    strong, weak, rare, street, events, scores, points = said.values()
    assert "Events: 5 true, 4 detected." in strong
    assert "Tags: 4 true, 4 detected." in weak
    assert "Clips: 3 (each as long as its last event says)" in rare
    assert "counts the same: onset F1 0.500000, ER 1.000000." in rare
    assert "events, 0.25 s and 50%" in street
    assert "Clips: 3 (lengths as stated)" in events
    assert all("PSDS, scenario 2: " in one for one in (scores, points))
    assert "PSDS, dtc=0.5,gtc=0.5,cttc=0.3,alpha_ct=0,alpha_st=0,max_efpr=100: 1.000000" in points
