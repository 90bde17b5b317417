"""Problems that need memory: adding, temporal order, copying, binary sums."""

from streamrnn.tasks.memory.task import task

__all__ = ["task"]
