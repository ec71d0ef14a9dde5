#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Prints "SONAME FEATURE PRIORITY" for each library that a program's ELF notes say it loads with dlopen(), and fails
where the notes aren't as https://systemd.io/ELF_DLOPEN_METADATA has them.

usage: dlopen_notes.py PROGRAM
"""
import json
import struct
import subprocess
import sys

SECTION = ".note.dlopen"
OWNER = b"FDO\0"
TYPE = 0x407C0C0A
FEATURE_KEYS = {"soname", "feature", "description", "priority"}
PRIORITIES = ("required", "recommended", "suggested")


def section(program):
    return subprocess.run(["objcopy", "-O", "binary", "--only-section", SECTION, program, "/dev/stdout"],
                          check=True, capture_output=True).stdout


def notes(data):
    """Yields the descriptions. elf(5), "Notes": each part is aligned to 4 bytes."""
    while data:
        name_size, size, kind = struct.unpack_from("<III", data)
        name_end = 12 + (name_size + 3) // 4 * 4
        assert data[12:12 + name_size] == OWNER, f"owner {data[12:12 + name_size]}"
        assert kind == TYPE, f"type {kind:#x}"
        value = data[name_end:name_end + size]
        assert len(value) == size and value[-1:] == b"\0" and b"\0" not in value[:-1], f"no string: {value}"
        yield value[:-1].decode()
        data = data[name_end + (size + 3) // 4 * 4:]


found = 0
for text in notes(section(sys.argv[1])):
    features = json.loads(text)
    assert isinstance(features, list) and features, text
    for feature in features:
        assert feature.keys() == FEATURE_KEYS, feature
        assert all(feature[key] and isinstance(feature[key], str) for key in FEATURE_KEYS - {"soname"}), feature
        assert feature["priority"] in PRIORITIES, feature
        assert isinstance(feature["soname"], list) and feature["soname"], feature
        for soname in feature["soname"]:
            print(soname, feature["feature"], feature["priority"])
            found += 1
assert found, f"no {SECTION}"
