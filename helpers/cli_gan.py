"""The commands of `covergan` that train GANs, draw with them and measure what they draw."""

import json
import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from helpers.console import check_picture, console, progress, words
from helpers.errors import CourseError
from helpers.files import writing
from helpers.records import FEATURE_NAMES, FEATURES

app = typer.Typer()
MAX_SAMPLES = 100_000


class Model(StrEnum):
    dcgan = "dcgan"
    wgan = "wgan"
    wgan_gp = "wgan_gp"
    logan = "logan"
    acgan = "acgan"
    audio = "audio"


class Recipe(StrEnum):
    default = "default"
    historical = "historical"


class Backend(StrEnum):
    tensorflow = "tensorflow"
    jax = "jax"


class ProfileName(StrEnum):
    smoke = "smoke"
    cpu = "cpu"
    gpu = "gpu"


Seed = Annotated[int, typer.Option(min=0, help="The same seed gives the same result.")]
SetArgument = Annotated[Path, typer.Argument(metavar="SET", help="A CoverSet, made by prepare or synth.")]
RunArgument = Annotated[Path, typer.Argument(metavar="RUN", help="The run's folder.")]
Drawer = Annotated[str, typer.Argument(metavar="RUN|NAME", help="A run's folder, or the name of shipped weights.")]
BackendOption = Annotated[Backend | None, typer.Option(help="Keras backend; what is installed by default.")]


def of_audio(name: str):
    """The option that asks an audio model for a feature."""
    (feature,) = (feature for feature in FEATURES if feature.name == name)
    return typer.Option(help=f"Of an audio model: {feature.low:g} to {feature.high:g} ({feature.unit}).")


@app.command()
def train(
    model: Annotated[Model, typer.Argument(metavar="MODEL", help=f"What to train: {', '.join(Model)}.")],
    covers_path: SetArgument,
    run_path: RunArgument,
    recipe: Annotated[
        Recipe | None, typer.Option(help="The better model, or that of the paper, whose sizes no profile changes.")
    ] = None,
    condition: Annotated[
        str | None,
        typer.Option(
            help="What acgan is told: genre (by default), decade, or both; and audio: energy,tempo, or all ten."
        ),
    ] = None,
    profile: Annotated[ProfileName | None, typer.Option(help="Sizes for this machine; detected by default.")] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Updates in all, those already made included.")] = None,
    batch_size: Annotated[int | None, typer.Option(min=2, max=4096, help="Covers per step.")] = None,
    width: Annotated[int | None, typer.Option(min=4, max=512, help="Channels at half the resolution.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="0 by default.")] = None,
    backend: BackendOption = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in RUN, in its settings.")] = False,
):
    """Train a GAN on a CoverSet; interrupt it whenever you like and go on with --resume."""
    from helpers.covers import CoverSet
    from helpers.gan.runs import Run

    covers = CoverSet.open(covers_path)
    run = Run(run_path)
    if run.exists and not resume:
        raise CourseError(f"{run_path} already holds a run; add --resume to go on with it, or choose a new folder.")
    gans = start_keras(backend)
    from helpers.runtime import detect

    old = run.settings() if run.exists else {}
    recipe = recipe or old.get("recipe", Recipe.default)
    seed = old.get("seed", 0) if seed is None else seed
    chosen = gans.defaults(model, recipe, detect().profile(profile))
    chosen |= {name: old[name] for name in chosen if name in old}
    given = {"steps": steps, "batch_size": batch_size, "width": width}
    chosen |= {name: value for name, value in given.items() if value is not None}
    settings = {"recipe": str(recipe), "image_size": covers.size, "width": chosen["width"], "seed": seed}
    settings |= told(model, covers, condition, old)
    gan = gans.build(model, **settings)

    from helpers.gan.callbacks import Throughput

    with progress(f"Training {model}", chosen["steps"], unit="steps") as advance:
        bar = Throughput(advance)
        gan.fit(covers, chosen["steps"], chosen["batch_size"], seed=seed, run=run_path, callbacks=[bar], verbose=0)
    if not bar.trained:
        console.print(f"The run in {run_path} is finished: it has made {int(gan.step):,} steps; --steps asks for more.")
        return
    console.print(f"{int(gan.step):,} steps; checkpoint, log, sample grids and {run.timelapse.name} in {run_path}")


def told(model: Model, covers, condition: str | None, old: dict) -> dict:
    """What a conditional model is told, as the argument of its `build`."""
    if model == Model.acgan:
        from helpers.gan.conditions import Conditions

        before = None if condition else old.get("conditions")
        return {"conditions": before or Conditions.of(covers, words(condition or "genre")).settings}
    if model == Model.audio:
        from helpers.gan.audio_features import AudioFeatures

        before = None if condition else old.get("features")
        features = before or AudioFeatures.of(covers, words(condition) if condition else FEATURE_NAMES).settings
        for name, why in features["ignored"].items():
            console.print(f"{name} is left out: {why}.")
        return {"features": features}
    if condition:
        raise CourseError(f"{model} cannot be told what to draw; train acgan or audio, or leave --condition out.")
    return {}


@app.command()
def sample(
    context: typer.Context,
    run: Drawer,
    out: Annotated[Path, typer.Argument(metavar="OUT.png|.jpg", help="The picture to write.")],
    n: Annotated[int, typer.Option(min=1, max=MAX_SAMPLES, help="How many covers.")] = 64,
    seed: Seed = 0,
    genre: Annotated[str, typer.Option(help="Of a conditional model: rock, or a mixture like rock:0.7,jazz:0.3.")] = "",
    decade: Annotated[int | None, typer.Option(help="Of a conditional model: 1970 for the seventies.")] = None,
    popularity: Annotated[float | None, of_audio("popularity")] = None,
    danceability: Annotated[float | None, of_audio("danceability")] = None,
    acousticness: Annotated[float | None, of_audio("acousticness")] = None,
    energy: Annotated[float | None, of_audio("energy")] = None,
    instrumentalness: Annotated[float | None, of_audio("instrumentalness")] = None,
    liveness: Annotated[float | None, of_audio("liveness")] = None,
    loudness: Annotated[float | None, of_audio("loudness")] = None,
    speechiness: Annotated[float | None, of_audio("speechiness")] = None,
    tempo: Annotated[float | None, of_audio("tempo")] = None,
    valence: Annotated[float | None, of_audio("valence")] = None,
    backend: BackendOption = None,
):
    """Draw covers with a trained run, or with weights that ship with the course, and save them as one picture."""
    import imageio.v3 as imageio

    from helpers.plots import image_grid

    check_picture(out)
    gan = load(run, backend)
    audio = {name: value for name in FEATURE_NAMES if (value := context.params[name]) is not None}
    labels = {name: value for name, value in (("genre", genre), ("decade", decade)) if value not in ("", None)}
    if labels and not hasattr(gan, "conditions"):
        raise CourseError(f"{run} knows no genres and no decades; leave --genre and --decade out, or take an acgan.")
    if audio and not hasattr(gan, "features"):
        raise CourseError(f"{run} knows no audio features; leave --{next(iter(audio))} out, or take an audio model.")
    if genre:
        from helpers.gan.conditions import parse_mixture

        labels["genre"] = parse_mixture(genre)
    grid = image_grid(gan.generate(n, seed, **labels, **audio))
    with writing(out) as partial:
        imageio.imwrite(partial, grid)
    console.print(f"{n:,} covers in {out}")


@app.command()
def cover(
    song: Annotated[Path, typer.Argument(metavar="SONG", help="A sound file: WAV, FLAC, OGG or MP3.")],
    run: Drawer,
    out: Annotated[Path, typer.Argument(metavar="OUT.png|.jpg", help="The picture to write.")],
    n: Annotated[int, typer.Option(min=1, max=MAX_SAMPLES, help="How many covers for the song.")] = 1,
    seed: Seed = 0,
    backend: BackendOption = None,
):
    """Draw a cover for a song: measure its sound, and ask an audio model for what was measured."""
    import imageio.v3 as imageio

    from helpers.plots import image_grid
    from helpers.sound import measure

    check_picture(out)
    heard = measure(song).features()
    gan = load(run, backend)
    if not hasattr(gan, "features"):
        raise CourseError(f"{run} knows no audio features; take an audio model, such as audio_dsleeves_32.")
    wanted = gan.features.within(heard)
    if not wanted:
        raise CourseError(f"{run} was told {', '.join(gan.features.names)}, and none of it can be heard.")
    for name, value in wanted.items():
        moved = "" if value == heard[name] else f", taken as {value:.3g}, as far as the model has learnt"
        console.print(f"{name} {heard[name]:.3g}{moved}")
    grid = image_grid(gan.generate(n, seed, **wanted))
    with writing(out) as partial:
        imageio.imwrite(partial, grid)
    console.print(f"{n:,} covers in {out}" if n > 1 else f"A cover in {out}")


@app.command()
def evaluate(
    subject: Annotated[Path, typer.Argument(metavar="RUN|FOLDER", help="A run, a CoverSet or a folder of images.")],
    covers_path: SetArgument,
    n: Annotated[int, typer.Option(min=100, max=50_000, help="Fakes to compare with as many reals.")] = 2000,
    seed: Seed = 0,
    json_path: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the numbers.")] = None,
    html_path: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write a page.")] = None,
    backend: BackendOption = None,
):
    """Measure covers against real ones: quality, diversity, genre, music and copies, each beside what reals get."""
    from helpers.covers import CoverSet

    covers = CoverSet.open(covers_path)
    start_keras(backend)
    from helpers.fakes import fakes_of

    fakes, told = fakes_of(subject, covers.size, min(n, len(covers) // 2), seed)
    from helpers.evaluation import evaluate as measure
    from helpers.report import MEASURES, evaluation_page, figure_of

    with progress("Looking at covers", None) as advance:

        def report(what, done, total):
            advance(done, note=what, total=total)

        scores = measure(fakes, covers, n=n, seed=seed, progress=report, **told)
    if json_path:
        with writing(json_path) as partial:
            partial.write_text(json.dumps(scores, indent=1) + "\n", encoding="utf-8")
    if html_path:
        with writing(html_path) as partial:
            partial.write_text(evaluation_page(subject.name, scores, fakes, covers, told["genres"]), encoding="utf-8")
    if (used := scores["n_fake"]) < n:
        console.print(f"Compared {used:,} covers on each side: {n:,} would take {n:,} fakes and {2 * n:,} real covers.")
    for key, (name, _, _) in MEASURES.items():
        if key in scores:
            floor = figure_of(scores[key], "floor")
            console.print(f"{name:20s} {figure_of(scores[key]):24s} real against real {floor}")
    for name, why in scores["left_out"].items():
        console.print(f"{name}: not measured. {why}")


def start_keras(backend: Backend | None):
    """Choose the backend and the precision, then import Keras; returns `helpers.gan`."""
    from helpers.runtime import detect

    if backend is not None:
        os.environ["KERAS_BACKEND"] = backend
    machine = detect()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        machine.apply()
    except ImportError as error:
        raise CourseError(f"The backend {machine.backend} is not installed: {error}.") from error
    import helpers.gan

    return helpers.gan


def load(run: str, backend: Backend | None):
    """The model of a run's folder, or shipped weights."""
    gans = start_keras(backend)
    from helpers.gan import weights

    return gans.load(run) if Path(run).exists() else weights.load(run)[0]
