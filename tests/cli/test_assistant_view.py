"""What a voice assistant tells: in a terminal words are written over, elsewhere they are lines."""

import json
from io import StringIO

import pytest
from rich.console import Console

from streamrnn.cli.assistant_view import JsonView, LineView
from streamrnn.serve.assistant import Answered, Decided, Due, Failed, Told, Woken, Words

OVER = "\x1b[1A\r\x1b[2K"
TOLD: list[Told] = [
    Woken(1.5, "computer", 0.68),
    Words(2.0, "turn on"),
    Words(2.5, "turn on the \x1b[31mlights " + "and " * 40),
    Decided(2.5, "HassTurnOn", 0.9, "lights", 4),
    Words(2.75, "turn on the lights"),
    Answered(3.0, "turn on the lights", "HassTurnOn", 0.99, {"domain": "light"}, "Done."),
    Answered(9.0, "", "", 0.0, {}, "I heard no word."),
    Due(70.0, "The timer is done!"),
    Failed(80.0, "the server is gone"),
]


def written(terminal: bool) -> str:
    file = StringIO()
    console = Console(file=file, force_terminal=terminal, width=60, color_system=None)
    view = LineView(console)
    view.listening("mic", ["computer"])
    for told in TOLD:
        view.tell(told)
    view.lost(320, 81.0)
    return file.getvalue()


def screen(text: str) -> list[str]:
    """The lines that a terminal shows after the codes that are written here."""
    lines, row = [""], 0
    text = text.replace(OVER, "\0")
    for character in text:
        if character == "\n":
            row += 1
            lines += [""] * (row == len(lines))
        elif character == "\0":
            row -= 1
            lines[row] = ""
        else:
            lines[row] += character
    return lines


def test_elsewhere_each_is_a_line() -> None:
    lines = written(False).splitlines()
    assert lines[0] == "mic: listening for computer"
    assert sum("…" in line for line in lines) == 3
    assert lines[-7:] == [
        "    3.00 s  “turn on the lights” HassTurnOn 99%: domain light",
        "            Done.",
        "    9.00 s  nothing",
        "            I heard no word.",
        "   70.00 s  The timer is done!",
        "   80.00 s  the command is lost: the server is gone",
        "   81.00 s  lost 320 samples",
    ]
    assert "\x1b" not in written(False)


def test_in_a_terminal_words_are_written_over() -> None:
    shown = [line.rstrip() for line in screen(written(True))]
    assert [line for line in shown if line and "… " not in line] == [
        line for line in written(False).splitlines() if "… " not in line
    ]
    assert not any("… " in line for line in shown)
    # A line that wrapped could not be written over.
    over = [line for line in written(True).replace(OVER, "").split("\n") if "… " in line]
    assert len(over) == 3 and all(len(line) <= 60 for line in over)


def test_objects_are_as_the_module_says(capsys: pytest.CaptureFixture[str]) -> None:
    view = JsonView()
    view.listening("mic", ["computer"])
    for told in TOLD:
        view.tell(told)
    view.lost(320, 81.0004)
    score, time = {"score": 0.99}, {"time": 3.0}
    revised = {"words": "turn on the \x1b[31mlights " + "and " * 40, "time": 2.5}
    assert list(map(json.loads, capsys.readouterr().out.splitlines())) == [
        {"listening": ["computer"], "source": "mic"},
        {"wake": "computer", "time": 1.5, "score": 0.68},
        {"words": "turn on", "time": 2.0},
        revised,
        {"decided": "HassTurnOn", "score": 0.9, "word": "lights", "number": 4, "time": 2.5},
        {"words": "turn on the lights", "time": 2.75},
        {"text": "turn on the lights", "intent": "HassTurnOn", **score, **time}
        | {"entities": {"domain": "light"}, "answer": "Done."},
        {"text": "", "intent": "", "score": 0.0, "entities": {}, "time": 9.0}
        | {"answer": "I heard no word."},
        {"answer": "The timer is done!", "time": 70.0},
        {"failed": "the server is gone", "time": 80.0},
        {"gap": 320, "time": 81.0},
    ]


MOVING = "\x1b[31m\n\u202e"
MOVED: list[Told] = [
    Woken(1.5, MOVING, 0.68),
    Words(2.0, MOVING),
    Decided(2.5, MOVING, 0.9, "on", 4),
    Decided(2.5, "HassTurnOn", 0.9, MOVING, 4),
    Answered(3.0, MOVING, "HassTurnOn", 0.99, {}, "Done."),
    Answered(3.0, "on", MOVING, 0.99, {}, "Done."),
    Answered(3.0, "on", "HassTurnOn", 0.99, {"name": MOVING}, "Done."),
    Answered(3.0, "on", "HassTurnOn", 0.99, {}, MOVING),
    Failed(60.0, MOVING),
    Due(70.0, MOVING),
]


@pytest.mark.parametrize("terminal", [False, True])
@pytest.mark.parametrize("told", [None, *MOVED])
def test_nothing_that_is_said_moves_the_cursor(told: Told | None, terminal: bool) -> None:
    file = StringIO()
    view = LineView(Console(file=file, force_terminal=terminal, color_system=None))
    if told is None:
        view.listening(MOVING, [MOVING])
    else:
        view.tell(told)
    text = file.getvalue()
    assert "␛[31m␊" in text and not {"\x1b", "\u202e"} & set(text)
    assert text.count("\n") == 1 + isinstance(told, Answered)


@pytest.mark.parametrize("told", MOVED)
def test_an_object_is_one_line_whatever_is_said(
    told: Told, capsys: pytest.CaptureFixture[str]
) -> None:
    JsonView().tell(told)
    line = capsys.readouterr().out
    assert line.count("\n") == 1 and "\x1b" not in line
    plain = json.loads(line)
    assert MOVING in [*plain.values(), *plain.get("entities", {}).values()]
