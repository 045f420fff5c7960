# SPDX-License-Identifier: Apache-2.0
# A root file system tar, plain or compressed, becomes an image; a broken one does not.
# shellcheck shell=bash disable=SC2154,SC2034
slipway import "$E2E_WORK/base.tar" plain
gzip -c "$E2E_WORK/base.tar" >base.tar.gz
slipway import base.tar.gz zipped:1
slipway import - streamed <base.tar.gz
printf 'FROM zipped:1\nRUN test -x /bin/sh && echo ok > /ok\n' | build -f - -o out .
same "$(cat out/ok)" ok
head -c 100000 base.tar.gz >broken.tar.gz
if slipway import broken.tar.gz broken 2>log; then fail "a truncated archive was imported"; fi
cat log
slipway images >images
lacks images broken
contains images plain
