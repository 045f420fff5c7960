#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes an OCI layout with hand-made layers: make_layout.py DIR TAG LAYER.tar…"""
import hashlib
import json
import pathlib
import sys

directory, tag, tars = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
blobs = directory / "blobs/sha256"
blobs.mkdir(parents=True)


def put(data, media_type):
    digest = hashlib.sha256(data).hexdigest()
    (blobs / digest).write_bytes(data)
    return {"mediaType": media_type, "digest": "sha256:" + digest, "size": len(data)}


kind = "application/vnd.oci.image."
layers = [put(pathlib.Path(tar).read_bytes(), kind + "layer.v1.tar") for tar in tars]
config = {"architecture": "amd64", "os": "linux", "config": {},
          "rootfs": {"type": "layers", "diff_ids": [layer["digest"] for layer in layers]}}
manifest = {"schemaVersion": 2, "mediaType": kind + "manifest.v1+json",
            "config": put(json.dumps(config).encode(), kind + "config.v1+json"), "layers": layers}
root = put(json.dumps(manifest).encode(), manifest["mediaType"])
root["annotations"] = {"org.opencontainers.image.ref.name": tag}
(directory / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [root]}))
(directory / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
