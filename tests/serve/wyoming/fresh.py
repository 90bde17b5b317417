"""A service in a process of its own: it says which kernels its first clients had to wait for."""

import asyncio
import sys
from typing import Any

import numpy as np

from streamrnn.serve.wyoming import Server
from tests.serve.wyoming.peer import RATE, Peer, connected, everything, served

FORMS = [(RATE, 1, 2, 160), (44_100, 2, 2, 4_096), (48_000, 1, 3, 10**6), (RATE, 2, 4, 1_024)]
"""Rates, channels, bytes a sample, samples a chunk."""


def forms() -> set[tuple[str, str]]:
    """Kernels that were called, each with the types of its arguments."""
    rooms = [room for name, room in list(sys.modules.items()) if name.startswith("streamrnn.")]
    parts: list[Any] = [part for room in rooms for part in vars(room).values()]
    kernels = {id(part): part for part in parts if hasattr(part, "nopython_signatures")}
    assert kernels
    return {
        (kernel.py_func.__qualname__, str(form))
        for kernel in kernels.values()
        for form in kernel.nopython_signatures
    }


async def speak(peer: Peer, rate: int, channels: int, width: int, chunk: int) -> None:
    sound = np.zeros((3 * rate, channels, width), np.uint8)
    await peer.hear(sound, chunk, rate=rate, channels=channels, width=width)
    await peer.send("audio-stop")
    await peer.send("ping")
    await peer.heard()


async def traffic(server: Server) -> None:
    for form in FORMS:
        for together in (1, 3):
            async with asyncio.TaskGroup() as group:
                for _ in range(together):
                    group.create_task(one(server, *form))
    async with connected(server) as peer:
        for text in ("turn on the kitchen lights", "what time is it", "on " * 1_000, ""):
            for kind in ("transcript", "recognize"):
                await peer.send(kind, text=text)
                await peer.read()


async def one(server: Server, *form: int) -> None:
    async with connected(server) as peer:
        await speak(peer, *form)


def main() -> None:
    what = everything()
    what.warm()
    before = forms()
    served(traffic, what)
    for name, form in sorted(forms() - before):
        print(name, form)


if __name__ == "__main__":
    main()
