# SPDX-License-Identifier: Apache-2.0
# Limits, control groups and privileges of a step, with crun and with runc: as asked for, and nothing is left behind.
# shellcheck shell=bash disable=SC2154,SC2034
need_root
need crun runc
use_base
groups() { find /sys/fs/cgroup -type d \( -path '*slipway-test*' -o -name 'slipway-*' \) 2>/dev/null | sort; }
groups >groups.before
dockerfile <<END
FROM $base AS shown
RUN cat /proc/self/cgroup > /groups; df -k /dev/shm | awk 'NR == 2 { print \$2 }' > /shm; hostname > /name
RUN ulimit -n > /files; ulimit -c > /core; cat /etc/hosts > /hosts
FROM $base AS greedy
RUN dd if=/dev/zero of=/dev/shm/fill bs=1M count=60
FROM $base AS insecure
RUN --security=insecure grep CapEff /proc/self/status > /caps; mkdir -p /mnt; mount -t tmpfs none /mnt && umount /mnt
FROM $base AS forks
RUN (sleep 300 &) ; sleep 300 & echo started
END
for runtime in crun runc; do
  mkdir "only-$runtime"
  for program in "$runtime" slipway; do
    [ "$program" = slipway ] || ln -s "$(command -v "$program")" "only-$runtime/"
  done
  with() { PATH="$T/only-$runtime" "$SLIPWAY" --root "$ROOT" build --progress=plain --no-cache "$@" ctx >log 2>&1; }
  with --target shown --cgroup-parent /slipway-test --shm-size 20m --ulimit nofile=100:200 --ulimit core=0 \
    --add-host db=10.1.2.3 -o "out-$runtime" || { cat log; fail "$runtime"; }
  matches "out-$runtime/groups" '/slipway-test/'
  same "$(cat "out-$runtime/shm")" 20480
  same "$(cat "out-$runtime/name")" buildkitsandbox
  same "$(cat "out-$runtime/files" "out-$runtime/core")" $'100\n0'
  matches "out-$runtime/hosts" '10.1.2.3.*db'
  # More than the machine may give is lowered, and said.
  with --target shown --ulimit nofile=99999999:99999999
  if [ "$(ulimit -Hn)" -lt 99999999 ]; then contains log 'is lowered to'; fi
  # Out of memory: the reason is named.
  if with --target greedy --resource memory=24m --shm-size 100m; then
    contains log 'no control groups can be made here'
  else
    contains log 'ran out of memory'
  fi
  if with --target insecure; then fail 'insecure without permission'; fi
  contains log 'give the build --allow security.insecure'
  with --target insecure --allow security.insecure -o "caps-$runtime" || { cat log; fail "$runtime insecure"; }
  lacks "caps-$runtime/caps" 00000000a80425fb
  with --target forks || { cat log; fail 'forks'; }
done
same "$(groups)" "$(cat groups.before)"
! pgrep -f 'sleep 300' >/dev/null || fail 'a process of a step is left'
nothing_mounted
