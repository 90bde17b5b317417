"""Spoken words one by one: twelve classes, of which two are any other word, and none."""

from streamrnn.tasks.keywords.task import KeywordsTask, task

__all__ = ["KeywordsTask", "task"]
