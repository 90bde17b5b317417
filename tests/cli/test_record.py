"""`streamrnn record`: what came is in the file to the bit, and replays to any model."""

import json
import os
import signal
import subprocess
import sys
import time
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from streamrnn.cli.record import record_pieces, until
from streamrnn.cli.sound_source import Source, filled
from streamrnn.io.messages import Audio, Gap, Rows, Text, Verb, chunk_of
from streamrnn.io.recorder import Recorder
from streamrnn.io.recording import Recording
from streamrnn.io.sounds import read_sound
from streamrnn.io.tracks import read_track
from tests.conftest import COMMAND

UTTERANCE = Path(__file__).parents[2] / "demos" / "utterance.flac"


def run(*arguments: Any, code: int = 0, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)], input=stdin, capture_output=True, check=False
    )
    assert done.returncode == code, done.stderr
    return done


def messages(path: Path) -> list[Any]:
    """All but snapshots of a whole recording without a model."""
    recording = Recording(path)
    assert (recording.opened.model, recording.opened.fingerprint) == ("", "")
    found = [each.message for each in recording]
    assert recording.broken is None
    return found


def sound_of(path: Path) -> Any:
    """The recorded samples, one after another."""
    return np.concatenate([chunk_of(each) for each in messages(path) if isinstance(each, Audio)])


def verbs(path: Path) -> list[str]:
    return [each.verb for each in messages(path) if isinstance(each, Verb)]


def noise(samples: int, channels: int = 1) -> Any:
    return np.random.default_rng(0).integers(-9_000, 9_000, (samples, channels)).astype(np.int16)


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg"])
def test_a_file_of_sound(suffix: str, tmp_path: Path) -> None:
    source, out = tmp_path / f"s{suffix}", tmp_path / "a.mcap"
    soundfile.write(source, noise(30_001, 2), 22_050)
    told = json.loads(run("record", source, out, "--json").stdout)
    whole = read_sound(source)
    recorded = sound_of(out)
    assert recorded.dtype == np.float32
    np.testing.assert_array_equal(recorded, whole.samples)
    assert Recording(out).opened.options == {"rate": 22_050, "channels": 2}
    assert Recording(out).opened.source == str(source)
    assert verbs(out) == ["flush"]
    assert told == {
        "file": str(out),
        "seconds": len(whole.samples) / 22_050,
        "samples": len(whole.samples),
        "lost": 0,
        "bytes": out.stat().st_size,
        "error": None,
    }


def test_raw_samples_of_a_pipe(tmp_path: Path) -> None:
    out, samples = tmp_path / "a.mcap", noise(9_000, 2)
    done = run("record", "-", out, "--channels", 2, "--rate", 8_000, stdin=samples.tobytes())
    recorded = sound_of(out)
    assert recorded.dtype == np.int16
    np.testing.assert_array_equal(recorded, samples)
    assert Recording(out).opened.options == {"rate": 8_000, "channels": 2}
    line = f"{out}: 1.1 s, 9,000 samples, {out.stat().st_size:,} bytes\n"
    assert (done.stdout.decode(), done.stderr) == (line, b"")
    run("record", "-", tmp_path / "b.mcap", stdin=samples.tobytes())
    assert Recording(tmp_path / "b.mcap").opened.options == {"rate": 16_000, "channels": 1}


TRACK = "time_s,x_m,y_m,visible\n0.0,1.5,2.25,1\n0.1,,,0\n0.2,0.1,1e-7,1\n"


def test_a_track_of_a_file_and_of_a_pipe(tmp_path: Path) -> None:
    source = tmp_path / "t.csv"
    source.write_text(TRACK)
    run("record", source, tmp_path / "a.mcap")
    run("record", "-", tmp_path / "b.mcap", "--kind", "track", stdin=TRACK.encode())
    for out in (tmp_path / "a.mcap", tmp_path / "b.mcap"):
        chunks = [chunk_of(each) for each in messages(out) if isinstance(each, Rows)]
        assert [chunk.shape for chunk in chunks] == [(1, 3)] * 3
        np.testing.assert_array_equal(np.concatenate(chunks), read_track(source))
        assert verbs(out) == ["flush"] and Recording(out).opened.options == {}


def test_text_of_a_file_and_of_a_pipe_byte_by_byte(tmp_path: Path) -> None:
    source, text = tmp_path / "t.txt", "turn on\r\nthe light — größer 日本\n" * 4_000
    source.write_bytes(text.encode())
    told = json.loads(run("record", source, tmp_path / "a.mcap", "--json").stdout)
    assert (told["samples"], told["seconds"]) == (len(text), None)
    bad = b"\xff" + text.encode()[:-2]
    run("record", "-", tmp_path / "b.mcap", "--kind", "text", stdin=bad)
    for out, data in ((tmp_path / "a.mcap", text.encode()), (tmp_path / "b.mcap", bad)):
        chunks = [chunk_of(each) for each in messages(out) if isinstance(each, Text)]
        assert len(chunks) > 1 and b"".join(chunks) == data
        assert verbs(out) == ["flush"] and Recording(out).opened.options == {}


def test_each_line_of_json_is_a_sequence(tmp_path: Path) -> None:
    source, out = tmp_path / "t.jsonl", tmp_path / "a.mcap"
    source.write_text('{"text": "gr\\u00f6\\u00dfer"}\n\n{"text": "on\\n", "id": 2}\n')
    run("record", source, out)
    told = [each.verb if isinstance(each, Verb) else chunk_of(each) for each in messages(out)]
    assert told == ["größer", "flush", "on\n", "flush"]
    source.write_text('{"text": "on"}\n{"txt": "off"}\n')
    done = run("record", source, tmp_path / "b.mcap", "--json", code=2)
    assert b't.jsonl, line 2: expected {"text": ' in done.stderr and done.stderr.count(b"\n") == 1
    told = json.loads(done.stdout)
    assert "line 2" in told["error"] and told["samples"] == 2
    assert [chunk_of(each) for each in messages(tmp_path / "b.mcap") if isinstance(each, Text)] == [
        "on"
    ]


def test_kind_says_what_a_suffix_does_not(tmp_path: Path) -> None:
    (tmp_path / "t.log").write_text(TRACK)
    done = run("record", tmp_path / "t.log", tmp_path / "a.mcap", code=2)
    assert b"t.log: expected mic, - or a file of .wav" in done.stderr and b"--kind" in done.stderr
    run("record", tmp_path / "t.log", tmp_path / "a.mcap", "--kind", "track")
    assert sum(isinstance(each, Rows) for each in messages(tmp_path / "a.mcap")) == 3


def test_replayed_to_a_model_it_says_what_the_stream_says(tmp_path: Path) -> None:
    out = tmp_path / "a.mcap"
    run("record", UTTERANCE, out)
    streamed = run("stream", "keywords", UTTERANCE, "--json").stdout.splitlines()
    events = [event for line in streamed for event in json.loads(line)["events"]]
    replayed = json.loads(run("replay", out, "--model", "keywords", "--json").stdout)
    assert replayed["steps"] == len(streamed)
    heard = replayed["events"]
    assert len(heard) >= 15 and replayed["listeners"][0]["recorded"] is False
    for event, each in zip(events, heard, strict=True):
        assert (each["kind"], each["label"]) == (event["kind"], event["label"])
        assert each["time"] == event["position"] / 16_000
        assert each["scores"] == [event["score"]]


def test_it_stops_after_so_many_seconds_to_the_sample(tmp_path: Path) -> None:
    samples = noise(20_000)
    for n, seconds in enumerate((0.5, 0.123_45, 1e-9)):
        out, number = tmp_path / f"{n}.mcap", max(1, round(seconds * 16_000))
        told = run("record", "-", out, "--json", "--seconds", seconds, stdin=samples.tobytes())
        assert json.loads(told.stdout)["samples"] == number
        np.testing.assert_array_equal(sound_of(out), samples[:number])
        assert verbs(out) == ["flush"]
    told = run("record", UTTERANCE, tmp_path / "f.mcap", "--json", "--seconds", 2)
    assert json.loads(told.stdout)["seconds"] == 2.0
    told = run("record", UTTERANCE, tmp_path / "g.mcap", "--json", "--seconds", 600)
    assert json.loads(told.stdout)["samples"] == len(read_sound(UTTERANCE).samples)
    assert verbs(tmp_path / "g.mcap") == ["flush"]


def test_it_stops_though_the_pipe_stays_open(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "record", "-", str(tmp_path / "a.mcap"), "--seconds", "0.1"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin and process.stdout
        process.stdin.write(noise(1_700).tobytes())
        process.stdin.flush()
        assert b"0.1 s, 1,600 samples" in process.stdout.read()
        assert process.wait() == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("-", "--device", "x"), "--device: expected mic as its source, got sound and -"),
        (("-", "--reconnect"), "--reconnect: expected mic as its source"),
        (
            ("s.wav", "--rate", "8000", "--channels", "2"),
            "--rate, --channels: expected sound, and mic or - as its source, got sound and s.wav",
        ),
        (("t.csv", "--seconds", "1"), "--seconds: expected sound, got track and t.csv"),
        (("-", "--kind", "text", "--rate", "8000"), "--rate: expected sound, and mic or -"),
        (("mic", "--kind", "sound"), "--kind: expected a file or - as its source"),
        (("-", "--seconds", "0"), "--seconds: expected more than 0"),
        (("-", "--seconds", "nan"), "--seconds: expected more than 0"),
        (("-", "--rate", "7999"), "rate: expected whole samples a second from 8000 to 192000"),
        (("-", "--channels", "65"), "channels: expected 1 to 64, got 65"),
        (("absent.wav",), "absent.wav: expected a file of sound, got: no such file"),
        (("absent.csv",), "absent.csv: expected a CSV file"),
        (("absent.txt",), "absent.txt: expected a file of text"),
        (("absent.jsonl",), "absent.jsonl: expected a file of text"),
    ],
)
def test_what_cannot_be_is_one_line_and_makes_no_file(
    arguments: tuple[str, ...], told: str, tmp_path: Path
) -> None:
    out = tmp_path / "a.mcap"
    done = run("record", arguments[0], out, *arguments[1:], code=2)
    assert told in done.stderr.decode() and done.stderr.count(b"\n") == 1
    assert done.stdout == b"" and not out.exists()


def test_a_file_that_is_there_is_kept(tmp_path: Path) -> None:
    (tmp_path / "a.mcap").write_bytes(b"mine")
    done = run("record", UTTERANCE, tmp_path / "a.mcap", code=2)
    assert b"expected a new file to record to" in done.stderr and done.stderr.count(b"\n") == 1
    assert (tmp_path / "a.mcap").read_bytes() == b"mine"


def test_what_came_before_an_error_is_recorded_and_told(tmp_path: Path) -> None:
    out = tmp_path / "a.mcap"
    lines = TRACK.encode() + b"0.1,3,4,1\n"
    done = run("record", "-", out, "--kind", "track", "--json", code=2, stdin=lines)
    told = json.loads(done.stdout)
    assert told["samples"] == 3 and "line 5: expected a time of 0.2 s" in told["error"]
    assert done.stderr.decode() == f"streamrnn: {told['error']}\n"
    assert sum(isinstance(each, Rows) for each in messages(out)) == 3 and verbs(out) == []


FULL = """
import resource
from streamrnn.cli import main
resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))
main()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no limit of a file's size there")
def test_a_full_disk_ends_it_with_its_name(tmp_path: Path) -> None:
    out = tmp_path / "a.mcap"
    done = subprocess.run(
        [sys.executable, "-c", FULL, "record", str(UTTERANCE), str(out), "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "a.mcap: expected a file that takes more" in done.stderr
    told = json.loads(done.stdout)
    assert told["error"] in done.stderr and told["bytes"] == out.stat().st_size <= 150_000
    recording = Recording(out)
    heard = [chunk_of(each.message) for each in recording if isinstance(each.message, Audio)]
    assert recording.broken is not None
    whole, got = read_sound(UTTERANCE).samples, np.concatenate(heard)
    assert 16_000 < len(got) <= told["samples"]
    np.testing.assert_array_equal(got, whole[: len(got)])


def test_ctrl_c_ends_it_as_it_should(tmp_path: Path) -> None:
    out, samples = tmp_path / "a.mcap", noise(60_000)
    with subprocess.Popen(
        [*COMMAND, "record", "-", str(out), "--json"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin and process.stdout and process.stderr
        process.stdin.write(samples.tobytes())
        process.stdin.flush()
        while not out.exists() or out.stat().st_size < 20_000:
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        told, errors = json.loads(process.stdout.read()), process.stderr.read()
        assert (process.wait(), errors) == (130, b"")
    recorded = sound_of(out)
    assert told["samples"] == len(recorded) and told["error"] is None
    assert told["bytes"] == out.stat().st_size
    np.testing.assert_array_equal(recorded, samples[: len(recorded)])
    assert verbs(out) == []


def test_a_terminal_sees_a_live_line_and_a_pipe_nothing(tmp_path: Path) -> None:
    pty = pytest.importorskip("pty")
    source = tmp_path / "s.wav"
    soundfile.write(source, np.full(16_000, 16_384, np.int16), 16_000)
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, "record", str(source), str(tmp_path / "a.mcap")],
        env={**os.environ, "TERM": "xterm"},
        stdout=subprocess.PIPE,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        seen = b""
        try:
            while data := os.read(ours, 4_096):
                seen += data
        except OSError:  # how Linux tells that nobody writes any more
            pass
        os.close(ours)
        assert process.stdout and b": 1.0 s, 16,000 samples, " in process.stdout.read()
        assert process.wait() == 0
    assert b" 0.0 s" in seen and b"-6.0 dBFS" in seen and b" bytes" in seen
    assert run("record", source, tmp_path / "b.mcap").stderr == b""


def test_lost_samples_are_told_before_the_silence_that_stands_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = count(1_700_000_000 * 10**9, 10**6)
    monkeypatch.setattr(time, "time_ns", lambda: next(clock))
    first, second = noise(100), noise(50)
    for limit, lost in ((1_000, 30), (120, 20)):
        out = tmp_path / f"{limit}.mcap"
        source = Source("a test", 16_000, 1, iter([(first, 0), (second, 30)]), True)
        recorder = Recorder(out, options={"rate": 16_000, "channels": 1})
        record_pieces(until(filled(source), limit), recorder, 16_000, False)
        found = messages(out)
        assert [type(each) for each in found[:3]] == [Audio, Gap, Audio]
        assert (found[1].samples, found[1].position) == (lost, 100)
        whole = np.concatenate([first, np.zeros((30, 1), np.int16), second])
        np.testing.assert_array_equal(sound_of(out), whole[:limit])
        assert f", {lost} of them lost, " in capsys.readouterr().out
        stamps = [each.timestamp for each in found if isinstance(each, Audio)]
        times = [stamp.sec * 10**9 + stamp.nsec for stamp in stamps]
        assert sorted(set(times)) == times and times[0] > 1_700_000_000 * 10**9


def test_lines_are_sentences_where_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "s.txt").write_text("turn on the light\n\nwhat time is it?\n")
    run("record", tmp_path / "s.txt", tmp_path / "a.mcap", "--lines")
    assert verbs(tmp_path / "a.mcap") == ["flush", "flush"]
    told = json.loads(run("replay", tmp_path / "a.mcap", "--model", "intents", "--json").stdout)
    plain = json.loads(run("replay", tmp_path / "s.txt", "--model", "intents", "--json").stdout)
    assert [e["label"] for e in told["events"]] == [e["label"] for e in plain["events"]]
    assert len(told["events"]) == 2
