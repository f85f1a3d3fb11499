#!/usr/bin/python3
"""The processor time of one proxied request: warmgate beside nginx and HAProxy, and for HTTP/2 beside
nghttpx and h2o, with one worker each.

The proxy is pinned to one core; the load and the backend (nginx) share the other. Processor time is
that of the proxy's process, user and system, and does not depend on how fast the others are. The
proxies take turns within each of several rounds; the ratio of each round is taken between neighbours
in time, and reported is the median. Then the throughput when a core is full, and the latency at half
of the slowest one's, with the same open load for each (`warmgate load`).

  bench/proxies.py [--rounds 5] [--seconds 2] [--case NAME ...] [--no-latency] [--json FILE]

WARMGATE names the program (build/release/bin/warmgate). Everything is on loopback, takes about rounds
x 43 x seconds and half a minute, and ends by itself. On a busy machine only the ratios mean something.
"""
import argparse
import dataclasses
import json
import os
import pathlib
import re
import socket
import statistics
import subprocess
import sys
import time

from world import (CONFIGS, FOR_HTTP1, MIB, PATIENCE_S, PROXIES, WARMGATE, World, busy_share,
                   check_tools, client_context, cpu_ns, pinned)


@dataclasses.dataclass
class Case:
    path: str
    body_bytes: int
    connections: int
    streams: int = 0       # HTTP/2, so many on each connection
    tls: bool = False      # from the client; the path says whether to the backend
    handshakes: str = ""   # "full" or "resumed": each request on a connection of its own


CASES = {
    "POST 800 B, 1 connection": Case("/small", 800, 1),
    "POST 800 B, 64 connections": Case("/small", 800, 64),
    "POST 800 B, 1000 connections": Case("/small", 800, 1000),
    "POST 1 MiB, 16 connections": Case("/upload", MIB, 16),
    "GET 1 MiB, 16 connections": Case("/large", 0, 16),
    "POST 800 B, TLS, 64 connections": Case("/small", 800, 64, tls=True),
    "GET 1 MiB, TLS, 16 connections": Case("/large", 0, 16, tls=True),
    "POST 800 B, TLS to the backend": Case("/up/small", 800, 64),
    "GET, full TLS handshake": Case("/small", 0, 1, tls=True, handshakes="full"),
    "GET, resumed TLS handshake": Case("/small", 0, 1, tls=True, handshakes="resumed"),
    "POST 800 B, HTTP/2 4 x 16": Case("/small", 800, 4, streams=16),
    "POST 800 B, HTTP/2 over TLS 4 x 16": Case("/small", 800, 4, streams=16, tls=True),
    "GET 1 MiB, HTTP/2 1 x 16": Case("/large", 0, 1, streams=16),
}
SATURATED = "POST 800 B, 64 connections"


def proxies_of(case):
    return tuple(PROXIES) if CASES[case].streams else FOR_HTTP1


def load(world, proxy, name, seconds):
    """{"requests", "seconds"}, and "p50_ms" where it is told."""
    case, ports = CASES[name], world.ports[proxy]
    if case.handshakes:
        return load_handshakes(ports["TLS_PORT"], case, seconds)
    if case.streams:
        return load_h2(world, ports, name, seconds)
    url = (f"https://127.0.0.1:{ports['TLS_PORT']}" if case.tls else
           f"http://127.0.0.1:{ports['PORT']}") + case.path
    result = subprocess.run(
        ["wrk", "-t1", f"-c{case.connections}", f"-d{seconds}s", "-s", CONFIGS / "load.lua", url],
        env={**os.environ, "BODY_BYTES": str(case.body_bytes)}, capture_output=True, text=True,
        timeout=seconds + PATIENCE_S, preexec_fn=pinned(world.load_core))
    lines = [line for line in result.stdout.splitlines() if line.startswith("{")]
    if not lines:
        raise SystemExit(f"wrk failed: {result.stdout}{result.stderr}")
    measured = json.loads(lines[-1])
    if measured["requests"] == 0 or measured["errors"] > 0:
        raise SystemExit(f"{proxy}, {name}: not all requests were answered well: {measured}")
    return measured


def load_h2(world, ports, name, seconds):
    case = CASES[name]
    url = (f"https://127.0.0.1:{ports['TLS_PORT']}" if case.tls else
           f"http://127.0.0.1:{ports['H2_PORT']}") + case.path
    body = world.folder / "h2load-body"
    body.write_bytes(b"x" * case.body_bytes)
    with_body = ["-d", body, "-H", "content-type: application/json"] if case.body_bytes else []
    result = subprocess.run(
        ["h2load", "-t1", f"-c{case.connections}", f"-m{case.streams}", f"-D{seconds}", "-w20", "-W24",
         *with_body, url], capture_output=True, text=True, timeout=seconds + PATIENCE_S,
        preexec_fn=pinned(world.load_core))
    counts = re.search(r"(\d+) succeeded, (\d+) failed, (\d+) errored", result.stdout)
    done = int(counts.group(1)) if counts else 0
    if done == 0 or counts.group(2) != "0":
        raise SystemExit(f"{name}: not all requests were answered well: {result.stdout}")
    return {"requests": done, "seconds": seconds}


def load_handshakes(port, case, seconds):
    """One after the other, each with one request: what the proxy spends does not depend on us."""
    context, session, done = client_context(), None, 0
    request = f"GET {case.path} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n".encode()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as raw:
            with context.wrap_socket(raw, server_hostname="bench", session=session) as tls:
                if tls.session_reused != (session is not None):
                    raise SystemExit(f"a TLS session was {'not ' if session else ''}resumed")
                tls.sendall(request)
                received = b""
                while piece := tls.recv(65536):  # to the end: tickets come behind the handshake
                    received += piece
                if not received.startswith(b"HTTP/1.1 200"):
                    raise SystemExit(f"not answered well: {received[:200]}")
                if case.handshakes == "resumed":
                    session = tls.session
        done += 1
    return {"requests": done, "seconds": seconds}


def measure(world, cases, rounds, seconds):
    """{case: {proxy: [a dict for each round]}}"""
    measured = {case: {proxy: [] for proxy in proxies_of(case)} for case in cases}
    for case in cases:
        for proxy in proxies_of(case):  # opens the pools
            load(world, proxy, case, 1)
    for _ in range(rounds):
        for case in cases:
            for proxy in proxies_of(case):
                before = cpu_ns(world.pids[proxy])
                one = load(world, proxy, case, seconds)
                one["cpu_us"] = round((cpu_ns(world.pids[proxy]) - before) / 1000 / one["requests"], 3)
                one["per_second"] = round(one["requests"] / one["seconds"])
                measured[case][proxy].append(one)
    return measured


def ratio(rounds, to):
    return round(statistics.median(ours["cpu_us"] / theirs["cpu_us"]
                                   for ours, theirs in zip(rounds["warmgate"], rounds[to])), 3)


def summary(measured):
    result = {}
    for case, of_case in measured.items():
        result[case] = {proxy: {key: statistics.median(r[key] for r in of_proxy)
                                for key in ("cpu_us", "per_second", "p50_ms") if key in of_proxy[0]}
                        for proxy, of_proxy in of_case.items()}
        result[case]["ratios"] = {other: ratio(of_case, other)
                                  for other in of_case if other != "warmgate"}
    return result


def measure_latency(world, rounds, rate, seconds=5):
    """{proxy: {"p50_ms", "p99_ms", "p99.9_ms"}}: medians of the rounds, at the same open load."""
    body = world.folder / "latency-body"
    body.write_bytes(b"x" * 800)
    measured = {proxy: [] for proxy in FOR_HTTP1}
    for _ in range(rounds):
        for proxy in FOR_HTTP1:
            out = world.folder / "latency.json"
            done = subprocess.run(
                [WARMGATE, "load", f"http://127.0.0.1:{world.ports[proxy]['PORT']}/small", "--rate",
                 f"{rate}/s", "--duration", f"{seconds}s", "--body", body, "--quiet", "--max-connections",
                 "4000", "--json", out],
                capture_output=True, text=True, timeout=seconds + 2 * PATIENCE_S,
                preexec_fn=pinned(world.load_core))
            if done.returncode != 0:
                raise SystemExit(f"{proxy}: warmgate load: {done.stderr}{done.stdout}")
            told = json.loads(out.read_text())
            if told["errors"]["total"] > 0:
                print(f"{proxy}: {told['errors']['total']} requests had no answer: {told['errors']}")
            latency = told["latency_ms"]
            measured[proxy].append({f"{key}_ms": latency[key] for key in ("p50", "p99", "p99.9")})
    return {proxy: {key: round(statistics.median(one[key] for one in of_proxy), 3)
                    for key in of_proxy[0]} for proxy, of_proxy in measured.items()}


def report(result):
    names = list(PROXIES)
    print("processor time per request, us (user + system), and warmgate's ratio to the others\n\n"
          f"{'':36}" + "".join(f"{name:>10}" for name in names) +
          "".join(f"{'to ' + name:>12}" for name in names[1:]))
    for case, row in result.items():
        print(f"{case:36}" +
              "".join(f"{row[name]['cpu_us']:10.1f}" if name in row else f"{'':10}" for name in names) +
              "".join(f"{row['ratios'][name]:12.2f}" if name in row else f"{'':12}"
                      for name in names[1:]))


def report_latency(result, saturated, rate):
    print(f"\n{'':12}{'at most/s':>12}   at {rate}/s:{'p50 ms':>10}{'p99 ms':>10}{'p99.9 ms':>10}")
    for proxy, row in result.items():
        print(f"{proxy:12}{saturated[proxy]['per_second']:12.0f}{'':16}"
              f"{row['p50_ms']:10.2f}{row['p99_ms']:10.2f}{row['p99.9_ms']:10.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--case", action="append", choices=list(CASES))
    parser.add_argument("--no-latency", action="store_true")
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    cases = options.case or list(CASES)
    check_tools([*PROXIES, "wrk", "h2load"])
    busy = busy_share()
    print(f"before: {busy:.0%} of the machine is in use by others\n")
    wanted = {proxy for case in cases for proxy in proxies_of(case)}
    with World([proxy for proxy in PROXIES if proxy in wanted]) as world:
        os.sched_setaffinity(0, {world.load_core})
        measured = measure(world, cases, options.rounds, options.seconds)
        result = summary(measured)
        report(result)
        latency = None
        if SATURATED in cases and not options.no_latency:
            saturated = result[SATURATED]
            rate = round(min(saturated[proxy]["per_second"] for proxy in FOR_HTTP1) / 2)
            latency = measure_latency(world, options.rounds, rate)
            report_latency(latency, saturated, rate)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(
            {"busy": busy, "summary": result, "latency": latency, "rounds": measured}, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
