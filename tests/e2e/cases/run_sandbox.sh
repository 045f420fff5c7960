# SPDX-License-Identifier: Apache-2.0
# RUN: user, directory, environment, read-only kernel files, no extra capabilities, its own mounts.
# shellcheck shell=bash disable=SC2154,SC2034
use_base
dockerfile <<END
FROM $base
RUN mkdir -p /out && chmod 777 /out && id -u > /out/root && cat /proc/1/cmdline | tr '\\0' ' ' > /out/pid1
RUN if mount -t tmpfs none /mnt 2>/dev/null; then echo mounted > /out/escape; fi
RUN if echo 1 > /proc/sys/vm/drop_caches 2>/dev/null; then echo written > /out/escape; fi
RUN grep CapEff /proc/self/status > /out/caps
USER app
RUN id -un > /out/user && echo \$HOME > /out/home
RUN --mount=type=tmpfs,target=/scratch echo x > /scratch/x && test -f /scratch/x
RUN ["/bin/sh", "-c", "echo exec > /out/exec"]
END
if grep -q '^nodev.*overlay' /proc/filesystems; then :; fi
build -o out ctx
same "$(cat out/out/root out/out/user out/out/home out/out/exec)" $'0\napp\n/home/app\nexec'
matches out/out/pid1 '^/bin/sh -c '
contains out/out/caps 00000000a80425fb
[ ! -e out/out/escape ] || fail "the sandbox let through: $(cat out/out/escape)"
# Checklist I11: RUN --mount=bind,cache,tmpfs,secret,ssh
[ ! -e out/scratch/x ] || fail "a tmpfs mount reached the image"
nothing_mounted
