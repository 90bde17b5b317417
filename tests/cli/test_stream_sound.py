"""`streamrnn stream` of sound: a file, the same samples through a pipe, the picture."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from streamrnn.config import AudioConfig, DetectConfig
from streamrnn.loading import load
from streamrnn.model import Model
from tests.conftest import COMMAND, make_model

LABELS = ("a", "b", "c")


def run(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*COMMAND, *arguments], input=stdin, capture_output=True, check=False)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    decoder = DetectConfig(labels=LABELS, smoothing=3, threshold=0.35)
    made = make_model(
        frontend=AudioConfig(stack=2), decoder=decoder, input_size=80, hidden_size=8, output_size=3
    )
    path = tmp_path_factory.mktemp("model") / "made.safetensors"
    made.save(path)
    return path


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    generator = np.random.default_rng(0)
    loud = np.repeat(10.0 ** generator.uniform(1.0, 4.0, 40), 1_000)
    path = tmp_path / "sound.wav"
    samples = (loud * np.clip(generator.standard_normal(40_000), -3, 3)).astype(np.int16)
    soundfile.write(path, samples, 22_050)
    return path


def whole(model: Path, sound: Path) -> tuple[Model, list[dict[str, object]]]:
    made, samples = load(model), soundfile.read(sound, dtype="int16")[0]
    stream = made.stream(rate=22_050)
    said = [*stream.feed(samples), *stream.flush()]
    return made, [{"position": p.position, "label": p.label, "score": p.score} for p in said]


def told(text: bytes) -> list[dict[str, object]]:
    lines = [json.loads(line) for line in text.splitlines()]
    return [{k: line[k] for k in ("position", "label", "score")} for line in lines]


def test_a_file_and_a_pipe_give_what_the_whole_gives(model: Path, sound: Path) -> None:
    _, expected = whole(model, sound)
    file = run("stream", str(model), str(sound), "--json")
    assert (file.returncode, file.stderr) == (0, b"")
    assert told(file.stdout) == expected
    raw = soundfile.read(sound, dtype="int16")[0].tobytes()
    pipe = run("stream", str(model), "-", "--rate", "22050", "--json", stdin=raw)
    assert pipe.stdout == file.stdout
    # An odd byte at the end is no sample.
    assert run("stream", str(model), "-", "--rate", "22050", "--json", stdin=raw + b"x").stdout == (
        file.stdout
    )


def test_without_json_events_are_told_one_a_line(model: Path, sound: Path) -> None:
    json_events = [
        (event["kind"], event["label"])
        for line in run("stream", str(model), str(sound), "--json").stdout.splitlines()
        for event in json.loads(line)["events"]
    ]
    plain = run("stream", str(model), str(sound)).stdout.decode().splitlines()
    assert json_events
    assert [tuple(line.split()[2:4]) for line in plain] == json_events


def test_the_picture_shows_spectrum_state_labels_and_level(model: Path, sound: Path) -> None:
    drawn = run("stream", str(model), str(sound), "--view", "--speed", "0").stdout.decode()
    for part in ("5 s of spectrogram", "level", "real-time factor", "▀", *LABELS):
        assert part in drawn


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("absent.wav", "no such file"),
        ("empty.wav", "expected a file of sound"),
        ("text.wav", "expected a file of sound"),
        ("still.wav", "expected a file of sound"),
    ],
)
def test_a_bad_file_is_one_line_and_exit_code_2(
    model: Path, sound: Path, tmp_path: Path, name: str, reason: str
) -> None:
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.wav").write_text("no sound")
    header = bytearray(sound.read_bytes())
    header[24:28] = bytes(4)  # the sample rate of a WAV
    (tmp_path / "still.wav").write_bytes(bytes(header))
    done = run("stream", str(model), str(tmp_path / name))
    assert (done.returncode, done.stdout) == (2, b"")
    assert f"{name}: " in done.stderr.decode() and reason in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1


def test_what_comes_before_a_bad_sample_is_predicted_and_its_place_is_told(
    model: Path, tmp_path: Path
) -> None:
    samples = np.random.default_rng(0).standard_normal(16_000).astype("f4") * np.float32(0.1)
    bad = samples.copy()
    bad[8_100] = np.nan
    soundfile.write(tmp_path / "nan.wav", bad, 16_000, subtype="FLOAT")
    done = run("stream", str(model), str(tmp_path / "nan.wav"), "--json")
    assert done.returncode == 2 and done.stderr.count(b"\n") == 1
    assert b"nan.wav: expected finite samples, got [nan] in sample 8100 (0.51 s)" in done.stderr
    said = load(model).stream().feed(samples[:8_100])
    assert [line["position"] for line in told(done.stdout)] == said.positions.tolist()


def test_all_that_a_cut_file_holds_is_predicted_before_the_error(
    model: Path, tmp_path: Path
) -> None:
    samples = np.random.default_rng(0).integers(-9_000, 9_000, 60_000).astype(np.int16)
    path = tmp_path / "cut.flac"
    soundfile.write(path, samples, 16_000)
    path.write_bytes(path.read_bytes()[:70_000])
    done = run("stream", str(model), str(path), "--json")
    assert done.returncode == 2 and done.stderr.count(b"\n") == 1
    held = int(done.stderr.split(b", got ")[1].split(b":")[0])
    said = load(model).stream().feed(samples[:held])
    assert held > 20_000
    assert [line["score"] for line in told(done.stdout)] == said.scores.tolist()  # type: ignore[union-attr]


@pytest.mark.parametrize("stdin", [b"", b"x"])
def test_a_pipe_without_samples_is_one_line_and_exit_code_2(model: Path, stdin: bytes) -> None:
    done = run("stream", str(model), "-", "--json", stdin=stdin)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr == (
        b"streamrnn: standard input: expected raw samples, 16 bits each, little-endian, got "
        b"%d bytes\n" % len(stdin)
    )
