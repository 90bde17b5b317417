"""Ctrl-C comes between chunks."""

import signal
from collections.abc import Iterator

import pytest

from streamrnn.cli.interrupts import between


def test_what_is_begun_is_done_and_nothing_more() -> None:
    done: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        for number in between(range(5)):
            if number == 2:
                signal.raise_signal(signal.SIGINT)
            done.append(number)
    assert done == [0, 1, 2]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_whoever_waits_is_interrupted_at_once() -> None:
    reached = False

    def source() -> Iterator[int]:
        nonlocal reached
        yield 0
        signal.raise_signal(signal.SIGINT)
        reached = True
        yield 1

    done: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        done.extend(between(source()))
    assert not reached
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_without_it_all_chunks_come_one_inside_another_too() -> None:
    assert list(between(between(range(4)))) == [0, 1, 2, 3]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_process_that_ignores_it_goes_on_ignoring_it() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        for number in between(range(3)):
            if number == 1:
                signal.raise_signal(signal.SIGINT)
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
