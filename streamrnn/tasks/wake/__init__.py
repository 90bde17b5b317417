"""Wake words in running speech: a word's own class where it has just ended, else background."""

from streamrnn.tasks.wake.task import WakeTask, task

__all__ = ["WakeTask", "task"]
