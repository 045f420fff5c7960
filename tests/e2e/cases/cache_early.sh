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

# A registry that is not there fails the build at its end, as ever, and not before; it is not asked again for each step.
printf 'FROM %s\n' "$base" >ctx/Dockerfile
for n in 1 2 3 4 5 6; do echo "RUN echo $n >/ran$n"; done >>ctx/Dockerfile
log_requests() { python3 - "$1" "$T/asked" <<'PY'
import http.server, sys
class Refuse(http.server.BaseHTTPRequestHandler):
    def answer(self):
        open(sys.argv[2], "a").write(self.path + "\n")
        self.send_response(404); self.send_header("Content-Length", "0"); self.end_headers()
    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = answer
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Refuse).serve_forever()
PY
}
nobody=$(free_port)
start log_requests "$nobody"
wait_for_port "$nobody"
fails 1 --cache-to "type=registry,ref=127.0.0.1:$nobody/cache:1,mode=max" ctx
ran 'RUN echo 6'
contains log 'exporting the cache to'
[ "$(grep -c uploads asked)" -le 10 ] || fail "asked $(grep -c uploads asked) times"
build --cache-to "type=registry,ref=127.0.0.1:$nobody/cache:1,mode=max,ignore-error=true" ctx
build --cache-to "type=registry,ref=BAD REF,mode=max,ignore-error=true" ctx
contains log 'BAD REF'

# What a gate may still refuse stays here; the layers of a build that fails otherwise may be gone already.
before=$(find "$stored" -name data | wc -l)
printf 'FROM %s\nRUN echo once >/once\nRUN sleep 1\n' "$base" >ctx/Dockerfile
fails 3 --gate non-root --cache-to "type=registry,ref=127.0.0.1:$port/gated:1,mode=max" ctx
same "$(find "$stored" -name data | wc -l)" "$before"
[ ! -e "$T/registry/docker/registry/v2/repositories/gated" ] || fail 'something was pushed'
