"""Many streams of one model, advanced together; none of them can tell."""

from streamrnn.pool.pool import QUEUE, StreamPool
from streamrnn.pool.ready import Ready
from streamrnn.pool.stream import PooledStream

__all__ = ["QUEUE", "PooledStream", "Ready", "StreamPool"]
