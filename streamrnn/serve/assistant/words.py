"""The words of a command without the wake word that it begins with."""

import re
from collections.abc import Collection

NEAR = 2  # words at a command's beginning among which the wake word may stand


def without_wake_word(text: str, wake_words: Collection[str]) -> list[str]:
    """The words of a command after the wake word that it begins with, if it does.

    >>> without_wake_word("Um, Computer: what time is it?", ["computer"])
    ['what', 'time', 'is', 'it?']
    >>> without_wake_word("turn off the computer", ["computer"])
    ['turn', 'off', 'the', 'computer']
    """
    words = text.split()
    for place, word in enumerate(words[:NEAR], start=1):
        if re.sub(r"\W", "", word).lower() in wake_words:
            return words[place:]
    return words
