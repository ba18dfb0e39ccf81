"""One HTTP layer for every source: polite to servers, and wary of what they send.

All of it is in an adapter for `requests` sessions, so that libraries which bring their own client (spotipy, icrawler)
get the same manners by being handed a session:

- no host is asked more often than its pace allows; see `helpers.sources.pacing`;
- busy servers and broken connections are asked again, later and later, and `Retry-After` is honoured up to a ceiling;
- an answer may not be too long or take too long, and a service may say "busy" in a way of its own (a 403, a 200);
- neither a redirect nor an address in somebody's answer leads to a machine in the reader's own network.

    client = Client("me@example.org", cache=folder / "answers.sqlite")
    client.service("https://api.deezer.com", interval=0.1)
    client.json("https://api.deezer.com/search/album", {"q": "…"})
    content = client.image("https://…/cover.jpg")
"""

import os
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import requests
import requests_cache
from protego import Protego
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from helpers import __version__
from helpers.errors import CourseError
from helpers.files import explaining
from helpers.sources.pacing import Clock, Pace

AGENT = "album-cover-gans"
PROJECT = "https://github.com/album-cover-gans/album-cover-gans"
CONTACT = "COVERGAN_CONTACT"  # environment variable

INTERVAL = 0.5  # seconds between requests to a host that documents no rate
CEILING = 60.0  # seconds; who is told to wait longer is told so, instead of waiting
TRIES = 4
BUSY = (429, 500, 502, 503, 504)
TIMEOUT = (10, 20)  # seconds: to connect, and without a single byte
PATIENCE = 60.0  # seconds for a whole answer
MAX_BYTES = 32 * 2**20
MAX_REDIRECTS = 5
KEEP_ANSWERS = timedelta(days=30)
CHUNK = 2**16
NOTHING_ALLOWED = "User-agent: *\nDisallow: /"
LONGEST_RULES = 500_000  # of a robots.txt (RFC 9309, section 2.5)

Busy = Callable[[requests.Response], bool]


class Refused(CourseError):
    """This one thing cannot be had; others may.

    Attributes:
        reason: a few words, the same for all things refused on the same grounds.
        again: whether it may be there another time.
    """

    def __init__(self, reason: str, again: bool = False):
        super().__init__(f"{reason[:1].upper()}{reason[1:]}.")
        self.reason, self.again = reason, again


class TryLater(CourseError):
    """A service wants no more requests for longer than anybody would wait.

    Attributes:
        seconds: how long it says.
    """

    def __init__(self, host: str, seconds: float):
        when = datetime.now() + timedelta(seconds=seconds)
        super().__init__(
            f"{host} asks for a pause of {_span(seconds)}; run the same again after {when:%H:%M on %d %B}, and it goes "
            "on where it stopped."
        )
        self.seconds = seconds


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
        cache: file that keeps answers to `json` and `text` for thirty days; None keeps none.
        ceiling: seconds; a longer `Retry-After` raises `TryLater`.
        patience: seconds that an answer may take, however steadily it drips.
        clock: what time is told by.

    Raises:
        CourseError: if the cache cannot be written.
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
        self.clock, self.ceiling, self.patience = clock or Clock(), ceiling, patience
        self.contact = contact or os.environ.get(CONTACT, "")
        self.intervals: dict[str, float] = {}
        self.busy: dict[str, Busy] = {}
        self._paces: dict[str, Pace] = {}
        self._robots: dict[str, Protego] = {}
        self._adapters = [PoliteAdapter(self, public=True), PoliteAdapter(self, public=False)]
        self._origins: list[str] = []
        self.images = self.adopt(requests.Session())
        if cache is None:
            self.facts = self.adopt(requests.Session())
        else:
            with explaining(cache):
                cache.parent.mkdir(parents=True, exist_ok=True)
                self.facts = self.adopt(_cached(cache))

    def adopt(self, session: requests.Session) -> requests.Session:
        """Teach a session these manners, whoever made it."""
        about = f"{PROJECT}; {self.contact}" if self.contact else PROJECT
        session.headers.update({"User-Agent": f"{AGENT}/{__version__} (+{about})", "Accept-Language": "en, ko;q=0.8"})
        session.max_redirects = MAX_REDIRECTS
        for scheme in ("http://", "https://"):
            session.mount(scheme, self._adapters[0])
        for origin in self._origins:
            session.mount(origin, self._adapters[1])
        return session

    def service(self, base_url: str, interval: float, busy: Busy | None = None) -> str:
        """Get to know a service; returns its address without a slash at the end.

        Args:
            base_url: where it is. Whoever names it vouches for it: it may be in the reader's own network.
            interval: seconds from one request to the next.
            busy: whether an answer says "too often" in a way of its own.
        """
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise CourseError(f"{base_url!r} is no address of a service; it must begin with https:// or http://.")
        self.intervals[parts.netloc] = interval
        if busy:
            self.busy[parts.netloc] = busy
        origin = f"{parts.scheme}://{parts.netloc}/"
        self._origins.append(origin)
        for session in (self.images, self.facts):
            session.mount(origin, self._adapters[1])
        return base_url.rstrip("/")

    def json(self, url: str, params: dict | None = None):
        """The answer to a request for facts, from the cache if it is there.

        Raises:
            Failed: if there is none, or an error.
            TryLater: if the service wants a longer pause.
        """
        response = self._facts(url, params)
        try:
            return response.json()
        except (ValueError, RecursionError):  # not JSON, or nested without end
            start = response.text[:80].strip()
            raise Failed(url, response.status_code, f"answered with something else than JSON ({start!r})") from None

    def text(self, url: str, params: dict | None = None) -> str:
        """The same as `json`, for pages."""
        return self._facts(url, params).text

    def image(self, url: str, robots: bool = False) -> bytes:
        """The bytes of an image.

        Args:
            robots: ask the host's robots.txt first.

        Raises:
            Refused: if it cannot be had.
            TryLater: if the service wants a longer pause.
        """
        if robots and not self.allows(url):
            raise Refused("robots.txt forbids it, or cannot be read")
        try:
            response = self.images.get(url)
        except TryLater as error:
            if urlsplit(url).netloc in self.intervals:
                raise
            raise Refused(f"its server wants a pause of {_span(error.seconds)}", again=True) from None
        except requests.TooManyRedirects:
            raise Refused("redirected in circles") from None
        except requests.RequestException as error:
            raise _refused(error) from None
        if not response.ok:
            raise Refused(f"HTTP {response.status_code}", again=response.status_code in BUSY)
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind.startswith("text/") or kind in ("application/json", "application/xml", "application/xhtml+xml"):
            raise Refused(f"sent as {kind}, not as an image")
        if not response.content:
            raise Refused("no bytes")
        tags = response.headers.get("X-Robots-Tag", "").lower()
        if re.search(r"\bno(image)?ai\b", tags):
            raise Refused("its server asks not to train on it")
        return response.content

    def allows(self, url: str) -> bool:
        """Whether robots.txt of the host lets us fetch an address (RFC 9309); its Crawl-delay becomes the pace.

        A host without one allows everything, one that cannot answer allows nothing.
        """
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self._robots:
            try:
                response = self.facts.get(f"{origin}/robots.txt")
                found = (
                    response.text if response.ok else "" if response.status_code < 500 else "User-agent: *\nDisallow: /"
                )
            except (requests.RequestException, Refused):
                found = "User-agent: *\nDisallow: /"
            rules = self._robots[origin] = Protego.parse(found[:500_000])
            pace = self.pace(parts.netloc)
            pace.interval = max(pace.interval, rules.crawl_delay(AGENT) or 0)
        return self._robots[origin].can_fetch(url, AGENT)

    def _rules(self, url: str) -> str:
        try:
            response = self.facts.get(url)
        except (requests.RequestException, Refused):
            return NOTHING_ALLOWED
        if response.ok:
            return response.text[:LONGEST_RULES]
        return NOTHING_ALLOWED if response.status_code >= 500 else ""

    def pace(self, host: str) -> Pace:
        """The pace of a host, which all sessions share."""
        return self._paces.setdefault(host, Pace(self.intervals.get(host, INTERVAL), self.clock))

    def _facts(self, url: str, params: dict | None) -> requests.Response:
        try:
            response = self.facts.get(url, params=params)
        except (requests.RequestException, Refused) as error:
            why = error.reason if isinstance(error, Refused) else _refused(error).reason
            raise Failed(url, None, f"cannot be reached ({why}); see that you are online and try again") from None
        if not response.ok or self.busy.get(urlsplit(url).netloc, _never)(response):
            answer = " ".join(response.text[:200].split())
            raise Failed(url, response.status_code, f"answered {response.status_code}: {answer or 'nothing'}", answer)
        return response


class PoliteAdapter(HTTPAdapter):
    """What sends the requests of a session.

    Args:
        client: whose paces are kept.
        public: refuse to talk to addresses that are not on the public internet.
    """

    def __init__(self, client: Client, public: bool):
        self.client = client
        super().__init__(pool_connections=32)
        if public:
            self.poolmanager.pool_classes_by_scheme = {"http": _PublicPool, "https": _PublicSecurePool}

    def send(self, request, stream=False, timeout=None, **options):
        host = urlsplit(request.url).netloc
        pace = self.client.pace(host)
        for tries_left in reversed(range(TRIES)):
            wait = 2.0 ** (TRIES - tries_left - 1)
            pace.wait()
            try:
                response = super().send(request, stream=True, timeout=timeout or TIMEOUT, **options)
                _read(response, self.client)
            except (requests.ConnectionError, requests.Timeout):
                if not tries_left:
                    raise
            except HTTPError as error:  # a host name that no name server can be asked for; requests lets it through
                raise requests.exceptions.InvalidURL(error, request=request) from None
            else:
                busy = response.status_code in BUSY or self.client.busy.get(host, _never)(response)
                asked = _retry_after(response)
                if busy and asked is not None and asked > self.client.ceiling:
                    raise TryLater(host, asked)
                if not busy or not tries_left:
                    return response
                wait = wait if asked is None else asked
            pace.pause(wait)
        raise AssertionError("unreachable")


def _read(response: requests.Response, client: Client) -> None:
    """Read a whole answer, unless it is too long or takes too long."""
    deadline, parts, length = time.monotonic() + client.patience, [], 0
    try:
        while part := response.raw.read1(CHUNK, decode_content=True):
            client.clock.sleep(0)  # ends here if the work was stopped
            parts.append(part)
            length += len(part)
            if length > MAX_BYTES:
                raise Refused(f"more than {MAX_BYTES // 2**20} MiB")
            if time.monotonic() > deadline:
                raise Refused(f"took longer than {client.patience:g} s", again=True)
    except HTTPError as error:
        raise requests.ConnectionError(error, request=response.request) from error
    except Refused:
        response.close()  # with the connection: the rest is not wanted
        raise
    response._content, response._content_consumed = b"".join(parts), True
    response.raw.release_conn()


def _retry_after(response: requests.Response) -> float | None:
    """Seconds to wait as the server says, in one of the two forms of RFC 9110, section 10.2.3; None if it does not."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isdigit():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _refused(error: requests.RequestException) -> Refused:
    if isinstance(error, requests.Timeout) or "timed out" in str(error).lower():
        return Refused("no answer in time", again=True)
    if isinstance(error, requests.ConnectionError):
        return Refused("connection lost", again=True)
    return Refused("an address that leads nowhere")


def _span(seconds: float) -> str:
    for unit, name in ((3600, "hours"), (60, "minutes")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:.0f} seconds"


def _never(response: requests.Response) -> bool:
    return False


def _cached(path: Path) -> requests.Session:
    """A session that keeps good answers. Requests-Cache leaves the Authorization header out of what it keeps."""
    return requests_cache.CachedSession(
        backend=requests_cache.SQLiteCache(path),
        serializer="json",  # not pickle: the file may have come with a folder from somebody else
        expire_after=KEEP_ANSWERS,
        allowable_codes=(200,),
        filter_fn=lambda response: bool(response.content) and b'"error"' not in response.content[:200],
    )


class _Public:
    """A connection that is closed again, before anything is said, if it does not lead to the public internet.

    The address is that of the connection itself, so no answer of a name server can come in between. Behind a proxy, it
    is the proxy that connects, and has to choose.
    """

    def _new_conn(self):
        socket = super()._new_conn()
        if not ip_address(socket.getpeername()[0].partition("%")[0]).is_global:
            socket.close()
            raise Refused("led to a private address")
        return socket


class _PublicConnection(_Public, HTTPConnection):
    pass


class _PublicSecureConnection(_Public, HTTPSConnection):
    pass


class _PublicPool(HTTPConnectionPool):
    ConnectionCls = _PublicConnection


class _PublicSecurePool(HTTPSConnectionPool):
    ConnectionCls = _PublicSecureConnection
