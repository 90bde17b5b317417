"""The contract, run against any model: `check_model`.

1. Chunking never shows.      5. Causal: later input never changes earlier output.
2. Company never shows.       6. Clean: a stream after flush or reset is as a new one.
3. Interruption never shows.  7. Input is never kept or changed; bad input is refused by name
4. It is the network that        and leaves the stream exactly as it was.
   was trained.
"""

from streamrnn.checks.report import CheckReport, Point, check_model

__all__ = ["CheckReport", "Point", "check_model"]
