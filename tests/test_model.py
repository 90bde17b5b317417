"""Models: files, immutability, and what whole and live predictions have to do with one another."""

import copy
import json
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from safetensors.numpy import save as save_arrays

from streamrnn.config import ClassesConfig, ModelConfig, MotionConfig, PointsConfig, encode
from streamrnn.errors import (
    ConfigError,
    DtypeError,
    ModelFileError,
    NonFiniteError,
    ShapeError,
    StateError,
)
from streamrnn.kernels.motion import FRAME_SIZE
from streamrnn.loading import bundled_models, load
from streamrnn.model import MODEL_VERSION, Model, State
from streamrnn.predictions import join
from streamrnn.state import seal, unseal
from tests.conftest import CELLS, example, make_frames, make_model, make_weights, models

CARD = {"data": "made up", "scores": {"5": 0.25}, "é": None}


@given(models())
@settings(max_examples=30, deadline=None)
def test_predict_is_feed_and_flush(model: Model) -> None:
    sequence, stream = example(model, 12), model.stream()
    whole = join([stream.feed(sequence), stream.flush()])
    assert model.predict(sequence).outputs.tobytes() == whole.outputs.tobytes()
    assert len(model.predict(sequence[:0])) == 0


@pytest.mark.parametrize("cell", CELLS)
def test_saved_and_loaded_is_the_same(cell: Any, tmp_path: Path) -> None:
    made = make_model(cell=cell, output_size=2, decoder=ClassesConfig(labels=("a", "b")))
    assert made.weights is not None
    model = Model.from_weights(made.config, made.weights, CARD)
    path = model.save(tmp_path / "deep" / "er" / "m.safetensors")
    again = load(path)
    assert again.config == model.config and again.card == CARD
    assert again.fingerprint == model.fingerprint == made.fingerprint  # a card is no part of it
    frames = make_frames(9)
    assert again.predict(frames).outputs.tobytes() == model.predict(frames).outputs.tobytes()
    blob = model.stream().snapshot()
    assert again.stream(state=blob).snapshot() == blob
    first = path.read_bytes()
    assert load(str(path)).save(path).read_bytes() == first  # equal contents, equal bytes
    assert os.listdir(path.parent) == ["m.safetensors"]


def test_fingerprints_tell_models_apart() -> None:
    made = [
        make_model(),
        make_model(seed=1),
        make_model(normalise=False),
        make_model(cell="lstm"),
        make_model(cell="rnn"),
        make_model(cell="rnn", nonlinearity="relu"),  # of the same weights
    ]
    assert len({model.fingerprint for model in made}) == 6


def test_a_failed_save_leaves_the_old_file(tmp_path: Path, monkeypatch: Any) -> None:
    path = make_model().save(tmp_path / "m.safetensors")
    before = path.read_bytes()

    def fail(source: str, target: str) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(ModelFileError, match="m.safetensors: expected a path to write.*no space"):
        make_model(seed=3).save(path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["m.safetensors"]


def test_paths_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder.safetensors").mkdir()
    for path in (tmp_path / "file" / "m.safetensors", tmp_path / "folder.safetensors"):
        with pytest.raises(ModelFileError, match="expected a path to write to, got: "):
            make_model().save(path)
    assert sorted(os.listdir(tmp_path)) == ["file", "folder.safetensors"]


def rewritten(blob: bytes, **changes: str | None) -> bytes:
    arrays, metadata = unseal(blob, what="x", error=ModelFileError)
    merged = {**metadata, **changes}
    return seal(arrays, {name: text for name, text in merged.items() if text is not None})


def test_files_that_are_no_models(tmp_path: Path) -> None:
    path = make_model().save(tmp_path / "m.safetensors")
    blob = path.read_bytes()
    flipped = blob[:-3] + bytes([blob[-3] ^ 4]) + blob[-2:]
    config = json.loads(encode(make_model().config))
    newer = json.dumps({**config, "attention": True})
    larger = json.dumps({**config, "network": {**config["network"], "hidden_size": 6}})
    for bad, says in [
        (b"", "truncated or something else"),
        (blob[: len(blob) // 2], "truncated or something else"),
        (blob[:-1], "truncated or something else"),
        (b"PK\x03\x04 a pickle of torch", "truncated or something else"),
        (flipped, "damaged; expected SHA-256"),
        (save_arrays({"a": np.zeros(2)}), "foreign safetensors"),
        (rewritten(blob, model_version="2"), f"version {MODEL_VERSION}, got version 2"),
        (rewritten(blob, model_version=None), "another kind of file"),
        (make_model().stream().snapshot(), "another kind of file"),
        (rewritten(blob, config=newer), "unknown field `attention`"),
        (rewritten(blob, config=larger), "weight .*expected float32"),
        (rewritten(blob, config="{"), "truncated"),
        (rewritten(blob, config=None), "config"),
        (rewritten(blob, card="{"), "m.safetensors"),
    ]:
        path.write_bytes(bad)
        with pytest.raises(ModelFileError, match=f"m.safetensors: .*{says}|^.*m.safetensors: "):
            load(path)
        with pytest.raises(ModelFileError, match=says):
            load(path)


def test_names_that_are_no_models(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"expected a bundled name \(.*\) or the path"):
        load("nothing-of-that-name")
    with pytest.raises(ModelFileError, match="expected a readable model file, got: .*No such file"):
        load(tmp_path / "absent.safetensors")
    thing: Any
    for thing in (None, 5):
        with pytest.raises(
            ModelFileError, match=rf"{thing}: expected a bundled name .* or the path"
        ):
            load(thing)
    (tmp_path / "x.safetensors").mkdir()
    with pytest.raises(ModelFileError, match="expected a readable model file"):
        load(tmp_path / "x.safetensors")


def test_bundled_models_load_and_stand_by_their_names() -> None:
    for name in bundled_models():
        assert load(name).name == name


def test_a_snapshot_of_another_model() -> None:
    with pytest.raises(StateError, match="expected one of model 'made'"):
        make_model(seed=1).stream(state=make_model().stream().snapshot())


def test_a_model_never_changes() -> None:
    made = make_model()
    assert made.weights is not None
    given = {name: array.copy() for name, array in made.weights.items()}
    card = dict(CARD)
    model, frames = Model.from_weights(made.config, given, card), make_frames(6)
    before = model.predict(frames).outputs.tobytes()
    fingerprint = model.fingerprint
    for array in given.values():
        array.fill(9.0)  # the caller's arrays are the caller's
    card.clear()
    assert model.card == CARD
    assert model.predict(frames).outputs.tobytes() == before
    for array in model.weights.values() if model.weights else ():
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0.0
    assert model.fingerprint == fingerprint
    with pytest.raises(AttributeError):
        model.config.name = "other"  # type: ignore[misc]


@pytest.mark.parametrize("cell", CELLS)
def test_copies_and_pickles_are_the_same_model(cell: Any) -> None:
    # Worker processes get a model by pickle.
    model, frames = make_model(cell=cell, hidden_size=40), make_frames(6)
    expected = model.predict(frames).outputs.tobytes()
    for again in (copy.deepcopy(model), copy.copy(model), pickle.loads(pickle.dumps(model))):
        assert again.predict(frames).outputs.tobytes() == expected
        assert again.fingerprint == model.fingerprint


@pytest.mark.parametrize(
    ("frame", "error", "says"),
    [
        (
            [1.0, 2.0, 3.0],
            DtypeError,
            r"frame: expected float32 \(3,\), got list; .*\(frame, np.float32",
        ),
        (np.zeros(3), DtypeError, "got float64"),
        (np.zeros(4, np.float32), ShapeError, r"expected \(3,\), got \(4,\)"),
        (np.zeros((1, 3), np.float32), ShapeError, r"got \(1, 3\)"),
        (np.full(3, np.nan, np.float32), NonFiniteError, "expected a finite number, got nan"),
    ],
)
def test_frames_that_a_step_refuses(frame: Any, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        make_model().step(frame)


def test_a_step_takes_any_layout() -> None:
    model, frame = make_model(), make_frames(1)[0]
    expected = model.step(frame)[0].tobytes()
    strided = np.repeat(frame, 2)[::2]
    read_only = np.frombuffer(frame.tobytes(), np.float32)
    assert model.step(strided)[0].tobytes() == model.step(read_only)[0].tobytes() == expected


def test_a_state_of_another_model() -> None:
    _, state = make_model().step(make_frames(1)[0])
    assert isinstance(state, State) and set(state.arrays) == {"h"}
    with pytest.raises(StateError, match="expected one that model 'made' gave, got another"):
        make_model(seed=1).step(make_frames(1)[0], state)


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({}, "state: expected an array 'h'"),
        ({"h": np.zeros((1, 2), np.float32)}, r"expected 'h' of float32 .* got float32 \(1, 2\)"),
        ({"h": np.zeros((2, 7))}, "got float64"),
    ],
)
def test_a_state_made_by_hand_is_looked_at(arrays: Any, says: str) -> None:
    model = make_model()
    with pytest.raises(StateError, match=says):
        model.step(make_frames(1)[0], State(arrays, model.fingerprint))


def test_parts_of_another_size_are_refused() -> None:
    # Else a kernel would read beyond its rows.
    with pytest.raises(ConfigError, match="network.input_size: expected 98, .* got 80"):
        make_model(frontend=MotionConfig(), input_size=80)
    with pytest.raises(ConfigError, match="frontend.version: expected 4, .* got 1"):
        make_model(frontend=MotionConfig(version=1), input_size=FRAME_SIZE)
    with pytest.raises(ConfigError, match="network.output_size: expected 8, .* got 5"):
        make_model(
            frontend=MotionConfig(), decoder=PointsConfig(horizons=(1, 5)), input_size=FRAME_SIZE
        )


def test_what_is_told_of_a_model() -> None:
    model = make_model(cell="lstm", output_size=2, decoder=ClassesConfig(labels=("a", "b")))
    assert model.name == "made" and model.labels == ("a", "b") and model.delay == 0
    assert model.state_bytes == 8 + 4 * 5 * 2  # the position, and h and c of five float32
    assert repr(model) == f"<Model 'made': lstm 1 × 5, {model.fingerprint[:12]}>"


def test_missing_weights() -> None:
    config = make_model().config
    weights = make_weights(config.network)
    del weights["rnn.bias_ih_l0"]
    with pytest.raises(ModelFileError, match=r"missing \['rnn.bias_ih_l0'\]"):
        Model.from_weights(ModelConfig(name="x", network=config.network), weights)
