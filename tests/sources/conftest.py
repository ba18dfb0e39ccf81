"""Servers on this machine, and a client that knows one of them."""

from collections.abc import Iterator

import pytest
from loopback import Answer, Request, Server, jpeg  # noqa: F401 (helpers of the tests here)

from helpers.sources.http import Client


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture
def other_server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture
def client(server, tmp_path) -> Client:
    """A client that knows the server, and need not wait for it."""
    client = Client("tests@example.org", cache=tmp_path / "answers.sqlite")
    client.service(server.url, interval=0)
    return client
