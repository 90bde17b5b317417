"""The gradient that reaches earlier steps: how it vanishes, how gates keep it, how it explodes.

    python demos/vanishing_gradient.py               1,000 steps back
    python demos/vanishing_gradient.py --steps 100   fewer

Draws gradient.png (--png FILE) and prints the rates. Needs torch: pip install 'streamrnn[learn]'.
"""

import argparse

from rich.console import Console
from rich.progress import Progress

import streamrnn
from streamrnn.cli import run
from streamrnn.learn.explain.gradient import explain_gradient
from streamrnn.show.explain.gradient import gradient_picture
from streamrnn.show.explain.sections import ADDERS
from streamrnn.show.explain.terminal import gradient_tables
from streamrnn.show.explain.theme import write


def main() -> None:
    """Measure, print and draw."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--steps", type=int, default=1_000, help="back in time, from 10")
    parser.add_argument("--png", metavar="FILE", default="gradient.png")
    parser.add_argument("--dark", action="store_true", help="light on dark")
    options = parser.parse_args()
    if options.steps < 10:
        parser.error(f"--steps: expected at least 10, got {options.steps}")
    with Progress(console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("measuring", total=None)
        report = explain_gradient(
            [streamrnn.load(name) for name in ADDERS],  # what learning makes of it
            steps=options.steps,
            seeds=3,
            advance=lambda done, total: progress.update(bar, completed=done, total=total),
        )
    console = Console()
    for table in gradient_tables(report):
        console.print(table)
    write(*gradient_picture(report), options.png, dark=options.dark)
    print(f"drawn: {options.png}")


if __name__ == "__main__":
    run(main)
