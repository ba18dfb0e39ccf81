"""The manners of this course for any `requests` session: an adapter that paces, waits, gives up in time and is wary."""

import contextlib
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from helpers.errors import CourseError
from helpers.sources.pacing import Clock, Pace

INTERVAL = 0.5  # seconds between requests to a host that documents no rate
TRIES = 4
BUSY = (429, 500, 502, 503, 504)
TIMEOUT = (10, 20)  # seconds: to connect, and without a single byte
MAX_BYTES = 32 * 2**20
CHUNK = 2**16
LONGEST_PAUSE = 10 * 365 * 86_400  # seconds, of those that a server can ask for in earnest

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
    """A host wants no more requests for longer than anybody would wait.

    Attributes:
        seconds: how long it says.
    """

    def __init__(self, host: str, seconds: float):
        when = datetime.now() + timedelta(seconds=seconds)
        super().__init__(
            f"{host} asks for a pause of {span(seconds)}; run the same again after {when:%H:%M on %d %B %Y}, and it "
            "goes on where it stopped."
        )
        self.seconds = seconds


class Manners:
    """What is known about hosts, shared by all sessions of a client: `HOST:PORT`, in lower case.

    Args:
        ceiling: seconds; a longer `Retry-After` raises `TryLater`, then and until the time is over.
        patience: seconds that an answer may take, its headers included, however steadily it drips.
        clock: what time is told by.
    """

    def __init__(self, ceiling: float, patience: float, clock: Clock):
        self.ceiling, self.patience, self.clock = ceiling, patience, clock
        self.services: dict[str, Busy | None] = {}
        self._paces: dict[str, Pace] = {}
        self._closed_until: dict[str, float] = {}
        self._watches: set[_Watch] = set()

    def introduce(self, host: str, interval: float, busy: Busy | None) -> None:
        """Get to know a service. Where several are on one host, the slowest sets the pace."""
        known = host in self.services
        self.services[host] = busy or self.services.get(host)
        pace = self.pace(host)
        pace.interval = max(pace.interval, interval) if known else interval

    def pace(self, host: str) -> Pace:
        """The pace of a host."""
        return self._paces.setdefault(host, Pace(INTERVAL, self.clock))

    def is_busy(self, host: str, response: requests.Response) -> bool:
        """Whether an answer says "not now", in HTTP's way or in the service's own."""
        in_its_way = self.services.get(host)
        return response.status_code in BUSY or bool(in_its_way and in_its_way(response))

    def close(self, host: str, seconds: float) -> None:
        """Ask a host nothing for so long."""
        self._closed_until[host] = self.clock.now() + seconds

    def check_open(self, host: str) -> None:
        """Raise `TryLater` while a host wants to be left alone."""
        left = self._closed_until.get(host, 0.0) - self.clock.now()
        if left > self.ceiling:
            raise TryLater(host, left)

    def stop(self) -> None:
        """End all waits and requests, those that have begun and those to come, until `start`."""
        self.clock.stop()
        for watch in tuple(self._watches):
            watch.end()

    def start(self) -> None:
        """Let requests be sent again."""
        self.clock.start()

    @contextmanager
    def watch(self) -> Iterator["_Watch"]:
        """Ends the request that is sent in here when `patience` is over, or on `stop`."""
        watch = _thread.watch = _Watch()
        timer = threading.Timer(self.patience, watch.end)
        timer.daemon = True
        timer.start()
        self._watches.add(watch)
        try:
            yield watch
        finally:
            timer.cancel()
            self._watches.discard(watch)
            _thread.watch = None


class PoliteAdapter(HTTPAdapter):
    """What sends the requests of a session.

    Args:
        manners: what hosts are treated by.
        public: refuse to talk to addresses that are not on the public internet.
    """

    def __init__(self, manners: Manners, public: bool):
        self.manners = manners
        super().__init__(pool_connections=32)
        pools = (_PublicPool, _PublicSecurePool) if public else (_Pool, _SecurePool)
        self.poolmanager.pool_classes_by_scheme = dict(zip(("http", "https"), pools, strict=True))

    def send(self, request, stream=False, timeout=None, **options):
        host = host_of(request.url)
        pace = self.manners.pace(host)
        for number in range(1, TRIES + 1):
            self.manners.check_open(host)
            pace.wait()
            wait = 2.0 ** (number - 1)
            try:
                with self.manners.watch() as watch:
                    response = super().send(request, stream=True, timeout=timeout or TIMEOUT, **options)
                    _read(response)
                if watch.ended:  # what came before may look like a whole answer
                    raise requests.ConnectionError(request=request)
            except (requests.RequestException, HTTPError) as error:
                self.manners.clock.sleep(0)  # ends here if the work was stopped
                if watch.ended:
                    raise Refused(f"took longer than {self.manners.patience:g} s", again=True) from None
                if isinstance(error, HTTPError):  # a host name that no name server can be asked for
                    raise requests.exceptions.InvalidURL(error, request=request) from None
                if not isinstance(error, requests.ConnectionError | requests.Timeout) or number == TRIES:
                    raise
            else:
                if not self.manners.is_busy(host, response):
                    return response
                asked = _retry_after(response)
                if asked is not None and asked > self.manners.ceiling:
                    self.manners.close(host, asked)
                    raise TryLater(host, asked)
                if number == TRIES:
                    return response
                wait = wait if asked is None else asked
            pace.pause(wait)
        raise AssertionError("unreachable")


def host_of(url: str) -> str:
    """The host and port that an address leads to."""
    parts = urlsplit(url)
    port = parts.port or {"https": 443}.get(parts.scheme, 80)
    return f"{(parts.hostname or '').lower()}:{port}"


def span(seconds: float) -> str:
    """A length of time in words."""
    for unit, name in ((86_400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:.0f} seconds"


def _read(response: requests.Response) -> None:
    """Read a whole answer, unless it is too long."""
    parts, length = [], 0
    try:
        while part := response.raw.read1(CHUNK, decode_content=True):
            parts.append(part)
            length += len(part)
            if length > MAX_BYTES:
                raise Refused(f"more than {MAX_BYTES // 2**20} MiB")
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
    if re.fullmatch("[0-9]+", value):
        return float(min(int(value[:20]), LONGEST_PAUSE))
    try:
        seconds = (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(0.0, seconds), LONGEST_PAUSE)


class _Watch:
    """The socket that a thread waits at, for another to close."""

    def __init__(self):
        self.socket: socket.socket | None = None
        self.ended = False

    def end(self) -> None:
        self.ended = True
        if self.socket is not None:
            with contextlib.suppress(OSError):
                self.socket.shutdown(socket.SHUT_RDWR)


_thread = threading.local()


class _Watched:
    """A connection that says which socket it waits at, from before the first byte of the answer."""

    def getresponse(self, *arguments, **options):
        if watch := getattr(_thread, "watch", None):
            watch.socket = self.sock
            if watch.ended:  # while it was still connecting
                watch.end()
        return super().getresponse(*arguments, **options)


class _Public(_Watched):
    """A connection that is closed again, before anything is said, if it does not lead to the public internet.

    The address is that of the connection itself, so no answer of a name server can come in between. Behind a proxy, it
    is the proxy that connects, and has to choose.
    """

    def _new_conn(self):
        connection = super()._new_conn()
        if not ip_address(connection.getpeername()[0].partition("%")[0]).is_global:
            connection.close()
            raise Refused("led to a private address")
        return connection


class _Connection(_Watched, HTTPConnection):
    pass


class _SecureConnection(_Watched, HTTPSConnection):
    pass


class _PublicConnection(_Public, HTTPConnection):
    pass


class _PublicSecureConnection(_Public, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _PublicPool(HTTPConnectionPool):
    ConnectionCls = _PublicConnection


class _PublicSecurePool(HTTPSConnectionPool):
    ConnectionCls = _PublicSecureConnection
