"""The fourth point: how far a model lies from its network in float64."""

import numpy as np
from numpy.typing import NDArray

from streamrnn.checks.subject import STEPS, Broken, Subject, Uncompared
from streamrnn.engines.reference import Reference

REFERENCE_STEPS = 2_000  # frames compared with the float64 reference
MOST_SAMPLES = 1_000_000  # that may go into one frame
NUDGE = 1e-9  # how far the second float64 network starts from the first


def faithful(subject: Subject) -> str:
    """Compare with the network in float64: over many steps, or one by one where it is chaotic."""
    model = subject.model
    if model.weights is None:
        raise Uncompared("its own engine is all there is of it: nothing to compare with")
    network = model.config.network
    frames = _frames(subject, REFERENCE_STEPS)
    exact = Reference(network, model.weights)
    outputs = exact.run(frames)
    stream = model.engine.stream()
    worst = float(np.abs(stream.run(frames) - outputs).max())
    scale = max(1.0, float(np.abs(outputs).max()))
    rate = _growth(subject, frames)
    told = f"{len(frames)} frames: at most {worst:.1e} from float64"
    if rate > 0.0:
        told += f"; chaotic: a nudge grows × {np.exp(rate):.2f} a step, so no bound holds for long"
        worst = _one_step_error(subject, frames)
        told += f"; from the same state, one step errs at most {worst:.1e}"
    else:
        told += f"; a nudge fades × {np.exp(rate):.2f} a step"
    if not worst <= 1e-5 * scale:  # so put, NaN fails
        raise Broken(f"{told}; expected at most 1e-5 × {scale:.2g}")
    return told


def _one_step_error(subject: Subject, frames: NDArray[np.float32]) -> float:
    """How far single steps lie from float64, each begun from the engine's own state."""
    model, worst = subject.model, 0.0
    assert model.weights is not None
    exact, stream = Reference(model.config.network, model.weights), model.engine.stream()
    for frame in frames:
        state = stream.arrays()
        exact.h[:] = state["h"]
        exact.c[:] = state.get("c", 0.0)
        error = np.abs(stream.run(frame[None])[0] - exact.step(frame.astype(np.float64))).max()
        worst = float(np.maximum(worst, error))  # which keeps NaN
    return worst


def _frames(subject: Subject, count: int) -> NDArray[np.float32]:
    """Frames of the network: of the front end on its own examples, one after the other."""
    frontend, samples = subject.model.frontend, STEPS
    parts: list[NDArray[np.float32]] = []
    while sum(map(len, parts)) < count:
        stream = frontend.stream()
        parts.append(stream.feed(frontend.example(subject.generator, samples)).values)
        parts.append(stream.flush().values)
        if not sum(map(len, parts)):  # a frame may take many samples
            samples *= 2
            if samples > MOST_SAMPLES:
                raise Broken(f"the front end made no frame of {samples // 2} samples")
    return np.concatenate(parts)[:count]


def _growth(subject: Subject, frames: NDArray[np.float32]) -> float:
    """The largest Lyapunov exponent per step: log of how fast a nudge of h grows (Benettin)."""
    model = subject.model
    assert model.weights is not None
    if model.config.network.cell == "feedforward":
        return -np.inf
    one = Reference(model.config.network, model.weights)
    other = Reference(model.config.network, model.weights)
    nudge = subject.generator.standard_normal(one.h.shape)
    other.h += NUDGE * nudge / np.linalg.norm(nudge)
    total, counted = 0.0, 0
    for t, frame in enumerate(frames.astype(np.float64)):
        one.step(frame)
        other.step(frame)
        apart = np.sqrt(((one.h - other.h) ** 2).sum() + ((one.c - other.c) ** 2).sum())
        if apart < 1e-300:
            return -np.inf
        if t >= len(frames) // 10:  # after the transient
            total += np.log(apart / NUDGE)
            counted += 1
        other.h = one.h + (other.h - one.h) * (NUDGE / apart)
        other.c = one.c + (other.c - one.c) * (NUDGE / apart)
    return float(total / counted)
