"""Runs the seven points against a model, and tells of each whether it holds."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from streamrnn.checks import points
from streamrnn.checks.faithful import faithful
from streamrnn.checks.subject import STEPS, Broken, Subject, Uncompared
from streamrnn.errors import ShapeError, StreamRNNError
from streamrnn.model import Model

POINTS: tuple[tuple[str, Callable[[Subject], str]], ...] = (
    ("Chunking never shows", points.chunking),
    ("Company never shows", points.company),
    ("Interruption never shows", points.interruption),
    ("It is the network that was trained", faithful),
    ("Causal", points.causal),
    ("Clean", points.clean),
    ("Input is never kept or changed", points.untouched),
)


@dataclass(frozen=True, slots=True)
class Point:
    """One of the seven points of the contract."""

    number: int
    """From 1 to 7."""
    name: str
    """In a few words."""
    passed: bool
    """Whether it holds; true also where there is nothing to compare."""
    tried: str
    """What was tried, and what was found."""
    compared: bool = True
    """False: there is nothing to compare, as of a network that only its own engine runs."""

    def __str__(self) -> str:
        mark = "holds" if self.passed else "FAILS"
        return f"{self.number}. {mark if self.compared else '  –  '}  {self.name}: {self.tried}"


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The outcome of `check_model`."""

    model: str
    """The model's name."""
    fingerprint: str
    """The model's fingerprint."""
    points: tuple[Point, ...]
    """All seven, in order."""

    @property
    def passed(self) -> bool:
        """Whether every point holds."""
        return all(point.passed for point in self.points)

    def __str__(self) -> str:
        lines = [f"{self.model} ({self.fingerprint[:12]})", *map(str, self.points)]
        return "\n  ".join(lines)


def check_model(
    model: Model,
    sequence: Any = None,
    *,
    seed: int = 0,
    tell: Callable[[Point], None] | None = None,
) -> CheckReport:
    """Run the seven points of the contract against a model, whatever its engine.

    Args:
        model: the model.
        sequence: a whole sequence to try it on; without one, one is made up that the front end
            takes.
        seed: of the random cuts and of the made-up sequence.
        tell: called with each point when it has been tried.

    Returns:
        A report that says of each point whether it holds and what was tried; nothing is raised
        where a point fails.

    Raises:
        InputError: the sequence is refused, or too short to be cut.
    """
    if sequence is None:
        sequence = model.frontend.example(np.random.default_rng(seed), STEPS)
    if len(sequence) < 2:
        raise ShapeError(
            f"sequence: expected at least 2 samples, to be cut, got {len(sequence)}; give none, "
            "and one is made up"
        )
    subject = Subject(model, sequence, seed)
    found: list[Point] = []
    for number, point in enumerate(POINTS, 1):
        found.append(_run(number, *point, subject))
        if tell is not None:
            tell(found[-1])
    return CheckReport(model.name, model.fingerprint, tuple(found))


def _run(number: int, name: str, check: Callable[[Subject], str], subject: Subject) -> Point:
    try:
        return Point(number, name, True, check(subject))
    except Uncompared as why:
        return Point(number, name, True, str(why), compared=False)
    except (Broken, StreamRNNError) as error:
        return Point(number, name, False, str(error))
    except Exception as error:  # a front end or engine of someone else's may raise anything
        return Point(number, name, False, f"{type(error).__name__}: {error}")
