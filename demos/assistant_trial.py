"""How well the voice assistant hears: plain commands, spoken by the voices of eSpeak NG.

    python demos/assistant_trial.py                                    needs espeak-ng on the path
    python demos/assistant_trial.py --noise FILE --snr 10
    python demos/assistant_trial.py --voice en-gb "what time is it"    one voice, one command

Each command is said in one breath with the wake word, by every voice, in a quiet room or before a
recording of noise. What is right is the intent; rooms and numbers are not looked at. Real people
are harder: these voices are all clear, and none is far away.
Needs pip install 'streamrnn[assistant]'.
"""

import argparse
import json
import shutil
from contextlib import closing
from datetime import datetime
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from question import LEVEL, PAUSES, RATE, say
from rich.console import Console
from rich.progress import track
from rich.table import Table

import streamrnn
from streamrnn.cli import run
from streamrnn.errors import SoundError, UnsupportedError
from streamrnn.serve.assistant import Answered, Assistant, Told, Woken
from streamrnn.serve.assistant.sphinx import PocketSphinx
from streamrnn.serve.models import folded, wake_words_of
from streamrnn.tasks.sounds.clips import read_mono

QUIET = 3e-4  # root mean square of a quiet room
SNR_HELP = "so many dB speech lies above the noise (default: 20)"
VOICES = (
    *("en-us", "en-us+f2", "en-us+f3", "en-us+m3", "en-us+m7"),
    *("en-gb", "en-gb-x-rp", "en-gb-scotland"),
)
SAID = {
    "what time is it": "HassGetCurrentTime",
    "what day is it today": "HassGetCurrentDate",
    "turn on the kitchen lights": "HassTurnOn",
    "turn off the bedroom lights": "HassTurnOff",
    "turn off the television": "HassTurnOff",
    "open the garage door": "HassTurnOn",
    "lock the front door": "HassTurnOn",
    "close the blinds in the bedroom": "HassTurnOff",
    "is the front door locked": "HassGetState",
    "make the living room lights red": "HassLightSet",
    "set the kitchen lights to fifty percent": "HassLightSet",
    "set a timer for ten minutes": "HassStartTimer",
    "cancel the timer": "HassCancelTimer",
    "how much time is left on the timer": "HassTimerStatus",
    "add milk to the shopping list": "HassShoppingListAddItem",
    "set the temperature to twenty one degrees": "HassClimateSetTemperature",
    "what's the temperature in the bedroom": "HassClimateGetTemperature",
    "what's the weather like today": "HassGetWeather",
    "start the vacuum cleaner": "HassVacuumStart",
    "set the volume to thirty percent": "HassSetVolume",
    "turn the volume up": "HassSetVolumeRelative",
    "pause the music": "HassMediaPause",
    "next song": "HassMediaNext",
    "never mind": "HassNevermind",
}
"""Commands, and the intent of each."""


class Heard(NamedTuple):
    """What became of one command."""

    voice: str
    said: str
    woken: bool
    text: str
    """The words that were heard once it was woken."""
    right: bool
    """Whether the intent is the one that was meant."""


def main() -> None:
    """Say everything, and count."""
    options = parsed()
    if not shutil.which("espeak-ng"):
        raise UnsupportedError("espeak-ng: expected it on the path: apt-get install espeak-ng")
    noise = noise_of(options.noise) if options.noise else None
    wake, intents = streamrnn.load("wake"), streamrnn.load("intents")
    called = wake_words_of(wake)
    rng = np.random.default_rng(0)
    every = list(product(options.voice or VOICES, options.command or SAID))
    heard: list[Heard] = []
    with closing(PocketSphinx(called)) as words:
        for voice, said in track(every, "listening", console=Console(stderr=True), transient=True):
            speech = say(f"{folded(called[0])}, {said}", ("-v", voice, "-s", "130"))
            assistant = Assistant(wake, intents, words, clock=now, rate=RATE)
            told = assistant.feed(room(speech, noise, options.snr, rng))
            heard.append(outcome(voice, said, [*told, *assistant.flush()]))
    if options.json:
        print(json.dumps([each._asdict() for each in heard]))
    else:
        Console().print(table(heard))


def outcome(voice: str, said: str, told: list[Told]) -> Heard:
    """What became of a command; what noise brought about before it does not count."""
    wakings = (n for n, each in enumerate(told) if isinstance(each, Woken))
    own = told[next((n for n in wakings if told[n].time >= PAUSES[0]), len(told)) :]
    answers = [each for each in own if isinstance(each, Answered)]
    if not answers:
        return Heard(voice, said, bool(own), "", right=False)
    return Heard(voice, said, True, answers[-1].text, answers[-1].intent == SAID[said])


def noise_of(file: str) -> NDArray[np.float32]:
    """A recording, as loud as speech.

    Raises:
        SoundError: it cannot be read, or is silent.
    """
    noise = read_mono(file, RATE)
    if not noise.any():
        raise SoundError(f"{file}: expected a recording of noise, got silence")
    return noise * (LEVEL / np.sqrt(np.mean(noise**2)))


def now() -> datetime:
    """The time of day."""
    return datetime.now().astimezone()


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", nargs="*", metavar="COMMAND", help="only this one")
    parser.add_argument("--voice", action="append", choices=VOICES, help="only this one; again")
    parser.add_argument("--noise", metavar="FILE", help="a recording that is played meanwhile")
    parser.add_argument("--snr", metavar="DB", type=float, default=20.0, help=SNR_HELP)
    parser.add_argument("--json", action="store_true", help="every command, for programs")
    options = parser.parse_args()
    if unknown := set(options.command) - set(SAID):
        parser.error(f"{', '.join(sorted(unknown))}: expected one of: {', '.join(SAID)}")
    if not np.isfinite(options.snr):
        parser.error(f"--snr: expected a finite number of dB, got {options.snr}")
    return options


def room(
    speech: NDArray[np.float32],
    noise: NDArray[np.float32] | None,
    snr: float,
    rng: np.random.Generator,
) -> NDArray[np.int16]:
    """Speech in a quiet room, or so many dB above a part of a recording."""
    heard = speech + rng.normal(0.0, QUIET, len(speech)).astype(np.float32)
    if noise is not None:
        part = np.resize(np.roll(noise, -int(rng.integers(len(noise)))), len(speech))
        heard += part * 10 ** (-snr / 20)
    return (32_767 * heard.clip(-1.0, 1.0)).astype(np.int16)


def table(heard: list[Heard]) -> Table:
    """How many of each voice woke it, and how many were understood."""
    found = Table("voice", title="plain commands, in one breath with the wake word")
    for name in ("said", "woken", "right intent"):
        found.add_column(name, justify="right")
    voices = list(dict.fromkeys(each.voice for each in heard))
    for voice in (*voices, "all"):
        own = [each for each in heard if voice in (each.voice, "all")]
        counts = (len(own), sum(each.woken for each in own), sum(each.right for each in own))
        found.add_row(voice, *map(str, counts), end_section=voice == voices[-1])
    return found


if __name__ == "__main__":
    run(main)
