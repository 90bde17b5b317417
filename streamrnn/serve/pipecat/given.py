"""What constructors are given, looked at before anything runs."""

from collections.abc import Iterable, Sequence
from typing import Any

from streamrnn.errors import ConfigError


def labels(option: str, given: Iterable[str], known: Sequence[str] | None = None) -> list[str]:
    """The labels that an option names, each once.

    Args:
        option: what it is called.
        given: labels, or a single one.
        known: those that there are; None: any may be.

    Raises:
        ConfigError: it names none, or one that is not known.

    >>> labels("names", "jarvis"), labels("names", ["jarvis", "alexa", "jarvis"])
    (['jarvis'], ['jarvis', 'alexa'])
    """
    named = [given] if isinstance(given, str) else list(dict.fromkeys(given))
    wrong = [name for name in named if known is not None and name not in known]
    if wrong or not named:
        some = "labels" if known is None else ", ".join(known) or "no labels: the model has none"
        raise ConfigError(
            f"{option}: expected some of {some}, got {', '.join(map(str, wrong)) or 'none'}"
        )
    return named


def seconds(option: str, given: Any, *, zero: bool = False) -> float:
    """A time.

    Args:
        option: what it is called.
        given: a number.
        zero: whether it may be 0.

    Raises:
        ConfigError: it is no number, or too small.
    """
    if not isinstance(given, int | float) or not (given > 0.0 or (zero and given == 0.0)):
        least = "0 or more" if zero else "more than 0"
        raise ConfigError(f"{option}: expected {least} seconds, got {given!r}")
    return given
