"""A file of sound, heard as a microphone would hand it over: 20 ms at a time.

python demos/audio.py                       words that eSpeak NG spoke
python demos/audio.py SPEECH.wav            a recording of yours, at any rate
python demos/audio.py --png heard.png       and the picture as a file (needs matplotlib)
"""

import argparse
from pathlib import Path

import streamrnn
from streamrnn.cli import run
from streamrnn.io.sounds import read_sound

UTTERANCE = Path(__file__).with_name("utterance.flac")
CHUNK = 0.02  # seconds


def main() -> None:
    """Say what is heard when, and draw it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("file", nargs="?", default=str(UTTERANCE), help="WAV, FLAC or OGG")
    parser.add_argument("--model", default="keywords", help="a bundled name or a file")
    parser.add_argument("--png", metavar="FILE", help="draw spectrum, labels and hidden state")
    options = parser.parse_args()

    model, sound = streamrnn.load(options.model), read_sound(options.file)
    stream = model.stream(rate=sound.rate, channels=sound.samples.shape[1])
    size = int(CHUNK * sound.rate)
    for first in range(0, len(sound.samples), size):
        for said in stream.feed(sound.samples[first : first + size]):
            for event in said.events:
                if event.kind == "detected":
                    print(f"{event.position / sound.rate:6.2f} s  {event.label} {event.score:.0%}")
    if options.png:
        from streamrnn.show.heard import heard_plot

        heard_plot(model, sound.samples, options.png, rate=sound.rate)
        print(f"drawn: {options.png}")


if __name__ == "__main__":
    run(main)
