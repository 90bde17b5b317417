"""Samples: drawn as the softmax says, and the same however the prompt was cut."""

import collections
import math
from itertools import islice
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import streamrnn
from streamrnn.config import ClassesConfig, ModelConfig, NetworkConfig, TextConfig
from streamrnn.errors import ConfigError, EncodingError, UnsupportedError
from streamrnn.model import Model
from streamrnn.sampling import sample
from tests.conftest import make_model, make_text_model, make_weights, pieces

VOCABULARY = ("a", "b", "é", " ", "日")


def made(scale: float = 8.0, labels: tuple[str, ...] = ("_unknown_", *VOCABULARY)) -> Model:
    """A model of characters of random weights; a large scale makes it sure of itself."""
    network = NetworkConfig(
        input_size=1,
        hidden_size=9,
        encoder="embedding",
        encoder_size=4,
        vocabulary_size=6,
        output_size=len(labels),
    )
    weights = make_weights(network)
    weights["head.weight"] *= scale
    front = TextConfig(unit="characters", vocabulary=VOCABULARY, fold=False)
    config = ModelConfig(
        name="made", network=network, frontend=front, decoder=ClassesConfig(labels=labels)
    )
    return Model.from_weights(config, weights)


MODEL = made()


@given(st.text("abé 日x", min_size=1), st.lists(st.integers(0, 99)), st.integers(0, 2**40))
@settings(max_examples=40, deadline=None)
def test_a_prompt_cut_anywhere_gives_the_same_sample(
    prompt: str, cuts: list[int], seed: int
) -> None:
    whole = "".join(sample(MODEL.stream(), prompt, 30, seed=seed))
    assert len(whole) == 30 and set(whole) <= set(VOCABULARY)  # never the unknown
    stream = MODEL.stream()
    *before, last = [part for part in pieces(prompt.encode(), cuts) if part]
    for part in before:
        stream.feed(part)
    assert "".join(sample(stream, last, 30, seed=seed)) == whole


def test_what_was_drawn_is_what_the_stream_has_heard() -> None:
    stream = MODEL.stream()
    drawn = sample(stream, "ab", 50, seed=3)
    first = "".join(islice(drawn, 20))
    assert stream.position == 22
    again = MODEL.stream()
    again.feed("ab" + first)
    assert stream.snapshot() == again.snapshot()


def test_frequencies_are_those_of_the_softmax() -> None:
    """10,000 first draws at two temperatures; χ² of 4 degrees of freedom exceeds 23.5 once in
    10,000 times."""
    outputs = MODEL.predict("ab").outputs[-1, 1:].astype(np.float64)
    for temperature in (0.7, 2.0):
        shares = np.exp(outputs / temperature)
        shares /= shares.sum()
        counts = collections.Counter(
            next(sample(MODEL.stream(), "ab", 1, temperature=temperature, seed=seed))
            for seed in range(10_000)
        )
        observed = np.array([counts[symbol] for symbol in VOCABULARY])
        expected = 10_000 * shares
        assert (expected > 5).all()  # what the χ² approximation asks for
        assert ((observed - expected) ** 2 / expected).sum() < 23.5


def test_draws_within_one_sample_follow_the_softmax_too() -> None:
    text = "".join(sample(MODEL.stream(), "a", 4000, seed=11))
    outputs = MODEL.predict("a" + text).outputs[:-1, 1:].astype(np.float64)
    shares = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    drawn = np.array([VOCABULARY.index(symbol) for symbol in text])
    # Hits less their probability have mean 0 and variance Σ p (1 - p): each symbol within 4 σ.
    for number in range(len(VOCABULARY)):
        p = shares[:, number]
        miss = ((drawn == number) - p).sum() / math.sqrt((p * (1 - p)).sum())
        assert abs(miss) < 4.0


def test_no_temperature_takes_the_likeliest_whatever_the_seed() -> None:
    text = "".join(sample(MODEL.stream(), "b", 40, temperature=0, seed=1))
    assert text == "".join(sample(MODEL.stream(), "b", 40, temperature=0.0, seed=2))
    outputs = MODEL.predict("b" + text).outputs[:-1, 1:]
    assert text == "".join(VOCABULARY[n] for n in outputs.argmax(axis=1))
    # So does a temperature that is close to none.
    assert text == "".join(sample(MODEL.stream(), "b", 40, temperature=1e-300))


def test_another_seed_gives_another_text() -> None:
    texts = {"".join(sample(MODEL.stream(), "b", 40, seed=seed)) for seed in range(5)}
    assert len(texts) == 5


def test_the_alphabet_goes_on_and_turns_back() -> None:
    stream = streamrnn.load("alphabet").stream()
    assert "".join(sample(stream, "wx", 5, temperature=0)) == "YZYXW"


@pytest.mark.parametrize(
    ("model", "told"),
    [
        (make_model(), "reads characters"),
        (make_text_model("words"), "reads characters"),
        (make_text_model("characters"), "labels that are characters .* yes, no"),
        (made(labels=("_unknown_", "x", "ab", "")), "labels that are characters"),
    ],
)
def test_models_that_cannot_write_are_refused(model: Model, told: str) -> None:
    with pytest.raises(UnsupportedError, match=told):
        sample(model.stream(), "a", 3)


@pytest.mark.parametrize(
    ("prompt", "options", "error"),
    [
        ("a", {"temperature": -0.1}, ConfigError),
        ("a", {"temperature": math.nan}, ConfigError),
        ("a", {"temperature": math.inf}, ConfigError),
        ("a", {"seed": -1}, ConfigError),
        ("", {}, ConfigError),
        ("日".encode()[:2], {}, ConfigError),
        (b"a\xff", {}, EncodingError),
        (b"a\xc3", {}, EncodingError),
        ("a日".encode()[:-1], {}, EncodingError),
        (memoryview("é🎉".encode()[:-1]), {}, EncodingError),
    ],
)
def test_what_is_refused_leaves_the_stream_as_it_was(
    prompt: Any, options: dict[str, Any], error: type[Exception]
) -> None:
    stream = MODEL.stream()
    stream.feed("ab")
    before = stream.snapshot()
    with pytest.raises(error):
        sample(stream, prompt, 3, **options)
    assert stream.snapshot() == before
    with pytest.raises(ConfigError, match="count"):
        sample(stream, "a", -1)


def test_a_prompt_that_was_refused_in_mid_character_may_come_again() -> None:
    stream = MODEL.stream()
    with pytest.raises(EncodingError, match="prompt: expected whole characters, got .*xc3"):
        sample(stream, b"ab\xc3", 20)
    told = "".join(sample(stream, "abé".encode(), 20))
    assert told == "".join(sample(MODEL.stream(), "abé", 20))


def test_a_network_that_overflowed_is_told_of() -> None:
    weights = make_weights(MODEL.config.network)
    stream = MODEL.stream()
    stream.feed("ab")
    weights["head.weight"][:] = 3e38 * np.sign(stream.hidden)
    weights["head.bias"][:] = 3e38
    drawn = sample(Model.from_weights(MODEL.config, weights).stream(), "ab", 1)
    with pytest.raises(UnsupportedError, match="NaN"):
        next(drawn)
