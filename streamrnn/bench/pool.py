"""Many streams, a step of each a tick: the pool beside what a user would batch them with.

`run` measures in fresh processes: on one core and one thread, then on all cores. Contenders take
turns within each round, and are checked for equal outputs before they are timed.
"""

import sys
from collections.abc import Callable, Sequence
from functools import partial

import msgspec
import numpy as np

from streamrnn.bench.cases import Case
from streamrnn.bench.checked import checked
from streamrnn.bench.common import (
    Aim,
    environment,
    interleave,
    measure_in_child,
    pin,
    progress,
    ratio,
    timing,
)
from streamrnn.bench.floor import Peak
from streamrnn.bench.pool_contenders import (
    Contender,
    FedTick,
    Kernel,
    Many,
    OrtOperator,
    OrtProducts,
    Tick,
    TorchCells,
    TorchModule,
)
from streamrnn.bench.pool_report import OURS, Company, PoolReport, Row
from streamrnn.errors import ConfigError
from streamrnn.workers import available_cores

CONTENDERS: dict[str, Callable[[Many], Contender]] = {
    "kernel": Kernel,
    "tick": Tick,
    "feed+tick+objects": FedTick,
    "torch.nn": TorchModule,
    "torch cell": TorchCells,
    "ort": OrtOperator,
    "ort gemm": OrtProducts,
}
COMPANIES = tuple(
    (size, streams)
    for size, counts in {
        "gru-128": (1, 2, 3, 4, 6, 8, 16, 32, 128, 512, 2048),
        "gru-256": (8, 32, 512),
        "lstm-128": (8, 32, 512),
    }.items()
    for streams in counts
)
QUICK = tuple(each for each in COMPANIES if each[0] == "gru-128" and each[1] in (1, 8, 32, 512))
ON_ALL_CORES = (("gru-128", 512), ("gru-128", 2048), ("gru-256", 512))
ALL_CORES = "kernel, all cores"


def run(*, only: Sequence[str] = (), quick: bool = False, show: bool = True) -> PoolReport:
    """Measure in fresh processes.

    Args:
        only: networks such as `gru-128`, numbers of streams, or both; by default `COMPANIES`.
        quick: some 20 s instead of two minutes, and noisier.
        show: a progress bar on standard error, if that is a terminal.

    Raises:
        ConfigError: what `only` asks for is neither.
    """
    companies = chosen(only, QUICK if quick else COMPANIES)
    rounds, block_ms = (12, 4.0) if quick else (40, 8.0)
    options = {"rounds": rounds, "block_ms": block_ms, "show": show}
    alone = {**options, "companies": companies, "all_cores": False}
    report = PoolReport.from_json(measure_in_child("streamrnn.bench.pool", alone))
    both = [each for each in companies if each in ON_ALL_CORES] if available_cores() > 1 else []
    if both:
        more = {**options, "companies": both, "all_cores": True}
        found = PoolReport.from_json(measure_in_child("streamrnn.bench.pool", more))
        for own, other in ((a, b) for a in report.companies for b in found.companies):
            if (own.network, own.streams) == (other.network, other.streams):
                own.rows += [row for row in other.rows if row.name == ALL_CORES]
    report.environment = environment()
    return report


def chosen(only: Sequence[str], companies: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    """The networks and numbers of streams that are asked for.

    >>> chosen(["gru-64", "5"], COMPANIES)
    [('gru-64', 5)]

    Raises:
        ConfigError: a name is neither a network nor a number.
    """
    counts = [int(name) for name in only if name.isdigit() and int(name)]
    names = [name for name in only if not name.isdigit()]
    for name in names:
        Case(name)
    if "0" in only:
        raise ConfigError("streams: expected 1 or more, got 0")
    if not names and not counts:
        return list(companies)
    if names and counts:
        return [(name, count) for name in names for count in counts]
    if names:
        counts = list(dict.fromkeys(count for _, count in companies))
        return [(name, count) for name in names for count in counts]
    return [(name, n) for name in dict.fromkeys(name for name, _ in companies) for n in counts]


def measure(
    *,
    companies: Sequence[tuple[str, int]],
    all_cores: bool,
    rounds: int = 40,
    block_ms: float = 8.0,
    show: bool = False,
) -> PoolReport:
    """Measure in this process, as it is; see `run`.

    Args:
        companies: networks, and numbers of streams.
        all_cores: the kernel on one thread and on a thread for each core, and nothing else.
        rounds: blocks of each contender.
        block_ms: about how long a block takes.
        show: a progress bar.
    """
    ways = dict(CONTENDERS)
    if all_cores:
        ways = {"kernel": Kernel, ALL_CORES: partial(Kernel, threads=available_cores())}
    left_out: dict[str, str] = {}
    found: list[Company] = []
    with progress("bench pool", len(companies) * rounds * (len(ways) + 1), show=show) as advance:
        for name, streams in companies:
            case = Case(name)
            advance(0, f"{case.title}, {streams} streams")
            many = Many(case, streams)
            makers = {way: partial(make, many) for way, make in ways.items()}
            # Ours are to be the lone stream's bits.
            loops, errors = checked(makers, many.expected(), left_out, exact=OURS)
            peak = Peak()
            loops["peak"] = peak.loop
            seconds = interleave(loops, rounds=rounds, block_ms=block_ms, advance=advance)
            gflops = peak.gflops(float(np.median(seconds.pop("peak"))))
            found.append(_company(many, errors, seconds, gflops))
    return PoolReport(environment=environment(), rounds=rounds, companies=found, left_out=left_out)


def _company(
    many: Many, errors: dict[str, float], seconds: dict[str, list[float]], gflops: float
) -> Company:
    case, streams = many.case, many.streams
    ort = [seconds[name] for name in ("ort", "ort gemm") if name in seconds]
    best = min(ort, key=np.median) if ort else None
    rows: list[Row] = []
    for name, error in errors.items():
        own = seconds.get(name)
        if own is None:
            rows.append(Row(name=name, error=error, timing=None))
            continue
        row = Row(name=name, error=error, timing=timing(own))
        rate = 2 * case.multiply_adds * streams / float(np.median(own)) / 1e9
        row.share_of_peak = round(rate / gflops, 3)
        if best is not None:
            row.times_ort = round(ratio(best, own), 3)
        row.aims = _aims(name, case, streams, row, seconds)
        rows.append(row)
    return Company(
        network=case.name,
        title=case.title,
        streams=streams,
        peak_gflops=round(gflops, 1),
        rows=rows,
    )


def _aims(
    name: str, case: Case, streams: int, row: Row, seconds: dict[str, list[float]]
) -> list[Aim]:
    """What is aimed at, for hidden sizes of 128 and more."""
    aims: list[Aim] = []

    def aim(what: str, relation: str, bound: float, value: float | None) -> None:
        if value is not None:
            told = "≥" if relation == "≥" else "≤"
            aims.append(Aim(what=what, relation=told, bound=bound, value=value))

    if case.network.hidden_size < 128:
        return aims
    if name == "kernel":
        if 8 <= streams <= 32 or streams == 512:
            aim("of peak", "≥", 0.85 if streams == 512 else 0.75, row.share_of_peak)
        aim("× ort", "≥", 1.0, row.times_ort)
    elif name == "tick" and streams >= 128:
        aim("× kernel", "≤", 1.25, round(ratio(seconds[name], seconds["kernel"]), 3))
    elif name == ALL_CORES:
        aim("× one core", "≥", 1.85, round(ratio(seconds["kernel"], seconds[name]), 3))
    return aims


def main(options: str) -> None:
    """The measuring process of `run`: options as JSON in, the report as JSON out."""
    chosen_options = msgspec.json.decode(options)
    pairs = [(name, streams) for name, streams in chosen_options.pop("companies")]
    if not chosen_options["all_cores"]:
        pin()
    print(measure(companies=pairs, **chosen_options).as_json())


if __name__ == "__main__":
    main(sys.argv[1])
