"""`streamrnn serve`: models as services in a voice assistant's pipeline."""

import asyncio
import logging
import signal
from contextlib import AsyncExitStack, closing, suppress
from importlib import import_module
from ipaddress import ip_address
from threading import Timer
from typing import TYPE_CHECKING, Annotated, Any

import typer

from streamrnn.cli.lines import print_json, tell
from streamrnn.errors import ConfigError, ServeError, UnsupportedError
from streamrnn.loading import load

if TYPE_CHECKING:
    from wyoming.event import Event

    from streamrnn.serve.wyoming import Bound, Served

LONG = 2.0
"""Seconds after which it is told what takes so long."""


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(serve)


def serve(
    wyoming: Annotated[
        str,
        typer.Option(
            metavar="URI",
            help="Where: tcp://HOST:PORT ([::] for IPv6), or unix:///PATH.",
        ),
    ],
    wake: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Detects wake words: wake.")
    ] = None,
    intent: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Understands sentences: intents.")
    ] = None,
    vad: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Tells where speech begins and ends.")
    ] = None,
    handle: Annotated[
        bool, typer.Option(help="With --intent: answer what time and what day it is.")
    ] = True,
    name: Annotated[str, typer.Option(help="What others see it called.")] = "streamrnn",
    zeroconf: Annotated[
        bool | None,
        typer.Option(help="Announce it on the network (default: where others can reach it)."),
    ] = None,
    most_clients: Annotated[int, typer.Option(min=1, help="At a time.")] = 1000,
    json: Annotated[
        bool, typer.Option("--json", help="One JSON object an event that is sent.")
    ] = False,
) -> None:
    """Serve models to Home Assistant, or whoever else speaks the Wyoming protocol.

    A model is a bundled name or a file; all clients share it. Ctrl-C ends the service.

    Sound is listened to for all wake words, unless `detect` names some.

    A `transcript` that asks for time or date is `handled`; any other brings
    `intent` or `not-recognized`, and so does `recognize`, whatever it asks for.
    """
    from streamrnn.serve.wyoming import Bound, Served, parse_uri
    from streamrnn.serve.wyoming.address import Tcp

    if zeroconf:
        import_module("streamrnn.serve.wyoming.announce")  # or it is told at once what is missing
    where = parse_uri(wyoming)  # before all is loaded
    if zeroconf and not isinstance(where, Tcp):
        raise ConfigError(f"--zeroconf: expected tcp://HOST:PORT to announce, got {where}")
    served = Served(
        wake=load(wake) if wake else None,
        intent=load(intent) if intent else None,
        vad=load(vad) if vad else None,
        handle=handle,
        name=name,
    )
    logging.basicConfig(format="streamrnn: %(message)s")  # a line to standard error
    with closing(Bound(where)) as bound:  # what cannot be is told at once; clients may wait there
        _warm(served)
        number = asyncio.run(_serve(bound, served, zeroconf, most_clients, json))
    raise SystemExit(128 + number)


def _warm(served: "Served") -> None:
    """Let everything run once; what takes long is told."""
    told = "compiling kernels, a minute the first time; clients may connect, and wait"
    telling = Timer(LONG, tell, [told])
    telling.daemon = True
    telling.start()
    try:
        served.warm()
    finally:
        telling.cancel()


async def _serve(
    bound: "Bound", served: "Served", zeroconf: bool | None, most_clients: int, json: bool
) -> int:
    """Serve until a signal comes; gives its number once all that was open is closed.

    Ctrl-C is asyncio's own: it cancels this, and raises KeyboardInterrupt after it.
    """
    from streamrnn.serve.wyoming import Server
    from streamrnn.serve.wyoming.server import counted

    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_tell_failure)
    stopped: asyncio.Future[int] = loop.create_future()

    def told(client: str, event: "Event") -> None:
        try:
            if json:
                print_json({"client": client, "type": event.type, "data": event.data})
        except OSError as error:  # nobody reads the lines: that ends the service, not the client
            if not stopped.done():
                stopped.set_exception(error)

    _stop_with(loop, stopped)
    async with AsyncExitStack() as stack:
        server = Server(bound, served, most_clients=most_clients, told=told)
        stack.callback(lambda: tell(f"stopped; {counted(server.clients_served)} served"))
        await stack.enter_async_context(server)
        kinds = {"wake": served.wake, "intent": served.intent, "vad": served.vad}
        models = ", ".join(f"{kind} {each.name}" for kind, each in kinds.items() if each)
        tell(f"serving {models} at {server.where}")
        await _announce(stack, server.where, served.name, zeroconf)
        return await stopped


async def _announce(stack: AsyncExitStack, where: Any, name: str, asked: bool | None) -> None:
    """Announce a service until the stack ends; where nobody asked for it, a failure is told."""
    from streamrnn.serve.wyoming.address import Tcp

    if not isinstance(where, Tcp) or not (_reached(where.host) if asked is None else asked):
        return
    try:
        from streamrnn.serve.wyoming.announce import announced

        known = await stack.enter_async_context(announced(name, where.host, where.port))
    except (ServeError, UnsupportedError) as error:
        if asked:
            raise
        tell(error)
    else:
        tell(f"announced as {known}")


def _reached(host: str) -> bool:
    """Whether others may reach a host: no, where it is this machine's own."""
    with suppress(ValueError):
        return not ip_address(host).is_loopback
    return host != "localhost"


def _stop_with(loop: asyncio.AbstractEventLoop, stopped: "asyncio.Future[int]") -> None:
    """Have signals stop the service in good order; not those that are ignored, as under nohup."""

    def stop(number: int) -> None:
        if not stopped.done():
            stopped.set_result(number)

    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            with suppress(NotImplementedError):  # Windows
                loop.add_signal_handler(number, stop, number)


def _tell_failure(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What went wrong in no client's own task, as one line."""
    tell(f"{context.get('message')}: {context.get('exception')!r}")
