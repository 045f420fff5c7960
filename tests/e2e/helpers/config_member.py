# SPDX-License-Identifier: Apache-2.0
"""The name of the image config's member in an OCI archive: config_member.py ARCHIVE."""
import json
import sys
import tarfile

with tarfile.open(sys.argv[1]) as archive:
    def read(name):
        return json.load(archive.extractfile(name))

    entry = read("index.json")["manifests"][0]
    while True:
        document = read("blobs/" + entry["digest"].replace(":", "/"))
        if "manifests" not in document:
            break
        entry = document["manifests"][0]
    print("blobs/" + document["config"]["digest"].replace(":", "/"))
