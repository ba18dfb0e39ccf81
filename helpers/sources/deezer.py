"""Deezer, a streaming service with a catalogue that anybody may search."""

from collections.abc import Iterator

from helpers.errors import CourseError
from helpers.genres import course_genres
from helpers.releases import year_of
from helpers.sources.answers import number, objects, rows, text
from helpers.sources.collection import Found
from helpers.sources.http import Client, Failed
from helpers.sources.matching import clean, same_name, same_year, spellings
from helpers.sources.terms import Terms

PAGE = 100  # albums in an answer
QUOTA, SERVICE_BUSY, NO_DATA = 4, 700, 800  # of the error codes that https://developers.deezer.com/api/errors lists
NO_COVER = "/images/cover//"  # in the address of the grey picture that stands for a missing cover


class Deezer:
    """Albums with genres and dates; pictures of 1000 pixels, or of 500.

    Search: https://developers.deezer.com/api/search/album; genres and dates: https://developers.deezer.com/api/album,
    which is one more request for each album. Fifty requests in five seconds: https://developers.deezer.com/api.

    Args:
        client: what asks.
        base_url, interval: of the service; seconds from one request to the next.
    """

    NAME = "deezer"
    URL, INTERVAL = "https://api.deezer.com", 0.12
    TERMS = Terms(
        licence="cover: its label or artist; shown by Deezer",
        url="https://developers.deezer.com/termsofuse",
        ml_use="unclear",
        why="Deezer publishes its catalogue to be shown. A permission to train models was not found in its terms, nor "
        "a word against it, and the covers belong to labels and artists.",
    )

    def __init__(self, client: Client, base_url: str = URL, interval: float = INTERVAL):
        self.client = client
        self.url = client.service(base_url, interval, busy=_too_often)

    def albums(self, words: str) -> Iterator[Found]:
        """Albums that match words of an artist, a title or a label, in Deezer's order.

        Raises:
            CourseError: if there are no words; while iterating, if the service does not answer.
        """
        if not (words := clean(words)):
            raise CourseError("Deezer needs words to search for, such as an artist's name.")
        return filter(None, map(self._found, self._search(words)))

    def find(self, artist: str, title: str, year: int | None = None) -> Found | None:
        """The album of that name, or None.

        Raises:
            CourseError: if the service does not answer.
        """
        for name in spellings(artist)[:1]:
            for words in spellings(title):
                for album in self._search(f'artist:"{_quoted(name)}" album:"{_quoted(words)}"', pages=1):
                    if same_name(text(album, "artist", "name"), artist) and same_name(text(album, "title"), title):
                        found = self._found(album)
                        if found and same_year(found.record.year, year):
                            return found
        return None

    def _search(self, words: str, pages: int | None = None) -> Iterator[dict]:
        """Albums as the search knows them: without genres and dates."""
        url, seen, page = f"{self.url}/search/album", set(), 0
        while page != pages:
            # Counted here, for the address of the next page in the answer could lead anywhere.
            answer = self._ask(url, {"q": words, "index": page * PAGE, "limit": PAGE})
            albums = [album for album in rows(url, answer, "data") if number(album, "id") not in seen]
            seen.update(number(album, "id") for album in albums)
            yield from albums
            if not albums or not answer.get("next"):
                return
            page += 1

    def _found(self, album: dict) -> Found | None:
        """None if it has no identity, no title or no picture."""
        identity, title = number(album, "id"), text(album, "title")
        pictures = [text(album, size) for size in ("cover_xl", "cover_big")]
        pictures = [url for url in pictures if url and NO_COVER not in url]
        if identity is None or not title or not pictures:
            return None
        more = self._ask(f"{self.url}/album/{identity}")
        record = self.TERMS.record(
            self.NAME,
            str(identity),
            artist=text(album, "artist", "name"),
            title=title,
            year=year_of(text(more, "release_date")),
            genres=course_genres(text(genre, "name") for genre in objects(more, "genres", "data")),
        )
        return Found(record, tuple(dict.fromkeys(pictures)))

    def _ask(self, url: str, params: dict | None = None) -> dict:
        """What Deezer answers; nothing if it has nothing of that name."""
        try:
            answer = self.client.json(url, params)
        except Failed as error:
            if not (error.status == 200 and error.answer):  # unless it is what `_too_often` knows
                raise
            why = "was asked too often; wait a minute and run the same again, and it goes on where it stopped"
            raise Failed(url, error.status, why, error.answer) from None
        code = _error(answer)
        if code is None:
            return answer if isinstance(answer, dict) else {}
        if code == NO_DATA:
            return {}
        raise Failed(url, 200, f"refuses the request: {text(answer, 'error', 'message') or 'no reason'} (code {code})")


def _error(answer: object) -> int | None:
    """The code of an error; None if an answer is none. Deezer sends both with the HTTP status of success."""
    if not isinstance(answer, dict) or not answer.get("error"):
        return None
    return number(answer, "error", "code") or 0


def _too_often(response) -> bool:
    try:
        return b'"error"' in response.content[:100] and _error(response.json()) in (QUOTA, SERVICE_BUSY)
    except (ValueError, RecursionError):
        return False


def _quoted(name: str) -> str:
    """A name that can stand in quotation marks; Deezer documents no way to write one inside."""
    return name.replace('"', " ")
