"""Problems that need memory, of any length: three as published, and binary sums.

Frames are `(steps, inputs)`, the symbols one-hot. What is to be said is either a class a step or
numbers; a step at which nothing is to be learnt weighs 0.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from streamrnn.tasks.base import Example

CORRECT = 0.04
"""How near a sum counts as right (Hochreiter and Schmidhuber, 1997, section 5.4)."""
_COPIED, _RECALLED = 8, 10  # symbols to choose from, and to remember


class Problem(Protocol):
    """How sequences of one kind are made, and what makes a said one right."""

    inputs: int
    """Elements of a frame."""
    labels: tuple[str, ...]
    """The classes; none where numbers are to be said."""
    shortest: int
    """The least length that the problem has."""

    def guessed(self, length: int) -> float:
        """The share that the best guess without memory has right."""
        ...

    def draw(self, rng: np.random.Generator, length: int) -> Example:
        """Make a sequence.

        Args:
            rng: where all chance comes from.
            length: what the problem's own paper calls T.

        Returns:
            Frames; and `label` or `values` with `weight`, as `streamrnn.learn.losses` wants them.
        """
        ...


class Adding:
    """The sum of the two numbers that are marked.

    Hochreiter and Schmidhuber, Long Short-Term Memory, Neural Computation 9(8), 1997, section 5.4:
    pairs of a number from −1 to 1 and a marker; T to 1.1 T of them; one of the first ten is marked
    and one of the first T / 2 − 1, the first and the last by −1. After the last 0.5 + (X₁ + X₂) / 4
    is to be said, and is right if it errs by less than 0.04.
    """

    inputs, labels, shortest = 2, (), 6

    def guessed(self, length: int) -> float:
        """X₁ + X₂ has a triangular density on (−2, 2): 0.5 is near enough this often."""
        return 1.0 - (1.0 - 2.0 * CORRECT) ** 2

    def draw(self, rng: np.random.Generator, length: int) -> Example:
        """Make a sequence; see `Problem`."""
        steps = int(rng.integers(length, length + length // 10 + 1))
        frames = np.zeros((steps, 2), np.float32)
        frames[:, 0] = rng.uniform(-1.0, 1.0, steps)
        one = int(rng.integers(min(10, length // 2)))
        rest = [n for n in range(length // 2 - 1) if n != one]
        marked = [one, rest[rng.integers(len(rest))]]
        if 0 in marked:
            frames[0, 0] = 0.0  # its place in the sum is taken by the marker of the beginning
        frames[marked, 1] = 1.0
        frames[[0, -1], 1] = -1.0
        values, weight = np.zeros((steps, 1), np.float32), np.zeros(steps, np.float32)
        values[-1], weight[-1] = 0.5 + frames[marked, 0].sum() / 4.0, 1.0
        return Example(frames, {"values": values, "weight": weight})


class Order:
    """In which order two symbols came, among others that say nothing.

    Hochreiter and Schmidhuber, 1997, section 5.6, task 6a: E, then a, b, c, d at random, then B,
    T to 1.1 T of them; at 0.1 T to 0.2 T and at 0.5 T to 0.6 T there is an X or a Y. After B one of
    Q (X X), R (X Y), S (Y X), U (Y Y) is to be said.
    """

    inputs, labels, shortest = 8, ("Q", "R", "S", "U"), 10

    def guessed(self, length: int) -> float:
        """Four orders are alike."""
        return 0.25

    def draw(self, rng: np.random.Generator, length: int) -> Example:
        """Make a sequence; see `Problem`. The symbols are a b c d X Y E B."""
        steps = int(rng.integers(length, length + length // 10 + 1))
        symbols = rng.integers(0, 4, steps)
        tenth = length // 10
        places = [tenth + rng.integers(tenth + 1), 5 * tenth + rng.integers(tenth + 1)]
        came = rng.integers(0, 2, 2)
        symbols[places] = 4 + came
        symbols[[0, -1]] = 6, 7
        label = np.full(steps, -1, np.int64)
        label[-1] = 2 * came[0] + came[1]
        return Example(one_hot(symbols, self.inputs), {"label": label})


class Copying:
    """Ten symbols, to be said again after a long pause.

    Arjovsky, Shah and Bengio, Unitary Evolution Recurrent Neural Networks, ICML 2016, section 4.1:
    ten of eight symbols, T − 1 blanks, a sign to begin, ten blanks; to be said are T + 10 blanks
    and then the ten symbols. Without memory the best is a loss of 10 log 8 / (T + 20) nats.
    """

    inputs, shortest = _COPIED + 2, 1
    labels = (*map(str, range(_COPIED)), "blank")

    def guessed(self, length: int) -> float:
        """Any of eight symbols, at the right places."""
        return 1.0 / _COPIED

    def draw(self, rng: np.random.Generator, length: int) -> Example:
        """Make a sequence; see `Problem`. Steps count alike, those of the blanks too."""
        steps, blank = length + 2 * _RECALLED, _COPIED
        symbols, label = np.full(steps, blank), np.full(steps, blank, np.int64)
        symbols[:_RECALLED] = label[-_RECALLED:] = rng.integers(0, _COPIED, _RECALLED)
        symbols[_RECALLED + length - 1] = blank + 1
        return Example(one_hot(symbols, self.inputs), {"label": label})


class Binary:
    """Two binary numbers, added bit by bit, the lowest first.

    After Tsung and Cottrell, A sequential adder using recurrent networks, IJCNN 1989, with two
    digits: what is to be kept is the carry, for as long as carries run.
    """

    inputs, labels, shortest = 2, ("0", "1"), 2

    def guessed(self, length: int) -> float:
        """Sums without a carry: 3 of 4 pairs make none, and the last pair is 0 + 0."""
        return 0.75 ** (length - 1)

    def draw(self, rng: np.random.Generator, length: int) -> Example:
        """Make a sequence; see `Problem`. The last bit has the last carry alone."""
        bits = rng.integers(0, 2, (length, 2))
        bits[-1] = 0
        label, carry = np.empty(length, np.int64), 0
        for step, ones in enumerate(bits.sum(axis=1).tolist()):
            carry, label[step] = divmod(ones + carry, 2)
        return Example(bits.astype(np.float32), {"label": label})


PROBLEMS: dict[str, Problem] = {
    "adding": Adding(),
    "order": Order(),
    "copying": Copying(),
    "binary": Binary(),
}


def one_hot(symbols: NDArray[np.int64], size: int) -> NDArray[np.float32]:
    """Symbols `(steps,)` as frames `(steps, size)`."""
    return np.eye(size, dtype=np.float32)[symbols]
