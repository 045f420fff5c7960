# SPDX-License-Identifier: Apache-2.0
# A Dockerfile, or a whole context, from standard input.
# shellcheck shell=bash disable=SC2154,SC2034
echo text | write ctx/a.txt
printf 'FROM scratch\nCOPY a.txt /b.txt\n' | build -f - -o out ctx
same "$(cat out/b.txt)" text
use_base
printf 'FROM %s\nRUN echo no context > /c\n' "$base" | build -o out2 -
same "$(cat out2/c)" 'no context'
printf 'FROM scratch\nCOPY a.txt /from-tar.txt\n' >ctx/Dockerfile
tar -C ctx -c . | build -o out3 -
same "$(cat out3/from-tar.txt)" text
tar -C ctx -cz . | build -o out4 -
same "$(cat out4/from-tar.txt)" text
