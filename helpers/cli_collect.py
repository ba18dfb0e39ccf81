"""`covergan collect`: covers from a source into a folder, with records.jsonl beside them."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from helpers.console import console, printable, progress, span, words
from helpers.errors import CourseError
from helpers.files import writing
from helpers.records import RECORDS_FILE, append_records, read_records

app = typer.Typer(help="Collect covers; interrupt it when you like, the same command goes on.", no_args_is_help=True)

Out = Annotated[Path, typer.Argument(metavar="OUT", help="The folder to fill.")]
Limit = Annotated[int, typer.Option(min=1, max=1_000_000, help="Covers to have in the end, at most.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only show what would be fetched.")]
Demo = Annotated[
    bool, typer.Option("--demo", help="Ask the course's own demo server on this machine, with drawn covers.")
]
Contact = Annotated[str, typer.Option(help="Your e-mail address or web page, for the User-Agent.")]
Country = Annotated[str, typer.Option(help="Two letters, like KR.")]
Keywords = Annotated[
    list[str] | None, typer.Option("--keyword", help="What to search for; may be given several times.")
]
IgnoreRobots = Annotated[bool, typer.Option("--ignore-robots", help="Fetch what robots.txt forbids. You decide that.")]


@app.command()
def musicbrainz(
    out: Out,
    tag: Annotated[str, typer.Option(help="Of the albums, like k-pop.")] = "",
    country: Country = "",
    artist: str = "",
    title: str = "",
    years: Annotated[str, typer.Option(metavar="FIRST-LAST", help="Of the first release.")] = "",
    limit: Limit = 100,
    dry_run: DryRun = False,
    demo: Demo = False,
    contact: Contact = "",
):
    """Albums of MusicBrainz, with pictures of the Cover Art Archive; needs no key, but a contact."""
    from helpers.sources.musicbrainz import MusicBrainz

    with _network(out, demo, contact) as (client, server):
        source = MusicBrainz(client, **server("musicbrainz"))
        found = source.albums(tag, country, artist, title, span(years, "--years", int))
        _collect(found, out, client, limit, dry_run)


@app.command()
def itunes(
    out: Out,
    term: Annotated[str, typer.Option(help="Words to search for.")] = "kpop",
    country: Country = "KR",
    genre: Annotated[str, typer.Option(help="Of the course, like kpop: only albums of this one.")] = "",
    limit: Limit = 100,
    dry_run: DryRun = False,
    demo: Demo = False,
    contact: Contact = "",
):
    """Albums of Apple's shop; needs no key."""
    from helpers.sources.itunes import ITunes

    with _network(out, demo, contact) as (client, server):
        found = ITunes(client, **server("itunes")).albums(term, country, genre)
        _collect(found, out, client, limit, dry_run)


@app.command()
def deezer(
    out: Out,
    search: Annotated[str, typer.Option(help="Words to search for.")] = "kpop",
    limit: Limit = 100,
    dry_run: DryRun = False,
    demo: Demo = False,
    contact: Contact = "",
):
    """Albums of Deezer; needs no key."""
    from helpers.sources.deezer import Deezer

    with _network(out, demo, contact) as (client, server):
        found = Deezer(client, **server("deezer")).albums(search)
        _collect(found, out, client, limit, dry_run)


@app.command()
def spotify(
    out: Out,
    year: Annotated[str, typer.Option(metavar="FIRST-LAST", help="Of release; one year, or a span.")] = "",
    genre: Annotated[str, typer.Option(help="As Spotify writes it, like k-pop: albums of artists of this genre.")] = "",
    artist: str = "",
    query: Annotated[str, typer.Option(help="Words.")] = "",
    playlist: Annotated[str, typer.Option(help="Id of a playlist of your own.")] = "",
    market: Country = "KR",
    released: Annotated[str, typer.Option(metavar="FIRST,LAST", help="Dates, like 2016-07,2016-12-31.")] = "",
    popularity: Annotated[str, typer.Option(metavar="LOW-HIGH", help="0-100; only old apps are told.")] = "",
    features: Annotated[bool, typer.Option("--features", help="With audio features, or ReccoBeats' instead.")] = False,
    limit: Limit = 100,
    dry_run: DryRun = False,
    demo: Demo = False,
    contact: Contact = "",
):
    """Albums of Spotify; needs SPOTIPY_CLIENT_ID and SPOTIPY_CLIENT_SECRET, and its terms forbid training."""
    from helpers.sources.reccobeats import ReccoBeats
    from helpers.sources.spotify import Spotify

    years = span(year if "-" in year else f"{year}-{year}", "--year", int) if year else None
    with _network(out, demo, contact) as (client, server):
        known = {record.source_id for record in _records(out) if record.source == Spotify.NAME and record.cover_path}
        source = Spotify(client, **server("spotify"), known=known, other=ReccoBeats(client, **server("reccobeats")))
        found = source.albums(
            year=years,
            genre=genre,
            artist=artist,
            query=query,
            playlist=playlist,
            market=market,
            released=dates(released),
            popularity=span(popularity, "--popularity", int),
        )
        _collect(source.with_features(found) if features else found, out, client, limit, dry_run)


@app.command()
def kpop(
    out: Out,
    sources: Annotated[
        str, typer.Option(help="Where to look albums up, of musicbrainz, deezer, itunes.")
    ] = "musicbrainz,deezer",
    limit: Limit = 100,
    dry_run: DryRun = False,
    demo: Demo = False,
    contact: Contact = "",
):
    """The best-selling K-pop albums of the 2010s, looked up in the sources that need no key."""
    from helpers.sources.deezer import Deezer
    from helpers.sources.itunes import ITunes
    from helpers.sources.kpop import chart, popular
    from helpers.sources.musicbrainz import MusicBrainz

    known = {source.NAME: source for source in (MusicBrainz, Deezer, ITunes)}
    if not words(sources) or set(words(sources)) - set(known):
        raise CourseError(f"--sources: {sources!r}; choose from {', '.join(known)}.")
    with _network(out, demo, contact) as (client, server):
        asked = [known[name](client, **server(name)) for name in words(sources)]
        found = popular(chart(), asked, say)
        _collect(found, out, client, limit, dry_run)


def image_search(name: str, about: str) -> None:
    """Add the command for an engine of `helpers.sources.crawl`, a class with this name but for its capital."""

    @app.command(name, help=about)
    def command(
        out: Out,
        keyword: Keywords = None,
        limit: Limit = 50,
        dry_run: DryRun = False,
        demo: Demo = False,
        contact: Contact = "",
        ignore_robots: IgnoreRobots = False,
        deadline: Annotated[float, typer.Option(min=1, help="Seconds that the search may take.")] = 120,
    ):
        from helpers.sources import crawl
        from helpers.sources.kpop import KEYWORDS

        keywords = keyword or list(KEYWORDS)
        with _network(out, demo, contact) as (client, server):
            search = getattr(crawl, name.capitalize())(client, **server(name))
            share = -(-limit // len(keywords))
            found = _all_found(search, keywords, share, deadline / len(keywords), ignore_robots)
            _collect(found, out, client, limit, dry_run, robots=not ignore_robots)


image_search("bing", "Pictures that Bing's image search finds, by default for K-pop album covers, also in Korean.")
image_search("google", "Shows how Google's image search refuses plain programs, with a page that needs JavaScript.")


@app.command()
def synthetic(
    out: Out,
    limit: Limit = 100,
    size: Annotated[int, typer.Option(min=32, max=512, help="Side in pixels.")] = 500,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same covers.")] = 0,
    dry_run: DryRun = False,
):
    """Drawn covers as JPEGs: a source folder like the others, without a network."""
    from PIL import Image

    from helpers.sources.collection import filling
    from helpers.sources.synthetic import draw_cover, draw_factors, to_record

    if dry_run:
        console.print(f"{limit:,} drawn covers of {size} px, of seed {seed}, in {out}")
        return

    def drawn(known, advance):
        for index in range(limit):
            factors = draw_factors(seed, index)
            record = to_record(factors)
            if record.source_id not in known:
                path = f"images/{record.source_id}.jpg"
                with writing(out / path) as partial:
                    Image.fromarray(draw_cover(factors, size)).save(partial, "JPEG", quality=90)
                yield replace(record, cover_path=path)
            advance(index + 1)

    with filling(out), progress("Drawing", limit) as advance:
        known = {record.source_id for record in _records(out)}
        count = append_records(out / RECORDS_FILE, drawn(known, advance))
    console.print(f"{count:,} covers drawn, {limit - count:,} were there; see {out / RECORDS_FILE}")


def _all_found(search, keywords: list[str], limit: int, deadline: float, ignore_robots: bool) -> Iterator:
    """What an image search finds for several keywords. One of them may fail; if all do, the last says why."""
    succeeded = False
    for keyword in keywords:
        try:
            yield from search.pictures(keyword, limit, deadline, ignore_robots)
            succeeded = True
        except CourseError as error:
            if keyword == keywords[-1] and not succeeded:
                raise
            say(f"{keyword}: {error}")


@contextmanager
def _network(out: Path, demo: bool, contact: str) -> Iterator[tuple]:
    """A client, and what tells a source's class of the demo server, if that is to be asked."""
    from helpers.sources.collection import ANSWERS
    from helpers.sources.demo_server import DemoServer
    from helpers.sources.http import Client

    with DemoServer() if demo else nullcontext() as server:
        if demo:
            # Its answers are not kept: it has another address every time.
            yield Client(contact or "demo"), server.at
        else:
            yield Client(contact, cache=out / ANSWERS), lambda name: {}


def _collect(found: Iterable, out: Path, client, limit: int, dry_run: bool, robots: bool = False) -> None:
    """Fetch what was found, and say what became of it."""
    from helpers.sources.collection import Summary, collect

    if dry_run:
        table = Table("artist", "title", "year", "genres", box=None)
        table.add_column("address", overflow="fold")
        for cover in islice(found, limit):
            record = cover.record
            address = cover.urls[0] if cover.urls else cover.missing
            cells = (record.artist, record.title, str(record.year or ""), ", ".join(record.genres), address)
            table.add_row(*map(printable, cells))
        console.print(table)
        console.print(f"{table.row_count:,} found; nothing was downloaded.")
        return
    summary = Summary()
    try:
        with progress("Collecting", limit) as advance:
            collect(found, out, client, limit=limit, robots=robots, progress=advance, summary=summary)
    except BaseException:  # Ctrl-C among them: what was done counts, however it ended
        if summary.found:
            console.print(summary_table(summary))
        raise
    console.print(summary_table(summary))
    terms = {record.terms_url: record for record in _records(out) if record.cover_path}
    for url, record in terms.items():
        console.print(f"Terms of {record.source}: training is {record.ml_use}; {record.licence}; {url}")


def dates(text: str) -> tuple[str, str] | None:
    """The first and the last day of "2016-07,2016-12-31"."""
    if not text:
        return None
    first, comma, last = text.partition(",")
    if not comma:
        raise CourseError(f"--released: {text!r} is no span; write two dates with a comma between them.")
    return first.strip(), last.strip()


def say(sentence: str) -> None:
    """Tell what went wrong but does not end the work."""
    console.print(f"[yellow]{printable(sentence)}")


def summary_table(summary) -> Table:
    """What became of the covers of a collection."""
    table = Table(box=None, show_header=False)
    rows = {
        "asked for": summary.asked,
        "found": summary.found,
        "there already": summary.present,
        "given up before": summary.given_up,
        "downloaded": summary.downloaded,
        "duplicate": summary.duplicates,
        "refused": summary.refused.total(),
    }
    for name, count in rows.items():
        table.add_row(name, f"{count:,}", "")
    for reason, count in summary.refused.most_common():
        table.add_row("", f"{count:,}", printable(reason))
    return table


def _records(out: Path):
    return read_records(out / RECORDS_FILE) if (out / RECORDS_FILE).exists() else iter(())
