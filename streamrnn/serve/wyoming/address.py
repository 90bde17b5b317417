"""Where a service listens: `tcp://HOST:PORT` or `unix://PATH`."""

import asyncio
import socket
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from streamrnn.errors import ConfigError, ServeError

BACKLOG = 1024
"""Clients that may wait to be taken."""
Connected = Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]


class Tcp(NamedTuple):
    """A host and a port; 0: any that is free."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"tcp://{host}:{self.port}"


class Unix(NamedTuple):
    """The path of a socket."""

    path: Path

    def __str__(self) -> str:
        return f"unix://{self.path}"


def parse_uri(uri: str) -> Tcp | Unix:
    """Where a service is to listen.

    Raises:
        ConfigError: it is no such URI.

    >>> parse_uri("tcp://0.0.0.0:10400")
    Tcp(host='0.0.0.0', port=10400)
    """
    try:
        parts = urlsplit(uri)
        if parts.scheme == "tcp" and parts.hostname and parts.port is not None:
            if not parts.path.strip("/"):
                return Tcp(parts.hostname, parts.port)
        elif parts.scheme == "unix" and not parts.netloc and parts.path.strip("/"):
            return Unix(Path(parts.path))
    except ValueError:  # a port that is none, a bracket that is not closed
        pass
    raise ConfigError(
        f"serve: expected tcp://HOST:PORT or unix:///PATH to listen at, got {uri!r}; port 0 is any "
        "that is free"
    )


async def listen(where: Tcp | Unix, connected: Connected) -> tuple[asyncio.Server, Tcp | Unix]:
    """Begin to listen.

    Args:
        where: at which address.
        connected: is called with each client.

    Returns:
        The server, and its address with the real port.

    Raises:
        ServeError: the address is taken, forbidden, or none of this machine.
    """
    try:
        if isinstance(where, Unix):
            await _see_that_free(where.path)
            server = await asyncio.start_unix_server(connected, where.path, backlog=BACKLOG)
            return server, where
        server = await asyncio.start_server(connected, where.host, where.port, backlog=BACKLOG)
        return server, where._replace(port=server.sockets[0].getsockname()[1])
    except OSError as error:
        raise ServeError(
            f"{where}: expected a free address of this machine to listen at, got: {error}"
        ) from error


def keep_alive(writer: asyncio.StreamWriter) -> None:
    """Have the system ask whether a silent client is still there, after a minute or two.

    Who loses power says no good-bye, and would hold a stream for ever.
    """
    connection = writer.get_extra_info("socket")
    if connection is None or connection.family not in (socket.AF_INET, socket.AF_INET6):
        return
    with suppress(OSError):  # it is gone already
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 4)):
            if hasattr(socket, name):  # not on every system
                connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


async def _see_that_free(path: Path) -> None:
    """Refuse a path where somebody listens, or that is no socket; asyncio removes one left behind.

    Raises:
        OSError: it is taken.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise FileExistsError(f"{path} is no socket")
    try:
        _, writer = await asyncio.open_unix_connection(path)
    except ConnectionRefusedError:
        return  # left behind
    writer.close()
    raise FileExistsError(f"somebody listens at {path}")
