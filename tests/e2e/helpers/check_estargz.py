# SPDX-License-Identifier: Apache-2.0
"""Reads a layout's newest image as a lazy runtime does: check_estargz.py LAYOUT

Every layer that says it has a table of contents is read through it alone: the footer, the table, and each chunk from
the member it begins. Prints one line per layer: how many entries were compared with the archive, or "plain".
"""
import gzip, hashlib, io, json, sys, tarfile, zlib

root = sys.argv[1]


def blob(digest):
    with open(f"{root}/blobs/{digest.replace(':', '/')}", "rb") as file:
        return file.read()


def sha256(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def member(data, offset, size):
    """Up to `size` bytes of the gzip member that begins at `offset`, and no other one."""
    return zlib.decompressobj(31).decompress(data[offset:], size)


def read_table(data):
    footer = data[-51:]
    assert footer[:4] == b"\x1f\x8b\x08\x04" and footer[12:14] == b"SG" and footer[32:38] == b"STARGZ", footer
    assert gzip.decompress(footer) == b""
    archive = tarfile.open(fileobj=io.BytesIO(gzip.decompress(data[int(footer[16:32], 16):-51])))
    assert archive.getnames() == ["stargz.index.json"]
    return archive.extractfile("stargz.index.json").read()


def read_files(data, entries):
    """What each regular file holds, through its chunks."""
    files = {}
    for entry in entries:
        if entry["type"] not in ("reg", "chunk"):
            continue
        name, start = entry["name"], entry.get("chunkOffset", 0)
        files.setdefault(name, [b"", entry.get("size", 0), entry.get("digest")])
        whole = files[name]
        size = entry.get("chunkSize") or whole[1] - start
        if size == 0:
            continue
        chunk = member(data, entry["offset"], size)
        assert len(chunk) == size and sha256(chunk) == entry["chunkDigest"], entry
        assert len(whole[0]) == start
        whole[0] += chunk
    for name, (content, size, digest) in files.items():
        assert len(content) == size and sha256(content) == digest, name
    return {name: whole[0] for name, whole in files.items()}


def check(layer):
    data = blob(layer["digest"])
    wanted = layer.get("annotations", {}).get("containerd.io/snapshot/stargz/toc.digest")
    if wanted is None:
        return "plain"
    table = read_table(data)
    assert sha256(table) == wanted
    plain = gzip.decompress(data)
    assert len(plain) == int(layer["annotations"]["io.containers.estargz.uncompressed-size"])
    entries = json.loads(table)["entries"]
    files = read_files(data, entries)
    members = tarfile.open(fileobj=io.BytesIO(plain)).getmembers()
    assert [m.name for m in members] == [e["name"].rstrip("/") for e in entries if e["type"] != "chunk"]
    archive = tarfile.open(fileobj=io.BytesIO(plain))
    for m in archive.getmembers():
        if m.isreg():
            assert files[m.name] == archive.extractfile(m).read(), m.name
    return f"{len(members)} entries"


def main():
    manifest = json.load(open(f"{root}/index.json"))["manifests"][0]
    manifest = json.loads(blob(manifest["digest"]))
    config = json.loads(blob(manifest["config"]["digest"]))
    for layer, diff_id in zip(manifest["layers"], config["rootfs"]["diff_ids"], strict=True):
        raw = blob(layer["digest"])
        plain = gzip.decompress(raw) if layer["mediaType"].endswith("gzip") else None
        assert plain is None or sha256(plain) == diff_id
        print(check(layer))


main()
