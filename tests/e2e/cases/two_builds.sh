# SPDX-License-Identifier: Apache-2.0
# Two builds of the same thing on one store: both succeed, and the slow step runs once.
# shellcheck shell=bash disable=SC2154,SC2034
use_base
dockerfile <<END
FROM $base
RUN sleep 2; head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \\n' > /id
END
for i in 1 2 3; do slipway build --progress=plain -o "out$i" ctx 2>"log$i" & pids[i]=$!; done
for i in 1 2 3; do wait "${pids[i]}" || { cat "log$i"; fail "build $i"; }; done
cmp out1/id out2/id
cmp out1/id out3/id
nothing_mounted
