"""A microphone is recorded, and the recording says again what was said live, to the bit."""

import json
import signal
import subprocess
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from streamrnn.io.messages import Audio, Happened, Said, chunk_of
from streamrnn.io.recording import Recording
from tests.conftest import COMMAND
from tests.virtual_microphone import RATE, VirtualMicrophone, here, started

UTTERANCE = Path(__file__).parents[2] / "demos" / "utterance.flac"


def run(*arguments: str) -> str:
    done = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return " ".join(done.stdout.split())


@pytest.fixture
def spoken(tmp_path: Path) -> Path:
    path = tmp_path / "spoken.wav"
    samples, rate = soundfile.read(UTTERANCE, dtype="int16")
    soundfile.write(path, samples, rate, subtype="PCM_16")
    return path


def steps(lines: Any) -> list[dict[str, Any]]:
    """What `--json` printed, but for gaps; a last line that was cut off is left out."""
    whole = (json.loads(line) for line in lines if line.endswith("\n"))
    return [each for each in whole if "gap" not in each]


def recorded(path: Path) -> list[dict[str, Any]]:
    """What a recording says was said, as `--json` prints it."""
    found: list[dict[str, Any]] = []
    for message, _ in Recording(path):
        if isinstance(message, Said):
            assert message.times and message.labels and message.scores
            columns = (message.positions, message.times, message.labels, message.scores)
            for values in zip(*columns, strict=True):
                names = ("position", "time", "label", "score")
                found.append({**dict(zip(names, values, strict=True)), "events": []})
        elif isinstance(message, Happened):
            event = {
                name: getattr(message, name) for name in ("kind", "label", "position", "score")
            }
            (step,) = (each for each in found[-50:] if each["position"] == message.position)
            step["events"].append(event)
    return found


def peak(path: Path) -> int:
    """The loudest sample of a recording; what plays nothing gives zeros."""
    audio = (each.message for each in Recording(path) if isinstance(each.message, Audio))
    return max(int(np.abs(chunk_of(each).astype(int)).max(initial=0)) for each in audio)


@here
def test_what_was_said_live_is_recorded_and_said_again(
    device: VirtualMicrophone, spoken: Path, tmp_path: Path
) -> None:
    live = tmp_path / "live.mcap"
    command = ("stream", "keywords", "mic", "--json", "--record", str(live))
    with started(device, *COMMAND, *command) as process:
        assert process.stdout and process.stderr
        lines = [process.stdout.readline()]  # now it listens
        with started(device, "paplay", "-d", "speaker", str(spoken)) as player:
            while player.poll() is None:
                lines.append(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        lines += process.stdout.readlines()
        assert (process.stderr.read().count("Traceback"), process.wait()) == (0, 130)
    printed = steps(lines)
    assert peak(live) > 1_000 and any(each["events"] for each in printed)
    assert recorded(live) == printed
    assert "keywords says the same, to the bit" in run("replay", str(live), "--check")
    told = json.loads(run("replay", str(live), "--json"))
    assert told["steps"] == len(printed) and told["difference"] is told["broken"] is None


@here
def test_killed_all_but_the_last_second_is_recorded_and_said_again(
    device: VirtualMicrophone, spoken: Path, tmp_path: Path
) -> None:
    live = tmp_path / "live.mcap"
    command = ("stream", "keywords", "mic", "--json", "--record", str(live))
    with started(device, *COMMAND, *command) as process:
        assert process.stdout
        lines = [process.stdout.readline()]
        with started(device, "paplay", "-d", "speaker", str(spoken)):
            while not (said := steps(lines[-1:])) or said[0]["time"] < 6.0:
                lines.append(process.stdout.readline())
                assert lines[-1], "it ended by itself"
            process.kill()
        lines += process.stdout.readlines()
        assert process.wait() == -signal.SIGKILL
    printed, found = steps(lines), recorded(live)
    end = printed[-1]["time"] - 1.0
    kept = list(takewhile(lambda each: each["time"] <= end, printed))
    assert peak(live) > 1_000
    assert len(kept) > 200 and found[: len(kept)] == kept  # a step has 20 ms
    out = run("replay", str(live), "--check")
    assert "breaks off there" in out and "keywords says the same, to the bit" in out


@here
def test_without_a_model_it_is_recorded_to_the_bit_and_replayed_to_one(
    device: VirtualMicrophone, tmp_path: Path
) -> None:
    live, played = tmp_path / "live.mcap", tmp_path / "played.wav"
    noise = np.random.default_rng(0).integers(1, 12_000, 120 * RATE).astype(np.int16)
    soundfile.write(played, noise, RATE, subtype="PCM_16")
    command = ("record", "mic", str(live), "--rate", str(RATE), "--seconds", "3", "--json")
    with (
        started(device, "paplay", "-d", "speaker", str(played)),
        started(device, *COMMAND, *command) as process,
    ):
        out, errors = process.communicate()
        assert (process.returncode, errors) == (0, "")
    told = json.loads(out)
    assert (told["samples"], told["seconds"], told["lost"]) == (3 * RATE, 3.0, 0)
    messages = [each.message for each in Recording(live)]
    samples = np.concatenate([chunk_of(m) for m in messages if isinstance(m, Audio)])[:, 0]
    assert len(samples) == 3 * RATE
    samples = samples[np.flatnonzero(samples)[0] :]  # the device may have begun before the sound
    assert len(samples) > 2 * RATE
    places = np.flatnonzero(noise == samples[0])
    assert any(np.array_equal(noise[at : at + len(samples)], samples) for at in places)
    replayed = json.loads(run("replay", str(live), "--model", "keywords", "--json"))
    assert (replayed["seconds"], replayed["lost_samples"], replayed["broken"]) == (3.0, 0, None)
    assert replayed["steps"] == 150  # one in 20 ms, the last at the flush
