"""What a server says, in good faith or not, against a real one on this machine."""

import json
import socket
import sqlite3
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from loopback import Answer, FakeClock, jpeg

from helpers.errors import CourseError
from helpers.sources import http, polite
from helpers.sources.http import Client, Failed, Refused, TryLater


@pytest.fixture
def patient(server):
    """A client for which time flies."""
    client = Client("tests@example.org", clock=FakeClock())
    client.service(server.url, interval=0)
    return client


def test_says_who_asks(server, client):
    server.answer = lambda request: Answer(b"{}")
    client.json(server.url)
    agent = server.requests[0].headers["User-Agent"]
    assert agent.startswith("album-cover-gans/") and "tests@example.org" in agent


def test_contact_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv("COVERGAN_CONTACT", "me@example.org")
    assert "me@example.org" in Client().images.headers["User-Agent"]


def test_busy_server_is_asked_again_later_and_later(server, patient):
    answers = iter([Answer(status=503)] * 3 + [Answer(b'{"a": 1}')])
    server.answer = lambda request: next(answers)
    assert patient.json(server.url) == {"a": 1}
    assert patient.manners.clock.slept == pytest.approx([1, 2, 4], abs=0.01)


def test_busy_server_is_given_up_on(server, patient):
    server.answer = lambda request: Answer(b"slow down", status=503)
    with pytest.raises(Failed, match="503: slow down") as failed:
        patient.json(server.url)
    assert failed.value.status == 503 and len(server.requests) == polite.TRIES


def test_short_retry_after_is_waited_for(server, patient):
    answers = iter([Answer(status=429, headers={"Retry-After": "2"}), Answer(b"{}")])
    server.answer = lambda request: next(answers)
    patient.json(server.url)
    assert patient.manners.clock.slept == pytest.approx([2], abs=0.01)


def test_retry_after_can_be_a_date(server, patient):
    when = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    answers = iter([Answer(status=503, headers={"Retry-After": when}), Answer(b"{}")])
    server.answer = lambda request: next(answers)
    patient.json(server.url)
    assert sum(patient.manners.clock.slept) == pytest.approx(30, abs=2)


def test_long_retry_after_is_told_and_not_waited_for(server, patient):
    server.answer = lambda request: Answer(status=429, headers={"Retry-After": "86400"})
    with pytest.raises(TryLater, match="24 hours; run the same again after") as later:
        patient.json(server.url)
    assert later.value.seconds == 86_400
    assert patient.manners.clock.slept == [] and len(server.requests) == 1


def test_long_retry_after_of_a_service_ends_a_download_and_that_of_a_stranger_does_not(server, other_server, patient):
    server.answer = other_server.answer = lambda request: Answer(status=429, headers={"Retry-After": "86400"})
    with pytest.raises(TryLater):
        patient.image(f"{server.url}/a.jpg")
    patient.service(other_server.url, interval=0)
    del patient.manners.services[other_server.url.removeprefix("http://")]
    with pytest.raises(Refused, match="24 hours"):
        patient.image(f"{other_server.url}/a.jpg")


def test_answers_are_kept_but_errors_are_not(server, client, tmp_path):
    answers = iter(
        [
            Answer(status=403),
            Answer(b'{"error": {"code": 4}}'),
            Answer(b""),
            Answer(b'{"good": true}'),
            Answer(status=500),
        ]
    )
    server.answer = lambda request: next(answers)
    with pytest.raises(Failed, match="403: nothing"):
        client.json(server.url)
    assert client.json(server.url) == {"error": {"code": 4}}
    with pytest.raises(Failed, match="something else than JSON"):
        client.json(server.url)
    for _ in range(3):
        assert client.json(server.url) == {"good": True}
    again = Client(cache=tmp_path / "answers.sqlite")
    again.service(server.url, interval=0)
    assert again.json(server.url) == {"good": True}
    assert len(server.requests) == 4


def test_parameters_tell_answers_apart(server, client):
    server.answer = lambda request: Answer(json.dumps(request.query).encode())
    assert client.json(server.url, {"q": "한국 앨범 & #1"}) == {"q": "한국 앨범 & #1"}
    assert client.json(server.url, {"q": "b"}) == {"q": "b"}


def test_what_a_server_reads_as_secret_is_not_kept(server, client, tmp_path):
    server.answer = lambda request: Answer(b'{"good": true}')
    client.facts.get(server.url, headers={"Authorization": "Bearer hush-hush"})
    client.facts.cache.close()
    assert all(b"hush-hush" not in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_page_that_is_no_json_is_quoted(server, client):
    server.answer = lambda request: Answer(
        b"<html>Sign in to the wireless network", headers={"Content-Type": "text/html"}
    )
    with pytest.raises(Failed, match="<html>Sign in"):
        client.json(server.url)


def test_nobody_there():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    client = Client(clock=FakeClock())
    client.service(url, interval=0)
    with pytest.raises(Failed, match=r"cannot be reached \(connection lost\); see that you are online"):
        client.json(url)
    with pytest.raises(Refused, match="Connection lost") as refused:
        client.image(f"{url}/a.jpg")
    assert refused.value.again


REFUSED = {
    "html": (Answer(b"<html>", headers={"Content-Type": "text/html; charset=utf-8"}), "Sent as text/html"),
    "json": (Answer(b"{}", headers={"Content-Type": "application/json"}), "Sent as application/json"),
    "empty": (Answer(b""), "No bytes"),
    "missing": (Answer(status=404), "HTTP 404"),
    "premium": (Answer(b"{}", status=403), "HTTP 403"),
    "redirect loop": (Answer(status=302, headers={"Location": "/"}), "Redirected in circles"),
    "redirect to a file": (Answer(status=302, headers={"Location": "file:///etc/passwd"}), "leads nowhere"),
    "redirect to metadata": (Answer(status=307, headers={"Location": "http://127.0.0.1:1/latest"}), "Connection lost"),
    "claims to be too long": (Answer(b"GIF", length=2**40), "Connection lost|more than"),
    "no AI": (Answer(jpeg(), headers={"X-Robots-Tag": "noindex, noai"}), "asks not to train"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(server, patient, case):
    answer, reason = REFUSED[case]
    server.answer = lambda request: answer
    with pytest.raises(Refused, match=reason):
        patient.image(f"{server.url}/")


def test_redirect_to_a_private_address_is_refused_before_anything_is_asked(server, other_server, patient):
    other_server.answer = lambda request: Answer(jpeg())
    server.answer = lambda request: Answer(status=302, headers={"Location": f"{other_server.url}/a.jpg"})
    with pytest.raises(Refused, match="private address"):
        patient.image(f"{server.url}/a.jpg")
    assert other_server.requests == []
    patient.service(other_server.url, interval=0)  # somebody vouches for it
    assert patient.image(f"{server.url}/a.jpg") == jpeg()


def test_address_in_an_answer_may_not_be_private_either(other_server, patient):
    with pytest.raises(Refused, match="private address"):
        patient.image(f"{other_server.url}/a.jpg")
    assert other_server.requests == []


def test_connection_cut_half_way_is_tried_again(server, patient):
    answers = iter([Answer(jpeg()[:300], length=len(jpeg())), Answer(jpeg())])
    server.answer = lambda request: next(answers)
    assert patient.image(server.url) == jpeg()


def test_connection_always_cut_may_be_tried_another_day(server, patient):
    server.answer = lambda request: Answer(jpeg()[:300], length=len(jpeg()))
    with pytest.raises(Refused, match="Connection lost") as refused:
        patient.image(server.url)
    assert refused.value.again


def test_slow_drip_is_not_waited_for(server):
    client = Client(patience=0.2)
    client.service(server.url, interval=0)
    ended = threading.Event()

    def drip():
        try:
            while True:
                yield b"."
                time.sleep(0.02)
        finally:
            ended.set()

    server.answer = lambda request: Answer(drip(), length=10_000)
    with pytest.raises(Refused, match="took longer than 0.2 s|Took longer") as refused:
        client.image(server.url)
    assert refused.value.again and ended.wait(10)  # the connection is given up, not left open


def test_endless_answer_is_cut_off(server, patient, monkeypatch):
    monkeypatch.setattr(polite, "MAX_BYTES", 2**20)
    server.answer = lambda request: Answer((b"." * 2**16 for _ in range(10**6)), length=None)
    with pytest.raises(Refused, match="More than 1 MiB"):
        patient.image(server.url)


RULES = b"User-agent: *\nDisallow: /private/*.jpg$\nCrawl-delay: 7\n"


def test_robots_are_honoured_and_asked_once(server, patient):
    server.answer = lambda request: Answer(RULES if request.path == "/robots.txt" else jpeg())
    with pytest.raises(Refused, match="Robots.txt forbids"):
        patient.image(f"{server.url}/private/a.jpg", robots=True)
    assert patient.image(f"{server.url}/public/a.jpg", robots=True) == jpeg()
    assert patient.image(f"{server.url}/private/a.jpg") == jpeg()  # whoever does not ask is not told
    assert server.paths().count("/robots.txt") == 1


def test_crawl_delay_becomes_the_pace(server, patient):
    server.answer = lambda request: Answer(RULES if request.path == "/robots.txt" else jpeg())
    for name in "abc":
        patient.image(f"{server.url}/{name}.jpg", robots=True)
    assert sum(patient.manners.clock.slept) == pytest.approx(14, abs=0.1)


@pytest.mark.parametrize("status, allowed", [(404, True), (403, True), (500, False)])
def test_missing_robots_allow_and_broken_ones_forbid(server, patient, status, allowed):
    server.answer = lambda request: Answer(status=status)
    assert patient.allows(f"{server.url}/a.jpg") is allowed


def test_hosts_have_paces_of_their_own(server, other_server):
    client = Client(clock=FakeClock())
    server.answer = other_server.answer = lambda request: Answer(b"{}")
    client.service(server.url, interval=3)
    client.service(other_server.url, interval=0)
    for _ in range(3):
        client.json(server.url)
        client.json(other_server.url)
    assert sum(client.manners.clock.slept) == pytest.approx(6, abs=0.01)


def test_adopted_session_has_the_same_manners(server, other_server, patient):
    import requests

    session = patient.adopt(requests.Session())
    answers = iter([Answer(status=503), Answer(b"good")])
    server.answer = lambda request: next(answers)
    assert session.get(server.url).text == "good"
    with pytest.raises(Refused, match="private address"):
        session.get(other_server.url)


@pytest.mark.parametrize("url", ["", "bing.com", "file:///etc", "ftp://example.org"])
def test_address_that_is_none(url):
    with pytest.raises(CourseError, match="must begin with https://"):
        Client().service(url, interval=0)


ODD_HEADERS = {
    "redirect into nothing": (302, {"Location": "http://[::1"}),
    "redirect in EUC-KR": (302, {"Location": "/\u00c7\u00d1.jpg"}),
    "encoding that is none": (200, {"Content-Type": "application/json; charset=undefined"}),
    "encoding with NUL": (200, {"Content-Type": 'application/json; charset="a\u0000b"'}),
}


@pytest.mark.parametrize("case", ODD_HEADERS)
def test_odd_headers_are_no_crash(server, patient, case):
    status, headers = ODD_HEADERS[case]
    server.answer = lambda request: Answer(b"\xff{", status, headers)
    with pytest.raises((Failed, Refused)):
        patient.json(server.url)
    if status == 302:
        with pytest.raises(Refused):
            patient.image(f"{server.url}/a.jpg")
    assert patient.allows(f"{server.url}/a.jpg") in (True, False)


@pytest.mark.parametrize("value", ["\u00b2", "9" * 14, "9" * 400, "-1", "1e9", "Mon, 99 Foo 9999"])
def test_odd_retry_after_is_no_crash(server, patient, value):
    server.answer = lambda request: Answer(status=503, headers={"Retry-After": value})
    with pytest.raises((Failed, TryLater)):
        patient.json(server.url)


def test_host_that_said_tomorrow_is_not_asked_today(server, patient):
    server.answer = lambda request: Answer(status=429, headers={"Retry-After": "86400"})
    for _ in range(3):
        with pytest.raises(TryLater, match="24 hours"):
            patient.json(server.url)
    assert len(server.requests) == 1
    patient.manners.clock.time += 86_400
    server.answer = lambda request: Answer(b"{}")
    assert patient.json(server.url) == {}


def test_dripping_headers_are_not_waited_for(other_server):
    """A server that sends its header byte by byte, each soon after the last."""
    listener = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def drip():
        connection, _ = listener.accept()
        try:
            for byte in b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 10_000:
                connection.send(bytes([byte]))
                time.sleep(0.02)
        except OSError:
            ended.set()

    threading.Thread(target=drip, daemon=True).start()
    client = Client(patience=0.2)
    url = client.service(f"http://127.0.0.1:{listener.getsockname()[1]}", interval=0)
    with pytest.raises(Refused, match="Took longer than 0.2 s"):
        client.image(f"{url}/a.jpg")
    assert ended.wait(10)
    listener.close()


def test_work_that_is_stopped_does_not_wait_for_a_silent_server(server, client):
    asked, silent, ended = threading.Event(), threading.Event(), threading.Event()

    def answer(request):
        asked.set()
        silent.wait(30)
        return Answer()

    def ask():
        try:
            client.image(f"{server.url}/a.jpg")
        except KeyboardInterrupt:
            ended.set()

    server.answer = answer
    threading.Thread(target=ask, daemon=True).start()
    assert asked.wait(10)
    client.manners.stop()
    assert ended.wait(10)
    silent.set()


def test_crawl_delay_longer_than_anybody_waits_is_a_refusal(server, patient):
    server.answer = lambda request: Answer(b"User-agent: *\nCrawl-delay: 86400")
    with pytest.raises(Refused, match="wants 24 hours between requests") as refused:
        patient.image(f"{server.url}/a.jpg", robots=True)
    assert refused.value.again and patient.manners.clock.slept == []


def test_robots_of_a_stranger_who_is_busy_for_a_day_cost_only_his_pictures(server, other_server, patient):
    patient.service(other_server.url, interval=0)
    del patient.manners.services[other_server.url.removeprefix("http://")]
    other_server.answer = lambda request: Answer(status=429, headers={"Retry-After": "86400"})
    with pytest.raises(Refused, match="24 hours") as refused:
        patient.image(f"{other_server.url}/a.jpg", robots=True)
    assert refused.value.again


def test_page_of_a_wireless_network_is_not_kept(server, client):
    answers = iter([Answer(b"<html>Sign in"), Answer(b'{"good": true}')])
    server.answer = lambda request: next(answers)
    with pytest.raises(Failed):
        client.json(server.url)
    assert client.json(server.url) == {"good": True}


def test_slowest_service_of_a_host_sets_its_pace_however_it_is_written(server):
    client = Client(clock=FakeClock())
    server.answer = lambda request: Answer(b"{}")
    port = server.url.rpartition(":")[2]
    client.service(f"http://LocalHost:{port}", interval=10)
    client.service(f"http://localhost:{port}/other", interval=0)
    for _ in range(3):
        client.json(f"http://localhost:{port}")
    assert sum(client.manners.clock.slept) == pytest.approx(20, abs=0.1)


def break_open(path):
    path.write_bytes(b"this is no database" * 100)


def break_into(path):
    path.mkdir()


@pytest.mark.parametrize("broken", [break_open, break_into])
def test_cache_that_cannot_be_used_is_told(server, tmp_path, broken):
    server.answer = lambda request: Answer(b'{"good": true}')
    broken(tmp_path / "answers.sqlite")
    client = Client(cache=tmp_path / "answers.sqlite")
    client.service(server.url, interval=0)
    with pytest.raises(CourseError, match="answers.sqlite cannot be used .* or delete it: it only keeps answers"):
        client.json(server.url)


def test_cache_that_another_program_holds_is_told(server, client, tmp_path, monkeypatch):
    server.answer = lambda request: Answer(b'{"good": true}')
    monkeypatch.setattr(http, "LOCKED", 0.1)
    client.json(server.url)
    holder = sqlite3.connect(tmp_path / "answers.sqlite", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(CourseError, match="locked"):
        client.json(server.url, {"another": "question"})
    holder.execute("ROLLBACK")
    holder.execute("BEGIN IMMEDIATE")  # others may read, and not write
    late = Client(cache=tmp_path / "answers.sqlite")
    late.service(server.url, interval=0)
    with pytest.raises(CourseError, match="locked"):
        late.json(server.url)
    holder.close()
