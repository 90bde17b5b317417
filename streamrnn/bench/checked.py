"""Contenders are checked before they are timed."""

from collections.abc import Callable, Collection, Mapping
from operator import methodcaller
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamrnn.bench.cases import TOLERANCE, Floats
from streamrnn.bench.common import INSTALL, Loop


def checked(
    makers: Mapping[str, Callable[[], Any]],
    expected: NDArray[np.floating],
    left_out: dict[str, str],
    *,
    outputs: Callable[[Any], Floats] = methodcaller("outputs"),
    exact: Collection[str] = (),
) -> tuple[dict[str, Loop], dict[str, float]]:
    """Make contenders; give the loops of those that are right, and how far each errs.

    Args:
        makers: by name; one raises ImportError where a package is not installed.
        expected: the right outputs.
        left_out: gains those that are not installed, and the mend.
        outputs: calls a contender's `outputs`.
        exact: names of those that are to give the expected bits.
    """
    loops, errors = dict[str, Loop](), dict[str, float]()
    for name, make in makers.items():
        try:
            contender = make()
        except ImportError as error:
            left_out[name] = f"{error.name or error} is not installed; {INSTALL}"
            continue
        errors[name] = float(np.abs(outputs(contender) - expected).max())
        if errors[name] <= (0.0 if name in exact else TOLERANCE):
            loops[name] = contender.loop
    return loops, errors
