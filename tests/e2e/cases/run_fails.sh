# SPDX-License-Identifier: Apache-2.0
# A failing command: exit code 1, its log, the Dockerfile's lines with a mark, and nothing half-made.
# shellcheck shell=bash disable=SC2154,SC2034
use_base
dockerfile <<END
FROM $base
RUN echo fine
RUN echo "the reason" && \\
    exit 42
RUN echo never
END
fails 1 -t broken ctx
contains log 'exit code: 42'
matches log '^[0-9.]+ the reason$'
contains log ' > [3/4] RUN echo "the reason"'
contains log 'Dockerfile:3'
matches log '^ +3 \| >>> RUN echo "the reason"'
matches log '^ +4 \| >>> +exit 42'
matches log '^ERROR: .*did not complete successfully: exit code: 42'
lacks log 'RUN echo never:'
slipway images >images
lacks images broken
# What succeeded before the failure is kept.
fails 1 -t broken ctx
cached 'RUN echo fine'
nothing_mounted
