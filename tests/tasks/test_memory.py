"""The problems are what their papers say, and no more is right by chance than is claimed."""

from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrnn.errors import ConfigError
from streamrnn.loading import load
from streamrnn.predictions import Predictions
from streamrnn.tasks import load_task
from streamrnn.tasks.memory.evaluate import examples, score
from streamrnn.tasks.memory.problems import CORRECT, PROBLEMS

seeds = st.integers(0, 10_000)


@given(seeds, st.integers(6, 200))
def test_adding_is_the_sum_of_the_marked(seed: int, length: int) -> None:
    frames, targets = PROBLEMS["adding"].draw(np.random.default_rng(seed), length)
    steps = len(frames)
    assert length <= steps <= 1.1 * length
    marked = np.flatnonzero(frames[:, 1] == 1.0)
    # Where the first pair was drawn, its number is 0 and its marker that of the beginning.
    assert len(marked) == 2 or (len(marked) == 1 and frames[0, 0] == 0.0)
    assert marked.max() < max(10, length // 2)
    assert marked.min() < min(10, length // 2) or frames[0, 0] == 0.0
    assert set(frames[[0, -1], 1]) == {-1.0}
    assert np.count_nonzero(frames[:, 1]) == len({0, *marked, steps - 1})
    assert np.abs(frames[:, 0]).max() <= 1.0
    expected = 0.5 + frames[marked, 0].sum() / 4.0
    assert targets["values"][-1, 0] == pytest.approx(expected, abs=1e-6)
    assert targets["weight"].tolist() == [0.0] * (steps - 1) + [1.0]


@given(seeds, st.integers(10, 200))
def test_order_is_told_by_two_symbols_far_apart(seed: int, length: int) -> None:
    frames, targets = PROBLEMS["order"].draw(np.random.default_rng(seed), length)
    assert (frames.sum(axis=1) == 1.0).all()
    read = "".join("abcdXYEB"[n] for n in frames.argmax(axis=1))
    assert read[0] == "E" and read[-1] == "B" and length <= len(read) <= 1.1 * length
    places = [n for n, symbol in enumerate(read) if symbol in "XY"]
    tenth = length // 10
    assert tenth <= places[0] <= 2 * tenth and 5 * tenth <= places[1] <= 6 * tenth
    assert len(places) == 2 and set(read[1:-1]) <= set("abcdXY")
    rule = {"XX": "Q", "XY": "R", "YX": "S", "YY": "U"}
    label = targets["label"]
    assert (label[:-1] == -1).all()
    assert PROBLEMS["order"].labels[label[-1]] == rule[read[places[0]] + read[places[1]]]


@given(seeds, st.integers(1, 60))
def test_copying_asks_for_the_first_ten_after_the_sign(seed: int, length: int) -> None:
    frames, targets = PROBLEMS["copying"].draw(np.random.default_rng(seed), length)
    symbols, label = frames.argmax(axis=1), targets["label"]
    assert len(symbols) == len(label) == length + 20
    assert symbols[:10].max() < 8 and (label[:-10] == 8).all()
    assert np.flatnonzero(symbols == 9).tolist() == [length + 9]
    assert (np.delete(symbols[10:], length - 1) == 8).all()
    np.testing.assert_array_equal(label[-10:], symbols[:10])


@given(seeds, st.integers(2, 80))
def test_binary_is_the_sum_of_whole_numbers(seed: int, length: int) -> None:
    frames, targets = PROBLEMS["binary"].draw(np.random.default_rng(seed), length)
    a, b = (sum(int(bit) << n for n, bit in enumerate(row)) for row in frames.T)
    assert sum(int(bit) << n for n, bit in enumerate(targets["label"])) == a + b


def test_what_is_right_without_memory() -> None:
    adding = examples("adding", 40, 4_000)
    near = [abs(each.targets["values"][-1, 0] - 0.5) < CORRECT for each in adding]
    assert np.mean(near) == pytest.approx(PROBLEMS["adding"].guessed(40), abs=0.02)  # 3.5 σ
    orders = [each.targets["label"][-1] for each in examples("order", 40, 4_000)]
    counts = np.bincount(orders, minlength=4) / len(orders)
    np.testing.assert_allclose(counts, PROBLEMS["order"].guessed(40), atol=0.025)


def test_binary_sums_without_a_carry() -> None:
    for length in (2, 5, 10):
        right = [
            (each.frames.sum(axis=1) % 2 == each.targets["label"]).all()
            for each in examples("binary", length, 4_000)
        ]
        expected = PROBLEMS["binary"].guessed(length)
        assert np.mean(right) == pytest.approx(expected, abs=3.5 * 0.5 / 4_000**0.5)


class Saying:
    """Says what would have been right, but for one place of the first `wrong` sequences."""

    def __init__(self, problem: str, length: int, count: int, wrong: int, place: int) -> None:
        self.rest = iter(examples(problem, length, count))
        self.wrong, self.place = wrong, place

    def predict(self, frames: np.ndarray) -> Predictions:
        own, targets = next(self.rest)
        np.testing.assert_array_equal(frames, own)
        outputs = targets.get("values", np.eye(9)[targets.get("label", 0)]).astype(np.float32)
        if self.wrong > 0:
            outputs[self.place] = np.roll(outputs[self.place], 1) + 0.05
        self.wrong -= 1
        return Predictions(outputs, range(1, 1 + len(outputs)))


@pytest.mark.parametrize(
    ("problem", "place", "right"),
    [
        ("adding", -1, 0.75),
        ("adding", -2, 1.0),  # nothing is asked there
        ("order", -1, 0.75),
        ("order", -2, 1.0),
        ("binary", 3, 0.75),  # one wrong bit spoils a sum
        ("copying", -4, 0.975),  # one wrong symbol is a tenth
        ("copying", 12, 1.0),  # blanks do not count
    ],
)
def test_scores_count_what_is_right(problem: str, place: int, right: float) -> None:
    found = score(Saying(problem, 12, 20, 5, place), problem, 12, count=20)
    assert found["right"] == pytest.approx(right) and found["n"] == 20
    assert found["chance"] == PROBLEMS[problem].guessed(12)


def test_task_is_the_same_for_equal_seeds_and_keeps_its_test_apart() -> None:
    task = load_task("memory", {"problem": "order", "length": 30})
    one, again, other = (
        [each.frames.tobytes() for each in islice(task.training(seed, 0), 50)] for seed in (1, 1, 2)
    )
    assert one == again != other
    apart = {each.frames.tobytes() for each in (*task.validation(), *examples("order", 30))}
    assert not apart & {*one, *other}


def test_impossible_options_are_refused() -> None:
    with pytest.raises(ConfigError, match="data.length: expected at least 6 for adding, got 5"):
        load_task("memory", {"problem": "adding", "length": 5})
    with pytest.raises(ConfigError, match="problem"):
        load_task("memory", {"problem": "sorting"})


def test_bundled_networks_add_where_they_have_gates() -> None:
    right = {
        cell: score(load(f"adding_{cell}"), "adding", 100, count=200)["right"]
        for cell in ("rnn", "gru", "lstm")
    }
    assert right["rnn"] < 0.3
    assert right["gru"] > 0.95 and right["lstm"] > 0.95
