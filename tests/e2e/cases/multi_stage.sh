# SPDX-License-Identifier: Apache-2.0
# Files travel between stages; a stage that nobody needs is never run.
# shellcheck shell=bash disable=SC2154,SC2034
use_base
echo source | write ctx/a.txt
dockerfile <<END
FROM $base AS unused
RUN exit 1
FROM $base AS builder
COPY a.txt /in/
RUN sed s/source/built/ /in/a.txt > /a.out
FROM scratch
COPY --from=builder /a.out /
COPY --from=1 /in/ /in/
END
build -o out ctx
same "$(cat out/a.out)" built
same "$(cat out/in/a.txt)" source
# Checklist I8: unused stages skipped
lacks log unused
