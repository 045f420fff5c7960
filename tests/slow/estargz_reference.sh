#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Layers of compression=estargz read with the library of containerd's stargz snapshotter: estargz_reference.sh SLIPWAY
set -euo pipefail
slipway=$1
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d /tmp/slipway-estargz.XXXXXX)
trap 'rm -rf "$work"' EXIT
cd "$work"
GOPATH=/usr/share/gocode GO111MODULE=off GOFLAGS='' go build -o reader "$here/estargz_reference/main.go"
mkdir ctx
head -c 13000000 /dev/urandom >ctx/thirteen && head -c 4194304 /dev/urandom >ctx/four && : >ctx/none
cp -r /usr/share/perl ctx/perl
printf 'FROM scratch\nCOPY . /all\nCOPY four /all/none\n' >ctx/Dockerfile
"$slipway" --root store build -q -o type=oci,tar=false,dest=layout,compression=estargz ctx >/dev/null
manifest=$(jq -r '.manifests[0].digest' layout/index.json)
jq -r '.layers[] | .digest + " " + .annotations["containerd.io/snapshot/stargz/toc.digest"]' "layout/blobs/${manifest/:/\/}" >layers
while read -r layer toc; do
  blob=layout/blobs/${layer/:/\/}
  ./reader "$blob" "$toc"
  # Its twin with one byte of a chunk changed is refused.
  cp "$blob" torn
  printf '\1' | dd of=torn bs=1 seek=$(($(stat -c %s torn) / 2)) conv=notrunc status=none
  if ./reader torn "$toc" 2>error; then echo "a changed layer was accepted"; exit 1; fi
done <layers
