"""What plays a file of sound offline: this package, and what a user would write or take instead."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from streamrnn.config import AudioConfig, DetectConfig
from streamrnn.loading import load
from streamrnn.model import Model
from streamrnn.replay.jobs import Task, play_files
from streamrnn.replay.outcome import Outcome

MODEL = "keywords"
TOLERANCE = 1e-3
"""How far logits may lie from ours: features that agree to 1e-4 in the logarithm, through two
layers of GRU."""
BLOCK = 160_000
"""Samples that others read at a time; whole hours would not fit."""
Play = Callable[[], object]
"""Plays the file once, and gives what came of it."""


def ours(path: Path, results: Path, *, model: str = MODEL) -> Play:
    """`streamrnn replay FILE --model NAME --json`, without the start of the process."""

    def play() -> int:
        ((_, found),) = play_files([path], Task(models=(model,)))
        assert isinstance(found, Outcome), found
        results.write_bytes(msgspec.json.encode([found.events, found.steps]))
        return found.steps

    return play


def checked(path: Path) -> Play:
    """`streamrnn replay FILE.mcap --check`, likewise."""

    def play() -> int:
        ((_, found),) = play_files([path], Task())
        assert isinstance(found, Outcome) and found.difference is None, found
        return found.steps

    return play


class Torch:
    """The same of torchaudio's spectrogram and torch's layers, block by block."""

    def __init__(self, path: Path, results: Path) -> None:
        torch: Any = import_module("torch")
        torchaudio: Any = import_module("torchaudio")
        self._soundfile: Any = import_module("soundfile")
        self._torch, self._path, self._results = torch, path, results
        model: Model = load(MODEL)
        front, network, decoder = model.config.frontend, model.config.network, model.config.decoder
        assert isinstance(front, AudioConfig) and isinstance(decoder, DetectConfig)
        assert model.weights is not None
        self._front, self._labels = front, decoder.labels
        weights = {name: torch.tensor(array) for name, array in model.weights.items()}
        self._mel = torchaudio.transforms.MelSpectrogram(
            *(front.sample_rate, front.fft, front.window, front.hop, front.f_min, None),
            n_mels=front.mels,
            center=False,
        )
        self._gru = torch.nn.GRU(network.input_size, network.hidden_size, network.num_layers)
        self._gru.load_state_dict(
            {k.removeprefix("rnn."): v for k, v in weights.items() if k.startswith("rnn.")}
        )
        self._head = torch.nn.Linear(network.hidden_size, network.output_size)
        self._head.load_state_dict(
            {k.removeprefix("head."): v for k, v in weights.items() if k.startswith("head.")}
        )
        self._mean, self._scale = weights["normalise.mean"], weights["normalise.scale"]
        self._threshold = decoder.threshold

    def logits(self) -> list[NDArray[np.float32]]:
        """Of all steps, block by block."""
        torch, front = self._torch, self._front
        pad = front.fft - front.window  # torchaudio's window lies in the middle of its transform
        held, state, found = torch.zeros(0), None, []
        with torch.inference_mode(), self._soundfile.SoundFile(str(self._path)) as file:
            while len(samples := file.read(BLOCK, dtype="float32")):
                held = torch.cat((held, torch.from_numpy(samples)))
                steps = ((len(held) - front.window) // front.hop + 1) // front.stack
                columns = steps * front.stack
                if not steps:
                    continue
                here = held[: (columns - 1) * front.hop + front.window]
                here = torch.nn.functional.pad(here, (pad // 2, pad - pad // 2))
                mel = (self._mel(here)[:, :columns] + front.floor).log().T
                frames = (mel.reshape(steps, 1, -1) - self._mean) * self._scale
                out, state = self._gru(frames, state)
                found.append(self._head(out)[:, 0].numpy())
                held = held[columns * front.hop :].clone()
        return found

    def play(self) -> int:
        """Logits, probabilities, and where one passes the threshold."""
        events: list[Any] = []
        steps = 0
        for logits in self.logits():
            sure = self._torch.from_numpy(logits).softmax(1).numpy()
            rows, columns = np.nonzero(
                (sure[1:] > self._threshold) & (sure[:-1] <= self._threshold)
            )
            events += [
                [steps + n, self._labels[k]]
                for n, k in zip(rows.tolist(), columns.tolist(), strict=True)
            ]
            steps += len(logits)
        self._results.write_bytes(msgspec.json.encode([events, steps]))
        return steps

    def error(self) -> float:
        """How far the logits lie from ours at most."""
        found = np.concatenate(self.logits())
        samples, _ = self._soundfile.read(str(self._path), dtype="float32")
        expected = load(MODEL).stream().feed(samples).outputs
        return float(np.abs(found[: len(expected)] - expected[: len(found)]).max())


def silero(path: Path) -> Play:
    """silero-vad's own offline function over the whole file: speech or not, its ONNX model."""
    package: Any = import_module("silero_vad")
    soundfile: Any = import_module("soundfile")
    torch: Any = import_module("torch")
    model = package.load_silero_vad(onnx=True)

    def play() -> int:
        samples, rate = soundfile.read(str(path), dtype="float32")
        found = package.get_speech_timestamps(torch.from_numpy(samples), model, sampling_rate=rate)
        return len(found)

    return play
