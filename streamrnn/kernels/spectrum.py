"""Power spectrum and logarithm in straight-line float64: no library whose blocking may vary.

A real sequence of N samples is transformed as N/2 complex ones, by a Stockham transform of
radix 4 (autosort, so nothing is permuted; radix 2 once where log₂ N/2 is odd), and unpacked. See
Van Loan, Computational Frameworks for the Fast Fourier Transform, 1992, 1.7 and 4.3.

Real and imaginary parts lie apart: the innermost loops then run over neighbours, which lie in the
lanes of vectors without changing any element's arithmetic.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamrnn.kernels.compile import inline
from streamrnn.kernels.vector import (
    add,
    address_of,
    constant,
    lane_count,
    load,
    multiply,
    store,
    subtract,
    zeros64,
)

Array = NDArray[np.float64]
F8 = 8  # bytes of a float64

# log x = e·ln 2 + 2·atanh((m − 1)/(m + 1)) with x = m·2ᵉ, √½ ≤ m < √2. FreeBSD's e_log.c.
_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
_LOG = (
    6.666666666666735130e-01,
    3.999999999940941908e-01,
    2.857142874366239149e-01,
    2.222219843214978396e-01,
    1.818357216161805012e-01,
    1.531383769920937332e-01,
    1.479819860511658591e-01,
)
_HALF_ROOT = 0x3FE6A09E00000000  # the upper bits of √½
_ONE = 0x3FF0000000000000


def fft_tables(size: int) -> Array:
    """The factors that `power_spectra` needs, in the order it reads them.

    Args:
        size: N, a power of two from 8 on.

    Returns:
        For each stage of radix 4 and each p the real and imaginary parts of w, w², w³ with
        w = e^(−2πi p / n); then cos and −sin of 2πk/N for k = 0 … N/4.
    """
    factors: list[Array] = []
    length = size // 2
    while length >= 4:
        for power in (1, 2, 3):
            angle = 2.0 * np.pi * power * np.arange(length // 4) / length
            factors += [np.cos(angle), -np.sin(angle)]
        length //= 4
    angle = 2.0 * np.pi * np.arange(size // 4 + 1) / size
    return np.concatenate([*factors, np.cos(angle), -np.sin(angle)])


@inline
def radix_4(like: Any, re: int, im: int, to: int, size: int, factors: Array, stride: int) -> None:
    """One stage of the transform: 4 · quarter points, each of `stride` neighbours.

    Args:
        like: a vector whose lanes divide the stride.
        re: the address of the real parts; the imaginary ones lie at `im`.
        im: theirs.
        to: where the stage writes its real parts, and `size` bytes further the imaginary ones.
        size: bytes of either.
        factors: real and imaginary parts of w, w² and w³, each `(quarter,)`.
        stride: neighbours.
    """
    quarter, step = factors.shape[0] // 6, F8 * lane_count(like)
    width = F8 * stride
    span = width * quarter
    for p in range(quarter):
        w1r, w1i = constant(like, factors[p]), constant(like, factors[quarter + p])
        w2r, w2i = (
            constant(like, factors[2 * quarter + p]),
            constant(like, factors[3 * quarter + p]),
        )
        w3r, w3i = (
            constant(like, factors[4 * quarter + p]),
            constant(like, factors[5 * quarter + p]),
        )
        for low in range(width * p, width * (p + 1), step):
            ar, ai = load(like, re + low), load(like, im + low)
            br, bi = load(like, re + low + span), load(like, im + low + span)
            cr, ci = load(like, re + low + 2 * span), load(like, im + low + 2 * span)
            dr, di = load(like, re + low + 3 * span), load(like, im + low + 3 * span)
            sum_r, sum_i = add(ar, cr), add(ai, ci)
            dif_r, dif_i = subtract(ar, cr), subtract(ai, ci)
            odd_r, odd_i = add(br, dr), add(bi, di)
            turn_r, turn_i = subtract(di, bi), subtract(br, dr)  # i (b − d)
            one_r, one_i = subtract(dif_r, turn_r), subtract(dif_i, turn_i)
            two_r, two_i = subtract(sum_r, odd_r), subtract(sum_i, odd_i)
            three_r, three_i = add(dif_r, turn_r), add(dif_i, turn_i)
            out = to + low + 3 * width * p
            store(out, add(sum_r, odd_r))
            store(out + size, add(sum_i, odd_i))
            out += width
            store(out, subtract(multiply(w1r, one_r), multiply(w1i, one_i)))
            store(out + size, add(multiply(w1r, one_i), multiply(w1i, one_r)))
            out += width
            store(out, subtract(multiply(w2r, two_r), multiply(w2i, two_i)))
            store(out + size, add(multiply(w2r, two_i), multiply(w2i, two_r)))
            out += width
            store(out, subtract(multiply(w3r, three_r), multiply(w3i, three_i)))
            store(out + size, add(multiply(w3r, three_i), multiply(w3i, three_r)))


@inline
def power_spectra(like: Any, x: Array, tables: Array, work: Array, power: Array) -> None:
    """|X_k|² of real sequences that lie side by side, each computed as it would be alone.

    Args:
        like: a vector with a lane for each sequence: `zeros64(1)`, or of 4, 8, ….
        x: the sequences, real samples; not changed.
        tables: of `fft_tables(N)`.
        work: scratch.
        power: written.

    Shape:
        x `(N · lanes,)`, sample after sample; work `(2 N · lanes,)`; power `((N/2 + 1) · lanes,)`,
        bin after bin.
    """
    lanes = lane_count(like)
    step = F8 * lanes
    points = x.shape[0] // lanes // 2
    size = step * points
    samples, here = address_of(x), address_of(work)
    there = here + 2 * size
    for k in range(points):
        store(here + step * k, load(like, samples + 2 * step * k))
        store(here + size + step * k, load(like, samples + 2 * step * k + step))
    at = 0
    # Sequences side by side are what later stages have anyway: a longer stride.
    length, stride = points, lanes
    while length >= 4:
        factors = tables[at : at + 6 * (length // 4)]
        if stride % 8 == 0:
            radix_4(zeros64(8), here, here + size, there, size, factors, stride)
        elif stride % 4 == 0:
            radix_4(zeros64(4), here, here + size, there, size, factors, stride)
        else:
            radix_4(zeros64(1), here, here + size, there, size, factors, stride)
        here, there = there, here
        at += 6 * (length // 4)
        length //= 4
        stride *= 4
    if length == 2:
        half = F8 * stride
        for byte in range(0, half, F8):
            one = zeros64(1)
            for part in (0, size):
                a, b = load(one, here + part + byte), load(one, here + part + byte + half)
                store(there + part + byte, add(a, b))
                store(there + part + byte + half, subtract(a, b))
        here, there = there, here
    # X_k = (Z_k + Z*_(M−k)) / 2 − i/2 · e^(−2πik/N) (Z_k − Z*_(M−k)), M = N/2, and the like of
    # X_(M−k), whose parts are the same but for signs.
    middle, out, half_of = points // 2, address_of(power), constant(like, 0.5)
    re, im = load(like, here), load(like, here + size)
    store(out, square(add(re, im)))
    store(out + size, square(subtract(re, im)))
    for k in range(1, middle + 1):
        low, high = here + step * k, here + step * (points - k)
        c, s = constant(like, tables[at + k]), constant(like, tables[at + middle + 1 + k])
        lr, li, hr, hi = (
            load(like, low),
            load(like, low + size),
            load(like, high),
            load(like, high + size),
        )
        even_r, even_i = multiply(half_of, add(lr, hr)), multiply(half_of, subtract(li, hi))
        odd_r, odd_i = multiply(half_of, add(li, hi)), multiply(half_of, subtract(hr, lr))
        r = subtract(multiply(c, odd_r), multiply(s, odd_i))
        i = add(multiply(c, odd_i), multiply(s, odd_r))
        below = add(square(add(even_r, r)), square(add(even_i, i)))
        above = add(square(subtract(even_r, r)), square(subtract(even_i, i)))
        store(out + step * k, below)
        store(out + step * (points - k), above)


@inline
def square(x: Any) -> Any:
    """`x²` in each lane."""
    return multiply(x, x)


@inline
def logarithms(x: Array) -> None:
    """Replace positive normal numbers `(n,)` by their natural logarithms, within 1 ulp."""
    bits = x.view(np.int64)
    for k in range(x.shape[0]):
        raised = bits[k] + (_ONE - _HALF_ROOT)
        exponent = np.float64((raised >> 52) - 1023)
        bits[k] = (raised & 0x000FFFFFFFFFFFFF) + _HALF_ROOT
        f = x[k] - 1.0
        s = f / (2.0 + f)
        z = s * s
        w = z * z
        even = w * (_LOG[1] + w * (_LOG[3] + w * _LOG[5]))
        odd = z * (_LOG[0] + w * (_LOG[2] + w * (_LOG[4] + w * _LOG[6])))
        half = 0.5 * f * f
        x[k] = exponent * _LN2_HIGH - ((half - (s * (half + even + odd) + exponent * _LN2_LOW)) - f)
