#!/usr/bin/python3
"""Who may include whom: reads the #include lines and compares them with the rooms' declared DEPS.

A room may include only itself and the rooms that its CMakeLists.txt names in wg_room(... DEPS ...).
What a room may name there at most is LAYERS below; ARCHITECTURE.md gives the reasons.
"""
import pathlib
import re
import sys

LAYERS = {
    "base": set(),
    "stats": {"base"},
    "billing": {"base"},
    "schedule": {"base"},
    "policy": {"base", "stats"},
    "recording": {"base", "stats", "policy"},
    "workload": {"base", "stats"},
    "baselines": {"base", "stats", "policy"},
    "sim": {"base", "stats", "billing", "policy", "workload"},
    "plan": {"base", "stats", "billing", "schedule", "policy", "workload", "baselines", "sim", "config"},
    "replay": {"base", "stats", "policy", "recording", "workload", "sim", "plan"},
    "http": {"base"},
    "net": {"base"},
    "config": {"base", "stats", "billing", "schedule", "policy"},
    "transport": {"base", "http", "net"},
    "gateway": {"base", "stats", "billing", "schedule", "policy", "recording", "http", "config", "net", "transport"},
    "serverless": {"base", "stats", "billing", "http", "net", "transport"},
    "model": {"base", "stats", "http", "net", "transport"},
    "load": {"base", "stats", "workload", "http", "net", "transport"},
    "demo": {"base", "stats", "billing", "workload", "http", "net", "transport", "load", "serverless"},
    "admin": {"base", "stats", "billing", "schedule", "policy", "recording", "http", "config", "net", "transport", "gateway"},
    "cli": {"base", "stats", "billing", "schedule", "policy", "recording", "replay", "workload", "baselines", "sim", "plan", "http", "config", "net", "transport", "gateway",
            "serverless", "model", "load", "demo", "admin"},
}
INCLUDE = re.compile(r'^\s*#include "([a-z_]+)/', re.MULTILINE)
DEPS = re.compile(r"wg_room\(\s*(\w+)([^)]*)\)", re.DOTALL)


def declared(room: pathlib.Path) -> set:
    match = DEPS.search((room / "CMakeLists.txt").read_text())
    words = match.group(2).split() if match else []
    deps, inside = set(), False
    for word in words:
        if word.isupper() and word in {"DEPS", "LIBS", "TEST_LIBS"}:
            inside = word == "DEPS"
        elif inside:
            deps.add(word)
    return deps


def main() -> int:
    source = pathlib.Path(__file__).resolve().parent.parent / "src"
    faults = []
    for room in sorted(path.parent for path in source.glob("*/CMakeLists.txt")):
        name = room.name
        if name not in LAYERS:
            faults.append(f"src/{name}: a room that tools/check_includes.py does not know")
            continue
        for dep in sorted(declared(room) - LAYERS[name]):
            faults.append(f"src/{name}/CMakeLists.txt: {name} may not use {dep}")
        for file in sorted([*room.glob("*.h"), *room.glob("*.cc")]):
            allowed = LAYERS[name] | {name}
            if file.name.endswith("_test.cc"):
                continue  # a test may reach further, for what it needs to set up
            for used in INCLUDE.findall(file.read_text()):
                if used in LAYERS and used not in allowed:
                    faults.append(f"{file.relative_to(source.parent)}: {name} may not include {used}/")
    print("\n".join(faults) if faults else "layering: every room includes only what is below it")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
