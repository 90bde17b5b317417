"""A room imports only rooms above it; the live path stays small."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import streamrnn

PACKAGE = Path(streamrnn.__file__).parent

# design.md's rooms from above to below; rooms of one line may import each other.
ROOMS = [
    {"errors", "files", "state", "workers"},
    {"records"},
    {"decoder_config", "frontend_config"},
    {"config", "experiment"},
    {"kernels"},
    {"decoded"},
    {"predictions"},
    {"frontends"},
    {"decoders"},
    {"engines"},
    {"model", "stream", "pool", "checks", "sampling", "export", "loading"},
    {"models"},
    {"io"},
    {"replay"},
    {"tasks"},
    {"learn"},
    {"serve", "aio", "inbox"},
    {"bench", "show"},
    {"cli"},
]
RANK = {name: rank for rank, names in enumerate(ROOMS) for name in names}
# Asked for by name, when the function is called.
ASKED = {("streamrnn/__init__.py", "learn")}
# Engines that are imported only when asked for.
ENGINES = ("torch_engine", "onnx_engine", "onnx_file", "onnx_export")
ENGINES += ("onnx_folding", "onnx_library", "onnx_weights")
ASKED_FOR = {f"engines/{name}.py" for name in ENGINES}
HEAVY = (
    "torch",
    "torchaudio",
    "sounddevice",
    "soundfile",
    "matplotlib",
    "scipy",
    "onnxruntime",
    "onnx",
)


def imported(path: Path) -> list[tuple[int, str]]:
    """Line and module of every import of a file, inside functions too; not those for types."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found: list[tuple[int, str]] = []
    typing: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            typing.update(child for part in node.body for child in ast.walk(part))
        if node in typing:
            continue
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}:{node.lineno}: a relative import"
            name = node.module or ""
            if name in ("streamrnn", "streamrnn.tasks"):
                found += [(node.lineno, f"{name}.{alias.name}") for alias in node.names]
            else:
                found.append((node.lineno, name))
    return found


FILES = sorted(path for path in PACKAGE.rglob("*.py") if "__pycache__" not in path.parts)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_direction(path: Path) -> None:
    inside = path.relative_to(PACKAGE)
    room = inside.parts[0].removesuffix(".py")
    if room in ("__init__", "__main__"):
        rank = len(ROOMS)
    else:
        assert room in RANK, f"{inside}: give the room {room!r} a place in design.md and here"
        rank = RANK[room]
    for line, module in imported(path):
        if not module.startswith("streamrnn.") or module == "streamrnn.__version__":
            continue
        other = module.split(".")[1]
        if other not in RANK:
            assert rank >= RANK["learn"], f"{inside}:{line}: imports the package's face"
            continue
        assert RANK[other] <= rank, f"{inside}:{line}: {room} imports {other}, a room below it"


@pytest.mark.parametrize("path", sorted((PACKAGE / "kernels").glob("*.py")), ids=lambda p: p.name)
def test_kernels_import_nothing_outside_kernels(path: Path) -> None:
    for line, module in imported(path):
        if module.split(".")[0] == "streamrnn":
            assert module.startswith("streamrnn.kernels"), f"{path.name}:{line}: {module}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_torch_stays_in_its_rooms(path: Path) -> None:
    inside = path.relative_to(PACKAGE)
    if inside.parts[0] in ("learn", "bench", "cli", "show"):
        return
    if str(inside) in ASKED_FOR:
        return
    for line, module in imported(path):
        assert module.split(".")[0] not in HEAVY, f"{inside}:{line}: {module}"


LIVE = """
import sys
import numpy as np
import streamrnn
from streamrnn.config import ModelConfig, NetworkConfig
from streamrnn.engines.packing import expected_shapes
network = NetworkConfig(input_size=3, hidden_size=5)
weights = {n: np.ones(s, np.float32) for n, s in expected_shapes(network).items()}
model = streamrnn.Model.from_weights(ModelConfig(name="x", network=network), weights)
assert len(model.predict(np.zeros((4, 3), np.float32))) == 4
print(*sorted({name.split(".")[0] for name in sys.modules}))
"""


def test_the_live_path_loads_nothing_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIVE],
        cwd=PACKAGE.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert "streamrnn" in loaded
    # numba looks at scipy by itself where it is installed (the dev extra has it, the base
    # install does not); `test_torch_stays_in_its_rooms` holds that the package asks for none.
    assert loaded.isdisjoint(set(HEAVY) - {"scipy"})


def test_the_face_is_there_without_being_asked_for_in_full() -> None:
    assert set(streamrnn.__all__) <= set(dir(streamrnn))
    for name in streamrnn.__all__:
        assert getattr(streamrnn, name) is getattr(streamrnn, name)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = streamrnn.nothing
