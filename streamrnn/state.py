"""What a stream's parts keep, and named arrays in one sealed blob: a model file or a snapshot.

A blob is a safetensors file (header length, JSON header, raw arrays), so nothing is ever
unpickled and anyone can read it. Its metadata is one JSON text, so that equal contents give equal
bytes (the library writes several metadata keys in no fixed order). A SHA-256 over names, types,
shapes, contents and metadata lies in it, so damage is found before use.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays

from streamrnn.errors import StateError, StreamRNNError

KEY = "streamrnn"
Arrays = dict[str, NDArray[Any]]


class PartState(Protocol):
    """What a part of one stream keeps: front end, network or decoder."""

    def reset(self) -> None:
        """Make the state fresh."""
        ...

    def arrays(self) -> dict[str, NDArray[Any]]:
        """A copy of the state, as named arrays of fixed shapes."""
        ...

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take over what `arrays` gave; names, types and shapes were checked before."""
        ...


class Stateless:
    """A part that keeps nothing."""

    def reset(self) -> None:
        """There is no state."""

    def arrays(self) -> dict[str, NDArray[Any]]:
        """There is no state."""
        return {}

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """There is no state."""


def digest(arrays: Mapping[str, NDArray[Any]], metadata: Mapping[str, str]) -> str:
    """SHA-256 of arrays and metadata, whatever order they come in."""
    total = hashlib.sha256()
    total.update(json.dumps(sorted(metadata.items())).encode())
    for name, array in sorted(arrays.items()):
        total.update(json.dumps([name, array.dtype.str, array.shape]).encode())
        total.update(np.ascontiguousarray(array).tobytes())
    return total.hexdigest()


def seal(arrays: Mapping[str, NDArray[Any]], metadata: Mapping[str, str]) -> bytes:
    """Pack arrays and metadata, with their digest, into a blob for `unseal`."""
    text = json.dumps({**metadata, "sha256": digest(arrays, metadata)}, sort_keys=True)
    return save_arrays({n: np.asarray(a, order="C") for n, a in arrays.items()}, {KEY: text})


def _extent(blob: object) -> str:
    return f"bytes of length {len(blob)}" if isinstance(blob, bytes) else type(blob).__name__


def unseal(blob: bytes, *, what: str, error: type[StreamRNNError]) -> tuple[Arrays, dict[str, str]]:
    """Unpack a blob that `seal` made.

    Args:
        blob: the bytes.
        what: the blob's name in messages.
        error: the class to raise.

    Returns:
        The arrays, and the metadata without the digest.

    Raises:
        StreamRNNError: of the class `error`; the blob is truncated, foreign or damaged.
    """
    try:
        arrays = load_arrays(blob)
        header = json.loads(blob[8 : 8 + int.from_bytes(blob[:8], "little")])
        metadata: dict[str, str] = dict(json.loads(header.get("__metadata__", {}).get(KEY, "{}")))
    except (SafetensorError, ValueError, KeyError, TypeError, RecursionError) as problem:
        raise error(
            f"{what}: expected safetensors made by streamrnn, got {_extent(blob)} that "
            f"is truncated or something else ({problem})"
        ) from problem
    expected: object = metadata.pop("sha256", None)
    if not isinstance(expected, str):
        raise error(
            f"{what}: expected safetensors made by streamrnn, got a foreign safetensors file"
        )
    actual = digest(arrays, metadata)
    if actual != expected:
        raise error(
            f"{what}: damaged; expected SHA-256 {expected[:16]}…, got {actual[:16]}…; "
            "take another copy"
        )
    return arrays, metadata


def expect_alike(
    arrays: Mapping[str, NDArray[Any]], own: Mapping[str, NDArray[Any]], *, what: str
) -> None:
    """Refuse arrays that differ in name, type or shape from a state's own.

    Raises:
        StateError: they do; the message tells the first one.
    """
    for name in sorted({*own, *arrays}):
        if name not in arrays:
            raise StateError(f"{what}: expected an array {name!r}, got {sorted(arrays)}")
        if name not in own:
            raise StateError(f"{what}: expected arrays {sorted(own)}, got {name!r} besides")
        expected, got = own[name], arrays[name]
        if (expected.dtype, expected.shape) != (got.dtype, got.shape):
            raise StateError(
                f"{what}: expected {name!r} of {expected.dtype} {expected.shape}, got "
                f"{got.dtype} {got.shape}"
            )
