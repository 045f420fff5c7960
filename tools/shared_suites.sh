#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the suites of the shared folder (SLIPWAY_SHARED, default ../shared) where it is present, and prints their counts.
# Their failures are reported, not gated: the folder changes on its own schedule.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
shared=$(realpath -m "${SLIPWAY_SHARED:-../shared}")
if [ ! -d "$shared" ]; then
  echo "shared suites: skipped, $shared is not there (SLIPWAY_SHARED names it)"
  exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PYTHONDONTWRITEBYTECODE=1

if [ -f "$shared/corpus/dev/tables.jsonl.gz" ]; then
  ./dev build release slipway conformance_tables conformance_frontend >"$work/build.log" 2>&1 || { tail -20 "$work/build.log"; exit 1; }
  echo "== corpus tables"
  build/release/tests/conformance/conformance_tables --tables "$shared/corpus/dev/tables.jsonl.gz" | tail -12
  echo "== corpus frontend"
  build/release/tests/conformance/conformance_frontend --inputs "$shared/corpus/dev/inputs.jsonl.gz" --out "$work/out.jsonl.gz" 2>&1 | tail -3
  python3 "$shared/corpus/compare.py" "$shared/corpus/dev/golden.jsonl.gz" "$work/out.jsonl.gz" --show 3 | tail -32
fi

if [ -f "$shared/cases/run.py" ]; then
  echo "== cases"
  if [ "$(id -u)" != 0 ]; then
    echo "skipped: the runner makes device nodes and needs root"
    exit 0
  fi
  # The runner shows only lines with "error" in them; what slipway said in a case that failed is printed below.
  mkdir "$work/said"
  cat >"$work/slipway" <<END
#!/bin/bash
said=\$(mktemp "$work/said/XXXXXX")
"$PWD/build/release/slipway" --root "$work/store" "\$@" 2>"\$said"
code=\$?
cat "\$said" >&2
if [ \$code = 0 ]; then rm "\$said"; else echo "exit code \$code of slipway \$*" >>"\$said"; fi
exit \$code
END
  chmod +x "$work/slipway"
  slipway=$work/slipway
  (cd "$shared/cases" && timeout 900 ./run.py --prog "$slipway" --quirks-ok -j 2 --work "$work/cases" \
    --prune-cmd "$slipway prune --all" \
    --filter '^(add|args|cache|check|cli|copy|env|errors|heredoc|ignore|layers|meta|parser|quirks|run|stages|output)/') >"$work/cases.log" 2>&1
  grep -vE ' ok$' "$work/cases.log" | cut -c1-200 | sed 's|^|cases: |' | tail -45
  sed -nE '/ ok$|\(quirk\)$/d; s|^([a-z]+)/([^ ]+) .*|\1--\2+|p' "$work/cases.log" | while read -r name; do
    grep -lF -- "$name" "$work"/said/* | xargs -r tail -n 30 | cut -c1-300 | sed "s|^|$name |"
  done
fi
exit 0
