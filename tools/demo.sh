#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A walk through Slipway on this machine: ./dev demo
#
# Builds the program, makes base images from Debian packages, builds the two examples, runs what came
# out, builds again, changes one file and builds again. Everything is kept below build/demo; a second
# walk takes seconds. DEMO_SUITE chooses the Debian release of the bases, SLIPWAY a program to use instead of
# building one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
demo=$PWD/build/demo
store=$demo/store
slipway=${SLIPWAY:-$PWD/build/release/slipway}
mkdir -p "$demo"

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then bold=$'\e[1m' dim=$'\e[2m' blue=$'\e[34m' plain=$'\e[0m'; else bold='' dim='' blue='' plain=''; fi
chapter=0
title() { chapter=$((chapter + 1)); printf '\n%s── %d. %s %s\n' "$bold" "$chapter" "$1" "$plain"; }
say() { printf '%s\n' "$*"; }
# Shows a slipway command as a person would type it, then runs it on the demo's store.
show() { printf '%s$ slipway %s%s\n' "$blue" "$*" "$plain"; }
slip() { "$slipway" --root "$store" "$@"; }
run() { show "$@"; slip "$@"; }
seconds() { awk -v from="$1" -v to="$2" 'BEGIN { printf "%.2f s", (to - from) / 1e9 }'; }
timed() {
  local from
  from=$(date +%s%N)
  "$@"
  took=$(seconds "$from" "$(date +%s%N)")
}

suite() {
  local codename
  codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-bookworm}")
  echo "${DEMO_SUITE:-$codename}"
}
has_image() { [ -x "$slipway" ] && slip inspect "$1" >/dev/null 2>&1; }
have_bases() { has_image "local/debian:$SUITE-slim" && has_image "local/golang:$SUITE" && has_image "local/gcc:$SUITE"; }

prepare() {
  title "Slipway itself, and base images made from Debian packages"
  tools/install_packages.sh build demo
  local bases=
  if ! have_bases; then
    say "Making the bases (debian, golang, gcc) while the program compiles; this is the slow part, and only the first time."
    tools/demo_bases.sh "$demo/bases" "$SUITE" &
    bases=$!
  fi
  if [ -z "${SLIPWAY:-}" ] && ! ./dev build release >"$demo/build.log" 2>&1; then
    tail -n 30 "$demo/build.log" >&2
    exit 1
  fi
  say "  slipway        $(du -h --apparent-size "$slipway" | cut -f1): $("$slipway" version | head -n 1)"
  if [ -n "$bases" ]; then
    wait "$bases"
    run import "$demo/bases/debian.tar" "local/debian:$SUITE-slim"
    run import "$demo/bases/golang.tar" "local/golang:$SUITE"
    run import "$demo/bases/gcc.tar" "local/gcc:$SUITE"
    rm -rf "$demo/bases"
  fi
}

copy_examples() {
  rm -rf "$demo/go-service" "$demo/cpp-cli"
  cp -a examples/go-service examples/cpp-cli "$demo/"
}

go_build() { slip build -t linkboard:1.0 --build-arg VERSION=1.0 --build-arg "SUITE=$SUITE" "$@" "$demo/go-service"; }
cpp_build() { slip build -t logtop --build-arg "SUITE=$SUITE" "$@" "$demo/cpp-cli"; }

# Bytes of the file system that a build's stage holds.
stage_bytes() { "$1" -q --target "$2" -o type=tar,dest=- 2>/dev/null | wc -c; }
compare_sizes() {
  awk -v name="$1" -v builder="$(stage_bytes "$2" builder)" -v final="$(stage_bytes "$2" final)" 'BEGIN {
    printf "  %-10s builder %7.1f MB   →   final %6.1f MB   (%.0f times smaller)\n", name, builder / 1e6, final / 1e6, builder / final }'
}

build_examples() {
  title "A Go service: tests, assets and compiler side by side, shipped on an empty base"
  show "build -t linkboard:1.0 --build-arg VERSION=1.0 examples/go-service"
  timed go_build
  say "built in $took"
  title "A C++ program: compiled and tested side by side, shipped on a slim Debian"
  show "build -t logtop examples/cpp-cli"
  timed cpp_build
  say "built in $took"
  title "What ships is small: the toolchain stays behind"
  compare_sizes linkboard go_build
  compare_sizes logtop cpp_build
  run images
}

# An OCI layout of an image with the tag "demo", for umoci.
layout() {
  rm -rf "${demo:?}/$2"
  "$1" -q -o "type=oci,dest=$demo/$2,tar=false" >/dev/null
  jq '.manifests |= (.[:1] | map(.annotations["org.opencontainers.image.ref.name"] = "demo"))' "$demo/$2/index.json" >"$demo/$2/index.new"
  mv "$demo/$2/index.new" "$demo/$2/index.json"
}

run_examples() {
  title "Both run: unpacked by umoci, started by crun"
  layout go_build linkboard-layout
  tools/demo_run.sh "$demo/linkboard-layout:demo" tools/demo_linkboard.sh 2>&1 | sed 's/^/  /'
  layout cpp_build logtop-layout
  say ""
  tools/demo_run.sh "$demo/logtop-layout:demo" tools/demo_logtop.sh 2>&1 | sed 's/^/  /'
}

rebuild() {
  title "Again: nothing has changed, so nothing runs"
  show "build -t linkboard:1.0 --build-arg VERSION=1.0 examples/go-service"
  timed go_build
  say "${bold}all from the cache: $took${plain}"
}

# The steps of a plain progress log, by what became of them.
steps() {
  awk -v wanted="$1" '
    /^#[0-9]+ \[/ { number = $1; line = $0; sub(/^#[0-9]+ /, "", line); name[number] = line; if (!(number in order)) order[number] = ++count }
    /^#[0-9]+ (CACHED|DONE)/ && ($1 in name) { end[$1] = $2; time[$1] = $3 }
    END { for (n in end) if (end[n] == wanted && name[n] !~ /^\[internal\]|^exporting/) printf "%d\t  %-7s %s\n", order[n], time[n], substr(name[n], 1, 96) }
  ' "$demo/change.log" | sort -n | cut -f2-
}

change() {
  title "One source file changes: only what depends on it runs again"
  # Another text at each walk: a change that was made before would be found in the cache.
  sed -i "s/linkboard %s serves on/linkboard %s (changed at $(date +%T)) serves on/" "$demo/go-service/cmd/linkboard/main.go"
  diff -u "examples/go-service/cmd/linkboard/main.go" "$demo/go-service/cmd/linkboard/main.go" | grep '^[-+]	' | sed 's/^/  /' || true
  show "build -t linkboard:1.0 --build-arg VERSION=1.0 examples/go-service"
  if ! timed go_build --progress=plain 2>"$demo/change.log"; then cat "$demo/change.log" >&2; exit 1; fi
  say "built in $took"
  say "ran again:"
  steps DONE
  say "${dim}from the cache:"
  steps CACHED
  printf '%s' "$plain"
}

farewell() {
  title "What to try next"
  cat <<TEXT
  alias slipway='$slipway --root $store'
  slipway build --help                                     docker buildx build's flags, the same meaning
  slipway history linkboard:1.0                            what the image is made of
  slipway save -o linkboard.tar linkboard:1.0              for docker load or podman load
  slipway build -o out --target builder --build-arg SUITE=$SUITE examples/cpp-cli
  \$EDITOR $demo/cpp-cli/tests/entry_test.cc               break a test: the image is not built, and you see why
  ./dev demo                                               once more, in seconds;  rm -r build/demo  forgets it all
TEXT
}

SUITE=$(suite)
prepare
copy_examples
build_examples
run_examples
rebuild
change
farewell
