"""What no step can beat: the time to read its weights, and to multiply them, on one core."""

from typing import Any

import numpy as np
from llvmlite import binding
from numpy.typing import NDArray

from streamrnn.engines.packing import aligned
from streamrnn.kernels.compile import jit
from streamrnn.kernels.vector import add, constant, fma, load, store, zeros

# Four sums of this many lanes are eight registers on AVX-512 and on AVX2: enough to hide an
# add's or a multiply-add's latency of four cycles at two a cycle.
_FEATURES: dict[str, bool] = dict(binding.get_host_cpu_features())
LANES = 32 if _FEATURES.get("avx512f") else 16
BLOCK = 4 * LANES
_NEAR_ONE, _SMALL = np.float32(0.999), np.float32(1e-3)


@jit
def read(address: int, elements: int, passes: int, out: int) -> None:
    """Read float32 `(elements,)`, a multiple of 4 × LANES, `passes` times."""
    a, b, c, d = zeros(LANES), zeros(LANES), zeros(LANES), zeros(LANES)
    for _ in range(passes):
        for byte in range(address, address + 4 * elements, 4 * BLOCK):
            a = add(a, load(a, byte))
            b = add(b, load(b, byte + 4 * LANES))
            c = add(c, load(c, byte + 8 * LANES))
            d = add(d, load(d, byte + 12 * LANES))
    store(out, add(add(a, b), add(c, d)))


@jit
def multiply_add(rounds: int, out: int) -> None:
    """4 × LANES multiply-adds that do not wait for each other, `rounds` times."""
    a, b, c, d = zeros(LANES), zeros(LANES), zeros(LANES), zeros(LANES)
    x, y = constant(a, _NEAR_ONE), constant(a, _SMALL)
    for _ in range(rounds):
        a, b, c, d = fma(a, x, y), fma(b, x, y), fma(c, x, y), fma(d, x, y)
    store(out, add(add(a, b), add(c, d)))


class Floor:
    """Reads a buffer as large as a network's weights, timed beside the contenders."""

    def __init__(self, elements: int) -> None:
        """Take memory.

        Args:
            elements: float32 that one step reads.
        """
        self.elements = (elements + BLOCK - 1) // BLOCK * BLOCK
        self.share = elements / self.elements
        """Of the time of one pass, what the elements themselves take."""
        self._buffer: NDArray[np.float32] = aligned(self.elements)
        self._out = aligned(LANES)

    def loop(self, count: int) -> None:
        """Read all of it `count` times."""
        run: Any = read
        run(self._buffer.ctypes.data, self.elements, count, self._out.ctypes.data)


class Peak:
    """Multiply-adds from registers alone."""

    def __init__(self) -> None:
        self._out = aligned(LANES)

    def loop(self, count: int) -> None:
        """4 × LANES multiply-adds, `count` times."""
        run: Any = multiply_add
        run(count, self._out.ctypes.data)

    @staticmethod
    def gflops(seconds: float) -> float:
        """GFLOP/s, a multiply-add counted as two, of the time that one of `count` takes."""
        return 2 * BLOCK / seconds / 1e9
