"""The next character of any text, one after every character read."""

from streamrnn.tasks.characters.task import task

__all__ = ["task"]
