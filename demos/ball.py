"""A ball foreseen while it flies.

    python demos/ball.py                    two made-up flights: a rally at tennis as a camera
                                            sees it, and a table-tennis ball in three dimensions
    python demos/ball.py TRACK.csv          a flight of yours: time_s,x,y or time_s,x,y,z
    python demos/ball.py --gif flight.gif   the picture as a file (needs matplotlib)

From one snapshot nobody can say where a ball goes; from a few in a row, anybody can. The fixes
are fed in chunks of several sizes, as a camera driver would hand them over.
"""

import argparse
import time

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.live import Live
from rich.progress import Progress

import streamrnn
from streamrnn.cli import run
from streamrnn.io.tracks import read_track
from streamrnn.show.flight import Flight
from streamrnn.show.scores import score_table
from streamrnn.tasks.ball.evaluate import evaluate
from streamrnn.tasks.ball.simulate import sequences
from streamrnn.tasks.ball.targets import HORIZONS
from streamrnn.tasks.ball.task import predictor, without_memory

CHUNKS = (1, 3, 2, 5)


def watch(console: Console, model: streamrnn.Model, rows: NDArray[np.float64], title: str) -> None:
    """Stream a flight at the pace at which it was recorded, and draw every step."""
    stream, picture = model.stream(), Flight(rows[:, 1:])
    begun, first, place, turn = time.monotonic(), rows[0, 0], 0, 0
    console.rule(title)
    with Live(console=console, auto_refresh=False) as live:
        while place < len(rows):
            chunk = rows[place : place + CHUNKS[turn % len(CHUNKS)]]
            for row, said in zip(chunk.tolist(), stream.feed(chunk), strict=True):
                picture.add(row, said)
            place, turn = place + len(chunk), turn + 1
            if console.is_terminal:
                time.sleep(max(0.0, begun + chunk[-1, 0] - first - time.monotonic()))
                live.update(picture.text(rows=16), refresh=True)
            elif place - len(chunk) <= len(rows) // 2 < place:  # one picture of a whole flight
                live.update(picture.text(rows=16), refresh=True)
    scores = evaluate(predictor(model), [rows], HORIZONS, others=without_memory())
    console.print(score_table(scores, title="what was foreseen against what then happened"))


def main() -> None:
    """Read the options and show the flights."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("track", nargs="?", help="a CSV file; without it, two made-up flights")
    parser.add_argument("--model", default="ball", help="a bundled name or a file")
    parser.add_argument("--gif", metavar="FILE", help="write the picture to a file")
    parser.add_argument("--seed", type=int, default=7, help="of the made-up flights")
    options = parser.parse_args()
    model = streamrnn.load(options.model)
    flights = (
        {options.track: read_track(options.track)}
        if options.track
        else {
            "a rally at tennis, as a camera sees it": next(
                sequences(options.seed, mix={"tennis": 1.0})
            ),
            "table tennis, in metres": next(sequences(options.seed, mix={"table_tennis": 1.0})),
        }
    )
    if options.gif:
        from streamrnn.show.gif import write_gif

        rows = next(iter(flights.values()))
        console = Console(stderr=True)
        with Progress(console=console, disable=not console.is_terminal) as progress:
            bar = progress.add_task(f"drawing {options.gif}")
            write_gif(
                options.gif,
                rows,
                model.predict(rows),
                advance=lambda done, total: progress.update(bar, completed=done, total=total),
            )
        print(f"drawn: {options.gif}")
        return
    for title, rows in flights.items():
        watch(Console(), model, rows, title)


if __name__ == "__main__":
    run(main)
