"""Every error of the package, in one tree.

    StreamRNNError
    ├── ConfigError          a configuration: unknown key, wrong type, impossible value
    ├── ModelFileError       a model file: truncated, foreign, damaged, or made by a newer version
    ├── UnsupportedError     a network or an option that the package refuses, with the reason
    ├── StateError           a snapshot: damaged, or of another model
    ├── StreamClosedError    a verb on a pool's stream that was closed
    ├── PoolFullError        a stream more than a pool holds
    ├── TrainingError        training that cannot go on: a loss that is NaN, a checkpoint of another
    │                        configuration, a data worker that died
    ├── TrackError           a file of positions: no CSV, columns missing, not numbers
    ├── SoundError           a file of sound: none, unreadable, empty, cut short
    ├── ServiceError         a service that is asked: not reached, gone, silent
    ├── TextError            a file of text: none, unreadable, no UTF-8, empty
    ├── MarksError           a file of marks: none, no UTF-8, no columns, not numbers, no label
    ├── RecordingError       a recording: none, foreign, damaged, or a disk that takes no more
    ├── DeviceError          a microphone: none, busy, forbidden, unplugged
    ├── ServeError           a service: an address that is taken, forbidden, or none of this machine
    ├── ProtocolError        bytes of a client that are no events of the protocol
    └── InputError           a chunk
        ├── DtypeError       elements of the wrong type
        ├── ShapeError       the wrong number of dimensions or columns
        ├── NonFiniteError   NaN or infinity where none is allowed
        ├── EncodingError    bytes that are no UTF-8, or half a character
        ├── TimeOrderError   time that runs backwards
        └── QueueFullError   more than a pool's stream lets wait

A message says what was expected, what came, and the mend. Whatever raises one of these leaves
the stream exactly as it was.
"""


class StreamRNNError(Exception):
    """Base of all errors that this package raises on purpose."""


class ConfigError(StreamRNNError, ValueError):
    """A configuration that cannot be used."""


class ModelFileError(StreamRNNError, ValueError):
    """A model file that cannot be read, or is not what it says."""


class UnsupportedError(StreamRNNError, ValueError):
    """A network or an option that is refused, with the reason."""


class StateError(StreamRNNError, ValueError):
    """A snapshot that is damaged or belongs to another model."""


class StreamClosedError(StreamRNNError, RuntimeError):
    """A verb on a stream that was closed."""


class PoolFullError(StreamRNNError, RuntimeError):
    """A stream more than a pool holds."""


class TrainingError(StreamRNNError, RuntimeError):
    """Training that cannot go on; the last good checkpoint is kept."""


class TrackError(StreamRNNError, ValueError):
    """A file of positions that cannot be read."""


class SoundError(StreamRNNError, ValueError):
    """A file of sound that cannot be read."""


class ServiceError(StreamRNNError, RuntimeError):
    """A service that is asked and does not answer."""


class TextError(StreamRNNError, ValueError):
    """A file of text that cannot be read."""


class MarksError(StreamRNNError, ValueError):
    """A file of marks that cannot be read."""


class RecordingError(StreamRNNError, ValueError):
    """A recording that cannot be read, or cannot be written on."""


class DeviceError(StreamRNNError, RuntimeError):
    """A microphone that cannot be opened, or is gone."""


class ServeError(StreamRNNError, RuntimeError):
    """A service that cannot begin."""


class ProtocolError(StreamRNNError, ValueError):
    """What a client sends that is no event of its protocol."""


class InputError(StreamRNNError, ValueError):
    """A chunk that the stream refuses; the stream is as it was."""


class DtypeError(InputError, TypeError):
    """A chunk whose elements have the wrong type."""


class ShapeError(InputError):
    """A chunk with the wrong number of dimensions or columns."""


class NonFiniteError(InputError):
    """A chunk with NaN or infinity where none is allowed."""


class EncodingError(InputError):
    """A chunk of bytes that are no UTF-8, or of text with half a character."""


class TimeOrderError(InputError):
    """A chunk whose time stamps run backwards."""


class QueueFullError(InputError):
    """A chunk with more frames than a pool's stream lets wait."""
