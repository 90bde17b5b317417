"""Detections by hand: smoothing, hysteresis, confirmation, refractory time, resets."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamrnn.kernels import detect as d


def run(probabilities, *, threshold: Any = 0.5, state=None, **options: Any):
    """Events as (step, kind, class), and smoothed probabilities, for given softmaxes."""
    rows = np.asarray(probabilities, float)
    given = {
        "smoothing": 1,
        "release": 0.6,
        "confirm": 1,
        "refractory": 0,
        "quiet": -1,
        "quiet_above": 0.9,
        "reset_after": 0,
        "reset_quiet": 1,
        **options,
    }
    values = np.array(list(given.values()), float)
    logits = np.log(np.maximum(rows, 1e-30)).astype(np.float32)
    classes = rows.shape[1]
    thresholds = np.broadcast_to(np.asarray(threshold, float), (classes,)).copy()
    state = d.fresh(classes) if state is None else state
    smooth, events = np.empty(rows.shape), np.empty((2 * rows.size, 3), np.int64)
    one, many = np.zeros(1, np.int64), np.array([len(rows)])
    best, scores = np.empty(len(rows), np.int64), np.empty(len(rows))
    count = d.detect_streams(
        logits, one, one, many, values, thresholds, state[None], smooth, best, scores, events
    )
    assert best.tolist() == smooth.argmax(axis=1).tolist()
    assert scores.tolist() == smooth.max(axis=1).tolist()
    return [tuple(row) for row in events[:count].tolist()], smooth, state


def binary(*scores):
    return [[1.0 - score, score] for score in scores]


ONLY = [2.0, 0.5]  # the first class is ignored


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), smoothing=st.integers(1, 9), steps=st.integers(0, 30))
def test_smoothing_is_a_mean_and_then_an_exponential_one(seed, smoothing, steps):
    p = np.random.default_rng(seed).dirichlet([1.0, 1.0, 1.0], steps)
    mean = np.zeros(3)
    for t, smooth in enumerate(run(p, smoothing=smoothing)[1] if steps else []):
        mean += (p[t] - mean) / min(t + 1, smoothing)
        # float32 logits: a part in ten million of a probability, more where it is tiny.
        np.testing.assert_allclose(smooth, mean, atol=3e-6)


def test_an_event_starts_at_the_threshold_and_ends_below_the_release():
    found, _, _ = run(binary(0.1, 0.49, 0.51, 0.9, 0.4, 0.31, 0.29, 0.4), threshold=ONLY)
    assert found == [(2, d.START, 1), (2, d.DETECTED, 1), (6, d.END, 1)]


def test_a_detection_waits_for_its_confirmation():
    scores = binary(0.6, 0.6, 0.1, 0.6, 0.6, 0.6, 0.6, 0.1)
    found, _, _ = run(scores, threshold=ONLY, confirm=3)
    starts = [(0, d.START, 1), (2, d.END, 1), (3, d.START, 1)]
    assert found == [*starts, (5, d.DETECTED, 1), (7, d.END, 1)]


def test_no_detection_comes_twice_within_the_refractory_time():
    scores = binary(0.9, 0.1, 0.9, 0.1, 0.9, 0.9)
    found, _, _ = run(scores, threshold=ONLY, refractory=3)
    assert [t for t, kind, _ in found if kind == d.DETECTED] == [0, 4]
    assert [t for t, kind, _ in found if kind == d.START] == [0, 4]
    # Each label has its own: the other is not held back.
    both = [[0.9, 0.1], [0.1, 0.9]]
    found, _, _ = run(both, refractory=9)
    assert [(t, k) for t, kind, k in found if kind == d.DETECTED] == [(0, 0), (1, 1)]


def test_ignored_classes_and_thresholds_of_their_own():
    p = [[0.7, 0.1, 0.2], [0.1, 0.55, 0.35], [0.3, 0.0, 0.7]]
    found, _, _ = run(p, threshold=[2.0, 0.6, 0.3])
    assert [(t, k) for t, kind, k in found if kind == d.START] == [(1, 2)]


def test_a_reset_is_asked_for_when_it_is_due_and_quiet():
    options = {"threshold": ONLY, "quiet": 0, "reset_after": 5, "reset_quiet": 2}
    asked = []
    state = d.fresh(2)
    scores = [0.0, 0.0, 0.9, 0.9, 0.9, 0.9, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    for t, row in enumerate(binary(*scores)):
        run([row], state=state, **options)
        if state[d.RESET]:
            asked.append(t)
    # Due from step 4 on, but a word is spoken; quiet twice at 7; five steps on, at 12, again.
    assert asked == [7, 12]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), data=st.data())
def test_chunking_never_shows(seed, data):
    rng = np.random.default_rng(seed)
    p = rng.dirichlet([0.3, 0.3, 0.3], 60)
    options = {"smoothing": 3, "confirm": 2, "refractory": 5, "threshold": 0.4}
    whole, smooth, state = run(p, **options)
    edges = [0, *sorted(data.draw(st.lists(st.integers(0, 60), max_size=6))), 60]
    cut, parts, other = [], [], d.fresh(3)
    for a, b in zip(edges, edges[1:], strict=False):
        found, values, _ = run(p[a:b].reshape(-1, 3), state=other, **options)
        cut += [(t + a, kind, k) for t, kind, k in found]
        parts.append(values)
    assert cut == whole
    assert np.concatenate(parts).tobytes() == smooth.tobytes()
    assert other.tobytes() == state.tobytes()


@pytest.mark.parametrize("steps", [1, 50])
def test_no_more_events_than_there_is_room_for(steps):
    p = np.zeros((steps, 2))
    p[::2, 0] = p[1::2, 1] = 1.0
    found, _, _ = run(p, release=1.0)
    assert len(found) <= d.MOST_EVENTS * 2 * steps
