"""Threads that share work."""

import threading
import time

import pytest

from streamrnn.errors import ConfigError
from streamrnn.workers import Workers, available_cores


@pytest.mark.parametrize(("threads", "parts"), [(1, 5), (3, 5), (4, 2), (3, 0)])
def test_every_part_is_done_once(threads: int, parts: int) -> None:
    done: list[tuple[int, int]] = []
    workers = Workers(threads)
    workers.run(lambda which, of: done.append((which, of)), parts)
    of = max(1, min(threads, parts))
    assert sorted(done) == [(which, of) for which in range(of)]
    workers.close()
    workers.run(lambda which, of: None, parts)  # begins anew


def test_a_failure_is_raised_once_all_have_ended() -> None:
    ended = threading.Event()

    def part(which: int, of: int) -> None:
        if which == 1:
            raise ValueError("part 1")
        if which == 2:
            time.sleep(0.05)
            ended.set()

    workers = Workers(3)
    with pytest.raises(ValueError, match="part 1"):
        workers.run(part, 3)
    assert ended.is_set()
    workers.close()


def test_threads_are_counted() -> None:
    assert Workers().threads == available_cores() >= 1
    with pytest.raises(ConfigError, match="threads: expected a whole number, 1 or more, got 0"):
        Workers(0)


def test_threads_end_with_their_owner() -> None:
    workers = Workers(3)
    workers.run(lambda which, of: None, 3)
    mine = [thread for thread in threading.enumerate() if thread.name == "streamrnn-pool"]
    assert len(mine) >= 2
    del workers
    for thread in mine[-2:]:
        thread.join(10)
        assert not thread.is_alive()
