"""Intents: a sentence, word by word, and at every word what it asks for."""

from streamrnn.tasks.intents.task import task

__all__ = ["task"]
