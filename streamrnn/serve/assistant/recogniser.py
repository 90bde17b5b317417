"""What turns speech to words: what an assistant needs of it, whoever made it."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

RATE = 16_000
"""Samples a second that a recogniser hears."""


class Recogniser(Protocol):
    """Hears one command after the other, and tells the words as far as it understood them."""

    def begin(self) -> None:
        """Begin a command; one that was not ended is forgotten."""
        ...

    def feed(self, samples: NDArray[np.int16]) -> str:
        """Take some sound, `(n,)` at 16 kHz, and give the words so far.

        Any of them may be said otherwise later; "" where none is known yet.
        """
        ...

    def flush(self) -> str:
        """End the command, and give its words."""
        ...

    def close(self) -> None:
        """Give back what is held: connections, files."""
        ...
