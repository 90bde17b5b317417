"""Answers spoken by eSpeak NG, to the loudspeaker or to a file."""

import re
import shutil
import subprocess
from pathlib import Path

from streamrnn.errors import UnsupportedError


def speak(text: str, *, file: str | None = None, voice: str = "en-gb") -> None:
    """Say a text, and wait until it is said.

    Args:
        text: it is read as it stands; what looks like an option is none.
        file: WAV to write, overwritten where it exists, instead of the loudspeaker.
        voice: one of `espeak-ng --voices`.

    Raises:
        UnsupportedError: espeak-ng is not installed, or cannot speak here.
    """
    program = shutil.which("espeak-ng")
    if program is None:
        raise UnsupportedError(
            "speak: expected espeak-ng on the path, found none; apt-get install espeak-ng, "
            "brew install espeak-ng"
        )
    # Without the colon eSpeak says the hour's zero too: zero seven zero five, not seven zero five.
    said = re.sub(r"\b(\d{1,2}):(\d{2})\b", r"\1 \2", text)
    if file is not None:
        Path(file).unlink(missing_ok=True)
    command = [program, "-v", voice, "--stdin", *(("-w", file) if file else ())]
    done = subprocess.run(command, input=said, capture_output=True, text=True, check=False)
    # eSpeak's exit code is 0 even where it could not write; an older file would hide that.
    if done.returncode or (file is not None and not Path(file).exists()):
        told = " ".join(done.stderr.split()) or f"exit code {done.returncode}"
        raise UnsupportedError(f"speak: expected espeak-ng to speak, got: {told}")
