"""A sentence in a terminal, word by word: the hidden state under each word, the likeliest labels.

what  time  is    it?      the words; grey: not ended yet
53%   83%   91%◆  93%      how sure after each; ◆: decided there
▀▀▀▀▀ ▀▀▀▀▀ ▀▀▀▀▀ ▀▀▀▀▀    some of the hidden state's units, the same ones in each strip
HassGetCurrentTime  93% ████████████████████▍
"""

import unicodedata
from collections.abc import Sequence

import numpy as np
from rich.cells import cell_len, set_cell_size
from rich.text import Text

from streamrnn.show.cells import paint, scaled
from streamrnn.show.shares import bar, ink, leaders
from streamrnn.tasks.intents.sentence import Step, Whole
from streamrnn.tasks.intents.templates import OUTSIDE

LEADERS = 4
STRIP_COLUMNS, STRIP_ROWS = 5, 3  # characters of the hidden state under a word: 30 units
LONGEST_BAR = 50
_NARROW = 12  # columns beside a name: its mark, its share, and a bar of three
WIDEST = 20  # characters of a word
_BANK = 2 + STRIP_ROWS  # lines
# Of direction: they would turn round what stands beside them.
_TURNING = dict.fromkeys((0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)))


def shown(text: str) -> str:
    """A text that a terminal can show: control characters as their pictures, none that turn.

    >>> shown("a" + chr(27) + "[2J")
    'a␛[2J'
    """
    return "".join(map(_picture, text.translate(_TURNING)))


def sentence_view(
    labels: Sequence[str],
    steps: Sequence[Step],
    *,
    columns: int,
    rows: int = 24,
    unfinished: str = "",
    colour: bool = True,
) -> Text:
    """Draw a sentence as far as it has come.

    Args:
        labels: of the model.
        steps: what was made of it, one a word; with hidden states, for the strips.
        columns: characters across, 22 or more.
        rows: lines down at most, 12 or more; where words do not fit, the first are left out.
        unfinished: the word that is not ended.
        colour: without it, the hidden state is drawn in shades.
    """
    picture = Text(no_wrap=True)
    banks = _banks([_word(step.word) for step in steps] + [_word(unfinished)], columns)
    most = max(1, (rows - LEADERS - 2) // _BANK)
    if len(banks) > most:
        picture.append(f"… {banks[-most].start} words before\n", "dim")
    for bank in banks[-most:]:
        part = steps[bank.start : bank.stop]
        _words(picture, part, unfinished if bank.stop > len(steps) else "")
        _strips(picture, part, colour)
    if steps:
        _bars(picture, labels, steps, columns)
    picture.append(verdict(steps) + "\n")
    return picture


def verdict(steps: Sequence[Step]) -> str:
    """Where it was decided, and on what; the first of a sentence decides."""
    found = next((step for step in steps if step.decided), None)
    if found is None and steps:
        outside = steps[-1].said.label == OUTSIDE
        return "out of scope so far" if outside else "not decided yet"
    if found is None:
        return "no word yet"
    where = f"decided at word {found.number + 1}: {_word(found.word)}"
    return f"◆ {found.said.label} {found.said.score or 0.0:.0%}, {where}"


def summary(whole: Whole) -> str:
    """What a whole sentence was taken for, in a line."""
    if whole.last is None:
        return "no word in it"
    told = f"{whole.last.said.label} {whole.last.said.score or 0.0:.0%}"
    if whole.decided is None:
        return f"{told}, out of scope" if whole.label == OUTSIDE else f"{told}, never sure"
    place = f"decided at word {whole.decided.number + 1} of {whole.words}: "
    other = whole.decided.said.label
    return f"{told}, {place}{_word(whole.decided.word)}" + (
        f" (then for {other})" if other != whole.last.said.label else ""
    )


def _words(picture: Text, steps: Sequence[Step], unfinished: str) -> None:
    """Two lines: the words, and how sure after each."""
    for step in steps:
        style = "bold reverse" if step.decided else "bold"
        word = _word(step.word)
        picture.append(word, style)
        picture.append(" " * (_width(word) - cell_len(word)))
    picture.append(_word(unfinished), "bright_black")
    picture.append("\n")
    for step in steps:
        mark = "◆" if step.decided else ""
        told = f"{step.said.score or 0.0:.0%}{mark}"
        picture.append(set_cell_size(told, _width(_word(step.word))), "bold" if mark else "dim")
    picture.append("\n")


def _strips(picture: Text, steps: Sequence[Step], colour: bool) -> None:
    """The hidden states of some words, beside each other."""
    if not steps or any(step.hidden is None for step in steps):
        return
    images: list[np.ndarray] = []
    for step in steps:
        assert step.hidden is not None
        units = scaled(step.hidden[None], 1, 2 * STRIP_ROWS * STRIP_COLUMNS)
        image = 0.5 + 0.5 * units.reshape(2 * STRIP_ROWS, STRIP_COLUMNS).astype(float)
        gap = np.full((2 * STRIP_ROWS, _width(_word(step.word)) - STRIP_COLUMNS), np.nan)
        images += [image, gap]
    paint(picture, np.concatenate(images, axis=1), colour=colour)


def _bars(picture: Text, labels: Sequence[str], steps: Sequence[Step], columns: int) -> None:
    """The likeliest labels after the last word."""
    decided = {step.said.label for step in steps if step.decided}
    best = leaders(labels, steps[-1].probable, LEADERS)
    names = [label for label, _ in best]
    if max(map(cell_len, names)) > columns - _NARROW:
        names = [name.removeprefix("Hass") for name in names]
    width = min(max(map(cell_len, names)), columns - _NARROW)
    longest = min(columns - width - 9, LONGEST_BAR)
    for name, (label, share) in zip(names, best, strict=True):
        mark = "◆" if label in decided else " "
        line = f"{mark} {_fitted(name, width)} {share:4.0%} {bar(share, longest)}\n"
        picture.append(line, ink(share))


def _fitted(name: str, width: int) -> str:
    """A name in so many cells; a long one loses its middle: names differ at both ends."""
    if cell_len(name) <= width:
        return set_cell_size(name, width)
    end = (width - 1) // 2
    return f"{set_cell_size(name, width - 1 - end)}…{set_cell_size(name[::-1], end)[::-1]}"


def _banks(words: Sequence[str], columns: int) -> list[range]:
    """Which words stand in each row of words."""
    banks: list[range] = []
    first = used = 0
    for number, word in enumerate(words):
        width = _width(word)
        if used + width > columns and number > first:
            banks.append(range(first, number))
            first, used = number, 0
        used += width
    return [*banks, range(first, len(words))]


def _word(word: str) -> str:
    """A word as it is shown, cut where it is long."""
    clean = shown(word)
    return clean if cell_len(clean) <= WIDEST else set_cell_size(clean, WIDEST - 1) + "…"


def _width(word: str) -> int:
    """Characters that a word's column takes, with the gap after it."""
    return max(STRIP_COLUMNS, cell_len(word)) + 1


def _picture(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    strange = unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")
    return "\ufffd" if strange else character
