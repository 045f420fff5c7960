#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Bills of six images made of Debian and npm packages, each beside what the packages' own tools say: dpkg-query, npm ls, go
# version -m, pip inspect. Every package found, none invented. sbom_images.sh SLIPWAY [DIRECTORY]: images are kept there.
# Needs root, mmdebstrap, npm, jq and this machine's Debian archive. Ends with how long the largest image took.
set -euo pipefail
slipway=$1
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=${2:-$(mktemp -d)}
mkdir -p "$work"
[ -n "${2:-}" ] || trap 'rm -rf "$work"' EXIT
# shellcheck disable=SC2016 # apt's own variables
uri=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages' 'Origin: Debian' | awk '$2 == "bookworm" { print $1; exit }')
[ -n "$uri" ] || { echo 'sbom_images.sh: apt knows no Debian archive' >&2; exit 1; }

tree() { # tree NAME PACKAGES: a root filesystem below $work
  [ ! -d "$work/$1" ] || return 0
  mmdebstrap --variant=essential ${2:+"--include=$2"} --aptopt='APT::Install-Recommends "false"' \
    --aptopt='Acquire::Check-Valid-Until "false"' bookworm "$work/$1.new" "$uri" >"$work/$1.log" 2>&1 || { tail -15 "$work/$1.log" >&2; return 1; }
  mv "$work/$1.new" "$work/$1"
}
npm_app() { # npm_app DIRECTORY PACKAGES…
  [ ! -d "$1/node_modules" ] || return 0
  mkdir -p "$1" && (cd "$1" && echo '{"name":"app","version":"1.0.0","private":true}' >package.json && npm install --silent --no-audit --no-fund "${@:2}" >/dev/null)
}
bill() { # bill NAME: the packages we find, "TYPE NAME VERSION", in $work/NAME.ours
  tar -C "$work/$1" --exclude=./proc --exclude=./sys --exclude=./dev -cf - . | "$slipway" --root "$work/store" import - "local/$1" >/dev/null
  "$slipway" --root "$work/store" sbom --format cyclonedx "local/$1" 2>/dev/null >"$work/$1.json"
  python3 "$here/../e2e/helpers/check_sbom.py" "$work/$1.json" || { echo "$1: not CycloneDX"; exit 1; }
  jq -r '.components[] | select(.purl) | .purl' "$work/$1.json" | sort -u >"$work/$1.ours"
}
rm -f "$work/failed"
compare() { # compare NAME KIND: $work/theirs is what the tool says, the same form on standard input is ours
  sort -u >"$work/ours"
  sort -u -o "$work/theirs" "$work/theirs"
  if diff "$work/theirs" "$work/ours" >"$work/diff"; then
    printf '  %-10s %-12s %5d packages, the same\n' "$1" "$2" "$(wc -l <"$work/ours")"
  else
    printf '  %-10s %-12s DIFFERS\n' "$1" "$2"
    head -20 "$work/diff"
    touch "$work/failed" # this may be the end of a pipe
  fi
}
unescaped() { python3 -c 'import sys, urllib.parse; [print(urllib.parse.unquote(line), end="") for line in sys.stdin]'; }
debian() {
  dpkg-query --admindir="$work/$1/var/lib/dpkg" -W -f='${db:Status-Status} ${Package} ${Version} ${Architecture}\n' | sed -n 's/^installed //p' >"$work/theirs"
  unescaped <"$work/$1.ours" | sed -n 's|^pkg:deb/debian/\([^@]*\)@\([^?]*\)?arch=\([^&]*\).*|\1 \2 \3|p' | compare "$1" dpkg-query
}
python() {
  chroot "$work/$1" env HOME=/tmp python3 -m pip inspect 2>/dev/null | jq -r '.installed[].metadata | .name + " " + .version' | tr 'A-Z_.' 'a-z--' >"$work/theirs"
  unescaped <"$work/$1.ours" | sed -n 's|^pkg:pypi/\([^@]*\)@\([^?]*\).*|\1 \2|p' | tr 'A-Z_.' 'a-z--' | compare "$1" 'pip inspect'
}
# Debian's own Node packages lie below usr/share/nodejs: npm ls is asked about the application alone.
node() {
  (cd "$work/$1/srv/app" && npm ls --all --json --long 2>/dev/null) | jq -r '[.dependencies | .. | objects | select(.name? and .version? and .path?) | .name + " " + .version] | unique[]' >"$work/theirs"
  jq -r '.components[] | select(.purl // "" | startswith("pkg:npm/")) | select(any(.properties[]?; .value | tostring | startswith("srv/app/"))) | .purl' "$work/$1.json" |
    unescaped | sed -n 's|^pkg:npm/\(.*\)@\([^@?]*\).*|\1 \2|p' | compare "$1" 'npm ls'
}
# A program that names no module names its path.
go_programs() {
  mkdir -p "$work/golang/opt/tree"
  mount --bind "$work/$1" "$work/golang/opt/tree"
  chroot "$work/golang" go version -m /opt/tree/usr 2>/dev/null |
    awk '/^\/opt/ { if (path != "") print path, ""; path = "" } $1 == "path" { path = $2 } $1 == "mod" { path = "" }
         $1 == "mod" || $1 == "dep" { print $2, ($3 == "(devel)" ? "" : $3) } END { if (path != "") print path, "" }' >"$work/theirs" || true
  umount "$work/golang/opt/tree"
  unescaped <"$work/$1.ours" | sed -n 's|^pkg:golang/\([^@?]*\)@\?\([^?]*\).*|\1 \2|p' | grep -v '^std ' | grep -v '^stdlib ' | compare "$1" 'go version -m'
}

tree slim ''
tree python python3,python3-pip,python3-requests,python3-yaml,python3-jinja2,python3-cryptography,python3-numpy
tree golang golang-go
tree node nodejs
npm_app "$work/node/srv/app" express@4 webpack@5 @babel/core typescript
tree tools skopeo,umoci,docker-registry,python3,python3-pip,python3-docker
tree large gcc,g++,clang-14,llvm-14,default-jdk-headless,cmake,git,ruby,maven
for name in slim python golang node tools large; do
  bill $name
  debian $name
done
python python
python tools
node node
go_programs tools
begin=$(date +%s%N)
"$slipway" --root "$work/store" sbom --format spdx local/large >"$work/large.spdx" 2>/dev/null
printf '  %d MB in %d ms\n' "$(du -sm "$work/large" | cut -f1)" $((($(date +%s%N) - begin) / 1000000))
[ ! -e "$work/failed" ]
