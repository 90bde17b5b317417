"""Where a service listens: `tcp://HOST:PORT` or `unix://PATH`."""

import asyncio
import socket
import stat
from collections.abc import Callable
from contextlib import suppress
from errno import EADDRNOTAVAIL, EAFNOSUPPORT
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


class Bound:
    """An address that is taken: who connects waits, until somebody serves there.

    Args:
        where: which.

    Raises:
        ServeError: the address is taken, forbidden, or none of this machine.
    """

    def __init__(self, where: Tcp | Unix) -> None:
        try:
            self._sockets = _unix(where.path) if isinstance(where, Unix) else _tcp(where)
        except OSError as error:
            raise ServeError(
                f"{where}: expected a free address of this machine to listen at, got: {error}"
            ) from error
        self.where: Tcp | Unix = where
        """Which it is, with the real port."""
        if isinstance(where, Tcp):
            self.where = where._replace(port=self._sockets[0].getsockname()[1])

    async def serve(self, connected: Connected) -> list[asyncio.Server]:
        """Take those who wait, and whoever comes; each is handed to `connected`."""
        return [
            await asyncio.start_server(connected, sock=each, backlog=BACKLOG)
            for each in self._sockets
        ]

    def close(self) -> None:
        """Give the address back."""
        for each in self._sockets:
            each.close()
        if isinstance(self.where, Unix):
            self.where.path.unlink(missing_ok=True)


def _tcp(where: Tcp) -> list[socket.socket]:
    """Listen at one port of every address that a host has, where the machine has it too."""
    found, port, missing = list[socket.socket](), where.port, OSError("no address")
    told = socket.getaddrinfo(where.host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    for family, *_, address in told:
        try:
            at = (address[0], port, *address[2:])
            found.append(socket.create_server(at, family=family, backlog=BACKLOG))
            port = found[0].getsockname()[1]
        except OSError as error:
            if error.errno not in (EADDRNOTAVAIL, EAFNOSUPPORT):  # as `::1` of localhost may be
                for each in found:
                    each.close()
                raise
            missing = error
    if not found:
        raise missing
    return found


def _unix(path: Path) -> list[socket.socket]:
    """Listen at a path where nobody does; a socket that was left behind there is removed."""
    listening = socket.socket(socket.AF_UNIX)
    try:
        _see_that_free(path)
        listening.bind(str(path))
        listening.listen(BACKLOG)
    except OSError:
        listening.close()
        raise
    return [listening]


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


def _see_that_free(path: Path) -> None:
    """Refuse a path where somebody listens, or that is no socket; remove one left behind.

    Raises:
        OSError: it is taken.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise FileExistsError(f"{path} is no socket")
    with socket.socket(socket.AF_UNIX) as asking:
        asking.settimeout(1.0)
        try:
            asking.connect(str(path))
        except ConnectionRefusedError:  # left behind
            path.unlink()
            return
    raise FileExistsError(f"somebody listens at {path}")
