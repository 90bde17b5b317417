"""Text for `streamrnn stream`: a file, standard input, and samples of what comes next."""

from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console

from streamrnn.cli.lines import print_json
from streamrnn.errors import ConfigError
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
        _write(stream, source)
    else:
        _print(stream, source)


def _predicted(stream: Stream, source: str) -> Iterator[tuple[str, Predictions]]:
    """Each piece of text with what it made known, and nothing with what the end did."""
    for text in arriving_text(source, errors=str(stream.options["errors"])):
        yield text, stream.feed(text)
    yield "", stream.flush()


def _write(stream: Stream, source: str) -> None:
    """One JSON object a step."""
    for _, said in _predicted(stream, source):
        for each in said:
            print_json(
                {
                    "position": each.position,
                    "label": each.label,
                    "score": each.score,
                    "events": [event._asdict() for event in each.events],
                }
            )


def _print(stream: Stream, source: str) -> None:
    """A line a step: what was read since the one before, and what the model says to it."""
    console = Console()
    text, begun = "", 0  # what no step has told of yet, and its position
    for piece, said in _predicted(stream, source):
        text += piece
        for each in said:
            read, text = text[: each.position - begun], text[each.position - begun :]
            begun = each.position
            console.print(_line(read, each), soft_wrap=True, highlight=False, markup=False)


def _line(read: str, said: Prediction) -> str:
    line = f"{said.position:8,}  {_seen(read)} → {_seen(said.label or '')}"
    return line if said.score is None else f"{line} {said.score:.0%}"


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
