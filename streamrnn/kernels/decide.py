"""One class for a whole sequence, said at every step, and the step from which it is sure."""

import numpy as np
from numpy.typing import NDArray

from streamrnn.kernels.classes import exp_negative, largest
from streamrnn.kernels.compile import jit, jit_nogil

Counts = NDArray[np.int64]

# Settings.
THRESHOLD, LEAST, CONFIRM, OUTSIDE = 0, 1, 2, 3
SETTINGS = 4
# State: whether it is decided; the class of the last step; for how many steps it has been sure.
DECIDED, LAST, RUN = 0, 1, 2
STATE = 3


@jit_nogil
def decide_long(
    outputs: NDArray[np.float32],
    slots: Counts,
    firsts: Counts,
    counts: Counts,
    settings: NDArray[np.float64],
    states: Counts,
    best: Counts,
    scores: NDArray[np.float64],
    decided: NDArray[np.bool_],
) -> None:
    """Take outputs of some streams, each a sequence of its own; without the GIL.

    Args:
        outputs: logits, a row a step.
        slots: which state each stream has.
        firsts: where the steps of each stream begin.
        counts: how many they are.
        settings: the probability from which on a class is sure; that below which a step is of the
            class `outside`; steps in a row that make it decided; the class `outside`, or −1.
        states: updated in place; zeros begin a sequence.
        best: the class of each step; written.
        scores: its softmax, 0 to 1; written.
        decided: whether a sequence was decided at this very step; written.

    Shape:
        outputs `(T, classes)`; slots, firsts, counts `(streams,)`; settings `(SETTINGS,)`, states
        `(slots, STATE)`; best, scores, decided `(T,)`.
    """
    outside = np.int64(settings[OUTSIDE])
    for n in range(slots.shape[0]):
        state = states[slots[n]]
        for t in range(firsts[n], firsts[n] + counts[n]):
            row = outputs[t]
            which = largest(row)
            top = np.float64(row[which])
            total = 0.0
            for k in range(row.shape[0]):
                total += exp_negative(np.float64(row[k]) - top)
            score = 1.0 / total
            if score < settings[LEAST]:
                which = outside
                score = exp_negative(np.float64(row[which]) - top) / total
            run = 0
            if score >= settings[THRESHOLD] and which != outside:
                run = state[RUN] + 1 if which == state[LAST] else 1
            state[LAST] = which
            now = run >= settings[CONFIRM] and state[DECIDED] == 0
            if now:
                state[DECIDED] = 1
            state[RUN] = min(run, np.int64(settings[CONFIRM]))
            best[t], scores[t], decided[t] = which, score, now


@jit
def decide(
    outputs: NDArray[np.float32],
    slots: Counts,
    firsts: Counts,
    counts: Counts,
    settings: NDArray[np.float64],
    states: Counts,
    best: Counts,
    scores: NDArray[np.float64],
    decided: NDArray[np.bool_],
) -> None:
    """`decide_long` with the GIL held, for what is done sooner than it is had back."""
    decide_long(outputs, slots, firsts, counts, settings, states, best, scores, decided)
