"""What was said then: of some chunks together, of some steps alone."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from streamrnn.io.messages import Said


def some_said(said: Said, steps: slice) -> Said:
    """What was said at some steps, one after the other."""

    def some(values: Any) -> Any:
        return None if values is None else values[steps]

    rows = np.frombuffer(said.outputs, "<u4").reshape(-1, max(1, said.columns))
    return Said(
        positions=said.positions[steps],
        times=some(said.times),
        labels=some(said.labels),
        scores=some(said.scores),
        outputs=rows[steps].tobytes(),
        columns=said.columns,
    )


def join_said(parts: Sequence[Said]) -> Said:
    """What was said of consecutive chunks, as if they had been one; of none, nothing."""
    if len(parts) == 1:
        return parts[0]

    def whole(values: list[Any]) -> Any:
        return None if None in values else [value for part in values for value in part]

    return Said(
        positions=whole([part.positions for part in parts]),
        times=whole([part.times for part in parts]) if parts else None,
        labels=whole([part.labels for part in parts]) if parts else None,
        scores=whole([part.scores for part in parts]) if parts else None,
        outputs=b"".join(part.outputs for part in parts),
        columns=parts[0].columns if parts else 0,
    )
