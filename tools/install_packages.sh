#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages a task needs: install_packages.sh build|test|demo|lint|fuzz …; --check only lists what is missing.
set -euo pipefail
build="g++ cmake ninja-build ccache mold pkg-config protobuf-compiler libprotobuf-dev libcurl4-openssl-dev libssl-dev libsqlite3-dev libzstd-dev zlib1g-dev libdeflate-dev libarchive-dev nlohmann-json3-dev libfmt-dev libcli11-dev libtomlplusplus-dev libre2-dev libboost-dev libgtest-dev libgmock-dev libbenchmark-dev"
runtime="ca-certificates crun git libcurl4 libarchive13 uidmap"
tests="$runtime runc skopeo umoci docker-registry apache2-utils busybox-static slirp4netns passt fuse-overlayfs strace jq python3 openssl curl util-linux zstd xz-utils bzip2 procps openssh-client gpg gpg-agent libcap2-bin qemu-user-static rpm db5.3-util disorderfs"
demo="$runtime umoci mmdebstrap jq"
fuzz="clang-19 libclang-rt-19-dev"
slow="npm golang-go golang-github-containerd-stargz-snapshotter-dev"
plot="gnuplot-nox python3"
lint="clang-format-19 clang-tidy-19 codespell shellcheck python3"

missing() {
  local package
  for package in "$@"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
  done
}

words=""
check=no
for group in "$@"; do
  case $group in
    build) words+=" $build" ;;
    test) words+=" $build $tests" ;;
    demo) words+=" $build $demo" ;;
    fuzz) words+=" $fuzz" ;;
    slow) words+=" $slow" ;;
    lint) words+=" $lint" ;;
    plot) words+=" $plot" ;;
    --check) check=yes; words+=" $build $tests $demo $lint $fuzz" ;;
    *) echo "install_packages.sh: no group $group" >&2; exit 2 ;;
  esac
done
# shellcheck disable=SC2086 # a list of words
mapfile -t wanted < <(missing $words | sort -u)
[ ${#wanted[@]} -gt 0 ] || { [ $check = no ] || echo "every package is installed"; exit 0; }
if [ $check = yes ]; then
  printf 'missing: %s\n' "${wanted[*]}"
  exit 1
fi
sudo=""
[ "$(id -u)" = 0 ] || sudo=sudo
echo "installing: ${wanted[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
# A service that a package starts (docker-registry) is not wanted on a developer's machine.
policy=/usr/sbin/policy-rc.d
made=no
if [ ! -e $policy ]; then printf '#!/bin/sh\nexit 101\n' | $sudo tee $policy >/dev/null; $sudo chmod +x $policy; made=yes; fi
log=$(mktemp)
$sudo apt-get update -qq >"$log" 2>&1 || true
if ! $sudo apt-get install -y -qq --no-install-recommends "${wanted[@]}" >>"$log" 2>&1; then
  tail -20 "$log" >&2
  [ $made = no ] || $sudo rm -f $policy
  exit 1
fi
[ $made = no ] || $sudo rm -f $policy
rm -f "$log"
