"""Classes of each step: their softmax probabilities, and the likeliest."""

import math

import numpy as np
from numpy.typing import NDArray

from streamrnn.kernels.compile import inline, jit

_LOG2_E, _LN2_HIGH, _LN2_LOW = 1.4426950408889634, 6.93145751953125e-1, 1.42860682030941723212e-6
_P = (1.26177193074810590878e-4, 3.02994407707441961300e-2, 9.99999999999999999910e-1)
_Q = (3.00198505138664455042e-6, 2.52448340349684104192e-3, 2.27265548208155028766e-1, 2.0)


@inline
def exp_negative(x: float) -> float:
    """`e**x` for x ≤ 0, within 2 ulp of float64: Cephes' rational function, no libm."""
    if x < -708.0:
        return 0.0
    k = math.floor(_LOG2_E * x + 0.5)
    r = x - k * _LN2_HIGH - k * _LN2_LOW
    square = r * r
    p = r * ((_P[0] * square + _P[1]) * square + _P[2])
    q = ((_Q[0] * square + _Q[1]) * square + _Q[2]) * square + _Q[3]
    value = 1.0 + 2.0 * p / (q - p)
    for _ in range(-int(k)):  # halving is exact
        value *= 0.5
    return value


@inline
def largest(row: NDArray[np.float32]) -> int:
    """Where the largest element of a row lies, the first of equals."""
    top = 0
    for i in range(1, row.shape[0]):
        if row[i] > row[top]:
            top = i
    return top


@inline
def softmax_row(
    row: NDArray[np.float32], temperature: float, probabilities: NDArray[np.float64]
) -> None:
    """Write `exp((row_k - max) / temperature)`, over their sum in order; both `(classes,)`."""
    top = np.float64(row[largest(row)])
    total = 0.0
    for k in range(row.shape[0]):
        value = exp_negative((np.float64(row[k]) - top) / temperature)
        probabilities[k] = value
        total += value
    for k in range(row.shape[0]):
        probabilities[k] /= total


@jit
def softmax(
    outputs: NDArray[np.float32], temperature: float, probabilities: NDArray[np.float64]
) -> None:
    """The probability of each class at each step.

    Args:
        outputs: logits, (T, classes); a class at -inf has the probability 0.
        temperature: above 0 and finite; 1 is what a network is trained for.
        probabilities: (T, classes), 0 to 1; written.
    """
    for t in range(outputs.shape[0]):
        softmax_row(outputs[t], temperature, probabilities[t])


@jit
def likeliest(
    outputs: NDArray[np.float32], best: NDArray[np.int64], scores: NDArray[np.float64]
) -> None:
    """The class of the largest output, the first of equals, and its softmax.

    Args:
        outputs: (T, classes).
        best: (T,); written.
        scores: (T,), 0 to 1; written: `1 / Σ_i exp(outputs_i - outputs_best)`, summed in order.
    """
    for t in range(outputs.shape[0]):
        top = largest(outputs[t])
        total = 0.0
        for i in range(outputs.shape[1]):
            total += exp_negative(np.float64(outputs[t, i]) - np.float64(outputs[t, top]))
        best[t] = top
        scores[t] = 1.0 / total
