"""A service that is announced is found by whoever browses the network, and no more once it ends."""

import asyncio
import socket
import struct
from typing import Any

import pytest
from ifaddr import get_adapters
from zeroconf import ServiceStateChange
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from streamrnn.errors import ConfigError, ServeError
from streamrnn.serve.wyoming import announce
from streamrnn.serve.wyoming.announce import TYPE, announced

HOST = "127.0.0.1"


def multicast_works(host: str) -> bool:
    """Whether a datagram to the group of mDNS comes back to the interface of an address."""
    group = "ff02::fb" if ":" in host else "224.0.0.251"
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with (
        socket.socket(family, socket.SOCK_DGRAM) as receiver,
        socket.socket(family, socket.SOCK_DGRAM) as sender,
    ):
        try:
            if family == socket.AF_INET:
                via, level = socket.inet_aton(host), socket.IPPROTO_IP
                join, use = socket.IP_ADD_MEMBERSHIP, socket.IP_MULTICAST_IF
            else:
                index = next(a.index for a in get_adapters() for ip in a.ips if host in ip.ip)
                via, level = struct.pack("@I", index), socket.IPPROTO_IPV6
                join, use = socket.IPV6_JOIN_GROUP, socket.IPV6_MULTICAST_IF
            receiver.bind(("", 0))
            receiver.settimeout(1.0)
            receiver.setsockopt(level, join, socket.inet_pton(family, group) + via)
            sender.setsockopt(level, use, via)
            sender.sendto(b"here", (group, receiver.getsockname()[1]))
            return receiver.recv(9) == b"here"
        except (OSError, StopIteration):
            return False


def own(host: str) -> str:
    """What is announced of every address."""
    try:
        return announce._addresses(host)[0]
    except OSError:
        return ""


@pytest.fixture(params=[HOST, "::"])
def host(request: pytest.FixtureRequest) -> str:
    """An address that a service may be found at."""
    found = own(request.param)
    if not found or not multicast_works(found):
        pytest.skip(f"needs multicast at {request.param}")
    return found


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


def test_it_is_found_where_it_listens_and_gone_when_it_ends(host: str) -> None:
    name = "streamrnn test"

    async def run() -> None:
        own, seen = AsyncZeroconf(interfaces=[host]), Browser()
        browser = AsyncServiceBrowser(own.zeroconf, TYPE, handlers=[seen.change])
        async with announced(name, host, 10_400) as known:
            assert known == f"{name} at {host}"
            await seen.until({f"{name}.{TYPE}"})
            info = AsyncServiceInfo(TYPE, f"{name}.{TYPE}")
            assert await info.async_request(own.zeroconf, 5_000)
            assert (info.parsed_addresses(), info.port) == ([host], 10_400)
            async with announced(name, host, 10_401) as second:  # another of the same name
                assert second == f"{name}-2 at {host}"
                await seen.until({f"{name}.{TYPE}", f"{name}-2.{TYPE}"})
        await seen.until(set())
        await browser.async_cancel()
        await own.async_close()

    asyncio.run(run())


def test_of_every_address_of_a_kind_its_own_is_told() -> None:
    """Of IPv6 none of IPv4, where nobody listens."""
    for every, separator in (("0.0.0.0", "."), ("::", ":")):
        assert not own(every) or separator in own(every)


def test_without_a_network_it_says_so() -> None:
    async def run() -> None:
        async with announced("here", "fe80::1%nowhere", 1):
            pass

    with pytest.raises(ServeError, match="expected a network to announce fe80::1%nowhere on"):
        asyncio.run(run())


@pytest.mark.parametrize("name", ["", "ä" * 32])
def test_a_name_that_cannot_be_announced_is_refused(name: str) -> None:
    async def run() -> None:
        async with announced(name, HOST, 1):
            pass

    with pytest.raises(ConfigError, match="name: expected 1 to 63 bytes to announce"):
        asyncio.run(run())
