# SPDX-License-Identifier: Apache-2.0
# A build inside a container that has no privileges, as CI jobs do: as its user, with and without subordinate ids, and
# as its powerless root; and with a masked /proc the refusal that names the way out.
# shellcheck shell=bash disable=SC2154,SC2034
need_root
need crun newuidmap jq unshare setcap
unshare --user true 2>/dev/null || skip "user namespaces are shut"
mkdir -p bundle/rootfs/{usr,etc,proc,sys,dev,tmp,opt/ci,run,root,home}
for link in bin sbin lib lib64; do [ ! -L "/$link" ] || ln -s "$(readlink "/$link")" "bundle/rootfs/$link"; done
cp -a /etc/passwd /etc/group /etc/ld.so.cache /etc/alternatives bundle/rootfs/etc/ 2>/dev/null || true
echo 'ci:x:4242:4242::/home:/bin/bash' >>bundle/rootfs/etc/passwd
echo 'ci:x:4242:' >>bundle/rootfs/etc/group
install -m 755 "$SLIPWAY" bundle/rootfs/opt/ci/slipway
cp "$E2E_WORK/base.tar" bundle/rootfs/opt/ci/
mkdir bundle/rootfs/opt/ci/ctx
printf 'FROM %s\nRUN id -u > /id; touch /made\nCOPY file /copied\nRUN cat /copied\n' "$base" >bundle/rootfs/opt/ci/ctx/Dockerfile
echo copied >bundle/rootfs/opt/ci/ctx/file
chmod -R a+rX bundle/rootfs
cat >bundle/rootfs/opt/ci/job <<'END'
set -e
export HOME=/tmp/home PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
mkdir -p $HOME
/opt/ci/slipway import /opt/ci/base.tar local/busybox
/opt/ci/slipway build --progress=plain -o /tmp/out /opt/ci/ctx
cat /tmp/out/id /tmp/out/copied
END
caps='["CAP_CHOWN","CAP_DAC_OVERRIDE","CAP_FSETID","CAP_FOWNER","CAP_MKNOD","CAP_NET_RAW","CAP_SETGID","CAP_SETUID","CAP_SETFCAP","CAP_SETPCAP","CAP_NET_BIND_SERVICE","CAP_SYS_CHROOT","CAP_KILL","CAP_AUDIT_WRITE"]'
# Checklist wish 9: One binary, three modes
# job UID MASKED: what Docker gives a container with seccomp and AppArmor unconfined.
job() {
  local held='[]'
  [ "$1" != 0 ] || held=$caps
  jq -n --argjson uid "$1" --argjson caps "$caps" --argjson held "$held" --argjson masked "$2" '{
    ociVersion: "1.0.2", hostname: "ci", root: {path: "rootfs"},
    process: {user: {uid: $uid, gid: $uid}, args: ["/bin/bash", "/opt/ci/job"], cwd: "/", env: ["PATH=/usr/bin:/bin"],
              capabilities: {bounding: $caps, effective: $held, permitted: $held}},
    mounts: [
      {destination: "/usr", type: "bind", source: "/usr", options: ["rbind", "ro"]},
      {destination: "/proc", type: "proc", source: "proc"},
      {destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["mode=755"]},
      {destination: "/dev/pts", type: "devpts", source: "devpts", options: ["newinstance", "ptmxmode=0666"]},
      {destination: "/sys", type: "sysfs", source: "sysfs", options: ["ro"]},
      {destination: "/tmp", type: "tmpfs", source: "tmpfs", options: ["mode=1777"]}],
    linux: {namespaces: [{type: "pid"}, {type: "ipc"}, {type: "uts"}, {type: "mount"}],
            maskedPaths: $masked, readonlyPaths: (if $masked == [] then [] else ["/proc/sys"] end)}}' >bundle/config.json
  # crun takes hosts with both kinds of control groups only where the second is out of sight.
  unshare --mount bash -c 'umount /sys/fs/cgroup/unified 2>/dev/null || true
    exec crun --root "$1/crun" --cgroup-manager=disabled run --bundle "$1/bundle" "ci-$2-$$"' - "$T" "$1" >log 2>&1
}
: >bundle/rootfs/etc/subuid; : >bundle/rootfs/etc/subgid
job 4242 '[]' || { cat log; fail 'as a user with one id'; }
contains log 'rootless with a single id'
same "$(tail -n 2 log)" $'0\ncopied'
# Debian's newuidmap is root by its mode, and root in a container is not its user: refused, and said.
echo ci:700000:65536 | tee bundle/rootfs/etc/subuid >bundle/rootfs/etc/subgid
job 4242 '[]' || { cat log; fail 'as a user with subordinate ids'; }
contains log 'newuidmap refused the id map'
contains log 'setcap cap_setuid+ep'
same "$(tail -n 2 log)" $'0\ncopied'
for program in newuidmap newgidmap; do install -m 755 "$(command -v $program)" "bundle/rootfs/opt/ci/$program"; done
setcap cap_setuid+ep bundle/rootfs/opt/ci/newuidmap
setcap cap_setgid+ep bundle/rootfs/opt/ci/newgidmap
sed -i 's|PATH=|PATH=/opt/ci:|' bundle/rootfs/opt/ci/job
job 4242 '[]' || { cat log; fail 'as a user with subordinate ids'; }
contains log 'rootless with 65537 ids in a user namespace'
same "$(tail -n 2 log)" $'0\ncopied'
job 0 '[]' || { cat log; fail 'as root without privileges'; }
contains log 'rootless with'
same "$(tail -n 2 log)" $'0\ncopied'
if job 4242 '["/proc/kcore", "/proc/keys"]'; then cat log; fail 'a step without a /proc of its own'; fi
contains log 'give the step a /proc of its own'
contains log 'systempaths=unconfined'
