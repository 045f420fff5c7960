# SPDX-License-Identifier: Apache-2.0
# A cache of mode=max leaves while the build still runs: the second step ends when the first one's layer is in the registry.
# shellcheck shell=bash disable=SC2154
need_root
use_base
registry
to="type=registry,ref=127.0.0.1:$port/cache:1,mode=max"
mkdir -p ctx "$T/registry/docker/registry/v2/blobs/sha256"
stored=$T/registry/docker/registry/v2/blobs/sha256
web=$(free_port)
start python3 -m http.server --bind 127.0.0.1 --directory "$stored" "$web" >/dev/null 2>&1
wait_for_port "$web"
dockerfile <<END
FROM $base
RUN head -c 300000 /dev/urandom >/first
RUN --network=host i=0; until [ "\$(wget -qO- http://127.0.0.1:$web/ | grep -c 'href=')" -ge 2 ]; do i=\$((i+1)); [ \$i -lt 300 ] || exit 1; sleep 0.1; done
END
build --allow network.host --cache-to "$to" ctx
# The base's layer, the first step's, the second's, the config; the manifest is a blob of the registry's too.
same "$(find "$stored" -name data | wc -l)" 5
ROOT=$T/fresh
use_base
build --allow network.host --cache-from "type=registry,ref=127.0.0.1:$port/cache:1" ctx
same "$(cached_steps)" 3

# A registry that is not there fails the build at its end, as ever, and not before.
printf 'FROM %s\nRUN echo ran >/ran\nRUN echo again >/ran\n' "$base" >ctx/Dockerfile
nobody=$(free_port)
fails 1 --cache-to "type=registry,ref=127.0.0.1:$nobody/cache:1,mode=max" ctx
ran 'RUN echo again'
contains log 'exporting the cache to'
build --cache-to "type=registry,ref=127.0.0.1:$nobody/cache:1,mode=max,ignore-error=true" ctx
