"""How a word fades from memory as further words come, in an RNN, a GRU and an LSTM.

    python demos/memory.py                              "what time is it?"
    python demos/memory.py "turn on the light, please"  another sentence
    python demos/memory.py --adding                     100 numbers, two of which are to be added

Draws memory.png (--png FILE) and prints the shares. Needs torch: pip install 'streamrnn[learn]'.
"""

import argparse

from rich.console import Console
from rich.progress import track

import streamrnn
from streamrnn.cli import run
from streamrnn.learn.explain.memory import explain_memory
from streamrnn.show.explain.memory import memory_picture
from streamrnn.show.explain.sections import ADDERS, READERS
from streamrnn.show.explain.terminal import memory_table
from streamrnn.show.explain.theme import write
from streamrnn.tasks.memory.evaluate import examples


def main() -> None:
    """Measure three networks that learnt alike, print and draw."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("sentence", nargs="?", default="what time is it?")
    parser.add_argument("--adding", action="store_true", help="the adding problem instead")
    parser.add_argument("--png", metavar="FILE", default="memory.png")
    parser.add_argument("--dark", action="store_true", help="light on dark")
    options = parser.parse_args()
    names, sequence, of = READERS, options.sentence, "hidden"
    if options.adding:
        names, sequence, of = ADDERS, examples("adding", 100, 1)[0].frames, "output"
    console = Console()
    # The weight of an input: the norm of the derivative of what is there now by that input.
    reports = [
        explain_memory(streamrnn.load(name), sequence, last=200)
        for name in track(names, "measuring", console=Console(stderr=True), transient=True)
    ]
    for report in reports:
        console.print(memory_table(report, of, console.width))
    write(*memory_picture(reports, of), options.png, dark=options.dark)
    print(f"drawn: {options.png}")


if __name__ == "__main__":
    run(main)
