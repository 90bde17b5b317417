"""Steps of a graph of onnxruntime, called by its C interface from within a kernel."""

# pyright: standard
# llvmlite and numba's extension interface are not typed.

from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import types
from numpy.typing import NDArray

from streamrnn.kernels.compile import jit_nogil
from streamrnn.kernels.finite import first_refused, has_nan
from streamrnn.kernels.vector import address_of, intrinsic

ARGUMENTS = 8
STATUS = 1 + ARGUMENTS
"""In the words of a call: first what is called, then its arguments, then where its status goes."""
ALL_TAKEN = -1
NO_NUMBER = -2
"""And below: a step brought a NaN."""
_WORD = ir.IntType(64)


@intrinsic
def _call(typingctx: Any, words: Any) -> Any:
    """Call a C function of `ARGUMENTS` words, all at an address; gives the word that it gives."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        first = builder.inttoptr(args[0], _WORD.as_pointer())
        places = [builder.gep(first, [_WORD(k)]) for k in range(STATUS)]
        function, *given = [builder.load(place) for place in places]
        kind = ir.FunctionType(_WORD, [_WORD] * ARGUMENTS)
        return builder.call(builder.inttoptr(function, kind.as_pointer()), given)

    return types.int64(types.intp), codegen


@jit_nogil
def graph_steps(
    frames: NDArray[np.float32],
    tokens: int,
    words: NDArray[np.int64],
    frame: NDArray[np.float32],
    told: NDArray[np.float32],
    states: NDArray[np.uint8],
    new_states: NDArray[np.uint8],
    outputs: NDArray[np.float32],
) -> int:
    """Advance a graph by some frames, without the GIL.

    Args:
        frames: what comes.
        tokens: as in `first_refused`.
        words: of the call, as `engines.onnx_library` makes them; its status is written.
        frame: what the graph reads as its frame.
        told: what it writes as its output.
        states: what it reads as its states, updated in place.
        new_states: what it writes as the next ones.
        outputs: written, one row a frame.

    Shape:
        frames `(T, input_size)`, outputs `(T, output_size)`, the rest flat.

    Returns:
        `ALL_TAKEN`, or the frame that was refused, by the graph if there is a status; or
        `NO_NUMBER` less the frame whose outputs, which are written, hold a NaN. Unless all were
        taken, the states are as they were.
    """
    refused = first_refused(frames, tokens)
    if refused >= 0:
        return refused
    before = states.copy() if frames.shape[0] > 1 else states
    for t in range(frames.shape[0]):
        frame[:] = frames[t]
        words[STATUS] = _call(address_of(words))
        if words[STATUS] != 0:
            states[:] = before
            return t
        outputs[t] = told
        if has_nan(told):
            states[:] = before
            return NO_NUMBER - t
        states[:] = new_states
    return ALL_TAKEN
