"""The latency of small requests through each proxy under the same open load, for proxies.py.

The load is `warmgate load`: requests are sent when they are due, whatever became of earlier ones, and
latency counts from that moment, so that no stall is hidden. Its timers have ticks of 1 ms: it sends what
fell due at once, up to 2 ms late, which is in the latencies, the same for all, and printed. (Of Debian's
generators wrk, ab and siege wait for answers before they send more; h2load --rps does, too, where a
connection is busy, counts from when it sends, and all its connections send at the same moments.)

Load and backend share a core, and where that is full one measures its queue and not the proxy. So the
rate is the lower of half of the slowest proxy's throughput and what leaves that core idle enough: its
share in use is measured, without a proxy and with each, at a low rate and then at the one that follows
from it, and the fullest one decides. Where the core is fuller all the same, no latency is shown.
"""
import json
import statistics
import subprocess

from world import FOR_HTTP1, PATIENCE_S, WARMGATE, Usage, pinned, table

DIRECT = "without a proxy"
LOW_PER_SECOND = 4000
AIM = 0.55      # of the core of load and backend, in use
TOO_FULL = 0.7
SECONDS = 5     # of load, each time
QUANTILES = ("p50", "p99", "p99.9")


def open_load(world, port, rate, seconds):
    """{"p50_ms", ..., "late_p99_ms", "core", "failed"}"""
    world.empty_logs()
    body, out = world.folder / "latency-body", world.folder / "latency.json"
    body.write_bytes(b"x" * 800)
    usage = Usage(world.load_core)
    done = subprocess.run(
        [WARMGATE, "load", f"http://127.0.0.1:{port}/small", "--rate", f"{rate}/s", "--duration",
         f"{seconds}s", "--body", body, "--quiet", "--max-connections", "4000", "--json", out],
        capture_output=True, text=True, timeout=seconds + 2 * PATIENCE_S,
        preexec_fn=pinned(world.load_core))
    core = usage.share()
    if done.returncode != 0:
        raise SystemExit(f"warmgate load: {done.stderr}{done.stdout}")
    told = json.loads(out.read_text())
    return {**{f"{key}_ms": told["latency_ms"][key] for key in QUANTILES},
            "late_p99_ms": told["send_lag_ms"]["p99"], "core": round(core, 3),
            "failed": told["errors"]["total"]}


def measure(world, most_per_second, rounds):
    """Of each proxy's most requests a second. {"half", "carried", "rate", "summary", "rounds"}"""
    ports = {DIRECT: world.backend, **{proxy: world.ports[proxy]["PORT"] for proxy in FOR_HTTP1}}
    half = round(min(most_per_second.values()) / 2)
    rate = LOW_PER_SECOND
    for _ in range(2):
        fullest = max(open_load(world, port, rate, 2)["core"] for port in ports.values())
        carried = round(rate * AIM / fullest)
        rate = min(half, carried)
    measured = {name: [] for name in ports}
    for _ in range(rounds):
        for name, port in ports.items():
            measured[name].append(open_load(world, port, rate, SECONDS))
    summary = {name: {key: round(statistics.median(one[key] for one in of_name), 3)
                      for key in of_name[0]} for name, of_name in measured.items()}
    for name, row in summary.items():
        row["per_second"] = most_per_second.get(name)
    return {"half": half, "carried": carried, "rate": rate, "summary": summary, "rounds": measured}


def report(result, titles):
    print("Throughput, 64 connections; latency under the same open load for each, "
          f"{result['rate']}/s: the lower of {result['half']}/s, half of the slowest one's throughput, "
          f"and {result['carried']}/s, which the core of load and backend carries at {AIM:.0%}. Medians "
          f"of {len(result['rounds'][DIRECT])} rounds of {SECONDS} s\n")
    rows = []
    for name, row in result["summary"].items():
        shown = row["core"] <= TOO_FULL and row["failed"] == 0
        rows.append([titles.get(name, name), f"{row['per_second']:.0f}" if row["per_second"] else "",
                     *(f"{row[key + '_ms']:.2f} ms" if shown else "not shown" for key in QUANTILES),
                     f"{row['late_p99_ms']:.2f} ms", f"{row['core']:.0%}", f"{row['failed']:.0f}"])
    table(["", "at most, /s", *QUANTILES, "sent late by, p99", "core of load and backend", "failed"],
          rows)
    if any("not shown" in row for row in rows):
        print(f"not shown: that core was more than {TOO_FULL:.0%} in use, or requests failed\n")
