"""CodeCarbon is an extra: what surrounds it is tested with a stand-in, and itself where it is installed."""

import os
import socket
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from sedpool.training import energy
from sedpool.training.loop import train
from tests.training import small_run as small


class StandIn:
    """A tracker for which every epoch takes 2 Wh."""

    def __init__(self, **settings: Any) -> None:
        assert settings["output_methods"] == []
        self._hardware = ["CPU"]
        self.running = ""

    def get_detected_hardware(self) -> None: ...

    def start_task(self, name: str) -> None:
        self.running = name

    def stop_task(self, name: str) -> SimpleNamespace:
        assert self.running == name
        return SimpleNamespace(energy_consumed=0.002)


@pytest.fixture
def meter(monkeypatch: pytest.MonkeyPatch) -> energy.EnergyMeter:
    module = ModuleType("codecarbon")
    monkeypatch.setattr(module, "OfflineEmissionsTracker", StandIn, raising=False)
    monkeypatch.setitem(sys.modules, "codecarbon", module)
    monkeypatch.setattr(energy, "version", lambda _: "3")
    return energy.EnergyMeter()


def short_run(folder: Path, *meters: energy.EnergyMeter) -> pd.DataFrame:
    recipe = replace(small.RECIPE, epochs=2)
    data = small.patches(16, 0, 2), small.patches(8, 1, 1)
    return train(small.small_detector(), *data, recipe, folder=folder, progress=False, meters=meters).history


def test_every_epoch_has_its_energy_and_nothing_else_changes(tmp_path: Path, meter: energy.EnergyMeter) -> None:
    with_meter, without = short_run(tmp_path / "with", meter), short_run(tmp_path / "without")
    assert with_meter["energy_wh"].tolist() == [2.0, 2.0]
    assert "energy_wh" not in without
    assert with_meter["loss"].tolist() == without["loss"].tolist()
    assert meter.method == "CodeCarbon 3: 'CPU'"


def test_without_the_extra_there_is_no_meter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(energy, "find_spec", lambda _: None)
    assert energy.energy_meter() is None


@pytest.mark.skipif(not find_spec("codecarbon"), reason="needs the extra `energy`")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_codecarbon_meters_without_network_and_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("no network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.chdir(tmp_path)
    meter = energy.energy_meter()
    assert meter is not None
    logs: dict[str, float] = {}
    meter.on_epoch_begin(0)
    sum(range(3_000_000))
    meter.on_epoch_end(0, logs)
    assert logs["energy_wh"] > 0
    assert "CPU(" in meter.method
    assert not os.listdir(tmp_path)
    assert capfd.readouterr() == ("", "")
