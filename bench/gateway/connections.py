#!/usr/bin/env python3
"""Measures what open connections cost in memory: silent ones, then the same after one question each. See README.md."""

import argparse
import asyncio
import json
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

from run import MOCK, PROGRAM, RELEASE, resident, trousseau, wait

PORT = 9206
LIMITS = """
[server.limits]
connections = {connections}
head_seconds = 600
idle_seconds = 600
"""


def request(key):
    body = json.dumps({"model": "mock-model", "messages": [{"role": "user", "content": "Bonjour"}]})
    head = "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
    return f"{head}authorization: Bearer {key}\r\ncontent-length: {len(body)}\r\n\r\n{body}".encode()


async def ask(connection, asking, question):
    """Asks on a connection, and leaves it open."""
    reader, writer = connection
    async with asking:
        writer.write(question)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            sys.exit(f"refused: {head.decode(errors='replace')}")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(int(length.split(b":")[1]))


async def measure(pid, key, arguments):
    idle = resident(pid)
    opening = asyncio.Semaphore(arguments.at_once)

    async def connect():
        async with opening:
            return await asyncio.open_connection("127.0.0.1", PORT, limit=1 << 16)

    connections = await asyncio.gather(*(connect() for _ in range(arguments.connections)))
    await asyncio.sleep(arguments.rest)
    silent = resident(pid)
    question = request(key)
    asking = asyncio.Semaphore(arguments.at_once)
    await asyncio.gather(*(ask(connection, asking, question) for connection in connections))
    await asyncio.sleep(arguments.rest)
    asked = resident(pid)
    for _, writer in connections:
        writer.close()
    return idle, silent, asked


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=10_000)
    parser.add_argument("--at-once", type=int, default=64, help="how many are opened, and ask, at a time")
    parser.add_argument("--rest", type=float, default=3, help="seconds before memory is read")
    arguments = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = arguments.connections + 200
    if most != resource.RLIM_INFINITY and most < needed:
        sys.exit(f"{needed} open files are needed, {most} are allowed")
    # The server inherits it.
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed, most))
    mock = subprocess.Popen([RELEASE / "bench-mock", "--port", str(MOCK)])
    try:
        with tempfile.TemporaryDirectory() as temporary:
            folder = pathlib.Path(temporary)
            wait(f"http://127.0.0.1:{MOCK}/v1/chat/completions", [], mock)
            command, key = trousseau(PROGRAM, "batch", folder, PORT)
            with (folder / "batch.toml").open("a") as config:
                config.write(LIMITS.format(connections=arguments.connections + 100))
            server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                wait(f"http://127.0.0.1:{PORT}/v1/chat/completions", [f"authorization: Bearer {key}"], server)
                time.sleep(1)
                idle, silent, asked = asyncio.run(measure(server.pid, key, arguments))
            finally:
                server.terminate()
                server.wait(60)
    finally:
        mock.kill()
    count = arguments.connections
    print(f"idle: {idle:.1f} MB")
    print(f"{count} silent connections: {silent:.1f} MB, {(silent - idle) * 1024 / count:.2f} KB each")
    print(f"after one question each: {asked:.1f} MB, {(asked - idle) * 1024 / count:.2f} KB each")


if __name__ == "__main__":
    main()
