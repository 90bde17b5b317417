"""Which options of `streamrnn stream` apply where; the others are refused, not passed over."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from streamrnn.config import DecideConfig, ModelConfig, MotionConfig, SoundConfig, TextConfig
from streamrnn.errors import ConfigError, UnsupportedError

Device = Annotated[str | None, typer.Option(help="Microphone, by number or a part of its name.")]
Reconnect = Annotated[
    bool, typer.Option("--reconnect", help="Wait for a microphone that went away.")
]
_DEVICE = "a model of sound and mic as its source"
_RAW = "a model of sound and mic or - as its source"
_CHARACTERS = "a model of characters"
_SAMPLE = "--sample N beside it, and a model of characters"
WHERE = {
    "--chunk": "a track in a file",
    "--view": "something to draw: tracks, sound, or sentences from -; and no --json",
    "--speed": "a picture of a track or of sound in a file",
    "--rate": _RAW,
    "--channels": _RAW,
    "--device": _DEVICE,
    "--reconnect": _DEVICE,
    "--replace": _CHARACTERS,
    "--sample": _CHARACTERS,
    "--prompt": _SAMPLE,
    "--temperature": _SAMPLE,
    "--seed": _SAMPLE,
}
"""What each option needs."""


def refuse_strange(
    config: ModelConfig, source: str | None, given: Mapping[str, object], *, json: bool
) -> None:
    """See that all that is asked for can be done.

    Args:
        config: of the model.
        source: what is streamed: a file, mic, - or nothing.
        given: the options of `WHERE`, by name; None or False where one is not asked for.
        json: whether lines for a program are written.

    Raises:
        UnsupportedError: an option does not apply.
    """
    fitting = _fitting(config, source, sampled=given["--sample"] is not None)
    if json:
        fitting -= {"--view", "--speed"}
    elif given["--view"] is False:
        fitting -= {"--speed"}
    got = f"{config.name} and {source or 'no source'}{' with --json' * json}"
    refuse_unfit(given, fitting, WHERE, got)


def refuse_unfit(
    given: Mapping[str, object], fitting: set[str], where: Mapping[str, str], got: str
) -> None:
    """See that only options are asked for that fit.

    Args:
        given: options by name; None or False where one is not asked for.
        fitting: the names of those that apply.
        where: what each needs.
        got: what there is instead, in words.

    Raises:
        UnsupportedError: an option does not apply.
    """
    asked = [name for name, value in given.items() if value is not None and value is not False]
    strange = [name for name in asked if name not in fitting]
    if strange:
        needed = where[strange[0]]
        names = ", ".join(name for name in strange if where[name] == needed)
        raise UnsupportedError(f"{names}: expected {needed}, got {got}; leave it out")


def _fitting(config: ModelConfig, source: str | None, *, sampled: bool) -> set[str]:
    """The options that apply to a model and a source."""
    front, file = config.frontend, source not in ("-", "mic")
    if isinstance(front, MotionConfig):
        return {"--view", "--chunk", "--speed"} if file else {"--view"}
    if isinstance(front, SoundConfig) and file:
        return {"--view", "--speed"}
    if isinstance(front, SoundConfig):
        raw = {"--view", "--rate", "--channels"}
        return raw | {"--device", "--reconnect"} if source == "mic" else raw
    if not isinstance(front, TextConfig):
        return set()
    if isinstance(config.decoder, DecideConfig):
        return {"--view"} if source == "-" else set()
    with_sample = {"--replace", "--sample", "--prompt", "--temperature", "--seed"}
    return with_sample if sampled else {"--replace", "--sample"}


def expect_recording(path: Path) -> None:
    """See that a file to record to is called as one.

    Raises:
        ConfigError: it is not.
    """
    if path.suffix.lower() != ".mcap":
        raise ConfigError(f"{path}: expected a file to record to, FILE.mcap")
