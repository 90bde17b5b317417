"""`check_model` passes what is good, on every engine and front end."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from streamrnn.checks import check_model
from streamrnn.config import AudioConfig, ClassesConfig, MotionConfig, PointsConfig
from streamrnn.errors import DtypeError, InputError, ShapeError
from streamrnn.kernels.motion import FRAME_SIZE
from streamrnn.learn.convert import from_torch
from tests.checks.broken import failed
from tests.conftest import CELLS, make_frames, make_model, make_text_model


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("kind", ["frames", "tokens", "characters", "words", "motion"])
def test_good_models_pass(cell: Any, kind: str) -> None:
    if kind == "frames":
        decoder = ClassesConfig(labels=("a", "b"))
        model = make_model(cell=cell, num_layers=2, output_size=2, decoder=decoder)
    elif kind == "tokens":
        model = make_model(
            cell=cell, input_size=1, encoder="embedding", encoder_size=4, vocabulary_size=6
        )
    elif kind in ("characters", "words"):
        model = make_text_model(kind, cell=cell)
    else:
        points = PointsConfig(horizons=(1, 5))
        model = make_model(
            cell=cell, input_size=FRAME_SIZE, output_size=8, frontend=MotionConfig(), decoder=points
        )
    report = check_model(model)
    assert report.passed, str(report)
    assert [point.number for point in report.points] == [1, 2, 3, 4, 5, 6, 7]
    assert str(report).count("holds") == 7 and model.name in str(report)


@pytest.mark.parametrize("module", [nn.RNN, nn.GRU, nn.LSTM])
def test_good_models_pass_on_the_torch_engine(module: Any) -> None:
    torch.manual_seed(0)
    assert failed(from_torch(module(3, 5), nn.Linear(5, 2), engine="torch")) == {}
    motion = from_torch(
        module(FRAME_SIZE, 5),
        nn.Linear(5, 4),
        engine="torch",
        frontend=MotionConfig(),
        decoder=PointsConfig(horizons=(3,)),
    )
    assert failed(motion) == {}  # within 1e-5, with points that are NaN before the first fix


@pytest.mark.parametrize("sequence", ["turn on", b"turn on \xe6\x97\xa5", "日👩"])
def test_text_of_ones_own(sequence: str | bytes) -> None:
    report = check_model(make_text_model("characters"), sequence)
    assert report.passed, str(report)
    assert "a lone surrogate" in report.points[6].tried


def test_a_sequence_of_ones_own() -> None:
    model = make_model()
    assert check_model(model, make_frames(20)).passed
    with pytest.raises(ShapeError, match="expected at least 2 samples, to be cut, got 1"):
        check_model(model, make_frames(1))
    with pytest.raises(DtypeError):
        check_model(model, np.zeros((9, 3)))
    with pytest.raises(InputError):
        check_model(model, make_frames(0))
    assert check_model(model, make_frames(2)).passed


def test_whole_numbers_have_no_infinity_to_refuse() -> None:
    model = make_model(frontend=AudioConfig(stack=2), input_size=80)
    samples = np.random.default_rng(0).integers(-9_000, 9_000, 2_000).astype(np.int16)
    assert failed(model, samples) == {}


def test_points_are_told_as_they_are_tried_and_what_has_nothing_to_compare_says_so() -> None:
    torch.manual_seed(0)
    model = from_torch(nn.GRU(3, 5), nn.Linear(5, 2), engine="torch")
    told: list[Any] = []
    report = check_model(model, tell=told.append)
    assert tuple(told) == report.points
    assert [point.number for point in told if not point.compared] == [4]
    assert str(report).count("holds") == 6 and "4.   –  " in str(report)


def test_another_end_of_sound_is_as_long_as_the_sequence(monkeypatch: Any) -> None:
    model = make_model(input_size=8, frontend=AudioConfig(mels=8))
    made: list[int] = []
    example = model.frontend.example

    def counted(generator: np.random.Generator, samples: int) -> Any:
        found = example(generator, samples)
        made.append(len(found))
        return found

    sound = example(np.random.default_rng(0), 30)
    monkeypatch.setattr(model.frontend, "example", counted)
    assert check_model(model, sound).passed
    hop = len(example(np.random.default_rng(0), 1))
    assert any(len(sound) <= length < len(sound) + hop for length in made)
    assert max(made) < 400 * hop  # what a network is compared on is made of examples too
