"""Zeroconf: a service tells the network that it is there, as Home Assistant looks for it."""

import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from streamrnn.errors import ConfigError, ServeError, UnsupportedError

try:
    from zeroconf import Error, InterfaceChoice
    from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf
except ModuleNotFoundError as _error:
    if _error.name != "zeroconf":
        raise
    raise UnsupportedError(
        "announce: expected zeroconf to be installed; pip install 'streamrnn[wyoming]'"
    ) from _error

TYPE = "_wyoming._tcp.local."
"""What Home Assistant looks for."""
_EVERYWHERE = {
    "0.0.0.0": (socket.AF_INET, "224.0.0.251"),
    "::": (socket.AF_INET6, "ff05::fb"),  # a site's: the link's tells no way
}
"""Groups of mDNS, RFC 6762 and IANA: whoever reaches one is on the network."""


@asynccontextmanager
async def announced(name: str, host: str, port: int) -> AsyncGenerator[str]:
    """Announce a service, and take that back in the end.

    Args:
        name: of the service; where another has it already, a number is put behind it.
        host: where it listens; of every address, IPv4 or IPv6, that of the way to the network is
            told.
        port: likewise.

    Yields:
        Name and addresses as they are told.

    Raises:
        ConfigError: the name is empty, or has more than 63 bytes (RFC 6763, 4.1.1).
        ServeError: there is no network to announce anything on.
    """
    if not 1 <= len(name.encode()) <= 63:
        raise ConfigError(f"name: expected 1 to 63 bytes to announce, got {len(name.encode())}")
    try:
        addresses = _addresses(host)
        everywhere = host == "0.0.0.0"  # of IPv6 the loopback could not be spoken on
        zeroconf = AsyncZeroconf(interfaces=InterfaceChoice.All if everywhere else addresses)
    except (OSError, RuntimeError) as error:  # the latter: an interface has no such address
        raise ServeError(
            f"announce: expected a network to announce {host} on, got: {error}; without, give "
            "host and port by hand"
        ) from error
    try:
        info = AsyncServiceInfo(TYPE, f"{name}.{TYPE}", parsed_addresses=addresses, port=port)
        half_typed: Any = zeroconf
        try:
            await half_typed.async_register_service(info, allow_name_change=True)
        except (Error, OSError) as error:
            raise ServeError(f"announce: expected to be heard, got: {error!r}") from error
        yield f"{info.get_name()} at {', '.join(addresses)}"
    finally:
        await zeroconf.async_unregister_all_services()
        await zeroconf.async_close()


def _addresses(host: str) -> list[str]:
    """The addresses by which others reach a host."""
    if host not in _EVERYWHERE:
        told = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        return list(dict.fromkeys(str(address[0]).split("%")[0] for *_, address in told))
    family, group = _EVERYWHERE[host]
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((group, 1))  # sends nothing, but asks the way
        return [str(probe.getsockname()[0])]
