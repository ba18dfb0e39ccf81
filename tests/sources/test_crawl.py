"""Image search by way of icrawler: everything that a page of results names, and one clear sentence if it fails.

The pages here are hand-made after what icrawler 0.6.10 reads; see `helpers.sources.demo.search_pages`.
"""

import html
import json
import logging
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from loopback import Answer, jpeg

from helpers.errors import CourseError
from helpers.records import read_records
from helpers.sources.collection import collect
from helpers.sources.crawl import Bing, Google
from helpers.sources.demo_server import DemoServer
from helpers.sources.http import Client, Failed, TryLater
from helpers.sources.pacing import Clock

PATIENCE = 10  # seconds that a test waits for what must come, before it fails


def handmade_results(*addresses):
    """A page of Bing's: JSON in an attribute, where an ampersand is \\u0026."""
    links = (json.dumps({"murl": address}).replace("&", r"\u0026") for address in addresses)
    return "".join(f'<div class="imgpt"><a class="iusc" m="{html.escape(known)}"></a></div>' for known in links)


def page(text):
    return Answer(text.encode(), headers={"Content-Type": "text/html; charset=utf-8"})


def pages(server, *results, picture=None):
    """Pages of results one after another, then empty ones; no robots.txt; everything else is a picture."""
    searches = [page(handmade_results(*addresses)) for addresses in results]

    def answer(request):
        if request.path == "/robots.txt":
            return Answer(status=404)
        if request.path in ("/images/async", "/search"):
            number = int(request.query.get("first", 0)) // 20
            return searches[number] if number < len(searches) else page("")
        return picture or Answer(jpeg(sum(request.path.encode())), headers={"Content-Type": "image/jpeg"})

    server.answer = answer


def numbered(server, numbers):
    return [f"{server.url}/{number}.jpg" for number in numbers]


def searches(server):
    return [request for request in server.requests if request.path == "/images/async"]


class FastClock(Clock):
    """Time passes by being waited for."""

    def __init__(self):
        super().__init__()
        self.time = 0.0

    def now(self):
        return self.time

    def sleep(self, seconds):
        super().sleep(0)
        self.time += seconds


@pytest.fixture
def client(server, tmp_path):
    client = Client("tests@example.org", cache=tmp_path / "answers.sqlite", clock=FastClock())
    client.service(server.url, interval=0)
    return client


@pytest.fixture
def bing(server, client):
    return Bing(client, server.url, interval=0)


def addresses(found):
    return [cover.urls[0] for cover in found]


def test_a_picture_is_known_by_its_address_and_by_nothing_else(server, bing):
    pages(server, numbered(server, range(3)))
    found = list(bing.pictures("kpop album art"))
    assert addresses(found) == numbered(server, range(3))
    for cover in found:
        assert (cover.record.source, cover.record.source_id) == ("bing", cover.urls[0])
        assert (cover.record.artist, cover.record.title, cover.record.ml_use) == ("", "", "unclear")
        assert "copyright" in cover.record.licence
        assert cover.record.terms_url.startswith("https://")


@pytest.mark.parametrize(
    "keyword", ["한국 앨범 표지", "R&B album #1", "100% love?", "a+b=c", "🎵", "{0} {}", "%26", "../..", "K-pop/J-pop"]
)
def test_keywords_arrive_as_they_are(server, bing, keyword):
    pages(server, numbered(server, range(3)))
    list(bing.pictures(keyword))
    assert [(request.query["q"], request.query["first"]) for request in searches(server)] == [
        (keyword, "0"),
        (keyword, "20"),
    ]


@given(st.text(min_size=1).filter(lambda text: text.isprintable() and text.strip()))
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_keyword_is_searched_for(server, bing, keyword):
    pages(server, numbered(server, range(3)))
    server.requests.clear()
    assert len(list(bing.pictures(keyword))) == 3
    assert searches(server)[0].query["q"] == keyword.strip()


@pytest.mark.parametrize("keyword", ["", "  ", "\n"])
def test_a_search_needs_words(bing, keyword):
    with pytest.raises(CourseError, match="needs words"):
        bing.pictures(keyword)


@pytest.mark.parametrize("limit", [0, -1, 1001])
def test_limits_that_no_search_reaches(bing, limit):
    with pytest.raises(CourseError, match=str(limit)):
        bing.pictures("kpop", limit=limit)


def test_pictures_of_every_format(server, bing):
    names = ["a.jpg", "b.png", "c.webp", "d.jpeg", "e.JPG", "f.jpg?w=600&h=600", "g", "h.jpg/i.png", "표지.jpg"]
    pages(server, [f"{server.url}/{name}" for name in names])
    assert addresses(bing.pictures("kpop")) == [f"{server.url}/{name}" for name in names]


def test_an_address_is_unescaped_once(server, bing):
    pages(server, [f"{server.url}/a.jpg?x=1&copy=2&amp;y=3"])
    assert addresses(bing.pictures("kpop")) == [f"{server.url}/a.jpg?x=1&copy=2&amp;y=3"]


def test_more_addresses_than_icrawlers_queue_holds_while_nobody_takes_them(server, bing):
    second_page = threading.Event()
    pages(server, numbered(server, range(35)), numbered(server, range(35, 60)))
    answer = server.answer

    def noticing(request):
        if request.query.get("first") == "20":
            second_page.set()
        return answer(request)

    server.answer = noticing
    found = bing.pictures("kpop", limit=60)
    first = next(found)
    assert second_page.wait(PATIENCE)
    assert addresses([first, *found]) == numbered(server, range(60))


def test_a_page_that_comes_when_all_others_have_been_dealt_with(server, bing):
    pages(server, numbered(server, range(20)), numbered(server, range(20, 40)))
    answer, dealt_with = server.answer, threading.Event()

    def late(request):
        if request.query.get("first") == "20":
            dealt_with.wait(PATIENCE)
        return answer(request)

    server.answer = late
    found = bing.pictures("kpop")
    assert addresses(next(found) for _ in range(20)) == numbered(server, range(20))
    dealt_with.set()
    assert addresses(found) == numbered(server, range(20, 40))


def test_the_same_search_again_gives_the_same(server, bing):
    pages(server, numbered(server, range(5)))
    assert list(bing.pictures("kpop")) == list(bing.pictures("kpop"))


def test_no_address_twice_and_no_page_after_one_without_news(server, bing):
    pages(server, numbered(server, range(20)), numbered(server, range(10, 30)), numbered(server, range(10, 30)), [])
    assert addresses(bing.pictures("kpop", limit=1000)) == numbered(server, range(30))
    assert [request.query["first"] for request in searches(server)] == ["0", "20", "40"]


@pytest.mark.parametrize(("limit", "asked"), [(1, 1), (20, 1), (21, 2), (40, 2)])
def test_no_more_pages_than_are_needed(server, bing, limit, asked):
    pages(server, numbered(server, range(20)), numbered(server, range(20, 40)), numbered(server, range(40, 60)))
    assert addresses(bing.pictures("kpop", limit=limit)) == numbered(server, range(limit))
    assert len(searches(server)) == asked


def test_fifty_by_default(server, bing):
    pages(server, *(numbered(server, range(start, start + 20)) for start in range(0, 200, 20)))
    assert len(list(bing.pictures("kpop"))) == 50


def test_no_result(server, bing):
    pages(server)
    with pytest.raises(CourseError, match="found no picture for '한국'"):
        list(bing.pictures("한국"))


BROKEN = ["", "{", "[]", "null", "3", '"murl"', "{}", '{"murl": null}', '{"murl": 3}', '{"murl": ["http://a/b"]}']


def test_results_that_are_none(server, bing):
    results = "".join(f'<div class="imgpt"><a m="{html.escape(known)}"></a></div>' for known in [*BROKEN, "[" * 5000])
    results += '<div class="imgpt"></div><div class="imgpt"><a></a></div><a m="">'
    server.answer = lambda request: page(results + handmade_results(f"{server.url}/1.jpg"))
    assert addresses(bing.pictures("kpop")) == numbered(server, [1])


@pytest.mark.parametrize("status", [403, 404, 500])
def test_an_error_is_no_page_without_results(server, bing, status):
    server.answer = lambda request: Answer(
        handmade_results(f"{server.url}/1.jpg").encode(), 404 if request.path == "/robots.txt" else status
    )
    with pytest.raises(Failed) as failure:
        list(bing.pictures("kpop"))
    assert failure.value.status == status


def test_a_day_of_pause(server, bing):
    pages(server)
    answer = server.answer
    server.answer = lambda request: (
        Answer(status=429, headers={"Retry-After": "86400"}) if request.path == "/images/async" else answer(request)
    )
    with pytest.raises(TryLater, match="24 hours"):
        list(bing.pictures("kpop"))
    assert len(searches(server)) == 1


def test_a_server_that_is_not_there(client):
    bing = Bing(client, "http://127.0.0.1:9", interval=0)
    with pytest.raises(CourseError, match="127.0.0.1:9 cannot be reached"):
        list(bing.pictures("kpop", ignore_robots=True))


def test_what_came_before_a_failure_is_given_first(server, bing):
    pages(server, numbered(server, range(20)))
    answer = server.answer
    server.answer = lambda request: Answer(status=403) if request.query.get("first") == "20" else answer(request)
    found = bing.pictures("kpop")
    assert addresses(next(found) for _ in range(20)) == numbered(server, range(20))
    with pytest.raises(Failed):
        next(found)


@pytest.fixture
def slow(server):
    """A server that answers with no page from the second on, until the test is over."""
    over = threading.Event()
    pages(server, numbered(server, range(20)), numbered(server, range(20, 40)))
    answer = server.answer

    def waiting(request):
        if request.path == "/images/async" and int(request.query["first"]) >= server.slow_from:
            over.wait(PATIENCE)
        return answer(request)

    server.answer, server.slow_from = waiting, 20
    yield server
    over.set()


def test_the_deadline_ends_a_search_with_what_was_found(slow, bing):
    # Within these seconds the first page must come, also on a busy machine.
    assert addresses(bing.pictures("kpop", deadline=5)) == numbered(slow, range(20))


def test_the_deadline_ends_a_search_that_found_nothing(slow, bing):
    slow.slow_from = 0
    with pytest.raises(CourseError, match=r"Bing found nothing within 0\.2 s"):
        list(bing.pictures("kpop", deadline=0.2))


def test_whoever_has_enough_stops_the_search(server, bing):
    asked, enough = threading.Event(), threading.Event()
    pages(server, *(numbered(server, range(start, start + 20)) for start in range(0, 200, 20)))
    answer = server.answer

    def waiting(request):
        if request.query.get("first") == "20":
            asked.set()
            enough.wait(PATIENCE)
        return answer(request)

    server.answer = waiting
    found = bing.pictures("kpop", limit=200)
    next(found)
    assert asked.wait(PATIENCE)
    found.close()
    enough.set()
    for thread in [thread for thread in threading.enumerate() if thread.name.startswith("parser")]:
        thread.join(PATIENCE)
    assert len(searches(server)) == 2


def test_it_says_who_it_is_and_what_it_reads(server, bing):
    pages(server, numbered(server, [1]))
    list(bing.pictures("kpop"))
    for request in searches(server):
        assert request.headers["User-Agent"].startswith("album-cover-gans/")
        assert "tests@example.org" in request.headers["User-Agent"]
        assert request.headers["Accept-Language"] == "en, ko;q=0.8"


def test_nothing_is_logged_and_no_log_is_set_up(server, bing, monkeypatch, capfd):
    pages(server)
    requests_log = logging.getLogger("requests")
    monkeypatch.setattr(logging.root, "handlers", [])
    monkeypatch.setattr(logging.root, "level", logging.WARNING)
    monkeypatch.setattr(requests_log, "level", logging.NOTSET)
    with pytest.raises(CourseError):
        list(bing.pictures("kpop"))
    assert logging.root.handlers == [] and logging.root.level == logging.WARNING
    assert requests_log.level == logging.NOTSET
    assert capfd.readouterr() == ("", "")


def test_no_search_where_robots_txt_forbids_it(server, bing):
    pages(server, numbered(server, [1]))
    answer = server.answer
    forbidding = Answer(b"User-agent: *\nDisallow: /images/async", headers={"Content-Type": "text/plain"})
    server.answer = lambda request: forbidding if request.path == "/robots.txt" else answer(request)
    with pytest.raises(CourseError, match=r"robots\.txt.*ignore_robots=True"):
        list(bing.pictures("kpop"))
    assert searches(server) == []
    assert addresses(bing.pictures("kpop", ignore_robots=True)) == numbered(server, [1])


def test_robots_txt_of_the_pictures(server, other_server, client, bing, tmp_path):
    client.service(other_server.url, interval=0)
    pages(server, [f"{other_server.url}/hidden/1.jpg", f"{other_server.url}/2.jpg"])
    other_server.answer = lambda request: (
        Answer(b"User-agent: *\nDisallow: /hidden")
        if request.path == "/robots.txt"
        else Answer(jpeg(2), headers={"Content-Type": "image/jpeg"})
    )
    summary = collect(bing.pictures("kpop"), tmp_path / "out", client, robots=True)
    assert summary.downloaded == 1 and summary.refused == {"robots.txt forbids it": 1}
    assert "/hidden/1.jpg" not in other_server.paths()


HOSTILE = [
    "file:///etc/passwd",
    "ftp://example.org/a.jpg",
    "data:image/png;base64,AAAA",
    "javascript:alert(1)",
    "/etc/passwd",
    "../../etc/passwd",
    "http://",
    "http://[",
    "https:///a.jpg",
    "http://a/\0.jpg",
    "http://a/\r\nHost: b/.jpg",
    "http://example.org/" + 10_000 * "a",
]


def test_what_is_no_address_of_a_picture(server, bing):
    pages(server, [*HOSTILE, f"{server.url}/1.jpg"])
    assert addresses(bing.pictures("kpop")) == numbered(server, [1])


def test_hostile_addresses_lead_nowhere_and_name_no_file(server, other_server, client, bing, tmp_path):
    """Those that look like addresses: of the reader's own network, of no host, with a path that climbs."""
    hostile = [
        f"{other_server.url}/1.jpg",
        "http://[::1]:1/1.jpg",
        f"http://{'a' * 70}.example/1.jpg",
        "http://1.2.3.4:99999/1.jpg",
        "http://1.2.3.4:port/1.jpg",
        "http://.../1.jpg",
    ]
    climbing = f"{server.url}/../../../1.jpg?name=../../2.jpg"
    pages(server, [*hostile, climbing])
    summary = collect(bing.pictures("kpop"), tmp_path / "out", client)
    assert (summary.found, summary.downloaded) == (7, 1)
    assert other_server.requests == []
    outside = {path for path in tmp_path.rglob("*") if path.is_file() and tmp_path / "out" not in path.parents}
    assert outside == set()
    records = list(read_records(tmp_path / "out" / "records.jsonl"))
    assert [record.source_id for record in records] == [*hostile, climbing]
    assert all(record.refused for record in records[:-1])


def test_the_same_crawl_again_fetches_nothing_and_another_fetches_what_is_new(server, client, bing, tmp_path):
    def fetched(keyword, results):
        pages(server, results)
        server.requests.clear()
        collect(bing.pictures(keyword), tmp_path / "out", client, robots=True)
        return [f"{server.url}{path}" for path in server.paths() if path.endswith(".jpg")]

    assert sorted(fetched("kpop", numbered(server, range(8)))) == numbered(server, range(8))
    assert fetched("kpop", numbered(server, range(8))) == []
    assert sorted(fetched("한국 앨범 표지", numbered(server, range(4, 10)))) == numbered(server, [8, 9])


@pytest.fixture
def google(server, client):
    return Google(client, server.url, interval=0)


def test_google_finds_pictures_where_a_page_has_them(server, google):
    script = f'<script>data:[["{server.url}/1.jpg",300,300],["{server.url}/2.png",300,300]]</script>'
    server.answer = lambda request: Answer(status=404) if request.path == "/robots.txt" else page(script)
    found = list(google.pictures("R&B album #1 한국"))
    assert addresses(found) == [f"{server.url}/1.jpg", f"{server.url}/2.png"]
    assert found[0].record.source == "google"
    assert [request.query["q"] for request in server.requests if request.path == "/search"] == 2 * ["R&B album #1 한국"]


def test_a_page_that_icrawler_cannot_read(server, google, capfd):
    """A broken escape: icrawler's thread dies of it."""
    server.answer = lambda request: page(r"<script>http://example.org/\x.jpg</script>")
    with pytest.raises(CourseError, match="icrawler cannot read what the search answered.*UnicodeDecodeError"):
        list(google.pictures("kpop", ignore_robots=True))
    assert capfd.readouterr().err == ""


@pytest.fixture(scope="module")
def demo():
    with DemoServer() as demo:
        yield demo


def test_googles_page_that_only_works_with_javascript(demo, capfd):
    google = Google(Client(), demo.url("google"), interval=0)
    with pytest.raises(CourseError, match="only works with JavaScript; try another source"):
        list(google.pictures("kpop album art"))
    assert capfd.readouterr().err == ""


def test_a_crawl_of_the_demo_server(demo, tmp_path):
    client = Client()
    bing = Bing(client, demo.url("bing"), interval=0)
    for keyword in ("kpop album art", "한국 앨범 표지"):
        summary = collect(bing.pictures(keyword), tmp_path, client, robots=True)
        assert summary.found == 50 and summary.downloaded >= 25
        known = {"HTTP 404", "sent as text/html, not as an image", "robots.txt forbids it"}
        assert known >= set(summary.refused) != set()
        assert summary.duplicates  # the same picture at two addresses
    kinds = {record.cover_path.rpartition(".")[2] for record in read_records(tmp_path / "records.jsonl")}
    assert kinds >= {"jpg", "png", "webp"}
    assert addresses(bing.pictures("kpop album art")) == addresses(bing.pictures("kpop album art"))
    assert len(list(bing.pictures("kpop album art", limit=1000))) == 60


def test_the_demo_server_finds_nothing_without_a_letter(demo):
    with pytest.raises(CourseError, match="found no picture"):
        list(Bing(Client(), demo.url("bing"), interval=0).pictures("🎵 #&"))
