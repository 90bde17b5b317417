"""Sample-rate conversion by a polyphase windowed sinc, as it comes in.

torchaudio.functional.resample's filter with its defaults: with the rates divided by their greatest
common divisor to `before` and `after`, output m is Σ_k x_k h(k − m · before / after), where
h(t) = b sinc(b t) cos²(π b t / 12) for |b t| < 6, b = 0.99 · min(1, after / before): a sinc of six
zero crossings each way, rolled off at 99 % of the lower Nyquist frequency. There are `after`
different sets of taps; only those within the window are kept.
"""

import math

import numpy as np
from numpy.typing import NDArray

from streamrnn.kernels.compile import inline, jit, jit_nogil

Array = NDArray[np.float64]
Counts = NDArray[np.int64]

CROSSINGS, ROLLOFF = 6, 0.99
SUMS = 8  # interleaved partial sums of an output, added pairwise; taps are a multiple of it


def taps(before: int, after: int) -> tuple[Array, Counts]:
    """The taps of every phase.

    Args:
        before: the rate that comes in, divided by the greatest common divisor.
        after: the rate that goes out, likewise.

    Returns:
        The taps `(after, count)`, and for each phase i the sample that its first tap falls on,
        counted from where output i's turn begins, `(after,)`: output j · after + i begins at
        sample j · before + first[i].
    """
    b = ROLLOFF * min(1.0, after / before)
    reach = CROSSINGS / b
    centre = np.arange(after) * (before / after)
    first = np.ceil(centre - reach).astype(np.int64)
    count = SUMS * math.ceil((math.floor(2.0 * reach) + 1) / SUMS)
    t = b * (first[:, None] + np.arange(count) - centre[:, None])
    inside = np.abs(t) < CROSSINGS
    values = b * np.sinc(t) * np.cos(np.pi * t / (2 * CROSSINGS)) ** 2
    return np.where(inside, values, 0.0), first


@inline
def resample(
    samples: Array,
    sets: Array,
    first: Counts,
    before: int,
    kept: Array,
    counts: Counts,
    out: Array,
) -> int:
    """Take samples, write the outputs that they complete.

    Args:
        samples: new ones.
        sets: of `taps`.
        first: of `taps`.
        before: as given to `taps`.
        kept: the latest samples, updated in place; zeros begin a stream.
        counts: samples and outputs so far, updated in place; zeros begin a stream.
        out: written.

    Shape:
        samples `(n,)`, kept `(count,)`, counts `(2,)`, out at least n · after // before + 2.

    Returns:
        How many outputs were written.
    """
    after, count = sets.shape
    arrived = counts[0]
    fresh = samples.shape[0]
    work = np.empty(count + fresh)
    work[:count] = kept
    work[count:] = samples
    start = arrived - count  # the sample that lies first in `work`
    written = 0
    turn, phase = counts[1] // after, counts[1] % after
    while True:
        at = turn * before + first[phase] - start
        if at + count > count + fresh:
            break
        row = sets[phase]
        a, b, c, d, e, f, g, h = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        for k in range(0, count, SUMS):
            a += row[k] * work[at + k]
            b += row[k + 1] * work[at + k + 1]
            c += row[k + 2] * work[at + k + 2]
            d += row[k + 3] * work[at + k + 3]
            e += row[k + 4] * work[at + k + 4]
            f += row[k + 5] * work[at + k + 5]
            g += row[k + 6] * work[at + k + 6]
            h += row[k + 7] * work[at + k + 7]
        out[written] = ((a + e) + (c + g)) + ((b + f) + (d + h))
        written += 1
        phase += 1
        if phase == after:
            phase = 0
            turn += 1
    kept[:] = work[fresh:]
    counts[0] = arrived + fresh
    counts[1] += written
    return written


@jit_nogil
def resample_streams_long(
    samples: Array,
    slots: Counts,
    firsts: Counts,
    counts: Counts,
    sets: Array,
    offsets: Counts,
    before: int,
    kept: Array,
    seen: Counts,
    places: Counts,
    out: Array,
    found: Counts,
) -> None:
    """`resample` for some streams of one rate.

    Args:
        samples: of all of them.
        slots: which state each stream has.
        firsts: where the samples of each begin.
        counts: how many they are.
        sets: of `taps`.
        offsets: of `taps`.
        before: as given to `taps`.
        kept: latest samples, a row a slot, updated in place.
        seen: samples and outputs so far, a row a slot, updated in place.
        places: where the outputs of each begin.
        out: written.
        found: how many outputs each stream got; written.
    """
    for n in range(slots.shape[0]):
        slot = slots[n]
        new = samples[firsts[n] : firsts[n] + counts[n]]
        found[n] = resample(new, sets, offsets, before, kept[slot], seen[slot], out[places[n] :])


@jit
def resample_streams(
    samples: Array,
    slots: Counts,
    firsts: Counts,
    counts: Counts,
    sets: Array,
    offsets: Counts,
    before: int,
    kept: Array,
    seen: Counts,
    places: Counts,
    out: Array,
    found: Counts,
) -> None:
    """`resample_streams_long` with the GIL held, for what is done sooner than it is had back."""
    resample_streams_long(
        samples, slots, firsts, counts, sets, offsets, before, kept, seen, places, out, found
    )
