"""The alphabet foreseen, letter by letter; and scores of models of text as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from streamrnn.model import Model
from streamrnn.show.figure import new_figure, write_picture
from streamrnn.show.shares import bar
from streamrnn.tasks.alphabet.evaluate import neighbours

_HEARD = ("1", "2", "3", "4")
_WIDTH = 20  # cells of a bar


def bars(letter: str, shares: Mapping[str, float]) -> Text:
    """One line: the letter that was heard, and how probable each neighbour is as the next."""
    line = Text(f"  {letter}   ", style="bold", no_wrap=True)
    for other, share in shares.items():
        cells = f"{bar(share, _WIDTH):<{_WIDTH}}"
        line.append(f"{other} ", "").append(cells, "green" if share > 0.75 else "yellow")
        line.append(f" {share:6.1%}    ", "not bold")
    return line


def states_plot(model: Model, runs: Sequence[str], path: str | Path) -> None:
    """Draw the hidden state after each letter as colours, a picture a run, side by side.

    Elements are in the order in which they differ between the ends of the first and the last run.
    Below them, how probable each neighbour of the last letter is as the next.

    Raises:
        UnsupportedError: matplotlib is not installed.
        ConfigError: the file cannot be written.
    """
    said = [model.predict(run, trace=True) for run in runs]
    states = [each.trace.hidden[:, -1] for each in said if each.trace is not None]
    order = np.argsort(states[0][-1] - states[-1][-1], kind="stable")
    size = (1.5 + 0.7 * sum(map(len, runs)), 5.0)
    figure = new_figure(figsize=size, dpi=130, layout="constrained")
    axes: Any = figure.subplots(2, len(runs), squeeze=False, height_ratios=(4, 1))
    for column, run in enumerate(runs):
        above, below = axes[:, column]
        above.imshow(states[column][:, order].T, aspect="auto", cmap="RdBu_r", vmin=-1.0, vmax=1.0)
        above.set_title(f"{'forwards' if run[-1] >= run[0] else 'backwards'} from {run[0]}")
        above.set_xticks(range(len(run)), list(run))
        above.set_yticks([])
        shares = [neighbours(*pair) for pair in zip(run, said[column].outputs, strict=True)]
        for side, colour in enumerate(("#c8553d", "#1f6f8b")):
            for at, (letter, pair) in enumerate(zip(run, shares, strict=True)):
                other = chr(ord(letter) - 1 + 2 * side)
                if other in pair:
                    below.bar(at - 0.2 + 0.4 * side, pair[other], 0.36, color=colour)
                    below.text(at - 0.2 + 0.4 * side, 0.03, other, ha="center", color="white")
        below.set_xlim(-0.5, len(run) - 0.5)
        below.set_ylim(0.0, 1.0)
        below.set_xticks([])
    figure.colorbar(
        axes[0, 0].images[0], ax=list(axes[0]), ticks=[-1, 0, 1], fraction=0.03, pad=0.01
    )
    axes[0, 0].set_ylabel("hidden state")
    axes[1, 0].set_ylabel("next letter")
    write_picture(path, figure.savefig)


def alphabet_table(scores: dict[str, Any], name: str) -> Table:
    """How often the next letter is right, by how many were heard: a row a network and a way.

    Args:
        scores: what `streamrnn.tasks.alphabet.evaluate.score` gave.
        name: of the model.
    """
    first, last = scores["first"]["A"], scores["first"]["Z"]
    table = Table(
        title="how often the next letter is right, by how many were heard",
        title_justify="left",
        caption=f"{name} after one letter: within {scores['largest_miss']:.1%} of a half for each "
        f"neighbour;\nA → B {first['B']:.1%}, Z → Y {last['Y']:.1%}; "
        f"past an end it turns back: {scores['turns']:.0%}",
        box=SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
    )
    table.add_column("network", no_wrap=True)
    table.add_column("read", no_wrap=True)
    for count in (*_HEARD, "5 to 25"):
        table.add_column(count, justify="right", no_wrap=True)
    for who, own in {name: scores, **scores.get("baselines", {})}.items():
        for way in ("forwards", "backwards"):
            shares = [own[way][count] for count in _HEARD]
            rest = {n: share for n, share in own[way].items() if n not in _HEARD}
            runs = sum(own["n"][n] for n in rest)
            late = sum(share * own["n"][n] for n, share in rest.items()) / runs
            table.add_row(
                who if way == "forwards" else "",
                way,
                *(f"{share:.0%}" for share in (*shares, late)),
            )
    return table


def bits_table(scores: dict[str, Any], name: str) -> Table:
    """Bits per character, beside n-grams.

    Args:
        scores: what `streamrnn.tasks.characters.evaluate.score` gave.
        name: of the model.
    """
    strange = scores["unknown"]
    table = Table(
        caption=f"{scores['n']:,} characters" + (f", {strange} unknown" if strange else ""),
        box=SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
    )
    table.add_column("")
    table.add_column("bits per character", justify="right")
    table.add_row(f"[bold]{name}", f"[bold]{scores['bits_per_character']:.3f}")
    for other, bits in scores["baselines"].items():
        table.add_row(other, f"{bits:.3f}")
    return table
