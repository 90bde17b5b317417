"""What two listeners say of one stream, side by side."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from streamrnn.config import ClassesConfig, DetectConfig, ModelConfig
from streamrnn.decoded import Event
from streamrnn.errors import RecordingError, SoundError
from streamrnn.io.messages import Said
from streamrnn.io.recorded import RecordedStream
from streamrnn.learn.convert import from_torch
from streamrnn.loading import load
from streamrnn.model import Model
from streamrnn.replay.gathering import disagreements, replayed, side_by_side
from streamrnn.replay.outcome import NEAR, Outcome
from streamrnn.replay.sides import BIN, Heard
from streamrnn.replay.sources import open_source
from streamrnn.replay.window import WHOLE, Window
from tests.replay.test_play import model_of

RATE = 16_000
UTTERANCE = Path(__file__).parents[2] / "demos" / "utterance.flac"


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("outcome") / "a.flac"
    sf.write(path, np.tile(sf.read(UTTERANCE)[0], 2)[: int(20.7 * RATE)], RATE)
    return path


@pytest.fixture(scope="module")
def model() -> Model:
    return load("keywords")


@pytest.fixture(scope="module")
def other(model: Model) -> Model:
    """One that learnt something else."""
    assert model.weights is not None
    chance = np.random.default_rng(0)
    weights = {
        name: array * chance.uniform(0.3, 1.7, array.shape).astype(np.float32)
        for name, array in model.weights.items()
    }
    return Model.from_weights(model.config, weights)


def play(path: Path, *models: Model, part: Window = WHOLE, **options: Any) -> Outcome:
    return replayed([open_source(path) for _ in models], models, part, **options)


def other_threshold(model: Model, threshold: float) -> Model:
    assert isinstance(model.config.decoder, DetectConfig) and model.weights is not None
    config = replace(model.config, decoder=replace(model.config.decoder, threshold=threshold))
    return Model.from_weights(config, model.weights)


def test_events_are_those_of_the_whole(sound: Path, model: Model) -> None:
    whole = model.predict(sf.read(sound, dtype="float32")[0])
    wanted = [(e.position / RATE, e.kind, e.label) for step in whole.events for e in step]
    told: list[tuple[float, str, str]] = []
    found = play(sound, model, tell=lambda who, heard: told.append((heard.time, *heard.event[:2])))
    assert wanted and told == wanted
    assert sorted((e.time, e.kind, e.label) for e in found.events) == sorted(wanted)
    assert found.steps == len(whole) and found.seconds == pytest.approx(20.7)
    assert not found.checked and found.difference is None and found.broken is None


def test_a_model_beside_itself_and_beside_another(sound: Path, model: Model) -> None:
    both = play(sound, model, model)
    assert both.same_model and not both.parted and both.other_labels == 0
    assert all(event.scores[0] == event.scores[1] is not None for event in both.events)
    strict = other_threshold(model, 0.9)
    found = play(sound, model, strict)
    assert not found.same_model and found.parted and found.other_labels == 0
    alone = [play(sound, one).events for one in (model, strict)]
    for which in (0, 1):
        mine = [(e.time, e.label, e.scores[0]) for e in alone[which]]
        here = [(e.label, e.scores[which]) for e in found.events if e.scores[which] is not None]
        assert sorted(x[1:] for x in mine) == sorted(here)


def test_another_label_is_counted(sound: Path, model: Model, other: Model) -> None:
    samples = sf.read(sound, dtype="float32")[0]
    a, b = (each.predict(samples).labels for each in (model, other))
    assert a is not None and b is not None
    wanted = sum(x != y for x, y in zip(a, b, strict=True))
    assert play(sound, model, other).other_labels == wanted > 0


def test_steps_of_another_length_are_compared_by_what_was_said_last() -> None:
    def said(positions: list[int], labels: list[str]) -> Said:
        return Said(
            positions=positions,
            times=None,
            labels=list(labels),
            scores=None,
            outputs=b"",
            columns=0,
        )

    slow, fast = said([20, 40], ["a", "b"]), said([10, 20, 30, 40, 50], list("xaabc"))
    assert disagreements(slow, fast) == 1  # nothing was said at 10; c is not b


@given(
    st.lists(st.tuples(st.floats(0, 20), st.sampled_from("ab")), max_size=12),
    st.lists(st.tuples(st.floats(0, 20), st.sampled_from("ab")), max_size=12),
)
def test_every_event_is_told_once(one: list[Any], other: list[Any]) -> None:
    sides = [
        [Heard(t, Event("detected", label, 0, 0.5), True) for t, label in sorted(side)]
        for side in (one, other)
    ]
    rows = side_by_side(sides)
    assert [row.time for row in rows] == sorted(row.time for row in rows)
    for which, side in enumerate(sides):
        told = sorted(row.label for row in rows if row.scores[which] is not None)
        assert told == sorted(heard.event.label for heard in side)
    for label in "ab":  # two that are left alone on either side do not lie near
        alone = [
            [r.time for r in rows if r.label == label and r.scores[1 - which] is None]
            for which in (0, 1)
        ]
        assert all(abs(a - b) > NEAR for a in alone[0] for b in alone[1])


def test_a_curve_is_how_sure_it_was(sound: Path, model: Model) -> None:
    (curve,) = play(sound, model, curves=True).curves
    whole = model.predict(sf.read(sound, dtype="float32")[0])
    assert curve is not None and whole.probabilities is not None
    bins = (whole.positions / RATE / BIN).astype(int)
    words = [n for n, label in enumerate(model.labels) if not label.startswith("_")]
    wanted = np.zeros(bins.max() + 1, np.float32)
    for at, row in zip(bins, whole.probabilities, strict=True):
        wanted[at] = max(wanted[at], np.float32(row[words].max()))
    assert 0.6 < wanted.max() and wanted.min() < 0.2
    np.testing.assert_array_equal(curve, wanted)


def test_the_curve_of_who_listened_is_made_of_what_was_recorded(
    sound: Path, tmp_path: Path, model: Model, other: Model
) -> None:
    samples = sf.read(sound, dtype="float32")[0]
    with RecordedStream(model, tmp_path / "a.mcap") as stream:
        for first in range(0, len(samples), 999):
            stream.feed(samples[first : first + 999])
        stream.flush()
    found = play(tmp_path / "a.mcap", other, curves=True)
    assert [who.recorded for who in found.listeners] == [True, False]
    np.testing.assert_array_equal(found.curves[0], play(sound, model, curves=True).curves[0])
    np.testing.assert_array_equal(found.curves[1], play(sound, other, curves=True).curves[0])


def test_without_events_a_label_that_begins_is_one(sound: Path, model: Model) -> None:
    assert model.weights is not None
    config = replace(model.config, decoder=ClassesConfig(labels=model.labels))
    plain = Model.from_weights(config, model.weights)
    labels = plain.predict(sf.read(sound, dtype="float32")[0]).labels
    assert labels is not None
    changes = [n for n in range(len(labels)) if n == 0 or labels[n] != labels[n - 1]]
    found = play(sound, plain)
    assert [event.label for event in found.events] == [labels[n] for n in changes]


def test_a_bad_sample_ends_it_there(tmp_path: Path) -> None:
    samples = np.zeros(30 * 8_000, np.float32)
    samples[25 * 8_000] = np.nan
    sf.write(tmp_path / "a.wav", samples, 8_000, subtype="FLOAT")
    found = play(tmp_path / "a.wav", model_of("sound"))
    assert found.broken is not None and "expected finite samples" in found.broken
    assert found.samples == 25 * 8_000
    samples[0] = np.nan
    sf.write(tmp_path / "a.wav", samples, 8_000, subtype="FLOAT")
    with pytest.raises(SoundError, match=r"expected finite samples, got \[nan\] in sample 0 "):
        play(tmp_path / "a.wav", model_of("sound"))


def test_points_that_lie_apart(tmp_path: Path) -> None:
    lines = "\n".join(f"{n / 30},{3 * n},{n * n}" for n in range(60))
    (tmp_path / "a.csv").write_text(f"time_s,x,y\n{lines}\n")
    one, other = model_of("motion"), model_of("motion", hidden_size=7)
    found = play(tmp_path / "a.csv", one, other)
    rows = next(iter(open_source(tmp_path / "a.csv")))[0]
    a, b = one.predict(rows).points, other.predict(rows).points
    assert a is not None and b is not None
    wanted = np.nanmean(np.linalg.norm(a - b, axis=2), axis=0)
    assert found.points_apart is not None
    np.testing.assert_allclose(found.points_apart, wanted)


@pytest.mark.parametrize("part", [WHOLE, Window(8.0, 9.5)])
def test_curves_of_parts_and_of_what_said_nothing(
    sound: Path, tmp_path: Path, model: Model, part: Window
) -> None:
    samples = sf.read(sound, dtype="float32")[0]
    with RecordedStream(model, tmp_path / "a.mcap") as stream:
        stream.reset()
        stream.feed(samples[:30_080])  # a flush without a tail
        stream.flush()
        stream.feed(samples)
        stream.reset()
    found = play(tmp_path / "a.mcap", model, part=part, curves=True)
    assert found.difference is None and found.sought == (part != WHOLE)
    np.testing.assert_array_equal(found.curves[0], found.curves[1])


def test_two_engines_go_in_step(sound: Path, model: Model) -> None:
    torch = pytest.importorskip("torch", reason="pip install streamrnn[learn]")
    module = torch.nn.GRU(80, 208, num_layers=2)
    other = from_torch(module, engine="torch", input_size=80)
    decoder = ClassesConfig(labels=tuple(map(str, range(208))))
    network = replace(model.config.network, output_size=0)
    config = ModelConfig(
        name="other", network=network, frontend=model.config.frontend, decoder=decoder
    )
    other = Model(config, other.engine, "other", {}, None)
    labels = model.predict(sf.read(sound, dtype="float32")[0]).labels
    assert labels is not None
    assert play(sound, model, other).other_labels == len(labels)
    assert play(sound, other, model).other_labels == len(labels)


def test_what_cannot_be_read_at_all_is_no_outcome(tmp_path: Path) -> None:
    for name, blob in (("a.csv", b"x\n"), ("a.txt", b"\xff"), ("b.txt", b""), ("a.jsonl", b"1\n")):
        (tmp_path / name).write_bytes(blob)
        with pytest.raises(RecordingError, match=name):
            play(tmp_path / name, model_of("motion" if name == "a.csv" else "words"))
