"""`covergan`: the course's machinery from the command line.

Exit codes: 0 done, 2 wrong input (one sentence, no traceback), 130 interrupted (run it again, train with --resume).
"""

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from helpers import cli_collect, cli_gan
from helpers.cli_gan import MAX_SAMPLES, Seed, SetArgument, start_keras
from helpers.console import check_picture, console, harmless, names_in, number, progress, span, words
from helpers.errors import CourseError
from helpers.files import writing

app = typer.Typer(
    help="Album-cover GANs: collect covers, make a dataset, train a GAN, draw and measure new covers.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(cli_collect.app, name="collect")
app.add_typer(cli_gan.app)
MAX_COVERS = 10_000_000

# What Typer says of wrong input -> the same in plain words.
PLAIN = {
    "Value error, ": "",
    "Input should be a valid integer, unable to parse string as an integer": "it must be a whole number",
    "Input should be greater than or equal to": "it must be at least",
    "Input should be less than or equal to": "it must be at most",
}


class Background(StrEnum):
    white = "white"
    border = "border"


Jobs = Annotated[int | None, typer.Option(min=1, max=256, help="Workers; all cores by default.")]


@app.command()
def runtime():
    """Show the machine, the backend and the profile that follows."""
    from helpers.runtime import detect

    machine = detect()
    console.print(machine.summary())
    for sentence in machine.advice():
        console.print(f"\n{sentence}")


@app.command()
def synth(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The CoverSet to make.")],
    n: Annotated[int, typer.Option(min=1, max=MAX_COVERS, help="How many covers.")] = 2000,
    size: Annotated[int, typer.Option(min=32, max=512, help="Side in pixels.")] = 64,
    seed: Seed = 0,
    jobs: Jobs = None,
):
    """Draw a CoverSet of synthetic covers, whose every factor is known."""
    from helpers.covers import CoverSet
    from helpers.sources.synthetic import synthetic_covers

    with progress("Drawing covers", n) as advance:
        origin = f"dSleeves, the first {n} covers of seed {seed}"
        covers = CoverSet.build(synthetic_covers(n, size, seed, jobs), out, size, origin=origin, progress=advance)
    console.print(f"{len(covers):,} covers of {size} px in {out}")


@app.command()
def prepare(
    source: Annotated[Path, typer.Argument(metavar="SRC", help="A folder of covers, with or without records.jsonl.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The CoverSet to make.")],
    size: Annotated[
        str, typer.Option(help="Side in pixels; DCGAN takes 16 to 256. 64,128 makes the sets OUT/64 and OUT/128.")
    ] = "64",
    steps: Annotated[
        str, typer.Option(help="What is done to a picture, in this order; see helpers/preprocess/clean.py for more.")
    ] = "smallest_side,letterbox,square,not_flat",
    background: Annotated[Background, typer.Option(help="What shows through transparency.")] = Background.white,
    merge: Annotated[
        bool, typer.Option(" /--keep-duplicates", help="Keep every copy of a picture, not only the best.")
    ] = True,
    detect: Annotated[str, typer.Option(help="What to look for on the covers: text, faces, or text,faces.")] = "",
    text: Annotated[bool | None, typer.Option(help="Only covers with, or without, text on them.")] = None,
    faces: Annotated[bool | None, typer.Option(help="Only covers with, or without, faces on them.")] = None,
    years: Annotated[str, typer.Option(metavar="FIRST-LAST", help="Only covers of these years.")] = "",
    genre: Annotated[str, typer.Option(help="Only covers of these genres, like rock,pop.")] = "",
    popularity: Annotated[str, typer.Option(metavar="LOW-HIGH", help="Only covers this popular, 0-100.")] = "",
    palette: Annotated[str, typer.Option(help="Only covers with one of these dominant colours, like red,black.")] = "",
    leave_out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Files to leave out, one name a line; see covergan rank.")
    ] = None,
    permission: Annotated[
        str | None, typer.Option(help="Who allowed you to train on covers whose terms forbid it; kept in the card.")
    ] = None,
    jobs: Jobs = None,
    dask: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Let the workers of this Dask scheduler do it.")
    ] = None,
):
    """Make a folder of covers into a CoverSet: square, one size, no picture twice, with a card that says it all."""
    from contextlib import nullcontext

    from helpers import building
    from helpers.choosing import Choice
    from helpers.cluster import on_dask
    from helpers.preprocess.clean import parse_steps
    from helpers.sources.folder import count_covers

    if dask and jobs:
        raise CourseError("--jobs counts processes of this machine; with --dask the cluster's workers do it.")
    sizes = [number(side, "--size", int) for side in words(size)]
    looked_for = set(words(detect)) | {
        name for name, wanted in (("text", text), ("faces", faces)) if wanted is not None
    }
    options = {
        "steps": parse_steps(steps),
        "background": str(background),
        "merge": merge,
        "detect": sorted(looked_for),
        "choice": Choice(
            text=text,
            faces=faces,
            years=span(years, "--years", int),
            genres=words(genre),
            popularity=span(popularity, "--popularity", float),
            palette=words(palette),
        ),
        "leave_out": names_in(leave_out) if leave_out else (),
        "permission": permission,
    }
    cluster = on_dask(dask) if dask else nullcontext()
    with cluster, progress("Preparing", count_covers(source)) as advance:
        try:
            sets = building.prepare(source, out, sizes, jobs=jobs, progress=advance, **options)
        except CourseError as error:
            raise CourseError(str(error).replace("with permission=", "with --permission")) from error
    for path in sets:
        card = json.loads((path / building.CARD).read_text(encoding="utf-8"))
        left_out = f"{len(card['rejected']):,} rejected" if card["rejected"] else "none rejected"
        console.print(f"{card['count']:,} covers of {card['size']} px in {path}; {left_out}; see {path / 'card.html'}")


@app.command()
def rank(
    covers_path: SetArgument,
    out: Annotated[Path, typer.Argument(metavar="OUT.csv", help="The table to write, most doubtful first.")],
    sheet: Annotated[
        Path | None, typer.Option(metavar="OUT.png|.jpg", help="Also draw the most doubtful ones.")
    ] = None,
    n: Annotated[int, typer.Option(min=1, max=MAX_SAMPLES, help="How many of them to draw.")] = 60,
    seed: Seed = 0,
):
    """Sort a set by how little its pictures look like album covers, to see first what may have to be thrown out.

    Write the names of what is no cover into a file and give it to covergan prepare --leave-out.
    """
    from helpers.contact import covers_sheet
    from helpers.covers import CoverSet

    if sheet:
        check_picture(sheet)
    covers = CoverSet.open(covers_path)
    start_keras(None)
    from helpers.curate import rank as sort

    table = covers.table
    shapes = (table["width"] / table["height"]).fillna(1).to_numpy(float)
    with progress("Looking at covers", len(covers)) as advance:
        order, scores = sort(covers.images, shapes, seed, progress=lambda done, total: advance(done, total=total))
    ranking = table.loc[order, ["cover_path", "width", "height"]].assign(score=scores[order].round(4))
    with writing(out) as partial:
        ranking.to_csv(partial, index=False)
    if sheet:
        with writing(sheet) as partial:
            covers_sheet(covers[order[:n]]).save(partial)
    console.print(f"{len(covers):,} covers in {out}, most doubtful first")


def main() -> None:
    """Entry point: errors become one sentence and an exit code."""
    try:
        code = app(standalone_mode=False)
    except CourseError as error:
        code = complain(str(error))
    except typer.Exit as error:
        code = error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        code = 130
    except OSError as error:
        code = complain(f"{error.filename or 'A file'} cannot be used: {error.strerror or error}.")
    except Exception as error:
        if not hasattr(error, "format_message"):  # not one of click's own, so a defect: let its traceback be seen
            raise
        code = complain(plain(error.format_message()) or "Name a command.")
    if code == 130:  # Typer returns it when Ctrl-C ends a command
        complain("Interrupted; run the same command again to go on, train with --resume.")
    sys.exit(code or 0)


def plain(message: str) -> str:
    """What Typer says, as a sentence on one line."""
    for theirs, ours in PLAIN.items():
        message = message.replace(theirs, ours)
    return message and " ".join(message.split()).rstrip(".") + "."


def complain(sentence: str) -> int:
    print(f"covergan: {harmless(sentence)}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    main()
