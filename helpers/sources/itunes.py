"""The iTunes Store, by its public search."""

from collections.abc import Iterator

from helpers.errors import CourseError
from helpers.genres import course_genres
from helpers.records import Record
from helpers.releases import year_of
from helpers.sources.answers import number, rows, text
from helpers.sources.collection import Found
from helpers.sources.http import Client, Failed
from helpers.sources.matching import clean, plain, same_name, same_year, spellings
from helpers.sources.terms import Terms

MOST = 200  # albums in an answer; there is no second page
SMALL, LARGE = "100x100bb", "600x600bb"


class ITunes:
    """Albums that a country's store sells, with the store's genres; pictures of 600 pixels.

    Search: https://developer.apple.com/library/archive/documentation/AudioVideo/Conceptual/iTuneSearchAPI/, about
    twenty requests a minute. The documentation promises pictures of 100 pixels; that the same address has larger ones
    under another number is not written anywhere, so the small picture is taken where there is no large one.

    Args:
        client: what asks.
        base_url, interval: of the store; seconds from one request to the next.
    """

    NAME = "itunes"
    URL, INTERVAL = "https://itunes.apple.com", 3.1
    TERMS = Terms(
        licence="promotional content of the iTunes Store",
        url="https://developer.apple.com/library/archive/documentation/AudioVideo/Conceptual/iTuneSearchAPI/",
        ml_use="forbidden",
        why="Apple lets album art be used for one purpose, to promote what the store sells, next to a link to it; to "
        "train a model is another purpose.",
    )

    def __init__(self, client: Client, base_url: str = URL, interval: float = INTERVAL):
        self.client = client
        self.url = client.service(base_url, interval, busy=_too_often) + "/search"

    def albums(self, term: str, country: str = "KR", genre: str = "") -> Iterator[Found]:
        """The store's best matches, at most 200.

        Args:
            term: words of an artist, a title or a genre.
            country: whose store: two letters, such as "KR".
            genre: one of the course's genres, to leave out albums of others.

        Raises:
            CourseError: if there is nothing to search for, or no such country; while iterating, if the store does not
                answer.
        """
        if not (term := clean(term)):
            raise CourseError("iTunes needs words to search for, such as an artist's name.")
        if not (len(country) == 2 and country.isascii() and country.isalpha()):
            raise CourseError(f"{country!r} is no country; iTunes wants its two letters (ISO 3166-1), such as KR.")
        found = self._search(term, country)
        return (album for album in found if not genre or genre in album.record.genres)

    def find(self, artist: str, title: str, year: int | None = None, country: str = "KR") -> Found | None:
        """The album of that name, or None.

        Raises:
            CourseError: if the store does not answer.
        """
        for name in spellings(artist)[:1]:
            for words in spellings(title):
                for album in self._search(f"{name} {words}", country):
                    if _is(album.record, artist, title, year):
                        return album
        return None

    def _search(self, term: str, country: str) -> Iterator[Found]:
        # In English, since the genres of a store are translated.
        asked = {"term": term, "country": country.upper(), "media": "music", "entity": "album", "lang": "en_us"}
        try:
            answer = self.client.json(self.url, asked | {"limit": MOST})
        except Failed as error:
            if error.status != 403:
                raise
            why = "was asked too often; wait a few minutes and run the same again, and it goes on where it stopped"
            raise Failed(self.url, error.status, why) from None
        yield from filter(None, map(self._found, rows(self.url, answer, "results")))

    def _found(self, album: dict) -> Found | None:
        """None if it has no identity, no title or no picture."""
        identity, title = number(album, "collectionId"), plain(text(album, "collectionName"))
        small = text(album, "artworkUrl100")
        if identity is None or not title or not small:
            return None
        record = self.TERMS.record(
            self.NAME,
            str(identity),
            artist=text(album, "artistName"),
            title=title,  # without the "- EP" and "- Single" that only this store adds
            year=year_of(text(album, "releaseDate")),
            genres=course_genres([text(album, "primaryGenreName")]),
        )
        return Found(record, tuple(dict.fromkeys((small.replace(SMALL, LARGE), small))))


def _is(record: Record, artist: str, title: str, year: int | None) -> bool:
    return same_name(record.artist, artist) and same_name(record.title, title) and same_year(record.year, year)


def _too_often(response) -> bool:
    """The store's way to say so is to forbid everything, often without a word."""
    return response.status_code == 403
