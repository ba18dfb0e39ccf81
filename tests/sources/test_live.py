"""What the services answer today: `COVERGAN_CONTACT=you@example.org pytest -m live`, for somebody with a network.

Each test asks a real service for a few covers, at its pace. A failure here is no defect of a release: it says that a
service has changed, and `helpers/sources` has to follow. Spotify needs SPOTIPY_CLIENT_ID and SPOTIPY_CLIENT_SECRET.
"""

import os
from itertools import islice

import pytest

from helpers.errors import CourseError
from helpers.records import read_records
from helpers.secrets import secret
from helpers.sources.collection import collect
from helpers.sources.crawl import Bing, Google
from helpers.sources.deezer import Deezer
from helpers.sources.http import CONTACT, Client
from helpers.sources.itunes import ITunes
from helpers.sources.kpop import chart, popular
from helpers.sources.musicbrainz import MusicBrainz
from helpers.sources.reccobeats import ReccoBeats
from helpers.sources.spotify import Spotify

pytestmark = pytest.mark.live
ALBUM = ("BTS", "Wings", 2016)


@pytest.fixture
def live(tmp_path) -> Client:
    if not os.environ.get(CONTACT):
        pytest.skip(f"set {CONTACT}, so that the services know whom to write to")
    return Client(cache=tmp_path / "answers.sqlite")


def fetched(found, folder, client, count=3, **options):
    collect(islice(found, count), folder, client, **options)
    kept = [record for record in read_records(folder / "records.jsonl") if record.cover_path]
    assert kept, "nothing could be fetched; the reasons are in records.jsonl"
    return kept


@pytest.mark.parametrize("source", [MusicBrainz, ITunes, Deezer])
def test_an_album_is_found_with_its_year_and_genre(live, tmp_path, source):
    found = source(live).find(*ALBUM)
    assert found and abs(found.record.year - 2016) <= 1
    assert fetched([found], tmp_path / "out", live)[0].genres, "no genre of the course among its tags"


def test_musicbrainz_lists_albums_of_a_tag_and_a_country(live, tmp_path):
    fetched(MusicBrainz(live).albums(tag="k-pop", country="KR"), tmp_path / "out", live)


def test_chart(live, tmp_path):
    fetched(popular(chart()[:5], [MusicBrainz(live), Deezer(live)]), tmp_path / "out", live, count=5)


def test_bing(live, tmp_path):
    fetched(Bing(live).pictures("kpop album art", limit=10), tmp_path / "out", live, count=10, robots=True)


def test_google_still_answers_with_a_page_for_browsers(live):
    with pytest.raises(CourseError):
        list(Google(live).pictures("kpop album art", limit=10))


def test_spotify(live, tmp_path):
    if not secret("SPOTIPY_CLIENT_ID"):
        pytest.skip("no keys for Spotify")
    spotify = Spotify(live, other=ReccoBeats(live))
    kept = fetched(spotify.with_features(spotify.albums(genre="k-pop")), tmp_path / "out", live)
    assert {record.ml_use for record in kept} == {"forbidden"}
