"""A real HTTP server on this machine that answers as a test tells it to."""

import io
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import numpy as np
from PIL import Image

from helpers.sources.pacing import Clock


@dataclass
class Request:
    """What a client asked."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass
class Answer:
    """What the server says.

    Attributes:
        body: bytes, or an iterable of pieces that are sent as they come.
        length: what Content-Length claims; True for the truth, None to leave it out and close the connection.
    """

    body: bytes | Iterator[bytes] = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    length: int | bool | None = True


class Server:
    """A server at `url`; `answer` says how it answers, `requests` what it was asked."""

    def __init__(self):
        self.requests: list[Request] = []
        self.answer: Callable[[Request], Answer] = lambda request: Answer(status=404)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def paths(self) -> list[str]:
        return [request.path for request in self.requests]

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def _handler(server):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # it holds small answers back

            def do_GET(self):
                parts = urlsplit(self.path)
                query = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                request = Request(self.command, parts.path, query, dict(self.headers), body)
                server.requests.append(request)
                answer = server.answer(request)
                pieces = [answer.body] if isinstance(answer.body, bytes) else answer.body
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                if answer.length is None:
                    self.send_header("Connection", "close")
                else:
                    length = len(answer.body) if answer.length is True else answer.length
                    self.send_header("Content-Length", str(length))
                self.end_headers()
                try:
                    for piece in pieces:
                        self.wfile.write(piece)
                        self.wfile.flush()
                except OSError:
                    pass  # the client has heard enough
                if answer.length is not True:
                    self.close_connection = True

            do_POST = do_GET

            def log_message(self, *args):
                pass

        return Handler


def jpeg(seed: int = 0, width: int = 120, height: int = 120, kind: str = "JPEG") -> bytes:
    """A picture file, another for each seed."""
    colours = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    content = io.BytesIO()
    Image.fromarray(colours).resize((width, height)).save(content, kind)
    return content.getvalue()


class FakeClock(Clock):
    """Time that passes only while somebody sleeps, and then for a little longer than asked if it is told to.

    Attributes:
        time: now, in seconds.
        slept: how long it was slept each time, in seconds.
    """

    def __init__(self, oversleep: float = 0.0):
        super().__init__()
        self.time, self.oversleep, self.slept = 0.0, oversleep, []

    def now(self):
        return self.time

    def sleep(self, seconds):
        if seconds > 0:
            self.slept.append(seconds)
            self.time += seconds + self.oversleep
