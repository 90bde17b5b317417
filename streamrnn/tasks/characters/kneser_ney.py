"""The baseline: n-grams, smoothed by interpolated modified Kneser–Ney.

S. F. Chen and J. Goodman, An empirical study of smoothing techniques for language modeling,
Computer Speech and Language 13 (1999) 359–394. With h a context, h' the same without its first
symbol, and c the counts of an order:

    p(w | h) = (c(h w) - D(c(h w))) / c(h) + Σ_v D(c(h v)) / c(h) · p(w | h')

The highest order counts what came; a lower one, how many different symbols came before it. With
no symbol left, all are alike. With n1 … n4 the n-grams of an order that have a count of 1 … 4:

    D(k) = k - (k + 1) Y n(k + 1) / n(k)    Y = n1 / (n1 + 2 n2)    D = D(3) above 3
"""

import math
from collections import Counter

FALLBACK = (0.5, 1.0, 1.5)
"""Discounts where n1 … n4 give none; those of KenLM's --discount_fallback."""


def discounts(counts: Counter[str]) -> tuple[float, float, float]:
    """What is taken off counts of 1, of 2, and of 3 and more."""
    of = Counter(counts.values())
    if not all(of[k] for k in range(1, 5)):
        return FALLBACK
    y = of[1] / (of[1] + 2.0 * of[2])
    one, two, more = (k - (k + 1) * y * of[k + 1] / of[k] for k in (1, 2, 3))
    return (one, two, more) if min(one, two, more) > 0 else FALLBACK


class KneserNey:
    """The probability of each symbol after those before it.

    Args:
        text: what it learns from; a symbol is a character.
        symbols: how many different ones may come.
        order: symbols of an n-gram, from 1.
    """

    def __init__(self, text: str, symbols: int, order: int = 5) -> None:
        self.order, self._symbols = order, symbols
        self._kept: dict[str, float] = {}  # (c - D) / c(h), by n-gram
        self._freed: dict[str, float] = {}  # Σ D / c(h), by context
        counts = _grams(text, order)
        self._add(counts)
        for length in range(order - 1, 0, -1):
            counts = Counter(gram[1:] for gram in _grams(text, length + 1))
            self._add(counts)

    def _add(self, counts: Counter[str]) -> None:
        """One order; n-grams of different orders differ in length, so they share a table."""
        off = discounts(counts)
        totals: dict[str, int] = {}
        for gram, count in counts.items():
            totals[gram[:-1]] = totals.get(gram[:-1], 0) + count
        for gram, count in counts.items():
            context = gram[:-1]
            discount = off[min(count, 3) - 1]
            self._kept[gram] = (count - discount) / totals[context]
            self._freed[context] = self._freed.get(context, 0.0) + discount / totals[context]

    def probability(self, symbol: str, context: str) -> float:
        """Of a symbol after a context, of which the last `order - 1` symbols count."""
        share = 1.0 / self._symbols
        for length in range(min(self.order - 1, len(context)) + 1):
            last = context[len(context) - length :]
            # A context that never came says nothing.
            share = self._kept.get(last + symbol, 0.0) + self._freed.get(last, 1.0) * share
        return share

    def bits(self, text: str) -> float:
        """−log2 of the probability of each symbol of a text but the first, summed."""
        reach = self.order - 1
        return -sum(
            math.log2(self.probability(text[i], text[max(0, i - reach) : i]))
            for i in range(1, len(text))
        )


def _grams(text: str, length: int) -> Counter[str]:
    return Counter(text[i : i + length] for i in range(len(text) - length + 1))
