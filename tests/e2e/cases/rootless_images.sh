# SPDX-License-Identifier: Apache-2.0
# What an ordinary user builds equals what root builds, diff id by diff id, whichever driver keeps the layers.
# shellcheck shell=bash disable=SC2154,SC2034
need_root
need newuidmap runuser useradd fuse-overlayfs jq
user=slipimg$$
fuse_mode=$(stat -c %a /dev/fuse 2>/dev/null) || skip "this kernel has no /dev/fuse"
useradd --create-home --home-dir "$T/home" --shell /bin/bash "$user" || skip "cannot create a user"
trap 'chmod "$fuse_mode" /dev/fuse; userdel "$user" >/dev/null 2>&1 || true; sed -i "/^$user:/d" /etc/subuid /etc/subgid; end_background' EXIT
chmod 755 "$T" "$T/home"
runuser -u "$user" -- unshare --user true 2>/dev/null || skip "user namespaces are shut for ordinary users"
grep -q "^$user:" /etc/subuid || echo "$user:500000:65536" | tee -a /etc/subuid >>/etc/subgid
cp "$SLIPWAY" slipway-bin && chmod 755 slipway-bin
as_user() { runuser -u "$user" -- env -i HOME="$T/home" PATH="$PATH" SOURCE_DATE_EPOCH=1700000000 "$T/slipway-bin" "$@"; }
use_base
dockerfile <<END
FROM $base
RUN mkdir -p /srv/data/deep && echo one > /srv/data/a && echo two > /srv/data/deep/b && ln /srv/data/a /srv/data/link \\
    && ln -s a /srv/data/soft && chown -R 1000:1000 /srv/data && cp /srv/data/a /srv/data/suid && chmod 4755 /srv/data/suid && chmod 2775 /srv/data/deep
RUN rm -r /srv/data/deep && mkdir /srv/data/deep && echo three > /srv/data/deep/c && rm /srv/data/soft
COPY --chown=app:app file /home/file
WORKDIR /made/by/workdir
USER app
RUN touch mine 2>/dev/null || echo "not writable" > /tmp/out
RUN mv /srv/data/a /srv/data/moved && id > /tmp/id
END
echo content >ctx/file
chmod -R a+rX ctx "$E2E_WORK/base.tar"
ids() { tar -xOf "$1" "blobs/sha256/$(tar -xOf "$1" "blobs/sha256/$(tar -xOf "$1" index.json | jq -r '.manifests[0].digest[7:]')" | jq -r '.config.digest[7:]')" | jq -r '.rootfs.diff_ids[]'; }
SOURCE_DATE_EPOCH=1700000000 build -o type=oci,dest=root.tar,rewrite-timestamp=true ctx
ids root.tar >expected
test "$(wc -l <expected)" = 7
chmod 666 /dev/fuse
for driver in overlay fuse native; do
  as_user --root "$T/home/$driver" import "$E2E_WORK/base.tar" "$base"
  as_user --root "$T/home/$driver" build --progress=plain --snapshot-driver "$driver" \
    -o "type=oci,dest=$T/home/$driver.tar,rewrite-timestamp=true" ctx >log 2>&1 || { cat log; fail "$driver"; }
  ids "home/$driver.tar" >"ids.$driver"
  diff expected "ids.$driver" || fail "built with $driver by a user, the image differs from root's"
done

nothing_mounted
! pgrep -u "$user" >/dev/null || fail "processes are left: $(pgrep -au "$user")"
