"""How fast a curve falls: geometric means, and one factor a step."""

import numpy as np
from numpy.typing import NDArray

FIT = 0.998
"""Share of the variance of a curve's logarithm that a straight line must explain."""
_EDGE = 1e-280  # nearer to 0 float64 loses digits, and then all


def geometric_mean(curves: NDArray[np.float64]) -> NDArray[np.float64]:
    """The geometric mean over the first axis; 0 where one value is 0.

    >>> geometric_mean(np.array([[1.0, 2.0], [4.0, 0.0]])).tolist()
    [2.0, 0.0]
    """
    with np.errstate(divide="ignore"):
        return np.exp(np.log(curves).mean(axis=0))


def fitted_rate(curve: NDArray[np.float64], *, least: float = FIT) -> float | None:
    """The factor a step that fits a curve best, by least squares in its logarithm.

    Args:
        curve: values, evenly spaced; those that are 0, nearly 0 or not finite are left out.
        least: the share of the variance that the fit must explain.

    Returns:
        The factor; None with fewer than three values, or where no single factor fits.

    >>> round(fitted_rate(0.5 ** np.arange(9)) or 0.0, 9)
    0.5
    """
    fits = np.isfinite(curve) & (curve > _EDGE)
    if fits.sum() < 3:
        return None
    at, height = np.flatnonzero(fits), np.log(curve[fits])
    slope, offset = np.polyfit(at, height, 1)
    left = np.square(height - slope * at - offset).sum()
    whole = np.square(height - height.mean()).sum()
    return float(np.exp(slope)) if left <= (1.0 - least) * whole else None
