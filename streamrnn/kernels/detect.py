"""Smoothed class probabilities, and what begins, fires and ends in them."""

import numpy as np
from numpy.typing import NDArray

from streamrnn.kernels.classes import softmax_row
from streamrnn.kernels.compile import inline, jit, jit_nogil

Array = NDArray[np.float64]

START, DETECTED, END = 0, 1, 2  # kinds of events
# Settings.
SMOOTHING, RELEASE, CONFIRM, REFRACTORY, QUIET, QUIET_ABOVE = 0, 1, 2, 3, 4, 5
RESET_AFTER, RESET_QUIET = 6, 7
SETTINGS = 8
# State: four numbers, then for each class its mean probability, steps above the threshold (0: not
# active), and steps since it was last detected.
STEPS, SINCE_RESET, QUIET_RUN, RESET = 0, 1, 2, 3
CLASSES = 4
LONG_AGO = 1e9  # steps
MOST_EVENTS = 2  # of a class in one step: start and detected


def fresh(classes: int) -> Array:
    """The state that begins a stream, `(4 + 3 · classes,)`."""
    state = np.zeros(CLASSES + 3 * classes)
    state[CLASSES + 2 * classes :] = LONG_AGO
    return state


@inline
def detect(
    outputs: NDArray[np.float32],
    settings: Array,
    thresholds: Array,
    state: Array,
    probabilities: Array,
    events: NDArray[np.int64],
) -> int:
    """Take outputs, smooth their softmax, and find events.

    p̄ ← p̄ + (p − p̄) / min(steps so far, smoothing): the mean of the first steps, then an
    exponential one. A class is active from the step at which p̄ reaches its threshold to the one
    at which it falls below the release.

    Args:
        outputs: logits of T steps.
        settings: smoothing in steps; release, as a share of a class's threshold; steps above the
            threshold that make a detection; refractory steps after one; the class that means
            quiet (−1: none) and its probability from which on it is quiet; steps after which the
            network is to be reset (0: never) and quiet steps that must come before.
        thresholds: of each class; above 1: never active.
        state: of `fresh`, updated in place.
        probabilities: smoothed ones; written.
        events: written, one row an event: step, kind, class.

    Shape:
        outputs `(T, classes)`, settings `(SETTINGS,)`, thresholds `(classes,)`, probabilities
        `(T, classes)`, events `(at least MOST_EVENTS · T · classes, 3)`.

    Returns:
        The number of events. `state[RESET]` is 1 where the last step asks for a reset.
    """
    classes = outputs.shape[1]
    mean = state[CLASSES : CLASSES + classes]
    above = state[CLASSES + classes : CLASSES + 2 * classes]
    since = state[CLASSES + 2 * classes :]
    found = 0
    for t in range(outputs.shape[0]):
        softmax_row(outputs[t], 1.0, probabilities[t])
        if state[STEPS] < settings[SMOOTHING]:
            state[STEPS] += 1.0
        busy = False
        for k in range(classes):
            mean[k] += (probabilities[t, k] - mean[k]) / state[STEPS]
            probabilities[t, k] = mean[k]
            if since[k] < LONG_AGO:
                since[k] += 1.0
            if above[k] > 0.0:
                if mean[k] < settings[RELEASE] * thresholds[k]:
                    above[k] = 0.0
                    events[found, 0], events[found, 1], events[found, 2] = t, END, k
                    found += 1
                elif above[k] <= settings[CONFIRM]:
                    above[k] += 1.0
            elif mean[k] >= thresholds[k] and since[k] > settings[REFRACTORY]:
                above[k] = 1.0
                events[found, 0], events[found, 1], events[found, 2] = t, START, k
                found += 1
            if above[k] == settings[CONFIRM]:
                since[k] = 0.0
                events[found, 0], events[found, 1], events[found, 2] = t, DETECTED, k
                found += 1
            busy = busy or above[k] > 0.0
        state[RESET] = 0.0
        if settings[RESET_AFTER] > 0.0:
            quiet = np.int64(settings[QUIET])
            if busy or mean[quiet] < settings[QUIET_ABOVE]:
                state[QUIET_RUN] = 0.0
            else:
                state[QUIET_RUN] += 1.0
            state[SINCE_RESET] += 1.0
            if (
                state[SINCE_RESET] >= settings[RESET_AFTER]
                and state[QUIET_RUN] >= settings[RESET_QUIET]
            ):
                state[SINCE_RESET] = 0.0
                state[QUIET_RUN] = 0.0
                state[RESET] = 1.0
    return found


@jit_nogil
def detect_streams_long(
    outputs: NDArray[np.float32],
    slots: NDArray[np.int64],
    firsts: NDArray[np.int64],
    counts: NDArray[np.int64],
    settings: Array,
    thresholds: Array,
    states: Array,
    probabilities: Array,
    best: NDArray[np.int64],
    scores: Array,
    events: NDArray[np.int64],
) -> int:
    """`detect` for some streams, and the likeliest class of each step.

    Args:
        outputs: logits, a row a step.
        slots: which state each stream has.
        firsts: where the steps of each stream begin.
        counts: how many they are.
        settings: see `detect`.
        thresholds: see `detect`.
        states: of `fresh`, one a slot, updated in place.
        probabilities: smoothed ones; written.
        best: the class of the largest, the first of equals; written.
        scores: its smoothed probability; written.
        events: written, one row an event: step, kind, class.

    Shape:
        outputs and probabilities `(T, classes)`; slots, firsts, counts `(streams,)`; states
        `(slots, 4 + 3 · classes)`; best and scores `(T,)`; events `(at least MOST_EVENTS ·
        T · classes, 3)`.

    Returns:
        The number of events.
    """
    found = 0
    for n in range(slots.shape[0]):
        first, end = firsts[n], firsts[n] + counts[n]
        new = detect(
            outputs[first:end],
            settings,
            thresholds,
            states[slots[n]],
            probabilities[first:end],
            events[found:],
        )
        for event in range(found, found + new):
            events[event, 0] += first
        found += new
        for t in range(first, end):
            top = 0
            for k in range(1, outputs.shape[1]):
                if probabilities[t, k] > probabilities[t, top]:
                    top = k
            best[t], scores[t] = top, probabilities[t, top]
    return found


@jit
def detect_streams(
    outputs: NDArray[np.float32],
    slots: NDArray[np.int64],
    firsts: NDArray[np.int64],
    counts: NDArray[np.int64],
    settings: Array,
    thresholds: Array,
    states: Array,
    probabilities: Array,
    best: NDArray[np.int64],
    scores: Array,
    events: NDArray[np.int64],
) -> int:
    """`detect_streams_long` with the GIL held, for what is done sooner than it is had back."""
    return detect_streams_long(
        outputs,
        slots,
        firsts,
        counts,
        settings,
        thresholds,
        states,
        probabilities,
        best,
        scores,
        events,
    )
