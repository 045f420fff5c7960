#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the image of an OCI layout once, as a container runtime would: demo_run.sh LAYOUT:TAG SCRIPT [ARGS…]
#
# The image is unpacked by umoci and started by crun in a private mount namespace, where the cgroup
# file systems are hidden: so it works on machines whose cgroups no runtime accepts. SCRIPT runs beside
# the container; in it `container ARGS…` starts the image's entrypoint (standard input is passed on),
# and `in_container ARGS…` runs a program inside the one that runs.
set -euo pipefail
if [ "${DEMO_INSIDE:-}" != 1 ]; then
  export DEMO_INSIDE=1
  user=()
  [ "$(id -u)" = 0 ] || user=(--user --map-root-user)
  exec unshare "${user[@]}" --mount --propagation private -- "$0" "$@"
fi
image=$1
script=$2
shift 2
work=$(mktemp -d)
name=demo-$$
mount -t tmpfs tmpfs /sys/fs/cgroup 2>/dev/null || true

crun_() { crun --root "$work/state" --cgroup-manager=disabled "$@"; }
finish() {
  crun_ kill "$name" TERM 2>/dev/null || true
  [ -z "${started:-}" ] || wait "$started" 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT
rootless=()
[ "$(awk 'NR == 1 { print $3 }' /proc/self/uid_map)" -gt 1 ] || rootless=(--rootless)
umoci unpack "${rootless[@]}" --image "$image" "$work/bundle" >/dev/null

# umoci writes a configuration for a terminal and an own network; here the host's loopback is shared.
configure() {
  jq --argjson extra "$(jq -cn '$ARGS.positional' --args -- "$@")" '
    .process.terminal = false
    | .process.args = (if ($extra | length) > 0 then [.process.args[0]] + $extra else .process.args end)
    | .root.readonly = true
    | .linux.namespaces |= map(select(.type != "network" and .type != "cgroup"))
    | .mounts |= map(select(.type != "cgroup" and .type != "cgroup2"))
    | del(.linux.resources)' "$work/original.json" >"$work/bundle/config.json"
}
cp "$work/bundle/config.json" "$work/original.json"

container() {
  configure "$@"
  crun_ run --bundle "$work/bundle" "$name"
}
container_in_background() {
  configure "$@"
  crun_ run --bundle "$work/bundle" "$name" &
  started=$!
}
in_container() { crun_ exec "$name" "$@"; }
# shellcheck source=/dev/null
. "$script" "$@"
