#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the end-to-end cases against the real binary: run.sh [-j N] [-v] [PATTERN…]
#
# Each file in cases/ is one test: it runs in a directory and with a store of its own, ends with 0 (ok),
# 77 (skipped; the last line says why) or anything else (FAIL; its output is shown). SLIPWAY names the
# program (default: build/release/slipway, then build/dev/slipway). E2E_KEEP=1 keeps the directories.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
jobs=2
verbose=no
while getopts j:v option; do
  case $option in
    j) jobs=$OPTARG ;;
    v) verbose=yes ;;
    *) exit 2 ;;
  esac
done
shift $((OPTIND - 1))

for program in "${SLIPWAY:-}" "$top/build/release/slipway" "$top/build/dev/slipway"; do
  [ -n "$program" ] && [ -x "$program" ] && break
  program=
done
[ -n "$program" ] || { echo "run.sh: no slipway: ./dev build release, or set SLIPWAY" >&2; exit 2; }
SLIPWAY=$(realpath "$program")
E2E_WORK=$(mktemp -d "${TMPDIR:-/tmp}/slipway-e2e.XXXXXX")
chmod 755 "$E2E_WORK"
E2E_DIR=$here
export SLIPWAY E2E_WORK E2E_DIR
[ "${E2E_KEEP:-}" = 1 ] || trap 'rm -rf --one-file-system "$E2E_WORK"' EXIT
"$here/helpers/make_base.sh" "$E2E_WORK/base.tar" || { echo "run.sh: cannot make the base image" >&2; exit 2; }

# One case, in a process of its own; its verdict goes to $E2E_WORK/NAME.verdict.
run_case() {
  local file=$1 name log verdict status begin took
  name=$(basename "$file" .sh)
  log=$E2E_WORK/$name.log
  begin=$(date +%s%N)
  mkdir -p "$E2E_WORK/$name"
  T=$E2E_WORK/$name timeout --kill-after=10 "${E2E_TIMEOUT:-180}" bash "$here/helpers/case.sh" "$file" >"$log" 2>&1
  status=$?
  # What a case leaves mounted is a defect of the program, also when the case itself was content.
  if grep -q " $E2E_WORK/$name/" /proc/self/mounts && [ $status -ne 77 ]; then
    echo "left mounted:" >>"$log"
    grep " $E2E_WORK/$name/" /proc/self/mounts >>"$log"
    awk -v under="$E2E_WORK/$name/" 'index($2, under) == 1 { print $2 }' /proc/self/mounts | sort -r | xargs -r -n 1 umount -l
    status=99
  fi
  took=$(printf '%d.%01d' $((($(date +%s%N) - begin) / 1000000000)) $((($(date +%s%N) - begin) / 100000000 % 10)))
  case $status in
    0) verdict=ok ;;
    77) verdict=SKIP ;;
    *) verdict=FAIL ;;
  esac
  echo "$verdict" >"$E2E_WORK/$name.verdict"
  {
    case $verdict in
      ok) printf 'ok    %-28s %ss\n' "$name" "$took" ;;
      SKIP) printf 'SKIP  %-28s %s\n' "$name" "$(tail -n 1 "$log")" ;;
      FAIL)
        printf 'FAIL  %-28s %ss (exit %s)\n' "$name" "$took" "$status"
        tail -n 40 "$log" | sed 's/^/      | /'
        ;;
    esac
    if [ $verbose = yes ] && [ $verdict != FAIL ]; then sed 's/^/      | /' "$log"; fi
  } >"$E2E_WORK/$name.out"
  cat "$E2E_WORK/$name.out"
  [ "${E2E_KEEP:-}" = 1 ] || rm -rf --one-file-system "${E2E_WORK:?}/$name"
}

wanted() {
  local name=$1 pattern
  shift
  [ $# -eq 0 ] && return 0
  for pattern in "$@"; do
    [[ $name == *$pattern* ]] && return 0
  done
  return 1
}

for file in "$here"/cases/*.sh; do
  wanted "$(basename "$file" .sh)" "$@" || continue
  while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do wait -n; done
  run_case "$file" &
done
wait
count() { cat "$E2E_WORK"/*.verdict 2>/dev/null | grep -c "^$1\$"; }
failed=$(count FAIL)
printf '%s passed, %s failed, %s skipped\n' "$(count ok)" "$failed" "$(count SKIP)"
[ "$failed" -eq 0 ]
