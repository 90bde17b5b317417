"""Each picture is drawn in light and dark; the one for a page takes the page's colours."""

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from streamrnn.bench.common import timing
from streamrnn.bench.gates import Cost, GatesReport
from streamrnn.learn.explain.gradient import GradientReport, explain_gradient
from streamrnn.learn.explain.memory import explain_memory
from streamrnn.learn.explain.results import Spread, read_committed
from streamrnn.learn.explain.states import explain_state
from streamrnn.loading import load
from streamrnn.show.explain.gates import gates_picture, gates_tables, scores_of
from streamrnn.show.explain.gradient import gradient_picture
from streamrnn.show.explain.memory import memory_picture
from streamrnn.show.explain.state import state_picture
from streamrnn.show.explain.tasks import grouped, tasks_picture, tasks_table
from streamrnn.show.theme import DARK, LIGHT, style_sheet, svg, write
from tests.conftest import make_frames, make_model

image: Any = pytest.importorskip("matplotlib.image")
SENTENCE = "what time is it?"


def gates_report() -> GatesReport:
    costs = [
        Cost(
            cell=cell,
            equal=equal,
            hidden_size=128,
            weights=n * 1_000,
            multiply_adds=n * 990,
            live=timing([n * 1e-6]),
            training=timing([n * 2e-6]),
            live_ratio=float(n),
            training_ratio=n / 2.0,
        )
        for equal in ("hidden", "weights")
        for n, cell in enumerate(("rnn", "gru", "lstm"), 1)
    ]
    return GatesReport(environment={"cpu": "none"}, left_out={}, costs=costs)


@pytest.fixture(scope="module")
def gradients() -> GradientReport:
    return explain_gradient([load("adding_gru")], steps=20, hidden_size=8, seeds=2)


@pytest.fixture(params=["state", "sound", "memory", "map", "tasks", "gates", "gradient"])
def picture(request: pytest.FixtureRequest, gradients: GradientReport) -> Any:
    reader = load("intents_lstm")
    match request.param:
        case "state":
            return state_picture(explain_state(reader, SENTENCE))
        case "sound":
            return state_picture(explain_state(make_model(cell="gru"), make_frames(60)))
        case "memory":
            return memory_picture([explain_memory(reader, SENTENCE)])
        case "map":
            reports = [explain_memory(make_model(cell=c), make_frames(20)) for c in ("rnn", "gru")]
            return memory_picture(reports, "output")
        case "tasks":
            return tasks_picture(read_committed("memory_tasks"))
        case "gates":
            return gates_picture(gates_report(), read_committed("gates_cost"))
        case _:
            return gradient_picture(gradients)


def test_light_and_dark_differ_in_ground_and_in_nothing_of_size(
    picture: Any, tmp_path: Path
) -> None:
    draw, size = picture
    write(draw, size, tmp_path / "light.png")
    write(draw, size, tmp_path / "dark.png", dark=True)
    light, dark = (image.imread(tmp_path / f"{name}.png") for name in ("light", "dark"))
    assert light.shape == dark.shape
    for drawn, theme in ((light, LIGHT), (dark, DARK)):
        ground = np.array([int(theme.ground[n : n + 2], 16) / 255 for n in (1, 3, 5)])
        same = np.abs(drawn[..., :3] - ground).max(axis=-1) < 0.01
        assert 0.1 < same.mean() < 0.999  # something is drawn, and the ground is to be seen


def test_a_pages_picture_has_the_pages_colours_and_names_of_its_own(picture: Any) -> None:
    draw, size = picture
    text = svg(draw, size, "one")
    ElementTree.fromstring(text)  # well-formed
    assert text.startswith("<svg ") and text.rstrip().endswith("</svg>")
    assert "viewBox=" in text and 'width="' not in text[: text.index(">")]
    assert LIGHT.ink not in text and "var(--ink)" in text
    names = set(re.findall(r'\bid="([^"]*)"', text))
    assert names and all(name.startswith("one-") for name in names)
    used = re.findall(r'xlink:href="#([^"]*)"', text) + re.findall(r"url\(#([^)]*)\)", text)
    assert used and set(used) <= names
    assert not re.search(r'href="(?!#|data:)|src="', text)  # nothing is fetched


def test_style_sheet_has_every_colour_twice() -> None:
    sheet = style_sheet()
    for theme in (LIGHT, DARK):
        for colour in (theme.ground, theme.ink, theme.faint, *theme.lines):
            assert f": {colour}" in sheet


def test_groups_and_tables_tell_mean_and_span() -> None:
    rows = read_committed("memory_tasks")
    own = [row.score for row in rows if (row.task, row.cell, row.length) == ("adding", "gru", 10)]
    found = grouped(rows)["adding"]["gru"][10]
    assert found == Spread(mean=sum(own) / len(own), low=min(own), high=max(own), runs=len(own))
    assert tasks_table(rows).row_count == 19  # four problems, four networks; three at 1,000 bits
    costs = read_committed("gates_cost")
    assert sum(score.runs for score in scores_of(costs).values()) == len(costs)
    first, second = gates_tables(gates_report(), costs)
    assert first.row_count == 6 and second.row_count == len(scores_of(costs)) + 2
