# SPDX-License-Identifier: Apache-2.0
# Mistakes: each is named with its file and line, exit code 1; wrong flags are 2.
# shellcheck shell=bash disable=SC2154,SC2034
dockerfile <<'END'
FROM scratch
# a comment
COPY no-such-file.txt /
END
# Checklist D16: CI use
fails 1 ctx
contains log no-such-file.txt
contains log 'Dockerfile:3'
matches log '^ +3 \| >>> COPY no-such-file.txt /'
printf 'FROM scratch\nCOYP a /\n' >ctx/Dockerfile
fails 1 ctx
contains log COYP
contains log 'Dockerfile:2'
matches log 'did you mean'
rm ctx/Dockerfile
fails 1 ctx
matches log 'Dockerfile.*no such file'
fails 1 no-such-directory
contains log no-such-directory
fails 2 --no-such-flag ctx
fails 2
