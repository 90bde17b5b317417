"""`streamrnn evaluate MODEL SOURCE`: scores on recordings and texts."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from streamrnn.cli.evaluate_marked import are_marked, evaluate_marked
from streamrnn.cli.evaluate_text import evaluate_text
from streamrnn.cli.folders import Files, chosen_parts
from streamrnn.cli.lines import print_json, tell
from streamrnn.cli.waiting import waiting
from streamrnn.config import AudioConfig, MotionConfig, TextConfig
from streamrnn.errors import ConfigError, SoundError, UnsupportedError
from streamrnn.loading import load
from streamrnn.model import Model
from streamrnn.show.det import wake_plot
from streamrnn.show.scores import confusion_table, score_table, wake_table
from streamrnn.tasks.ball.evaluate import evaluate as score_points
from streamrnn.tasks.ball.targets import HORIZONS
from streamrnn.tasks.ball.task import predictor, without_memory
from streamrnn.tasks.keywords.evaluate import score as score_words
from streamrnn.tasks.keywords.speech_commands import NOISE, background, home, listed, scored
from streamrnn.tasks.keywords.streams import SILENCE, UNKNOWN
from streamrnn.tasks.sounds.clips import PARTS, Clip, Signal
from streamrnn.tasks.wake.evaluate import score as score_wake
from streamrnn.tasks.wake.peers import installed
from streamrnn.tasks.wake.streams import BACKGROUND
from streamrnn.tasks.wake.words import Spoken, spoken


def add_to(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(evaluate)


def evaluate(
    model: Annotated[str, typer.Argument(help="A bundled name, or a .safetensors or .onnx file.")],
    source: Annotated[
        Path | None,
        typer.Argument(
            help="A folder of CSV tracks, or one; of sounds, DIR/LABEL/*.wav; a recording with "
            "marks beside it, or a folder of such; a file of text, or of labelled sentences."
        ),
    ] = None,
    negatives: Annotated[
        list[Path] | None,
        typer.Option(help="Wake words: a folder of sounds without any of them; repeatable."),
    ] = None,
    noise: Annotated[
        Path | None, typer.Option(help="Wake words: noises to be mixed under the words.")
    ] = None,
    noise_db: Annotated[float, typer.Option(help="How far the noise lies below a word.")] = 10.0,
    parts: Annotated[
        str,
        typer.Option(help="Sounds of these of the ten parts alone, as data.leave has them: 1,2."),
    ] = "",
    marks: Annotated[
        Path | None,
        typer.Option(help="Of a recording: its marks, where they do not lie beside it."),
    ] = None,
    choose: Annotated[
        list[Path] | None,
        typer.Option(
            help="Of marked recordings: choose thresholds on these others, a file or a folder; "
            "repeatable."
        ),
    ] = None,
    false_accepts: Annotated[
        float, typer.Option(help="Of each word in an hour, that --choose bears at most.")
    ] = 0.5,
    plot: Annotated[
        Path | None,
        typer.Option(help="Wake words, marked recordings: draw the DET curve to a file."),
    ] = None,
    train: Annotated[
        Path | None,
        typer.Option(
            help="Characters: the file that the 5-gram learns from (default: the first 90 % of "
            "the text; the last 10 % are scored)."
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Score a model on recordings or texts.

    Of moving points: errors are distances in the tracks' own unit between what was foreseen and
    what then happened, on every visible fix that has six before it in its visible run and its
    target in the same run; horizons count samples; coverage_90 is how often the outcome lay
    within the spread. The classical filters stand beside it.

    Of words: a clip's label is the likeliest class at the last step inside it. accuracy: each
    clip from a fresh state. accuracy_endless: all clips joined in one shuffled order, with the
    state carried from the first to the last, and never reset. A folder whose name is none of the
    labels counts as unknown, but `_background_noise_` is left out. Of the folder that torchaudio's
    SPEECHCOMMANDS was downloaded to, the testing list is scored in the 12-class protocol; the
    official archive of test clips is a folder as any other.

    Of sentences, {"text": …, "label": …} a line or CLINC150's file: a sentence's label is the one
    at its last word, or at the word that completes a fraction of them; accuracy is of sentences
    within scope, and one that the model takes for out of scope (label oos) counts as wrong.
    decided_early: the share of them decided before their last word, and decided_early_right how
    many of these rightly; words_needed_mean: words until decided, all where it never was.

    Of wake words: the words are laid between pieces of the negatives into one stream, and the
    negatives make another; neither is ever reset. A word is found where it is detected after its
    beginning and at most 1 s after its end; the delay counts from the end. The end is where the
    energy of 10 ms falls 22 dB below the clip's loudest 0.1 s for more than 0.25 s; in noise,
    where a word would last longer than 1.1 s, 16, 12, 8 or 5 dB. Clips that name no speaker are
    parted by file. Beside a model at 16 kHz, openWakeWord and microWakeWord hear the same two
    streams for the words that they know, each at its own threshold; to have them:
    pip install pyopen-wakeword pymicro-wakeword

    Of marked recordings, sound or .mcap: night.flac is marked by night.csv beside it, with the
    header start,end,label (seconds), or by night.txt, labels as Audacity exports them; so is
    night.mcap. A file without any mark says that no word is in the recording. A mark is found
    where its label is detected after its start and at most 1 s after its end; marks of one label
    that touch are one. Further detections of that label there do not count; every other one is
    false, and hours are of all that was played. With --choose, each word's threshold is the one
    with the fewest misses on those recordings that has no more than --false-accepts an hour, of
    several the middle one, and both are told: the model's own, and the chosen. Marks of what the
    model does not tell are counted (unknown), and those that begin after the end (outside).

    Of characters: bits per character, the text streamed once from a fresh state; beside it a
    5-gram (interpolated modified Kneser-Ney) that learnt from --train. Without --train, it learns
    from the first 90 % of the file, and the last 10 % are scored.

    Of the alphabet, without a file: from each letter on, how often the next is right.

    A file of a folder that cannot be read is named and left out; unreadable counts these, and the
    exit code is then 1.
    """
    network = load(model)
    scores: dict[str, Any]
    if marks or choose or (source is not None and are_marked(source)):
        asked = {"--negatives": negatives, "--noise": noise, "--parts": parts, "--train": train}
        strange = [name for name, value in asked.items() if value]
        if source is None or strange:
            raise ConfigError(
                f"evaluate: expected a marked recording, or a folder of them, got "
                f"{', '.join(strange) or 'none'}"
            )
        scores, picture = evaluate_marked(
            network, source, marks=marks, others=choose or (), per_hour=false_accepts, plot=plot
        )
        return _tell(scores, picture, json)
    kind = network.config.frontend
    chosen = chosen_parts(parts)
    sound = isinstance(kind, AudioConfig)
    wakes = sound and BACKGROUND in network.labels
    asked = {"--negatives": negatives, "--noise": noise, "--plot": plot}
    strange = [name for name, value in asked.items() if value and not wakes]
    strange += ["--parts"] if parts and not sound else []
    if strange:
        needed = "sound" if strange == ["--parts"] else "wake words"
        raise UnsupportedError(f"{', '.join(strange)}: expected a model of {needed}, got {model}")
    if plot and not negatives:  # told before all the words are heard
        raise UnsupportedError("--plot: expected negatives to count false accepts on; --negatives")
    if train and not isinstance(kind, TextConfig):
        raise UnsupportedError(f"--train: expected a model of characters, got {model}")
    files = Files(chosen)
    if isinstance(kind, TextConfig):
        scores, picture = evaluate_text(network, kind, source, train)
    elif source is None:
        raise ConfigError(f"evaluate: expected recordings for {model}: a folder, or a CSV track")
    elif isinstance(kind, MotionConfig):
        scores, picture = _points(network, source, files)
    elif isinstance(kind, AudioConfig) and network.labels and not wakes:
        scores, picture = _words(network, kind, source, files)
    elif isinstance(kind, AudioConfig) and network.labels:
        rate = kind.sample_rate
        mixed = (files.sounds(noise, rate) if noise else [], noise_db)
        others = [clip for path in negatives or () for clip in files.sounds(path, rate)]
        scores = _wake(network, rate, files.clips(source, rate), others, mixed)
        picture = wake_table(scores)
        if plot:
            wake_plot(scores, plot)
    else:
        raise UnsupportedError(f"{model}: expected a model of moving points, words or text")
    if not isinstance(kind, TextConfig):
        scores["unreadable"] = files.unreadable
    _tell(scores, picture, json)


def _tell(scores: dict[str, Any], picture: Any, json: bool) -> None:
    """Print scores; exit code 1 where they are not of all files."""
    if json:
        print_json(scores)
    else:
        Console().print(picture)
    unreadable = scores.get("unreadable", 0)
    if unreadable:
        tell(f"{unreadable} files could not be read; the scores are without them")
        raise typer.Exit(1)


def _points(network: Model, source: Path, files: Files) -> tuple[dict[str, Any], Any]:
    tracks = files.tracks(source)
    with waiting() as progress:
        bar = progress.add_task(f"{network.name} on {len(tracks)} tracks", total=len(tracks))
        scores = score_points(
            predictor(network),
            tracks,
            HORIZONS,
            others=without_memory(),
            advance=lambda: progress.advance(bar),
        )
    return scores, score_table(scores)


def _words(
    network: Model, frontend: AudioConfig, folder: Path, files: Files
) -> tuple[dict[str, Any], Any]:
    known, rate = set(network.labels), frontend.sample_rate
    if home(folder).is_dir():
        if len(files.parts) < PARTS:
            raise UnsupportedError(
                f"--parts: expected none, got {files.parts}: a list says who is tested"
            )
        noise, words = background(folder, rate), known - {UNKNOWN, SILENCE}
        clips = scored(listed(folder, "testing"), noise, words, rate)
    else:
        clips = [clip for clip in files.clips(folder, rate) if clip.label != NOISE]
    if not clips:
        raise SoundError(f"{folder}: expected words, got nothing but {NOISE}")
    odd = sorted({clip.label for clip in clips} - known)
    if odd and UNKNOWN not in known:
        raise SoundError(
            f"{folder}: expected subfolders among {', '.join(network.labels)}, got {odd[0]}"
        )
    told = [(clip.samples, clip.label if clip.label in known else UNKNOWN) for clip in clips]
    with waiting() as progress:
        bar = progress.add_task(f"{network.name} on {len(told)} clips, twice", total=2 * len(told))
        scores = score_words(network, told, advance=lambda: progress.advance(bar))
    learnt = network.card.get("scores", {}).get("learnt")
    if learnt:  # for a learning curve
        scores["learnt"] = learnt
    return scores, confusion_table(scores, network.labels)


def _wake(
    network: Model,
    rate: int,
    clips: list[Clip],
    negatives: list[Signal],
    noise: tuple[list[Signal], float],
) -> dict[str, Any]:
    words: dict[str, list[Spoken]] = {}
    for clip in clips:
        words.setdefault(clip.label, []).append(spoken(clip.samples, rate))
    peers = installed(words, rate)
    names = ", ".join((network.name, *peers))
    with waiting() as progress:
        bar = progress.add_task(f"{names} on {len(clips)} words and the negatives")
        return score_wake(
            network,
            words,
            negatives,
            noise=noise[0],
            noise_db=noise[1],
            peers=peers,
            advance=lambda done, total: progress.update(bar, completed=done, total=total),
        )
