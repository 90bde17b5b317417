"""What a network heard and made of it, as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamrnn.config import SoundConfig
from streamrnn.errors import UnsupportedError
from streamrnn.frontends.audio import AudioFrontend
from streamrnn.model import Model
from streamrnn.predictions import Predictions, join
from streamrnn.show.figure import new_figure, write_picture

_RANGE = 80.0  # decibels below the loudest that a spectrogram shows
_STEP = 0.02  # seconds fed at a time, so that the hidden state is seen to move


def heard_plot(
    model: Model, samples: NDArray[np.float32], path: str | Path, *, rate: int | None = None
) -> Predictions:
    """Stream a sound through a model, 20 ms at a time, and draw what happens, one below the other.

    The log-mel spectrogram with the events, the probability of each label, the hidden state of
    the last layer.

    Args:
        model: of sound, with labels.
        samples: `(n,)` or `(n, channels)`.
        path: the picture, in any format that matplotlib writes.
        rate: samples a second; None: the model's own.

    Returns:
        The predictions of all chunks, joined.

    Raises:
        UnsupportedError: matplotlib is not installed, or the model hears nothing or has no labels.
        ConfigError: the file cannot be written.
    """
    front = model.config.frontend
    if not isinstance(front, SoundConfig) or not model.labels:
        raise UnsupportedError(f"{model.name}: expected a model of sound with labels")
    rate = rate or front.sample_rate
    channels = 1 if samples.ndim == 1 else samples.shape[1]
    said, states = _streamed(model, samples, rate, channels)
    probabilities = said.probabilities
    assert probabilities is not None  # labels of sound are classes
    spectra = AudioFrontend.spectra(front)
    bands = spectra.framing.frame_size
    ear = spectra.stream(rate=rate, channels=channels)
    spectrum = 10.0 / np.log(10.0) * ear.feed(samples).values.T
    length = len(samples) / rate

    figure = new_figure(figsize=(10.0, 7.2), dpi=130, layout="constrained")
    above, middle, below = figure.subplots(3, 1, sharex=True, height_ratios=(3, 4, 2))
    extent = (0.0, length, 0.0, float(bands))
    top = float(spectrum.max()) if spectrum.size else 0.0
    above.imshow(
        spectrum, origin="lower", aspect="auto", extent=extent, cmap="magma", vmin=top - _RANGE
    )
    above.set_ylabel(f"{bands} mel bands")
    for event in said.happened:
        if event.kind == "detected":
            at = event.position / rate
            above.axvline(at, color="white", linewidth=1.0, linestyle=":")
            above.text(at, bands * 0.97, f" {event.label}", color="white", va="top")
    _rows(middle, probabilities, said.positions / rate, model.labels, length)
    middle.set_title("probability of each label, as the decoder smooths it", loc="left", fontsize=9)
    width = (0.0, length, 0.0, float(states.shape[1]))
    below.imshow(states.T, aspect="auto", extent=width, cmap="RdBu_r", vmin=-1.0, vmax=1.0)
    below.set_ylabel("hidden state")
    below.set_xlabel("seconds")
    write_picture(path, figure.savefig)
    return said


def _streamed(
    model: Model, samples: NDArray[np.float32], rate: int, channels: int
) -> tuple[Predictions, NDArray[np.float32]]:
    """The predictions, and the hidden state of the last layer after each chunk."""
    stream, size = model.stream(rate=rate, channels=channels), max(1, round(_STEP * rate))
    said: list[Predictions] = []
    states: list[NDArray[np.float32]] = []
    for first in range(0, len(samples), size):
        said.append(stream.feed(samples[first : first + size]))
        states.append(stream.hidden[-1].copy())
    return join(said), np.array(states)


def _rows(
    axes: Any,
    probabilities: NDArray[np.float64],
    times: NDArray[np.float64],
    labels: Sequence[str],
    length: float,
) -> None:
    """A filled curve for each label, one above the other."""
    count = len(labels)
    for row in range(count):
        base = count - 1 - row
        tops = base + 0.9 * probabilities[:, row]
        axes.fill_between(times, base, tops, color="#1f6f8b", linewidth=0.0)
        axes.axhline(base, color="#c9ccd1", linewidth=0.5)
    axes.set_yticks([count - 1 - row + 0.4 for row in range(count)], [x.strip("_") for x in labels])
    axes.set_ylim(0.0, count)
    axes.set_xlim(0.0, length)
