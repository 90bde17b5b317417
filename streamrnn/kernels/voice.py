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

START, END = 0, 1  # kinds of events
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
    probabilities: Array,
    best: Counts,
    scores: Array,
    events: Counts,
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
        probabilities: of silence and of speech; written.
        best: 1 where there is speech after a step, else 0; written.
        scores: the probability of that; written.
        events: written, one row an event: row, kind, and the step of its stream at which speech
            began, or the first quiet one.

    Shape:
        outputs `(T, 1)`; slots, firsts, counts `(streams,)`; settings `(SETTINGS,)`; states
        `(slots, STATE)`; probabilities `(T, 2)`; best and scores `(T,)`; events
        `(at least T, 3)`.

    Returns:
        The number of events.
    """
    found = 0
    for n in range(slots.shape[0]):
        state = states[slots[n]]
        for t in range(firsts[n], firsts[n] + counts[n]):
            p, step = np.float64(outputs[t, 0]), state[STEPS]
            if p >= settings[THRESHOLD]:
                state[QUIET] = 0.0
                if state[ACTIVE] == 0.0:
                    state[ACTIVE] = 1.0
                    events[found, 0], events[found, 1], events[found, 2] = t, START, step
                    found += 1
            elif p < settings[RELEASE] and state[ACTIVE] > 0.0:
                if state[QUIET] == 0.0:
                    state[QUIET] = step + 1.0
                if step - (state[QUIET] - 1.0) >= settings[SILENCE]:
                    events[found, 0], events[found, 1] = t, END
                    events[found, 2] = state[QUIET] - 1.0
                    found += 1
                    state[ACTIVE], state[QUIET] = 0.0, 0.0
            probabilities[t, 0], probabilities[t, 1] = 1.0 - p, p
            best[t] = np.int64(state[ACTIVE])
            scores[t] = probabilities[t, best[t]]
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
    probabilities: Array,
    best: Counts,
    scores: Array,
    events: Counts,
) -> int:
    """`voice_streams_long` with the GIL held, for what is done sooner than it is had back."""
    return voice_streams_long(
        outputs, slots, firsts, counts, settings, states, probabilities, best, scores, events
    )
