#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tools/fuzz.sh NAME|all [SECS]: fuzzes one target, or every target for SECS each, as many at a time as there are cores.
# libFuzzer where clang has it; otherwise a plain seeded mutator built by g++ (it knows no coverage). The first line says which.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
name=${1:-all}
seconds=${2:-60}
seed=${SLIPWAY_FUZZ_SEED:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}
here=tests/fuzz
work=build/fuzzing
mkdir -p "$work"

mapfile -t known < <(find $here/seeds -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | sort)
if [ "$name" = all ]; then targets=("${known[@]}"); else targets=("$name"); fi
for target in "${targets[@]}"; do
  [ -d "$here/seeds/$target" ] || { echo "fuzz: no target $target; there are: ${known[*]}" >&2; exit 2; }
done

has_libfuzzer() {
  command -v clang++-19 >/dev/null || return 1
  [ -e "$(clang++-19 -print-file-name=libclang_rt.fuzzer-x86_64.a)" ] || [ -e "$(clang++-19 -print-runtime-dir)/libclang_rt.fuzzer-$(uname -m).a" ]
}

if has_libfuzzer; then
  engine=libfuzzer
  cmake --preset fuzz >"$work/configure.log" 2>&1 || { cat "$work/configure.log" >&2; exit 1; }
  cmake --build build/fuzz --target fuzz >"$work/build.log" 2>&1 || { tail -40 "$work/build.log" >&2; exit 1; }
  echo "fuzz: libFuzzer with address and undefined-behaviour sanitizers, seed $seed, ${seconds} s for each of: ${targets[*]}"
else
  engine=plain
  [ -x build/dev/tests/fuzz/fuzz_plain ] || ./dev build dev fuzz_plain >"$work/build.log"
  echo "fuzz: clang's libFuzzer is not installed; plain mutator, no coverage, seed $seed, ${seconds} s for each of: ${targets[*]}"
fi

# Runs one target; what it found is left in its folder.
run_one() {
  local target=$1 folder=$work/$1 log=$work/$1.log status=0 seeds=("$here/seeds/$1")
  mkdir -p "$folder/corpus" "$folder/found"
  [ ! -d "$here/findings/$target" ] || seeds+=("$here/findings/$target")
  if [ "$engine" = libfuzzer ]; then
    SLIPWAY_FUZZ_TARGET=$target build/fuzz/tests/fuzz/fuzz "$folder/corpus" "${seeds[@]}" -max_total_time="$seconds" -seed="$seed" \
      -timeout=150 -rss_limit_mb=2048 -max_len=8192 -artifact_prefix="$folder/found/" -print_final_stats=1 >"$log" 2>&1 || status=$?
    local runs coverage
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    coverage=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -1)
    [ $status -ne 0 ] || echo "$target: ${runs:-?} inputs, ${coverage:-?} edges covered, all as promised"
  else
    (cd "$folder/found" && "$OLDPWD/build/dev/tests/fuzz/fuzz_plain" mutate "$target" "$seconds" "$seed" "$OLDPWD/$here/seeds" "$OLDPWD/$here/findings") >"$log" 2>&1 || status=$?
    [ $status -ne 0 ] || tail -1 "$log"
  fi
  [ $status -eq 0 ] || {
    grep -E 'broken promise|ERROR:|SUMMARY:|runtime error:|what\(\)' "$log" | head -5 >&2
    echo "$target: FOUND something ($log). The input is in $folder/found/: fix it, then keep it in $here/findings/$target/." >&2
  }
  return $status
}
export -f run_one
export engine work here seconds seed
printf '%s\n' "${targets[@]}" | xargs -P "$(nproc)" -I{} bash -euo pipefail -c 'run_one {}'
