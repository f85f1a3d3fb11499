#!/usr/bin/python3
"""The processor time of one proxied request: warmgate beside nginx and HAProxy, and for HTTP/2 beside
nghttpx and h2o, with one worker each.

The proxy is pinned to one core; the load and the backend share the other. Processor time is that of the
proxy's process, user and system, and does not depend on how fast the others are. The proxies take turns
within each of several rounds; the ratio of each round is taken between neighbours in time, and reported
is the median. Then, for HTTP/1.1, the throughput when a core is full, and the latency under an open load
(latency.py). Prints the tables of docs/performance.md and the README.

  bench/proxies.py [--rounds 5] [--seconds 2] [--case NAME ...] [--no-latency] [--json FILE]

WARMGATE names the program (build/release/bin/warmgate). Everything is on loopback, takes about (rounds
x seconds + 1) x 50 seconds and for latencies rounds x 22 + 20, and ends by itself. On a busy machine only
the ratios mean something.
"""
import argparse
import dataclasses
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import time

import latency
from world import (CONFIGS, FOR_BACKENDS, FOR_HTTP1, MIB, PATIENCE_S, PROXIES, World, busy_before,
                   check_tools, client_context, cpu_ns, pinned, table, titles)


@dataclasses.dataclass
class Case:
    path: str
    body_bytes: int
    connections: int
    streams: int = 0       # HTTP/2, so many on each connection
    tls: bool = False      # from the client; the path says whether to the backend
    handshakes: str = ""   # "full" or "resumed": each request on a connection of its own
    grpc: bool = False     # also to the backend
    at_most: float = 1.0   # what warmgate may take of the better of nginx and HAProxy


CASES = {
    "POST 800 B, 1 connection": Case("/small", 800, 1, at_most=0.9),
    "POST 800 B, 64 connections": Case("/small", 800, 64, at_most=0.9),
    "POST 800 B, 1000 connections": Case("/small", 800, 1000, at_most=0.9),
    "POST 1 MiB, 16 connections": Case("/upload", MIB, 16),
    "GET 1 MiB, 16 connections": Case("/large", 0, 16),
    "POST 800 B, TLS, 64 connections": Case("/small", 800, 64, tls=True),
    "GET 1 MiB, TLS, 16 connections": Case("/large", 0, 16, tls=True),
    "POST 800 B, TLS to the backend": Case("/up/small", 800, 64),
    "GET, full TLS handshake": Case("/small", 0, 1, tls=True, handshakes="full"),
    "GET, resumed TLS handshake": Case("/small", 0, 1, tls=True, handshakes="resumed"),
    "POST 800 B, HTTP/2 4 x 16": Case("/small", 800, 4, streams=16),
    "POST 800 B, HTTP/2 over TLS 4 x 16": Case("/small", 800, 4, streams=16, tls=True),
    "gRPC unary 800 B, 4 x 16": Case("/grpc/unary.grpc", 800, 4, streams=16, grpc=True),
    "GET 1 MiB, HTTP/2 1 x 16": Case("/large", 0, 1, streams=16),
}
SATURATED = "POST 800 B, 64 connections"


def proxies_of(case):
    if CASES[case].grpc:
        return tuple(proxy for proxy in PROXIES if proxy != "h2o")  # 2.2 speaks HTTP/1.1 to backends
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


def request_of(world, case):
    """For nghttp and h2load: what makes a case's request."""
    if case.grpc:
        return ["-d", world.grpc_request, "-H", "content-type: application/grpc", "-H", "te: trailers"]
    body = world.folder / "h2load-body"
    body.write_bytes(b"x" * case.body_bytes)
    return ["-d", body, "-H", "content-type: application/json"] if case.body_bytes else []


def load_h2(world, ports, name, seconds):
    case = CASES[name]
    url = (f"https://127.0.0.1:{ports['TLS_PORT']}" if case.tls else
           f"http://127.0.0.1:{ports['H2_PORT']}") + case.path
    result = subprocess.run(
        ["h2load", "-t1", f"-c{case.connections}", f"-m{case.streams}", f"-D{seconds}", "-w20", "-W24",
         *request_of(world, case), url], capture_output=True, text=True,
        timeout=seconds + PATIENCE_S, preexec_fn=pinned(world.load_core))
    counts = re.search(r"(\d+) succeeded, (\d+) failed, (\d+) errored", result.stdout)
    done = int(counts.group(1)) if counts else 0
    if done == 0 or counts.group(2) != "0":
        raise SystemExit(f"{name}: not all requests were answered well: {result.stdout}")
    return {"requests": done, "seconds": seconds}


def check_grpc(world, proxy, case):
    """h2load looks at no trailers; without them a call has failed."""
    url = f"http://127.0.0.1:{world.ports[proxy]['H2_PORT']}{case.path}"
    result = subprocess.run(["nghttp", "-v", *request_of(world, case), url],
                            capture_output=True, text=True, errors="replace", timeout=PATIENCE_S)
    if not re.search(r"grpc-status: 0\n.*?END_STREAM", result.stdout, re.S):
        raise SystemExit(f"{proxy} does not pass on the trailer grpc-status: "
                         f"{result.stdout}{result.stderr}")


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
        for proxy in proxies_of(case):
            if CASES[case].grpc:
                check_grpc(world, proxy, CASES[case])
            load(world, proxy, case, 1)  # opens the pools
    for _ in range(rounds):
        for case in cases:
            for proxy in proxies_of(case):
                world.empty_logs()
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


def report(result):
    names = titles()
    others = [proxy for proxy in PROXIES if proxy != "warmgate"]

    def cell(row, proxy):
        return f"{row[proxy]['cpu_us']:.1f} ({row['ratios'][proxy]:.2f})" if proxy in row else ""

    print("Processor time of a request, us (user + system); in brackets what warmgate takes of it\n")
    table(["", *names.values()],
          [[case, f"{row['warmgate']['cpu_us']:.1f}", *(cell(row, proxy) for proxy in others)]
           for case, row in result.items()])
    print("For the README: only what warmgate takes of it\n")
    table(["", *(names[proxy] for proxy in others)],
          [[case, *(f"{row['ratios'][proxy]:.2f}" if proxy in row else "" for proxy in others)]
           for case, row in result.items()])
    missed = [f"  {case}: {better:.2f}, at most {CASES[case].at_most}" for case, row in result.items()
              if (better := max(row["ratios"]["nginx"], row["ratios"]["haproxy"]))
              > CASES[case].at_most]
    print("Targets, beside the better of nginx and HAProxy: " +
          ("\n".join(["missed by", *missed]) if missed else "all met") + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--case", action="append", choices=list(CASES))
    parser.add_argument("--no-latency", action="store_true")
    parser.add_argument("--json", metavar="FILE", type=argparse.FileType("w"))
    options = parser.parse_args()
    cases = options.case or list(CASES)
    check_tools(*PROXIES, *FOR_BACKENDS, "wrk", "h2load", "nghttp")
    busy = busy_before()
    wanted = {proxy for case in cases for proxy in proxies_of(case)}
    with World([proxy for proxy in PROXIES if proxy in wanted]) as world:
        os.sched_setaffinity(0, {world.load_core})
        measured = measure(world, cases, options.rounds, options.seconds)
        result = summary(measured)
        report(result)
        latencies = None
        if SATURATED in cases and not options.no_latency:
            most = {proxy: result[SATURATED][proxy]["per_second"] for proxy in FOR_HTTP1}
            latencies = latency.measure(world, most, options.rounds)
            latency.report(latencies, titles())
    if options.json:
        json.dump({"busy": busy, "summary": result, "latency": latencies, "rounds": measured},
                  options.json, indent=2)
    return 0


if __name__ == "__main__":
    sys.exit(main())
