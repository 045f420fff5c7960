# SPDX-License-Identifier: Apache-2.0
# A user's steps have a network of their own where slirp4netns or pasta can be used: they reach what the user reaches,
# but nothing that listens on the host's loopback. Without the programs, or with /dev/net/tun shut, they share the host's.
# shellcheck shell=bash disable=SC2154,SC2034
need_root
need newuidmap runuser useradd slirp4netns
[ -c /dev/net/tun ] || skip "this kernel has no /dev/net/tun"
user=slipnet$$
mode=$(stat -c %a /dev/net/tun)
useradd --create-home --home-dir "$T/home" --shell /bin/bash "$user" || skip "cannot create a user"
trap 'chmod "$mode" /dev/net/tun; userdel "$user" >/dev/null 2>&1 || true; sed -i "/^$user:/d" /etc/subuid /etc/subgid; end_background' EXIT
chmod 755 "$T" "$T/home"
runuser -u "$user" -- unshare --user true 2>/dev/null || skip "user namespaces are shut for ordinary users"
grep -q "^$user:" /etc/subuid || echo "$user:500000:65536" | tee -a /etc/subuid >>/etc/subgid
cp "$SLIPWAY" slipway-bin && chmod 755 slipway-bin
as_user() { runuser -u "$user" -- env -i HOME="$T/home" PATH="${path:-$PATH}" "$T/slipway-bin" "$@"; }
mkdir served && echo reached >served/file
serve static_http.py served
here=$(ip -4 -o addr show scope global 2>/dev/null | awk '{sub("/.*", "", $4); print $4; exit}') || true
dockerfile <<END
FROM $base
RUN grep tap0 /proc/net/dev && cat /etc/resolv.conf && { wget -qO- http://127.0.0.1:$port/file || echo "not reached"; }
RUN --network=none ! grep tap0 /proc/net/dev
RUN cat /sys/class/net/lo/operstate
END
chmod -R a+rX ctx "$E2E_WORK/base.tar"
as_user import "$E2E_WORK/base.tar" "$base"
ours() { as_user build --progress=plain --no-cache "$@" ctx >log 2>&1; }

chmod 666 /dev/net/tun
as_user doctor >gates || true
matches gates '^ok +network +steps have their own, through .*slirp4netns'
ours || { cat log; fail 'the build failed'; }
contains log 'nameserver 10.0.2.3'
contains log 'not reached'
if [ -n "$here" ]; then
  # What listens on an address that others reach too.
  start python3 -m http.server --bind "$here" --directory served 18933
  for _ in 1 2 3 4 5 6 7 8 9 10; do (exec 3<>"/dev/tcp/$here/18933") 2>/dev/null && break; sleep 0.2; done
  printf 'FROM %s\nRUN wget -qO- http://%s:18933/file\n' "$base" "$here" >ctx/Dockerfile
  ours || { cat log; fail 'the network does not carry'; }
  matches log '^#[0-9]+ [0-9.]+ reached$'
else
  echo 'not tried: this machine has no address but loopback'
fi
# pasta in its place (it takes the address of the machine's own link, so there must be one).
if [ -n "$here" ] && command -v pasta >/dev/null; then
  mkdir programs
  for program in pasta crun newuidmap newgidmap; do ln -s "$(command -v "$program")" programs/; done
  printf 'FROM %s\nRUN ip -4 addr show up; cat /etc/resolv.conf\n' "$base" >ctx/Dockerfile
  path=$T/programs as_user doctor >gates || true
  matches gates '^ok +network +steps have their own, through .*pasta'
  path=$T/programs ours
  contains log "inet $here"
  contains log 'nameserver 10.0.2.3'
else
  echo 'not tried: pasta'
fi
# The host's network is there for whoever may have it.
printf 'FROM %s\nRUN --network=host wget -qO- http://127.0.0.1:%s/file\n' "$base" "$port" >ctx/Dockerfile
ours --allow network.host
matches log '^#[0-9]+ [0-9.]+ reached$'

chmod 600 /dev/net/tun
as_user doctor >gates || true
contains gates '/dev/net/tun cannot be opened'
contains gates 'chmod 0666 /dev/net/tun'
printf 'FROM %s\nRUN wget -qO- http://127.0.0.1:%s/file\n' "$base" "$port" >ctx/Dockerfile
ours
matches log '^#[0-9]+ [0-9.]+ reached$'
nothing_mounted
! pgrep -u "$user" >/dev/null || fail "processes are left: $(pgrep -au "$user")"
