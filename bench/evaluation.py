#!/usr/bin/python3
"""warmgate against the usual alternatives, over recorded and drawn traffic, by `warmgate plan`.

  bench/evaluation.py [--traces DIR] [--write] [--only NAME] [--quick]

Views: all policies at the same always-on size; the cheapest configuration of each for the same
share of requests in time; sweeps over the cold-start time and the rate; instance-based billing;
failures; parts of warmgate's policy switched off. Everything is seeded: the same traces and program give the
same tables. --write puts them into docs/evaluation.md; they are printed anyway. Traces that are not
there are left out and named. WARMGATE names the program (build/release/bin/warmgate).
"""
import argparse
import json
import math
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
WARMGATE = os.environ.get("WARMGATE", str(ROOT / "build" / "release" / "bin" / "warmgate"))
PAGE = ROOT / "docs" / "evaluation.md"
BEGIN, END = "<!-- evaluation: begin -->", "<!-- evaluation: end -->"

# name, file or model, service time, SLO
RECORDED = [
    ("azure-code", "azure_llm_2023_code.csv", "column:generated_tokens*0.005", "4s"),
    ("azure-conv", "azure_llm_2023_conv.csv", "column:generated_tokens*0.005", "10s"),
    ("mooncake", "mooncake_conversation.csv", "column:output_tokens*0.005", "20s"),
    ("servegen-18", "servegen_steady_client18.csv", "p50=300ms,p99=1s", "2s"),
    ("servegen-6", "servegen_intermittent_client6.csv", "p50=300ms,p99=1s", "2s"),
    ("elb", "nab_aws_elb_request_count_5min.csv", "p50=150ms,p99=500ms", "1s"),
    ("tweets", "nab_tweets_cvs_5min.csv", "p50=150ms,p99=500ms", "1s"),
]
DRAWN = [
    ("poisson", "poisson:rate=2,length=1d", "p50=200ms,p99=600ms", "1200ms"),
    ("gamma-4", "gamma:rate=2,cv=4,length=1d", "p50=200ms,p99=600ms", "1200ms"),
    ("mmpp", "mmpp:low=0.5,high=20,length=1d", "p50=200ms,p99=600ms", "1200ms"),
    ("diurnal", "diurnal:mean=2,length=2d", "p50=200ms,p99=600ms", "1200ms"),
    ("flash", "flash:base=1,peak=50,length=3h", "p50=200ms,p99=600ms", "1200ms"),
]
# What recurs by the clock, and what only seems to; machines of so many slots.
WEEKLY = [
    ("monday", "weekly:mean=0.4,swing=0.9,weekend=0.2,peak=30,every=168h,at=8h,hold=3m,length=49d",
     1),
    ("nightly", "weekly:mean=0.2,swing=0.8,weekend=1,peak=20,every=24h,at=2h30m,hold=2m,length=21d",
     1),
    ("timers", "weekly:mean=0.2,swing=0.5,weekend=1,peak=25,every=15m,at=15m,hold=2s,jitter=1s,"
     "length=7d", 1),
    ("late", "weekly:mean=0.4,swing=0.9,weekend=0.3,peak=15,every=24h,at=9h,hold=60s,jitter=10m,"
     "skip=0.2,length=35d", 1),
    ("holiday", "weekly:mean=0.5,swing=0.95,weekend=0.1,peak=15,every=24h,at=9h,hold=60s,"
     "holiday_at=21d,holiday=5d,length=35d", 1),
    ("no peaks", "weekly:mean=1,swing=0.9,weekend=0.4,length=28d", 1),
    ("chaos", "weekly:mean=0.3,swing=0.5,weekend=1,peak=15,every=3h,at=1h,hold=20s,jitter=3h,"
     "skip=0.5,length=28d", 1),
]
POLICIES = ["warmgate", "mark-like", "keda-like", "nginx-backup", "static-split", "serverless",
            "min-instances", "knative-like", "always-on"]
COLD_STARTS = ["1s", "5s", "10s", "30s", "60s"]
RATES = ["0.1", "0.3", "1", "3", "10"]
PARTS = {"nothing": "", "bypass": "bypass: {enabled: false}", "wakes": "wake: {enabled: false}",
         "circuit": "circuit: {enabled: false}", "early wakes": "wake: {headroom: 1}",
         "learned hours": "wake: {learned_hours: false}"}
CONFIG = """services:
  - name: model
    slo: {slo}
    prefer: always_on
    always_on: {{backends: "http://10.0.0.11:8080", concurrency: 1}}
    serverless: {{backends: "http://10.0.0.2:8080", concurrency: 1, expected_cold_start: 10s}}
    {part}
"""


class Case:
    def __init__(self, name, source, service, slo, folder):
        self.name, self.service, self.slo = name, service, slo
        self.recorded = source.endswith(".csv")
        self.source = str(folder / source) if self.recorded else source
        self.there = not self.recorded or pathlib.Path(self.source).is_file()
        self.slots = None

    def plan(self, *arguments, cold_start="10s", slo=True):
        command = [WARMGATE, "plan", "--trace" if self.recorded else "--draw", self.source,
                   "--service-time", self.service, "--json", "-", "--cold-start", cold_start,
                   *(["--slo", self.slo] if slo else []), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"{' '.join(command)}\n{done.stderr}")
        figures = json.loads(done.stdout)
        return figures, {row["policy"]: row for row in figures["rows"]}

    def at_size(self, *arguments, factor=1.0, **more):
        """All policies with half as many slots again as requests are at work on average."""
        if self.slots is None:
            figures, _ = self.plan("--always-on", 1, "--policies", "oracle")
            self.slots = figures["mean_load_slots"] * 1.5
        slots = max(1, math.ceil(self.slots * factor))
        return (slots, *self.plan("--always-on", slots, *arguments, **more))


def broken(row, figures):
    """Violations per million, without the requests that no machine can answer in time."""
    return 1e6 * max(0, row["violations"] - figures["impossible"]) / row["requests"]


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows]) + "\n"


def usd(value):
    return "-" if value is None else f"{value:,.2f}" if value < 1000 else f"{value:,.0f}"


def equal_size(cases):
    violations, costs, ratios, losses = [], [], [], []
    for case in cases:
        slots, figures, rows = case.at_size()
        name = f"{case.name}, {slots} slot{'s' if slots > 1 else ''}"
        violations.append([name] + [f"{broken(rows[p], figures):,.0f}" for p in POLICIES])
        costs.append([name] + [f"{rows[p]['cost_over_oracle']:.2f}" for p in POLICIES])
        own, mark = rows["warmgate"], rows["mark-like"]
        mine, theirs = (row["violations"] - figures["impossible"] for row in (own, mark))
        price = own["usd_per_month"] / mark["usd_per_month"]
        ratios.append([name, own["setting"], theirs, mine,
                       f"{theirs / mine:.1f}" if mine > 0 else "all" if theirs > 0 else "-",
                       f"{price:.3f}", f"{own['cold_starts_seen_per_million']:,.0f}"])
        for policy in POLICIES[1:]:
            other = rows[policy]
            fewer = other["violations"] < own["violations"]
            cheaper = other["usd_per_month"] <= own["usd_per_month"] * 1.02
            if fewer and cheaper:
                losses.append(f"- {name}: {policy} has {other['violations']:,} violations for "
                              f"{usd(other['usd_per_month'])} USD a month, warmgate "
                              f"{own['violations']:,} for {usd(own['usd_per_month'])}.")
    lost = "\n".join(losses) if losses else "Nowhere in these traces."
    return ("### The same machines\n\nAs many slots as half again the mean load; a cold start of "
            "10 s. Violations per million requests:\n\n" + table(["trace"] + POLICIES, violations)
            + "\nCost over that of the oracle with the same machines:\n\n"
            + table(["trace"] + POLICIES, costs)
            + "\nAgainst the MArk-like policy:\n\n"
            + table(["trace", "warmgate set up as", "violations, MArk-like", "warmgate",
                     "times fewer", "cost ratio", "cold starts seen per million"], ratios)
            + "\n**Where warmgate loses**: another policy has fewer violations and costs at most "
              "2 % more than warmgate.\n\n" + lost + "\n")


def equal_slo(cases):
    rows_out, savings = [], []
    for case in cases:
        _, rows = case.plan()
        cells = []
        for policy in POLICIES:
            row = rows[policy]
            cells.append(usd(row["usd_per_month"]) if row["meets_target"] else "-")
        own = rows["warmgate"]
        rows_out.append([case.name, own["always_on"], *cells, usd(rows["oracle"]["usd_per_month"])])
        machines = rows["always-on"]
        if machines["meets_target"] and own["meets_target"]:
            savings.append(1 - own["usd_per_month"] / machines["usd_per_month"])
    median = f"{100 * statistics.median(savings):.0f} %" if savings else "-"
    return ("### The same share in time\n\nUSD a month for the cheapest configuration that was "
            "found with 99.9 % within the SLO; a cold start of 10 s; `-`: none was found.\n\n"
            + table(["trace", "warmgate's machines"] + POLICIES + ["oracle"], rows_out)
            + f"\nWarmgate costs less than always-on machines alone by {median} in the median.\n")


def sweep(cases, title, text, values, run):
    rows_out = []
    for case in cases:
        for policy in ("warmgate", "mark-like", "serverless"):
            cells = []
            for value in values:
                figures, rows = run(case, value)
                row = rows[policy]
                cells.append(f"{broken(row, figures):,.0f} / {row['cost_over_oracle']:.2f}")
            rows_out.append([case.name, policy, *cells])
    head = ["trace", "policy", *values]
    return f"### {title}\n\n{text} Violations per million / cost over oracle.\n\n" + \
        table(head, rows_out)


def memoised(function):
    known = {}

    def asked(case, value):
        if (case.name, value) not in known:
            known[case.name, value] = function(case, value)
        return known[case.name, value]
    return asked


def cold_starts(cases):
    return sweep(cases, "Cold starts", "The same machines as above.", COLD_STARTS,
                 memoised(lambda case, value: case.at_size(
                     "--policies", "warmgate,mark-like,serverless", cold_start=value)[1:]))


def rates(cases):
    return sweep(cases, "Rates", "Times as many requests, on machines that grow with them.", RATES,
                 memoised(lambda case, value: case.at_size(
                     "--policies", "warmgate,mark-like,serverless", "--scale", value,
                     factor=float(value))[1:]))


def instance_billing(cases):
    """Without and with the means to let an instance go, which the baselines do not use."""
    rows_out, sweep_out = [], []
    for case in cases:
        at_size = memoised(lambda case, flags: case.at_size("--billing", "instance", *flags)[1:])
        _, rows = at_size(case, ("--release",))
        oracle = rows["oracle"]["usd_per_month"]

        def cell(flags, policy):
            figures, rows = at_size(case, flags)
            row = rows[policy]
            return f"{broken(row, figures):,.0f} / {row['usd_per_month'] / oracle:.2f}"
        rows_out.append([case.name, cell(("--release",), "warmgate"),
                         cell(("--no-release",), "warmgate"),
                         *(cell(("--release",), p) for p in POLICIES[1:])])
        cells = []
        for cold_start in COLD_STARTS:
            _, figures, rows = case.at_size("--billing", "instance", "--release", "--policies",
                                            "warmgate,serverless", cold_start=cold_start)
            cells += [f"{broken(rows[p], figures):,.0f} / {rows[p]['cost_over_oracle']:.2f}"
                      for p in ("warmgate", "serverless")]
        sweep_out.append([case.name, *cells])
    head = ["trace", "warmgate", "without release", *POLICIES[1:]]
    starts = [f"{who}, {start}" for start in COLD_STARTS for who in ("warmgate", "serverless")]
    return ("### Idle time that is paid\n\nInstance-based billing, the same machines. Violations "
            "per million / cost over that of an oracle that can let instances go; warmgate can, "
            "but in the second column. `serverless` is the platform's own idle time-out.\n\n"
            + table(head, rows_out) + "\nBy the time of a cold start:\n\n"
            + table(["trace", *starts], sweep_out))


def faults(cases):
    rows_out = []
    for case in cases:
        _, figures, rows = case.at_size("--faults", 24)
        rows_out.append([case.name] + [
            f"{broken(rows[p], figures):,.0f} / {rows[p]['cost_over_oracle']:.2f}"
            for p in POLICIES])
    return ("### Failures\n\nOf each kind one an hour, half a minute each: a machine crashes, an "
            "instance crashes, serverless is five times slower, a pool cannot be reached. The same "
            "machines; the oracle knows of no failure. Violations per million / cost over oracle."
            "\n\n" + table(["trace"] + POLICIES, rows_out))


def learned_hours(folder):
    """What is woken for because it recurs: without and with it, without and with paid idle time."""
    rows_out = []
    for name, source, slots in WEEKLY:
        case = Case(name, source, "p50=200ms,p99=600ms", "1200ms", None)
        cells = []
        for start, billing in (("10s", ""), ("30s", ""),
                               ("10s", ", billing: instance, release_path: /release")):
            for on in ("false", "true"):
                config = pathlib.Path(folder) / "hours.yaml"
                text = CONFIG.format(slo=case.slo, part=f"wake: {{learned_hours: {on}}}")
                config.write_text(text.replace("expected_cold_start: 10s",
                                               f"expected_cold_start: {start}{billing}"))
                figures, rows = case.plan("-c", config, "--policies", "warmgate,oracle",
                                          "--always-on", slots, *(["--release"] if billing else []),
                                          cold_start=start, slo=False)
                row = rows["warmgate"]
                cells.append(f"{broken(row, figures):,.0f} / {row['usd_per_month']:.2f}")
        rows_out.append([name, *cells])
    return ("### What recurs by the clock\n\n`wake.learned_hours` off and on, `prefer: always_on`, "
            "traffic of `weekly:` models (bench/evaluation.py has them). Violations per million / "
            "USD a month.\n\n"
            + table(["traffic", "off", "on", "starts of 30 s, off", "on", "paid idle time, off",
                     "on"], rows_out))


def ablations(cases, folder):
    rows_out = []
    for case in cases:
        cells = []
        for part in PARTS.values():
            config = pathlib.Path(folder) / "part.yaml"
            config.write_text(CONFIG.format(slo=case.slo, part=part))
            _, figures, rows = case.at_size("-c", config, "--policies", "warmgate", slo=False)
            row = rows["warmgate"]
            cells.append(f"{broken(row, figures):,.0f} / {row['cost_over_oracle']:.2f}")
        rows_out.append([case.name, *cells])
    return ("### Parts switched off\n\n`prefer: always_on`, the same machines. Violations per "
            "million / cost over oracle without a part.\n\n"
            + table(["trace", *PARTS], rows_out))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--traces", default=ROOT.parent / "shared" / "traces", type=pathlib.Path)
    parser.add_argument("--write", action="store_true", help="into docs/evaluation.md")
    parser.add_argument("--only", help="traces whose name contains this")
    parser.add_argument("--quick", action="store_true", help="the first view alone")
    options = parser.parse_args()
    cases = [Case(*case, options.traces) for case in RECORDED + DRAWN]
    if options.only:
        cases = [case for case in cases if options.only in case.name]
    missing = [case.name for case in cases if not case.there]
    cases = [case for case in cases if case.there]
    views = [equal_size] if options.quick else [equal_size, equal_slo, cold_starts, rates,
                                                instance_billing, faults]
    parts = []
    for view in views:
        parts.append(view(cases))
        print(parts[-1], flush=True)
    if not options.quick:
        with tempfile.TemporaryDirectory() as folder:
            if not options.only:
                parts.append(learned_hours(folder))
                print(parts[-1], flush=True)
            parts.append(ablations(cases, folder))
        print(parts[-1])
    if missing:
        parts.append("Not there, and left out: " + ", ".join(missing) + ".\n")
        print(parts[-1])
    if options.write:
        page = PAGE.read_text()
        before, after = page[:page.index(BEGIN) + len(BEGIN)], page[page.index(END):]
        PAGE.write_text(before + "\n" + "\n".join(parts) + after)


if __name__ == "__main__":
    main()
