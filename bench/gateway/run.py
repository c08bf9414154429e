#!/usr/bin/env python3
"""Measures gateways side by side on this machine: nginx as the floor, LiteLLM and Portkey as peers. See README.md."""

import argparse
import json
import math
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent
TOOLS = ROOT / "target" / "tools"
RELEASE = ROOT / "target" / "release"
# What is handed out, where it was built; else what `cargo build --release` made.
PACKAGED = ROOT / "target" / "package" / "trousseau"
PROGRAM = PACKAGED if PACKAGED.is_file() else RELEASE / "trousseau"
MOCK = 9100
# Its pieces come slowly, so that many streams are open at once.
SLOW = 9101
GAP_MS = 155
LITELLM_KEY = "sk-mesure-0123456789abcdef0123456789abcdef"

CONFIG = """
# More than are open at once in `s512`.
[server.limits]
requests = 1024

[[upstream]]
name = "mock"
kind = "openai"
url = "http://127.0.0.1:{mock}/v1"
model = "mock-model"

[upstream.card]
provider = "mock"
premises = "own"

[[route]]
name = "mock-model"
targets = ["mock"]
grounded = false
durability = "{durability}"

[[upstream]]
name = "slow"
kind = "openai"
url = "http://127.0.0.1:{slow}/v1"
model = "slow-model"

[upstream.card]
provider = "mock"
premises = "own"

[[route]]
name = "slow-model"
targets = ["slow"]
grounded = false
durability = "{durability}"
"""

NGINX = """
worker_processes 1; pid nginx.pid; error_log err.log; daemon off;
events {{ worker_connections 4096; }}
http {{
  access_log off; client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
  upstream mock {{ server 127.0.0.1:{mock}; keepalive 64; keepalive_requests 10000000; }}
  upstream slow {{ server 127.0.0.1:{slow}; keepalive 1024; }}
  proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; client_max_body_size 64m; client_body_buffer_size 4m;
  server {{
    listen 127.0.0.1:{port}; keepalive_requests 10000000;
    location / {{ proxy_pass http://mock; }}
    location /slow/ {{ proxy_pass http://slow/; }}
  }}
}}
"""

LITELLM = """
model_list:
  - model_name: mock-model
    litellm_params: {{ model: openai/mock-model, api_base: "http://127.0.0.1:{mock}/v1", api_key: none }}
litellm_settings: {{ callbacks: [], num_retries: 0, request_timeout: 60 }}
general_settings: {{ master_key: {key} }}
"""


def family(pid):
    """A process and everything below it."""
    found = [pid]
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rsplit(")", 1)[1].split()
        except (OSError, IndexError):
            continue
        if int(fields[1]) == pid:
            found += family(int(path.parent.name))
    return found


def processor(pid):
    """Seconds of processor time of a process and everything below it."""
    ticks = 0
    for one in family(pid):
        try:
            fields = pathlib.Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
        except OSError:
            pass
    return ticks / os.sysconf("SC_CLK_TCK")


def resident(pid):
    """Megabytes of resident memory of a process and everything below it."""
    kilobytes = 0
    for one in family(pid):
        try:
            status = pathlib.Path(f"/proc/{one}/status").read_text()
            kilobytes += int(re.search(r"VmRSS:\s+(\d+)", status)[1])
        except (OSError, TypeError):
            pass
    return kilobytes / 1024


def body(url, headers):
    headers = dict(header.split(": ", 1) for header in headers) | {"content-type": "application/json"}
    question = {"model": "mock-model", "messages": [{"role": "user", "content": "Bonjour"}]}
    request = urllib.request.Request(url, json.dumps(question).encode(), headers)
    with urllib.request.urlopen(request, timeout=5) as answer:
        return answer.read()


def wait(url, headers, process, seconds=180):
    """Waits for the first answer; seconds since now."""
    begin = time.perf_counter()
    fault = None
    while time.perf_counter() - begin < seconds and process.poll() is None:
        try:
            body(url, headers)
            return time.perf_counter() - begin
        except OSError as error:
            fault = error
            time.sleep(0.002)
    ended = "" if process.poll() is None else f"; it ended with {process.returncode}"
    sys.exit(f"no answer from {url}: {fault}{ended}; --verbose shows what it says")


# What is asked of each gateway in a window: the arguments of the load generator.
KINDS = {
    "c32": ["--connections", "32"],
    "c1": ["--connections", "1"],
    "s8": ["--connections", "8", "--stream"],
    # 100,000 tokens and more: some 470 kB.
    "prompt": ["--connections", "1", "--words", "70000"],
    # A stream lasts some five seconds, so that more than 512 are open.
    "s512": ["--stream", "--starts", "100", "--model", "slow-model"],
}
# How long the window of a kind is at least, in seconds, and its time to warm up.
LONGER = {"s512": (8, 6)}


class Gateway:
    """A gateway that runs, and what was measured of it."""

    def __init__(self, described, arguments):
        self.name, command, self.port, self.headers, environment, folder = described
        said = None if arguments.verbose else subprocess.DEVNULL
        self.process = subprocess.Popen(command, cwd=folder, env=os.environ | environment, stdout=said, stderr=said)
        self.start = wait(f"http://127.0.0.1:{self.port}/v1/chat/completions", self.headers, self.process)
        time.sleep(1)
        self.idle, self.after = resident(self.process.pid), None
        self.rows = {kind: [] for kind in KINDS}

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()


class Direct(Gateway):
    """No gateway: the mock itself, in the windows between."""

    def __init__(self, process):
        self.name, self.port, self.headers, self.process = "none", MOCK, [], process
        self.rows = {kind: [] for kind in KINDS}

    def stop(self):
        pass


def window(gateway, kind, arguments):
    """One window of load; adds microseconds of processor time per request, warm-up included."""
    seconds, warm = LONGER.get(kind, (0, arguments.warm_up))
    seconds = max(seconds, arguments.seconds)
    port, path = gateway.port, "/v1/chat/completions"
    if kind == "s512" and isinstance(gateway, Direct):
        port = SLOW
    if kind == "s512" and gateway.name == "nginx":
        path = f"/slow{path}"
    command = [RELEASE / "bench-load", "--url", f"http://127.0.0.1:{port}{path}", "--seconds", str(seconds)]
    command += ["--warm-up", str(warm), *KINDS[kind]]
    for header in gateway.headers:
        command += ["--header", header]
    before = processor(gateway.process.pid)
    ran = subprocess.run(command, capture_output=True, text=True)
    if ran.returncode:
        sys.exit(f"{gateway.name}, {kind}: {ran.stderr}")
    seen = json.loads(ran.stdout)
    requests = seen["answered"] * (seconds + warm) / seconds
    seen["cpu_us"] = (processor(gateway.process.pid) - before) / requests * 1e6
    gateway.rows[kind].append(seen)


def median(gateway, kind, field):
    """The median of the windows; not a number where there was none."""
    return statistics.median([row[field] for row in gateway.rows[kind]] or [math.nan])


def trousseau(program, durability, folder, port):
    data = folder / f"data-{durability}"
    config = folder / f"{durability}.toml"
    config.write_text(CONFIG.format(mock=MOCK, slow=SLOW, durability=durability))
    program = [str(program), "--data", str(data), "--config", str(config)]
    made = subprocess.run(program + ["keys", "create", "--name", "mesure", "--json"], check=True, capture_output=True, text=True)
    key = json.loads(made.stdout)["key"]
    return program + ["serve", "--listen", f"127.0.0.1:{port}"], key


def virtual_environment(name, package):
    home = TOOLS / name
    if not (home / "bin" / name).exists():
        subprocess.run([sys.executable, "-m", "venv", home], check=True)
        subprocess.run([home / "bin" / "pip", "install", "--quiet", package], check=True)
    return home


def portkey_folder():
    home = TOOLS / "portkey"
    if not (home / "node_modules").exists():
        home.mkdir(parents=True, exist_ok=True)
        (home / "package.json").write_text('{"private":true}')
        subprocess.run(["npm", "install", "--silent", "@portkey-ai/gateway@1.15.2"], cwd=home, check=True)
    return home


def gateways(arguments, folder):
    """Each gateway as (name, command, port, headers, environment, folder)."""
    wanted = arguments.only
    direct = f"http://127.0.0.1:{MOCK}/v1"
    if "nginx" in wanted and shutil.which("nginx"):
        (folder / "nginx.conf").write_text(NGINX.format(mock=MOCK, slow=SLOW, port=9201))
        yield "nginx", ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")], 9201, [], {}, None
    for number, durability in enumerate(["batch", "request"]):
        if "trousseau" in wanted:
            command, key = trousseau(arguments.program, durability, folder, 9202 + number)
            yield f"trousseau, {durability}", command, 9202 + number, [f"authorization: Bearer {key}"], {}, None
    if "litellm" in wanted:
        home = virtual_environment("litellm", "litellm[proxy]==1.106.2")
        (folder / "litellm.yaml").write_text(LITELLM.format(mock=MOCK, key=LITELLM_KEY))
        command = [str(home / "bin" / "litellm"), "--config", str(folder / "litellm.yaml"), "--host", "127.0.0.1"]
        command += ["--port", "9204", "--num_workers", "1", "--telemetry", "False"]
        environment = {"LITELLM_LOCAL_MODEL_COST_MAP": "True"}
        yield "LiteLLM 1.106.2", command, 9204, [f"authorization: Bearer {LITELLM_KEY}"], environment, None
    if "portkey" in wanted:
        home = portkey_folder()
        command = ["node", "--require", str(HERE / "portkey.cjs"), "node_modules/@portkey-ai/gateway/build/start-server.js"]
        command += ["--port=9205", "--headless"]
        config = {"provider": "openai", "custom_host": direct, "api_key": "x"}
        yield "Portkey 1.15.2", command, 9205, [f"x-portkey-config: {json.dumps(config)}"], {}, home


def table(gateways, direct):
    """What was measured, each figure the median of its windows."""
    print("| gateway | req/s, 32 | CPU us/req, 32 | added p50/p99 ms, 1 | CPU us/stream, 8 | streams/s, 8 | MB idle/after | start s |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for one in gateways:
        added = [median(one, "c1", field) - median(direct, "c1", field) for field in ["p50_ms", "p99_ms"]]
        faults = {
            f"{kind} {fault}": count
            for kind, rows in one.rows.items()
            for fault in ["refused", "broken"]
            if (count := sum(row[fault] for row in rows))
        }
        print(
            f"| {one.name} | {median(one, 'c32', 'per_second'):,.0f} | {median(one, 'c32', 'cpu_us'):.0f}"
            f" | {added[0]:.3f} / {added[1]:.3f} | {median(one, 's8', 'cpu_us'):.0f} | {median(one, 's8', 'per_second'):,.0f}"
            f" | {one.idle:.0f} / {one.after:.0f} | {one.start:.2f} |" + (f" faults: {faults}" if faults else "")
        )
    for one in [direct, *gateways]:
        if one.rows["s512"]:
            print(
                f"{one.name}: {max(row['open'] for row in one.rows['s512'])} streams open, first token p50/p99"
                f" {median(one, 's512', 'first_p50_ms'):.2f} / {median(one, 's512', 'first_p99_ms'):.2f} ms"
            )
        if one.rows["prompt"]:
            print(f"{one.name}: 70,000 words, p50 {median(one, 'prompt', 'p50_ms'):.2f} ms")
    floor = next((one for one in gateways if one.name == "nginx"), None)
    for one in gateways:
        if floor and one is not floor:
            times = median(one, "c32", "cpu_us") / median(floor, "c32", "cpu_us")
            share = [median(one, kind, "per_second") / median(floor, kind, "per_second") for kind in ["c32", "s8"]]
            print(
                f"{one.name}: {times:.1f} times nginx's CPU per request, {share[0]:.3f} of its requests a second,"
                f" {share[1]:.3f} of its streams"
            )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=["nginx", "trousseau", "litellm", "portkey"])
    parser.add_argument("--kinds", nargs="*", default=list(KINDS), choices=KINDS)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--warm-up", type=float, default=1)
    parser.add_argument("--rounds", type=int, default=5, help="windows of each kind for each gateway, in turn")
    parser.add_argument("--program", type=pathlib.Path, default=PROGRAM, help="another build of Trousseau")
    parser.add_argument("--verbose", action="store_true", help="show what the gateways say; it costs them time")
    arguments = parser.parse_args()
    for program in [arguments.program, RELEASE / "bench-mock", RELEASE / "bench-load"]:
        if not program.is_file():
            sys.exit(f"{program} is not built: see README.md")
    mock = subprocess.Popen([RELEASE / "bench-mock", "--port", str(MOCK)])
    slow = subprocess.Popen([RELEASE / "bench-mock", "--port", str(SLOW), "--gap-ms", str(GAP_MS)])
    running = []
    try:
        with tempfile.TemporaryDirectory() as temporary:
            wait(f"http://127.0.0.1:{MOCK}/v1/chat/completions", [], mock)
            direct = Direct(mock)
            for described in gateways(arguments, pathlib.Path(temporary)):
                running.append(Gateway(described, arguments))
            for number in range(arguments.rounds):
                for kind in arguments.kinds:
                    for one in [direct, *running]:
                        # Peers that would take minutes for a window of this kind, or need another configuration for it.
                        if kind in ["s512", "prompt"] and one.name not in ["none", "nginx"] and "trousseau" not in one.name:
                            continue
                        print(f"{number + 1}/{arguments.rounds} {kind} {one.name}", file=sys.stderr)
                        window(one, kind, arguments)
            for one in running:
                one.after = resident(one.process.pid)
            table(running, direct)
    finally:
        # Not killed at once: workers of nginx would live on.
        for one in running:
            one.stop()
        for process in [mock, slow]:
            process.kill()


if __name__ == "__main__":
    main()
