import re
from pathlib import Path

from rich.console import Console

import streamrnn
from streamrnn.show.letters import alphabet_table, bars, bits_table, states_plot
from streamrnn.tasks.alphabet.evaluate import score


def lines(thing: object) -> str:
    console = Console(width=100)
    with console.capture() as capture:
        console.print(thing)
    return capture.get()


def test_a_line_has_a_bar_for_each_neighbour() -> None:
    line = bars("F", {"E": 0.25, "G": 0.75}).plain
    assert line.index("E █████ ") < line.index("25.0%") < line.index("G " + 15 * "█")
    assert "75.0%" in line
    assert "100.0%" in bars("A", {"B": 1.0}).plain


def test_tables_say_what_was_scored() -> None:
    model = streamrnn.load("alphabet")
    scores = score(model, others={"itself": model})
    told = lines(alphabet_table(scores, "alphabet"))
    assert told.count(" 100%") == 2 * 2 * 4 + 1 and "itself" in told and "A → B 100.0%" in told
    told = lines(
        bits_table(
            {"bits_per_character": 2.1, "n": 1234, "unknown": 0, "baselines": {"5-gram": 2.3}}, "m"
        )
    )
    assert "2.100" in told and "2.300" in told and "1,234 characters" in told


def test_the_hidden_states_are_drawn(tmp_path: Path) -> None:
    path = tmp_path / "states.png"
    states_plot(streamrnn.load("alphabet"), ["FGH", "FED", "AB"], path)
    assert path.read_bytes().startswith(b"\x89PNG")


def test_a_picture_says_which_way_it_goes_and_what_its_colours_mean(tmp_path: Path) -> None:
    path = tmp_path / "states.svg"
    states_plot(streamrnn.load("alphabet"), ["FGH", "FED"], path)
    told = re.findall("<!-- (.*?) -->", path.read_text(encoding="utf-8"))  # letters are paths
    assert {"forwards from F", "backwards from F", "−1", "0", "1"} <= set(told)
