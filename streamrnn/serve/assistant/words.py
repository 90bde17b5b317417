"""The words of a command without the wake word that it begins with."""

import re
from collections.abc import Collection

from streamrnn.serve.models import folded

NEAR = 2  # words at a command's beginning among which the wake word may begin
# After these it is spoken of: is computer on?
_ASKING = ("is", "are", "was", "were", "does", "do", "did", "can")


def without_wake_word(text: str, wake_words: Collection[str]) -> list[str]:
    """The words of a command after the wake word that it begins with, if it does.

    Args:
        text: the command.
        wake_words: labels of a model: `Alexa`, `hey_jarvis`.

    >>> without_wake_word("Um, Computer: what time is it?", ["computer"])
    ['what', 'time', 'is', 'it?']
    >>> without_wake_word("hey Jarvis, turn off the computer", ["hey_jarvis", "computer"])
    ['turn', 'off', 'the', 'computer']
    >>> without_wake_word("is computer on", ["computer"])
    ['is', 'computer', 'on']
    """
    words = text.split()
    plain = [re.sub(r"\W", "", word).casefold() for word in words]
    names = sorted((folded(name).split() for name in wake_words), key=len, reverse=True)
    for place in range(NEAR):
        for name in names:
            if name and plain[place : place + len(name)] == name:
                return words[place + len(name) :]
        if plain[place : place + 1] and plain[place] in _ASKING:
            break
    return words
