"""What is kept of each of many users: of the last that came, so that nothing grows with time."""

from collections.abc import Iterator
from typing import Generic, TypeVar

MOST = 64
"""Users that are kept."""

Kept = TypeVar("Kept")


class Latest(Generic[Kept]):
    """Values by user, of the users that came last.

    Args:
        most: users that are kept; one more drops who came the longest ago.

    >>> kept = Latest[int](most=2)
    >>> for user in "abac":
    ...     kept[user] = len(user)
    >>> [user for user, _ in kept.items()]
    ['a', 'c']
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._values: dict[str, Kept] = {}

    def get(self, user: str) -> Kept | None:
        """What is kept of a user, who is now the latest; None: nothing."""
        if user not in self._values:
            return None
        value = self._values[user] = self._values.pop(user)
        return value

    def __setitem__(self, user: str, value: Kept) -> None:
        self._values.pop(user, None)
        self._values[user] = value
        if len(self._values) > self._most:
            del self._values[next(iter(self._values))]

    def items(self) -> Iterator[tuple[str, Kept]]:
        """Users and what is kept of them, the latest last."""
        return iter(list(self._values.items()))

    def clear(self) -> None:
        """Forget everybody."""
        self._values.clear()
