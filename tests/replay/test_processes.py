"""Work is shared out, and what dies takes only its own piece with it."""

import os
import signal
import threading
import time
from functools import partial
from typing import Any

import pytest

from streamrnn.replay.processes import Progress, shared


class Square:
    """A piece of work; one of them ends its process."""

    def __init__(self, deadly: int, progress: Progress) -> None:
        self.deadly, self.progress = deadly, progress

    def __call__(self, number: int) -> Any:
        if number == self.deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        self.progress[2 * number] = number
        return [number * number, os.getpid()]


@pytest.mark.parametrize("deadly", [-1, 0, 3])
def test_every_piece_once(deadly: int) -> None:
    looks: list[list[float]] = []
    found = dict(shared(partial(Square, deadly), [1.0] * 6, 2, lambda p: looks.append(list(p))))
    assert sorted(found) == list(range(6))
    for number, given in found.items():
        assert given == -signal.SIGKILL if number == deadly else given[0] == number * number
    alive = {given[1] for number, given in found.items() if number != deadly}
    assert os.getpid() not in alive and 1 <= len(alive) <= 3
    assert looks[-1][1::2] == [1.0] * 6


class Endless:
    def __init__(self, progress: Progress) -> None:
        self.progress = progress

    def __call__(self, number: int) -> None:
        self.progress[2 * number] = os.getpid()
        while True:
            time.sleep(0.01)


class Stop(Exception):
    pass


def test_whoever_stops_looking_ends_them() -> None:
    pids: list[int] = []

    def look(progress: Progress) -> None:
        pids[:] = [int(pid) for pid in progress[::2]]
        if all(pids):
            raise Stop

    with pytest.raises(Stop):
        list(shared(Endless, [1.0, 2.0], 2, look))
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


class Leaving(Square):
    """One that ends its process once its piece is handed in."""

    def __call__(self, number: int) -> Any:
        threading.Timer(0.2, os._exit, [3]).start()
        return super().__call__(number)


def test_a_process_that_ends_between_pieces_leaves_them_to_others() -> None:
    found: dict[int, Any] = {}
    for number, given in shared(partial(Leaving, -1), [1.0] * 5, 2, lambda _: None):
        time.sleep(0.3)  # meanwhile whoever handed it in is gone
        found[number] = given
    assert sorted(found) == list(range(5))
    assert all(given == 3 or given[0] == number**2 for number, given in found.items())
