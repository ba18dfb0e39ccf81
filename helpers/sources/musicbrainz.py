"""MusicBrainz, the encyclopedia of music that anybody can edit, and the Cover Art Archive, where its covers lie."""

import re
from collections.abc import Iterable, Iterator
from operator import index

from helpers.errors import CourseError
from helpers.genres import course_genres
from helpers.releases import year_of
from helpers.sources.answers import number, objects, rows, text
from helpers.sources.collection import Found
from helpers.sources.http import CONTACT, Client, Failed
from helpers.sources.matching import clean, same_name, same_year, spellings
from helpers.sources.terms import Terms

PAGE = 100  # release groups in an answer, the most there can be
KINDS = "primarytype:(album OR ep)"
_MBID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class MusicBrainz:
    """Albums and EPs, which MusicBrainz calls release groups, with their tags; pictures of up to 500 pixels.

    Search: https://musicbrainz.org/doc/MusicBrainz_API/Search; one request a second, and a contact in the User-Agent:
    https://musicbrainz.org/doc/MusicBrainz_API/Rate_Limiting. Pictures:
    https://musicbrainz.org/doc/Cover_Art_Archive/API, which documents no rate at present.

    Args:
        client: must know whom to contact.
        base_url, interval: of MusicBrainz; seconds from one request to the next.
        covers_url, covers_interval: of the Cover Art Archive.

    Raises:
        CourseError: if the client has no contact.
    """

    NAME = "musicbrainz"
    URL, INTERVAL = "https://musicbrainz.org/ws/2", 1.0
    COVERS_URL, COVERS_INTERVAL = "https://coverartarchive.org", 0.5
    TERMS = Terms(
        licence="cover: its label or artist; facts CC0, tags CC BY-NC-SA 3.0",
        url="https://musicbrainz.org/doc/About/Data_License",
        ml_use="unclear",
        why="The archive lets anybody fetch its pictures and says nothing of models, but the covers belong to labels "
        "and artists, and the tags are for non-commercial use.",
    )

    def __init__(
        self,
        client: Client,
        base_url: str = URL,
        interval: float = INTERVAL,
        covers_url: str = COVERS_URL,
        covers_interval: float = COVERS_INTERVAL,
    ):
        if not client.contact:
            raise CourseError(
                "MusicBrainz wants to know whom to write to when a program misbehaves; set the environment variable "
                f"{CONTACT} to your address, or pass contact= to the client."
            )
        self.client = client
        self.url = client.service(base_url, interval)
        self.covers_url = client.service(covers_url, covers_interval)

    def albums(
        self,
        tag: str = "",
        country: str = "",
        artist: str = "",
        title: str = "",
        years: tuple[int, int] | None = None,
    ) -> Iterator[Found]:
        """Albums to which all that is given applies, the best matches first.

        Args:
            tag: as people on MusicBrainz write it, such as "k-pop".
            country: two letters, such as "KR": only albums that were released there. This is asked of a page of albums
                at a time, so something else must be given as well.
            artist, title: words of them, in this order.
            years: the first and the last in which an album may have come out.

        Raises:
            CourseError: if this says too little or nothing sensible; while iterating, if the service does not answer.
        """
        asked = [("tag", clean(tag)), ("artist", clean(artist)), ("releasegroup", clean(title))]
        clauses = [f"{field}:{_phrases([words])}" for field, words in asked if words]
        if not clauses and (country or not years):
            raise CourseError("MusicBrainz knows millions of albums; give a tag, an artist or a title as well.")
        if country and not re.fullmatch("[A-Za-z]{2}", country):
            raise CourseError(f"{country!r} is no country; MusicBrainz wants its two letters (ISO 3166-1), such as KR.")
        if years:
            clauses.append(_in_years(years))
        return self._albums(" AND ".join([*clauses, KINDS]), country.upper())

    def find(self, artist: str, title: str, year: int | None = None) -> Found | None:
        """The album of that name, or None. Albums proper come before live recordings, compilations and remixes.

        Raises:
            CourseError: if the service does not answer.
        """
        artists, titles = spellings(artist), spellings(title)
        if not artists or not titles:
            return None
        query = f"releasegroup:{_phrases(titles)} AND artist:{_phrases(artists)} AND {KINDS}"
        named = [
            group
            for group in next(self._pages("release-group", "release-groups", query))
            if same_name(text(group, "title"), title)
            and any(same_name(name, artist) for name in _names(group))
            and same_year(year_of(text(group, "first-release-date")), year)
        ]
        named.sort(key=lambda group: bool(group.get("secondary-types")))
        return next(filter(None, map(self._found, named)), None)

    def recordings(self, mbid: str) -> tuple[str, ...]:
        """The ids of what is recorded on an album, in the order of its tracks, each once; empty if that is unknown.

        An album's releases, from a first pressing to a box, have most recordings in common. These are of the one with
        the most tracks, of those that MusicBrainz names first: it gives as many as have 500 tracks together.

        https://musicbrainz.org/doc/MusicBrainz_API#Browse

        Args:
            mbid: of the release group, `source_id` of a record.

        Raises:
            CourseError: if this is no such id, or the service does not answer.
        """
        if not _MBID.fullmatch(mbid):
            raise CourseError(f"{mbid!r} is no id of MusicBrainz; only the albums that it found have one.")
        url = f"{self.url}/release"
        asked = {"release-group": mbid, "inc": "recordings", "fmt": "json", "limit": PAGE}
        try:
            releases = rows(url, self.client.json(url, asked), "releases")
        except Failed as error:
            if error.status != 404:
                raise
            return ()  # somebody has deleted it
        longest = max(map(_recordings, releases), key=len, default=[])
        return tuple(dict.fromkeys(longest))

    def _albums(self, query: str, country: str) -> Iterator[Found]:
        for groups in self._pages("release-group", "release-groups", query):
            found = {text(group, "id"): self._found(group) for group in groups}
            known = [mbid for mbid, album in found.items() if album]
            if country and known:
                known = self._released(known, country)
            yield from (found[mbid] for mbid in known)

    def _released(self, mbids: list[str], country: str) -> list[str]:
        """Those release groups that have a release in a country, which only the search for releases knows."""
        query = f"rgid:({' OR '.join(mbids)}) AND country:{country}"
        here = {
            text(release, "release-group", "id")
            for releases in self._pages("release", "releases", query)
            for release in releases
        }
        return [mbid for mbid in mbids if mbid in here]

    def _pages(self, kind: str, key: str, query: str) -> Iterator[list[dict]]:
        """What a search finds, page by page; at least one."""
        url, offset, seen = f"{self.url}/{kind}", 0, set()
        while True:
            answer = self.client.json(url, {"query": query, "fmt": "json", "limit": PAGE, "offset": offset})
            # A page may repeat what was on an earlier one, when the database changes meanwhile.
            page = [row for row in rows(url, answer, key) if text(row, "id") not in seen]
            yield page
            seen.update(text(row, "id") for row in page)
            offset += PAGE
            if not page or offset >= (number(answer, "count") or 0):
                return

    def _found(self, group: dict) -> Found | None:
        """None if it has no identity or no title."""
        mbid, title = text(group, "id"), text(group, "title")
        if not _MBID.fullmatch(mbid) or not title:
            return None
        record = self.TERMS.record(
            self.NAME,
            mbid,
            artist=_credit(group),
            title=title,
            year=year_of(text(group, "first-release-date")),
            genres=course_genres(_tags(group)),
        )
        front = f"{self.covers_url}/release-group/{mbid}/front"
        return Found(record, (f"{front}-500", front))  # without a number it is the picture as it was uploaded


def _phrases(names: Iterable[str]) -> str:
    """Any of some names, in the language of the search; quoted, so that nothing in them is taken for that language."""
    escaped = (re.sub(r'(["\\])', r"\\\1", name) for name in names)
    return "(" + " OR ".join(f'"{name}"' for name in escaped) + ")"


def _in_years(years: tuple[int, int]) -> str:
    try:
        first, last = map(index, years)
    except (TypeError, ValueError):
        first, last = 0, -1
    if not 1 <= first <= last <= 9999:
        raise CourseError(f"{years!r} is no span of years; give the first and the last, such as (2010, 2019).")
    return f"firstreleasedate:[{first:04} TO {last:04}-12-31]"


def _credit(group: dict) -> str:
    """The artists as the cover names them: "A feat. B"."""
    return "".join(text(part, "name") + text(part, "joinphrase") for part in objects(group, "artist-credit"))


def _names(group: dict) -> list[str]:
    """The names of its artist: as credited and, of one who is alone, all others that MusicBrainz knows."""
    credited = objects(group, "artist-credit")
    alone = credited[0] if len(credited) == 1 else None
    aliases = (text(alias, "name") for alias in objects(alone, "artist", "aliases"))
    return [_credit(group), text(alone, "artist", "name"), *aliases]


def _recordings(release: dict) -> list[str]:
    """The ids of the recordings on all discs of a release."""
    tracks = [track for disc in objects(release, "media") for track in objects(disc, "tracks")]
    return [mbid for track in tracks if _MBID.fullmatch(mbid := text(track, "recording", "id"))]


def _tags(group: dict) -> list[str]:
    """Tags that people gave it, those that most of them agree on first; voted down to nothing is none.

    Genres are the tags that MusicBrainz has checked. They come first among equals.
    """
    votes: dict[str, int] = {}
    for tag in objects(group, "genres") + objects(group, "tags"):
        count = number(tag, "count")
        votes.setdefault(text(tag, "name"), 1 if count is None else count)
    return sorted((name for name, count in votes.items() if name and count > 0), key=lambda name: -votes[name])
