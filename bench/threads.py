#!/usr/bin/python3
"""What another thread costs: the processor time of a request with one thread and with several, and with
several how often one had to wait for the Dispatcher's lock.

All share the machine's cores with load and backend, so that throughput shows little; but a thread that
waits for nobody does as much on a core of its own as one alone, and the processor time of a request says
how much that is. Counts of waits come from strace, which slows everything: in a round of their own.

  bench/threads.py [--rounds 5] [--seconds 2] [--threads 1 2 4] [--json FILE]

Everything is on loopback and ends by itself.
"""
import argparse
import contextlib
import json
import re
import signal
import statistics
import subprocess
import sys
import time

import proxies
from world import FOR_BACKENDS, World, busy_before, check_tools, cpu_ns, table

CASES = ("POST 800 B, 64 connections", "POST 800 B, TLS, 64 connections")


def measure(worlds, rounds, seconds):
    """{(case, threads): [microseconds of each round]}"""
    measured = {(case, threads): [] for case in CASES for threads in worlds}
    for case in CASES:
        for world in worlds.values():
            proxies.load(world, "warmgate", case, 1)  # opens the pools
    for _ in range(rounds):
        for case in CASES:
            for threads, world in worlds.items():
                world.empty_logs()
                before = cpu_ns(world.pids["warmgate"])
                requests = proxies.load(world, "warmgate", case, seconds)["requests"]
                used = cpu_ns(world.pids["warmgate"]) - before
                measured[case, threads].append(used / 1000 / requests)
    return measured


def waits(world, seconds):
    """For a thousand requests."""
    counts = world.folder / "futex"
    watcher = subprocess.Popen(["strace", "-f", "-c", "-e", "trace=futex", "-o", counts, "-p",
                                str(world.pids["warmgate"])], stderr=subprocess.DEVNULL)
    time.sleep(1)
    requests = proxies.load(world, "warmgate", CASES[0], seconds)["requests"]
    watcher.send_signal(signal.SIGINT)
    watcher.wait()
    calls = re.search(r"(\d+)(?:\s+\d+)? futex", counts.read_text())
    # Whoever waits calls, and whoever lets it go.
    return 1000 * int(calls.group(1)) / 2 / requests if calls else 0


def summary(measured, all_threads):
    """{case: {threads: {"cpu_us", "ratio" beside the first, "times" what one does, on cores enough}}}"""
    result = {case: {} for case in CASES}
    for case in CASES:
        for threads in all_threads:
            ratio = statistics.median(several / one for several, one in zip(
                measured[case, threads], measured[case, all_threads[0]]))
            result[case][threads] = {"cpu_us": statistics.median(measured[case, threads]),
                                     "ratio": ratio, "times": threads / ratio}
    return result


def report(result):
    print("Processor time of a request, us; in brackets beside the first, and how many times what one "
          "thread does so many do on as many cores\n")
    table(["threads", *(str(threads) for threads in result[CASES[0]])],
          [[case, *(f"{row['cpu_us']:.1f} ({row['ratio']:.2f}, {row['times']:.1f} times)"
                    for row in of_case.values())] for case, of_case in result.items()])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--json", metavar="FILE", type=argparse.FileType("w"))
    options = parser.parse_args()
    check_tools(*FOR_BACKENDS, "wrk", "strace")
    busy = busy_before()
    with contextlib.ExitStack() as stack:
        worlds = {threads: stack.enter_context(World(["warmgate"], threads=threads))
                  for threads in options.threads}
        measured = measure(worlds, options.rounds, options.seconds)
        result = summary(measured, options.threads)
        report(result)
        waited = {threads: round(waits(world, options.seconds), 2)
                  for threads, world in worlds.items() if threads > 1}
    for threads, count in waited.items():
        print(f"{threads} threads: waits for a lock, a thousand requests, the log's included: {count}")
    if options.json:
        json.dump({"busy": busy, "summary": result, "waits": waited}, options.json, indent=2)
    return 0


if __name__ == "__main__":
    sys.exit(main())
