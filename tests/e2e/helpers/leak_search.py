#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Looks for a secret's value in every file below some directories: leak_search.py VALUE DIRECTORY...

Archives and compressed blobs are opened (gzip, zstd), so that what lies in a layer's tar is seen too; the plain, base64,
hexadecimal and URL-encoded forms are looked for. Prints each file that has one; exit status 1 when there is any.
"""
import base64
import gzip
import os
import stat
import subprocess
import sys
import urllib.parse
import zlib

value = sys.argv[1].encode()
forms = {"plain": value, "hex": value.hex().encode(), "HEX": value.hex().upper().encode(),
         "url": urllib.parse.quote(value, safe="").encode()}
# Base64 of the value wherever it begins in what was encoded: its inner characters are the same.
for shift in range(3):
    encoded = base64.b64encode(b"x" * shift + value)
    forms[f"base64+{shift}"] = encoded[(0, 2, 3)[shift]:len(encoded) - 4]


def contents(path):
    with open(path, "rb") as file:
        data = file.read()
    yield data
    if data[:2] == b"\x1f\x8b":
        try:
            yield gzip.decompress(data)
        except (OSError, EOFError, zlib.error):
            pass
    # Blobs inside an archive that is not compressed itself.
    at = data.find(b"\x1f\x8b\x08")
    while at > 0:
        try:
            yield zlib.decompressobj(31).decompress(data[at:])
        except zlib.error:
            pass
        at = data.find(b"\x1f\x8b\x08", at + 1)
    if data[:4] == b"\x28\xb5\x2f\xfd":
        yield subprocess.run(["zstd", "-dcq"], input=data, capture_output=True, check=False).stdout


found = False
for top in sys.argv[2:]:
    for directory, names, files in os.walk(top):
        for name in names + files:
            path = os.path.join(directory, name)
            if value in name.encode(errors="surrogateescape"):
                print("name", path)
                found = True
            info = os.lstat(path)
            if stat.S_ISLNK(info.st_mode) and value in os.readlink(path).encode(errors="surrogateescape"):
                print("link", path)
                found = True
            if not stat.S_ISREG(info.st_mode):
                continue
            for data in contents(path):
                hits = [form for form, bytes_ in forms.items() if bytes_ in data]
                if hits:
                    print(",".join(hits), path)
                    found = True
                    break
sys.exit(1 if found else 0)
