"""exp, sigmoid and tanh of vectors, in one straight line: the same arithmetic for every lane."""

from typing import Any

import numpy as np

from streamrnn.kernels.compile import inline
from streamrnn.kernels.vector import (
    add,
    constant,
    divide,
    fma,
    magnitude,
    maximum,
    multiply,
    scale_by_power,
    subtract,
    where_less,
    with_sign,
)

_f = np.float32
_ZERO, _ONE, _TWO = _f(0.0), _f(1.0), _f(2.0)
_LOG2_E, _ROUND = _f(1.44269504088896341), _f(12582912.0)  # 1.5 * 2**23: adding it rounds
_LN2_HIGH, _LN2_LOW = _f(0.693359375), _f(-2.12194440e-4)
_LEAST_EXPONENT = _f(-87.0)
_E2, _E3, _E4 = _f(5.0000001201e-1), _f(1.6666665459e-1), _f(4.1665795894e-2)
_E5, _E6, _E7 = _f(8.3334519073e-3), _f(1.3981999507e-3), _f(1.9875691500e-4)
_T3, _T5, _T7 = _f(-3.33332819422e-1), _f(1.33314422036e-1), _f(-5.37397155531e-2)
_T9, _T11 = _f(2.06390887954e-2), _f(-5.70498872745e-3)
_TANH_SMALL = _f(0.625)


@inline
def exp_negative(x: Any) -> Any:
    """`e**x` for x ≤ 0, at most 1 ulp off: Cody & Waite's reduction, Cephes' polynomial.

    x = k ln 2 + r with |r| ≤ ½ ln 2, and e**x = 2**k (1 + r + r² P(r)).
    """
    x = maximum(x, constant(x, _LEAST_EXPONENT))
    shifted = fma(x, constant(x, _LOG2_E), constant(x, _ROUND))
    k = subtract(shifted, constant(x, _ROUND))
    r = fma(k, constant(x, -_LN2_HIGH), x)
    r = fma(k, constant(x, -_LN2_LOW), r)
    p = fma(constant(x, _E7), r, constant(x, _E6))
    p = fma(p, r, constant(x, _E5))
    p = fma(p, r, constant(x, _E4))
    p = fma(p, r, constant(x, _E3))
    p = fma(p, r, constant(x, _E2))
    p = add(fma(p, multiply(r, r), r), constant(x, _ONE))
    return scale_by_power(p, shifted)


@inline
def sigmoid(x: Any) -> Any:
    """The logistic function: `1 / (1 + e)` of x ≥ 0 and `e / (1 + e)` of x < 0, e = e**-|x|."""
    zero, one = constant(x, _ZERO), constant(x, _ONE)
    e = exp_negative(subtract(zero, magnitude(x)))
    return divide(where_less(x, zero, e, one), add(one, e))


@inline
def tanh(x: Any) -> Any:
    """The hyperbolic tangent: Cephes' polynomial of |x| < 0.625, else `(1 - e) / (1 + e)`."""
    one, size, limit = constant(x, _ONE), magnitude(x), constant(x, _TANH_SMALL)
    e = exp_negative(multiply(constant(x, -_TWO), size))
    square = multiply(size, size)
    p = fma(constant(x, _T11), square, constant(x, _T9))
    p = fma(p, square, constant(x, _T7))
    p = fma(p, square, constant(x, _T5))
    p = fma(p, square, constant(x, _T3))
    p = fma(p, multiply(square, size), size)
    over = where_less(size, limit, p, subtract(one, e))
    under = where_less(size, limit, one, add(one, e))
    return with_sign(divide(over, under), x)
