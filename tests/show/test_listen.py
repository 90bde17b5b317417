import numpy as np

from streamrnn.config import AudioConfig, DetectConfig
from streamrnn.decoded import Event
from streamrnn.predictions import Predictions
from streamrnn.show.listen import KEPT_EVENTS, LEADERS, Listening
from tests.conftest import make_model

LABELS = ("a", "b", "c", "d", "e", "f")


def heard() -> tuple[Predictions, np.ndarray, np.ndarray]:
    model = make_model(
        frontend=AudioConfig(),
        decoder=DetectConfig(labels=LABELS, smoothing=1, threshold=0.1, refractory=0),
        input_size=40,
        hidden_size=8,
        output_size=6,
    )
    stream = model.stream()
    samples = np.random.default_rng(0).standard_normal(8_000).astype("f4") * 0.1
    said = stream.feed(samples)
    return said, samples, stream.hidden


def test_it_shows_the_leading_labels_with_their_shares() -> None:
    said, samples, hidden = heard()
    view = Listening(LABELS, seconds=3.0, rate=100.0)
    view.add(samples.astype(float), np.zeros((50, 40), "f4"), hidden, said)
    lines = view.text(columns=30, rows=9, status="lag 3 ms").plain.splitlines()
    assert said.probabilities is not None
    last = said.probabilities[-1]
    best = [LABELS[k] for k in np.argsort(last)[::-1][:LEADERS]]
    level = next(k for k, line in enumerate(lines) if line.startswith("level"))
    assert "-20 dB" in lines[level] and lines[level].endswith("lag 3 ms")
    shown = [line.split()[:2] for line in lines[level + 1 : level + 1 + LEADERS]]
    assert shown == [[label, f"{max(last[LABELS.index(label)], 0):.0%}"] for label in best]
    assert [len(line) for line in lines[:9]] == [30] * 9


def test_the_picture_scrolls_and_forgets() -> None:
    said, samples, hidden = heard()
    view = Listening(LABELS, seconds=0.5, rate=100.0)
    bright, dark = np.full((50, 40), 3.0, "f4"), np.full((50, 40), -13.0, "f4")
    view.add(samples.astype(float), bright, hidden, said)
    first = view.text(columns=10, rows=6)
    view.add(samples.astype(float), dark, hidden, said)
    second = view.text(columns=10, rows=6)
    assert {str(s.style) for s in first.spans[:40]} == {"rgb(253,231,37) on rgb(253,231,37)"}
    assert {str(s.style) for s in second.spans[:40]} == {"rgb(68,1,84) on rgb(68,1,84)"}


def test_only_the_last_events_are_kept_newest_first() -> None:
    view = Listening(LABELS, seconds=1.0, rate=100.0)
    for second in range(KEPT_EVENTS + 2):
        view.events.append((float(second), Event("detected", "a", second, 0.7)))
    lines = [line for line in view.text(columns=8, rows=3).plain.splitlines() if "detected" in line]
    assert [float(line.split()[0]) for line in lines] == [6.0, 5.0, 4.0, 3.0, 2.0]


def test_before_any_sound_there_is_a_level_and_no_label() -> None:
    text = Listening(LABELS, seconds=1.0, rate=100.0).text(columns=8, rows=3).plain
    assert "-100 dB" in text and "%" not in text
