"""A service that is announced is found by whoever browses the network, and no more once it ends."""

import asyncio
import socket
from typing import Any

import pytest
from zeroconf import ServiceStateChange
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from streamrnn.errors import ConfigError
from streamrnn.serve.wyoming.announce import TYPE, announced

HOST = "127.0.0.1"


def multicast_works() -> bool:
    """Whether a datagram to the group of mDNS comes back on loopback."""
    group = socket.inet_aton("224.0.0.251") + socket.inet_aton(HOST)
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
    ):
        try:
            receiver.bind(("", 0))
            receiver.settimeout(1.0)
            receiver.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
            sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(HOST))
            sender.sendto(b"here", ("224.0.0.251", receiver.getsockname()[1]))
            return receiver.recv(9) == b"here"
        except OSError:
            return False


multicast = pytest.mark.skipif(not multicast_works(), reason="needs multicast on loopback")


class Browser:
    """What somebody who browses has seen."""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self.changed = asyncio.Event()

    def change(self, *, name: str, state_change: ServiceStateChange, **_: Any) -> None:
        (self.seen.discard if state_change is ServiceStateChange.Removed else self.seen.add)(name)
        self.changed.set()

    async def until(self, names: set[str]) -> None:
        async with asyncio.timeout(20):
            while self.seen != names:
                self.changed.clear()
                await self.changed.wait()


@multicast
def test_it_is_found_where_it_listens_and_gone_when_it_ends() -> None:
    name = "streamrnn test"

    async def run() -> None:
        own, seen = AsyncZeroconf(interfaces=[HOST]), Browser()
        browser = AsyncServiceBrowser(own.zeroconf, TYPE, handlers=[seen.change])
        async with announced(name, HOST, 10_400) as known:
            assert known == f"{name} at {HOST}"
            await seen.until({f"{name}.{TYPE}"})
            info = AsyncServiceInfo(TYPE, f"{name}.{TYPE}")
            assert await info.async_request(own.zeroconf, 5_000)
            assert (info.parsed_addresses(), info.port) == ([HOST], 10_400)
            async with announced(name, HOST, 10_401) as second:  # another of the same name
                assert second == f"{name}-2 at {HOST}"
                await seen.until({f"{name}.{TYPE}", f"{name}-2.{TYPE}"})
        await seen.until(set())
        await browser.async_cancel()
        await own.async_close()

    asyncio.run(run())


@pytest.mark.parametrize("name", ["", "ä" * 32])
def test_a_name_that_cannot_be_announced_is_refused(name: str) -> None:
    async def run() -> None:
        async with announced(name, HOST, 1):
            pass

    with pytest.raises(ConfigError, match="name: expected 1 to 63 bytes to announce"):
        asyncio.run(run())
