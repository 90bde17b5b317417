"""What the inputs and outputs of an ONNX graph of one step are: frame, states, constants.

Only names, shapes and types are looked at, so nothing here needs onnxruntime.
"""

import re
from collections.abc import Mapping, Sequence
from math import prod
from typing import NamedTuple

from msgspec.structs import fields, replace

from streamrnn.config import AudioConfig, MotionConfig, OnnxConfig, VoiceConfig, WaveformConfig
from streamrnn.errors import ModelFileError


class Port(NamedTuple):
    """An input or an output of a graph."""

    name: str
    """As the graph has it."""
    shape: tuple[int | None, ...]
    """Sizes; None: any, and 1 here."""
    kind: str
    """Of its elements, as onnxruntime tells: `tensor(float)`."""

    @property
    def one(self) -> tuple[int, ...]:
        """The shape for one stream."""
        return tuple(1 if size is None else size for size in self.shape)

    def __str__(self) -> str:
        sizes = ", ".join("?" if size is None else str(size) for size in self.shape)
        return f"{self.name} {self.kind.removeprefix('tensor')[1:-1]} ({sizes})"


class Wiring(NamedTuple):
    """Which input and output of a graph is what."""

    frame: Port
    """The input that takes a frame."""
    output: str
    """The output that tells something."""
    states: tuple[tuple[Port, str], ...]
    """Inputs that are states, each with the output that is the next one."""
    constants: tuple[tuple[Port, float], ...]
    """Inputs that are the same at every step."""


# What names say of before and after: h_0 and h_n, h_in and h_out, past_key and present_key.
_TIMES = set("0 1 t in out input output n next new prev previous old last past present cur".split())
_SILERO = (
    {"state": (2, None, 128)},
    {"state": (2, 1, 128)},
    {"h": (1, 1, 128), "c": (1, 1, 128)},
)
HOW = "in an OnnxConfig or a .toml beside the file"
"""Where a graph is explained, for messages."""
SILERO_RATE, SILERO_HOP, SILERO_CONTEXT = 16_000, 512, 64
"""Hz, and samples: of silero-vad from version 5 on."""


def recognised(inputs: Sequence[Port], outputs: Sequence[Port]) -> OnnxConfig | None:
    """The configuration of a graph that is known by its inputs: silero-vad's; else None."""
    found = {port.name: port for port in inputs}
    frame, rate = found.pop("input", None), found.pop("sr", None)
    width = SILERO_HOP + SILERO_CONTEXT
    if frame is None or len(frame.shape) != 2 or frame.shape[1] not in (None, width):
        return None
    shapes = {name: port.shape for name, port in found.items()}
    ends = {port.name for port in outputs}
    if shapes not in _SILERO or not ends & {"output", "speech_probs"}:
        return None
    return OnnxConfig(
        name="silero_vad",
        frontend=WaveformConfig(sample_rate=SILERO_RATE, hop=SILERO_HOP, context=SILERO_CONTEXT),
        decoder=VoiceConfig(),
        constants={} if rate is None else {"sr": SILERO_RATE},
    )


def overlaid(known: OnnxConfig | None, given: OnnxConfig | None) -> OnnxConfig:
    """What is known of a graph, and over it what is given otherwise than by default."""
    usual = OnnxConfig()
    if known is None or given is None:
        return given or known or usual
    names = [field.name for field in fields(OnnxConfig)]
    told = {name: getattr(given, name) for name in names}
    return replace(known, **{n: v for n, v in told.items() if v != getattr(usual, n)})


def wire(inputs: Sequence[Port], outputs: Sequence[Port], config: OnnxConfig) -> Wiring:
    """Find out which input and output is what.

    Args:
        inputs: of the graph.
        outputs: of the graph.
        config: what is known; the rest is found by name.

    Raises:
        ModelFileError: a name that the graph has not, or more than one way to read it.
    """
    ports = {port.name: port for port in inputs}
    ends = {port.name: port for port in outputs}
    graph = (
        f"the graph takes {'; '.join(map(str, inputs))} and gives {'; '.join(map(str, outputs))}"
    )
    named = [*config.states, *config.constants, *([config.input] if config.input else [])]
    given = [*config.states.values(), *([config.output] if config.output else [])]
    for name, there in (*((n, ports) for n in named), *((n, ends) for n in given)):
        if name not in there:
            raise ModelFileError(f"{name}: expected a name of the graph's own; {graph}")
    for names in (named, given):
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            raise ModelFileError(f"{twice[0]}: expected one role in the graph, got two; {graph}")
    free = [port for port in inputs if port.name not in (*config.constants, config.input)]
    states = config.states or _paired(free, [p for p in outputs if p.name != config.output])
    left = [port for port in free if port.name not in states]
    frame = ports[config.input] if config.input else None
    if frame is None and len(left) == 1:
        frame, left = left[0], []
    if frame is None or left:
        told = ", ".join(port.name for port in left) or "none"
        raise ModelFileError(
            f"inputs: expected one frame besides states and constants, got {told}; name input, "
            f"states and constants {HOW}; {graph}"
        )
    rest = [port.name for port in outputs if port.name not in states.values()]
    if not config.output and len(rest) != 1:
        # A network without a head tells its hidden state.
        if rest or len(states) != 1:
            raise ModelFileError(
                f"outputs: expected one that is no state, got {', '.join(rest) or 'none'}; name it "
                f"as output {HOW}; {graph}"
            )
        rest = list(states.values())
    return Wiring(
        frame,
        config.output or rest[0],
        tuple((ports[before], after) for before, after in states.items()),
        tuple((ports[name], value) for name, value in config.constants.items()),
    )


def frame_shape(port: Port, config: OnnxConfig) -> tuple[int, ...]:
    """The shape of the input that takes a frame: its last size may be the front end's."""
    front, size = config.frontend, config.input_size
    if isinstance(front, WaveformConfig):
        size = front.context + front.hop
    elif isinstance(front, AudioConfig):
        size = front.stack * front.mels
    elif isinstance(front, MotionConfig):
        size = 0
    told = prod(port.one)
    if port.shape and port.shape[-1] is None and size not in (0, told):
        return (*port.one[:-1], size)
    if port.shape and port.shape[-1] is None and not size:
        raise ModelFileError(
            f"{port}: expected a graph that tells how wide a frame is; say it as input_size {HOW}"
        )
    if size not in (0, told):
        raise ModelFileError(f"{port}: expected frames of {told} elements, got {size}")
    return port.one


def _paired(inputs: Sequence[Port], outputs: Sequence[Port]) -> Mapping[str, str]:
    """States by their names: inputs each with the one output that is called alike."""
    stems: dict[str, list[Port]] = {}
    for port in outputs:
        stems.setdefault(_stem(port.name), []).append(port)
    found: dict[str, str] = {}
    for port in inputs:
        stem = _stem(port.name)
        alike = stems.get(stem, []) + (stems.get(f"{stem}n", []) if stem else [])
        alike = [other for other in alike if _fits(port, other)]
        if stem and len(alike) == 1 and alike[0].name not in found.values():
            found[port.name] = alike[0].name
    return found


def _stem(name: str) -> str:
    """A name without what it says of before and after: of stateN, h_0, hidden.out only the noun."""
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+", name)
    return "_".join(word.lower() for word in words if word.lower() not in _TIMES)


def _fits(before: Port, after: Port) -> bool:
    """Whether an output may be the next value of an input."""
    return (
        before.kind == after.kind
        and len(before.shape) == len(after.shape)
        and all(
            a is None or b is None or a == b for a, b in zip(before.shape, after.shape, strict=True)
        )
    )


def first_line(told: str) -> str:
    """The first line of what onnxruntime says."""
    return told.strip().removeprefix("Error in execution: ").split("\n")[0][:300]
