"""Files that are whole or not there."""

from pathlib import Path

from streamrnn.files import write_atomic


def test_write_atomic_replaces_and_leaves_no_litter(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    write_atomic(path, b"one")
    write_atomic(path, b"two")
    assert path.read_bytes() == b"two"
    assert [p.name for p in path.parent.iterdir()] == ["file"]
