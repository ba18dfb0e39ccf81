"""A request to a demo service, and its answer."""

import json
from dataclasses import dataclass, field

from helpers.sources.demo.catalogue import Album


@dataclass(frozen=True)
class Request:
    """What a client asked of a service.

    Attributes:
        method: "GET" or "POST".
        path: below the service's address, beginning with a slash.
        query: the last value of each parameter, from the address and from a form.
        headers: as sent.
        server: address of the demo server, to make links to pictures with.
    """

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    server: str

    def cover(self, album: Album, size: int) -> str:
        """The address of an album's cover of so many pixels."""
        return f"{self.server}/images/{album.number}/{size}.jpg"


@dataclass(frozen=True)
class Answer:
    """What a service says: something that becomes JSON, or bytes of another type."""

    content: object = b""
    status: int = 200
    type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def body(self) -> bytes:
        return self.content if isinstance(self.content, bytes) else json.dumps(self.content).encode()
