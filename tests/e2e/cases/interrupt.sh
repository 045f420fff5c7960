# SPDX-License-Identifier: Apache-2.0
# Ctrl-C: exit code 130, soon, with nothing running, nothing mounted and no image.
# shellcheck shell=bash disable=SC2154,SC2034
use_base
mark=$((RANDOM * 32768 + RANDOM + 100000))
dockerfile <<END
FROM $base
RUN sleep $mark
END
# A background job of a script ignores SIGINT unless it is told not to.
python3 -c 'import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])' \
  "$SLIPWAY" --root "$ROOT" build --progress=plain -t app ctx >stdout 2>log &
pid=$!
for ((i = 0; i < 200; i++)); do
  pgrep -x -f "sleep $mark" >/dev/null && break
  sleep 0.1
done
pgrep -x -f "sleep $mark" >/dev/null || { cat log; fail "the step did not start"; }
kill -INT $pid
code=0
begin=$SECONDS
wait $pid || code=$?
cat log
same $code 130
[ $((SECONDS - begin)) -lt 10 ] || fail "it took $((SECONDS - begin)) s to end"
contains log CANCELED
! pgrep -x -f "sleep $mark" >/dev/null || fail "the step's process lives on"
nothing_mounted
slipway images >images
lacks images app
