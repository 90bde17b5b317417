"""Decoders: labels and scores of a step, points in the input's units."""

import numpy as np
import pytest

from streamrnn.config import (
    ClassesConfig,
    DecoderConfig,
    FrontendConfig,
    ModelConfig,
    MotionConfig,
    NetworkConfig,
    PointsConfig,
)
from streamrnn.decoded import Decoded
from streamrnn.decoders import RawDecoder, make_decoder
from streamrnn.errors import ConfigError
from streamrnn.frontends.base import Frames
from streamrnn.frontends.motion import MotionFrontend
from streamrnn.kernels.motion import FRAME_SIZE
from tests.conftest import make_frames


def config(
    outputs: int, decoder: DecoderConfig, frontend: FrontendConfig | None = None
) -> ModelConfig:
    network = NetworkConfig(input_size=FRAME_SIZE, hidden_size=4, output_size=outputs)
    return ModelConfig(
        name="x", network=network, decoder=decoder, frontend=frontend or MotionConfig()
    )


def test_raw_outputs_are_not_decoded() -> None:
    assert RawDecoder().decode(make_frames(4), Frames(make_frames(4), 4), range(4)) == Decoded()


def test_classes_are_the_softmax() -> None:
    decoder = make_decoder(config(3, ClassesConfig(labels=("a", "b", "c"))))
    outputs = np.array([[0, np.log(3), 0], [5, 5, 5], [-1e9, 0, -1e9]], np.float32)
    found = decoder.stream().decode(outputs, Frames(outputs, 3), range(3))
    assert decoder.labels == ("a", "b", "c")
    assert found.labels == ("b", "a", "b")
    assert found.scores is not None
    # log 3 in float32 is off by up to 6e-8 of itself, and so is the score.
    np.testing.assert_allclose(found.scores, [3 / 5, 1 / 3, 1.0], rtol=1e-7)


def test_no_steps_decode_to_nothing() -> None:
    decoder = make_decoder(config(3, ClassesConfig(labels=("a", "b", "c"))))
    found = decoder.stream().decode(make_frames(0), Frames(make_frames(0), 0), range(0))
    assert found.labels == () and found.scores is not None and len(found.scores) == 0


@pytest.mark.parametrize("dims", [2, 3])
def test_outputs_of_zero_carry_a_straight_line_on(dims: int) -> None:
    decoder = make_decoder(config(8, PointsConfig(horizons=(1, 5))))
    velocity = np.array([2.0, -1.0, 0.5])[:dims]
    rows = np.column_stack([np.arange(6.0), np.arange(6.0)[:, None] * velocity + 100])
    frames = MotionFrontend().stream().feed(rows)
    found = decoder.stream().decode(np.zeros((6, 8), np.float32), frames, range(6))
    assert found.points is not None and found.spreads is not None and found.scores is not None
    expected = rows[-1, 1:] + np.outer([1, 5], velocity)
    # The filters follow an exact line to within their float64 rounding.
    np.testing.assert_allclose(found.points[-1], expected, rtol=1e-9)
    assert found.horizons == (1, 5)
    # No direction before two fixes; then the axis that changes most.
    assert found.labels == (None, "+x", "+x", "+x", "+x", "+x")
    assert np.isnan(found.spreads[0]).all() and (found.spreads[1:] > 0).all()
    assert np.all((found.scores >= 0) & (found.scores <= 1))


def test_points_need_four_outputs_a_horizon() -> None:
    with pytest.raises(ConfigError, match="expected 8, 4 for each of 2 horizons, got 7"):
        make_decoder(config(7, PointsConfig(horizons=(1, 5))))
