"""Makes demos/utterance.flac, which the demos hear: words spoken by eSpeak NG.

    python demos/utterance.py [OUT.flac]    needs espeak-ng on the path

The file is committed, so that the demos need no synthesiser.
"""

import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamrnn.tasks.sounds.clips import read_mono

RATE = 16_000
WORDS = ("yes", "no", "up", "down", "left", "right", "stop")
VOICE = ("-v", "en-us", "-s", "130", "-p", "45")
LEVEL = 0.06  # root mean square of speech


def say(word: str) -> NDArray[np.float32]:
    """One word, `(n,)` at 16 kHz."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        subprocess.run(["espeak-ng", *VOICE, "-w", file.name, word], check=True)
        return read_mono(file.name, RATE)


def main() -> None:
    """Write the words with pauses between them, in a quiet room's noise."""
    out = sys.argv[1] if len(sys.argv) > 1 else str(Path(__file__).with_name("utterance.flac"))
    rng = np.random.default_rng(0)
    parts = [np.zeros(RATE // 2, np.float32)]
    for word in WORDS:
        samples = say(word)
        parts += [samples, np.zeros(int(0.45 * RATE), np.float32)]
    whole = np.concatenate(parts)
    whole *= LEVEL / np.sqrt(np.mean(whole[whole != 0.0] ** 2))
    whole += rng.normal(0.0, 3e-4, len(whole)).astype(np.float32)
    soundfile: Any = import_module("soundfile")  # typed in part, in some of its versions
    soundfile.write(out, whole, RATE, subtype="PCM_16")


if __name__ == "__main__":
    main()
