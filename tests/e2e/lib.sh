# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the cases are written with. A case runs with `set -Eeuo pipefail`, in the empty directory $T.
ROOT=$T/store
base=local/busybox

fail() { printf 'FAIL: %s\n' "$*"; exit 1; }
skip() { printf '%s\n' "$*"; exit 77; }
need() { local p; for p in "$@"; do command -v "$p" >/dev/null || skip "needs $p"; done; }
need_root() { [ "$(id -u)" = 0 ] || skip "needs root"; }

slipway() { "$SLIPWAY" --root "$ROOT" "$@"; }
# A build with plain progress, its stderr in $T/log and its stdout in $T/stdout.
build() { slipway build --progress=plain "$@" >"$T/stdout" 2>"$T/log" || { local code=$?; cat "$T/log"; return $code; }; }
# The same, expected to fail with an exit code: fails CODE build args…
fails() {
  local expected=$1 code=0
  shift
  slipway build --progress=plain "$@" >"$T/stdout" 2>"$T/log" || code=$?
  cat "$T/log"
  [ $code = "$expected" ] || fail "exit code $code instead of $expected"
}
# Puts the busybox image into this case's store.
use_base() { slipway import "$E2E_WORK/base.tar" "$base"; }

# Files: the text of standard input; `ctx` is the context directory of most cases.
write() { mkdir -p "$(dirname "$1")" && cat >"$1"; }
dockerfile() { write ctx/Dockerfile; }

same() { [ "$1" = "$2" ] || fail "got '$1' instead of '$2'"; }
contains() { grep -qF -- "$2" "$1" || { cat "$1"; fail "no '$2' in $1"; }; }
lacks() { if grep -qF -- "$2" "$1"; then cat "$1"; fail "'$2' is in $1"; fi; }
matches() { grep -qE -- "$2" "$1" || { cat "$1"; fail "nothing like '$2' in $1"; }; }
# Steps of the last build that were taken from the cache.
cached_steps() { grep -cE '^#[0-9]+ CACHED' "$T/log" || true; }
# `cached TEXT` / `ran TEXT`: what the last build did with the step whose name has TEXT.
step_end() {
  local number
  number=$(grep -F -- "$1" "$T/log" | grep -oE '^#[0-9]+' | head -n 1) || fail "no step '$1' in the log"
  grep -E "^$number (CACHED|DONE|ERROR|CANCELED)" "$T/log" | tail -n 1 | cut -d' ' -f2
}
cached() { local end; end=$(step_end "$1"); [ "$end" = CACHED ] || { cat "$T/log"; fail "'$1' was $end, not CACHED"; }; }
ran() { local end; end=$(step_end "$1"); [ "$end" = DONE ] || { cat "$T/log"; fail "'$1' was $end, not DONE"; }; }

background=()
# Starts a program; it is ended with the case.
start() { "$@" & background+=($!); }
end_background() {
  local pid
  for pid in "${background[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${background[@]}"; do wait "$pid" 2>/dev/null || true; done
}
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
# Waits until something listens on a loopback port.
wait_for_port() {
  local i
  for ((i = 0; i < 100; i++)); do
    if (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then return 0; fi
    sleep 0.1
  done
  fail "nothing listens on port $1"
}
wait_for_file() {
  local i
  for ((i = 0; i < 200; i++)); do
    [ -e "$1" ] && return 0
    sleep 0.05
  done
  fail "$1 did not appear"
}
# A python helper that serves on a port: serve SCRIPT ARGS… sets $port.
serve() {
  port=$(free_port)
  start python3 "$E2E_DIR/helpers/$1" "$port" "${@:2}"
  wait_for_port "$port"
}
# Debian's registry on a loopback port: registry [EXTRA_HTTP_YAML] [AUTH_YAML] sets $port.
registry() {
  need docker-registry
  port=$(free_port)
  write registry.yml <<YAML
version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $T/registry}, delete: {enabled: true}}
http: {addr: "127.0.0.1:$port"${1:+, $1}}
${2:-}
YAML
  start docker-registry serve registry.yml
  wait_for_port "$port"
}
# Nothing of this case is mounted any more, here or in a namespace that lives on.
nothing_mounted() {
  ! grep -qs " $ROOT/" /proc/[0-9]*/mountinfo || { grep -s " $ROOT/" /proc/[0-9]*/mountinfo; fail "mounts are left"; }
}
