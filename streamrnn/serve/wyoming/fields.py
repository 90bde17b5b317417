"""Fields of events: read, or refused with what was expected."""

from typing import cast

from wyoming.event import Event

from streamrnn.serve.wyoming.wire import shown


class FieldError(Exception):
    """An event whose fields cannot be used; what it tells goes to the client, who may go on.

    Args:
        text: what was expected and what came.
        code: the same for a program.
    """

    def __init__(self, text: str, code: str = "bad-field") -> None:
        super().__init__(text)
        self.code = code


def text_of(event: Event, name: str, *, needed: bool = True) -> str | None:
    """A string; None where there is none and none is needed.

    Raises:
        FieldError: it is missing, or something else.
    """
    value = event.data.get(name)
    if isinstance(value, str) or (value is None and not needed):
        return value
    raise _refused(event, name, "a string", value)


def number_of(event: Event, name: str, low: int, high: int) -> int:
    """A whole number within bounds.

    Raises:
        FieldError: it is missing, something else, or out of bounds.
    """
    value = event.data.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise _refused(event, name, f"a whole number from {low} to {high}", value)
    return value


def time_of(event: Event) -> float | None:
    """The timestamp in milliseconds, where there is one.

    Raises:
        FieldError: it is no number.
    """
    value = event.data.get("timestamp")
    if value is None:
        return None
    # As many as a float tells apart: no sum with it becomes infinite.
    if not isinstance(value, int | float) or isinstance(value, bool) or abs(value) > 2**53:
        raise _refused(event, "timestamp", "milliseconds", value)
    return value


def names_of(event: Event) -> list[str]:
    """The field `names`, a list of strings; [] where there is none.

    Raises:
        FieldError: it is something else.
    """
    value = event.data.get("names")
    given = cast(list[object], value) if isinstance(value, list) else None
    names = [name for name in given or () if isinstance(name, str)]
    if value is not None and (given is None or len(names) < len(given)):
        raise _refused(event, "names", "a list of strings", cast(object, value))
    return names


def _refused(event: Event, name: str, expected: str, value: object) -> FieldError:
    return FieldError(f"{event.type}: expected {name}, {expected}, got {shown(value)}")
