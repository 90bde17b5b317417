"""The alphabet: streams whose labels follow from the letters, and the bundled networks' scores."""

from string import ascii_uppercase as LETTERS
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import streamrnn
from streamrnn.errors import ConfigError
from streamrnn.tasks import load_task, task_names
from streamrnn.tasks.alphabet.evaluate import neighbours, score, single_directions
from streamrnn.tasks.alphabet.task import stream


@given(st.integers(0, 25), st.sampled_from([1, -1]), st.integers(0, 2**31), st.booleans())
@settings(max_examples=100, deadline=None)
def test_two_letters_settle_the_label_and_gaps_change_nothing(
    first: int, way: int, seed: int, both: bool
) -> None:
    frames, targets = stream(np.random.default_rng(seed), first, way, 64, both=both)
    label = targets["label"]
    assert frames.shape == (64, 1) and frames.dtype == np.float32
    before = letter = None
    for step, token in enumerate(frames[:, 0].astype(int)):
        if token == 0:
            assert label[step] == (label[step - 1] if letter is not None else -1)
            continue
        before, letter = letter, token - 1
        if before is None:
            assert letter == first
        if not both:
            assert label[step] == (letter + way if 0 <= letter + way < 26 else -1)
        elif before is not None and abs(letter - before) == 1:
            past = 2 * letter - before
            assert label[step] == (past if 0 <= past < 26 else before)
        else:
            assert abs(label[step] - letter) == 1 and 0 <= label[step] < 26


def test_a_round_goes_each_way_from_each_letter_equally_often() -> None:
    assert "alphabet" in task_names()
    task = load_task("alphabet", {"rounds": 3})
    made = list(task.training(1, 0))
    assert len(made) == 3 * 52
    ways: dict[int, list[int]] = {}
    for example in made:
        tokens = example.frames[:, 0]
        at = int(np.argmax(tokens > 0))
        letter = int(tokens[at]) - 1
        ways.setdefault(letter, []).append(int(example.targets["label"][at]) - letter)
    assert {letter: sum(found) for letter, found in ways.items()} == {
        letter: {0: 6, 25: -6}.get(letter, 0) for letter in range(26)
    }
    assert len(task.validation()) == 50
    assert [
        len(list(load_task("alphabet", {"direction": d, "rounds": 1}).training(0, 0)))
        for d in ("forwards", "backwards")
    ] == [52, 52]


def test_scores_of_a_reader_that_always_goes_forwards() -> None:
    def predict(text: str) -> Any:
        following = [LETTERS[(LETTERS.index(letter) + 1) % 26] for letter in text]
        outputs = np.zeros((len(text), 26), np.float32)
        return SimpleNamespace(labels=tuple(following), outputs=outputs)

    scores = score(SimpleNamespace(predict=predict))
    assert set(scores["forwards"].values()) == {1.0}
    assert set(scores["backwards"].values()) == {0.0}
    assert scores["n"]["1"] == 25 and scores["n"]["25"] == 1
    assert scores["first"]["A"] == {"B": pytest.approx(1 / 26)}
    assert scores["largest_miss"] == pytest.approx(0.5 - 1 / 26)
    assert scores["turns"] == 0.5  # backwards it comes to A, and says B


def test_the_bundled_network_knows_both_ways() -> None:
    """What the issue asks: all right after two letters, and within 1 % of a half after one."""
    model = streamrnn.load("alphabet")
    scores = score(model, others=single_directions())
    for way in ("forwards", "backwards"):
        assert {share for count, share in scores[way].items() if count != "1"} == {1.0}
    # Each of B … Y is right one way; A and Z have one neighbour only.
    assert round(25 * (scores["forwards"]["1"] + scores["backwards"]["1"])) == 26
    assert scores["largest_miss"] <= 0.01
    assert min(scores["first"]["A"]["B"], scores["first"]["Z"]["Y"]) > 0.99
    assert scores["turns"] == 1.0
    for name, own in scores["baselines"].items():
        known = name.removeprefix("alphabet_")
        other = {"forwards": "backwards", "backwards": "forwards"}[known]
        assert set(own[known].values()) == {1.0}
        assert set(own[other].values()) == {0.0}


def test_the_bundled_network_passes_over_what_is_no_letter_and_begins_anew_after_a_jump() -> None:
    model = streamrnn.load("alphabet")
    labels = model.predict("f, g\n H").labels
    assert labels is not None and labels[0] in ("E", "G")
    assert labels[1:] == (labels[0], labels[0], "H", "H", "H", "I")
    for text in ("ABCDER", "zyxwvur", "Ar"):
        shares = neighbours("r", model.predict(text).outputs[-1])
        # Learnt from every letter on; a jump from one letter to another is one of 600, so 10 %.
        assert abs(shares["Q"] - 0.5) < 0.1 and abs(shares["S"] - 0.5) < 0.1


@pytest.mark.parametrize(
    ("data", "told"),
    [({"direction": "up"}, "up"), ({"steps": 0}, "steps"), ({"rounds": 0}, "rounds")],
)
def test_impossible_options_are_refused(data: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        load_task("alphabet", data)
