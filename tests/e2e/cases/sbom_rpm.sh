# SPDX-License-Identifier: Apache-2.0
# rpm's databases, of today (sqlite) and of before (Berkeley DB): rpm itself writes and reads them beside us.
# shellcheck shell=bash disable=SC2154,SC2034
need rpm rpmbuild db5.3_load python3 jq
mkdir SPECS
for n in 1 2 3 4 5 6; do
  printf 'Name: pack%s\nVersion: 1.%s\nRelease: %s\nSummary: x\nLicense: MIT and GPLv2+\nVendor: Example\nBuildArch: noarch\n%%description\n%%{lua: print(string.rep("long ", 900))}\n%%files\n' $n $n $n >SPECS/$n.spec
  [ $n != 3 ] || sed -i '1a Epoch: 7' SPECS/$n.spec
  rpmbuild -bb --quiet --define "_topdir $PWD" SPECS/$n.spec >log 2>&1 || { cat log; fail 'rpmbuild'; }
done
database() { rpm --root "$PWD/$1" --define '_dbpath /var/lib/rpm' --define "_db_backend $2" "${@:3}" 2>/dev/null; }
mkdir -p new/var/lib/rpm new/etc old/var/lib/rpm old/etc
database new sqlite --initdb
database new sqlite -i --justdb --nodeps RPMS/noarch/*.rpm
printf 'ID=fedora\nVERSION_ID=40\n' | tee new/etc/os-release >old/etc/os-release
# What rpm wrote, as db_load takes it: the same headers below numbers of four bytes.
python3 - <<'END' | db5.3_load old/var/lib/rpm/Packages
import sqlite3
print('VERSION=3\nformat=bytevalue\ntype=hash\nHEADER=END\n 00000000\n 07000000')
for number, header in sqlite3.connect('new/var/lib/rpm/rpmdb.sqlite').execute('SELECT hnum, blob FROM Packages'):
    print(f' {number.to_bytes(4, "little").hex()}\n {header.hex()}')
print('DATA=END')
END
for kind in 'new sqlite' 'old bdb_ro'; do
  read -r tree backend <<<"$kind"
  database $tree "$backend" -qa --qf '%{NAME} %|EPOCH?{%{EPOCH}}| %{VERSION}-%{RELEASE} %{ARCH}\n' | sort >theirs
  same "$(wc -l <theirs)" 6
  rm -f $tree/var/lib/rpm/*-shm $tree/var/lib/rpm/*-wal $tree/var/lib/rpm/.rpm.lock
  tar -C $tree -cf tree.tar . && slipway import tree.tar local/$tree >/dev/null
  slipway sbom --format spdx local/$tree >sbom.json 2>/dev/null
  jq -r '.packages[].externalRefs[]? | select(.referenceType == "purl").referenceLocator' sbom.json |
    sed -n 's|^pkg:rpm/fedora/\([^@]*\)@\([^?]*\)?arch=\([a-z]*\)&distro=fedora-40\(&epoch=\(.*\)\)\?$|\1 \5 \2 \3|p' | sort >ours
  diff theirs ours || fail "$backend: not what rpm says"
  same "$(jq -r '[.packages[] | select(.name == "pack1").licenseDeclared] | first' sbom.json)" 'MIT AND GPL-2.0-or-later'
done
