"""Detect sound events with Keras: ``python keras_detect.py model.keras recording.wav``."""

import json
import sys
from pathlib import Path

import keras
import numpy as np
import soundfile
import soxr

path, recording = sys.argv[1:]
about = json.loads(Path(f"{path}.json").read_text(encoding="utf-8"))
audio, rate = soundfile.read(recording, dtype="float32", always_2d=True)
audio = soxr.resample(audio.mean(axis=1), rate, about["sampling_rate"])
duration = len(audio) / about["sampling_rate"]
audio = np.pad(audio, (0, max(0, about["input"]["minimum"] - len(audio))))
model = keras.saving.load_model(path)
(frames,) = model.predict(audio[np.newaxis], verbose=0)["frames"]
times = np.append(np.arange(len(frames)) * about["seconds_per_output_frame"], duration)
for name, scores in zip(about["classes"], frames.T, strict=True):
    active = scores >= about["decoding"]["threshold"][name]
    for onset, offset in times[np.flatnonzero(np.diff(active, prepend=False, append=False))].reshape(-1, 2):
        print(f"{onset:.3f}\t{offset:.3f}\t{name}")
