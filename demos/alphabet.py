"""One network that knows the alphabet forwards and backwards.

python demos/alphabet.py                    F, G, H, …, then F, E, D, …: the warm-up
python demos/alphabet.py M                  from another letter on
python demos/alphabet.py --png states.png   the hidden states as colours (needs matplotlib)

After one letter it cannot know which way you go: a half for each neighbour. The second letter
settles it. Beside it stand two networks of its size that learnt one way alone.
"""

import argparse
from string import ascii_uppercase as LETTERS

from rich.console import Console

import streamrnn
from streamrnn.cli import run
from streamrnn.errors import UnsupportedError
from streamrnn.show.letters import alphabet_table, bars, states_plot
from streamrnn.tasks.alphabet.evaluate import neighbours, score, single_directions

SHOWN = 5  # letters of a run


def runs(first: str) -> list[str]:
    """The letters from the first on, forwards and backwards, where there are two or more."""
    at = LETTERS.index(first)
    both = (LETTERS[at : at + SHOWN], LETTERS[: at + 1][::-1][:SHOWN])
    return [run for run in both if len(run) > 1]


def main() -> None:
    """Show how a letter, and then two, are gone on with."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("letter", nargs="?", default="F", type=str.upper, choices=list(LETTERS))
    parser.add_argument("--model", default="alphabet", help="a bundled name or a file")
    parser.add_argument("--png", metavar="FILE", help="draw the hidden states, letter by letter")
    options = parser.parse_args()
    model, console = streamrnn.load(options.model), Console()
    if "".join(model.labels) != LETTERS:
        raise UnsupportedError(f"{model.name}: expected a model of letters, as alphabet is")

    both = runs(options.letter)
    for letters in both:
        console.rule(f"{letters[0]}, then {letters[1]}")
        stream = model.stream()
        for letter in letters:
            (said,) = stream.feed(letter)  # one letter in, one prediction out
            console.print(bars(letter, neighbours(letter, said.output)))
    scores = score(model, others=single_directions())
    console.print(alphabet_table(scores, model.name))
    if options.png:
        states_plot(model, both, options.png)
        print(f"drawn: {options.png}")


if __name__ == "__main__":
    run(main)
