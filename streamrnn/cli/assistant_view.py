"""What a voice assistant tells: lines for people, objects for programs.

With JSON, one object a line:

    {"listening": ["alexa", "computer", "jarvis"], "source": "mic"}   at first: for which wake words
    {"wake": "computer", "time": 1.49, "score": 0.68}
    {"words": "what time", "time": 2.31}                  so far; they may be revised
    {"decided": "HassGetCurrentTime", "score": 0.91, "word": "is", "number": 3, "time": 2.41}
                                                          so far; it may be revised, several times
    {"text": "what time is it", "intent": "HassGetCurrentTime", "score": 0.93,
     "entities": {}, "answer": "It is 10:42.", "time": 3.27}
    {"answer": "The timer of 1 minute is done!", "time": 63.27}   by itself
    {"failed": "tcp://…: expected a speech-to-text server …", "time": 70.1}   the command is lost
    {"gap": 320, "time": 81.04}                           samples that the microphone lost there
"""

from collections.abc import Sequence
from typing import Protocol

from rich.console import Console
from rich.control import Control
from rich.segment import ControlType
from rich.text import Text

from streamrnn.cli.lines import print_json
from streamrnn.serve.assistant import Answered, Decided, Failed, Told, Woken, Words
from streamrnn.show.sentence import shown


class View(Protocol):
    """Where it is told."""

    def listening(self, source: str, words: Sequence[str]) -> None:
        """Say what is listened to, and for which wake words."""
        ...

    def lost(self, samples: int, time: float) -> None:
        """Say how many samples the microphone lost, and after how many seconds of sound."""
        ...

    def tell(self, told: Told) -> None:
        """Say what happened."""
        ...


class JsonView:
    """Objects, as above."""

    def listening(self, source: str, words: Sequence[str]) -> None:
        """Write for which wake words it listens, and to what."""
        print_json({"listening": list(words), "source": source})

    def lost(self, samples: int, time: float) -> None:
        """Write how many samples were lost, and when."""
        print_json({"gap": samples, "time": round(time, 3)})

    def tell(self, told: Told) -> None:
        """Write an object."""
        time = {"time": round(told.time, 3)}
        if isinstance(told, Woken):
            print_json({"wake": told.word, "score": told.score, **time})
        elif isinstance(told, Words):
            print_json({"words": told.text, **time})
        elif isinstance(told, Decided):
            rest = {"score": told.score, "word": told.word, "number": told.number}
            print_json({"decided": told.intent, **rest, **time})
        elif isinstance(told, Failed):
            print_json({"failed": told.reason, **time})
        else:
            print_json({**told._asdict(), **time})


class LineView:
    """Lines; in a terminal, words are grey and written over as they are revised.

    Args:
        console: where.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._over = False  # whether the line that the cursor is on is to be written over

    def listening(self, source: str, words: Sequence[str]) -> None:
        """Say what is listened to, and for which wake words."""
        self._line(f"{source}: listening for {', '.join(words)}")

    def lost(self, samples: int, time: float) -> None:
        """Write how many samples were lost, and when."""
        self._line(f"{time:8.2f} s  lost {samples} samples")

    def tell(self, told: Told) -> None:
        """Write a line."""
        time = f"{told.time:8.2f} s  "
        if isinstance(told, Woken):
            self._line(f"{time}{told.word} {told.score:.0%}")
        elif isinstance(told, Words):
            self._line(f"{time}… {told.text}", style="bright_black", over=True)
        elif isinstance(told, Decided):
            after = f"after word {told.number}, “{told.word}”"
            self._line(f"{time}{told.intent} {told.score:.0%}, {after}")
        elif isinstance(told, Failed):
            self._line(f"{time}the command is lost: {told.reason}", style="red")
        elif not isinstance(told, Answered):
            self._line(f"{time}{told.answer}", style="bold")
        else:
            found = ", ".join(f"{name} {value}" for name, value in told.entities.items())
            heard = f"“{told.text}” {told.intent} {told.score:.0%}{': ' if found else ''}{found}"
            self._line(f"{time}{heard if told.text else 'nothing'}")
            self._line(f"{'':12}{told.answer}", style="bold")

    def _line(self, text: str, *, style: str = "", over: bool = False) -> None:
        """Write a line, in which nothing moves the cursor; `over`: the next takes its place."""
        console = self._console
        if self._over:
            up = (ControlType.CURSOR_UP, 1)
            console.control(
                Control(up, ControlType.CARRIAGE_RETURN, (ControlType.ERASE_IN_LINE, 2))
            )
        self._over = over and console.is_terminal
        line = Text(shown(text), style=style)
        if self._over:
            line.truncate(console.width, overflow="ellipsis")
        console.print(line, soft_wrap=True, highlight=False)
        console.file.flush()
