# SPDX-License-Identifier: Apache-2.0
# ADD of a git repository, and a repository as the context: branch, tag, commit, subdirectory.
# shellcheck shell=bash disable=SC2154,SC2034
need git
git daemon --help >/dev/null 2>&1 || true
export GIT_CONFIG_GLOBAL=$T/gitconfig HOME=$T
git config --file gitconfig user.name e2e
git config --file gitconfig user.email e2e@localhost
git config --file gitconfig init.defaultBranch main
git init -q repo
printf 'FROM scratch\nCOPY version.txt /\n' | write repo/Dockerfile
echo v1 >repo/version.txt
printf 'FROM scratch\nCOPY sub.txt /\n' | write repo/sub/Dockerfile
echo sub >repo/sub/sub.txt
git -C repo add . && git -C repo commit -qm one && git -C repo tag v1
echo v2 >repo/version.txt
git -C repo commit -qam two
commit=$(git -C repo rev-parse v1)
port=$(free_port)
start git daemon --reuseaddr --export-all --base-path="$T" --listen=127.0.0.1 --port="$port" "$T"
wait_for_port "$port"
url=git://127.0.0.1:$port/repo
printf 'FROM scratch\nADD %s#v1 /src/\nADD %s#main:sub /sub/\n' "$url" "$url" | dockerfile
build -o out ctx
same "$(cat out/src/version.txt out/sub/sub.txt)" $'v1\nsub'
[ ! -e out/src/.git ] || fail ".git was added"
build -t x ctx
cached 'ADD git'
build -o out2 "$url"
same "$(cat out2/version.txt)" v2
build -o out3 "$url#v1"
same "$(cat out3/version.txt)" v1
build -o out4 "$url#$commit"
same "$(cat out4/version.txt)" v1
build -o out5 "$url#main:sub"
same "$(cat out5/sub.txt)" sub
fails 1 "$url#no-such-branch"
contains log no-such-branch

# Checklist I27: ADD --checksum (sha256 for HTTP; commit prefix for git)
for sum in "$commit" "${commit:0:7}"; do
  printf 'FROM scratch\nADD --checksum=%s %s#v1 /\n' "$sum" "$url" >ctx/Dockerfile
  build --no-cache -o "pinned-$sum" ctx
  same "$(cat "pinned-$sum/version.txt")" v1
  printf 'FROM scratch\nADD --checksum=%s %s#main /\n' "$sum" "$url" >ctx/Dockerfile
  fails 1 ctx
  contains log "expected checksum to match $sum"
done
# Checklist S11: image.checksum, http.checksum, git.checksum pins
pin() { printf '{"rules": [{"action": "CONVERT", "selector": {"identifier": "git://*"}, "updates": {"attrs": {"git.checksum": "%s"}}}]}' "$1" >pin.json; }
printf 'FROM scratch\nADD %s#v1 /\n' "$url" >ctx/Dockerfile
pin "${commit:0:10}"
build --source-policy pin.json ctx
pin 0123456
fails 1 --source-policy pin.json ctx
contains log 'expected checksum to match 0123456'

# Submodules come along, whatever another branch of the repository said of them before.
git init -q lib
echo lib >lib/file
git -C lib add . && git -C lib commit -qm lib
git -C repo submodule --quiet add "git://127.0.0.1:$port/lib" lib
git -C repo commit -qam submodule
git -C repo checkout -q -b without
git -C repo config -f .gitmodules submodule.lib.update none
git -C repo commit -qam 'without it'
git -C repo checkout -q main
printf 'FROM scratch\nADD %s#without /\n' "$url" | dockerfile
build -o without ctx
[ ! -e without/lib/file ] || fail "update = none was not heeded"
printf 'FROM scratch\nADD %s#main /\n' "$url" | dockerfile
build -o with ctx
same "$(cat with/lib/file)" lib
