"""`streamrnn serve` as a process: it says where, serves, and ends in good order."""

import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from wyoming.event import Event as WyomingEvent

from streamrnn.cli import lines as cli
from streamrnn.cli import serve as module
from streamrnn.cli.serve import serve
from streamrnn.errors import ServeError
from streamrnn.loading import load
from streamrnn.serve.wyoming import Served
from streamrnn.serve.wyoming.wire import EventReader
from tests.cli.test_cli import run
from tests.conftest import COMMAND
from tests.serve.wyoming.peer import FORMAT, recorded, words


@contextmanager
def service(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command, and the URI that it says."""
    with subprocess.Popen(
        [*COMMAND, "serve", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        try:
            assert line.startswith("streamrnn: serving "), line + process.stderr.read()
            yield process, line.split(" at ")[1].strip()
        finally:
            process.kill()


def ask(uri: str, *sent: str, payload: bytes = b"") -> list[dict[str, Any]]:
    """Send lines, and bytes after the last one; read until the service has no more to say."""
    host, port = uri.removeprefix("tcp://").rsplit(":", 1)
    reader, found = EventReader(), list[dict[str, Any]]()
    with socket.create_connection((host, int(port)), 20) as connection:
        connection.sendall("".join(f"{line}\n" for line in sent).encode() + payload)
        connection.shutdown(socket.SHUT_WR)
        while data := connection.recv(2**16):
            reader.feed(data)
    while (event := reader.next_event()) is not None:
        assert isinstance(event, WyomingEvent)
        found.append({"type": event.type, "data": event.data})
    return found


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_and_it_says_whom_it_served(number: signal.Signals) -> None:
    with service("--wyoming", "tcp://127.0.0.1:0", "--wake", "wake") as (process, uri):
        assert ask(uri, '{"type": "ping"}')[0]["type"] == "pong"
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (128 + number, "")
    assert err == "streamrnn: stopped; 1 client served\n"
    with pytest.raises(ConnectionRefusedError):
        ask(uri)


def test_a_second_one_at_a_port_is_one_line_and_the_first_goes_on() -> None:
    with service("--wyoming", "tcp://127.0.0.1:0", "--wake", "wake") as (_, uri):
        second = run("serve", "--wyoming", uri, "--wake", "wake")
        assert second.returncode == 2 and second.stderr.count("\n") == 1
        assert "expected a free address of this machine to listen at" in second.stderr
        assert ask(uri, '{"type": "ping"}')[0]["type"] == "pong"


def test_an_address_that_is_taken_is_told_before_kernels_are_compiled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Served, "warm", lambda _: pytest.fail("it was warmed first"))
    with socket.create_server(("127.0.0.1", 0)) as other:
        uri = f"tcp://127.0.0.1:{other.getsockname()[1]}"
        with pytest.raises(ServeError, match="expected a free address of this machine"):
            serve(uri, wake="wake")


def test_what_takes_long_is_told_once_and_what_does_not_is_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = Event()

    def tell(line: object) -> None:
        cli.tell(line)
        told.set()

    served = Served(wake=load("wake"))
    monkeypatch.setattr(module, "tell", tell)
    monkeypatch.setattr(Served, "warm", lambda _: None)
    module._warm(served)
    monkeypatch.setattr(Served, "warm", lambda _: told.wait(20))
    monkeypatch.setattr(module, "LONG", 0.0)
    module._warm(served)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and lines[0].startswith("streamrnn: compiling kernels, a minute")


def test_a_unix_socket_goes_with_it(tmp_path: Path) -> None:
    path = tmp_path / "voice.sock"
    with service("--wyoming", f"unix://{path}", "--intent", "intents") as (process, uri):
        assert uri == f"unix://{path}" and path.is_socket()
        process.terminate()
        process.communicate(timeout=20)
    assert not path.exists()


@recorded
def test_json_is_one_line_an_event_that_is_sent() -> None:
    sound = words(1).tobytes()
    chunk = {"type": "audio-chunk", "data": FORMAT, "payload_length": len(sound)}
    with service("--wyoming", "tcp://127.0.0.1:0", "--wake", "wake", "--json") as (process, uri):
        told = ask(uri, json.dumps(chunk), payload=sound + b'{"type": "audio-stop"}\n')
        process.terminate()
        out, _ = process.communicate(timeout=20)
    lines = [json.loads(line) for line in out.splitlines()]
    assert [{"type": line["type"], "data": line["data"]} for line in lines] == told
    assert lines[0]["type"] == "detection" and lines[0]["data"]["name"] == "alexa"
    assert lines[0]["client"].startswith("127.0.0.1:")


def test_lines_that_nobody_reads_end_it() -> None:
    with service("--wyoming", "tcp://127.0.0.1:0", "--wake", "wake", "--json") as (process, uri):
        assert process.stdout is not None
        process.stdout.close()
        ask(uri, '{"type": "ping"}')
        assert process.wait(timeout=20) == 1


@pytest.mark.parametrize(
    "arguments, told",
    [
        (("--wyoming", "tcp://127.0.0.1:0"), "at least one of wake, intent and vad"),
        (("--wyoming", "127.0.0.1:0", "--wake", "wake"), "expected tcp://HOST:PORT or unix"),
        (("--wyoming", "tcp://127.0.0.1:0", "--wake", "ball"), "expected a model that hears sound"),
        (("--wyoming", "unix:///nowhere", "--wake", "wake", "--zeroconf"), "expected tcp://HOST"),
    ],
)
def test_what_cannot_be_served_is_one_line(arguments: tuple[str, ...], told: str) -> None:
    done = run("serve", *arguments)
    assert done.returncode == 2 and told in done.stderr and done.stderr.count("\n") == 1


def test_help_says_what_is_answered_and_what_is_heard() -> None:
    told = " ".join(run("serve", "--help").stdout.split())
    assert "A `transcript` that asks for time or date is `handled`; any other brings" in told
    assert "all wake words, unless `detect` names some" in told


def test_without_the_package_it_says_how_to_get_it(tmp_path: Path) -> None:
    (tmp_path / "wyoming.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'wyoming'\", name='wyoming')"
    )
    done = subprocess.run(
        [*COMMAND, "serve", "--wyoming", "tcp://127.0.0.1:0", "--wake", "wake"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}"},
    )
    assert done.returncode == 2 and "pip install 'streamrnn[wyoming]'" in done.stderr
