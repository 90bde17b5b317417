"""Where a service listens: what is refused, and what is left behind."""

import asyncio
import socket
from pathlib import Path

import pytest
from wyoming.client import AsyncClient
from wyoming.info import Describe

from streamrnn.errors import ConfigError, ServeError
from streamrnn.serve.wyoming import Server
from streamrnn.serve.wyoming.address import Bound, Tcp, Unix, parse_uri
from tests.serve.wyoming.peer import wake


def test_a_uri_is_read_and_written() -> None:
    assert parse_uri("unix:///run/voice.sock") == Unix(Path("/run/voice.sock"))
    assert parse_uri("tcp://[::1]:10400") == Tcp("::1", 10400)
    for uri in ("tcp://0.0.0.0:0", "tcp://[::1]:10400", "unix:///run/voice.sock"):
        assert str(parse_uri(uri)) == uri


@pytest.mark.parametrize(
    "uri",
    [
        *("", "0.0.0.0:10400", "tcp://", "tcp://:10400", "tcp://host", "tcp://host:99999"),
        *("tcp://host:x", "tcp://[::1:10", "tcp://host:1/path", "stdio://", "http://host:1"),
        *("unix://", "unix://relative", "unix:///"),
    ],
)
def test_what_is_no_uri_is_refused(uri: str) -> None:
    with pytest.raises(ConfigError, match="expected tcp://HOST:PORT or unix:///PATH"):
        Server(uri, wake())


async def answers(server: Server) -> None:
    async with AsyncClient.from_uri(str(server.where)) as client:
        await client.write_event(Describe().event())
        event = await client.read_event()
        assert event is not None and event.type == "info"


def test_a_unix_socket_is_there_as_long_as_the_service(tmp_path: Path) -> None:
    path = tmp_path / "voice.sock"

    async def run() -> None:
        async with Server(f"unix://{path}", wake()) as server:
            await answers(server)
            with pytest.raises(ServeError, match="somebody listens at"):
                async with Server(f"unix://{path}", wake()):
                    pass
            await answers(server)
        assert not path.exists()
        left = socket.socket(socket.AF_UNIX)
        left.bind(str(path))
        left.close()  # and nobody listens
        async with Server(f"unix://{path}", wake()) as server:
            await answers(server)

    asyncio.run(run())


def test_a_file_is_no_socket_and_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "voice.sock"
    path.write_text("mine")

    async def run() -> None:
        with pytest.raises(ServeError, match="is no socket"):
            async with Server(f"unix://{path}", wake()):
                pass
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(run())
    assert path.read_text() == "mine"


def test_an_address_that_is_taken_or_of_another_machine_is_told() -> None:
    async def run() -> None:
        async with Server("tcp://127.0.0.1:0", wake()) as server:
            for uri in (str(server.where), "tcp://192.0.2.1:10400"):
                with pytest.raises(ServeError, match="expected a free address of this machine"):
                    async with Server(uri, wake()):
                        pass
            await answers(server)

    asyncio.run(run())


@pytest.mark.parametrize("uri", ["tcp://localhost:0", "unix://{}/voice.sock"])
def test_who_comes_before_it_serves_waits_and_is_answered(uri: str, tmp_path: Path) -> None:
    bound = Bound(parse_uri(uri.format(tmp_path)))
    with pytest.raises(ServeError, match="expected a free address of this machine"):
        Bound(bound.where)

    async def run() -> None:
        async with AsyncClient.from_uri(str(bound.where)) as client:
            await client.write_event(Describe().event())
            async with Server(bound, wake()) as server:
                assert server.where == bound.where
                event = await client.read_event()
                assert event is not None and event.type == "info"

    asyncio.run(run())
    Bound(bound.where).close()  # it was given back
    bound.close()
    assert not list(tmp_path.iterdir())
