#!/usr/bin/env python3
"""Times trousseau as a whole process on public data. See README.md."""

import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "target" / "release" / "trousseau"
QUESTION = "Peut-on changer le nom d'un enfant mineur ?"


def run(*arguments):
    """Runs the program once: wall seconds, processor seconds, largest resident memory in MB."""
    begin = time.perf_counter()
    process = subprocess.Popen([PROGRAM, *arguments], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begin
    if status != 0:
        sys.exit(f"trousseau {' '.join(map(str, arguments))} ended with status {status}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def measure(name, runs, once):
    walls, processors, memories = zip(*(once() for _ in range(runs)))
    print(
        f"{name:44} {statistics.median(walls):7.3f} s  (slowest {max(walls):.3f})"
        f"  {statistics.median(processors):6.3f} CPU-s  {max(memories):5.0f} MB"
    )


def fdatasyncs(folder, seconds=1.0):
    """How many small appends a second the disk makes durable one after the other."""
    path = folder / "probe"
    count = 0
    with open(path, "ab", buffering=0) as file:
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            file.write(b"x" * 512)
            os.fdatasync(file.fileno())
            count += 1
    return count / seconds


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    data = os.environ.get("TROUSSEAU_BENCH_DATA")
    if not data or not PROGRAM.is_file():
        sys.exit("set TROUSSEAU_BENCH_DATA and build with: cargo build --release")
    source = pathlib.Path(data) / "retrieval" / "service-public-fr"
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        small, guides = folder / "small", folder / "guides"
        zipfile.ZipFile(source / "fiches_txt_2020.zip").extractall(small)
        guides.mkdir()
        for line in (source / "docs.jsonl").read_text().splitlines():
            document = json.loads(line)
            (guides / f"{document['id']}.txt").write_text(document["text"])

        def fresh(documents):
            store = folder / "store"
            shutil.rmtree(store, ignore_errors=True)
            return run("--data", store, "ingest", documents)

        measure("ingest, 3,588 small files", runs, lambda: fresh(small))
        store = folder / "store"
        measure("ingest again, unchanged", runs, lambda: run("--data", store, "ingest", small))
        measure("ingest, 535 guides", runs, lambda: fresh(guides))
        measure("ask, cold process", runs, lambda: run("--data", store, "ask", QUESTION))
        measure("search, cold process", runs, lambda: run("--data", store, "search", QUESTION))
        print(f"{'the disk, fdatasync of a small append':44} {fdatasyncs(folder):7.0f} a second")


if __name__ == "__main__":
    main()
