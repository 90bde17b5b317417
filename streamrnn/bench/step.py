"""One live step: one frame in, one output out, beside everything a user would pick instead.

`run` measures in a fresh process, on one core and one thread. Contenders take turns within each
round, so that ratios hold on a machine that is busy with other things.
"""

import sys
from collections.abc import Callable, Sequence
from functools import partial
from operator import methodcaller

import msgspec
import numpy as np

from streamrnn.bench.cases import SIZES, Case, cases
from streamrnn.bench.checked import checked
from streamrnn.bench.common import (
    Aim,
    Loop,
    after_sleep,
    environment,
    interleave,
    measure_in_child,
    pin,
    progress,
    ratio,
    timing,
)
from streamrnn.bench.contenders import (
    Compiled,
    Contender,
    Fed,
    FedObjects,
    Numpy,
    TorchCells,
    TorchModule,
)
from streamrnn.bench.floor import Floor, Peak
from streamrnn.bench.ort import OrtBound, OrtRun
from streamrnn.bench.others import Continual, OpenVino, OrtGemm, TorchCompiled
from streamrnn.bench.step_report import Network, Row, StepReport
from streamrnn.errors import ConfigError

CONTENDERS: dict[str, Callable[[Case], Contender]] = {
    "kernel": Compiled,
    "feed": Fed,
    "feed+objects": FedObjects,
    "torch.nn": TorchModule,
    "torch cell": TorchCells,
    "torch.compile": TorchCompiled,
    "numpy": Numpy,
    "ort": OrtRun,
    "ort binding": OrtBound,
    "ort gemm": OrtGemm,
    "openvino": OpenVino,
    "continual-inference": Continual,
}
YARDSTICK = "torch.nn"
COLD_SIZES = ("gru-128", "gru-256", "lstm-128")
FLOOR = "floor"

# (case, contender) → (against whom, least factor; for the floor the largest).
AIMS: dict[tuple[str, str], tuple[tuple[str, float], ...]] = {
    ("gru-64", "kernel"): ((YARDSTICK, 25.0), ("ort binding", 4.5), (FLOOR, 1.3)),
    ("gru-128", "kernel"): ((YARDSTICK, 12.0), ("ort binding", 2.5), (FLOOR, 1.2)),
    ("gru-256", "kernel"): ((YARDSTICK, 5.5), ("ort binding", 1.7), (FLOOR, 1.12)),
    ("gru-512", "kernel"): ((YARDSTICK, 3.0), ("ort binding", 1.35), (FLOOR, 1.06)),
    ("lstm-128", "kernel"): ((YARDSTICK, 30.0),),
    ("lstm-256", "kernel"): ((YARDSTICK, 13.0),),
    ("lstm-512", "kernel"): ((YARDSTICK, 10.0),),
    ("gru-128", "feed+objects"): ((YARDSTICK, 6.0),),
    ("lstm-128", "feed+objects"): ((YARDSTICK, 14.0),),
    ("gru-256", "feed+objects"): ((YARDSTICK, 4.0),),
}


def run(
    *,
    sizes: Sequence[str] | None = None,
    contenders: Sequence[str] | None = None,
    quick: bool = False,
    cold: bool = False,
    show: bool = True,
) -> StepReport:
    """Measure in a fresh process of one thread, pinned to one core.

    Args:
        sizes: names of networks such as `gru-128`, `2xgru-128`, `lstm-256`; by default `SIZES`,
            or `COLD_SIZES`.
        contenders: names of `CONTENDERS`; by default all. Ratios need `torch.nn` among them.
        quick: some 10 s instead of a minute, and noisier.
        cold: each step after 10 ms of sleep, as at live cadence.
        show: a progress bar on standard error, if that is a terminal.

    Raises:
        ConfigError: a size or a contender is unknown.
    """
    check_names(sizes, contenders)
    if cold and sizes is None:
        sizes = COLD_SIZES
    options = {
        "sizes": sizes,
        "contenders": contenders,
        "quick": quick,
        "cold": cold,
        "show": show,
    }
    report = StepReport.from_json(measure_in_child("streamrnn.bench.step", options))
    report.environment = environment()
    return report


def split_names(names: Sequence[str]) -> tuple[list[str] | None, list[str] | None]:
    """Sort the names that `--only` takes into sizes and contenders; None: all.

    >>> split_names(["gru-128", "kernel", "torch.nn"])
    (['gru-128'], ['kernel', 'torch.nn'])

    Raises:
        ConfigError: a name is neither.
    """
    contenders = [name for name in names if name in CONTENDERS]
    sizes = [name for name in names if name not in CONTENDERS]
    check_names(sizes, None)
    return sizes or None, contenders or None


def check_names(sizes: Sequence[str] | None, contenders: Sequence[str] | None) -> None:
    """Refuse what cannot be measured.

    Raises:
        ConfigError: a size or a contender is unknown.
    """
    for name in contenders or ():
        if name not in CONTENDERS:
            raise ConfigError(f"contender: expected one of {', '.join(CONTENDERS)}, got {name!r}")
    for name in sizes or ():
        try:
            Case(name)
        except ConfigError as error:
            known = f"{', '.join(SIZES)}; contenders: {', '.join(CONTENDERS)}"
            raise ConfigError(f"{error}; measured by default: {known}") from None


def measure(
    *,
    sizes: Sequence[str] | None = None,
    contenders: Sequence[str] | None = None,
    rounds: int = 60,
    block_ms: float = 4.0,
    cold: bool = False,
    show: bool = False,
) -> StepReport:
    """Measure in this process, as it is; see `run`.

    Args:
        sizes: names of networks.
        contenders: names of `CONTENDERS`.
        rounds: blocks of each contender, or steps after a sleep.
        block_ms: about how long a block takes.
        cold: each step after a sleep.
        show: a progress bar.
    """
    chosen = cases(sizes)
    names = list(CONTENDERS) if contenders is None else list(contenders)
    left_out: dict[str, str] = {}
    networks: list[Network] = []
    peaks: list[float] = []
    total = len(chosen) * rounds * (len(names) + 2)
    with progress("bench step", total, show=show) as advance:
        for case in chosen:
            advance(0, case.title)
            if cold:
                networks.append(_measure_cold(case, names, rounds, left_out, advance))
                continue
            network, peak = _measure_case(case, names, rounds, block_ms, left_out, advance)
            networks.append(network)
            peaks.append(peak)
    return StepReport(
        environment=environment(),
        cold=cold,
        rounds=rounds,
        peak_gflops=round(max(peaks, default=0.0), 1),
        networks=networks,
        left_out=left_out,
    )


def make(
    case: Case, names: Sequence[str], left_out: dict[str, str]
) -> tuple[dict[str, Loop], dict[str, float]]:
    """The contenders of these names on a case; see `checked`."""
    makers = {name: partial(CONTENDERS[name], case) for name in names}
    outputs = methodcaller("outputs", case.frames)
    return checked(makers, case.reference(), left_out, outputs=outputs)


def _measure_cold(
    case: Case,
    names: Sequence[str],
    rounds: int,
    left_out: dict[str, str],
    advance: Callable[..., None],
) -> Network:
    loops, errors = make(case, names, left_out)
    seconds = after_sleep(loops, rounds=rounds, advance=advance)
    return Network(
        name=case.name,
        title=case.title,
        weight_bytes=4 * sum(array.size for array in case.weights.values()),
        rows=[_row(case, name, error, seconds) for name, error in errors.items()],
    )


def _measure_case(
    case: Case,
    names: Sequence[str],
    rounds: int,
    block_ms: float,
    left_out: dict[str, str],
    advance: Callable[..., None],
) -> tuple[Network, float]:
    loops, errors = make(case, names, left_out)
    elements = sum(array.size for array in case.weights.values())
    floor, peak = Floor(elements), Peak()
    loops |= {FLOOR: floor.loop, "peak": peak.loop}
    seconds = interleave(loops, rounds=rounds, block_ms=block_ms, advance=advance)
    gflops = peak.gflops(float(np.median(seconds.pop("peak"))))
    compute = 2 * case.multiply_adds / gflops / 1e9
    seconds[FLOOR] = [max(read * floor.share, compute) for read in seconds[FLOOR]]
    floor_us = timing(seconds[FLOOR]).median_us
    rows = [_row(case, name, error, seconds) for name, error in errors.items()]
    network = Network(
        name=case.name,
        title=case.title,
        weight_bytes=4 * elements,
        floor_us=floor_us,
        read_gb_s=round(4 * elements / floor_us / 1e3, 1),
        rows=rows,
    )
    return network, gflops


def _row(case: Case, name: str, error: float, seconds: dict[str, list[float]]) -> Row:
    if name not in seconds:
        return Row(name=name, error=error, timing=None)
    own = seconds[name]
    floor, torch = seconds.get(FLOOR), seconds.get(YARDSTICK)
    aims: list[Aim] = []
    for rival, bound in AIMS.get((case.name, name), ()) if floor else ():
        if rival == FLOOR and floor:
            value = round(ratio(own, floor), 3)
            aims.append(Aim(what="× floor", relation="≤", bound=bound, value=value))
        elif rival in seconds:
            value = round(ratio(seconds[rival], own), 3)
            aims.append(Aim(what=f"× {rival}", relation="≥", bound=bound, value=value))
    return Row(
        name=name,
        error=error,
        timing=timing(own),
        times_torch=None if torch is None else round(ratio(torch, own), 3),
        times_floor=None if floor is None else round(ratio(own, floor), 3),
        aims=aims,
    )


def main(options: str) -> None:
    """The measuring process of `run`: options as JSON in, the report as JSON out."""
    chosen = msgspec.json.decode(options)
    quick = chosen.pop("quick")
    pin()
    rounds, block_ms = (20, 1.0) if quick else (80, 5.0)
    if chosen["cold"]:
        rounds = 40 if quick else 200
    print(measure(**chosen, rounds=rounds, block_ms=block_ms).as_json())


if __name__ == "__main__":
    main(sys.argv[1])
