# SPDX-License-Identifier: Apache-2.0
# A disk that fills up: an error that says so, an intact store, and work again once there is room.
# shellcheck shell=bash disable=SC2154,SC2034
need_root
mkdir disk
mount -t tmpfs -o size=24m tmpfs disk 2>/dev/null || skip "cannot mount a tmpfs here"
trap 'umount -l "$T/disk"; end_background' EXIT
ROOT=$T/disk/store
use_base
echo small | write ctx/a.txt
printf 'FROM %s\nCOPY a.txt /\n' "$base" | dockerfile
build -t small ctx
head -c 40000000 /dev/urandom >ctx/big
printf 'FROM %s\nCOPY big /\nRUN cat /big /big > /bigger\n' "$base" >ctx/Dockerfile
fails 1 -t big ctx
matches log 'no space left|No space left'
slipway images >images
contains images small
lacks images big
rm ctx/big
printf 'FROM small\nCOPY a.txt /b.txt\n' >ctx/Dockerfile
slipway prune --all >/dev/null
build -t after ctx
