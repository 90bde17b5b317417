"""Configurations of models: parts that cannot be, and what the messages say."""

from typing import Any

import pytest

from streamrnn.config import (
    ClassesConfig,
    ModelConfig,
    MotionConfig,
    NetworkConfig,
    OnnxConfig,
    PointsConfig,
    TextConfig,
    convert,
    decode_model_config,
    encode,
)
from streamrnn.errors import ConfigError
from streamrnn.kernels.motion import FRAME_SIZE


@pytest.mark.parametrize(
    ("network", "says"),
    [
        ({"hidden_size": 0}, "network.hidden_size: expected at least 1, got 0"),
        ({"input_size": -3}, "network.input_size: expected at least 1, got -3"),
        ({"num_layers": 0}, "network.num_layers: expected at least 1, got 0"),
        ({"output_size": -1}, "network.output_size: expected 0 or more, got -1"),
        ({"encoder_size": 4}, "network.encoder_size: expected 0 without an encoder"),
        ({"encoder": "linear"}, "network.encoder_size: .* more with one, got 0"),
        ({"encoder": "embedding", "encoder_size": 4}, "vocabulary_size of at least 1"),
        (
            {"encoder": "embedding", "encoder_size": 4, "vocabulary_size": 9},
            "input_size 1, got 9 and 3",
        ),
        ({"vocabulary_size": 9}, "vocabulary_size: expected 0 without an embedding, got 9"),
    ],
)
def test_networks_that_cannot_be(network: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        NetworkConfig(**{"input_size": 3, "hidden_size": 4, **network})


def test_parts_that_do_not_fit_each_other() -> None:
    network = NetworkConfig(input_size=FRAME_SIZE, hidden_size=4, output_size=3)
    with pytest.raises(ConfigError, match="decoder.labels: expected one label an output, 3, got 2"):
        ModelConfig(name="x", network=network, decoder=ClassesConfig(labels=("a", "b")))
    with pytest.raises(ConfigError, match="set frontend.kind = 'motion'"):
        ModelConfig(name="x", network=network, decoder=PointsConfig(horizons=(1,)))


@pytest.mark.parametrize("horizons", [(), (0,), (5, 1), (1, 1), (-2, 3)])
def test_horizons_rise(horizons: tuple[int, ...]) -> None:
    with pytest.raises(ConfigError, match="decoder.horizons: expected rising numbers"):
        PointsConfig(horizons=horizons)


def test_a_model_configuration_as_text() -> None:
    network = NetworkConfig(input_size=FRAME_SIZE, hidden_size=4, output_size=8, cell="lstm")
    config = ModelConfig(
        name="x", network=network, frontend=MotionConfig(), decoder=PointsConfig(horizons=(1, 5))
    )
    text = encode(config)
    assert decode_model_config(text) == config
    assert encode(decode_model_config(text)) == text
    for wrong, says in [
        (text.replace("hidden_size", "hiden_size"), "unknown field `hiden_size`"),
        (text.replace('"lstm"', '"lsmt"'), "Invalid enum value 'lsmt'"),
        (text.replace('"motion"', '"video"'), "Invalid value 'video'"),
        (text[:-1], "truncated"),
        (text.replace("[1,5]", "[5,1]"), "decoder.horizons: expected rising"),
        ("", "truncated"),
    ]:
        with pytest.raises(ConfigError, match=f"model configuration: .*{says}"):
            decode_model_config(wrong)


def test_a_vocabulary_of_thousands_is_printed_in_short() -> None:
    few = TextConfig(unit="words", vocabulary=("a", "b"))
    assert repr(few) == "TextConfig(unit='words', vocabulary=('a', 'b'), fold=True)"
    many = TextConfig(unit="words", vocabulary=tuple(map(str, range(6000))))
    assert "'7', … 6000 in all)" in repr(many) and len(repr(many)) < 200


def test_records_are_immutable() -> None:
    with pytest.raises(AttributeError):
        MotionConfig().version = 9  # type: ignore[misc]


def test_an_unknown_key_is_told_with_those_that_are_known() -> None:
    for tree, told in (
        ({"nmae": "x"}, "`nmae`; known are constants, decoder, frontend, input, "),
        (
            {"frontend": {"kind": "waveform", "hoop": 3}},
            r"`hoop` - at `\$.frontend`; known are context, hop, kind, sample_rate$",
        ),
        (
            {"decoder": {"kind": "voice", "x": 3}},
            "known are kind, pad, release, silence, threshold$",
        ),
    ):
        with pytest.raises(ConfigError, match=told):
            convert(tree, OnnxConfig, where="made.toml")


def test_a_constant_that_is_no_number_is_refused() -> None:
    constants: Any = {"gain": "a"}
    with pytest.raises(ConfigError, match="constants.gain: expected a number, got 'a'"):
        OnnxConfig(constants=constants)
