"""Power spectrum and logarithm in straight-line float64: no library whose blocking may vary.

A real sequence of N samples is transformed as N/2 complex ones, by a Stockham transform of
radix 4 (autosort, so nothing is permuted; radix 2 once where log₂ N/2 is odd), and unpacked. See
Van Loan, Computational Frameworks for the Fast Fourier Transform, 1992, 1.7 and 4.3.

Real and imaginary parts lie apart: the innermost loops then run over neighbours, and LLVM lays
them on vector registers without changing any element's arithmetic.
"""

import numpy as np
from numpy.typing import NDArray

from streamrnn.kernels.compile import jit

Array = NDArray[np.float64]

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
    """The factors that `power_spectrum` needs, in the order it reads them.

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


@jit
def power_spectrum(x: Array, tables: Array, work: Array, power: Array) -> None:
    """|X_k|² of a real sequence.

    Args:
        x: the sequence, real samples; not changed.
        tables: of `fft_tables(N)`.
        work: scratch.
        power: written.

    Shape:
        x `(N,)`, work `(2 N,)`, power `(N/2 + 1,)`.
    """
    half = x.shape[0] // 2
    re, im = work[:half], work[half : 2 * half]
    to_re, to_im = work[2 * half : 3 * half], work[3 * half : 4 * half]
    for k in range(half):
        re[k] = x[2 * k]
        im[k] = x[2 * k + 1]
    at = 0
    length, stride = half, 1
    while length >= 4:
        quarter = length // 4
        span = stride * quarter
        for p in range(quarter):
            w1r, w1i = tables[at + p], tables[at + quarter + p]
            w2r, w2i = tables[at + 2 * quarter + p], tables[at + 3 * quarter + p]
            w3r, w3i = tables[at + 4 * quarter + p], tables[at + 5 * quarter + p]
            low = stride * p
            ar, ai = re[low : low + stride], im[low : low + stride]
            br, bi = re[low + span : low + span + stride], im[low + span : low + span + stride]
            low += 2 * span
            cr, ci = re[low : low + stride], im[low : low + stride]
            dr, di = re[low + span : low + span + stride], im[low + span : low + span + stride]
            out = 4 * stride * p
            for q in range(stride):
                sum_r, sum_i = ar[q] + cr[q], ai[q] + ci[q]
                dif_r, dif_i = ar[q] - cr[q], ai[q] - ci[q]
                odd_r, odd_i = br[q] + dr[q], bi[q] + di[q]
                turn_r, turn_i = di[q] - bi[q], br[q] - dr[q]  # i (b − d)
                to_re[out + q] = sum_r + odd_r
                to_im[out + q] = sum_i + odd_i
                one_r, one_i = dif_r - turn_r, dif_i - turn_i
                to_re[out + stride + q] = w1r * one_r - w1i * one_i
                to_im[out + stride + q] = w1r * one_i + w1i * one_r
                two_r, two_i = sum_r - odd_r, sum_i - odd_i
                to_re[out + 2 * stride + q] = w2r * two_r - w2i * two_i
                to_im[out + 2 * stride + q] = w2r * two_i + w2i * two_r
                three_r, three_i = dif_r + turn_r, dif_i + turn_i
                to_re[out + 3 * stride + q] = w3r * three_r - w3i * three_i
                to_im[out + 3 * stride + q] = w3r * three_i + w3i * three_r
        re, to_re = to_re, re
        im, to_im = to_im, im
        at += 6 * quarter
        length = quarter
        stride *= 4
    if length == 2:
        for q in range(stride):
            to_re[q] = re[q] + re[q + stride]
            to_im[q] = im[q] + im[q + stride]
            to_re[q + stride] = re[q] - re[q + stride]
            to_im[q + stride] = im[q] - im[q + stride]
        re, im = to_re, to_im
    # X_k = (Z_k + Z*_(M−k)) / 2 − i/2 · e^(−2πik/N) (Z_k − Z*_(M−k)), M = N/2, and the like of
    # X_(M−k), whose parts are the same but for signs.
    cos, sin = tables[at : at + half // 2 + 1], tables[at + half // 2 + 1 :]
    total, difference = re[0] + im[0], re[0] - im[0]
    power[0] = total * total
    power[half] = difference * difference
    for k in range(1, half // 2 + 1):
        even_r, even_i = 0.5 * (re[k] + re[half - k]), 0.5 * (im[k] - im[half - k])
        odd_r, odd_i = 0.5 * (im[k] + im[half - k]), 0.5 * (re[half - k] - re[k])
        r = cos[k] * odd_r - sin[k] * odd_i
        i = cos[k] * odd_i + sin[k] * odd_r
        power[k] = (even_r + r) * (even_r + r) + (even_i + i) * (even_i + i)
        power[half - k] = (even_r - r) * (even_r - r) + (even_i - i) * (even_i - i)


@jit
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
