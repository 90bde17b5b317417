"""Text → words, one code point at a time.

    word  = begin part*
    begin = letter | digit
    part  = letter | digit | mark | format | joint, then begin
    joint = an apostrophe, or between two digits one of . , : and their Arabic forms

The longest such run is a word; all else separates, and gives nothing. So `don't` is one word,
`dogs'` and `'tis` end and begin with a letter, and a sentence's last point is no part of a number.

What a word reads as: each code point lower-cased by itself where folding is on (`İ`, the only one
whose lower case is several, reads `i`; no code point looks at its neighbours, so `Σ` is `σ` at a
word's end too); ’ as '; each run of digits of any script, joints within it too, as one `0`. So
`7`, `19:30`, `21.5` and `1,000` are all `0`, `22c` is `0c` and `3rd` is `0rd`. Format characters
(soft hyphen, joiners, marks of direction, byte order mark; the zero-width space separates) leave
no trace. A word that reads longer than 64 code points reads "", which no vocabulary has.

Scripts without spaces (Chinese, Japanese, Thai) make one long word of each run: take characters.
Which code points are letters is Unicode's business, in the version that Python brings.
"""

import unicodedata
from functools import lru_cache

LONGEST = 64
"""Code points of a word; the longest in English dictionaries has 45."""
DELAY = 2
"""Samples past a word's last until it is known: what ends it, after a joint perhaps (`dogs' `)."""

_SEPARATOR, _LETTER, _DIGIT, _MARK, _FORMAT, _APOSTROPHE, _POINT = range(7)
_SPECIAL = dict.fromkeys("'’", _APOSTROPHE) | dict.fromkeys(".,:٫٬", _POINT)
_SPECIAL["\u200b"] = _SEPARATOR  # zero-width space: a format character that is there to separate


@lru_cache(maxsize=4096)
def _kind(character: str) -> int:
    """What a code point is to words."""
    category = unicodedata.category(character)
    if character in _SPECIAL:
        return _SPECIAL[character]
    if category == "Nd":
        return _DIGIT
    if category == "Cf":
        return _FORMAT
    return {"L": _LETTER, "M": _MARK}.get(category[0], _SEPARATOR)


class Splitter:
    """The words of one text as it comes in.

    Args:
        fold: read words in lower case.
    """

    __slots__ = ("_fold", "joint", "word")

    def __init__(self, fold: bool) -> None:
        self._fold = fold
        self.word = ""
        """What the unfinished word reads: 65 code points at most, the last the newest."""
        self.joint = ""
        """The joint that came last and waits for what it joins, or nothing."""

    def feed(self, text: str) -> tuple[list[str], list[int]]:
        """Take some of the text.

        Returns:
            The words that it ended, and of each how many code points of `text` had come by then.
        """
        words: list[str] = []
        ends: list[int] = []
        word, joint, fold = self.word, self.joint, self._fold
        for count, character in enumerate(text, 1):
            kind = _kind(character)
            if kind == _LETTER and joint in ("", "'"):
                if joint:
                    word = word[:LONGEST] + joint
                    joint = ""
                word = word[:LONGEST] + (character.lower()[0] if fold else character)
            elif kind == _DIGIT:
                after_digit = word[-1:] == "0"  # which nothing else reads as
                if joint and not after_digit:
                    word = word[:LONGEST] + joint
                joint = ""
                if not after_digit:
                    word = word[:LONGEST] + "0"
            elif not word:
                continue
            elif kind in (_MARK, _FORMAT) and not joint:
                if kind == _MARK:
                    word = word[:LONGEST] + (character.lower()[0] if fold else character)
            elif kind == _APOSTROPHE and not joint:
                joint = "'"
            elif kind == _POINT and not joint and word[-1] == "0":
                joint = "."
            else:
                words.append(word if len(word) <= LONGEST else "")
                ends.append(count)
                word = joint = ""
                if kind == _LETTER:
                    word = character.lower()[0] if fold else character
        self.word, self.joint = word, joint
        return words, ends

    def end(self) -> list[str]:
        """The word that the text's end ends, if there is one."""
        word, self.word, self.joint = self.word, "", ""
        return [word if len(word) <= LONGEST else ""] if word else []
