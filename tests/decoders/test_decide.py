"""The decoder that decides once in a sequence, by itself and within a stream."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamrnn.config import DecideConfig, ModelConfig, NetworkConfig
from streamrnn.decoded import Event
from streamrnn.decoders import DecideDecoder
from streamrnn.errors import ConfigError
from streamrnn.frontends.base import Frames
from tests.conftest import make_frames, make_model, pieces

LABELS = ("on", "off", "other")


def logits(*shares):
    return np.log(np.array(shares)).astype(np.float32)


def decide(outputs, *, first=1, **options):
    stream = DecideDecoder(DecideConfig(labels=LABELS, outside="other", **options)).stream()
    return stream.decode(outputs, Frames(outputs, len(outputs)), range(first, first + len(outputs)))


def events_of(decoded):
    return [(step, event) for step, events in enumerate(decoded.events) for event in events]


def test_the_first_sure_step_decides_and_no_other():
    outputs = logits((0.5, 0.3, 0.2), (0.92, 0.05, 0.03), (0.01, 0.98, 0.01), (0.95, 0.03, 0.02))
    found = decide(outputs, first=7)
    assert found.labels == ("on", "on", "off", "on")
    ((step, event),) = events_of(found)
    assert (step, event.kind, event.label, event.position) == (1, "decided", "on", 8)
    # Logarithms and sums in float32 and float64 agree to a few units of float32.
    assert event.score == pytest.approx(0.92, rel=1e-6)


def test_a_class_must_be_sure_for_some_steps_in_a_row():
    sure, other, unsure = (0.95, 0.03, 0.02), (0.02, 0.96, 0.02), (0.6, 0.3, 0.1)
    found = decide(logits(sure, other, other, unsure, other, other, other), confirm=3)
    assert [(step, event.label) for step, event in events_of(found)] == [(6, "off")]


def test_what_lies_outside_is_never_decided_and_takes_what_is_unlikely():
    found = decide(logits((0.01, 0.01, 0.98), (0.45, 0.35, 0.2)), least=0.5)
    assert found.labels == ("other", "other") and not events_of(found)
    # A score is that of the label, not of the class that was too unlikely to be it.
    assert found.scores is not None
    np.testing.assert_allclose(found.scores, [0.98, 0.2], rtol=1e-6)


@settings(deadline=None)
@given(
    steps=st.integers(0, 30),
    confirm=st.integers(1, 4),
    cuts=st.lists(st.integers(0, 30), max_size=5),
    seed=st.integers(0, 99),
)
def test_chunking_never_shows_and_a_snapshot_goes_on(steps, confirm, cuts, seed):
    decoder = DecideConfig(labels=LABELS, outside="other", threshold=0.36, confirm=confirm)
    model = make_model(output_size=3, decoder=decoder, seed=seed)
    frames = 3.0 * make_frames(steps, seed=seed)
    whole = model.predict(frames)
    stream = model.stream()
    labels: list[str | None] = []
    events: list[tuple[Event, ...]] = []
    for piece in pieces(frames, cuts):
        said = stream.feed(piece)
        labels += said.labels or ()
        events += said.events
        stream = model.stream(state=stream.snapshot())
    assert tuple(labels) == whole.labels and tuple(events) == whole.events
    assert sum(map(len, events)) <= 1
    stream.flush()
    assert stream.snapshot() == model.stream().snapshot()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"threshold": 1.5}, "decoder.threshold: expected 0 to 1, got 1.5"),
        ({"confirm": 0}, "decoder.confirm: expected at least 1 step, got 0"),
        ({"outside": "else"}, "decoder.outside: expected one of on, off, other, got 'else'"),
        ({"outside": "", "least": 0.5}, "expected a label `outside`"),
    ],
)
def test_what_can_decide_nothing_is_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        DecideConfig(**{"labels": LABELS, "outside": "other", **options})


def test_labels_and_outputs_agree():
    network = NetworkConfig(input_size=3, hidden_size=4, output_size=2)
    with pytest.raises(ConfigError, match="one label an output, 2, got 3"):
        ModelConfig(name="x", network=network, decoder=DecideConfig(labels=LABELS))
