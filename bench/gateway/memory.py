#!/usr/bin/env python3
"""Measures whether memory grows with the number of requests: after one million, and after three. See README.md."""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

from run import MOCK, PROGRAM, RELEASE, resident, trousseau, wait

PORT = 9207


def ask(url, key, requests):
    """Asks until so many requests are answered, in windows of ten seconds."""
    answered = 0
    while answered < requests:
        command = [RELEASE / "bench-load", "--url", url, "--connections", "32", "--seconds", "10", "--warm-up", "0"]
        command += ["--header", f"authorization: Bearer {key}"]
        seen = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        answered += seen["answered"]
        print(f"{answered:,} of {requests:,}", file=sys.stderr)
    return answered


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, nargs=2, default=[1_000_000, 3_000_000], help="before and after")
    parser.add_argument("--folder", type=pathlib.Path, help="where the data folder goes; 3 kB a request are needed")
    parser.add_argument("--program", type=pathlib.Path, default=PROGRAM, help="another build of Trousseau")
    arguments = parser.parse_args()
    mock = subprocess.Popen([RELEASE / "bench-mock", "--port", str(MOCK)])
    try:
        with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
            command, key = trousseau(arguments.program, "batch", pathlib.Path(folder), PORT)
            server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            url = f"http://127.0.0.1:{PORT}/v1/chat/completions"
            try:
                wait(url, [f"authorization: Bearer {key}"], server)
                before, after = arguments.requests
                answered = ask(url, key, before)
                first = resident(server.pid)
                answered += ask(url, key, after - answered)
                last = resident(server.pid)
                print(f"{first:.1f} MB after {before:,} requests, {last:.1f} MB after {answered:,}: {last - first:+.1f} MB")
            finally:
                server.terminate()
                server.wait(60)
    finally:
        mock.kill()


if __name__ == "__main__":
    main()
