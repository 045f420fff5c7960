#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that every #include between rooms is an edge of tools/rooms.txt; prints file:line of each that is not."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'#include "([a-z]+)/')
THIRD_PARTY = re.compile(r'#include [<"](nlohmann/|toml\+\+/|CLI/|google/|curl/|sqlite3|openssl/|zstd|zlib|libdeflate|archive|isa-l|.*\.pb\.h)')


def table():
    rooms = {}
    for line in (ROOT / "tools/rooms.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            name, allowed = line.split(":")
            rooms[name] = set(allowed.split()) | {"base", name}
    return rooms


def main():
    rooms, bad = table(), 0
    for path in sorted((ROOT / "src").rglob("*")):
        if path.suffix not in (".h", ".cc"):
            continue
        room = path.relative_to(ROOT / "src").parts[0]
        if room not in rooms:
            print(f"{path.relative_to(ROOT)}: room {room} is not in tools/rooms.txt")
            bad += 1
            continue
        test = path.name.endswith("_test.cc") or "testing" in path.parts
        lines = path.read_text(errors="replace").splitlines()
        if not lines or "SPDX-License-Identifier: Apache-2.0" not in lines[0]:
            print(f"{path.relative_to(ROOT)}:1: no SPDX line")
            bad += 1
        for number, line in enumerate(lines, 1):
            found = INCLUDE.match(line)
            if found and found[1] in rooms and found[1] not in rooms[room]:
                print(f"{path.relative_to(ROOT)}:{number}: {room} may not include {found[1]}")
                bad += 1
            if path.suffix == ".h" and not test and THIRD_PARTY.match(line):
                print(f"{path.relative_to(ROOT)}:{number}: third-party header in an interface")
                bad += 1
    print(f"rooms: {'clean' if not bad else f'{bad} problems'}")
    return 1 if bad else 0


sys.exit(main())
