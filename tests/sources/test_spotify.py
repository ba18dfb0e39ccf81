"""Spotify: its real client, against handmade answers in the shapes of https://developer.spotify.com/documentation/web-api

and against the demo server that ships with the course. Nothing here was recorded from the live service.
"""

import json
import logging
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from loopback import Answer, FakeClock, jpeg

from helpers.covers import CoverSet
from helpers.errors import CourseError
from helpers.records import RECORDS_FILE, read_records
from helpers.sources.collection import collect
from helpers.sources.demo import spotify as demo_spotify
from helpers.sources.demo_server import DemoServer
from helpers.sources.http import Client, Failed, TryLater
from helpers.sources.spotify import Spotify

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:spotipy.client")

CLIENT_ID, CLIENT_SECRET = "idOfTheApp000", "secretOfTheApp111"
TOKEN = "token-nobody-may-see-"


def told(content, status=200, **headers):
    return Answer(json.dumps(content).encode(), status, {"Content-Type": "application/json"} | headers)


def error(status, message, **headers):
    return told({"error": {"status": status, "message": message}}, status, **headers)


def page(items, more=False):
    return {"items": items, "next": "https://api.spotify.com/v1/…" if more else None, "total": len(items)}


def album(number, **changes):
    return {
        "id": f"album{number}",
        "name": f"Album {number}",
        "album_type": "album",
        "artists": [{"id": "artist1", "name": "IU"}],
        "images": [{"url": f"https://i.example/{size}", "width": size, "height": size} for size in (640, 300, 64)],
        "release_date": "2016-10-10",
        "release_date_precision": "day",
    } | changes


class Service:
    """Spotify with as much in it as a test says.

    Attributes:
        routes: what is answered below each path: what becomes JSON, or a function of the request.
        uses: how many requests a token is good for.
    """

    def __init__(self, server):
        self.server, self.routes, self.uses = server, {}, 10**6
        self.tokens = self.left = 0
        server.answer = self.answer

    def answer(self, request):
        if request.path == "/accounts/api/token":
            self.tokens, self.left = self.tokens + 1, self.uses
            return told({"access_token": f"{TOKEN}{self.tokens}", "token_type": "Bearer", "expires_in": 3600})
        if request.headers.get("Authorization") != f"Bearer {TOKEN}{self.tokens}" or not self.left:
            return error(401, "The access token expired")
        self.left -= 1
        found = self.routes.get(request.path.removeprefix("/v1").rstrip("/"), error(404, "Resource not found"))
        found = found(request) if callable(found) else found
        return found if isinstance(found, Answer) else told(found)

    def asked(self):
        """The paths that were asked for, without the login."""
        return [path.removeprefix("/v1").rstrip("/") for path in self.server.paths() if path.startswith("/v1")]


@pytest.fixture
def service(server):
    service = Service(server)
    service.routes["/artists/artist1"] = {"id": "artist1", "name": "IU", "genres": ["k-pop"]}
    return service


def spotify_at(server, client, **options):
    addresses = {"base_url": f"{server.url}/v1", "accounts_url": f"{server.url}/accounts", "interval": 0}
    return Spotify(client, CLIENT_ID, CLIENT_SECRET, **addresses, **options)


@pytest.fixture
def spotify(server, client, service):
    return spotify_at(server, client)


def searched(*albums):
    return {"albums": page(list(albums))}


# Keys


@pytest.fixture
def no_keys(monkeypatch):
    monkeypatch.delenv("SPOTIPY_CLIENT_ID", raising=False)
    monkeypatch.delenv("SPOTIPY_CLIENT_SECRET", raising=False)


def test_without_keys_it_says_where_to_get_them(client, no_keys):
    with pytest.raises(CourseError, match=r"developer.spotify.com/dashboard.*SPOTIPY_CLIENT_SECRET.*demo server"):
        Spotify(client)


def test_keys_come_from_the_environment(server, client, service, no_keys, monkeypatch):
    service.routes["/search"] = searched(album(1))
    monkeypatch.setenv("SPOTIPY_CLIENT_ID", "demo")
    monkeypatch.setenv("SPOTIPY_CLIENT_SECRET", "secret\n")
    spotify = Spotify(client, base_url=f"{server.url}/v1", accounts_url=f"{server.url}/accounts", interval=0)
    assert len(list(spotify.albums(year=2016))) == 1
    assert server.requests[0].headers["Authorization"] == "Basic ZGVtbzpzZWNyZXQ="  # demo:secret


@pytest.mark.parametrize("key", ["paßwort", "two words", "a:b", '"quoted"'])
def test_a_key_that_was_copied_badly_is_not_repeated_in_the_error(client, key):
    with pytest.raises(CourseError, match="SPOTIPY_CLIENT_SECRET holds something else") as told:
        Spotify(client, CLIENT_ID, key)
    assert key not in str(told.value)


def test_wrong_keys_are_told_in_a_sentence(server, client, service):
    server.answer = lambda request: told({"error": "invalid_client", "error_description": CLIENT_SECRET}, 400)
    with pytest.raises(CourseError, match=r"refuses the keys \(invalid_client\)") as raised:
        list(spotify_at(server, client).albums(year=2016))
    assert CLIENT_SECRET not in str(raised.value) and CLIENT_ID not in str(raised.value)


@pytest.mark.parametrize("login", [{}, [], None, "x", {"access_token": "x"}, {"access_token": 1, "expires_in": None}])
def test_a_login_that_is_none_is_told_in_a_sentence(server, client, login):
    server.answer = lambda request: told(login) if request.method == "POST" else error(401, "Invalid access token")
    with pytest.raises(CourseError):
        list(spotify_at(server, client).albums(year=2016))


def test_neither_keys_nor_tokens_are_left_anywhere(server, tmp_path, service, caplog, capsys):
    caplog.set_level(logging.DEBUG)
    service.routes |= {
        "/search": lambda request: searched(
            *(
                album(i, images=[{"url": f"{server.url}/{i}.jpg"}], artists=[{"id": "gone", "name": "?"}])
                for i in range(3)
            )
        ),
        **{f"/albums/album{i}/tracks": page([{"id": f"t{i}", "name": "T"}]) for i in range(3)},
        "/audio-features": error(403, "no"),
    }
    answer, service.uses = server.answer, 4
    server.answer = lambda request: (
        Answer(jpeg(len(request.path)), 200, {"Content-Type": "image/jpeg"})
        if request.path.endswith("jpg")
        else answer(request)
    )
    client = Client(cache=tmp_path / "out" / "answers.sqlite")
    spotify = spotify_at(server, client)
    collect(spotify.with_features(spotify.albums(year=2016)), tmp_path / "out", client)
    with pytest.raises(Failed) as raised:
        spotify.tracks("gone")
    assert service.tokens > 1 and (tmp_path / "out" / "answers.sqlite").stat().st_size
    kept = b"".join(path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file())
    said = f"{raised.value!r} {spotify!r} {vars(spotify)} {caplog.text} {capsys.readouterr()}".encode()
    for hidden in (CLIENT_SECRET, TOKEN, "Basic "):
        assert hidden.encode() not in kept + said
    assert "spotipy" not in caplog.text


# Searching


def test_years_are_searched_one_by_one_in_pages_of_ten(spotify, service):
    pages = {("year:2016", 0): range(10), ("year:2016", 10): range(10, 13), ("year:2017", 0): range(13, 15)}

    def search(request):
        numbers = pages[request.query["q"], int(request.query["offset"])]
        date = request.query["q"].removeprefix("year:")
        return {"albums": page([album(i, release_date=date) for i in numbers], more=len(numbers) == 10)}

    service.routes["/search"] = search
    found = list(spotify.albums(year=(2016, 2017)))
    assert [cover.record.source_id for cover in found] == [f"album{i}" for i in range(15)]
    assert {cover.record.year for cover in found} == {2016, 2017}
    queries = [request.query for request in service.server.requests if request.path == "/v1/search"]
    assert {(query["type"], query["limit"], query["market"]) for query in queries} == {("album", "10", "KR")}


def test_a_search_ends_at_the_largest_offset_that_is_allowed(server, service):
    spotify, numbers = spotify_at(server, Client()), count()
    service.routes["/search"] = lambda request: {"albums": page([album(next(numbers)) for _ in range(10)], more=True)}
    assert len(list(spotify.albums(query="love"))) == 1010
    assert service.server.requests[-1].query["offset"] == "1000"


def test_a_search_ends_at_an_empty_page_whatever_it_says_of_the_next(spotify, service):
    service.routes["/search"] = {"albums": page([], more=True)}
    assert list(spotify.albums(query="love")) == []
    assert service.asked() == ["/search"]


def test_a_genre_is_looked_up_as_its_artists_since_albums_have_none(spotify, service):
    service.routes |= {
        "/search": {"artists": page([{"id": "a1", "name": "IU", "genres": ["k-ballad"]}, {"id": "a2", "name": "?"}])},
        "/artists/a1/albums": page([album(1, artists=[{"id": "a1", "name": "IU"}]), album(2, release_date="2009")]),
        "/artists/a2/albums": page([album(1), album(3, artists=[{"id": "a2", "name": "?"}])]),
    }
    found = list(spotify.albums(genre="k-pop", year=(2010, 2019)))
    assert [cover.record.source_id for cover in found] == ["album1", "album3"]
    assert all(cover.record.genres[0] == "kpop" for cover in found)
    search, *artists = [request for request in service.server.requests if request.path.startswith("/v1")]
    assert (search.query["type"], search.query["q"]) == ("artist", 'genre:"k-pop"')
    assert {artist.query["limit"] for artist in artists} == {"10"}
    assert {artist.query["include_groups"] for artist in artists} == {"album,single"}


def test_words_and_names_narrow_a_search_and_cannot_break_out_of_it(spotify, service):
    service.routes["/search"] = searched()
    list(spotify.albums(query="love\n poem", artist='IU" OR "x', year=2019))
    assert service.server.requests[-1].query["q"] == 'love poem artist:"IU  OR  x" year:2019'
    service.routes["/search"] = {"artists": page([])}
    list(spotify.albums(query="the", artist="IU", genre="k-pop"))
    assert service.server.requests[-1].query["q"] == 'the artist:"IU" genre:"k-pop"'


def test_a_record_has_all_that_an_album_says_and_the_largest_picture_first(spotify, service):
    sizes = [{"url": f"https://i.example/{size}", "width": size} for size in (64, 640, None, 300)]
    service.routes["/search"] = searched(
        album(
            1, name="꽃갈피 🌸/..", images=sizes, release_date="2014-05", artists=[{"id": "artist1", "name": "아이유"}]
        )
    )
    (found,) = spotify.albums(query="꽃갈피")
    record = found.record
    assert (record.source, record.source_id) == ("spotify", "album1")
    assert (record.artist, record.title, record.year, record.genres) == ("아이유", "꽃갈피 🌸/..", 2014, ("kpop",))
    assert (record.ml_use, record.terms_url) == ("forbidden", "https://developer.spotify.com/policy")
    assert [url.rpartition("/")[2] for url in found.urls] == ["640", "300", "64", "None"]


def test_types_and_dates_are_chosen_by_what_is_known_of_them(spotify, service):
    service.routes["/search"] = searched(
        album(1, release_date="2016"),
        album(2, release_date="2016-06"),
        album(3, release_date="2016-08-31"),
        album(4, release_date="2016-09-01"),
        album(5, release_date="0000"),
        album(6, album_type="compilation", release_date="2016-08"),
        album(7, album_type="single", release_date="2016-08"),
    )

    def ids(**options):
        return [int(cover.record.source_id[5:]) for cover in spotify.albums(query="x", **options)]

    assert ids() == [1, 2, 3, 4, 5, 7]
    assert ids(released=("2016-07", "2016-08")) == [1, 3, 7]
    assert ids(released=("2016-06-15", "2016-08-30")) == [1, 2, 7]
    assert ids(album_types=["compilation"]) == [6]


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"year": (2019, 2010)},
        {"year": 16},
        {"query": "x", "market": "Korea"},
        {"query": "x", "album_types": ["ep"]},
        {"query": "x", "released": ("yesterday", "2016")},
        {"playlist": "mine", "genre": "k-pop"},
    ],
)
def test_a_wish_that_makes_no_sense_is_refused_before_anything_is_asked(spotify, service, wish):
    with pytest.raises(CourseError):
        spotify.albums(**wish)
    assert not service.server.requests


def test_where_popularity_is_told_it_is_a_filter(spotify, service):
    service.routes |= {"/search": searched(*map(album, range(4)))}
    service.routes |= {f"/albums/album{i}": album(i, popularity=30 * i) for i in range(4)}
    assert [cover.record.source_id for cover in spotify.albums(year=2016, popularity=(30, 60))] == ["album1", "album2"]


def test_where_popularity_is_not_told_it_is_said_once_and_drops_nothing(spotify, service, capsys):
    service.routes |= {"/search": searched(*map(album, range(4)))}
    service.routes |= {f"/albums/album{i}": album(i) for i in range(4)}
    assert len(list(spotify.albums(year=2016, popularity=(30, 60)))) == 4
    assert capsys.readouterr().out.count("popular") == 1


def test_an_app_that_is_told_no_genres_asks_one_artist_only(spotify, service, capsys):
    service.routes |= {"/search": searched(*(album(i, artists=[{"id": f"a{i}", "name": "?"}]) for i in range(5)))}
    service.routes |= {f"/artists/a{i}": {"id": f"a{i}", "name": "?"} for i in range(5)}
    assert [cover.record.genres for cover in spotify.albums(year=2016)] == [()] * 5
    assert service.asked() == ["/search", "/artists/a0"]
    assert capsys.readouterr().out.count("genres of artists") == 1


def test_an_artist_who_is_gone_has_no_genres(spotify, service):
    service.routes["/search"] = searched(album(1, artists=[{"id": "gone", "name": "?"}]), album(2))
    assert [cover.record.genres for cover in spotify.albums(year=2016)] == [(), ("kpop",)]


def test_the_albums_of_a_playlist(spotify, service):
    entries = [
        {"item": {"type": "track", "album": album(1)}},
        {"item": {"type": "track", "album": album(1)}},
        {"track": {"type": "track", "album": album(2)}},  # as it was until February 2026
        {"item": {"type": "episode"}},
        {"item": None},
        None,
    ]
    service.routes["/playlists/mine/items"] = page(entries)
    found = spotify.albums(playlist="https://open.spotify.com/playlist/mine?si=1")
    assert [cover.record.source_id for cover in found] == ["album1", "album2"]


@pytest.mark.parametrize("status", [403, 404])
def test_a_playlist_of_somebody_else_is_told_in_a_sentence(spotify, service, status):
    service.routes["/playlists/theirs/items"] = error(status, "Forbidden")
    for playlist in ("theirs", "spotify:playlist:theirs", "../../me"):
        with pytest.raises(CourseError, match="shows no playlist"):
            list(spotify.albums(playlist=playlist))
    assert set(service.asked()) <= {"/playlists/theirs/items"}


def test_find_knows_the_album_from_others_of_its_name(spotify, service):
    service.routes["/search"] = searched(
        album(1, name="Palette (Live)"),
        album(2, name="Palette", artists=[{"id": "x", "name": "Other"}]),
        album(3, name="PALETTE", release_date="2017-04-21"),
    )
    assert spotify.find("IU", "Palette", 2017).record.source_id == "album3"
    assert spotify.find("IU", "Palette", 1999) is None
    assert spotify.find("IU", 'Real "quoted"') is None
    assert service.server.requests[1].query["q"] == 'album:"Palette" artist:"IU"'


# Tracks and features


class Other:
    """Another service for audio features."""

    NAME = "other"

    def __init__(self):
        self.asked = []

    def features(self, track_ids):
        self.asked += track_ids
        return {track: {"energy": 0.5 + number / 4} for number, track in enumerate(track_ids)}


@pytest.fixture
def with_tracks(service):
    service.routes |= {
        "/search": searched(album(1), album(2)),
        "/albums/album1/tracks": page([{"id": "t1", "name": "하나"}, {"id": "t2", "name": "둘"}, {"id": "../x"}]),
        "/albums/album2/tracks": page([{"id": "t3", "name": "셋"}]),
        "/audio-features": told({"error": {"status": 403}}, 403),
    }
    return service


def test_an_app_of_today_is_refused_features_and_another_service_is_asked(server, client, with_tracks, capsys):
    other = Other()
    spotify = spotify_at(server, client, other=other)
    assert spotify.tracks("album1") == {"t1": "하나", "t2": "둘"}
    first, second = spotify.with_features(spotify.albums(year=2016))
    assert first.record.features["energy"] == 0.625 and second.record.features["energy"] == 0.5
    assert first.record.features_source == "other" and other.asked == ["t1", "t2", "t3"]
    assert spotify.features(["t9"]) == {"t9": {"energy": 0.5}}
    assert with_tracks.asked().count("/audio-features") == 1
    assert capsys.readouterr().out.count("27 November 2024") == 1


def test_another_service_that_fails_costs_the_features_and_not_the_covers(server, client, with_tracks, capsys):
    class Gone(Other):
        def features(self, track_ids):
            self.asked += track_ids
            raise CourseError("It is gone.")

    spotify = spotify_at(server, client, other=(other := Gone()))
    first, second = spotify.with_features(spotify.albums(year=2016))
    assert first.record.source_id == "album1" and first.record.features_source == ""
    assert other.asked == ["t1", "t2"]  # once, and not again for the next album
    assert capsys.readouterr().out.count("so they stay unknown. It is gone.") == 1


def test_without_another_service_features_stay_unknown(spotify, with_tracks, capsys):
    first, second = spotify.with_features(spotify.albums(year=2016))
    assert first.record.features_source == "" and first.record.features["energy"] != first.record.features["energy"]
    assert "stay unknown" in capsys.readouterr().out


def test_an_old_app_has_the_mean_of_each_album_and_the_values_of_each_track(server, client, with_tracks):
    rows = [
        {"id": "t1", "energy": 0.2, "tempo": 100, "key": 5},
        None,
        {"id": "t2", "energy": 0.6, "tempo": "fast", "danceability": 7},
    ]
    with_tracks.routes["/audio-features"] = lambda request: {"audio_features": rows}
    spotify = spotify_at(server, client, other=Other())
    assert spotify.features(["t1", "t2", "t3"]) == {"t1": {"energy": 0.2, "tempo": 100}, "t2": {"energy": 0.6}}
    first, _ = spotify.with_features(spotify.albums(year=2016))
    assert (first.record.features["energy"], first.record.features["tempo"]) == (0.4, 100)
    assert first.record.features_source == "spotify"


def test_albums_that_are_known_cost_nothing(server, client, with_tracks):
    spotify = spotify_at(server, client, known={"album1", "album2"})
    found = list(spotify.with_features(spotify.albums(year=2016, popularity=(0, 100))))
    assert [cover.record.source_id for cover in found] == ["album1", "album2"]
    assert with_tracks.asked() == ["/search"]


# What goes wrong


def test_a_token_that_runs_out_is_replaced_and_the_work_goes_on(spotify, service):
    service.uses = 2
    service.routes |= {"/search": searched(*(album(i, artists=[{"id": f"a{i}", "name": "?"}]) for i in range(9)))}
    service.routes |= {f"/artists/a{i}": {"genres": ["rock"]} for i in range(9)}
    assert [cover.record.genres for cover in spotify.albums(year=2016)] == [("rock",)] * 9
    assert service.tokens == 5


def test_a_token_that_never_works_is_replaced_once_only(spotify, service):
    service.uses = 0
    with pytest.raises(Failed, match="401"):
        list(spotify.albums(year=2016))
    assert service.tokens == 2 and len(service.asked()) == 2


def test_the_app_of_an_owner_without_premium_is_told_so(spotify, service):
    service.routes["/search"] = error(403, "Active premium subscription required for the owner of the app.")
    with pytest.raises(CourseError, match="only while their owner has Premium"):
        list(spotify.albums(year=2016))


def test_premium_is_not_taken_for_the_end_of_audio_features(spotify, with_tracks):
    with_tracks.routes["/audio-features"] = error(403, "Active premium subscription required for the owner of the app.")
    with pytest.raises(CourseError, match="Premium"):
        spotify.features(["t1"])


def test_pages_that_are_too_long_are_told_so(spotify, service):
    service.routes["/search"] = error(400, "Invalid limit")
    with pytest.raises(CourseError, match="refuses pages of 10"):
        list(spotify.albums(year=2016))


def test_two_seconds_are_waited_for_and_a_day_is_not(server, service):
    clock = FakeClock()
    spotify = spotify_at(server, Client(clock=clock))
    service.routes["/search"] = lambda request: (
        error(429, "API rate limit exceeded", **{"Retry-After": "2"}) if clock.time < 1 else searched(album(1))
    )
    assert len(list(spotify.albums(year=2016))) == 1
    assert clock.time == pytest.approx(2, abs=0.01)

    service.routes["/search"] = error(429, "API rate limit exceeded", **{"Retry-After": "86400"})
    with pytest.raises(TryLater, match="24 hours") as later:
        list(spotify.albums(year=2016))
    assert later.value.seconds == 86400 and clock.time == pytest.approx(2, abs=0.01)


def test_a_login_that_is_asked_too_often_says_when_to_come_back(server):
    server.answer = lambda request: error(429, "…", **{"Retry-After": "86400"})
    with pytest.raises(TryLater):
        list(spotify_at(server, Client(clock=FakeClock())).albums(year=2016))


@pytest.mark.parametrize(
    "answer",
    [
        Answer(b"<html>Bad gateway</html>", 400),
        Answer(b"<html>It works</html>", 200),
        Answer(b"", 200),
        Answer(b"", 404),
        told({"error": "a string"}, 400),
        told({"error": None}, 403),
        told(["a list"], 400),
        told(["a list"]),
        told({}),
        told({"albums": None}),
        told({"albums": {"items": None}}),
        told({"albums": {"items": {"id": "x"}}}),
    ],
    ids=repr,
)
def test_an_answer_that_is_none_is_told_in_a_sentence(spotify, service, answer):
    service.routes["/search"] = answer
    with pytest.raises(Failed):
        list(spotify.albums(year=2016))


def test_a_service_that_is_not_there_is_told_in_a_sentence(server):
    spotify = spotify_at(server, Client(clock=FakeClock()))
    server.close()
    with pytest.raises(Failed, match="cannot be reached"):
        list(spotify.albums(year=2016))


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["id", "name", "url"]), inner),
    max_leaves=4,
)
spoilt = st.fixed_dictionaries({}, optional={name: junk for name in album(0)}).map(lambda changes: album(1) | changes)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(entries=st.lists(spoilt | junk, max_size=4), artist=st.dictionaries(st.just("genres"), junk), tracks=junk)
def test_no_entry_however_spoilt_raises_anything_but_a_sentence(server, service, entries, artist, tracks):
    service.routes |= {"/search": {"albums": page(entries)}, "/artists/artist1": artist}
    service.routes |= {"/albums/album1/tracks": page([tracks]), "/audio-features": {"audio_features": [tracks]}}
    client = Client(clock=FakeClock())  # without a cache: each example has answers of its own
    spotify = spotify_at(server, client)
    try:
        found = list(spotify.with_features(spotify.albums(query="x", popularity=(0, 100))))
    except CourseError:
        return
    for cover in found:
        assert cover.record.source_id.isalnum() and cover.record.title
        assert all(url.startswith("http") for url in cover.urls)


# All of it, against the demo server


@pytest.fixture(scope="module")
def demo():
    with DemoServer() as demo:
        yield demo


def test_a_collection_that_was_cut_short_goes_on_and_asks_nothing_twice(server, service, tmp_path):
    albums = [
        album(i, artists=[{"id": f"a{i}", "name": f"Artist {i}"}], images=[{"url": f"{server.url}/{i}.jpg"}])
        for i in range(6)
    ]
    service.routes |= {"/search": searched(*albums), **{f"/artists/a{i}": {"genres": ["jazz"]} for i in range(6)}}
    service.routes["/artists/a4"] = error(429, "API rate limit exceeded", **{"Retry-After": "86400"})
    as_service = server.answer
    server.answer = lambda request: (
        Answer(jpeg(int(request.path[1])), 200, {"Content-Type": "image/jpeg"})
        if request.path.endswith(".jpg")
        else as_service(request)
    )

    def run():
        client = Client(cache=tmp_path / "answers.sqlite")
        spotify = spotify_at(server, client)
        return collect(spotify.albums(year=2016), tmp_path, client)

    with pytest.raises(TryLater):
        run()
    before = [path for path in service.asked() if path != "/artists/a4"]
    service.routes["/artists/a4"] = {"genres": ["rock"]}
    server.requests.clear()
    summary = run()
    assert len(list(tmp_path.glob("images/*/*.jpg"))) == 6
    assert summary.present + summary.downloaded == 6
    assert set(service.asked()).isdisjoint(before) and len(before) > 4
    assert [record.genres for record in read_records(tmp_path / RECORDS_FILE)] == [("jazz",)] * 4 + [
        ("rock",),
        ("jazz",),
    ]


def test_what_was_collected_becomes_a_training_set_only_with_a_permission(demo, tmp_path):
    client = Client(cache=tmp_path / "covers" / "answers.sqlite")
    spotify = Spotify(client, **demo.at("spotify"))
    summary = collect(spotify.albums(genre="jazz"), tmp_path / "covers", client, limit=6)
    assert summary.downloaded == 6
    with pytest.raises(CourseError, match=r"https://developer.spotify.com/policy.*permission="):
        CoverSet.build(tmp_path / "covers", tmp_path / "set", size=32)
    covers = CoverSet.build(tmp_path / "covers", tmp_path / "set", size=32, permission="a letter from the label")
    assert len(covers) == 6 and set(covers.genres) == {"jazz"}
    kept = b"".join(path.read_bytes() for path in (tmp_path / "covers").rglob("*") if path.is_file())
    assert demo_spotify.CLIENT_SECRET.encode() not in kept and b"demo-token" not in kept


def test_the_demo_server_answers_as_spotify_does_an_app_of_today(demo, capsys):
    client = Client()
    spotify = Spotify(client, **demo.at("spotify"))
    with pytest.raises(CourseError, match="invalid_client"):
        list(Spotify(client, **demo.at("spotify") | {"client_secret": "wrong"}).albums(year=2016))
    decade = list(spotify.albums(year=(2010, 2019)))
    assert len({cover.record.source_id for cover in decade}) == len(decade) > 50  # and more than one token
    assert {cover.record.year for cover in decade} == set(range(2010, 2020))
    assert any(cover.record.genres == () for cover in decade) and any("kpop" in cover.record.genres for cover in decade)
    assert list(spotify.with_features(decade[:1])) == decade[:1]
    assert "27 November 2024" in capsys.readouterr().out
    assert list(spotify.albums(playlist=demo_spotify.PLAYLIST))
    with pytest.raises(CourseError, match="shows no playlist"):
        list(spotify.albums(playlist="37i9dQZF1DX9tPFwDMOaN1"))
    some = decade[0].record
    assert spotify.find(some.artist, some.title, some.year).record.source_id == some.source_id


def test_albums_of_the_demo_server_have_what_is_documented(demo):
    spotify = Spotify(Client(), **demo.at("spotify"))
    (brief, *_) = spotify._api.ask(spotify._api.calls.search, "year:2016", limit=1, type="album")["albums"]["items"]
    whole = spotify._api.ask(spotify._api.calls.album, brief["id"])
    # https://developer.spotify.com/documentation/web-api/reference/search: no copyrights, identifiers and tracks
    assert whole.keys() - brief.keys() == {"copyrights", "external_ids", "tracks"} and brief.items() <= whole.items()
    assert whole["external_urls"] == {"spotify": f"https://open.spotify.com/album/{brief['id']}"}
    assert whole["href"] == f"{demo.url('spotify')}/albums/{brief['id']}"
    assert [notice["type"] for notice in whole["copyrights"]] == ["C", "P"]
    assert whole["tracks"]["href"].startswith(whole["href"]) and whole["tracks"]["previous"] is None


def test_the_demo_server_refuses_long_pages_and_strangers(demo):
    client = Client()
    address = client.service(demo.url("spotify"), interval=0)
    with pytest.raises(Failed, match="No token provided"):
        client.json(f"{address}/search", {"q": "x", "type": "album"})
    api = Spotify(client, **demo.at("spotify"))._api
    with pytest.raises(CourseError, match="Invalid limit"):
        api.ask(api.calls.search, "love", limit=11, type="album")
    with pytest.raises(Failed, match="Invalid offset"):
        api.ask(api.calls.search, "love", limit=10, offset=1001, type="album")
    assert api.ask(api.calls.search, 'genre:"k-pop"', type="album")["albums"]["total"] == 0
    assert api.ask(api.calls.search, 'genre:"k-pop"', type="artist")["artists"]["total"] > 10
