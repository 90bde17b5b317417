"""A voice assistant: a wake word, the words of a command, what it asks for, an answer."""

from streamrnn.serve.assistant.assistant import (
    Answered,
    Assistant,
    Decided,
    Due,
    Failed,
    Told,
    Woken,
    Words,
)
from streamrnn.serve.assistant.recogniser import Recogniser

__all__ = [
    "Answered",
    "Assistant",
    "Decided",
    "Due",
    "Failed",
    "Recogniser",
    "Told",
    "Woken",
    "Words",
]
