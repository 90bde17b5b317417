"""Durations: as people write them, and whatever the words."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamrnn.tasks.intents.durations import durations, told

MINUTE, HOUR = 60.0, 3600.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("ten minutes", 10 * MINUTE),
        ("an hour and a half", 1.5 * HOUR),
        ("an hour and a quarter, please", 1.25 * HOUR),
        ("one and a half hours", 1.5 * HOUR),
        ("half an hour", 0.5 * HOUR),
        ("a half hour", 0.5 * HOUR),
        ("three quarters of an hour", 0.75 * HOUR),
        ("1.5 hours", 1.5 * HOUR),
        ("1h30m", 1.5 * HOUR),
        ("2 hours, 15 minutes and 10 seconds", 2 * HOUR + 15 * MINUTE + 10),
        ("1 hour and half a minute", HOUR + 30),
        ("Twenty-five minutes", 25 * MINUTE),
        ("a hundred and twenty five seconds", 125.0),
        ("two hundred seconds", 200.0),
        ("a couple of minutes", 2 * MINUTE),
        ("another minute", MINUTE),
        ("two extra minutes", 2 * MINUTE),
        ("a second timer for ten minutes", 10 * MINUTE),
        ("zero seconds", 0.0),
        ("1:30 minutes", MINUTE + 30),
        ("01:20 hours", HOUR + 20 * MINUTE),
        ("1:02:03 hours", HOUR + 2 * MINUTE + 3),
        ("two and three quarter hours", 2.75 * HOUR),
        ("two and a quarter hours", 2.25 * HOUR),
        ("two hours and three quarters", 2.75 * HOUR),
        ("1 hour and three quarters of a minute", HOUR + 45),
        ("10,000 seconds", 10_000.0),
        ("1,234,567s", 1_234_567.0),
    ],
)
def test_one_duration_is_read(text: str, seconds: float) -> None:
    assert [part.seconds for part in durations(text)] == [seconds]


@pytest.mark.parametrize("text", ["", "what time is it", "minutes", "at 7:30", "5 apples", "mhs 3"])
def test_where_there_is_none_none_is_made_up(text: str) -> None:
    assert durations(text) == []


def test_a_duration_may_name_a_timer() -> None:
    amount, name = durations("add five minutes to the half hour timer")
    assert amount == (5 * MINUTE, False) and name == (0.5 * HOUR, True)


@given(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59))
@settings(max_examples=100, deadline=None)
def test_what_is_told_is_read_again(hours: int, minutes: int, seconds: int) -> None:
    whole = hours * HOUR + minutes * MINUTE + seconds
    (part,) = durations(told(whole))
    assert part.seconds == whole


@given(st.integers(0, 10**8), st.integers(0, 59), st.sampled_from(["minutes", "hours"]))
def test_digits_may_be_grouped(many: int, more: int, unit: str) -> None:
    seconds = {"minutes": MINUTE, "hours": HOUR}[unit]
    grouped, colon = durations(f"{many:,} {unit}"), durations(f"{many}:{more:02} {unit}")
    assert [part.seconds for part in grouped] == [many * seconds]
    assert [part.seconds for part in colon] == [many * seconds + more * seconds / 60.0]


@given(st.floats(0.0, 1e6))
def test_told_rounds_up(seconds: float) -> None:
    (part,) = durations(told(seconds))
    assert seconds <= part.seconds <= seconds + 1.0


WORDS = "a an half quarters hundred ten twenty five hour m and , - 7 1.5 1:30 1,000 more".split()


@given(st.lists(st.sampled_from(WORDS)).map(" ".join) | st.text())
@settings(max_examples=300, deadline=None)
def test_any_text_can_be_read(text: str) -> None:
    assert all(part.seconds >= 0.0 for part in durations(text))


def test_numbers_without_end_are_no_error() -> None:
    (part,) = durations("9" * 5000 + " hours")
    assert part.seconds == float("inf")
