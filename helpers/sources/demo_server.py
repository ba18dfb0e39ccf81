"""All services of this course on your own machine: for those without keys, without a network, and for tests.

    with DemoServer() as demo:
        deezer = Deezer(client, **demo.at("deezer"))

The real client code runs, over real HTTP, against answers in the shapes that the services document. The answers are
hand-made (`helpers.sources.demo`): albums and covers are drawn, and what a live service does today may differ.
"""

import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from helpers.sources.demo import catalogue, spotify
from helpers.sources.demo.deezer import deezer
from helpers.sources.demo.itunes import itunes
from helpers.sources.demo.musicbrainz import archive, search
from helpers.sources.demo.reccobeats import reccobeats
from helpers.sources.demo.search_pages import bing, google
from helpers.sources.demo.shapes import Answer, Request

SIZES = range(1, 1001)


Service = Callable[[Request], Answer]


def images(request: Request) -> Answer:
    """`/NUMBER/SIZE.jpg`: an album's cover. A few are damaged, for that happens."""
    number, _, size = request.path.strip("/").removesuffix(".jpg").partition("/")
    if not (number.isdigit() and int(number) < len(catalogue.albums()) and size.isdigit() and int(size) in SIZES):
        return Answer(b"no such picture", 404, "text/plain")
    if not catalogue.albums()[int(number)].has_cover:
        return Answer(b"no such picture", 404, "text/plain")
    content = catalogue.cover(int(number), int(size))
    if int(number) % 37 == 5:
        content = content[: len(content) // 2]
    if int(number) % 41 == 13:
        return Answer(b"<html><body>This picture has moved.</body></html>", type="text/html")
    return Answer(content, type="image/jpeg")


def robots(request: Request) -> Answer:
    """A few pictures are not for crawlers."""
    return Answer(b"User-agent: *\nDisallow: /bing/icons/\n", type="text/plain")


SERVICES: dict[str, Service] = {
    "bing": bing,
    "coverartarchive": archive,
    "deezer": deezer,
    "google": google,
    "itunes": itunes,
    "musicbrainz": search,
    "images": images,
    "reccobeats": reccobeats,
    "robots.txt": robots,
    "spotify": spotify.api,
    "spotify_accounts": spotify.accounts,
}


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        if not isinstance(sys.exception(), OSError):  # a client that has gone away is no error of the server
            super().handle_error(request, client_address)


class DemoServer:
    """The services of `SERVICES`, each below its name; started and stopped by `with`, or by hand."""

    def start(self) -> "DemoServer":
        """Answer from now on, until `stop` or the end of the program."""
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> "DemoServer":
        return self.start()

    def __exit__(self, *error) -> None:
        self.stop()

    def url(self, service: str) -> str:
        """The address of a service, a key of `SERVICES`."""
        return f"{self.address}/{service}"

    def at(self, source: str) -> dict:
        """What a source's class is told so that it asks here, and need not wait.

        Args:
            source: its NAME: "musicbrainz", "itunes", "deezer", "spotify", "reccobeats", "bing" or "google".
        """
        told = {"base_url": self.url(source), "interval": 0}
        if source == "musicbrainz":
            told |= {"covers_url": self.url("coverartarchive"), "covers_interval": 0}
        if source == "spotify":
            told |= {"accounts_url": self.url("spotify_accounts")}
            told |= {"client_id": spotify.CLIENT_ID, "client_secret": spotify.CLIENT_SECRET}
        return told


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        parts = urlsplit(self.path)
        form = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode(errors="replace")
        query = parse_qs(parts.query, keep_blank_values=True) | parse_qs(form)
        name, _, path = parts.path.lstrip("/").partition("/")
        server = f"http://{self.headers['Host']}"
        asked = Request(
            self.command, f"/{path}", {key: values[-1] for key, values in query.items()}, dict(self.headers), server
        )
        answer = SERVICES[name](asked) if name in SERVICES else Answer(b"no such service", 404, "text/plain")
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.type)
        self.send_header("Content-Length", str(len(answer.body)))
        for key, value in answer.headers.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(answer.body)

    do_POST = do_GET

    def log_message(self, *arguments):
        pass  # a notebook is no log
