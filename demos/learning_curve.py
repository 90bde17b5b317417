"""What more to learn from would bring: accuracy of keywords against speakers and clips.

python demos/learning_curve.py SCORES.jsonl --png FILE

configs/keywords.toml tells how to make the scores; this only draws them (needs matplotlib).
"""

import argparse

from streamrnn.cli import run
from streamrnn.show.learning_curve import WHOLE, learning_plot, read_points


def main() -> None:
    """Print the points, draw them, and say where their line leads."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("scores", help="a line of `streamrnn evaluate MODEL DIR --json` a model")
    parser.add_argument("--png", metavar="FILE", required=True, help="the picture")
    options = parser.parse_args()

    points = read_points(options.scores)
    for point in points:
        learnt = point.learnt
        print(f"{learnt.speakers:6,} speakers {learnt.clips:7,} clips  {point.accuracy:.1%} right")
    for kind, (best, worse, better) in learning_plot(points, options.png).items():
        print(f"{WHOLE[kind]:,} {kind}: {best:.1%}, extrapolated; {worse:.1%} to {better:.1%}")
    print(f"drawn: {options.png}")


if __name__ == "__main__":
    run(main)
