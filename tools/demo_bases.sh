#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes the example builds' base images from Debian packages, as root file system tars:
# demo_bases.sh DIRECTORY SUITE. What is there already is kept. The archive is the one this machine's apt uses.
set -euo pipefail
directory=$1
suite=$2
mkdir -p "$directory"

archive_uri() {
  # shellcheck disable=SC2016 # apt's own variables
  apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages' 'Origin: Debian' |
    awk -v suite="$suite" '$2 == suite { print $1; exit }'
}
uri=$(archive_uri)
[ -n "$uri" ] || { echo "demo_bases.sh: apt knows no Debian archive for $suite" >&2; exit 1; }

# Everything Debian calls essential, plus the packages named; no documentation, no translations.
make_base() {
  local name=$1 packages=$2 begin=$SECONDS
  local tar=$directory/$name.tar log=$directory/$name.log
  [ ! -e "$tar" ] || return 0
  local options=()
  for path in doc man info locale lintian; do options+=("--dpkgopt=path-exclude=/usr/share/$path/*"); done
  # Root file systems with merged /usr, without the package that converts old ones (and wants perl).
  local hooks=/usr/share/mmdebstrap/hooks/merged-usr
  [ ! -d "$hooks" ] || options+=("--hook-dir=$hooks" --include=usr-is-merged)
  if ! mmdebstrap --variant=essential --format=tar "${options[@]}" ${packages:+"--include=$packages"} \
    --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Check-Valid-Until "false"' \
    "$suite" "$tar.new" "$uri" >"$log" 2>&1; then
    tail -n 15 "$log" >&2
    echo "demo_bases.sh: mmdebstrap could not make $name; the whole story is in $log" >&2
    return 1
  fi
  mv "$tar.new" "$tar"
  printf '  %-14s %4d MB in %d s\n' "$name" "$(($(stat -c %s "$tar") / 1000000))" $((SECONDS - begin))
}

make_base "debian" "" &
slim=$!
make_base "golang" "golang-go" &
golang=$!
wait $slim
make_base "gcc" "g++,cmake,make" &
gcc=$!
wait $golang
wait $gcc
