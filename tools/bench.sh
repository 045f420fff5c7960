#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Measurements; results are reported, never gated.
#
#   bench.sh micro [--against REV] [ARGS…]   functions (Google Benchmark); with --against: beside another revision
#   bench.sh scale [ARGS…]                   how cost grows with files, stages, bytes and records (tools/scale_bench.py)
#   bench.sh plot RESULTS.json [DIRECTORY]   tables and SVGs of a scale run
#   bench.sh [ARGS…]                         whole builds beside other builders, paired; arguments go to the shared
#                                            folder's bench.py, for example: --only W1,W3 --json build/bench.json
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

# Builds the micro benchmarks of a checkout: micro_build CHECKOUT
micro_build() {
  cmake -S "$1" -B "$1/build/bench" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS_RELEASE='-O2 -DNDEBUG' \
    -DSLIPWAY_TESTS=OFF -DSLIPWAY_BENCHES=ON -DCMAKE_UNITY_BUILD=ON >/dev/null
  cmake --build "$1/build/bench" --target slipway_bench >/dev/null
}
micro_run() { "$1/build/bench/bench/slipway_bench" --benchmark_format=json "${@:2}"; }

micro() {
  tools/install_packages.sh build
  local against=
  if [ "${1:-}" = --against ]; then against=$2; shift 2; fi
  micro_build "$PWD"
  if [ -z "$against" ]; then
    build/bench/bench/slipway_bench "$@"
    return
  fi
  local other=$PWD/build/against
  git worktree remove --force "$other" 2>/dev/null || true
  git worktree add --quiet --detach "$other" "$against"
  micro_build "$other"
  # Alternating, so that a machine that slows down slows both.
  local here=() there=() round
  for round in 1 2 3; do
    micro_run "$other" "$@" >"build/there$round.json"
    micro_run "$PWD" "$@" >"build/here$round.json"
    there+=("build/there$round.json")
    here+=("build/here$round.json")
  done
  jq -rn --arg against "$against" --argjson rounds 3 '
    [inputs.benchmarks | map({key: .name, value: .cpu_time}) | from_entries] as $runs
    | ($runs[:$rounds]) as $there | ($runs[$rounds:]) as $here
    | def median: sort | .[length / 2 | floor];
    "\($against) / here (above 1: here is faster)",
    ($here[0] | keys_unsorted[] | . as $name | ($there | map(.[$name])) as $old | ($here | map(.[$name])) as $new
      | select($old[0] != null) | "\(($old | median) / ($new | median) * 100 | round / 100)\t\($name)")' \
    "${there[@]}" "${here[@]}"
  git worktree remove --force "$other"
}

peers() {
  local shared
  shared=$(realpath -m "${SLIPWAY_SHARED:-../shared}")
  if [ ! -x "$shared/peers/bench.py" ]; then
    echo "bench: skipped, $shared/peers is not there (SLIPWAY_SHARED names the folder)"
    exit 0
  fi
  ./dev build release slipway
  local peers=$shared/peers/peers
  "$peers" status >/dev/null 2>&1 || { "$peers" setup; "$peers" up; "$peers" bases; }
  exec "$shared/peers/bench.py" --prog "$PWD/build/release/slipway" "$@"
}

case ${1:-} in
  micro) shift; micro "$@" ;;
  scale) shift; ./dev build release slipway && exec tools/scale_bench.py --prog build/release/slipway "$@" ;;
  plot) tools/install_packages.sh plot && exec tools/plot_bench.py "$2" "${3:-docs/performance}" ;;
  *) peers "$@" ;;
esac
