"""Detect sound events with LiteRT (TFLite): ``python litert_detect.py model.tflite recording.wav``."""

import json
import sys
from pathlib import Path

import numpy as np
import soundfile
import soxr
from ai_edge_litert.interpreter import Interpreter

path, recording = sys.argv[1:]
about = json.loads(Path(f"{path}.json").read_text(encoding="utf-8"))
audio, rate = soundfile.read(recording, dtype="float32", always_2d=True)
audio = soxr.resample(audio.mean(axis=1), rate, about["sampling_rate"])
duration = len(audio) / about["sampling_rate"]
audio = np.pad(audio, (0, max(0, about["input"]["minimum"] - len(audio))))
model = Interpreter(path)
model.resize_tensor_input(model.get_input_details()[0]["index"], [1, len(audio)])
(frames,) = model.get_signature_runner()(audio=audio[np.newaxis])["frames"]
times = np.append(np.arange(len(frames)) * about["seconds_per_output_frame"], duration)
for name, scores in zip(about["classes"], frames.T, strict=True):
    active = scores >= about["decoding"]["threshold"][name]
    for onset, offset in times[np.flatnonzero(np.diff(active, prepend=False, append=False))].reshape(-1, 2):
        print(f"{onset:.3f}\t{offset:.3f}\t{name}")
