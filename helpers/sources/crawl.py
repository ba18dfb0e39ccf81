"""Image search: what Bing or Google find for a few words, by way of icrawler.

icrawler 0.6.10 asks for the pages of results and reads them. Its downloader is left out: it keeps no address beside
a picture, passes over names that exist, and gives up without a word. `helpers.sources.collection.collect` fetches the
pictures instead, as it does for every other source.

    bing = Bing(client)
    collect(bing.pictures("한국 앨범 표지", limit=50), folder, client, robots=True)

A search engine finds posters, T-shirts and collages as well: see `helpers.curation`. Whether the engines still answer
as icrawler expects was not tried: nobody documents those pages, and they change.
"""

import json
import logging
import time
from collections.abc import Iterator
from queue import Empty, Queue
from urllib.parse import quote, urlsplit

import requests
from bs4 import BeautifulSoup
from icrawler.builtin import BingImageCrawler, GoogleImageCrawler
from icrawler.builtin.bing import BingParser
from icrawler.builtin.google import GoogleParser
from icrawler.utils import ProxyPool, Session

from helpers.errors import CourseError
from helpers.records import as_utf8
from helpers.sources.collection import Found
from helpers.sources.http import Client, Failed, Refused
from helpers.sources.terms import Terms

LIMIT = 50  # addresses: a person is to look through what a crawl brings
LAST = 1000  # results; icrawler stops there too, since an engine repeats itself after that
DEADLINE = 120.0  # seconds
INTERVAL = 2.0  # seconds from one page to the next; no engine documents a rate
LONGEST = 8000  # characters of an address: no more need be understood (RFC 9110, section 4.1)
SOON = 0.01  # seconds

LICENCE = "copyright of whoever made the picture; a search engine licenses nothing"
WHY = "An engine says where a picture is, not whose it is, nor what may be done with it."

SILENT = logging.getLogger("helpers.sources.crawl.icrawler")
SILENT.addHandler(logging.NullHandler())
SILENT.propagate = False


class _Ended(BaseException):
    """Ends icrawler's thread, which survives every Exception and goes on with the next page."""


class _Session(Session):
    """What icrawler asks with: at the address of our choice, as robots.txt allows, and saying what went wrong.

    Args:
        there, here: the engine's address that icrawler knows, and the one to use.
        robots: who honours the engine's robots.txt; nobody if None.
    """

    def __init__(self, there: str, here: str, robots: Client | None):
        super().__init__(ProxyPool())
        self.there, self.here, self.robots = there, here, robots

    def get(self, url, timeout=None, **options):
        # icrawler's own timeout of 5 seconds would fail a slow server three times over: the client has better ones.
        url = url.replace(self.there, self.here, 1)
        try:
            if self.robots and not self.robots.allows(url):
                raise CourseError(
                    f"{urlsplit(url).netloc} asks programs, in its robots.txt, not to search there; go on with another "
                    "source, or decide otherwise yourself with ignore_robots=True."
                )
            response = super().get(url, **options)
            if not response.ok:  # icrawler would read the page of an error like any other
                raise Failed(url, response.status_code, f"answered {response.status_code}; try again later")
        except (requests.RequestException, Refused) as error:
            why = error.reason if isinstance(error, Refused) else "no connection"
            raise _Ended from Failed(url, None, f"cannot be reached ({why}); see that you are online and try again")
        except CourseError as error:
            raise _Ended from error
        return response


class _Crawler:
    """Mixed in before one of icrawler's crawlers: the same feeder and parser, run in another way."""

    def __init__(self, session: Session, parser_cls: type):
        self._session = session
        super().__init__(parser_cls=parser_cls)
        # icrawler's queues hold five, and an address that comes to a full one is lost: the second try to put it there
        # takes it for a duplicate.
        self.feeder.out_queue = self.parser.in_queue = Queue()
        self.parser.out_queue = Queue()
        self.feeder.logger = self.parser.logger = SILENT

    def set_logger(self, log_level=None):
        self.logger = SILENT  # icrawler would set up the root logger: the log of the whole notebook

    def set_session(self, headers=None):
        self.session = self._session  # icrawler's says that it is a Chrome whose user reads Chinese

    def addresses(self, keyword: str, limit: int, deadline: float) -> Iterator[str]:
        """What icrawler's `crawl` does, but it ends in time, and says what went wrong.

        icrawler's waits for the downloader, which leaves five seconds after the last address even if the next page is
        still on its way; nothing ends it if there is no address at all.

        Raises:
            TimeoutError: when `deadline` seconds have passed.
            CourseError: on whatever else ended the search early.
        """
        end = time.monotonic() + deadline
        self.parser.limit = limit
        self.feeder.start(keyword=keyword, offset=0, max_num=LAST)
        for feeder in self.feeder.workers:
            feeder.join()
        self.signal.set(feeder_exited=True)
        self.parser.start(queue_timeout=SOON)
        try:
            while True:
                found = self.parser.out_queue.get(timeout=max(0, end - time.monotonic()))
                if isinstance(found, CourseError):
                    raise found
                if found is None:
                    return
                yield found["file_url"]
        except Empty:
            raise TimeoutError from None
        finally:
            self.signal.set(reach_max_num=True)  # ends the parser, after the page it is waiting for


class _Parser:
    """Mixed in before one of icrawler's parsers: ends when there is enough, and then says how it went."""

    def __init__(self, *pool):
        super().__init__(*pool)
        self.limit = LIMIT
        self._seen: set[str] = set()

    def worker_exec(self, **options):
        error = None
        try:
            super().worker_exec(**options)
        except _Ended as ended:
            error = ended.__cause__
        except BaseException as broken:  # Python would print it, and icrawler take it for the end of the results
            why = f"{type(broken).__name__}: {broken}"
            error = CourseError(f"icrawler cannot read what the search answered ({why}); go on with another source.")
        self.out_queue.put(error)

    def parse(self, response):
        before = len(self._seen)
        for task in super().parse(response) or ():  # Google's parser gives None if there is nothing
            address = task["file_url"]
            if address not in self._seen and _is_address(address):
                self._seen.add(address)
                yield task
                if len(self._seen) == self.limit:
                    break
        if len(self._seen) in (before, self.limit):  # an engine that has no more repeats what it had
            self.signal.set(reach_max_num=True)


class _AllOfBing(BingParser):
    """icrawler's looks for `….jpg` in what is JSON: it loses PNG, WebP and .jpeg, and leaves \\u0026 as it stands."""

    def parse(self, response):
        soup = BeautifulSoup(response.content.decode("utf-8", "ignore"), "lxml")
        for link in soup.select("div.imgpt > a[m]"):
            try:
                address = json.loads(link["m"])["murl"]
            except (ValueError, KeyError, TypeError, RecursionError):
                continue
            if isinstance(address, str):
                yield {"file_url": address}


class _BingParser(_Parser, _AllOfBing):
    pass


class _GoogleParser(_Parser, GoogleParser):
    pass


class _BingCrawler(_Crawler, BingImageCrawler):
    pass


class _GoogleCrawler(_Crawler, GoogleImageCrawler):
    pass


def _is_address(text: str) -> bool:
    """Whether a picture can have this address: no file of this machine, no odd characters."""
    try:
        parts = urlsplit(text)
        return (
            bool(parts.scheme in ("http", "https") and parts.hostname) and text.isprintable() and len(text) <= LONGEST
        )
    except ValueError:  # "http://["
        return False


class ImageSearch:
    """What the engines have in common.

    Args:
        client: asks for the pages of results.
        base_url, interval: of the engine; seconds from one page to the next.
    """

    NAME, TITLE, URL = "", "", ""
    TERMS: Terms
    CRAWLER: type[_Crawler]
    PARSER: type[_Parser]
    NOTHING = ""  # what to say if there is not one result

    def __init__(self, client: Client, base_url: str = "", interval: float = INTERVAL):
        self.client = client
        self.url = client.service(base_url or self.URL, interval)

    def pictures(
        self, keyword: str, limit: int = LIMIT, deadline: float = DEADLINE, ignore_robots: bool = False
    ) -> Iterator[Found]:
        """Pictures that the engine finds, the best match first, none twice. An address is all that is known of them.

        Args:
            keyword: what to search for, in any script.
            limit: addresses to give at most, from 1 to 1,000.
            deadline: seconds from the first request on; then the search ends with what it has found.
            ignore_robots: search even where the engine's robots.txt forbids it; that is for the reader to decide.

        Raises:
            CourseError: while iterating, if the engine finds nothing, or nothing in time, answers with an error, or
                forbids it. What was on the pages before has been given by then.
        """
        keyword = as_utf8(keyword).strip()
        if not keyword:
            raise CourseError("An image search needs words, such as 'kpop album art'.")
        if not 1 <= limit <= LAST:
            raise CourseError(f"limit is {limit}; an image search gives 1 to {LAST:,} pictures.")
        return self._found(keyword, limit, deadline, ignore_robots)

    def _found(self, keyword: str, limit: int, deadline: float, ignore_robots: bool) -> Iterator[Found]:
        session = _Session(self.URL, self.url, None if ignore_robots else self.client)
        # A crawler that has searched before would take the pages it asks for again for duplicates.
        crawler = self.CRAWLER(self.client.adopt(session), self.PARSER)
        anything = False
        try:
            for address in crawler.addresses(self._quoted(keyword), limit, deadline):
                anything = True
                yield Found(self.TERMS.record(self.NAME, address), (address,))
        except TimeoutError:
            if not anything:
                raise CourseError(f"{self.TITLE} found nothing within {deadline:g} s; try again later.") from None
        else:
            if not anything:
                raise CourseError(self.NOTHING.format(keyword=keyword))

    def _quoted(self, keyword: str) -> str:
        return keyword


class Bing(ImageSearch):
    """Bing's image search, whose pages icrawler reads at https://www.bing.com/images/async."""

    NAME, TITLE, URL = "bing", "Bing", "https://www.bing.com"
    TERMS = Terms(LICENCE, "https://www.microsoft.com/servicesagreement", "unclear", WHY)
    CRAWLER, PARSER = _BingCrawler, _BingParser
    NOTHING = "Bing found no picture for {keyword!r}; try other words, or go on with another source."

    def _quoted(self, keyword: str) -> str:
        return quote(keyword, safe="")  # icrawler puts it into the address as it is: & or # would cut that off


class Google(ImageSearch):
    """Google's image search, which since 2025 gives plain programs a page without pictures.

    icrawler cannot read it (https://github.com/hellock/icrawler/issues/135), and to run a whole browser would be to
    work around a closed door. It is here to be seen failing.
    """

    NAME, TITLE, URL = "google", "Google", "https://www.google.com"
    TERMS = Terms(LICENCE, "https://policies.google.com/terms", "unclear", WHY)
    CRAWLER, PARSER = _GoogleCrawler, _GoogleParser
    NOTHING = "Google answered with a page without pictures: its own only works with JavaScript; try another source."
