# SPDX-License-Identifier: Apache-2.0
# --target stops early; independent stages run side by side.
# shellcheck shell=bash disable=SC2154,SC2034
use_base
dockerfile <<END
FROM $base AS one
RUN date +%s%N > /begin1; sleep 2; date +%s%N > /end1
FROM $base AS two
RUN date +%s%N > /begin2; sleep 2; date +%s%N > /end2
FROM scratch AS both
COPY --from=one /begin1 /end1 /
COPY --from=two /begin2 /end2 /
FROM $base AS later
RUN exit 1
END
build --target both -o out ctx
b1=$(cat out/begin1) e1=$(cat out/end1) b2=$(cat out/begin2) e2=$(cat out/end2)
[ "$b1" -lt "$e2" ] && [ "$b2" -lt "$e1" ] || fail "the stages did not overlap"
build --target one -o out2 ctx
cached 'sleep 2'
fails 1 --target nothing ctx
contains log nothing
fails 1 ctx
