"""The likeliest labels, and bars that say how likely."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_EIGHTHS = " ▏▎▍▌▋▊▉"


def leaders(
    labels: Sequence[str], probable: NDArray[np.float64], count: int
) -> list[tuple[str, float]]:
    """The likeliest labels of one step with their probabilities, the first of equals first."""
    order = np.argsort(-probable, kind="stable")[:count]
    return [(labels[int(k)], float(probable[k])) for k in order]


def bar(share: float, width: int) -> str:
    """A bar of at most `width` characters, to an eighth of one."""
    full, rest = divmod(round(8 * width * share), 8)
    return "█" * full + _EIGHTHS[rest].strip()


def ink(share: float) -> str:
    """The style of a label that is this likely."""
    return "bold" if share > 0.5 else "dim"
