# SPDX-License-Identifier: Apache-2.0
# kill -9 while a RUN is under way: its processes end with it, nothing stays mounted, the next build works.
# shellcheck shell=bash disable=SC2154,SC2034
use_base
mark=$((RANDOM * 32768 + RANDOM + 100000))
dockerfile <<END
FROM $base
RUN echo started && sleep $mark
END
"$SLIPWAY" --root "$ROOT" build --progress=plain -t app ctx >stdout 2>log &
pid=$!
for ((i = 0; i < 200; i++)); do
  pgrep -x -f "sleep $mark" >/dev/null && break
  sleep 0.1
done
pgrep -x -f "sleep $mark" >/dev/null || { cat log; fail "the step did not start"; }
kill -9 $pid
wait $pid || true
for ((i = 0; i < 50; i++)); do
  pgrep -x -f "sleep $mark" >/dev/null || break
  sleep 0.1
done
! pgrep -x -f "sleep $mark" >/dev/null || fail "the step's process lives on"
nothing_mounted
printf 'FROM %s\nRUN echo fine > /f\n' "$base" >ctx/Dockerfile
build -o out2 ctx
same "$(cat out2/f)" fine
