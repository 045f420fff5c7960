#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A small root file system for the cases, from the static busybox: make_base.sh OUT.tar
set -euo pipefail
busybox=$(command -v busybox) || { echo "make_base.sh: install busybox-static" >&2; exit 1; }
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root"/{bin,dev,etc,home,proc,root,sbin,sys,tmp,usr/bin,usr/sbin,var}
chmod 1777 "$root/tmp"
cp "$busybox" "$root/bin/busybox"
# Paths such as usr/bin/env; those at the top (linuxrc) are not wanted.
"$busybox" --list-full | grep / | grep -v '^bin/busybox$' | while read -r applet; do
  ln -s /bin/busybox "$root/$applet"
done
printf 'root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000:app:/home/app:/bin/sh\n' >"$root/etc/passwd"
printf 'root:x:0:\napp:x:1000:\n' >"$root/etc/group"
tar --create --file "$1" --directory "$root" --sort=name --owner=0 --group=0 --numeric-owner --mtime=@1700000000 .
