# SPDX-License-Identifier: Apache-2.0
# A build that waits for a step of another build takes it over when that one is killed.
# shellcheck shell=bash disable=SC2154,SC2034
use_base
dockerfile <<END
FROM $base
RUN --mount=type=cache,id=board,sharing=shared,target=/m \\
  echo start >> /m/starts; n=0; while [ ! -e /m/go ]; do n=\$((n + 1)); [ \$n -lt 400 ] || exit 1; sleep 0.05; done; echo made > /made
END
# What the step writes on the board, seen from outside.
starts() { find "$ROOT/cache-mounts" -name starts 2>/dev/null; }
board() { local file; file=$(starts); [ -z "$file" ] && echo 0 || wc -l <"$file"; }
wait_for_starts() {
  local i
  for ((i = 0; i < 400; i++)); do
    [ "$(board)" -ge "$1" ] && return 0
    sleep 0.05
  done
  fail "the step was not started $1 times"
}
"$SLIPWAY" --root "$ROOT" build --progress=plain -o first ctx >log1 2>&1 &
first=$!
wait_for_starts 1
slipway build --progress=plain -o second ctx >log2 2>&1 & second=$!
slipway build --progress=plain -o third ctx >log3 2>&1 & third=$!
sleep 1
same "$(board)" 1 # the others wait
kill -9 "$first"
wait "$first" || true
wait_for_starts 2
same "$(board)" 2 # one took over, the other goes on waiting
touch "$(dirname "$(starts)")/go"
wait "$second" || { cat log2; fail "the second build"; }
wait "$third" || { cat log3; fail "the third build"; }
same "$(cat second/made third/made)" $'made\nmade'
same "$(board)" 2
nothing_mounted
