# SPDX-License-Identifier: Apache-2.0
# Flushes happen where something must last (names of images, blobs), never per file or per step.
# shellcheck shell=bash disable=SC2154,SC2034
need strace
use_base
mkdir -p ctx/files
for i in $(seq 200); do echo "file $i" >"ctx/files/$i"; done
dockerfile <<END
FROM $base AS a
COPY files /files
RUN true one
RUN true two
RUN true three
FROM scratch
COPY --from=a /files /files
END
# Flushes of a build, the helper and what it runs included.
flushes() {
  strace -f -e trace=fsync,fdatasync,sync,syncfs,sync_file_range,msync -o trace "$SLIPWAY" --root "$ROOT" build --progress=plain "$@" ctx \
    >/dev/null 2>log || { cat log; fail build; }
  grep -cE '(fsync|fdatasync|sync|syncfs|sync_file_range|msync)\(' trace || true
}
same "$(flushes)" 0            # five steps that run
same "$(flushes --no-cache)" 0 # and again
same "$(flushes)" 0            # nothing to do
# An image: its blobs (config, manifest, layer), the directory they lie in, and the name.
count=$(flushes -t named)
[ "$count" -gt 0 ] || fail "a name that is not flushed"
[ "$count" -le 16 ] || { cat trace; fail "$count flushes for one image"; }
