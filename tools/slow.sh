#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The long campaigns behind `./dev test --slow`: every commit point killed, 500 builds killed at random moments, ten minutes
# of each fuzz target, sanitizers over all unit tests, 300 builds in a small store, 1,000 transfers with faults, bills
# of six images beside what the packages' own tools say, eStargz layers beside containerd's reader, images and caches beside docker buildx's.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
echo "== killed at every commit point"
SLIPWAY_E2E_ALL_POINTS=1 tests/e2e/run.sh kill_and_repeat
echo "== 300 different builds in a store of 500 MB"
E2E_TIMEOUT=900 SLIPWAY_E2E_BUILDS=300 tests/e2e/run.sh cache_max
echo "== 500 builds, each killed (or a process of it) at a random moment"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tests/e2e/helpers/make_base.sh "$work/base.tar"
tests/slow/kill_campaign.py "${SLIPWAY:-$PWD/build/dev/slipway}" "$work/base.tar" --count 500
echo "== 1,000 pulls and pushes through a proxy that breaks things"
tests/slow/fault_proxy.py "${SLIPWAY:-$PWD/build/dev/slipway}" --count 1000
echo "== bills of materials of six images"
tools/install_packages.sh demo slow
tests/slow/sbom_images.sh "${SLIPWAY:-$PWD/build/dev/slipway}"
echo "== eStargz layers read by containerd's library"
tests/slow/estargz_reference.sh "${SLIPWAY:-$PWD/build/dev/slipway}"
shared=${SLIPWAY_SHARED:-../shared}
if [ -x "$shared/peers/peers" ]; then
  echo "== forty images beside docker buildx's"
  DOCKER_HOST=$("$shared/peers/peers" up 2>&1 | sed -n 's/.*dockerd \(unix:[^ ]*\) .*/\1/p' | tail -1)
  export DOCKER_HOST
  tests/slow/differential.py "${SLIPWAY:-$PWD/build/dev/slipway}" "$shared/peers/peers" 127.0.0.1:5000/busybox:latest
  echo "== caches exchanged with docker buildx"
  tests/slow/cache_exchange.sh "${SLIPWAY:-$PWD/build/dev/slipway}" "$shared/peers/peers" 127.0.0.1:5000/busybox:latest
else
  echo "skipped: forty images and caches beside docker buildx's (no peers)"
fi
echo "== ten minutes of each fuzz target"
./dev fuzz all 600
echo "== unit tests under address, undefined-behaviour and thread sanitizers"
./dev sanitize asan tsan
