#!/usr/bin/python3
"""Does `warmgate plan` tell what the real thing does?

The same minutes of traffic through both: once real processes (`warmgate load`, a gateway, an
always-on server, `warmgate serverless` with its cold starts and its meter), once the simulator. A
request sleeps for a known time, so that two cores carry it; how long starts and requests really take
here is measured first and told to the plan.

  bench/fidelity.py [--minutes 10] [--trace FILE [--from SECONDS]] [--seed N] [--json FILE]

A trace is CSV with a column t_s, and count where a row is a bin of requests (docs/plan.md); it is
thinned until its busiest second is no more than PEAK requests. Without one, quiet times and bursts
are drawn. Exit status 1 when a figure is outside its tolerance: cost 3 %, p99 10 %, each pool's share
of the requests 2 points. WARMGATE names the program (build/release/bin/warmgate).
"""
import argparse
import csv
import http.client
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
os.environ.setdefault("WARMGATE", str(ROOT / "build" / "release" / "bin" / "warmgate"))
sys.path.insert(0, str(ROOT / "tests" / "integration"))
import harness  # noqa: E402
from harness import WARMGATE, App, Gateway, Load, Runtime, in_flight  # noqa: E402

PEAK = 50             # requests in the busiest second
SERVICE_MS = 250      # away from multiples of 100 ms, to which bills are rounded
ALWAYS_ON_SLOTS = 4
CONCURRENCY = 4       # per instance, and its vCPUs: nobody shares one
MAX_INSTANCES = 20
START_DELAY = "2s"
IDLE_S = 20
HOURS_PER_MONTH = 730
PATIENCE_S = 60       # after the last request was sent
RUNTIME = ("--concurrency", str(CONCURRENCY), "--max-instances", str(MAX_INSTANCES), "--start-delay",
           START_DELAY, "--idle-timeout", f"{IDLE_S}s", "--cpu", str(CONCURRENCY), "--memory", "0.5")
CONFIG = """
services:
  - name: app
    slo: 1s
    health: {{enabled: false}}
    wake: {{path: /}}
    always_on: {{backends: "{always_on}", concurrency: {slots}}}
    serverless: {{backends: "{serverless}", concurrency: {concurrency},
                 max_instances: {instances}, expected_cold_start: {start_ms}ms,
                 idle_lifetime: {idle}s}}
"""


def drawn(seconds, rng):
    """Quiet times and bursts: a Poisson process that switches between two rates."""
    times, now, busy = [], 0.0, False
    until = rng.expovariate(1 / 40)
    while now < seconds:
        now += rng.expovariate(32 if busy else 4)
        if now >= until:
            busy = not busy
            until = now + rng.expovariate(1 / (15 if busy else 40))
        times.append(now)
    return [at for at in times if at < seconds]


def recorded(file, begin, seconds, rng):
    """A part of a trace, thinned to PEAK."""
    with open(file, newline="") as lines:
        rows = [(float(row["t_s"]), int(row.get("count") or 1)) for row in csv.DictReader(lines)]
    if not rows:
        sys.exit(f"fidelity: {file} has no rows; it needs a column t_s (docs/plan.md)")
    begin = rows[0][0] if begin is None else begin
    binned = any(count != 1 for _, count in rows)
    width = min((b[0] - a[0] for a, b in zip(rows, rows[1:]) if b[0] > a[0]), default=1) if binned else 0
    times = sorted(at - begin + rng.random() * width for at, count in rows for _ in range(count)
                   if begin <= at < begin + seconds)
    if not times:
        sys.exit(f"fidelity: nothing in {file} from {begin:g} s on for {seconds:g} s; see --from")
    per_second = {}
    for at in times:
        per_second[int(at)] = per_second.get(int(at), 0) + 1
    share = min(1, PEAK / max(per_second.values()))
    return [at for at in times if rng.random() < share]


def calibrate(app):
    """Seconds that a request, on an open connection as the gateway's, and a start really take."""
    service = []
    connection = http.client.HTTPConnection(app.address)
    for _ in range(20):
        began = time.monotonic()
        connection.request("GET", f"/busy/{SERVICE_MS}")
        connection.getresponse().read()
        service.append(time.monotonic() - began)
    connection.close()
    starts = []
    for _ in range(3):
        with Runtime(*RUNTIME) as runtime:
            runtime.get("/")
            starts.append(runtime.status()["mean_start_s"])
    return statistics.median(service), statistics.median(starts)


def run_real(trace, config, runtime):
    with Gateway(config=config) as gateway:
        with Load(f"{gateway.url}/busy/{SERVICE_MS}", "--trace", str(trace), "--slo", "1s") as load:
            load.process.wait()
            report = load.report()
        runtime.until(lambda status: in_flight(status) == 0, "all have ended")
        status = runtime.status()
    pools = report["pools"]
    serverless = pools.get("serverless", {"answers": 0})["answers"]
    return {"requests": report["requests"], "errors": report["errors"]["total"],
            "serverless_usd": status["billable"]["request"]["usd"],
            "serverless_share": serverless / max(1, report["answered"]),
            "p50_s": report["latency_ms"]["p50"] / 1000, "p99_s": report["latency_ms"]["p99"] / 1000,
            "max_s": report["latency_ms"]["max"] / 1000, "late": report["over_slo"],
            "starts": status["counters"]["starts"], "span_s": report["elapsed_s"]}


def run_plan(trace, config_file, service_s, start_s):
    command = [WARMGATE, "plan", "--trace", str(trace), "-c", str(config_file), "--policies",
               "warmgate", "--seeds", "1", "--service-time", f"{service_s * 1000:.1f}ms", "--cold-start",
               f"{start_s * 1000:.0f}ms", "--always-on", str(ALWAYS_ON_SLOTS), "--cpu",
               str(CONCURRENCY), "--concurrency", str(CONCURRENCY), "--memory", "0.5",
               "--max-instances", str(MAX_INSTANCES), "--json", "-"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        sys.exit(f"fidelity: {' '.join(command)}: {result.stderr}")
    plan = json.loads(result.stdout[result.stdout.index("{"):])
    row = next(row for row in plan["rows"] if row["policy"] == "warmgate")
    months = row["span_s"] / 3600 / HOURS_PER_MONTH
    cost = row["cost_per_month"]
    return {"requests": row["requests"], "errors": row["violations"] - row["late"],
            "serverless_usd": months * sum(cost[key] for key in cost if key != "always_on"),
            "always_on_usd_per_s": cost["always_on"] / 3600 / HOURS_PER_MONTH,
            "serverless_share": row["serverless_share"], "p50_s": row["p50_s"],
            "p99_s": row["p99_s"], "max_s": row["max_s"], "late": row["late"],
            "starts": row["starts"], "span_s": row["span_s"]}


def compare(real, plan):
    """Rows of the table: name, real, planned, difference, limit (None: only told), within."""
    for side in (real, plan):
        always_on = plan["always_on_usd_per_s"] * side["span_s"]
        side["usd"] = side["serverless_usd"] + always_on

    def relative(key):
        return (plan[key] - real[key]) / real[key] if real[key] else float(plan[key] != 0)

    def row(name, key, text, limit=None, points=False):
        difference = plan[key] - real[key] if points else relative(key)
        within = limit is None or abs(difference) <= limit
        shown = f"{100 * difference:+.1f} {'points' if points else '%'}"
        return {"name": name, "real": text(real[key]), "plan": text(plan[key]), "difference": shown,
                "limit": "" if limit is None else f"{100 * limit:g} {'points' if points else '%'}",
                "within": within}

    def usd(value):
        return f"${value:.5f}"

    def seconds(value):
        return f"{1000 * value:.0f} ms" if value < 1 else f"{value:.2f} s"

    def share(value):
        return f"{100 * value:.1f} %"

    real["always_on_share"] = 1 - real["serverless_share"]
    plan["always_on_share"] = 1 - plan["serverless_share"]
    return [row("requests", "requests", str), row("errors", "errors", str),
            row("cost", "usd", usd, 0.03), row("  of it serverless", "serverless_usd", usd),
            row("p50", "p50_s", seconds), row("p99", "p99_s", seconds, 0.10),
            row("longest", "max_s", seconds), row("later than the SLO", "late", str),
            row("by always-on", "always_on_share", share, 0.02, True),
            row("by serverless", "serverless_share", share, 0.02, True),
            row("instance starts", "starts", str)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--trace", metavar="FILE")
    parser.add_argument("--from", dest="begin", type=float, metavar="SECONDS")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    try:
        os.setpriority(os.PRIO_PROCESS, 0, -10)  # before others on this machine, where allowed
    except PermissionError:
        pass
    rng = random.Random(options.seed)
    seconds = options.minutes * 60
    times = (recorded(options.trace, options.begin, seconds, rng) if options.trace
             else drawn(seconds, rng))
    harness.PATIENCE_S = seconds + PATIENCE_S
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        trace = folder / "trace.csv"
        trace.write_text("t_s\n" + "".join(f"{at:.6f}\n" for at in times))
        with App() as app:
            service_s, start_s = calibrate(app)
            print(f"{len(times)} requests in {options.minutes:g} min; here a request takes "
                  f"{1000 * service_s:.0f} ms and a start {start_s:.2f} s", flush=True)
            with Runtime(*RUNTIME) as runtime:
                config = CONFIG.format(always_on=app.url, slots=ALWAYS_ON_SLOTS,
                                       serverless=runtime.url, concurrency=CONCURRENCY,
                                       instances=MAX_INSTANCES, start_ms=round(start_s * 1000),
                                       idle=IDLE_S)
                real = run_real(trace, config, runtime)
        config_file = folder / "warmgate.yaml"
        config_file.write_text(config)
        plan = run_plan(trace, config_file, service_s, start_s)
    rows = compare(real, plan)
    print(f"{'':20} {'processes':>12} {'plan':>12} {'difference':>16}   tolerance")
    for row in rows:
        print(f"{row['name']:20} {row['real']:>12} {row['plan']:>12} {row['difference']:>16}   "
              f"{row['limit']}{'' if row['within'] else '  MISSED'}")
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps({"real": real, "plan": plan}, indent=2))
    return 0 if all(row["within"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
