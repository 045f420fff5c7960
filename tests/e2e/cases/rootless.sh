# SPDX-License-Identifier: Apache-2.0
# An ordinary user with subordinate ids builds, RUN included; without them, too, with one id.
# shellcheck shell=bash disable=SC2154,SC2034
need_root
need newuidmap runuser useradd
user=slipe2e$$
useradd --create-home --home-dir "$T/home" --shell /bin/bash "$user" || skip "cannot create a user"
trap 'userdel "$user" >/dev/null 2>&1 || true; sed -i "/^$user:/d" /etc/subuid /etc/subgid; end_background' EXIT
chmod 755 "$T" "$T/home"
runuser -u "$user" -- unshare --user true 2>/dev/null || skip "user namespaces are shut for ordinary users"
grep -q "^$user:" /etc/subuid || echo "$user:500000:65536" | tee -a /etc/subuid >>/etc/subgid
cp "$SLIPWAY" slipway-bin && chmod 755 slipway-bin
dockerfile <<END
FROM $base
RUN id -u > /id && touch /owned && chown app:app /owned && rm /etc/group
USER app
RUN id -un > /tmp/who
END
chmod -R a+rX ctx "$E2E_WORK/base.tar"
as_user() { runuser -u "$user" -- env -i HOME="$T/home" PATH="$PATH" "$T/slipway-bin" "$@"; }
as_user import "$E2E_WORK/base.tar" "$base"
# Checklist wish 9: One binary, three modes
as_user build --progress=plain -o "type=tar,dest=$T/home/out.tar" ctx 2>log
contains log 'rootless with 65537 ids in a user namespace'
tar -xOf home/out.tar id | grep -qx 0
tar -xOf home/out.tar tmp/who | grep -qx app
tar --numeric-owner -tvf home/out.tar owned | grep -q ' 1000/1000 '
as_user build -q -t app ctx >/dev/null
as_user images >images
contains images app
# One id only: what needs no other owner still builds.
sed -i "/^$user:/d" /etc/subuid /etc/subgid
printf 'FROM %s\nRUN id -u > /id\n' "$base" >ctx/Dockerfile
as_user --root "$T/home/single" import "$E2E_WORK/base.tar" "$base"
as_user --root "$T/home/single" build --progress=plain -o "$T/home/out" ctx 2>log
contains log '/etc/subuid and /etc/subgid give this user no ids'
same "$(cat home/out/id)" 0
nothing_mounted
