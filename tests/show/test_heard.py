from pathlib import Path

import numpy as np
import pytest

from streamrnn.config import AudioConfig, ClassesConfig, DecoderConfig, DetectConfig
from streamrnn.errors import UnsupportedError
from streamrnn.show.heard import heard_plot
from tests.conftest import make_model

DETECT = DetectConfig(labels=("a", "b", "c"), smoothing=3, threshold=0.3)


@pytest.mark.parametrize("shape", [(22_050,), (22_050, 2), (100,)])
@pytest.mark.parametrize("decoder", [DETECT, ClassesConfig(labels=("a", "b", "c"))])
def test_the_picture_is_drawn_of_the_bits_that_the_whole_gives(
    tmp_path: Path, shape: tuple[int, ...], decoder: DecoderConfig
) -> None:
    model = make_model(
        frontend=AudioConfig(), decoder=decoder, input_size=40, hidden_size=8, output_size=3
    )
    samples = np.random.default_rng(0).standard_normal(shape).astype("f4") * np.float32(0.1)
    said = heard_plot(model, samples, tmp_path / "heard.png", rate=22_050)
    assert (tmp_path / "heard.png").read_bytes().startswith(b"\x89PNG")
    stream = model.stream(rate=22_050, channels=1 if len(shape) == 1 else shape[1])
    whole = stream.feed(samples)
    assert said.outputs.tobytes() == whole.outputs.tobytes()


def test_what_hears_nothing_cannot_be_drawn(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match="model of sound with labels"):
        heard_plot(make_model(), np.zeros(100, "f4"), tmp_path / "heard.png")
