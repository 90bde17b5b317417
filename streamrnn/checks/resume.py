"""A stream that goes on from its snapshot in a process of its own."""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from streamrnn.checks.subject import Broken, bits_of
from streamrnn.loading import load
from streamrnn.model import Model
from streamrnn.predictions import join

_RESUME = "import sys; from streamrnn.checks.resume import resume; resume(*sys.argv[1:])"


def in_another_process(model: Model, blob: bytes, rest: Any) -> str:
    """Restore a snapshot in another process and feed it the rest of a sequence.

    Returns:
        The digest of what is then predicted, as `bits_of` gives it.

    Raises:
        Broken: the process failed; the message ends in what it said.
    """
    with tempfile.TemporaryDirectory() as folder:
        paths = [str(Path(folder) / name) for name in ("m.safetensors", "state", "in.npy")]
        model.save(paths[0])
        Path(paths[1]).write_bytes(blob)
        np.save(paths[2], np.frombuffer(rest, np.uint8) if isinstance(rest, bytes) else rest)
        done = subprocess.run(
            [sys.executable, "-c", _RESUME, *paths], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise Broken(f"restored in another process: {done.stderr.strip()[-300:]}")
        return done.stdout.strip()


def resume(model: str, state: str, rest: str) -> None:
    """Go on from a snapshot in a process of its own; prints the digest of what is predicted."""
    stream = load(model).stream(state=Path(state).read_bytes())
    chunk = np.load(rest)
    if chunk.dtype == np.uint8:  # text
        chunk = chunk.tobytes()
    print(bits_of(join([stream.feed(chunk), stream.flush()])))
