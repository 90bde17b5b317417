"""A sentence understood word by word, as a picture."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from streamrnn.errors import UnsupportedError
from streamrnn.model import Model
from streamrnn.show.figure import new_figure, write_picture
from streamrnn.show.sentence import shown
from streamrnn.tasks.intents.sentence import Sentence, Step
from streamrnn.tasks.intents.templates import OUTSIDE

MOST_WORDS = 60  # more would be too small to read
_LINES = 5  # labels that have a line
# Okabe and Ito's colours, apart for every eye, and marks beside them.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00")
_MARKS = "osD^v"
_PAPER = {False: ("#ffffff", "#24292f", "#d8dce1"), True: ("#0d1117", "#e6edf3", "#30363d")}


def sentence_picture(
    model: Model, text: str, path: str | Path, *, dark: bool = False
) -> list[Step]:
    """Feed a sentence character by character, and draw what each word made of it.

    Above, the probabilities of the labels that led somewhere and of all others together, and where
    it was decided; below, the
    hidden state of the last layer, a row a unit, from -1, blue, to 1, red.

    Args:
        model: of text, whose decoder decides.
        text: a sentence of 1 to 60 words.
        path: the picture, in any format that matplotlib writes.
        dark: light on dark, instead of dark on light; the ground is drawn in both.

    Returns:
        The steps.

    Raises:
        UnsupportedError: matplotlib is not installed, the model is another, or the sentence has
            no words or too many.
        ConfigError: the file cannot be written.
    """
    sentence = Sentence(model, trace=True)
    steps = [step for character in text for step in sentence.feed(character)]
    steps += sentence.flush()[0]
    if not 1 <= len(steps) <= MOST_WORDS:
        raise UnsupportedError(
            f"picture: expected a sentence of 1 to {MOST_WORDS} words, got {len(steps)}"
        )
    ground, ink, faint = _PAPER[dark]
    width = float(np.clip(3.2 + 0.9 * len(steps), 7.0, 20.0))
    figure = new_figure(figsize=(width, 5.6), dpi=130, layout="constrained", facecolor=ground)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 4))
    _lines(above, model.labels, steps, ink, faint)
    states = np.array([step.hidden for step in steps if step.hidden is not None])
    if states.size:
        # Units in the order of their last values, so that one sees them part.
        states = states[:, np.argsort(states[-1], kind="stable")].T
        extent = (-0.5, len(steps) - 0.5, 0.0, float(len(states)))
        image = below.imshow(
            states,
            origin="lower",
            aspect="auto",
            interpolation="nearest",
            extent=extent,
            cmap="RdBu_r",
            vmin=-1.0,
            vmax=1.0,
        )
        beside = below.inset_axes((1.012, 0.0, 0.014, 1.0))  # below the legend
        key = figure.colorbar(image, cax=beside, ticks=[-1, 0, 1])
        key.ax.tick_params(colors=ink)
        key.outline.set_edgecolor(faint)
    below.set_ylabel(f"hidden state: {len(states)} units\nby their last values", color=ink)
    turned = 35 if len(steps) > 12 else 0
    below.set_xticks(
        range(len(steps)),
        [shown(step.word)[:20] for step in steps],
        rotation=turned,
        ha="right" if turned else "center",
        parse_math=False,
    )
    decided = next((step for step in steps if step.decided), None)
    for axes in (above, below):
        if decided is not None:
            axes.axvline(decided.number, color=ink, linewidth=1.2, linestyle=":")
        axes.set_facecolor(ground)
        axes.tick_params(colors=ink)
        axes.spines[:].set_color(faint)
    with warnings.catch_warnings():
        # Letters that matplotlib's font lacks are drawn as boxes, which says it.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        write_picture(path, figure.savefig)
    return steps


def _lines(axes: Any, labels: Sequence[str], steps: Sequence[Step], ink: str, faint: str) -> None:
    """The probability of each label that led somewhere, with its name, and the decision."""
    probable = np.array([step.probable for step in steps])
    last = np.argsort(-probable[-1], kind="stable").tolist()
    led = set(np.argmax(probable, axis=1).tolist())
    chosen = sorted(led | set(last[:2]), key=last.index)[:_LINES]
    for row, which in enumerate(chosen):
        axes.plot(
            range(len(steps)),
            probable[:, which],
            color=_COLOURS[row],
            marker=_MARKS[row],
            label=f"{labels[which]}  {probable[-1, which]:.0%}",
        )
    others = 1.0 - probable[:, chosen].sum(axis=1)
    if others.max() >= 0.005:  # what a legend in whole percent can tell
        axes.plot(
            others, color=ink, linestyle="--", label=f"all others  {others[-1]:.0%}", zorder=1
        )
    axes.set_xlim(-0.5, len(steps) - 0.5)
    axes.set_ylim(-0.04, 1.1)
    axes.set_yticks([0.0, 0.5, 1.0], ["0 %", "50 %", "100 %"])
    axes.set_ylabel("probability", color=ink)
    axes.grid(color=faint, linewidth=0.6)
    decided = next((step for step in steps if step.decided), None)
    outside = steps[-1].said.label == OUTSIDE
    title = "out of scope" if outside else "not decided before the end"
    if decided is not None:
        told = f"{decided.said.label}, {decided.said.score or 0.0:.0%}"
        title = f"decided at word {decided.number + 1} of {len(steps)} (dotted): {told}"
    axes.set_title(title, loc="left", color=ink, fontsize=10, parse_math=False)
    legend = axes.legend(
        loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, labelcolor=ink, fontsize=9
    )
    for told in legend.get_texts():
        told.set_parse_math(False)
