#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Whole-build measurements beside other builders (paired runs, ratios): needs the shared folder's peers, which are brought
# up first. Arguments go to its bench.py, for example: ./dev bench --only W1,W3 --json build/bench.json
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
shared=$(realpath -m "${SLIPWAY_SHARED:-../shared}")
if [ ! -x "$shared/peers/bench.py" ]; then
  echo "bench: skipped, $shared/peers is not there (SLIPWAY_SHARED names the folder)"
  exit 0
fi
./dev build release slipway
peers=$shared/peers/peers
"$peers" status >/dev/null 2>&1 || { "$peers" setup; "$peers" up; "$peers" bases; }
exec "$shared/peers/bench.py" --prog "$PWD/build/release/slipway" "$@"
