# SPDX-License-Identifier: Apache-2.0
# A second build runs nothing; a changed file runs again only what reads it.
# shellcheck shell=bash disable=SC2154,SC2034
use_base
echo one | write ctx/a.txt
echo two | write ctx/b.txt
dockerfile <<END
FROM $base AS a
COPY a.txt /
RUN cat /a.txt > /a.out
FROM $base AS b
COPY b.txt /
RUN cat /b.txt > /b.out
FROM scratch
COPY --from=a /a.out /
COPY --from=b /b.out /
END
# Checklist K9: local step cache keyed by graph *and* by content
build -t x ctx
ran 'RUN cat /a.txt'
build -t x ctx
cached 'RUN cat /a.txt'
cached 'RUN cat /b.txt'
touch ctx/a.txt # a new time is no change
build -t x ctx
cached 'RUN cat /a.txt'
echo three >ctx/a.txt
build -o out ctx
ran 'RUN cat /a.txt'
cached 'RUN cat /b.txt'
same "$(cat out/a.out out/b.out)" $'three\ntwo'
build --no-cache -t x ctx
ran 'RUN cat /b.txt'
