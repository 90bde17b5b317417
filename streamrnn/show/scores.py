"""Scores as a table to read: of foreseen points, of words, and of sentences."""

from collections.abc import Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table


def score_table(scores: dict[str, Any], *, title: str = "") -> Table:
    """Mean and median errors, a row a predictor and a column a horizon.

    Args:
        scores: what `streamrnn.tasks.ball.evaluate.evaluate` gave.
        title: above the table.
    """
    horizons: dict[str, dict[str, Any]] = scores["horizons"]
    table = Table(
        title=title,
        title_justify="left",
        caption=_caption(scores),
        box=SIMPLE_HEAD,
        show_edge=False,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    table.add_column("samples ahead", no_wrap=True)
    for horizon, entry in horizons.items():
        table.add_column(f"+{horizon}\nn = {entry['n']:,}", justify="right", no_wrap=True)
    entries = list(horizons.values())
    for kind in ("mean_error", "median_error"):
        word = kind.replace("_", " ")
        table.add_row(f"[bold]model, {word}", *(f"[bold]{_number(e[kind])}" for e in entries))
        for name in entries[0]["baselines"] if entries else ():
            table.add_row(
                f"  {name.replace('_', ' ')}",
                *(_number(e["baselines"][name][kind]) for e in entries),
            )
        ratios = [_ratio(entry, kind) for entry in entries]
        table.add_row("  model ÷ best other", *ratios, end_section=True)
    return table


def sentence_table(scores: dict[str, Any]) -> Table:
    """How often a sentence was understood, after how much of it.

    Args:
        scores: what `streamrnn.tasks.intents.evaluate.score` gave.
    """
    outside, early = scores["out_of_scope_recall"], scores["decided_early"]
    told = [] if outside is None else [f"out of scope: {outside:.1%} of {scores['out_of_scope_n']}"]
    if early is not None:
        told.append(
            f"mean words until decided, or to the end: {scores['words_needed_mean']:.1f} of "
            f"{scores['words_mean']:.1f}"
        )
        told.append(f"decided before the last word: {early:.1%}")
        if scores["decided_early_right"] is not None:
            told.append(f"of these right: {scores['decided_early_right']:.1%}")
    table = Table(
        caption="\n".join(told),
        min_width=52,
        box=SIMPLE_HEAD,
        show_edge=False,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    table.add_column("share of the words", no_wrap=True)
    table.add_column(f"right\nn = {scores['n']:,}", justify="right", no_wrap=True)
    for fraction, right in scores["accuracy_by_fraction"].items():
        table.add_row(fraction, "–" if right is None else f"{right:.1%}")
    return table


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}"


def _ratio(entry: dict[str, Any], kind: str) -> str:
    others = [b[kind] for b in entry["baselines"].values() if b[kind] is not None]
    best = min(others, default=0.0)
    return "–" if entry[kind] is None or best <= 0 else f"{entry[kind] / best:.2f} ×"


def _caption(scores: dict[str, Any]) -> str:
    held, right = scores["coverage_90"], scores["direction_accuracy"]
    if held is None:
        return "nothing to score: no visible run of fixes is long enough"
    told = f"the 90 % radius held {held:.1%} of outcomes"
    return told if right is None else f"{told}; direction right {right:.1%}"


def confusion_table(scores: dict[str, Any], labels: Sequence[str]) -> Table:
    """What was said and what was heard: a row a true label, a column a label that was given.

    Args:
        scores: what `streamrnn.tasks.keywords.evaluate.score` gave.
        labels: of the model, in order.
    """
    confusion: dict[str, dict[str, int]] = scores["confusion"]
    table = Table(
        caption=f"{scores['n']:,} clips: {scores['accuracy']:.1%} right from a fresh state, "
        f"{scores['accuracy_endless']:.1%} in one endless stream",
        box=SIMPLE_HEAD,
        show_edge=False,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    table.add_column("said ↓  heard →", no_wrap=True)
    for label in labels:
        table.add_column(label.strip("_")[:5], justify="right", no_wrap=True)
    table.add_column("right", justify="right", no_wrap=True)
    for label in labels:
        row = confusion.get(label, {})
        total = sum(row.values())
        cells = [
            f"[bold]{row.get(other, 0)}" if other == label else str(row.get(other) or "·")
            for other in labels
        ]
        share = f"{row.get(label, 0) / total:.0%}" if total else "–"
        table.add_row(label.strip("_"), *cells, share)
    return table


def wake_table(scores: dict[str, Any]) -> Table:
    """False rejects of each word, with false accepts and the delay below; peers come last.

    Args:
        scores: what `streamrnn.tasks.wake.evaluate.score` gave.
    """
    peers: dict[str, dict[str, Any]] = scores.get("peers", {})
    told = [f"{scores['accepts_among_words']} false detections among the words"]
    if scores["hours"]:
        told.append(
            f"{scores['false_accepts']} in {scores['hours']:.2f} h without any "
            f"(fewer than {3.0 / scores['hours']:.1f} an hour at 95 % where there are none)"
        )
    if scores["delay_ms_median"] is not None:
        told.append(
            f"{scores['delay_ms_median']:.0f} ms after a word's end in the middle, "
            f"{scores['delay_ms_90']:.0f} ms in nine of ten"
        )
    told += [_peer_line(name, peer) for name, peer in peers.items()]
    table = Table(caption="\n".join(told), box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("word")
    for name in ("clips", "threshold", "missed", "false rejects"):
        table.add_column(name, justify="right")
    for before, detector in (("", scores), *((f"{name}: ", peer) for name, peer in peers.items())):
        for word, own in detector["words"].items():
            share = own["false_reject_rate"]
            missed = str(round(share * own["n"]))
            cells = (str(own["n"]), f"{own['threshold']:g}", missed, f"{share:.1%}")
            table.add_row(f"{before}{word}", *cells)
    return table


def _peer_line(name: str, peer: dict[str, Any]) -> str:
    """The same of a peer, short enough not to be broken below the table."""
    told = f"{name}: {peer['accepts_among_words']} false among the words"
    if peer["hours"]:
        told += f", {peer['false_accepts']} without"
    if peer["delay_ms_median"] is not None:
        told += f"; {peer['delay_ms_median']:.0f} and {peer['delay_ms_90']:.0f} ms"
    return told
