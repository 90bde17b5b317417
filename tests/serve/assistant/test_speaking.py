"""Answers are spoken into a file."""

from pathlib import Path

import numpy as np
import pytest

from streamrnn.errors import UnsupportedError
from streamrnn.io.sounds import read_sound
from streamrnn.serve.assistant.speaking import speak
from tests.serve.assistant.speech import synthesised


@synthesised
def test_a_text_is_spoken_as_it_stands(tmp_path: Path) -> None:
    short, long = str(tmp_path / "short.wav"), str(tmp_path / "long.wav")
    speak("It is 10:42.", file=short)
    speak("--version; it is 10:42, and the timer of ten minutes is done!", file=long)
    assert np.abs(read_sound(short).samples).max() > 0.1
    assert len(read_sound(long).samples) > 2 * len(read_sound(short).samples)


@synthesised
def test_what_cannot_be_spoken_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match="expected espeak-ng to speak, got"):
        speak("hello", file=str(tmp_path / "absent" / "a.wav"))
    with pytest.raises(UnsupportedError, match="expected espeak-ng to speak, got"):
        speak("hello", file=str(tmp_path / "a.wav"), voice="no such voice")


def test_without_a_synthesiser_it_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UnsupportedError, match="apt-get install espeak-ng"):
        speak("hello")
