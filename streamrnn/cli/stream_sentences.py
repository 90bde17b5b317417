"""Sentences for `streamrnn stream`: typed key by key in a terminal, or lines of text.

With `--json`, one object a step, as soon as its word is ended, and one a sentence after its steps:

    {"position": 10,           characters of the sentence that had come when the step became known
     "word_index": 1,          which word, from 0
     "word": "time",           as it was written, and what stands at it (`time?`)
     "label": "HassGetCurrentTime", "score": 0.83,      the likeliest, and how likely, 0 to 1
     "event": null,            "decided" at the one step that decides
     "probabilities": {"HassGetCurrentTime": 0.83, …}}  of the five likeliest labels, in order

    {"sentence": "what time is it?",                    its first 4,096 characters
     "characters": 16, "words": 4,                      how many there were
     "label": "HassGetCurrentTime", "score": 0.93,      of the last step; null without words
     "decided": {"position": 13, "word_index": 2, "word": "is", "label": …, "score": …},   or null
     "answer": "It is 14:05."}                          of the pretended home; null without words

A sentence is a line without its end, LF or CR LF; an empty one has an object too, and so has a
last one that no line's end follows. Bytes that are no UTF-8 read U+FFFD. The numbers are those of
`Model.predict` on the sentence. That a timer has ended is told with the next answer; who types
in a terminal is told at once.
"""

import codecs
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import datetime
from io import IncrementalNewlineDecoder
from typing import Any

from rich.cells import cell_len
from rich.console import Console, Group
from rich.control import Control
from rich.live import Live
from rich.padding import Padding
from rich.segment import ControlType
from rich.text import Text

from streamrnn.cli.lines import print_json
from streamrnn.io.keys import BACK, CLEAR, END, ENTER, Keyboard
from streamrnn.io.texts import arriving, read_lines
from streamrnn.model import Model
from streamrnn.show.sentence import sentence_view, shown, summary
from streamrnn.show.shares import leaders
from streamrnn.tasks.intents.answers import Household
from streamrnn.tasks.intents.sentence import Sentence, Step, Typed, Whole

TICK = 0.5  # seconds between looks at the timers
MOST_SHOWN = 200  # characters of a sentence in a line
LEADERS = 5
HINT = "Enter: answer · Backspace, Ctrl-U: take back · Ctrl-D: end"


def stream_sentences(
    model: Model, source: str, *, json: bool = False, view: bool | None = None
) -> None:
    """Feed sentences as they come in, tell what the model makes of them, and answer.

    Args:
        model: of text, whose decoder decides.
        source: a file of text, or `-` for standard input.
        json: objects as above, instead of a line a sentence.
        view: whether keys are taken one by one; by default where standard input is a terminal.

    Raises:
        TextError: the file cannot be read.
        UnsupportedError: a view is asked for without a terminal.
    """
    console = Console()
    if view is None:
        view = source == "-" and sys.stdin.isatty() and console.is_terminal
    if json:
        _write(model, _arriving(source))
    elif view:
        _converse(model, console)
    else:
        _print(model, console, _arriving(source))


def pieces(chunks: Iterable[bytes]) -> Iterator[tuple[str, bool]]:
    """Bytes, cut anywhere → text, and whether a line ends after it."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    whole_ends = IncrementalNewlineDecoder(decoder, translate=False)  # it never parts \r and \n
    for chunk in chunks:
        *ended, rest = whole_ends.decode(chunk).split("\n")
        yield from ((text.removesuffix("\r"), True) for text in ended)
        yield rest, False
    yield whole_ends.decode(b"", True).removesuffix("\r"), False


def _arriving(source: str) -> Iterator[bytes]:
    """What comes, a sentence a line; of JSON lines their texts."""
    if not source.lower().endswith(".jsonl"):
        yield from arriving(source)
        return
    for text in read_lines(source):
        yield " ".join(text.splitlines()).encode() + b"\n"


def _heard(model: Model, chunks: Iterable[bytes]) -> Iterator[Step | Whole]:
    """Each step as it becomes known, and each sentence after its steps."""
    sentence = Sentence(model)
    for text, ended in pieces(chunks):
        yield from sentence.feed(text)
        if ended:
            steps, whole = sentence.flush()
            yield from steps
            yield whole
    if sentence.stream.position:
        steps, whole = sentence.flush()
        yield from steps
        yield whole


def _answer(home: Household, whole: Whole) -> str:
    return home.answer(whole.label, whole.text, _now())


def _said(whole: Whole) -> str:
    """The sentence itself, cut where it is long."""
    text = shown(whole.text.strip())
    if whole.characters <= MOST_SHOWN:
        return text
    return f"{text[:MOST_SHOWN]}… ({whole.characters} characters)"


def _now() -> datetime:
    return datetime.now().astimezone()


def _write(model: Model, chunks: Iterable[bytes]) -> None:
    """The objects that the head of this file tells of."""
    home = Household()
    for told in _heard(model, chunks):
        if isinstance(told, Step):
            best = leaders(model.labels, told.probable, LEADERS)
            plain = {**_plain(told), "event": told.said.event, "probabilities": dict(best)}
        else:
            last = None if told.last is None else told.last.said
            plain = {
                "sentence": told.text,
                "characters": told.characters,
                "words": told.words,
                "label": None if last is None else last.label,
                "score": None if last is None else last.score,
                "decided": None if told.decided is None else _plain(told.decided),
                "answer": None if last is None else _answer(home, told),
            }
        print_json(plain)


def _plain(step: Step) -> dict[str, Any]:
    said = step.said
    return {
        "position": said.position,
        "word_index": step.number,
        "word": step.word,
        "label": said.label,
        "score": said.score,
    }


def _print(model: Model, console: Console, chunks: Iterable[bytes]) -> None:
    """A line a sentence: what it said, what it was taken for, the answer."""
    home = Household()
    for told in _heard(model, chunks):
        if isinstance(told, Whole) and told.characters:
            parts = (_said(told), summary(told), shown(_answer(home, told)))
            console.print(Text("  |  ".join(parts)), soft_wrap=True)


def _converse(model: Model, console: Console) -> None:
    """Key by key: the picture moves with every word, Enter answers."""
    home, typed = Household(), Typed(model)
    answered: list[Step] = []
    picture, width = Text(), console.width
    with ExitStack() as resources:
        keyboard = resources.enter_context(Keyboard(sys.stdin.fileno()))
        with console.status("loading the kernels"):
            for character in "a ":  # one step
                typed.type(character)
            typed.clear()
        live = resources.enter_context(Live(console=console, auto_refresh=False, transient=True))
        going = True
        while going:
            last, before = picture, width
            picture, width = _picture(model, console, typed, answered, home), console.width
            # None without need: terminals wrap before they tell of their new width.
            if picture != last or width != before:
                unwrap(console, last, before)
                live.update(picture, refresh=True)
            for key in keyboard.read(TICK):
                ended = key == END
                if (ended or key == ENTER) and typed.sentence.text.strip():
                    answered, whole = typed.enter()
                    _tell(console, home, whole)
                elif key == BACK:
                    typed.back()
                elif key in (CLEAR, ENTER):
                    typed.clear()
                elif not ended and not typed.type(key):
                    console.bell()
                going = going and not ended
            for told in home.due(_now()):
                console.print(Text(told, "bold"))


def unwrap(console: Console, picture: Text, width: int) -> None:
    """Take back the lines that a terminal wrapped as it became narrower; `Live` does the others.

    Args:
        console: as it is now.
        picture: the last.
        width: of the console at the time.
    """
    lengths = (min(cell_len(line), width) for line in picture.plain.split("\n"))
    wrapped = sum(max(0, length - 1) // console.width for length in lengths)
    erase = (ControlType.ERASE_IN_LINE, 2)
    console.control(Control(*[erase, (ControlType.CURSOR_UP, 1)] * wrapped))


def _tell(console: Console, home: Household, whole: Whole) -> None:
    """A sentence that was entered, and the answer; they stay where they were printed."""
    answer = Text(shown(_answer(home, whole)), "bold")
    below = Group(Text(summary(whole), "dim"), answer)
    indented = Padding(below, (0, 0, 0, 2), expand=False)
    console.print(Group(Text(f"› {_said(whole)}"), indented))


def _picture(
    model: Model, console: Console, typed: Typed, answered: list[Step], home: Household
) -> Text:
    """What is being typed, and what is made of it; before it begins, the last sentence."""
    sentence, width = typed.sentence, console.width - 1
    timers = home.running(_now())
    text, unfinished = shown(sentence.text), shown(sentence.open)
    picture = Text("› ", no_wrap=True, end="")
    seen = _tail(text, width - 4)
    split = max(0, len(seen) - len(unfinished)) if text.endswith(unfinished) else len(seen)
    picture.append(seen[:split], "bold").append(seen[split:], "bright_black").append("▏\n")
    steps = typed.steps if text else answered
    colour = console.color_system is not None and not console.no_color
    picture.append(
        sentence_view(
            model.labels,
            steps,
            columns=width,
            rows=console.height - 4 - len(timers[:2]),
            unfinished=sentence.open,
            colour=colour,
        )
    )
    for told in timers[:2]:
        picture.append(told + "\n", "cyan")
    return picture.append(HINT, "dim")


def _tail(text: str, width: int) -> str:
    """The end of a text that fits."""
    if cell_len(text) <= width:
        return text
    first, used = len(text), 1  # the ellipsis
    while first and used + cell_len(text[first - 1]) <= width:
        first -= 1
        used += cell_len(text[first])
    return "…" + text[first:]
