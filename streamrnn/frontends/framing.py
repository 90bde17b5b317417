"""How samples of sound at the network's rate become frames: as log-mel spectra, or as they are."""

from collections.abc import Callable
from typing import Any, NamedTuple

from streamrnn.frontend_config import AudioConfig, SoundConfig, WaveformConfig
from streamrnn.kernels.log_mel import log_mel_streams, log_mel_streams_long
from streamrnn.kernels.mel import log_mel_tables, mel_bands
from streamrnn.kernels.waveform import (
    waveform_chunk,
    waveform_streams,
    waveform_streams_long,
)


class Framing(NamedTuple):
    """Sizes, kernels and what these need."""

    sample_rate: int
    """Of the network, Hz."""
    window: int
    """Samples that the first column of a frame ends with."""
    hop: int
    """Samples from one column to the next."""
    stack: int
    """Columns of a frame."""
    frame_size: int
    """Elements of a frame."""
    kept: int
    """Latest samples that are retained."""
    pending: int
    """Elements of an unfinished frame that are retained."""
    tables: tuple[Any, ...]
    """That the kernels take after the samples."""
    memory: tuple[str, ...]
    """Names of the arrays of a stream's memory that they take after these."""
    short: Callable[..., None]
    """Makes the frames of some samples with the GIL held."""
    long: Callable[..., None]
    """And without it."""
    chunk: Callable[..., int] | None = None
    """Makes the frames of a short chunk as it came, where that is worth a kernel of its own."""

    @property
    def step(self) -> int:
        """Samples from one frame to the next."""
        return self.hop * self.stack


def framing_of(config: SoundConfig) -> Framing:
    """How a front end of sound makes its frames."""
    if isinstance(config, WaveformConfig):
        return _waveform(config)
    return _log_mel(config)


def _waveform(config: WaveformConfig) -> Framing:
    width = config.context + config.hop
    return Framing(
        sample_rate=config.sample_rate,
        window=config.hop,
        hop=config.hop,
        stack=1,
        frame_size=width,
        kept=width,
        pending=0,
        tables=(config.hop,),
        memory=("kept", "counts"),
        short=waveform_streams,
        long=waveform_streams_long,
        chunk=waveform_chunk,
    )


def _log_mel(config: AudioConfig) -> Framing:
    bands = mel_bands(
        config.fft // 2 + 1,
        config.mels,
        config.f_min,
        config.f_max or config.sample_rate / 2,
        config.sample_rate,
    )
    tables = log_mel_tables(
        window=config.window,
        hop=config.hop,
        fft=config.fft,
        bands=bands,
        stack=config.stack,
        floor=config.floor,
    )
    return Framing(
        sample_rate=config.sample_rate,
        window=config.window,
        hop=config.hop,
        stack=config.stack,
        frame_size=config.stack * config.mels,
        kept=config.window,
        pending=(config.stack - 1) * config.mels,
        tables=tables,
        memory=("kept", "pending", "counts"),
        short=log_mel_streams,
        long=log_mel_streams_long,
    )
