#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The long campaigns behind `./dev test --slow`: every commit point killed, 500 builds killed at random moments, ten minutes
# of each fuzz target, sanitizers over all unit tests, bills of six images beside what the packages' own tools say.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
echo "== killed at every commit point"
SLIPWAY_E2E_ALL_POINTS=1 tests/e2e/run.sh kill_and_repeat
echo "== 300 different builds in a store of 500 MB"
SLIPWAY_E2E_BUILDS=300 tests/e2e/run.sh cache_max
echo "== 500 builds, each killed (or a process of it) at a random moment"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tests/e2e/helpers/make_base.sh "$work/base.tar"
tests/slow/kill_campaign.py "${SLIPWAY:-$PWD/build/dev/slipway}" "$work/base.tar" --count 500
echo "== bills of materials of six images"
tools/install_packages.sh demo slow
tests/slow/sbom_images.sh "${SLIPWAY:-$PWD/build/dev/slipway}"
echo "== ten minutes of each fuzz target"
./dev fuzz all 600
echo "== unit tests under address, undefined-behaviour and thread sanitizers"
./dev sanitize asan tsan
