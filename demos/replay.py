"""A stream is recorded; then it is played again: the same bits, sooner, in part, by another model.

python demos/replay.py                      words that eSpeak NG spoke
python demos/replay.py SPEECH.wav           a recording of yours, at any rate
python demos/replay.py --record night.mcap  and keep what was recorded
"""

import argparse
import tempfile
import time
from pathlib import Path

import streamrnn
from streamrnn.cli import run
from streamrnn.io.recorded import RecordedStream
from streamrnn.io.recording import Recording
from streamrnn.io.sounds import read_sound
from streamrnn.model import Model
from streamrnn.replay.difference import difference
from streamrnn.replay.gathering import replayed
from streamrnn.replay.play import play
from streamrnn.replay.window import WHOLE, Window, play_within

UTTERANCE = Path(__file__).with_name("utterance.flac")
CHUNK = 0.02  # seconds


def record(model: Model, file: str, path: Path) -> float:
    """Hear a file as a microphone would hand it over, and record it; gives its length."""
    sound = read_sound(file)
    size = int(CHUNK * sound.rate)
    with RecordedStream(model, path, rate=sound.rate, channels=sound.samples.shape[1]) as stream:
        for first in range(0, len(sound.samples), size):
            stream.feed(sound.samples[first : first + size])
        stream.flush()
    return len(sound.samples) / sound.rate


def main() -> None:
    """Record, and replay four times."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("file", nargs="?", default=str(UTTERANCE), help="WAV, FLAC or OGG")
    parser.add_argument("--model", default="keywords", help="that listens")
    parser.add_argument("--other", default="wake", help="that listens afterwards")
    parser.add_argument("--record", metavar="FILE", help="where to (default: nowhere for long)")
    options = parser.parse_args()

    model, other = streamrnn.load(options.model), streamrnn.load(options.other)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(options.record or Path(folder) / "heard.mcap")
        seconds = record(model, options.file, path)
        print(
            f"recorded {seconds:.1f} s, {path.stat().st_size / 1e3:.0f} kB, with every prediction"
        )

        began = time.monotonic()
        differ = [told for step in play(Recording(path), model) if (told := difference(step))]
        pace = seconds / (time.monotonic() - began)
        print(f"replayed {pace:.0f} times as fast: {differ[0] if differ else 'the same bits'}")

        part = Window(0.6 * seconds, 0.7 * seconds)
        steps = list(play_within(Recording(path), model, part))
        said = sum(len(step.said) for step in steps)
        differ = [told for step in steps if (told := difference(step))]
        told = differ[0] if differ else "the same bits"
        print(f"from {part.start:.1f} to {part.end:.1f} s alone, {said} predictions: {told}")

        beside = replayed([Recording(path)], [other], WHOLE)
        print(f"\n{'s':>7}  {model.name + ', then':<20}{other.name + ', now'}")
        for event in beside.events:
            if event.kind == "detected":
                words = [f"{event.label} {s:.0%}" if s is not None else "" for s in event.scores]
                print(f"{event.time:7.2f}  {words[0]:<20}{words[1]}".rstrip())


if __name__ == "__main__":
    run(main)
