"""How cells look in pictures, and the names of what is shown."""

from __future__ import annotations

from typing import Any

from streamrnn.show.theme import Theme

STYLES: dict[str, dict[str, Any]] = {
    "feedforward": {"marker": "^", "linestyle": "-."},
    "rnn": {"marker": "o", "linestyle": "-"},
    "gru": {"marker": "s", "linestyle": "--"},
    "lstm": {"marker": "D", "linestyle": (0, (1, 1))},
}
"""Marks and dashes of each cell, so that colour is not needed to tell them apart."""
CELL_NAMES = {"feedforward": "feed-forward", "rnn": "RNN", "gru": "GRU", "lstm": "LSTM"}

WEIGHED_IN = {"hidden": "hidden state", "output": "prediction"}
"""What inputs weigh in, in words."""


def colour(theme: Theme, cell: str) -> str:
    """The colour of a cell, the same in all pictures."""
    return theme.lines[list(STYLES).index(cell)]


def line(theme: Theme, cell: str, **more: Any) -> dict[str, Any]:
    """The look of a cell's line."""
    return {"color": colour(theme, cell), **STYLES[cell], **more}


def short(label: str) -> str:
    """A label without the family name that all of Home Assistant's intents have."""
    return label.removeprefix("Hass")
