# SPDX-License-Identifier: Apache-2.0
# A cache mount keeps its files between builds and out of the image; bind mounts show other stages.
# shellcheck shell=bash disable=SC2154,SC2034
use_base
# Checklist I11: RUN --mount=bind,cache,tmpfs,secret,ssh
dockerfile <<END
FROM $base AS tool
RUN echo made > /tool
FROM $base
ARG ROUND
RUN --mount=type=cache,target=/cache --mount=type=bind,from=tool,source=/tool,target=/t \
    cat /t > /made && echo \$ROUND >> /cache/rounds && cp /cache/rounds /rounds
END
build --build-arg ROUND=1 -o out ctx
build --build-arg ROUND=2 -o out ctx
same "$(cat out/rounds out/made)" $'1\n2\nmade'
[ ! -e out/cache/rounds ] || fail "the cache mount is in the image"
slipway prune --all >/dev/null
build --build-arg ROUND=3 -o out ctx
same "$(cat out/rounds)" 3
