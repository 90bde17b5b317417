"""How a sentence may be said otherwise and mean the same: pleasantries, lost words, slips."""

import numpy as np

BEFORE = (
    "please",
    "can you",
    "can you please",
    "could you",
    "could you please",
    "would you",
    "will you",
    "hey",
    "ok",
    "okay",
    "i want you to",
    "i'd like you to",
    "i would like you to",
    "i need you to",
    "would you mind",
    "hi could you",
    "be so kind and",
    "go ahead and",
    "just",
    "um",
    "so",
    "now",
    "quick",
    "let's",
    "hey assistant",
    "assistant",
    "house",
)
AFTER = (
    "please",
    "now",
    "right now",
    "for me",
    "thanks",
    "thank you",
    "would you",
    "will you",
    "if you can",
    "if you don't mind",
    "immediately",
    "real quick",
    "okay",
    "again",
)
WEAK = frozenset(("the", "a", "my", "our", "of", "to", "is", "are", "in", "on", "that", "all"))
SPOKEN = {
    "what's": ("whats", "what is"),
    "what is": ("what's", "whats"),
    "tv": ("telly", "television"),
    "temperature": ("temp",),
    "lights": ("light", "lamps", "lighting"),
    "turn": ("switch", "flip", "put"),
    "living room": ("livingroom",),
    "bedroom": ("bed room",),
    "percent": ("%", "per cent"),
}


def varied(text: str, rng: np.random.Generator, *, question: bool = False) -> str:
    """Say a sentence as somebody else would.

    Args:
        text: words apart by single spaces.
        rng: where all chance comes from.
        question: it asks for something to be told, so that `could you` does not fit before it.

    Returns:
        The same in meaning; often the same altogether.
    """
    for plain, others in SPOKEN.items():
        if rng.random() < 0.15 and f" {plain} " in f" {text} ":
            other = others[int(rng.integers(len(others)))]
            text = f" {text} ".replace(f" {plain} ", f" {other} ", 1).strip()
    words = text.split()
    if rng.random() < 0.2:
        words = [w for w in words if w not in WEAK or rng.random() < 0.6] or words
    if rng.random() < 0.08:
        at = int(rng.integers(len(words)))
        words[at] = _slip(words[at], rng)
    if not question and rng.random() < 0.3:
        words.insert(0, BEFORE[int(rng.integers(len(BEFORE)))])
    if rng.random() < 0.15:
        words.append(AFTER[int(rng.integers(len(AFTER)))])
    return " ".join(words)


def _slip(word: str, rng: np.random.Generator) -> str:
    """A letter lost, doubled, or changed with the next."""
    if len(word) < 4:
        return word
    at = int(rng.integers(1, len(word) - 1))
    kind = rng.integers(3)
    if kind == 0:
        return word[:at] + word[at + 1 :]
    if kind == 1:
        return word[:at] + word[at] + word[at:]
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
