"""A microphone that is one to PortAudio: what is played arrives, and what is lost is told."""

import json
import signal
import subprocess
import sys
import time
from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile

from streamrnn.config import AudioConfig, DetectConfig
from streamrnn.errors import DeviceError
from streamrnn.io import microphone
from streamrnn.loading import load
from tests.conftest import COMMAND, make_model
from tests.virtual_microphone import RATE, VirtualMicrophone, here, started

# Listens until the mark has come and a second more, and keeps all that was heard and said.
LISTENER = """
import sys, time
import numpy as np
from streamrnn.io.microphone import Microphone
from streamrnn.loading import load

model, out, ring, pause = load(sys.argv[1]), sys.argv[2], float(sys.argv[3]), float(sys.argv[4])
stream = model.stream(rate=16000)
samples, gaps, outputs, positions = [], [], [], []
with Microphone(rate=16000, ring=ring) as device:
    marked = None
    for block in device:
        if not samples:  # only now does the device deliver
            print(device.name, flush=True)
            time.sleep(pause)
        gaps.append((sum(map(len, samples)), block.gap))
        samples.append(block.samples)
        said = stream.feed(block.samples)
        outputs.append(said.outputs)
        positions.append(said.positions)
        heard = sum(map(len, samples))
        if marked is None and (block.samples == 12345).any():
            marked = heard
        if marked is not None and heard > marked + 16000:
            break
np.savez(out, samples=np.concatenate(samples), gaps=np.array(gaps),
         outputs=np.concatenate(outputs), positions=np.concatenate(positions))
"""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    front = AudioConfig(stack=2)
    decoder = DetectConfig(labels=("a", "b", "c"), smoothing=5, threshold=0.4)
    made = make_model(frontend=front, decoder=decoder, input_size=80, hidden_size=16, output_size=3)
    path = tmp_path / "made.safetensors"
    made.save(path)
    return path


def sound(tmp_path: Path, seconds: float = 2.0) -> Path:
    """Samples that are all different from silence; the last is the mark."""
    samples = np.random.default_rng(0).integers(1, 12_000, int(seconds * RATE)).astype(np.int16)
    samples[-1] = 12_345
    path = tmp_path / "played.wav"
    soundfile.write(path, samples, RATE, subtype="PCM_16")
    return path


def listen(
    device: VirtualMicrophone, model: Path, played: Path, *, ring: float = 5.0, pause: float = 0.0
) -> Any:
    out = played.with_suffix(".npz")
    command = (sys.executable, "-c", LISTENER, str(model), str(out), str(ring), str(pause))
    with started(device, *command) as listener:
        assert listener.stdout and listener.stdout.readline().strip()
        device.play(played)
        _, errors = listener.communicate(timeout=60)
    assert listener.returncode == 0, errors
    return np.load(out)


def in_place(heard: Any) -> Any:
    """What was heard, with zeros where samples were lost."""
    samples, parts, at = heard["samples"][:, 0], [], 0
    for first, gap in heard["gaps"].tolist():
        if gap:
            parts += [samples[at:first], np.zeros(gap, np.int16)]
            at = first
    return np.concatenate([*parts, samples[at:]])


@here
def test_what_is_played_is_heard_and_predicted_as_of_the_file(
    device: VirtualMicrophone, model: Path, tmp_path: Path
) -> None:
    played = sound(tmp_path)
    heard = listen(device, model, played)
    samples, whole = heard["samples"][:, 0], soundfile.read(played, dtype="int16")[0]
    first = int(np.flatnonzero(samples == 12_345)[0]) + 1 - len(whole)
    np.testing.assert_array_equal(samples[first : first + len(whole)], whole)
    assert not samples[:first].any() and not heard["gaps"][:, 1].any()
    # The file after as much silence, fed at once, gives the bits that the live stream gave.
    silence = np.zeros(first, np.int16)
    rest = np.zeros(len(samples) - first - len(whole), np.int16)
    said = load(model).stream(rate=RATE).feed(np.concatenate([silence, whole, rest]))
    np.testing.assert_array_equal(said.outputs, heard["outputs"])
    np.testing.assert_array_equal(said.positions, heard["positions"])


@here
def test_what_a_full_ring_loses_is_a_gap_of_its_length(
    device: VirtualMicrophone, model: Path, tmp_path: Path
) -> None:
    played = sound(tmp_path, 4.0)
    heard = listen(device, model, played, ring=0.5, pause=2.0)
    whole = soundfile.read(played, dtype="int16")[0]
    assert heard["gaps"][:, 1].sum() > 0.5 * RATE
    got = in_place(heard)
    # The mark is where the gaps put it: whatever was heard of the file lies in its place.
    first = int(np.flatnonzero(got == 12_345)[-1]) + 1 - len(whole)
    there = got[max(first, 0) : first + len(whole)]
    expected = whole[max(-first, 0) :]
    assert (there[there != 0] == expected[there != 0]).all()
    assert (there != 0).sum() > RATE


def streaming(
    device: VirtualMicrophone, model: Path, *more: str
) -> AbstractContextManager[subprocess.Popen[str]]:
    arguments = ("stream", str(model), "mic", "--json", "--rate", "16000", *more)
    return started(device, *COMMAND, *arguments)


def step(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout
    return json.loads(process.stdout.readline())


@here
def test_a_device_that_goes_away_is_an_error_with_its_name(
    device: VirtualMicrophone, model: Path
) -> None:
    with streaming(device, model) as process:
        positions = [step(process)["position"] for _ in range(20)]
        device.stop()
        _, errors = process.communicate(timeout=60)
    assert positions == sorted(positions)
    assert process.returncode == 2
    assert "delivers nothing any more" in errors and "Traceback" not in errors
    assert errors.strip().splitlines()[-1].startswith("streamrnn: device: 'default'")


@here
def test_a_device_that_comes_back_is_waited_for_and_its_absence_is_a_gap(
    device: VirtualMicrophone, model: Path
) -> None:
    with streaming(device, model, "--reconnect") as process:
        before = [step(process) for _ in range(20)][-1]["position"]
        device.stop()
        time.sleep(1.0)
        device.start()
        while "gap" not in (told := step(process)):
            before = told["position"]
        assert told["gap"] > 0.5 * RATE
        after = step(process)["position"]
        assert before < after and (after - before) % 320 == 0


@here
def test_devices_are_listed_and_chosen_by_name(device: VirtualMicrophone, model: Path) -> None:
    listed = subprocess.run(
        [*COMMAND, "devices", "--json"],
        env=device.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    found = [json.loads(line) for line in listed.stdout.splitlines()]
    assert any(each["default"] and each["channels"] >= 1 for each in found)
    with streaming(device, model, "--device", "default") as process:
        assert step(process)["position"] == 560
    with streaming(device, model, "--device", "no such thing") as process:
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "expected 'no such thing' to record" in errors and "streamrnn devices" in errors


@here
@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("--rate", "0"), "expected the default to record 1 channels at 0 Hz"),
        (("--channels", "99"), "expected the default to record 99 channels"),
        (("--device", "l"), "Multiple input devices found"),  # PortAudio tells it in three lines
    ],
)
def test_what_the_device_cannot_do_is_one_line_of_ours(
    device: VirtualMicrophone, model: Path, more: tuple[str, ...], told: str
) -> None:
    with streaming(device, model, *more) as process:
        out, errors = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "")
    (ours,) = (line for line in errors.splitlines() if line.startswith("streamrnn: "))
    assert told in ours and "see `streamrnn devices`" in ours and "Traceback" not in errors


@here
def test_ctrl_c_ends_it_and_leaves_whole_lines(device: VirtualMicrophone, model: Path) -> None:
    with streaming(device, model) as process:
        for _ in range(20):
            step(process)
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=60)
    assert process.returncode == 130 and "Traceback" not in errors
    assert all("position" in json.loads(line) for line in out.splitlines())


def test_a_device_that_is_busy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real: Any = import_module("sounddevice")

    def busy(**_: Any) -> None:
        raise real.PortAudioError("Error opening RawInputStream: Device unavailable", -9985)

    fake = SimpleNamespace(
        PortAudioError=real.PortAudioError,
        query_devices=lambda asked, kind: {"name": "USB", "default_samplerate": 48_000.0},
        RawInputStream=busy,
    )
    monkeypatch.setattr(microphone, "import_module", lambda name: fake)
    with pytest.raises(DeviceError, match="expected 'USB' to record 2 channels .*unavailable"):
        microphone.Microphone("USB", channels=2)


def test_without_portaudio_the_error_says_what_to_install(monkeypatch: Any) -> None:
    def absent(name: str) -> Any:
        raise OSError(f"{name}: library not found")

    monkeypatch.setattr(microphone, "import_module", absent)
    with pytest.raises(DeviceError, match="expected PortAudio, got.*libportaudio2"):
        microphone.devices()
