"""How fast covers are collected, from a server on this machine that answers without delay.

    python benchmarks/bench_collect.py [--covers 20000] [--workers 4]

500 px JPEGs, no pacing, the server in a process of its own. Prints covers a second, memory after a tenth of the
covers and at the end, and how long it takes to find out that a finished collection is finished.
"""

import argparse
import io
import multiprocessing
import tempfile
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil
from PIL import Image

from helpers.sources.collection import Found, collect
from helpers.sources.http import Client
from helpers.sources.synthetic import draw_cover, draw_factors
from helpers.sources.terms import Terms

SIDE, DRAWN = 500, 40
TERMS = Terms("CC0-1.0", "https://creativecommons.org/publicdomain/zero/1.0/", "allowed", "Drawn by code.")


def serve(port_at) -> None:
    """Answer /N.jpg with a drawn cover and N behind its last byte, so that no two files are the same."""
    pictures = []
    for index in range(DRAWN):
        content = io.BytesIO()
        Image.fromarray(draw_cover(draw_factors(0, index), SIDE)).save(content, "JPEG", quality=88)
        pictures.append(content.getvalue())

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self):
            number = int(self.path[1:].removesuffix(".jpg"))
            content = pictures[number % DRAWN] + number.to_bytes(4, "big")
            head = f"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: {len(content)}\r\n\r\n"
            self.wfile.write(head.encode() + content)

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    port_at.send((server.server_port, sum(map(len, pictures)) / DRAWN))
    server.serve_forever()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--covers", type=int, default=2000)
    parser.add_argument("--workers", type=int, default=4)
    arguments = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    server = context.Process(target=serve, args=(there,), daemon=True)
    server.start()
    port, size = here.recv()
    client = Client()
    url = client.service(f"http://127.0.0.1:{port}", interval=0)
    process, memory = psutil.Process(), {}

    def found():
        for number in range(arguments.covers):
            record = TERMS.record("bench", str(number), artist=f"Artist {number}", title=f"Album {number}")
            yield Found(record, (f"{url}/{number}.jpg",))

    def watch(done):
        if done in (arguments.covers // 10, arguments.covers):
            memory[done] = process.memory_info().rss / 2**20

    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        start = time.perf_counter()
        summary = collect(found(), out, client, workers=arguments.workers, progress=watch)
        seconds = time.perf_counter() - start
        start = time.perf_counter()
        again = collect(found(), out, client, workers=arguments.workers)
        resumed = time.perf_counter() - start
    assert summary.downloaded == again.present == arguments.covers
    print(f"{arguments.covers:,} covers of {SIDE} px, {size / 1000:.0f} kB each, {arguments.workers} workers")
    print(f"collected   {arguments.covers / seconds:8.0f} covers/s")
    print(f"resumed     {resumed:8.2f} s, nothing asked")
    for count, megabytes in memory.items():
        print(f"memory      {megabytes:8.0f} MB after {count:,} covers")
    server.terminate()


if __name__ == "__main__":
    main()
