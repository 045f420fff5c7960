#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Rooms, formatting, spelling, shell scripts, and clang-tidy on the files that differ from the base (all with --all).
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
tools/install_packages.sh lint build || exit 1
status=0
say() { printf '%s: %s\n' "$1" "$2"; [ "$2" = clean ] || status=1; }

tools/check_rooms.py || status=1

mapfile -t sources < <(git ls-files 'src/*.cc' 'src/*.h' 'tests/*.cc' 'tests/*.h' 'bench/*.cc')
if clang-format-19 --dry-run --Werror "${sources[@]}" 2>/tmp/slipway-format.$$; then say format clean; else
  head -20 /tmp/slipway-format.$$
  say format "run: clang-format-19 -i \$(git ls-files 'src/*.cc' 'src/*.h' 'tests/*.cc')"
fi
rm -f /tmp/slipway-format.$$

mapfile -t texts < <(git ls-files 'src/*' 'docs/*' '*.md' 'tools/*' | grep -v testdata)
if codespell -q 3 -L "chache,coppy,vertexes,bulid,RUNN,runn,buid,cpoy,buildd,soruce,crate,te,fo,nd,datas,keypair,ans,ro,aks,ser,wil,ot,hel,passt" "${texts[@]}"; then say spelling clean; else say spelling "see above"; fi

missing=$(sed -n 's/^|.*| \([a-z_, ]*\) |$/\1/p' docs/mission.md | tr -d ' ' | tr ',' '\n' | grep -vx test | while read -r name; do
  [ -f "tests/e2e/cases/$name.sh" ] || printf ' %s' "$name"
done)
if [ -z "$missing" ]; then say 'tests of docs/mission.md' clean; else say 'tests of docs/mission.md' "not there:$missing"; fi

unquoted=$(sed -n 's/^| \(.*\) | .* | \([a-z_, ]*\) |$/\1|\2/p' docs/checklist.md | grep -v '^id|' | while IFS='|' read -r id names; do
  for name in ${names//,/ }; do
    grep -qsE "^# Checklist $id(:|\$)" "tests/e2e/cases/$name.sh" || printf ' %s (%s)' "$name" "$id"
  done
done)
if [ -z "$unquoted" ]; then say 'rows of docs/checklist.md' clean; else say 'rows of docs/checklist.md' "not quoted in:$unquoted"; fi

mapfile -t scripts < <(git ls-files 'dev' 'tools/*.sh' 'tests/*.sh' 'tests/e2e/*' '.ci/run' | xargs -r grep -lE '^#!.*(ba)?sh$')
if shellcheck -x -S warning "${scripts[@]}"; then say shell clean; else say shell "see above"; fi

if [ "${SLIPWAY_LINT_TIDY:-yes}" = yes ]; then
  mkdir -p build
  [ -f build/dev/compile_commands.json ] || cmake --preset dev >/dev/null
  base=${SLIPWAY_LINT_BASE:-$(git rev-parse --verify -q HEAD~1 || git rev-parse HEAD)}
  mapfile -t changed < <(if [ "${1:-}" = --all ]; then git ls-files 'src/*.cc'; else git diff --name-only --diff-filter=d "$base" -- 'src/*.cc'; fi)
  if [ ${#changed[@]} -eq 0 ] || printf '%s\n' "${changed[@]}" | xargs -P "$(nproc)" -n 4 clang-tidy-19 --quiet -p build/dev >build/tidy.log 2>/dev/null; then
    say "tidy (${#changed[@]} files)" clean
  else
    grep -E '(warning|error):' build/tidy.log | sort -u | head -40
    say tidy "see build/tidy.log"
  fi
fi
exit $status
