"""Text for `streamrnn stream`: a file, standard input, and samples of what comes next."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from streamrnn.cli.lines import print_json, tell
from streamrnn.errors import ConfigError
from streamrnn.frontends.text import TextFrontend
from streamrnn.io.texts import arriving, arriving_text
from streamrnn.model import Model
from streamrnn.predictions import Prediction, Predictions
from streamrnn.sampling import sample
from streamrnn.show.sentence import shown
from streamrnn.stream import Stream


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says about text."""

    json: bool
    replace: bool
    count: int | None
    """Characters to sample; None: the source alone is told of."""
    prompt: str
    temperature: float
    seed: int


def stream_text(model: Model, source: str | None, options: Options) -> None:
    """Feed text as it comes in, and tell what the model makes of it, or how it goes on.

    Args:
        model: of characters, or of words without a decoder that decides.
        source: a file of text, `-` for standard input, or nothing before a sample.
        options: what else is asked for.

    Raises:
        TextError: the source cannot be read, or is no UTF-8.
        ConfigError: there is neither a source nor a sample.
        UnsupportedError: the model cannot write the sample.
    """
    stream = model.stream(errors="replace" if options.replace else "strict")
    if options.count is not None:
        _sample(stream, source, options.count, options)
    elif source is None:
        raise ConfigError(
            f"stream: expected a source for {model.name}, got none; name a file of text, - for "
            "standard input, or ask for --sample N"
        )
    elif options.json:
        _write(model, stream, source)
    else:
        _print(model, stream, source)


def _predicted(model: Model, stream: Stream, source: str) -> Iterator[tuple[str, Predictions]]:
    """Each piece of text with what it made known, and nothing with what the end did.

    At the end standard error is told how many characters the model does not know.
    """
    front, count = model.frontend, 0
    for text in arriving_text(source, errors=str(stream.options["errors"])):
        count += len(text)
        yield text, stream.feed(text)
    of_characters = isinstance(front, TextFrontend) and front.config.unit == "characters"
    strange = stream.unknown if of_characters else 0
    yield "", stream.flush()
    if strange:
        tell(f"{strange:,} of {count:,} characters are unknown to {model.name}")


def _write(model: Model, stream: Stream, source: str) -> None:
    """One JSON object a step."""
    for _, said in _predicted(model, stream, source):
        for each in said:
            print_json(
                {
                    "position": each.position,
                    "label": each.label,
                    "score": each.score,
                    "events": [event._asdict() for event in each.events],
                }
            )


def _print(model: Model, stream: Stream, source: str) -> None:
    """A line a step: what was read since the one before, and what the model says to it."""
    text, first = "", 0  # what no step has told of yet, and where that begins
    for piece, said in _predicted(model, stream, source):
        text += piece
        lines, begun = list[str](), 0
        for each in said:
            end = each.position - first
            lines.append(_line(text[begun:end], each))
            begun = end
        text, first = text[begun:], first + begun
        sys.stdout.writelines(lines)
        sys.stdout.flush()


def _line(read: str, said: Prediction) -> str:
    line = f"{said.position:8,}  {_seen(read)} → {_seen(said.label or '')}"
    return f"{line}\n" if said.score is None else f"{line} {said.score:.0%}\n"


@lru_cache(maxsize=1024)
def _seen(text: str) -> str:
    """Text on one line, a lone space too."""
    return "␣" if text == " " else shown(text)


def _sample(stream: Stream, source: str | None, count: int, options: Options) -> None:
    """The prompt and how it goes on, character by character; the source comes before them."""
    before = b"" if source is None else b"".join(arriving(source))
    prompt = options.prompt.encode(errors="surrogateescape")  # as it was typed
    heard = before + prompt
    going_on = sample(
        stream,
        heard.decode(errors="replace") if options.replace else heard,
        count,
        temperature=options.temperature,
        seed=options.seed,
    )
    if not options.json:
        print(prompt.decode(errors="replace"), end="", flush=True)
    for character in going_on:
        if options.json:
            print_json({"position": stream.position, "label": character})
        else:
            print(character, end="", flush=True)
    if not options.json:
        print()
