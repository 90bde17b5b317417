"""The alphabet forwards and backwards: which letter comes next, two letters settle.

One letter alone has two neighbours, and nobody can say which comes next. Two in a row say which
way it goes. Past an end there is only the way back: after X Y Z comes Y. Whatever is no letter
is passed over, and where a letter is no neighbour of the one before, all begins anew.
"""

from streamrnn.tasks.alphabet.task import task

__all__ = ["task"]
