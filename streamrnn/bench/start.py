"""From process start to the first prediction, in fresh processes: seconds, and memory at its peak.

Each process is told by its own clock, which all processes of a machine share, when its parent
started it. Cold means an empty kernel cache: every kernel is compiled, once for a machine.
"""

import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import NamedTuple

import msgspec
import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Group
from rich.table import Table

from streamrnn.bench.cases import Case
from streamrnn.bench.common import (
    INSTALL,
    Aim,
    Report,
    child_environment,
    environment,
    progress,
)
from streamrnn.bench.ort import onnx_model
from streamrnn.config import ModelConfig
from streamrnn.loading import bundled_models, load
from streamrnn.model import Model

AIM_SECONDS = 1.0
"""Issue 2: import, load, first prediction with warm caches."""
COLD, WARM = "streamrnn, cold", "streamrnn"
_NETWORK = "gru-128"

# Every script is given: the start, a model, a chunk. `mark` says that a stage is done.
_BEGIN = """
import sys, time
begin, model, chunk = float(sys.argv[1]), sys.argv[2], sys.argv[3]
marks = {}
def mark(name):
    marks[name] = time.monotonic() - begin
mark("interpreter")
"""
_STREAMRNN = """
import streamrnn
mark("import")
model = streamrnn.load(model)
mark("load")
import numpy as np
predictions = list(model.stream().feed(np.load(chunk)))
mark("first prediction")
assert predictions
"""
_TORCH = """
import torch
mark("import")
module = torch.nn.GRU(80, 128).eval()
mark("load")
with torch.inference_mode():
    module(torch.zeros(1, 1, 80))
mark("first prediction")
"""
_ORT = """
import onnxruntime
mark("import")
session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
mark("load")
import numpy as np
session.run(None, {"x": np.zeros((1, 1, 80), "f4"), "h0": np.zeros((1, 1, 128), "f4")})
mark("first prediction")
"""
# A process's getrusage begins with its parent's peak; VmHWM, where there is one, is its own.
_END = """
import json
torch = "torch" in sys.modules
try:
    with open("/proc/self/status") as file:
        peak = next(int(line.split()[1]) / 1024 for line in file if line.startswith("VmHWM"))
except (OSError, StopIteration):
    try:
        import resource
        unit = 2**20 if sys.platform == "darwin" else 1024
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    except ImportError:
        peak = float("nan")
print(json.dumps({"marks": marks, "peak_mb": peak, "torch": torch}))
"""


class StartRow(msgspec.Struct, kw_only=True):
    """One way to begin."""

    name: str
    what: str
    """What was loaded."""
    seconds: float
    """From process start to the first prediction, the median of the runs."""
    min_seconds: float
    stages: dict[str, float]
    """When each stage was done, in seconds from process start; of the median run."""
    peak_mb: float
    """Most memory held at once."""
    torch_imported: bool
    """Whether torch was in `sys.modules`."""
    runs: int
    aims: list[Aim] = []


class StartReport(Report, kw_only=True):
    """What `bench start` found."""

    rows: list[StartRow]

    def table(self) -> Group:
        """The report for a terminal."""
        table = Table(
            title="From process start to the first prediction",
            title_justify="left",
            box=SIMPLE_HEAD,
            padding=(0, 1, 0, 0),
            pad_edge=False,
        )
        table.add_column("process", min_width=20)
        for name in ("seconds", "import", "load", "first", "peak MB"):
            table.add_column(name, justify="right")
        table.add_column("torch")
        table.add_column("aim")
        for row in self.rows:
            stages = list(row.stages.values())
            parts = [late - early for early, late in zip(stages, stages[1:], strict=False)]
            name = f"[bold cyan]{row.name}[/]" if row.name in (WARM, COLD) else row.name
            table.add_row(
                f"{name}\n[dim]{row.what}[/]",
                f"{row.seconds:.2f}",
                *(f"{part:.2f}" for part in parts),
                f"{row.peak_mb:.0f}",
                "imported" if row.torch_imported else "no",
                "\n".join(str(aim) for aim in row.aims),
            )
        return Group(table, *self.notes())

    def plot(self, path: str | Path) -> None:
        """Draw bars and write them to an image file.

        Raises:
            UnsupportedError: matplotlib is not installed.
        """
        from streamrnn.bench.pictures import plot_start

        plot_start(self, path)


def run(*, model: str | None = None, quick: bool = False, show: bool = True) -> StartReport:
    """Start fresh processes one after another and time them.

    Args:
        model: a bundled name or the path of a model; by default `ball`, or a
            GRU 128 of random weights where none is bundled.
        quick: three runs each instead of nine.
        show: a progress bar on standard error, if that is a terminal.

    Raises:
        ModelFileError: there is no such model.
        RuntimeError: a process failed; what it said stands on standard error.
    """
    runs = 3 if quick else 9
    left_out: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="streamrnn-bench-") as directory:
        folder = Path(directory)
        scripts = _prepare(folder, model, left_out)
        with progress("bench start", 1 + runs * len(scripts), show=show) as advance:
            cold = _start(scripts[WARM], folder / "cache")
            advance(1)
            rows = [_row(COLD, f"{scripts[WARM].loads}, kernels compiled", [cold])]
            taken: dict[str, list[_Run]] = {name: [] for name in scripts}
            for _ in range(runs):
                for name, script in scripts.items():
                    advance(0, name)
                    taken[name].append(_start(script, folder / "cache"))
                    advance(1)
        rows += [_row(name, scripts[name].loads, found) for name, found in taken.items()]
    warm = next(row for row in rows if row.name == WARM)
    warm.aims = [Aim(what="s", relation="≤", bound=AIM_SECONDS, value=warm.seconds)]
    return StartReport(environment=environment(), rows=rows, left_out=left_out)


class _Script(NamedTuple):
    """A process to be timed, and what it is given."""

    code: str
    loads: str
    """In words."""
    model: str = ""
    chunk: str = ""


def _prepare(folder: Path, name: str | None, left_out: dict[str, str]) -> dict[str, _Script]:
    """The processes by name; `left_out` gains those whose packages are not installed."""
    case = Case(_NETWORK)
    bundled = bundled_models()
    name = name or ("ball" if "ball" in bundled else None)
    if name is None:
        config = ModelConfig(name="bench", network=case.network)
        path = Model.from_weights(config, case.weights).save(folder / "bench.safetensors")
        name = str(path)
    model = load(name)
    np.save(folder / "chunk.npy", _chunk(model))
    network = model.config.network
    loads = f"{model.name}: {network.num_layers} × {network.cell} {network.hidden_size}"
    scripts = {WARM: _Script(_STREAMRNN, loads, name, str(folder / "chunk.npy"))}
    if find_spec("torch"):
        scripts["torch"] = _Script(_TORCH, f"torch.nn, {case.title}")
    else:
        left_out["torch"] = f"torch is not installed; {INSTALL}"
    missing = [name for name in ("onnx", "onnxruntime") if not find_spec(name)]
    if missing:
        left_out["onnxruntime"] = f"{' and '.join(missing)} not installed; {INSTALL}"
    else:
        (folder / "bench.onnx").write_bytes(onnx_model(case))
        scripts["onnxruntime"] = _Script(_ORT, f"ORT, {case.title}", str(folder / "bench.onnx"))
    return scripts


def _chunk(model: Model) -> np.ndarray:
    """A chunk long enough for a prediction."""
    samples = 1
    while True:
        chunk = model.frontend.example(np.random.default_rng(0), samples)
        if len(model.stream().feed(chunk)):
            return chunk
        samples *= 4


class _Run(msgspec.Struct, kw_only=True):
    marks: dict[str, float]
    peak_mb: float
    torch: bool

    def seconds(self) -> float:
        return self.marks["first prediction"]


def _start(script: _Script, cache: Path) -> _Run:
    variables = {**child_environment(), "NUMBA_CACHE_DIR": str(cache)}
    command = [sys.executable, "-c", _BEGIN + script.code + _END]
    done = subprocess.run(
        [*command, repr(time.monotonic()), script.model, script.chunk],
        stdout=subprocess.PIPE,
        env=variables,
    )
    if done.returncode:
        raise RuntimeError(f"bench start: expected exit code 0, got {done.returncode}; see above")
    return msgspec.json.decode(done.stdout, type=_Run)


def _row(name: str, what: str, runs: list[_Run]) -> StartRow:
    ordered = sorted(runs, key=_Run.seconds)
    return StartRow(
        name=name,
        what=what,
        seconds=round(median(map(_Run.seconds, ordered)), 4),
        min_seconds=round(ordered[0].seconds(), 4),
        stages={key: round(value, 4) for key, value in ordered[len(ordered) // 2].marks.items()},
        peak_mb=round(median(run.peak_mb for run in runs), 1),
        torch_imported=any(run.torch for run in runs),
        runs=len(runs),
    )
