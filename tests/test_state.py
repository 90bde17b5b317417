"""Sealed blobs: what goes in comes out, and nothing else is taken."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of
from safetensors.numpy import save

from streamrnn.errors import ModelFileError, StateError
from streamrnn.state import KEY, Arrays, seal, unseal

ARRAYS: Arrays = {"h": np.array([[1.5, -2.0]], np.float32), "n": np.array([7])}
BLOB = seal(ARRAYS, {"model": "0123"})
DTYPES = [np.dtype(name) for name in ("f4", "f8", "i8", "u1", "?")]


def opened(blob: Any) -> tuple[Arrays, dict[str, str]]:
    return unseal(blob, what="snapshot", error=StateError)


def told(found: tuple[Arrays, dict[str, str]]) -> Any:
    """Contents in a form that compares by bits."""
    arrays, metadata = found
    return {n: (a.dtype.str, a.shape, a.tobytes()) for n, a in arrays.items()}, metadata


@given(
    st.dictionaries(
        st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1),
        st.sampled_from(DTYPES).flatmap(
            lambda d: arrays_of.arrays(
                d, arrays_of.array_shapes(min_dims=0, min_side=0, max_side=4)
            )
        ),
        max_size=4,
    ),
    st.dictionaries(st.text().filter(lambda key: key != "sha256"), st.text(), max_size=3),
)
@settings(max_examples=80, deadline=None)
def test_what_goes_in_comes_out(arrays: Arrays, metadata: dict[str, str]) -> None:
    found = opened(seal(arrays, metadata))
    assert told(found) == told((arrays, metadata))


def test_equal_contents_give_equal_bytes() -> None:
    metadata = {"a": "1", "b": "2", "c": "3"}
    names = ["h", "c", "position", "frontend.motion"]
    arrays: Arrays = {name: np.arange(6.0).reshape(2, 3) + i for i, name in enumerate(names)}
    blob = seal(arrays, metadata)
    turned = {name: np.asfortranarray(arrays[name]) for name in reversed(names)}
    assert seal(turned, dict(reversed(metadata.items()))) == blob


def test_every_truncation_is_refused() -> None:
    for length in range(len(BLOB)):
        with pytest.raises(StateError, match="snapshot: expected safetensors made by streamrnn"):
            opened(BLOB[:length])
    with pytest.raises(StateError):
        opened(BLOB + b"\0")


def test_every_flipped_byte_is_refused() -> None:
    expected = told(opened(BLOB))
    for place in range(len(BLOB)):
        for flip in (0x01, 0x20, 0x2A, 0x80, 0xFF):
            damaged = bytearray(BLOB)
            damaged[place] ^= flip
            try:
                found = opened(bytes(damaged))
            except StateError:
                continue
            # Blanks that fill up the header may become other blanks; the contents do not change.
            assert chr(BLOB[place]).isspace() and chr(damaged[place]).isspace()
            assert told(found) == expected


def with_metadata(text: str) -> bytes:
    return save({"a": np.zeros(2)}, {KEY: text})


@pytest.mark.parametrize(
    "blob",
    [
        b"",
        b"not a model at all",
        save({"a": np.zeros(2)}),
        save({"a": np.zeros(2)}, {"format": "pt"}),
        *map(with_metadata, ["", "{}", "[1]", "5", '"x"', "null", '{"sha256": 5}']),
        with_metadata('{"sha256": "0"}'),
        with_metadata("[" * 100_000),
        None,
        "text",
    ],
    ids=lambda blob: repr(blob)[:30],
)
def test_what_is_foreign_is_refused_by_name(blob: Any) -> None:
    with pytest.raises(StateError, match="^snapshot: "):
        opened(blob)


def test_swapped_names_are_damage() -> None:
    header = json.loads(BLOB[8 : 8 + int.from_bytes(BLOB[:8], "little")])
    text = header["__metadata__"][KEY]
    swapped = save({"n": ARRAYS["h"], "h": ARRAYS["n"]}, {KEY: text})
    with pytest.raises(ModelFileError, match="file: damaged; expected SHA-256 .*take another copy"):
        unseal(swapped, what="file", error=ModelFileError)
