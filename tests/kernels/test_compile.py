"""The cache of compiled kernels: it may be missing, and is never stale."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import streamrnn.kernels.compile as module

KERNEL = """
from compile import jit
import {part} as part
@jit
def kernel(x):
    return part.twice(x)
print(kernel(21), len(kernel.stats.cache_hits), type(kernel._cache).__name__)
"""
PART = """
from compile import inline
@inline
def twice(x):
    return {factor} * x
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of kernels of its own, with the package's `compile`."""
    home = tmp_path / "kernels"
    home.mkdir()
    shutil.copy(str(module.__file__), home / "compile.py")
    (home / "kernel.py").write_text(KERNEL.format(part="part"))
    (home / "part.py").write_text(PART.format(factor=2))
    return home


def run(home: Path, cache: Path, kernel: str = "kernel") -> tuple[str, str, str]:
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("NUMBA", "XDG"))}
    settings = {"HOME": str(cache), "XDG_CACHE_HOME": str(cache), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", f"import {kernel}"],
        cwd=home,
        env={**kept, **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result, hits, kind = done.stdout.split()
    return result, hits, kind


def test_without_a_writable_place_kernels_work_uncached(folder: Path, tmp_path: Path) -> None:
    # A file where a folder is wanted: nobody can write there, root neither.
    (folder / "__pycache__").write_text("")
    (tmp_path / "file").write_text("")
    for _ in range(2):
        assert run(folder, tmp_path / "file" / "cache") == ("42", "0", "NullCache")


def test_a_change_in_another_file_of_kernels_compiles_anew(folder: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    assert run(folder, cache) == ("42", "0", "FunctionCache")
    assert run(folder, cache) == ("42", "1", "FunctionCache")
    (folder / "part.py").write_text(PART.format(factor=3))
    assert run(folder, cache) == ("63", "0", "FunctionCache")
    assert run(folder, cache) == ("63", "1", "FunctionCache")


def test_a_change_beside_a_kernel_of_another_folder_compiles_anew(
    folder: Path, tmp_path: Path
) -> None:
    cache, other = tmp_path / "cache", folder / "task"
    other.mkdir()
    (other / "kernel.py").write_text(KERNEL.format(part="task.helper"))
    (other / "helper.py").write_text(PART.format(factor=2))
    assert run(folder, cache, "task.kernel") == ("42", "0", "FunctionCache")
    assert run(folder, cache, "task.kernel") == ("42", "1", "FunctionCache")
    (other / "helper.py").write_text(PART.format(factor=3))
    assert run(folder, cache, "task.kernel") == ("63", "0", "FunctionCache")
    (folder / "part.py").write_text(PART.format(factor=3))  # kernels may use any of those, too
    assert run(folder, cache, "task.kernel") == ("63", "0", "FunctionCache")


def test_another_failure_of_numba_is_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**options: object) -> object:
        raise RuntimeError("something else")

    monkeypatch.setattr(module, "_njit", fail)
    with pytest.raises(RuntimeError, match="something else"):
        module.jit(lambda x: x)
