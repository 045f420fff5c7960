# SPDX-License-Identifier: Apache-2.0
# ADD of a URL: content, mode, time, checksum, and the cache that asks whether it changed.
# shellcheck shell=bash disable=SC2154,SC2034
need python3
echo one | write www/file.txt
touch -d '2021-02-03 04:05:06Z' www/file.txt
serve static_http.py www
sum=$(sha256sum www/file.txt | cut -d' ' -f1)
printf 'FROM scratch\nADD http://127.0.0.1:%s/file.txt?x=1 /\n' "$port" | dockerfile
build -o out ctx
same "$(cat out/file.txt)" one
same "$(stat -c %a out/file.txt)" 600
same "$(stat -c %Y out/file.txt)" "$(date -d '2021-02-03 04:05:06Z' +%s)"
build -t x ctx
cached 'ADD http'
echo two >www/file.txt
build -o out ctx
same "$(cat out/file.txt)" two
# Checklist I27: ADD --checksum (sha256 for HTTP; commit prefix for git)
printf 'FROM scratch\nADD --checksum=sha256:%s http://127.0.0.1:%s/file.txt /\n' "$(sha256sum www/file.txt | cut -d' ' -f1)" "$port" >ctx/Dockerfile
build -o out ctx
same "$(cat out/file.txt)" two
printf 'FROM scratch\nADD --checksum=sha256:%s http://127.0.0.1:%s/file.txt /\n' "$sum" "$port" >ctx/Dockerfile
fails 1 ctx
contains log "$sum"
printf 'FROM scratch\nADD http://127.0.0.1:%s/missing /\n' "$port" >ctx/Dockerfile
fails 1 ctx
contains log 404
