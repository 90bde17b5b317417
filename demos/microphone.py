"""A microphone, and what the network takes it for while one speaks.

    python demos/microphone.py                  the system's microphone, until Ctrl-C
    python demos/microphone.py --file X.wav     a recording in its place

With a picture: streamrnn stream keywords mic
"""

import argparse
from collections.abc import Iterator
from contextlib import ExitStack

import numpy as np
from numpy.typing import NDArray

import streamrnn
from streamrnn.cli import run
from streamrnn.io.microphone import Microphone
from streamrnn.io.sounds import read_sound


def heard(file: str | None, resources: ExitStack) -> tuple[int, Iterator[NDArray[np.generic]]]:
    """Samples a second, and blocks of samples `(n, channels)` as they come."""
    if file:
        sound = read_sound(file)
        mono = sound.samples.mean(axis=1, keepdims=True)
        return sound.rate, (mono[first : first + 512] for first in range(0, len(mono), 512))
    microphone = resources.enter_context(Microphone())
    # A gap is silence as long as what was lost, so that positions stay the device's.
    return microphone.rate, (
        np.concatenate([np.zeros((block.gap, 1), np.int16), block.samples]) for block in microphone
    )


def main() -> None:
    """Tell each word as it is detected."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--file", help="WAV, FLAC or OGG instead of the microphone")
    parser.add_argument("--model", default="keywords", help="a bundled name or a file")
    options = parser.parse_args()
    model = streamrnn.load(options.model)
    with ExitStack() as resources:
        rate, blocks = heard(options.file, resources)
        stream = model.stream(rate=rate)
        print("listening for", ", ".join(w for w in model.labels if not w.startswith("_")))
        try:
            for block in blocks:
                for said in stream.feed(block):
                    for event in said.events:
                        if event.kind == "detected":
                            print(
                                f"{said.time:8.2f} s  {event.label} {event.score:.0%}", flush=True
                            )
        except KeyboardInterrupt:
            print("stopped")


if __name__ == "__main__":
    run(main)
