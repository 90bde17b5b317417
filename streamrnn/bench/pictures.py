"""The reports as bars in an image file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from streamrnn.bench.common import environment_line
from streamrnn.show.figure import new_figure

if TYPE_CHECKING:
    from streamrnn.bench.audio import AudioReport
    from streamrnn.bench.chunk import ChunkReport
    from streamrnn.bench.pool_audio import PoolAudioReport
    from streamrnn.bench.pool_report import PoolReport
    from streamrnn.bench.replay import ReplayReport
    from streamrnn.bench.silero import SileroReport
    from streamrnn.bench.start import StartReport
    from streamrnn.bench.step_report import Network, StepReport

_OURS, _OTHERS, _FLOOR, _TEXT = "#1f6f8b", "#c9ccd1", "#c8553d", "#30343b"
_COLUMNS = 3


def _figure(rows: int, columns: int, *, panel: tuple[float, float]) -> tuple[Any, list[Any]]:
    size = (panel[0] * columns, panel[1] * rows + 1.0)
    figure = new_figure(figsize=size, dpi=150, layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    return figure, list(axes.ravel())


def _bars(axes: Any, names: list[str], values: list[float], labels: list[str], ours: Any) -> None:
    """Horizontal bars, the first on top, each with its number at its end."""
    colours = [_OURS if name in ours else _OTHERS for name in names]
    bars = axes.barh(names, values, color=colours, height=0.72, zorder=2)
    axes.bar_label(bars, labels, padding=4, fontsize=8, color=_TEXT)
    axes.invert_yaxis()
    axes.set_xlim(0, max(values, default=1.0) * 1.42)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0, labelsize=9, colors=_TEXT)
    axes.tick_params(axis="x", labelsize=8, colors=_TEXT)
    axes.grid(axis="x", color="#eceef0", zorder=0)
    for tick, name in zip(axes.get_yticklabels(), names, strict=True):
        if name in ours:
            tick.set_fontweight("bold")


def _finish(figure: Any, title: str, environment: dict[str, str], path: str | Path) -> None:
    figure.suptitle(title, x=0.01, ha="left", fontsize=13, fontweight="bold", color=_TEXT)
    figure.supxlabel(environment_line(environment), x=0.01, ha="left", fontsize=8, color="#7a808a")
    figure.savefig(path)


def plot_step(report: StepReport, path: str | Path) -> None:
    """Draw `bench step`: one panel a network, µs a step, the floor as a line."""
    columns = min(_COLUMNS, max(1, len(report.networks)))
    rows = max(1, -(-len(report.networks) // columns))
    figure, panels = _figure(rows, columns, panel=(4.6, 2.9))
    for axes, network in zip(panels, report.networks, strict=False):
        _step_panel(axes, network)
    for axes in panels[len(report.networks) :]:
        axes.set_axis_off()
    title = f"{report.title}: µs (and how many times faster than torch.nn)"
    _finish(figure, title, report.environment, path)


def _step_panel(axes: Any, network: Network) -> None:
    from streamrnn.bench.step_report import OURS

    rows = [(row, row.timing) for row in network.rows if row.timing is not None]
    values = [timing.median_us for _, timing in rows]
    labels = [
        (f"{timing.median_us:.3g}" if timing.median_us < 100 else f"{timing.median_us:.0f}")
        + ("" if row.times_torch is None else f"  ({row.times_torch:.1f} ×)")
        for row, timing in rows
    ]
    _bars(axes, [row.name for row, _ in rows], values, labels, OURS)
    axes.set_title(network.title, loc="left", fontsize=11, color=_TEXT)
    if network.floor_us is not None:
        axes.axvline(network.floor_us, color=_FLOOR, linewidth=1.2, linestyle="--", zorder=3)
        floor = f"floor {network.floor_us:.3g} µs"
        axes.set_title(floor, loc="right", fontsize=8, color=_FLOOR)


def plot_start(report: StartReport, path: str | Path) -> None:
    """Draw `bench start`: seconds and megabytes, side by side; the cold start in words."""
    figure, panels = _figure(1, 2, panel=(5.4, 2.6))
    cold = report.rows[0]
    rows = report.rows[1:]
    names = [row.name for row in rows]
    ours = [name for name in names if name.startswith("streamrnn")]
    seconds = [row.seconds for row in rows]
    peaks = [row.peak_mb for row in rows]
    for axes, values, form, unit in (
        (panels[0], seconds, "{:.2f}", "seconds"),
        (panels[1], peaks, "{:.0f}", "peak MB"),
    ):
        _bars(axes, names, values, [form.format(value) for value in values], ours)
        axes.set_title(unit, loc="left", fontsize=11, color=_TEXT)
    panels[0].set_title(
        f"once, compiling: {cold.seconds:.1f} s", loc="right", fontsize=8, color=_FLOOR
    )
    _finish(figure, "From process start to the first prediction", report.environment, path)


def plot_audio(report: AudioReport, path: str | Path) -> None:
    """Draw `bench audio`: µs for 10 ms of sound."""
    figure, panels = _figure(1, 1, panel=(8.0, 3.0))
    rows = [(row, row.timing) for row in report.rows if row.timing is not None]
    names = [row.name for row, _ in rows]
    ours = [name for name in names if name.startswith(("feed", "front"))]
    values = [taken.median_us for _, taken in rows]
    _bars(panels[0], names, values, [f"{value:.3g}" for value in values], ours)
    _finish(figure, "10 ms of sound in, a prediction out: µs", report.environment, path)


def plot_silero(report: SileroReport, path: str | Path) -> None:
    """Draw `bench silero`: µs for 32 ms of sound."""
    figure, panels = _figure(1, 1, panel=(8.0, 2.8))
    names = [row.name for row in report.rows]
    values = [row.timing.median_us for row in report.rows]
    ours = [name for name in names if name.startswith(("stream", "the same"))]
    _bars(panels[0], names, values, [f"{value:.3g}" for value in values], ours)
    _finish(figure, "32 ms of sound through silero-vad: µs", report.environment, path)


def plot_pool_audio(report: PoolAudioReport, path: str | Path) -> None:
    """Draw `bench pool --audio`: the parts of the work, as shares of real time."""
    figure, panels = _figure(1, 1, panel=(8.0, 2.6))
    names = [row.what for row in report.rows]
    shares = [100.0 * row.share for row in report.rows]
    _bars(panels[0], names, shares, [f"{share:.0f} %" for share in shares], ["all of it"])
    title = f"{report.streams} live streams of sound on one core: % of real time"
    _finish(figure, title, report.environment, path)


def plot_replay(report: ReplayReport, path: str | Path) -> None:
    """Draw `bench replay`: times real time."""
    figure, panels = _figure(1, 1, panel=(8.0, 3.4))
    rows = [row for row in report.rows if row.times is not None and row.hours]
    names = [f"{row.name}, {row.hours:.3g} h" for row in rows]
    values = [row.times or 0.0 for row in rows]
    ours = [name for name in names if "replay" in name]
    _bars(panels[0], names, values, [f"{value:,.0f}" for value in values], ours)
    _finish(figure, "Offline: × real time", report.environment, path)


def plot_pool(report: PoolReport, path: str | Path) -> None:
    """Draw `bench pool`: million steps a second against the number of streams."""
    points = {
        (company.title, row.name, company.streams): company.streams / row.timing.median_us
        for company in report.companies
        for row in company.rows
        if row.timing
    }
    title = "Many streams, a step of each a tick: million steps a second"
    _lines(points, "streams", title, report.environment, path)


def plot_chunk(report: ChunkReport, path: str | Path) -> None:
    """Draw `bench chunk`: µs a frame against the length of chunks."""
    points = {
        (length.title, row.name, length.frames): row.timing.median_us / length.frames
        for length in report.lengths
        for row in length.rows
        if row.timing
    }
    title = "Chunks of several frames: µs a frame"
    _lines(points, "frames of a chunk", title, report.environment, path)


def _lines(
    points: dict[tuple[str, str, int], float],
    along: str,
    title: str,
    environment: dict[str, str],
    path: str | Path,
) -> None:
    """One panel a network, one line a contender, ours in colour, all with marks of their own."""
    networks = list(dict.fromkeys(network for network, _, _ in points))
    figure, panels = _figure(1, len(networks), panel=(4.6, 4.0))
    for axes, network in zip(panels, networks, strict=True):
        own = {key[1:]: value for key, value in points.items() if key[0] == network}
        for name in dict.fromkeys(name for name, _ in own):
            line = sorted((x, y) for (other, x), y in own.items() if other == name)
            colour, mark = _STYLES.get(name, (_OTHER_LINES, "."))
            width = 1.0 if colour == _OTHER_LINES else 2.0
            axes.plot(
                *zip(*line, strict=True), marker=mark, color=colour, linewidth=width, label=name
            )
        counts = sorted({x for _, x in own})
        axes.set_xscale("log", base=2)
        axes.set_xticks(counts, [str(count) for count in counts], fontsize=8)
        axes.minorticks_off()
        axes.set_ylim(bottom=0)
        axes.set_xlabel(along, fontsize=9, color=_TEXT)
        axes.set_title(network, loc="left", fontsize=11, color=_TEXT)
        axes.grid(color="#eceef0", zorder=0)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(fontsize=7, frameon=False)
    _finish(figure, title, environment, path)


_OTHER_LINES = "#8a9099"
_STYLES = {
    "kernel": (_OURS, "o"),
    "tick": ("#3a9c7b", "s"),
    "feed": (_OURS, "o"),
    "feed+tick+objects": ("#7a5ca8", "^"),
    "kernel, all cores": (_FLOOR, "D"),
    "torch.nn": (_OTHER_LINES, "x"),
    "torch cell": (_OTHER_LINES, "+"),
    "ort": (_OTHER_LINES, "v"),
    "ort gemm": (_OTHER_LINES, "<"),
}
