# SPDX-License-Identifier: Apache-2.0
# kill -9 at every commit point in turn: the next build works, and never serves half a result.
# shellcheck shell=bash disable=SC2154,SC2034
use_base
cp -a "$ROOT" pristine
echo text | write ctx/a.txt
dockerfile <<END
FROM $base
COPY a.txt /
RUN cat /a.txt /a.txt > /b.txt
END
SLIPWAY_FAULT=list=$T/points build -t app ctx
count=$(wc -l <points)
[ "$count" -ge 3 ] || fail "only $count fault points were reached"
sort points | uniq -c
step=$(((count + 11) / 12)) # at most a dozen of them…
[ "${SLIPWAY_E2E_ALL_POINTS:-}" != 1 ] || step=1 # …unless all are asked for
for ((i = 1; i <= count; i += step)); do
  rm -rf "$ROOT" out
  cp -a pristine "$ROOT"
  code=0
  SLIPWAY_FAULT=kill@$i slipway build -q -t app ctx >stdout 2>log || code=$?
  [ $code = 137 ] || [ $code = 0 ] || { cat log; fail "kill@$i ended with $code"; }
  build -t app ctx
  build -o out ctx
  same "$(cat out/b.txt)" $'text\ntext'
  slipway images >images
  contains images app
done
nothing_mounted
