# SPDX-License-Identifier: Apache-2.0
# A file that changes without changing its size and time is still seen as changed.
# shellcheck shell=bash disable=SC2154,SC2034
dockerfile <<'END'
FROM scratch
COPY a.txt /
END
for i in 1 2 3 4 5 6 7 8; do
  printf 'content %s\n' "$i" >ctx/a.txt
  touch -d '2020-01-01 00:00:00' ctx/a.txt
  build -o out ctx
  same "$(cat out/a.txt)" "content $i"
done
