"""What is what among a graph's inputs and outputs."""

import pytest

from streamrnn.config import OnnxConfig
from streamrnn.engines.onnx_graph import Port, recognised, wire
from streamrnn.errors import ModelFileError


def ports(*told, kind="tensor(float)"):
    """Ports of names, each perhaps with a shape of its own."""
    return [
        Port(each, (1, 8), kind) if isinstance(each, str) else Port(each[0], each[1], kind)
        for each in told
    ]


# As exporters write them: torch's own names, and those of the field's published models.
NAMES = [
    ("state", "stateN"),
    ("h", "hn"),
    ("h_0", "h_n"),
    ("h0", "hn"),
    ("hidden_in", "hidden_out"),
    ("state_in", "state_out"),
    ("past_key", "present_key"),
    ("prev_state", "next_state"),
    ("input_h", "output_h"),
    ("cache", "new_cache"),
    ("encoder.h.0", "encoder.h.n"),
    ("lstmState", "lstm_state_new"),
    ("conv_cache", "conv_cache_out"),
]


@pytest.mark.parametrize("before, after", NAMES)
def test_states_are_paired_by_their_names(before, after):
    wiring = wire(ports("x", before), ports("y", after), OnnxConfig())
    assert wiring.frame.name == "x" and wiring.output == "y"
    assert [(port.name, new) for port, new in wiring.states] == [(before, after)]


def test_several_states_keep_the_graphs_order():
    wiring = wire(ports("c_0", "x", "h_0"), ports("h_n", "y", "c_n"), OnnxConfig())
    assert [(port.name, new) for port, new in wiring.states] == [("c_0", "c_n"), ("h_0", "h_n")]


def test_only_what_is_alike_is_a_pair():
    with pytest.raises(ModelFileError, match="expected one frame besides"):
        wire(ports("x", ("h", (1, 4))), ports("y", ("hn", (1, 8))), OnnxConfig())
    wide = wire(
        ports("x", ("h", (2, None, 4))), ports("y", ("hn", (None, None, None))), OnnxConfig()
    )
    assert wide.states[0][0].one == (2, 1, 4)


def test_a_graph_without_states_sees_one_frame_at_a_time():
    wiring = wire(ports("x"), ports("y"), OnnxConfig())
    assert wiring.states == () and wiring.output == "y"


def test_a_network_without_a_head_tells_its_state():
    assert wire(ports("x", "h"), ports("hn"), OnnxConfig()).output == "hn"


def test_a_configuration_goes_before_names():
    config = OnnxConfig(
        input="b", output="p", states={"a": "q"}, constants={"rate": 16_000, "flag": 1}
    )
    wiring = wire(ports("a", "b", "rate", "flag"), ports("p", "q", "r"), config)
    assert (wiring.frame.name, wiring.output) == ("b", "p")
    assert [(p.name, v) for p, v in wiring.constants] == [("rate", 16_000), ("flag", 1)]


@pytest.mark.parametrize(
    "config, told",
    [
        (OnnxConfig(), "outputs: expected one that is no state, got y, z"),
        (OnnxConfig(output="w"), "w: expected a name of the graph's own; the graph takes x float"),
        (OnnxConfig(states={"g": "y"}), "g: expected a name"),
        (OnnxConfig(constants={"x": 1.0}), "inputs: expected one frame besides"),
    ],
)
def test_what_cannot_be_told_apart_is_asked_for(config, told):
    with pytest.raises(ModelFileError, match=told):
        wire(ports("x", "h"), ports("y", "z", "hn"), config)


def test_silero_is_known_by_its_inputs_alone():
    sound, state = ("input", (None, None)), ("state", (2, None, 128))
    known = recognised(ports(sound, state, ("sr", ())), ports("output", "stateN"))
    assert known is not None and known.constants == {"sr": 16_000}
    assert recognised(ports(sound, ("state", (2, None, 64))), ports("output", "stateN")) is None
    assert recognised(ports(("input", (1, 80)), state), ports("output", "stateN")) is None
    assert recognised(ports("x", "h"), ports("y", "hn")) is None
