# SPDX-License-Identifier: Apache-2.0
# --target stops early; independent stages run side by side.
# shellcheck shell=bash disable=SC2154,SC2034
use_base
dockerfile <<END
FROM $base AS one
RUN cut -d" " -f1 /proc/uptime > /begin1; sleep 2; cut -d" " -f1 /proc/uptime > /end1
FROM $base AS two
RUN cut -d" " -f1 /proc/uptime > /begin2; sleep 2; cut -d" " -f1 /proc/uptime > /end2
FROM scratch AS both
COPY --from=one /begin1 /end1 /
COPY --from=two /begin2 /end2 /
FROM $base AS later
RUN exit 1
END
build --target both -o out ctx
# Checklist I9: stages built in parallel
for name in begin1 end1 begin2 end2; do declare "$name=$(tr -d . <"out/$name")"; done
[ "$begin1" -lt "$end2" ] && [ "$begin2" -lt "$end1" ] || fail "the stages did not overlap"
# Checklist F1: target
build --target one -o out2 ctx
cached 'sleep 2'
same "$(cd out2 && ls begin* end*)" $'begin1\nend1'
fails 1 --target nothing ctx
contains log nothing
fails 1 ctx # the last stage
contains log 'exit code: 1'
