#!/usr/bin/env python3
"""Measures gateways side by side on this machine: nginx as the floor, LiteLLM and Portkey as peers. See README.md."""

import argparse
import json
import os
import pathlib
import re
import shutil
import signal
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
LITELLM_KEY = "sk-mesure-0123456789abcdef0123456789abcdef"

CONFIG = """
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
"""

NGINX = """
worker_processes 1; pid nginx.pid; error_log err.log; daemon off;
events {{ worker_connections 1024; }}
http {{
  access_log off; client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
  upstream mock {{ server 127.0.0.1:{mock}; keepalive 64; keepalive_requests 10000000; }}
  server {{
    listen 127.0.0.1:{port}; keepalive_requests 10000000;
    location / {{ proxy_pass http://mock; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; }}
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


def load(url, arguments, headers, pid, warm):
    """Runs the load generator; adds microseconds of processor time per request, warm-up included."""
    before = processor(pid)
    command = [RELEASE / "bench-load", "--url", url, *arguments]
    for header in headers:
        command += ["--header", header]
    seen = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    seconds = float(arguments[arguments.index("--seconds") + 1])
    requests = seen["answered"] * (seconds + warm) / seconds
    seen["cpu_us"] = (processor(pid) - before) / requests * 1e6
    return seen


def measure(gateway, arguments):
    name, command, port, headers, environment, folder = gateway
    url = f"http://127.0.0.1:{port}/v1/chat/completions"
    said = None if arguments.verbose else subprocess.DEVNULL
    process = subprocess.Popen(command, cwd=folder, env=os.environ | environment, stdout=said, stderr=said)
    try:
        start = wait(url, headers, process)
        time.sleep(1)
        idle = resident(process.pid)
        rows = []
        for _ in range(arguments.rounds):
            base = ["--seconds", str(arguments.seconds), "--warm-up", str(arguments.warm_up)]
            rows.append({
                "c32": load(url, base + ["--connections", "32"], headers, process.pid, arguments.warm_up),
                "c1": load(url, base + ["--connections", "1"], headers, process.pid, arguments.warm_up),
                "s8": load(url, base + ["--connections", "8", "--stream"], headers, process.pid, arguments.warm_up),
            })
        return {"name": name, "start": start, "idle": idle, "after": resident(process.pid), "rows": rows}
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


def best(result, load_name, field, choose=min):
    return choose(row[load_name][field] for row in result["rows"])


def trousseau(program, durability, folder, port):
    data = folder / f"data-{durability}"
    config = folder / f"{durability}.toml"
    config.write_text(CONFIG.format(mock=MOCK, durability=durability))
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
        (folder / "nginx.conf").write_text(NGINX.format(mock=MOCK, port=9201))
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


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=["nginx", "trousseau", "litellm", "portkey"])
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--warm-up", type=float, default=2)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--program", type=pathlib.Path, default=PROGRAM, help="another build of Trousseau")
    parser.add_argument("--verbose", action="store_true", help="show what the gateways say; it costs them time")
    arguments = parser.parse_args()
    for program in [arguments.program, RELEASE / "bench-mock", RELEASE / "bench-load"]:
        if not program.is_file():
            sys.exit(f"{program} is not built: see README.md")
    mock = subprocess.Popen([RELEASE / "bench-mock", "--port", str(MOCK)])
    results = []
    try:
        with tempfile.TemporaryDirectory() as temporary:
            direct = f"http://127.0.0.1:{MOCK}/v1/chat/completions"
            wait(direct, [], mock)
            base = ["--seconds", str(arguments.seconds), "--warm-up", "1", "--connections", "1"]
            floor = load(direct, base, [], mock.pid, 1)
            for gateway in gateways(arguments, pathlib.Path(temporary)):
                print(f"measuring {gateway[0]}", file=sys.stderr)
                results.append(measure(gateway, arguments))
    finally:
        mock.kill()
    print(f"the mock alone, one connection: p50 {floor['p50_ms']:.3f} ms, p99 {floor['p99_ms']:.3f} ms")
    print("| gateway | req/s, 32 | CPU us/req, 32 | added p50/p99 ms, 1 | CPU us/stream, 8 | first p50 ms, 8 | MB idle/after | start s |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for result in results:
        added = [best(result, "c1", field) - floor[field] for field in ["p50_ms", "p99_ms"]]
        faults = sum(row[kind][fault] for row in result["rows"] for kind in row for fault in ["refused", "broken"])
        print(
            f"| {result['name']} | {best(result, 'c32', 'per_second', max):,.0f} | {best(result, 'c32', 'cpu_us'):.0f}"
            f" | {added[0]:.3f} / {added[1]:.3f} | {best(result, 's8', 'cpu_us'):.0f} | {best(result, 's8', 'first_p50_ms'):.2f}"
            f" | {result['idle']:.0f} / {result['after']:.0f} | {result['start']:.2f} |" + (f" {faults} faults" if faults else "")
        )
    floor_result = next((result for result in results if result["name"] == "nginx"), None)
    for result in results:
        if floor_result and result is not floor_result:
            times = best(result, "c32", "cpu_us") / best(floor_result, "c32", "cpu_us")
            share = best(result, "c32", "per_second", max) / best(floor_result, "c32", "per_second", max)
            print(f"{result['name']}: {times:.1f} times nginx's CPU per request, {share:.3f} of its requests a second")


if __name__ == "__main__":
    main()
