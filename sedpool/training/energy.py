"""Energy of every epoch, as CodeCarbon measures or estimates it, where that is installed (the extra ``energy``).

Where the processor has a meter that may be read (Intel's and AMD's RAPL) its energy is measured, for the whole
machine; elsewhere it is estimated as the processor's thermal design power times the share of it that this process
used. Memory is always estimated, graphics cards are always measured. Nothing is sent, written or converted to CO₂.
"""

import logging
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

import keras

_NOT_USED = "USA"  # a country is demanded for the conversion to CO₂


class EnergyMeter(keras.callbacks.Callback):
    """Adds `energy_wh` to every epoch's row: watt-hours of the epoch with its validation."""

    def __init__(self) -> None:
        super().__init__()
        from codecarbon import OfflineEmissionsTracker

        logging.getLogger("codecarbon").setLevel(logging.CRITICAL)  # it speaks before it reads `log_level`
        self._tracker = OfflineEmissionsTracker(
            country_iso_code=_NOT_USED,
            output_methods=[],
            tracking_mode="process",
            allow_multiple_runs=True,  # else it leaves a lock in the temporary folder
            log_level="critical",
        )
        self._tracker.get_detected_hardware()

    @property
    def method(self) -> str:
        """Program, and how each device is metered, e.g. ``CPU(Intel Rapl)`` or ``CPU(Cpu Load)``, an estimate."""
        devices = ", ".join(map(repr, self._tracker._hardware))
        return f"CodeCarbon {version('codecarbon')}: {devices}"

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Start the meter."""
        self._tracker.start_task(f"epoch {epoch}")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Read the meter."""
        used = self._tracker.stop_task(f"epoch {epoch}")
        if used is not None and logs is not None:
            logs["energy_wh"] = round(1000 * used.energy_consumed, 5)


def energy_meter() -> EnergyMeter | None:
    """Return a meter if CodeCarbon is installed."""
    return EnergyMeter() if find_spec("codecarbon") else None
