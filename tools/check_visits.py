#!/usr/bin/python3
"""Does each visit() name all members of its class, in order? (src/base/fields.h)

A checkpoint of the policy rests on it, and the compiler's own check of the size misses a member that
fits into padding. Members are what our style calls so: names that end with an underscore.
"""
import pathlib
import re
import sys

CLASS = re.compile(r"\b(?:class|struct)\s+(\w+)[^;{()]*\{")
MEMBER = re.compile(r"\b(\w+_)\s*(?:\[[^\]]*\])?\s*(?:\{\}|=[^=].*)?$", re.DOTALL)
VISIT = re.compile(r"auto visit\(Visitor&& visitor\) \{\s*return visitor\(([^)]*)\);")


def body_at(text: str, start: int) -> str:
    """The text between the brace before `start` and the one that closes it."""
    depth, at = 1, start
    while depth:
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        at += 1
    return text[start : at - 1]


def without_inner(body: str) -> str:
    """The body with everything between inner braces taken out."""
    out, depth = [], 0
    for character in body:
        depth -= character == "}"
        if depth == 0:
            out.append(character)
        depth += character == "{"
    return "".join(out)


def is_outermost(before: str) -> bool:
    return before.count("{") == before.count("}")


def check(path: pathlib.Path) -> tuple[int, list]:
    text = re.sub(r"//[^\n]*", "", path.read_text())
    visited, faults = 0, []
    for found in CLASS.finditer(text):
        body = body_at(text, found.end())
        members = [m.group(1) for s in without_inner(body).split(";") if (m := MEMBER.search(s))]
        own = [v for v in VISIT.finditer(body) if is_outermost(body[: v.start()])]
        if not own:
            continue
        visit = own[0]
        visited += 1
        named = re.findall(r"\w+", visit.group(1))
        if named != members:
            wrong = [n for n in members if n not in named] or [n for n in named if n not in members]
            what = "does not name " + ", ".join(wrong) if wrong else "names members out of order"
            faults.append(f"{path}: visit() of {found.group(1)} {what}")
    return visited, faults


def main() -> int:
    source = pathlib.Path(__file__).resolve().parent.parent / "src"
    visited, faults = 0, []
    for path in sorted(source.glob("*/*.h")):
        if "auto visit(Visitor" in path.read_text():
            count, found = check(path)
            visited += count
            faults += found
    print("\n".join(faults) if faults else f"visits: {visited} classes name all their members")
    return 1 if faults or visited == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
