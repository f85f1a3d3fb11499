#!/usr/bin/python3
"""Where the user instructions of a proxied HTTP/1.1 request go: by room, and the Dispatcher's share.

The world is that of tests/callgrind/proxied_request.py: full policy, metrics and access log on, valgrind's
callgrind counts. An instruction belongs to the room whose source it is from, inlined or not; what comes
from the standard library's headers, to the room that uses it; what a library executes, to that library.
The Dispatcher's share is what its step takes with all that it calls, allocations included.

  bench/instructions.py [--json FILE]

Takes half a minute. A busy machine changes it by a per cent.
"""
import argparse
import collections
import json
import pathlib
import re
import subprocess
import sys
import tempfile

from world import ROOT, check_tools, table

sys.path.insert(0, str(ROOT / "tests" / "callgrind"))
import proxied_request  # noqa: E402

LINE = re.compile(r" *([\d,]+) +([^:]+):(.*?)(?: \[(\S+)\])?$")
STEPS = {"the policy's step (WarmgateDispatcher::step)": "warmgate::policy::WarmgateDispatcher::step(",
         "with the recorder around it (FlightRecorder::step)": "warmgate::recording::FlightRecorder::step("}
NAME = re.compile(r"(c?fn)=(\(\d+\))(?: (.*))?$")
TARGET = 12_000


def lines(profile):
    """(instructions, source file, function, object or none), of each place in callgrind's profile."""
    done = subprocess.run(["callgrind_annotate", "--threshold=100", "--auto=no", "--show-percs=no",
                           profile], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"callgrind_annotate: {done.stderr}")
    for match in filter(None, map(LINE.match, done.stdout.splitlines())):
        yield int(match[1].replace(",", "")), match[2], match[3], match[4]


def owner(source, function, program):
    """The room or library that an instruction belongs to."""
    room = re.search(r"/src/(\w+)/[^/]+$", source) or re.search(r"\bwarmgate::(\w+)::", function)
    if room:
        return room[1]
    if "warmgate::" in function:
        return "base"
    return re.split(r"[-.]", program.rsplit("/", 1)[-1])[0] if program else "others"


def by_owner(profile):
    """A function's object stands at one of its places only."""
    places = list(lines(profile))
    objects = {function: program for _, _, function, program in places if program}
    result = collections.Counter()
    for count, source, function, program in places:
        result[owner(source, function, program or objects.get(function))] += count
    return result


def inclusive(profile, step):
    """What all calls of a function took: in callgrind's file the line behind each `calls=`. A name stands
    there at its first place only, then its number."""
    names, callee, behind_calls, cost = {}, "", False, 0
    for line in profile.read_text().splitlines():
        if match := NAME.match(line):
            names[match[2]] = match[3] or names[match[2]]
            if match[1] == "cfn":
                callee = names[match[2]]
        elif behind_calls and callee.startswith(step):
            cost += int(line.split()[-1])
        behind_calls = line.startswith("calls=")
    return cost


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--json", metavar="FILE", type=argparse.FileType("w"))
    options = parser.parse_args()
    check_tools("valgrind", "callgrind_annotate")
    requests = proxied_request.LONG_RUN - proxied_request.SHORT_RUN
    with tempfile.TemporaryDirectory() as folder:
        short, long = proxied_request.profiles(pathlib.Path(folder))
        total = (proxied_request.total(long) - proxied_request.total(short)) / requests
        owners = by_owner(long)
        owners.subtract(by_owner(short))
        steps = {name: (inclusive(long, step) - inclusive(short, step)) / requests
                 for name, step in STEPS.items()}
    rooms = {name: count / requests for name, count in owners.most_common()
             if count / requests >= 0.5}

    def rows(counts):
        return [[name, f"{count:.0f}", f"{count / total:.1%}"] for name, count in counts.items()]

    table(["user instructions of a request", "", "share"], [*rows(rooms), *rows({"all": total})])
    table(["of these, with all that it calls", "", "share"], rows(steps))
    print(f"Target: at most {TARGET:,} for a request")
    if options.json:
        json.dump({"total": total, "rooms": rooms, "steps": steps}, options.json, indent=2)
    return 0


if __name__ == "__main__":
    sys.exit(main())
