# SPDX-License-Identifier: Apache-2.0
# The smallest build: one file on nothing.
# shellcheck shell=bash disable=SC2154,SC2034
echo hello | write ctx/hello.txt
dockerfile <<'END'
FROM scratch
COPY hello.txt /greeting/
END
build -o out ctx
same "$(cat out/greeting/hello.txt)" hello
same "$(find out -type f | wc -l)" 1
