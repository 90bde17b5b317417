"""Makes demos/question.flac, which the voice assistant hears: spoken by eSpeak NG.

    python demos/question.py [OUT.flac] [SENTENCE …]    needs espeak-ng on the path

The file is committed, so that the demo needs no synthesiser.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile  # pyright: ignore[reportMissingTypeStubs]
from numpy.typing import NDArray

from streamrnn.tasks.sounds.clips import read_mono

RATE = 16_000
SENTENCES = ("computer, what time is it",)
VOICE = ("-v", "en-us", "-s", "130", "-p", "45")
LEVEL = 0.06  # root mean square of speech
PAUSES = 1.0, 1.5  # seconds before and after a sentence


def say(sentence: str, voice: tuple[str, ...] = VOICE) -> NDArray[np.float32]:
    """One sentence between pauses, `(n,)` at 16 kHz, by a voice of eSpeak NG."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        subprocess.run(["espeak-ng", *voice, "-w", file.name, sentence], check=True)
        samples = read_mono(file.name, RATE)
    samples *= LEVEL / np.sqrt(np.mean(samples[samples != 0.0] ** 2))
    before, after = (np.zeros(round(pause * RATE), np.float32) for pause in PAUSES)
    return np.concatenate([before, samples, after])


def main() -> None:
    """Write the sentences, in a quiet room's noise."""
    out, *sentences = sys.argv[1:] or [str(Path(__file__).with_name("question.flac"))]
    whole = np.concatenate([say(sentence) for sentence in sentences or SENTENCES])
    rng = np.random.default_rng(0)
    whole += rng.normal(0.0, 3e-4, len(whole)).astype(np.float32)
    soundfile.write(out, whole, RATE, subtype="PCM_16")  # pyright: ignore[reportUnknownMemberType]


if __name__ == "__main__":
    main()
