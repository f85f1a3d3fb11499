#!/usr/bin/python3
"""Server-sent events through warmgate, nginx and HAProxy: the processor time of an event, and what the
proxy adds to its delay.

100 streams at a time of 200 events of 60 bytes, one each 20 ms, from a server that writes into each
when it was sent (event_server.py). Delays are those until the client has the event; those without a
proxy ("direct") are the scripts' own and the kernel's. The proxy has a core for itself, the scripts
share the other.

  bench/streams.py [--rounds 3] [--streams 100] [--json FILE]
"""
import argparse
import asyncio
import json
import os
import re
import statistics
import sys
import time

from world import (FOR_BACKENDS, FOR_HTTP1, ROOT, World, busy_before, check_tools, cpu_ns, free_ports,
                   running, table, titles)

EVENTS = 200
INTERVAL_MS = 20
SENT = re.compile(rb"data: (\d+) ")


class Client(asyncio.Protocol):
    """One stream. Notes how old each event is when it comes."""

    def __init__(self, delays, done):
        self.delays, self.done = delays, done
        self.rest, self.events = b"", 0

    def connection_made(self, transport):
        self.transport = transport
        transport.write(b"GET /events HTTP/1.1\r\nHost: bench\r\nAccept: text/event-stream\r\n\r\n")

    def data_received(self, data):
        now = time.monotonic_ns()
        data = self.rest + data
        last = 0
        for match in SENT.finditer(data):
            self.delays.append(now - int(match.group(1)))
            self.events += 1
            last = match.end()
        self.rest = data[max(last, len(data) - 40):]
        if self.events == EVENTS:
            self.transport.close()

    def connection_lost(self, _):
        if not self.done.done():
            self.done.set_result(self.events)


async def take(port, streams):
    """The delays of all events, in ns."""
    loop = asyncio.get_running_loop()
    delays, ends = [], []
    for _ in range(streams):
        ends.append(loop.create_future())
        await loop.create_connection(lambda: Client(delays, ends[-1]), "127.0.0.1", port)
        await asyncio.sleep(INTERVAL_MS / 1000 / streams)  # not all at the same moment
    for events in await asyncio.wait_for(asyncio.gather(*ends), 60):
        if events != EVENTS:
            raise SystemExit(f"a stream ended behind {events} events of {EVENTS}")
    return delays


def measure(port, pid, streams):
    before = cpu_ns(pid) if pid else 0
    delays = sorted(asyncio.run(take(port, streams)))
    spent = cpu_ns(pid) - before if pid else 0
    return {"cpu_us": round(spent / 1000 / len(delays), 3),
            "p50_us": delays[len(delays) // 2] // 1000,
            "p99_us": delays[len(delays) * 99 // 100] // 1000}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--streams", type=int, default=100)
    parser.add_argument("--json", metavar="FILE", type=argparse.FileType("w"))
    options = parser.parse_args()
    check_tools(*FOR_HTTP1, *FOR_BACKENDS)
    busy = busy_before()
    port, = free_ports(1)
    with World(FOR_HTTP1, events_port=port) as world:
        server = [sys.executable, ROOT / "bench" / "event_server.py", str(port), str(EVENTS),
                  str(INTERVAL_MS)]
        world.stack.enter_context(running(server, world.load_core, port, world.folder))
        os.sched_setaffinity(0, {world.load_core})
        rounds = {name: [] for name in ("direct", *FOR_HTTP1)}
        for _ in range(options.rounds):
            for name, of_round in rounds.items():
                at = port if name == "direct" else world.ports[name]["PORT"]
                of_round.append(measure(at, world.pids.get(name), options.streams))
    result = {name: {key: statistics.median(one[key] for one in of_name) for key in of_name[0]}
              for name, of_name in rounds.items()}
    for name, row in result.items():
        for key in ("p50_us", "p99_us"):
            row[f"added_{key}"] = row[key] - result["direct"][key]
        row["warmgate_share"] = statistics.median(
            ours["cpu_us"] / theirs["cpu_us"] for ours, theirs in
            zip(rounds["warmgate"], rounds[name])) if name != "direct" else None
    direct = result["direct"]
    print(f"{options.streams} streams at a time, {EVENTS} events in each, one every {INTERVAL_MS} ms. Added "
          f"is what lies above the delay without a proxy (p50 {direct['p50_us'] / 1000:.2f} ms, p99 "
          f"{direct['p99_us'] / 1000:.2f} ms)\n")
    names = titles()
    table(["", "processor time of an event", "warmgate's share of it", "added p50", "added p99"],
          [[names[proxy], f"{row['cpu_us']:.1f} us", f"{row['warmgate_share']:.2f}",
            f"{row['added_p50_us'] / 1000:.2f} ms", f"{row['added_p99_us'] / 1000:.1f} ms"]
           for proxy, row in result.items() if proxy != "direct"])
    print("Target: of the better one's processor time at most 0.9")
    if options.json:
        json.dump({"busy": busy, "summary": result, "rounds": rounds}, options.json, indent=2)
    return 0


if __name__ == "__main__":
    sys.exit(main())
