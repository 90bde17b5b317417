"""A sequence as the network sees it, and what each step is called."""

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from streamrnn.errors import UnsupportedError
from streamrnn.frontends.base import Option
from streamrnn.model import Model
from streamrnn.predictions import Predictions


class Steps(msgspec.Struct, kw_only=True):
    """What the steps of a sequence are called, and what the model said at each."""

    names: list[str]
    """Of text the word or character; else when it was, in seconds, or the step's number."""
    labels: list[str | None] | None
    """What the model said at each step; None without classes."""
    scores: list[float] | None
    """How sure it was, 0 to 1."""
    timed: bool = False
    """Whether the names are seconds."""

    def last(self, count: int) -> "Steps":
        """The last steps alone; 0: all."""
        cut = slice(-count if count else 0, None)
        return Steps(
            names=self.names[cut],
            labels=None if self.labels is None else self.labels[cut],
            scores=None if self.scores is None else self.scores[cut],
            timed=self.timed,
        )


def frames_of(model: Model, sequence: Any, **options: Option) -> NDArray[np.float32]:
    """The frames of a whole sequence, `(steps, input_size)` float32.

    Args:
        model: whose front end makes them.
        sequence: as `Model.predict` takes it.
        options: likewise.

    Raises:
        InputError: the sequence is refused.
    """
    front = model.frontend.stream(**options)
    return np.concatenate((front.feed(sequence).values, front.flush().values))


def steps_of(sequence: Any, said: Predictions) -> Steps:
    """Name the steps of a sequence.

    Args:
        sequence: what was predicted on, whole.
        said: the predictions.

    Raises:
        UnsupportedError: there is no step at all.
    """
    if not len(said):
        raise UnsupportedError(
            "explain: expected an input of at least one step, got one that is too short"
        )
    ends, timed = said.positions.tolist(), False
    if isinstance(sequence, bytes):
        sequence = sequence.decode(errors="replace")
    if isinstance(sequence, str):
        first = [0, *ends[:-1]]
        names = [sequence[a:b].strip() or sequence[a:b] for a, b in zip(first, ends, strict=True)]
    elif said.times is not None:
        names, timed = [f"{time:.3f}" for time in said.times.tolist()], True
    else:
        names = [str(end) for end in ends]
    labels, scores = said.labels, said.scores
    return Steps(
        names=names,
        labels=None if labels is None else list(labels),
        scores=None if scores is None else [round(float(score), 4) for score in scores],
        timed=timed,
    )
