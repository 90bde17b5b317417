"""Where speech begins and ends in a stream of its probability, as silero-vad's VADIterator says.

https://github.com/snakers4/silero-vad, `utils_vad.py`: speech begins at a step of at least the
threshold. It ends once a step lies below the release so many steps after the first one that did,
with none of at least the threshold in between.
"""

import numpy as np
from numpy.typing import NDArray

from streamrnn.kernels.compile import jit, jit_nogil

Array = NDArray[np.float64]
Counts = NDArray[np.int64]

NONE, START, END = -1, 0, 1  # kinds of events
THRESHOLD, RELEASE, SILENCE = 0, 1, 2
SETTINGS = 3
# State: steps so far; whether there is speech; 1 + the step at which quiet began, or 0; the last
# probability. Zeros begin a stream.
STEPS, ACTIVE, QUIET, LAST = 0, 1, 2, 3
STATE = 4


@jit_nogil
def voice_streams_long(
    outputs: NDArray[np.float32],
    slots: Counts,
    firsts: Counts,
    counts: Counts,
    settings: Array,
    states: Array,
    scores: Array,
    marks: Counts,
) -> int:
    """Take probabilities of some streams, find where speech begins and ends; without the GIL.

    Args:
        outputs: the probability of speech, a row a step.
        slots: which state each stream has.
        firsts: where the steps of each stream begin.
        counts: how many they are.
        settings: probability from which on there is speech; below which there is none; steps
            from the first quiet one to the one that ends speech.
        states: one a slot, updated in place.
        scores: the probability of what there is after a step, speech or silence; written.
        marks: written, one row a step: 1 where there is speech after it, else 0; the kind of
            event at it, or `NONE`; the step of its stream at which speech began, or the first
            quiet one.

    Shape:
        outputs `(T, 1)`; slots, firsts, counts `(streams,)`; settings `(SETTINGS,)`; states
        `(slots, STATE)`; scores `(T,)`; marks `(T, 3)`.

    Returns:
        The number of events.
    """
    found = 0
    for n in range(slots.shape[0]):
        state = states[slots[n]]
        for t in range(firsts[n], firsts[n] + counts[n]):
            p, step = np.float64(outputs[t, 0]), state[STEPS]
            kind, at = NONE, 0.0
            if p >= settings[THRESHOLD]:
                state[QUIET] = 0.0
                if state[ACTIVE] == 0.0:
                    state[ACTIVE] = 1.0
                    kind, at = START, step
            elif p < settings[RELEASE] and state[ACTIVE] > 0.0:
                if state[QUIET] == 0.0:
                    state[QUIET] = step + 1.0
                if step - (state[QUIET] - 1.0) >= settings[SILENCE]:
                    kind, at = END, state[QUIET] - 1.0
                    state[ACTIVE], state[QUIET] = 0.0, 0.0
            found += kind != NONE
            best = np.int64(state[ACTIVE])
            marks[t, 0], marks[t, 1], marks[t, 2] = best, kind, np.int64(at)
            scores[t] = p if best else 1.0 - p
            state[STEPS] = step + 1.0
            state[LAST] = p
    return found


@jit
def voice_streams(
    outputs: NDArray[np.float32],
    slots: Counts,
    firsts: Counts,
    counts: Counts,
    settings: Array,
    states: Array,
    scores: Array,
    marks: Counts,
) -> int:
    """`voice_streams_long` with the GIL held, for what is done sooner than it is had back."""
    return voice_streams_long(outputs, slots, firsts, counts, settings, states, scores, marks)
