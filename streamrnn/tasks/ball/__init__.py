"""Where a ball goes: simulated tracks, targets, baselines and scores.

From one snapshot nobody can say where a ball goes; from a few in a row, anybody can.
"""

from streamrnn.tasks.ball.task import task

__all__ = ["task"]
