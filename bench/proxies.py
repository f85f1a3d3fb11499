#!/usr/bin/python3
"""What does a proxied request cost, beside nginx and HAProxy?

Each proxy runs with one worker on a core of its own, with pooled connections to the same backend
and without an access log; wrk (h2load for HTTP/2) and the backend (nginx) share another core. The cost is the
processor time of the proxy's process, user and system, per request (/proc/PID/task/*/schedstat), so
that it does not matter who is the bottleneck. The proxies take turns, several rounds; the ratio of
each round is taken between neighbours in time, and reported is the median.

  bench/proxies.py [--rounds 5] [--seconds 2] [--case NAME ...] [--json FILE]

WARMGATE names the program (build/release/bin/warmgate). Everything is on loopback, takes
rounds x cases x 3 x seconds, and ends by itself. On a busy machine only the ratios mean something.
"""
import argparse
import contextlib
import json
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
CONFIGS = ROOT / "bench" / "proxies"
WARMGATE = os.environ.get("WARMGATE", str(ROOT / "build" / "release" / "bin" / "warmgate"))
MIB = 1 << 20
# name: path, body bytes, connections; and for HTTP/2, in clear text, streams on each of them
CASES = {
    "POST 800 B, 1 connection": ("/small", 800, 1, 0),
    "POST 800 B, 64 connections": ("/small", 800, 64, 0),
    "POST 800 B, 1000 connections": ("/small", 800, 1000, 0),
    "POST 1 MiB, 16 connections": ("/upload", MIB, 16, 0),
    "GET 1 MiB, 16 connections": ("/large", 0, 16, 0),
    "POST 800 B, HTTP/2 4 x 16": ("/small", 800, 4, 16),
    "GET 1 MiB, HTTP/2 1 x 16": ("/large", 0, 1, 16),
}
PROXIES = {
    "warmgate": ("warmgate.yaml", [WARMGATE, "serve", "-c"]),
    "nginx": ("nginx.conf", ["nginx", "-c"]),
    "haproxy": ("haproxy.cfg", ["haproxy", "-db", "-f"]),
}
PATIENCE_S = 30


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def cores():
    """The proxy's, and the one of wrk and the backend."""
    available = sorted(os.sched_getaffinity(0))
    return available[0], available[1 % len(available)]


@contextlib.contextmanager
def running(command, core, port, folder):
    messages = open(folder / "messages", "w+")
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=messages, stderr=messages,
                               cwd=folder, preexec_fn=lambda: os.sched_setaffinity(0, {core}))
    try:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    said = (folder / "messages").read_text()
                    raise SystemExit(f"{command[0]} does not listen: {said}")
                time.sleep(0.05)
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def cpu_ns(pid):
    tasks = pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks)


def load(ports, case, seconds, core, folder):
    path, body_bytes, connections, streams = CASES[case]
    port, h2_port = ports
    if streams:
        return load_h2(f"http://127.0.0.1:{h2_port}{path}", case, seconds, core, folder)
    result = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", CONFIGS / "load.lua",
         f"http://127.0.0.1:{port}{path}"],
        env={**os.environ, "BODY_BYTES": str(body_bytes)}, capture_output=True, text=True,
        timeout=seconds + PATIENCE_S, preexec_fn=lambda: os.sched_setaffinity(0, {core}))
    lines = [line for line in result.stdout.splitlines() if line.startswith("{")]
    if not lines:
        raise SystemExit(f"wrk failed: {result.stdout}{result.stderr}")
    measured = json.loads(lines[-1])
    if measured["requests"] == 0 or measured["errors"] > 0:
        raise SystemExit(f"{case}: not all requests were answered well: {measured}")
    return measured


def load_h2(url, case, seconds, core, folder):
    _, body_bytes, connections, streams = CASES[case]
    body = folder / "h2load-body"
    body.write_bytes(b"x" * body_bytes)
    with_body = ["-d", body, "-H", "content-type: application/json"] if body_bytes else []
    result = subprocess.run(
        ["h2load", "-t1", f"-c{connections}", f"-m{streams}", f"-D{seconds}", "-w20", "-W24",
         *with_body, url], capture_output=True, text=True, timeout=seconds + PATIENCE_S,
        preexec_fn=lambda: os.sched_setaffinity(0, {core}))
    counts = re.search(r"(\d+) succeeded, (\d+) failed, (\d+) errored", result.stdout)
    done = int(counts.group(1)) if counts else 0
    if done == 0 or counts.group(2) != "0":
        raise SystemExit(f"{case}: not all requests were answered well: {result.stdout}")
    return {"requests": done, "seconds": seconds}


def measure(options, ports, pids, load_core, folder):
    """{case: {proxy: [a dict for each round]}}"""
    rounds = {case: {proxy: [] for proxy in PROXIES} for case in options.case}
    for case in options.case:
        for proxy in PROXIES:  # opens the pools
            load(ports[proxy], case, 1, load_core, folder)
    for _ in range(options.rounds):
        for case in options.case:
            for proxy in PROXIES:
                before = cpu_ns(pids[proxy])
                measured = load(ports[proxy], case, options.seconds, load_core, folder)
                spent = cpu_ns(pids[proxy]) - before
                measured["cpu_us"] = round(spent / 1000 / measured["requests"], 3)
                rounds[case][proxy].append(measured)
    return rounds


def ratio(rounds, to):
    return statistics.median(ours["cpu_us"] / theirs["cpu_us"]
                             for ours, theirs in zip(rounds["warmgate"], rounds[to]))


def summary(rounds):
    result = {}
    for case, of_case in rounds.items():
        result[case] = {proxy: {key: statistics.median(r[key] for r in of_proxy)
                                for key in ("cpu_us", "p50_ms") if key in of_proxy[0]}
                        for proxy, of_proxy in of_case.items()}
        for other in ("nginx", "haproxy"):
            result[case][f"ratio_to_{other}"] = round(ratio(of_case, other), 3)
    return result


def write_configs(folder, backend, ports):
    (folder / "large").write_bytes(b"z" * MIB)
    fixed = {"@FOLDER@": str(folder), "@BACKEND@": str(backend), "@ANSWER@": "y" * 150}
    for name, (port, h2_port) in [("backend.conf", (backend, 0)),
                                  *((PROXIES[proxy][0], ports[proxy]) for proxy in PROXIES)]:
        text = (CONFIGS / name).read_text()
        for mark, value in {**fixed, "@PORT@": str(port), "@H2_PORT@": str(h2_port)}.items():
            text = text.replace(mark, value)
        (folder / name).write_text(text)


def report(result):
    print(f"processor time per request, us (user + system)\n\n{'':30}"
          f"{'warmgate':>10}{'nginx':>10}{'haproxy':>10}{'to nginx':>12}{'to haproxy':>12}")
    for case, row in result.items():
        print(f"{case:30}" + "".join(f"{row[proxy]['cpu_us']:10.1f}" for proxy in PROXIES) +
              f"{row['ratio_to_nginx']:12.2f}{row['ratio_to_haproxy']:12.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--case", action="append", choices=list(CASES))
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    options.case = options.case or list(CASES)
    missing = [tool for tool in ("nginx", "haproxy", "wrk", "h2load")
               if shutil.which(tool, path=os.environ["PATH"] + ":/usr/sbin") is None]
    if missing:
        raise SystemExit(f"missing: {' '.join(missing)}; tools/setup.sh bench installs them")
    os.environ["PATH"] += ":/usr/sbin"

    proxy_core, load_core = cores()
    ports = {proxy: (free_port(), free_port()) for proxy in PROXIES}
    backend = free_port()
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = pathlib.Path(name)
        folder.chmod(0o755)  # nginx's worker may be another user
        write_configs(folder, backend, ports)
        stack.enter_context(running(["nginx", "-c", folder / "backend.conf"], load_core, backend,
                                    folder))
        pids = {}
        for proxy, (config, command) in PROXIES.items():
            pids[proxy] = stack.enter_context(
                running([*command, folder / config], proxy_core, ports[proxy][0],
                        folder))
        rounds = measure(options, ports, pids, load_core, folder)
    result = summary(rounds)
    report(result)
    if options.json:
        pathlib.Path(options.json).write_text(
            json.dumps({"summary": result, "rounds": rounds}, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
