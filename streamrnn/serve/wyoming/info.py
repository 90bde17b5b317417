"""What a service says of itself when it is asked to `describe`."""

from importlib.metadata import PackageNotFoundError, metadata
from typing import Any

from wyoming.info import (
    Attribution,
    HandleModel,
    HandleProgram,
    Info,
    IntentModel,
    IntentProgram,
    WakeModel,
    WakeProgram,
)

from streamrnn import __version__
from streamrnn.serve.wyoming.served import Served
from streamrnn.serve.wyoming.words import LANGUAGE

_LANGUAGES = [LANGUAGE]


def info_of(served: Served) -> Info:
    """Programs and models, all installed: Home Assistant passes over those that are not.

    A VAD has no place in it: the protocol knows none.
    """
    info = Info()
    if served.wake is not None:
        words = [
            WakeModel(**_about(word, phrase_of(word)), languages=_LANGUAGES, phrase=phrase_of(word))
            for word in served.words
        ]
        program = _about(served.name, f"Wake words by the model {served.wake.name}")
        info.wake = [WakeProgram(**program, models=words)]
    if served.intent is not None:
        name = served.intent.name
        model = _about(name, f"{len(served.intent.labels)} intents of a home")
        program = _about(served.name, f"Intents by the model {name}")
        info.intent = [
            IntentProgram(**program, models=[IntentModel(**model, languages=_LANGUAGES)])
        ]
        if served.handle:
            model = _about("clock", "Answers what time and what day it is")
            program = _about(served.name, "Answers that need no home")
            info.handle = [
                HandleProgram(**program, models=[HandleModel(**model, languages=_LANGUAGES)])
            ]
    return info


def phrase_of(label: str) -> str:
    """What is to be said: a label with spaces for underscores."""
    return label.replace("_", " ")


def _about(name: str, description: str) -> dict[str, Any]:
    """What is told of every artifact."""
    return {
        "name": name,
        "attribution": Attribution(name="streamrnn", url=_url()),
        "installed": True,
        "description": description,
        "version": __version__,
    }


def _url() -> str:
    """Where the project is, as its package tells it; or else what its licence says."""
    try:
        package = metadata("streamrnn")
    except PackageNotFoundError:  # run from its sources
        return ""
    for told in package.get_all("Project-URL") or ():
        return told.split(",")[-1].strip()
    for licence in package.get_all("License-Expression") or ():
        return f"https://spdx.org/licenses/{licence}.html"
    return ""
