"""Speech, made by eSpeak NG as demos/question.py makes it."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from streamrnn.io.sounds import read_sound

DEMOS = Path(__file__).parents[3] / "demos"
QUESTION = DEMOS / "question.flac"
synthesised = pytest.mark.skipif(
    shutil.which("espeak-ng") is None, reason="needs espeak-ng: apt-get install espeak-ng"
)


def say(path: Path, *sentences: str) -> Path:
    """Write sentences to a file, at 16 kHz, with pauses between them."""
    command = [sys.executable, str(DEMOS / "question.py"), str(path), *sentences]
    subprocess.run(command, check=True, capture_output=True)
    return path


def samples_of(path: Path) -> NDArray[np.int16]:
    """A file's samples, `(n,)`."""
    return np.rint(read_sound(path).samples[:, 0] * 32_768.0).astype(np.int16)
