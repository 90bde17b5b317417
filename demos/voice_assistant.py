"""A voice assistant that needs no network: a wake word, a spoken command, an answer.

    python demos/voice_assistant.py                     the microphone, until Ctrl-C
    python demos/voice_assistant.py --file demos/question.flac
    python demos/voice_assistant.py --speak             and the answer is spoken (needs espeak-ng)
    python demos/voice_assistant.py --stt tcp://HOST:PORT   words by a Wyoming server instead

Say computer, jarvis or alexa, and in the same breath what time is it, or set a timer for ten
minutes, or turn on the kitchen lights. The home is pretended; what it cannot know, it says so.
Needs pip install 'streamrnn[assistant]'.
"""

import argparse
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, closing
from datetime import datetime

from rich.console import Console

import streamrnn
from streamrnn.cli import run
from streamrnn.cli.assistant_view import JsonView, LineView, View
from streamrnn.cli.lines import tell
from streamrnn.cli.sound_source import Source, filled, open_sound
from streamrnn.serve.assistant import Answered, Assistant, Due, Recogniser, Told, Woken
from streamrnn.serve.assistant.remote import WyomingRecogniser
from streamrnn.serve.assistant.speaking import speak
from streamrnn.serve.assistant.sphinx import PocketSphinx
from streamrnn.serve.models import wake_words_of
from streamrnn.tasks.intents.sentence import decides


def main() -> None:
    """Listen, and answer."""
    options = parsed()
    wake, intents = streamrnn.load(options.wake), streamrnn.load(options.intents)
    wake_words, _ = wake_words_of(wake), decides(intents)
    view: View = JsonView() if options.json else LineView(Console())
    with ExitStack() as stack:
        if options.file:  # before a language model is learnt for one that cannot be read
            source = stack.enter_context(sound(options))
            words = stack.enter_context(closing(recogniser(options.stt, wake)))
        else:  # a microphone would lose what it hears meanwhile
            words = stack.enter_context(closing(recogniser(options.stt, wake)))
            source = stack.enter_context(sound(options))
        shape = {"rate": source.rate, "channels": source.channels}
        assistant = Assistant(wake, intents, words, clock=clock(options.now), **shape)
        view.listening(source.name, wake_words)
        kinds: set[type[Told]] = set()
        for samples, gap in filled(source):
            if gap:
                view.lost(gap, assistant.time)
            told = assistant.flush() if samples is None else assistant.feed(samples)
            for each in told:
                view.tell(each)
                kinds.add(type(each))
                if isinstance(each, Answered | Due) and options.speak is not None:
                    speak(each.answer, file=options.speak or None)
    if options.file and Woken not in kinds:
        called = ", ".join(wake_words)
        tell(f"no wake word was heard ({called}); see what is: streamrnn stream wake FILE")
    if options.file and Answered not in kinds:
        raise SystemExit(1)


def sound(options: argparse.Namespace) -> AbstractContextManager[Source]:
    """Where sound comes from."""
    return open_sound(
        options.file or "mic",
        rate=None,
        channels=1,
        device=options.device,
        reconnect=options.reconnect,
        usual=16_000,
    )


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--file", help="WAV, FLAC or OGG instead of the microphone")
    parser.add_argument("--device", help="a microphone's number or a part of its name")
    parser.add_argument("--reconnect", action="store_true", help="wait for one that went away")
    parser.add_argument("--stt", metavar="URI", help="a Wyoming speech-to-text server")
    parser.add_argument(
        "--speak", nargs="?", const="", metavar="WAV", help="say answers, or write the last one"
    )
    parser.add_argument("--json", action="store_true", help="one object a line, for programs")
    parser.add_argument("--now", metavar="HH:MM", type=time_of_day, help="a clock that stands")
    parser.add_argument("--wake", default="wake", help="a bundled name or a .safetensors file")
    parser.add_argument("--intents", default="intents", help="likewise")
    return parser.parse_args()


def recogniser(uri: str | None, wake: streamrnn.Model) -> Recogniser:
    """What gives words: a server, or this machine."""
    if uri is not None:
        return WyomingRecogniser(uri)
    print("learning how people talk to a home …", file=sys.stderr, flush=True)
    return PocketSphinx(wake_words_of(wake))


def time_of_day(text: str) -> datetime:
    """Today at some time."""
    return datetime.combine(datetime.now(), datetime.strptime(text, "%H:%M").time()).astimezone()


def clock(stands: datetime | None) -> Callable[[], datetime]:
    """The time of day, or one that stands."""
    return lambda: stands or datetime.now().astimezone()


if __name__ == "__main__":
    run(main)
