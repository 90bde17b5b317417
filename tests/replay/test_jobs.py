"""However files are shared out, each has its own outcome, in their order."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf

from streamrnn.errors import ModelFileError, RecordingError, SoundError
from streamrnn.io.recorded import RecordedStream
from streamrnn.io.recorder import Recorder
from streamrnn.kernels.motion import FRAME_SIZE
from streamrnn.replay.jobs import Found, Task, play_files
from streamrnn.replay.outcome import Outcome
from tests.engines.graphs import graph
from tests.replay.test_play import model_of

ONE = ("f4", (1, 1))


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("models")
    kinds = {"sound": "sound", "motion": "motion", "words": "words"}
    return {kind: str(model_of(kind).save(folder / f"{kind}.safetensors")) for kind in kinds}


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("sounds")
    paths = [folder / f"{n}.flac" for n in range(4)]
    for n, path in enumerate(paths):
        samples = np.random.default_rng(n).normal(0.0, 0.2, 8_000 * (9 - 2 * n))
        sf.write(path, samples, 8_000)
    return paths


def plain(found: Found) -> Any:
    assert isinstance(found, Outcome), found
    return found.file, found.steps, found.samples, found.events, found.broken


def test_jobs_do_not_show(sounds: list[Path], models: dict[str, str]) -> None:
    task = Task(models=(models["sound"],))
    alone = list(play_files(sounds, task))
    assert [path for path, _ in alone] == sounds and all(plain(f)[3] for _, f in alone)
    shares: list[tuple[float, float]] = []
    shared = play_files(sounds, task, jobs=2, advance=lambda *told: shares.append(told))
    assert [(path, plain(found)) for path, found in shared] == [(p, plain(f)) for p, f in alone]
    assert shares[-1] == (pytest.approx(24.0), pytest.approx(1.0))


@pytest.mark.parametrize("jobs", [1, 2])
def test_short_files_side_by_side(tmp_path: Path, models: dict[str, str], jobs: int) -> None:
    paths: list[Path] = []
    for n in range(7):
        rows = "\n".join(f"{t / 30},{n * t},{t * t}" for t in range(5 * n + 1))
        paths.append(tmp_path / f"{n}.csv")
        paths[-1].write_text(f"time_s,x,y\n{rows}\n")
    (tmp_path / "3.csv").write_text("nothing")
    found = dict(play_files(paths, Task(models=(models["motion"],)), jobs=jobs))
    assert list(found) == paths
    steps = [each.steps if isinstance(each, Outcome) else None for each in found.values()]
    assert steps == [1, 6, 11, None, 21, 26, 31]
    assert "expected a column time_s" in str(found[paths[3]])


def test_what_a_graph_refuses_takes_no_other_file_with_it(tmp_path: Path) -> None:
    nodes = [
        ("Constant", [], ["one"], {"value_floats": [1.0]}),
        ("Constant", [], ["five"], {"value_floats": [5.0]}),
        ("Add", ["h", "one"], ["hn"], {}),
        ("Sub", ["five", "hn"], ["left"], {}),
        ("Sqrt", ["left"], ["root"], {}),  # of the sixth step no number
        ("ReduceSum", ["x"], ["sum"], {"keepdims": 0}),
        ("Add", ["root", "sum"], ["y"], {}),
    ]
    made = graph(nodes, [("x", "f4", (1, FRAME_SIZE)), ("h", *ONE)], [("y", *ONE), ("hn", *ONE)])
    (tmp_path / "made.onnx").write_bytes(made)
    (tmp_path / "made.toml").write_text('[frontend]\nkind = "motion"\n')
    paths: list[Path] = []
    for n, rows in enumerate((3, 9, 5)):
        paths.append(tmp_path / f"{n}.csv")
        lines = "\n".join(f"{t / 30},{t},{t}" for t in range(rows))
        paths[-1].write_text(f"time_s,x,y\n{lines}\n")
    task = Task(models=(str(tmp_path / "made.onnx"),))
    found = [each for _, each in play_files(paths, task)]
    assert [each.steps for each in found if isinstance(each, Outcome)] == [3, 5, 5]
    broken = found[1].broken if isinstance(found[1], Outcome) else ""
    assert broken and "1.csv, after 5 samples: frame 0: expected numbers" in broken


def test_what_cannot_be_read_takes_no_other_with_it(
    sounds: list[Path], models: dict[str, str], tmp_path: Path
) -> None:
    bad = tmp_path / "bad.wav"
    bad.write_bytes(b"nothing")
    paths = [sounds[3], bad, sounds[2]]
    for jobs in (1, 2):
        found = [each for _, each in play_files(paths, Task(models=(models["sound"],)), jobs=jobs)]
        assert isinstance(found[0], Outcome) and isinstance(found[2], Outcome)
        assert isinstance(found[1], SoundError) and "bad.wav: expected a file of sound" in str(
            found[1]
        )


def test_the_model_that_listened_is_looked_for(tmp_path: Path, sounds: list[Path]) -> None:
    with RecordedStream(model_of("words"), tmp_path / "a.mcap") as stream:
        stream.feed("a b")
    with Recorder(tmp_path / "b.mcap", options={"rate": 8_000, "channels": 1}):
        pass
    told = [
        str(found)
        for _, found in play_files([tmp_path / "a.mcap", tmp_path / "b.mcap", sounds[0]], Task())
        if isinstance(found, ModelFileError)
    ]
    assert "which is not bundled" in told[0] and "no model was recorded" in told[1]
    assert "expected --model NAME to play it to" in told[2]


def test_another_kind_of_model_is_refused(sounds: list[Path], models: dict[str, str]) -> None:
    ((_, found),) = play_files(sounds[:1], Task(models=(models["words"],)))
    assert isinstance(found, RecordingError) and "expected a model of audio" in str(found)
