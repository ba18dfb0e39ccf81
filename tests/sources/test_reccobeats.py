"""ReccoBeats: features find their tracks, whatever order and gaps the answer has."""

import json

import pytest
from loopback import Answer

from helpers.records import FEATURE_NAMES, FEATURES, Record
from helpers.sources.demo import catalogue
from helpers.sources.demo.spotify import track_ids
from helpers.sources.demo_server import DemoServer
from helpers.sources.features import mean
from helpers.sources.http import Client, Failed, TryLater
from helpers.sources.reccobeats import ReccoBeats

IDS = [f"{number:022d}" for number in range(100)]

# The shape is that of https://reccobeats.com/docs/apis/get-audio-features, the values are made up.
HANDMADE_ROW = {
    "id": "3a1c2f0e-6a58-4a5e-9a0f-0c1d2e3f4a5b", "href": f"https://open.spotify.com/track/{IDS[3]}",
    "isrc": "QZDEM0000001", "acousticness": 0.174, "danceability": 0.4004, "energy": 0.6899, "instrumentalness": 0.0309,
    "key": 5, "liveness": 0.1188, "loudness": -6.0411, "mode": 1, "speechiness": 0.0566, "tempo": 147.7849,
    "valence": 0.2747,
}  # fmt: skip


@pytest.fixture
def service(server, client) -> ReccoBeats:
    return ReccoBeats(client, server.url, interval=0)


def says(server, content, **options):
    server.answer = lambda request: Answer(json.dumps(content).encode(), **options)


def row(track: str, **values) -> dict:
    return {"href": f"https://open.spotify.com/track/{track}", "energy": 0.5} | values


def test_an_answer_as_documented_gives_nine_features_under_the_names_of_a_record(service, server):
    says(server, {"content": [HANDMADE_ROW]})
    found = service.features([IDS[3]])
    assert found == {IDS[3]: {name: HANDMADE_ROW[name] for name in FEATURE_NAMES if name != "popularity"}}
    record = Record("spotify", IDS[3], features=found[IDS[3]], features_source=service.NAME)
    assert record.features["tempo"] == 147.7849 and record.features_source == "reccobeats"


def test_tracks_are_asked_for_forty_at_a_time_and_each_gets_its_own_features(service, server):
    def answer(request):
        asked = request.query["ids"].split(",")
        rows = [row(track, tempo=100 + int(track)) for track in reversed(asked) if int(track) % 5]
        return Answer(json.dumps({"content": rows}).encode())

    server.answer = answer
    found = service.features(IDS)
    assert server.paths() == ["/v1/audio-features"] * 3
    assert [len(request.query["ids"].split(",")) for request in server.requests] == [40, 40, 20]
    assert list(found) == [track for track in IDS if int(track) % 5]
    assert all(found[track]["tempo"] == 100 + int(track) for track in found)


def test_a_track_named_twice_is_asked_for_once_and_what_is_no_id_not_at_all(service, server):
    says(server, {"content": [row(IDS[0])]})
    assert service.features([IDS[0], "../../admin", "", "x,y", IDS[0], f"{IDS[1]}\n"]) == {IDS[0]: {"energy": 0.5}}
    assert [request.query["ids"] for request in server.requests] == [IDS[0]]


def test_nothing_is_asked_where_there_is_nothing_to_ask_for(service, server):
    assert service.features([]) == {} and server.requests == []


def test_rows_that_say_nothing_usable_and_rows_that_nobody_asked_for_are_left_out(service, server):
    rows = [None, 7, [], {}, {"href": None, "energy": 1}, {"href": 5, "energy": 1}, {"href": "", "energy": 1},
            row(IDS[1], energy=None), row(IDS[2], energy="0.5"), row(IDS[3], energy=7), row(IDS[4], energy=-0.1),
            row(IDS[50]), row(IDS[5], energy=True, tempo=10**400, loudness=0.9, valence=1)]  # fmt: skip
    says(server, {"content": rows})
    assert service.features(IDS[:10]) == {IDS[5]: {"loudness": 0.0, "valence": 1.0}}


@pytest.mark.parametrize("answer", [[], {}, {"content": None}, {"content": {}}, "no", None, 5])
def test_an_answer_without_a_list_is_a_failure_told_in_one_sentence(service, server, answer):
    says(server, answer)
    with pytest.raises(Failed, match=r"content.*\.$"):
        service.features([IDS[0]])


def test_errors_of_the_service_are_failures(service, server):
    says(server, {"code": 4004, "message": "size must be between 1 and 40"}, status=400)
    with pytest.raises(Failed, match="400.*size must be") as error:
        service.features([IDS[0]])
    assert error.value.status == 400


def test_a_day_of_waiting_is_said_instead_of_waited(service, server):
    says(server, {"code": 4291}, status=429, headers={"Retry-After": "86400"})
    with pytest.raises(TryLater) as error:
        service.features([IDS[0]])
    assert error.value.seconds == 86400 and len(server.requests) == 1


def test_what_is_known_is_not_asked_again(service, server):
    says(server, {"content": [row(IDS[0])]})
    assert service.features([IDS[0]]) == service.features([IDS[0]])
    assert len(server.requests) == 1


def test_the_demo_knows_most_tracks_and_they_average_to_their_album(tmp_path):
    albums = catalogue.albums()[:40]
    with DemoServer() as demo:
        service = ReccoBeats(Client(cache=tmp_path / "answers.sqlite"), demo.url("reccobeats"), interval=0)
        found = service.features(track for album in albums for track in track_ids(album))
    asked = sum(len(track_ids(album)) for album in albums)
    assert 0.7 * asked < len(found) < asked
    assert list(found) == [track for album in albums for track in track_ids(album) if track in found]
    for feature in FEATURES:
        if feature.name == "popularity":
            continue
        off = [
            values[feature.name] - album.features[feature.name]
            for album in albums
            if (values := mean(found[track] for track in track_ids(album) if track in found))
        ]
        assert abs(sum(off) / len(off)) < 0.05 * (feature.high - feature.low)


def test_the_demo_refuses_what_the_service_refuses(tmp_path):
    with DemoServer() as demo:
        client = Client()
        address = client.service(demo.url("reccobeats"), 0)
        for ids, message in (("", "ids"), (",".join(IDS[:41]), "40")):
            with pytest.raises(Failed, match=message):
                client.json(f"{address}/v1/audio-features", {"ids": ids})
        with pytest.raises(Failed, match="404"):
            client.json(f"{address}/v1/nothing")
