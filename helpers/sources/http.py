"""One HTTP layer for every source: polite to servers, and wary of what they send.

All of it is in an adapter for `requests` sessions (`helpers.sources.polite`), so that libraries which bring their own
client (spotipy, icrawler) get the same manners by being handed a session:

- no host is asked more often than its pace allows; see `helpers.sources.pacing`;
- busy servers and broken connections are asked again, later and later, and `Retry-After` is honoured up to a ceiling;
- an answer may not be too long or take too long, and a service may say "busy" in a way of its own (a 403, a 200);
- neither a redirect nor an address in somebody's answer leads to a machine in the reader's own network.

    client = Client("me@example.org", cache=folder / "answers.sqlite")
    client.service("https://api.deezer.com", interval=0.1)
    client.json("https://api.deezer.com/search/album", {"q": "…"})
    content = client.image("https://…/cover.jpg")
"""

import json
import os
import re
import sqlite3
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import requests
import requests_cache
from protego import Protego

from helpers import __version__
from helpers.errors import CourseError
from helpers.files import explaining
from helpers.sources.pacing import Clock
from helpers.sources.polite import BUSY, Busy, Manners, PoliteAdapter, Refused, TryLater, host_of, span

__all__ = ["CONTACT", "Client", "Failed", "Refused", "TryLater"]

AGENT = "album-cover-gans"
PROJECT = "https://github.com/album-cover-gans/album-cover-gans"
CONTACT = "COVERGAN_CONTACT"  # environment variable

CEILING = 60.0  # seconds; who is told to wait longer is told so, instead of waiting
PATIENCE = 60.0  # seconds for a whole answer
MAX_REDIRECTS = 5
KEEP_ANSWERS = timedelta(days=30)
LOCKED = 5.0  # seconds to wait for a cache that another program writes
LONGEST_RULES = 500_000  # bytes of a robots.txt (RFC 9309, section 2.5)
NO_RULES, NOTHING_ALLOWED = "", "User-agent: *\nDisallow: /"
NOT_IMAGES = ("application/json", "application/xml", "application/xhtml+xml")


class Failed(CourseError):
    """A service answered a request for facts with an error.

    Attributes:
        status: the HTTP status, or None if there was no answer.
        answer: the body, shortened.
    """

    def __init__(self, url: str, status: int | None, why: str, answer: str = ""):
        super().__init__(f"{urlsplit(url).netloc} {why}.")
        self.status, self.answer = status, answer


class Client:
    """What a source asks the network with.

    Args:
        contact: an address or a web page of whoever collects, for the User-Agent; by default the environment variable
            COVERGAN_CONTACT, or none.
        cache: file that keeps answers to `json` for thirty days, made when the first is asked for; None keeps none.
        ceiling: seconds; a longer `Retry-After` raises `TryLater`.
        patience: seconds that an answer may take, however steadily it drips.
        clock: what time is told by.

    Attributes:
        images: the session for pictures.
        manners: what all sessions know about hosts.
    """

    def __init__(
        self,
        contact: str = "",
        *,
        cache: Path | None = None,
        ceiling: float = CEILING,
        patience: float = PATIENCE,
        clock: Clock | None = None,
    ):
        self.contact = contact or os.environ.get(CONTACT, "")
        self.cache, self.manners = cache, Manners(ceiling, patience, clock or Clock())
        self._public, self._vouched_for = PoliteAdapter(self.manners, True), PoliteAdapter(self.manners, False)
        self._origins: list[str] = []
        self._rules: dict[str, tuple[Protego, bool]] = {}
        self._facts: requests.Session | None = None
        self.images = self.adopt(requests.Session())

    @property
    def facts(self) -> requests.Session:
        """The session for everything else; it keeps good answers.

        Raises:
            CourseError: if the cache cannot be used.
        """
        if self._facts is None:
            self._facts = self.adopt(_cached(self.cache) if self.cache else requests.Session())
        return self._facts

    def adopt(self, session: requests.Session) -> requests.Session:
        """Teach a session these manners, whoever made it."""
        about = f"{PROJECT}; {self.contact}" if self.contact else PROJECT
        session.headers.update({"User-Agent": f"{AGENT}/{__version__} (+{about})", "Accept-Language": "en, ko;q=0.8"})
        session.max_redirects = MAX_REDIRECTS
        for scheme in ("http://", "https://"):
            session.mount(scheme, self._public)
        for origin in self._origins:
            session.mount(origin, self._vouched_for)
        return session

    def service(self, base_url: str, interval: float, busy: Busy | None = None) -> str:
        """Get to know a service; returns its address without a slash at the end.

        Args:
            base_url: where it is. Whoever names it vouches for it: it may be in the reader's own network.
            interval: seconds from one request to the next.
            busy: whether an answer says "too often" in a way of its own.

        Raises:
            CourseError: if that is no address.
        """
        try:
            parts = urlsplit(base_url)
            host = host_of(base_url)
        except ValueError:
            parts, host = None, ""
        if not parts or parts.scheme not in ("http", "https") or not parts.hostname:
            raise CourseError(f"{base_url!r} is no address of a service; it must begin with https:// or http://.")
        self.manners.introduce(host, interval, busy)
        self._origins.append(f"{parts.scheme}://{parts.netloc}/")
        for session in filter(None, (self.images, self._facts)):
            session.mount(self._origins[-1], self._vouched_for)
        return base_url.rstrip("/")

    def json(self, url: str, params: dict | None = None):
        """The answer to a request for facts, from the cache if it is there.

        Raises:
            Failed: if there is none, or an error.
            TryLater: if the service wants a longer pause.
            CourseError: if the cache cannot be used.
        """
        try:
            response = self.facts.get(url, params=params)
        except (requests.RequestException, ValueError, Refused) as error:
            why = f"cannot be reached ({_refused(error).reason}); see that you are online and try again"
            raise Failed(url, None, why) from None
        if not response.ok or self.manners.is_busy(host_of(url), response):
            answer = " ".join(_text(response)[:200].split())
            raise Failed(url, response.status_code, f"answered {response.status_code}: {answer or 'nothing'}", answer)
        try:
            return json.loads(response.content)
        except (ValueError, RecursionError):  # not JSON, or nested without end
            start = " ".join(_text(response)[:80].split())
            raise Failed(url, response.status_code, f"answered with something else than JSON ({start!r})") from None

    def image(self, url: str, robots: bool = False) -> bytes:
        """The bytes of an image.

        Args:
            robots: ask the host's robots.txt first.

        Raises:
            Refused: if it cannot be had.
            TryLater: if the service wants a longer pause.
        """
        try:
            if robots and (objection := self._objection(url)):
                raise objection
            response = self.images.get(url)
        except TryLater as error:
            if host_of(url) in self.manners.services:
                raise
            raise Refused(f"its server wants a pause of {span(error.seconds)}", again=True) from None
        except (requests.RequestException, ValueError, Refused) as error:
            raise _refused(error) from None
        if not response.ok:
            raise Refused(f"HTTP {response.status_code}", again=response.status_code in BUSY)
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind.startswith("text/") or kind in NOT_IMAGES:
            raise Refused(f"sent as {kind}, not as an image")
        if not response.content:
            raise Refused("no bytes")
        if re.search(r"\bno(image)?ai\b", response.headers.get("X-Robots-Tag", "").lower()):
            raise Refused("its server asks not to train on it")
        return response.content

    def allows(self, url: str) -> bool:
        """Whether robots.txt of the host lets us fetch an address (RFC 9309); its Crawl-delay becomes the pace.

        A host without one allows everything, one that cannot answer allows nothing, and one that wants us to wait
        longer than the ceiling between two requests might as well.

        Raises:
            TryLater: if the host wants a longer pause.
        """
        return self._objection(url) is None

    def _objection(self, url: str) -> Refused | None:
        """What robots.txt has against fetching an address. It may change, so every run asks again."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self._rules:
            self._rules[origin] = self._ask_for_rules(origin)
        rules, answered = self._rules[origin]
        if not rules.can_fetch(url, AGENT):
            return Refused("robots.txt forbids it" if answered else "robots.txt cannot be read", again=True)
        delay, pace = rules.crawl_delay(AGENT) or 0, self.manners.pace(host_of(url))
        if delay > self.manners.ceiling:
            return Refused(f"robots.txt wants {span(delay)} between requests", again=True)
        pace.interval = max(pace.interval, delay)
        return None

    def _ask_for_rules(self, origin: str) -> tuple[Protego, bool]:
        """The rules of a host, and whether it could say them."""
        try:
            response = self.images.get(f"{origin}/robots.txt")  # not kept for thirty days
        except (requests.RequestException, ValueError, Refused):
            return Protego.parse(NOTHING_ALLOWED), False
        if response.status_code >= 500 or response.status_code == 429:
            return Protego.parse(NOTHING_ALLOWED), False
        return Protego.parse(_text(response)[:LONGEST_RULES] if response.ok else NO_RULES), True


def _text(response: requests.Response) -> str:
    # What a server says of its encoding may be wrong, or no encoding at all; nearly everybody writes UTF-8.
    return response.content.decode("utf-8", "replace")


def _refused(error: Exception) -> Refused:
    if isinstance(error, Refused):
        return error
    if isinstance(error, requests.TooManyRedirects):
        return Refused("redirected in circles")
    if isinstance(error, requests.Timeout) or "timed out" in str(error).lower():
        return Refused("no answer in time", again=True)
    if isinstance(error, requests.ConnectionError):
        return Refused("connection lost", again=True)
    return Refused("an address that leads nowhere")


class _Answers(requests_cache.CachedSession):
    """A session whose cache, if it is damaged or locked, is told in one sentence."""

    def send(self, *arguments, **options):
        with _usable(self.cache.responses.db_path):
            return super().send(*arguments, **options)


def _cached(path: Path) -> requests.Session:
    """A session that keeps good answers. Requests-Cache leaves the Authorization header out of what it keeps."""
    with explaining(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    with _usable(path):
        # Requests-Cache would wait for ever for a database that cannot be written.
        with closing(sqlite3.connect(path, timeout=LOCKED, isolation_level=None)) as database:
            database.execute("BEGIN IMMEDIATE")
        return _Answers(
            backend=requests_cache.SQLiteCache(path, timeout=LOCKED),
            serializer="json",  # not pickle: the file may have come with a folder from somebody else
            expire_after=KEEP_ANSWERS,
            allowable_codes=(200,),
            filter_fn=_is_worth_keeping,
        )


def _is_worth_keeping(response: requests.Response) -> bool:
    """Whether an answer is JSON and no error: not the page of a wireless network that wants to be signed in to."""
    try:
        return not (isinstance(answer := json.loads(response.content), dict) and "error" in answer)
    except (ValueError, RecursionError):
        return False


@contextmanager
def _usable(path: Path):
    try:
        yield
    except sqlite3.Error as error:
        raise CourseError(
            f"{path} cannot be used ({error}); see that no other program uses it and that the disk is not full, or "
            "delete it: it only keeps answers."
        ) from error
