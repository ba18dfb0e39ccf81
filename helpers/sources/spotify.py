"""Spotify, through spotipy: how an API of today is used. Its policy forbids to train on anything that it gives.

    spotify = Spotify(client)  # with the keys that SPOTIPY_CLIENT_ID and SPOTIPY_CLIENT_SECRET hold
    collect(spotify.with_features(spotify.albums(genre="k-pop", year=(2010, 2019))), folder, client, limit=100)

Batch requests, recommendations, top tracks and new releases are gone; see `helpers.sources.spotify_api` for the rest.
"""

import re
from collections.abc import Container, Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Protocol

from helpers.errors import CourseError
from helpers.genres import course_genres
from helpers.releases import year_of
from helpers.sources import features
from helpers.sources.answers import number, objects, text
from helpers.sources.collection import Found
from helpers.sources.http import Client, Failed, TryLater
from helpers.sources.matching import clean, same_name, same_year, spellings
from helpers.sources.spotify_api import PAGE, SpotifyAPI
from helpers.sources.terms import Terms

ALBUM_TYPES = ("album", "single", "compilation")
LONG_PAGE, LONGEST = 50, 10_000  # tracks of an album or a playlist
FEATURES_AT_ONCE = 100

ID = re.compile(r"[0-9A-Za-z]+")
DATE = re.compile(r"\d{4}(-\d\d(-\d\d)?)?")

Years = int | tuple[int, int]
Features = dict[str, float]


class FeatureSource(Protocol):
    """Another service that knows audio features of Spotify's tracks."""

    NAME: str

    def features(self, track_ids: Iterable[str]) -> dict[str, Features]:
        """The features of those tracks that it knows, by id."""


class Spotify:
    """Albums, tracks and covers (640 px) of Spotify, for whoever has keys.

    Documentation: https://developer.spotify.com/documentation/web-api; rates are not published, beyond a window of 30
    seconds and, as its users found, one of a day.

    Args:
        client: asks for everything; its cache never holds keys or tokens.
        client_id, client_secret: the keys; by default those of the environment or of Colab's Secrets.
        base_url, accounts_url: where the service and its login are.
        interval: seconds between requests.
        known: ids of albums that are had already: they cost no request of their own.
        other: where to get audio features if Spotify refuses them.

    Raises:
        CourseError: if there are no keys.
    """

    NAME = "spotify"
    TERMS = Terms(
        licence="© label or artist; Spotify Developer Terms",
        url="https://developer.spotify.com/policy",
        ml_use="forbidden",
        why="Section III.14 of the developer policy, and IV.2.a.i of the developer terms, rule out training a model on "
        "Spotify's content: covers, genres and audio features alike.",
    )
    URL = "https://api.spotify.com/v1"
    ACCOUNTS_URL = "https://accounts.spotify.com"
    INTERVAL = 0.5

    def __init__(
        self,
        client: Client,
        client_id: str | None = None,
        client_secret: str | None = None,
        *,
        base_url: str = URL,
        accounts_url: str = ACCOUNTS_URL,
        interval: float = INTERVAL,
        known: Container[str] = (),
        other: FeatureSource | None = None,
    ):
        self.known, self.other = known, other
        self._api = SpotifyAPI(client, client_id, client_secret, base_url, accounts_url, interval)
        self._spotipy = self._api.calls
        self._gives_features = self._gives_genres = True
        self._genres: dict[str, list[str]] = {}
        self._said: set[str] = set()

    def albums(
        self,
        *,
        year: Years | None = None,
        genre: str = "",
        artist: str = "",
        query: str = "",
        playlist: str = "",
        market: str = "KR",
        album_types: Iterable[str] = ("album", "single"),
        released: tuple[str, str] | None = None,
        popularity: tuple[int, int] | None = None,
    ) -> Iterator[Found]:
        """Albums, each once, as Spotify ranks them.

        Spotify filters albums by year and artist, but only artists by genre. So a genre is looked up as its artists, of
        which then all albums are listed; year after year is searched otherwise, since no search goes beyond 1,010.

        Args:
            year: of release, or the first and the last one.
            genre: as Spotify writes it, such as "k-pop".
            artist, query: a name; words to search for besides.
            playlist: id or address of a playlist, in place of a search; only its owner's app may see what is in it.
            market: country whose catalogue is searched, as two letters.
            album_types: of `ALBUM_TYPES`; EPs, and with them the mini albums of K-pop, count as singles.
            released: first and last date, such as ("2016-07", "2016-12-31").
            popularity: lowest and highest, from 0 to 100; costs a request for each album, and new apps are not told.

        Raises:
            CourseError: if nothing is asked for, or an option has no such value; while iterating, if Spotify does not
                answer, as `Failed` or `TryLater`.
        """
        types = tuple(album_types)
        if unknown := set(types) - set(ALBUM_TYPES):
            raise CourseError(f"There are no albums of type {min(unknown)!r}; choose from {', '.join(ALBUM_TYPES)}.")
        if not re.fullmatch("[A-Z]{2}", market):
            raise CourseError(f"{market!r} is no market; write a country as two letters, such as KR.")
        years = (year, year) if isinstance(year, int) else year
        spans = [tuple(map(str, years))] if years else []
        spans += [released] if released else []
        for first, last in spans:
            if not (DATE.fullmatch(first) and DATE.fullmatch(last) and _within(first, first, last)):
                raise CourseError(f"{first!r} to {last!r} is no span of time; write years, or dates like 2016-12-31.")
        filters = {"artist": artist, "genre": genre}
        words = [clean(query), *(f"{name}:{_quoted(value)}" for name, value in filters.items() if value)]
        words = " ".join(filter(None, words))
        if playlist and words:
            raise CourseError("A playlist is taken as it is; leave out genre, artist and query, or the playlist.")
        if not (playlist or words or years):
            raise CourseError("Spotify needs something to search for: a year, a genre, an artist, words or a playlist.")
        if playlist:
            albums = self._on(playlist, market)
        elif genre:
            albums = self._by_artists(words, market, types)
        else:
            albums = self._searched(words, years, market)
        return self._chosen(albums, genre, types, spans, popularity)

    def find(self, artist: str, title: str, year: int | None = None) -> Found | None:
        """The album of that name, or None.

        Raises:
            CourseError: if Spotify does not answer.
        """
        for name in spellings(artist)[:1]:
            for words in spellings(title):
                query = f"album:{_quoted(words)} artist:{_quoted(name)}"
                for album in islice(self._search("album", query, "KR"), PAGE):
                    found = self._found(album, "")
                    if found and same_name(found.record.artist, artist) and same_name(found.record.title, title):
                        if same_year(found.record.year, year):
                            return found
        return None

    def tracks(self, album_id: str) -> dict[str, str]:
        """The titles of an album's tracks by their ids, in their order."""
        tracks = self._api.pages(self._spotipy.album_tracks, album_id, limit=LONG_PAGE, furthest=LONGEST)
        return {_id(track): text(track, "name") for track in tracks if _id(track)}

    def features(self, track_ids: Iterable[str]) -> dict[str, Features]:
        """Audio features of tracks, by id; those that nobody knows are left out.

        Spotify gives them to apps from before 27 November 2024. Otherwise that is said, once, and `other` is asked.
        https://developer.spotify.com/blog/2024-11-27-changes-to-the-web-api
        """
        ids = [track_id for track_id in track_ids if ID.fullmatch(track_id)]
        if self._gives_features:
            try:
                return self._own_features(ids)
            except Failed as error:
                if error.status not in (403, 404):
                    raise
            self._gives_features = False
            instead = f"{self.other.NAME} is asked instead" if self.other else "they stay unknown"
            print(f"Spotify keeps its audio features from apps made after 27 November 2024, so {instead}.")
        return self._others_features(ids) if self.other else {}

    @property
    def features_source(self) -> str:
        """Who the features come from, as far as is known by now; empty if from nobody."""
        return self.NAME if self._gives_features else self.other.NAME if self.other else ""

    def with_features(self, found: Iterable[Found]) -> Iterator[Found]:
        """The same covers, those that are not `known` with the means of their tracks' audio features."""
        for cover in found:
            if cover.record.source_id not in self.known:
                means = features.mean(self.features(self.tracks(cover.record.source_id)).values())
                source = self.features_source if means else ""
                cover = replace(cover, record=replace(cover.record, features=means, features_source=source))
            yield cover

    def _searched(self, words: str, years: tuple[int, int] | None, market: str) -> Iterator[dict]:
        for year in range(years[0], years[1] + 1) if years else [None]:
            yield from self._search("album", f"{words} year:{year}".strip() if year else words, market)

    def _by_artists(self, words: str, market: str, types: tuple[str, ...]) -> Iterator[dict]:
        options = {"include_groups": ",".join(types), "country": market}
        for artist in filter(_id, self._search("artist", words, market)):
            self._genres[_id(artist)] = _tags(artist)
            yield from self._api.pages(self._spotipy.artist_albums, _id(artist), **options)

    def _on(self, playlist: str, market: str) -> Iterator[dict]:
        options = {"limit": LONG_PAGE, "furthest": LONGEST, "market": market}
        try:
            for entry in self._api.pages(self._spotipy.playlist_items, playlist, **options):
                for track in objects([entry.get("item"), entry.get("track")]):  # "track" until February 2026
                    yield from objects([track.get("album")])
        except Failed as error:
            if error.status not in (400, 403, 404):
                raise
            raise CourseError(
                f"Spotify shows no playlist {playlist!r} to this app: an app sees its owner's playlists only, and none "
                "of Spotify's own; search by year, genre or artist instead."
            ) from None

    def _search(self, kind: str, query: str, market: str) -> Iterator[dict]:
        return self._api.pages(self._spotipy.search, query, part=f"{kind}s", type=kind, market=market)

    def _chosen(self, albums, genre, types, spans, popularity) -> Iterator[Found]:
        """The albums that meet the wishes, as what can be collected."""
        seen = set()
        for album in albums:
            date, kind = text(album, "release_date"), text(album, "album_type").lower()
            if not _id(album) or _id(album) in seen or (kind and kind not in types):
                continue
            if not all(DATE.fullmatch(date) and _within(first, date, last) for first, last in spans):
                continue
            if popularity and _id(album) not in self.known and not self._is_popular(_id(album), popularity):
                continue
            if cover := self._found(album, genre):
                seen.add(_id(album))
                yield cover

    def _found(self, album: dict, genre: str) -> Found | None:
        """An album as what can be collected, if it has an id and a title; one without pictures is refused there."""
        if not _id(album) or not text(album, "name"):
            return None
        artists = [artist for artist in objects(album.get("artists")) if text(artist, "name")]
        # The documentation says widest first; that costs nothing to see to.
        images = sorted(objects(album.get("images")), key=lambda image: -(number(image, "width") or 0))
        record = self.TERMS.record(
            self.NAME,
            _id(album),
            artist=", ".join(artist["name"] for artist in artists),
            title=album["name"],
            year=year_of(text(album, "release_date")),
            genres=course_genres([genre, *self._genres_of(album, artists)]),
        )
        return Found(record, tuple(url for image in images if (url := text(image, "url")).startswith("http")))

    def _genres_of(self, album: dict, artists: list[dict]) -> list[str]:
        """The tags of the first artist: those of albums have been empty since 2016, those of artists may be missing."""
        artist = _id(artists[0]) if artists else ""
        if artist not in self._genres:
            if not artist or not self._gives_genres or _id(album) in self.known:
                return []
            try:
                answer = self._api.ask(self._spotipy.artist, artist)
            except Failed as error:
                if error.status != 404:
                    raise
                answer = {"genres": []}
            self._gives_genres = "genres" in answer
            if not self._gives_genres:
                self._say("Spotify tells this app no genres of artists, so only a genre that is asked for is noted.")
            self._genres[artist] = _tags(answer)
        return self._genres[artist]

    def _is_popular(self, album_id: str, span: tuple[int, int]) -> bool:
        popularity = number(self._api.ask(self._spotipy.album, album_id), "popularity")
        if popularity is None:
            self._say("Spotify tells this app nothing of how popular albums are, so they are not chosen by it.")
        return popularity is None or span[0] <= popularity <= span[1]

    def _own_features(self, ids: list[str]) -> dict[str, Features]:
        found = {}
        for start in range(0, len(ids), FEATURES_AT_ONCE):
            answer = self._api.ask(self._spotipy.audio_features, ids[start : start + FEATURES_AT_ONCE], kind=list)
            found |= {_id(row): features.known(row) for row in objects(answer)}
        return {track: found[track] for track in ids if found.get(track)}

    def _others_features(self, ids: list[str]) -> dict[str, Features]:
        try:
            return self.other.features(ids)
        except TryLater:
            raise
        except CourseError as error:
            print(f"{self.other.NAME} gives no audio features, so they stay unknown. {error}")
            self.other = None
            return {}

    def _say(self, sentence: str) -> None:
        if sentence not in self._said:
            self._said.add(sentence)
            print(sentence)


def _id(thing: dict) -> str:
    """The id of an album, an artist or a track; empty if it has none that can be put into an address."""
    found = text(thing, "id")
    return found if ID.fullmatch(found) else ""


def _tags(artist: dict) -> list[str]:
    tags = artist.get("genres")
    return tags if isinstance(tags, list) else []


def _within(first: str, date: str, last: str) -> bool:
    """Whether a date may lie between two others, each as precise as it is: a year, a month or a day."""
    return first[: len(date)] <= date[: len(first)] and date[: len(last)] <= last[: len(date)]


def _quoted(name: str) -> str:
    """A name as the value of a filter; there is no documented way to write quotation marks inside."""
    return '"' + clean(name).replace('"', " ") + '"'
