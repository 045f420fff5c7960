# SPDX-License-Identifier: Apache-2.0
# Lock files: every image, repository and download of every stage pinned; builds stay on the pins when the world moves;
# --locked builds nothing else; --update says what moved.
# shellcheck shell=bash disable=SC2154,SC2034
need jq git skopeo
use_base
registry
export GIT_CONFIG_GLOBAL=$T/gitconfig
git config --file gitconfig user.name e2e
git config --file gitconfig user.email e2e@localhost
registry_port=$port
push() { printf 'FROM %s\nRUN echo %s > /version\n' "$base" "$1" | slipway build -q -t "127.0.0.1:$registry_port/$2" --push - >/dev/null; slipway rmi "127.0.0.1:$registry_port/$2" >/dev/null; }
push one base:1
push tools tools:1
mkdir served && echo one >served/file
serve static_http.py served
git init -q repo && echo one >repo/file && (cd repo && git add . && git commit -qm one)
git clone -q --bare repo repo.git
gitport=$(free_port)
start git daemon --reuseaddr --listen=127.0.0.1 --port="$gitport" --base-path="$T" --export-all "$T/repo.git"
wait_for_port "$gitport"
dockerfile <<END
FROM 127.0.0.1:$registry_port/base:1 AS build
COPY --from=127.0.0.1:$registry_port/tools:1 /version /tools
ADD http://127.0.0.1:$port/file /http
ADD git://127.0.0.1:$gitport/repo.git /git
FROM build AS unused
COPY --from=127.0.0.1:$registry_port/base:1 /version /unused
FROM scratch
COPY --from=build /version /tools /http /git/file /
END
fails 1 --locked ctx
contains log "there is no"
# Checklist wish 4: Automatic lock + `--locked`
# Checklist S13: lock files
slipway lock ctx >changes 2>/dev/null
same "$(cut -c1 changes | sort | uniq -c | tr -s ' ')" ' 4 +'
cat ctx/Dockerfile.lock
same "$(grep -vc '^#\|^version' ctx/Dockerfile.lock)" 4
matches ctx/Dockerfile.lock "^image 127.0.0.1:$registry_port/base:1 linux/amd64 sha256:[0-9a-f]{64} 20"
contains ctx/Dockerfile.lock "http http://127.0.0.1:$port/file - sha256:$(sha256sum <served/file | cut -d' ' -f1)"
contains ctx/Dockerfile.lock "git git://127.0.0.1:$gitport/repo.git - $(git -C repo rev-parse HEAD)"
echo Dockerfile.lock >ctx/.dockerignore
# It stays as it is while nothing moves, and says so.
cp ctx/Dockerfile.lock before
slipway lock ctx >changes 2>/dev/null
[ ! -s changes ] || fail "changes: $(cat changes)"
cmp before ctx/Dockerfile.lock
slipway lock --check ctx >/dev/null 2>&1

# The world moves; builds do not.
push two base:1
push tools2 tools:1
echo two >repo/file && (cd repo && git commit -qam two && git push -q ../repo.git HEAD)
build --pull -o out ctx
same "$(cat out/version)" one
build --locked --no-cache -o out --provenance=max ctx
same "$(cat out/version out/file)" $'one\none'
same "$(jq -r .predicate.buildDefinition.internalParameters.slipway_lock out/provenance.json)" "sha256:$(sha256sum <ctx/Dockerfile.lock | cut -d' ' -f1)"
build --no-lock --pull -o out2 --provenance=max ctx
same "$(jq -r '.predicate.buildDefinition.internalParameters | has("slipway_lock")' out2/provenance.json)" false
same "$(cat out2/version out2/file)" $'two\ntwo'
# A download that is not what was locked is refused.
echo two >served/file
fails 1 --locked --no-cache ctx
contains log 'digest mismatch'
contains log "slipway lock --update=http://127.0.0.1:$port/file"
echo one >served/file

# What is in no lock is refused, with the line.
cp ctx/Dockerfile kept
sed -i "s|^FROM scratch|FROM 127.0.0.1:$registry_port/tools:1 AS more\nFROM 127.0.0.1:$registry_port/other:1|" ctx/Dockerfile
fails 1 --locked ctx
contains log "image 127.0.0.1:$registry_port/other:1 for linux/amd64 is not in Dockerfile.lock"
matches log '>>> FROM 127.0.0.1:[0-9]+/other:1'
cp kept ctx/Dockerfile

# --update looks up again what it names, or everything.
code=0
slipway lock --check --update ctx >changes 2>/dev/null || code=$?
same $code 1
cmp before ctx/Dockerfile.lock
slipway lock --update=base ctx >changes 2>/dev/null
same "$(grep -c '^~' changes)" 1
contains changes "~ image 127.0.0.1:$registry_port/base:1 linux/amd64"
matches changes '^    created 20[0-9T:.-]+Z -> 20[0-9T:.-]+Z'
slipway lock --update ctx >changes 2>/dev/null
same "$(grep -c '^~' changes)" 2
build --locked -o out3 ctx
same "$(cat out3/version out3/file)" $'two\ntwo'
# With a bill at both ends, what changed in between.
package() { printf 'Package: %s\nStatus: install ok installed\nVersion: %s\nArchitecture: all\n\n' "$@"; }
bill() { mkdir -p billed/var/lib/dpkg && cat >billed/var/lib/dpkg/status && printf 'FROM scratch\nCOPY var /var\nCOPY version /\n' >billed/Dockerfile && echo "$1" >billed/version && slipway build -q --sbom=true -t "127.0.0.1:$registry_port/base:1" --push billed >/dev/null && slipway rmi "127.0.0.1:$registry_port/base:1" >/dev/null; }
{ package zlib 1.0 && package old 1; } | bill three
slipway lock --update=base ctx >changes 2>/dev/null
lacks changes zlib # the image before has no bill
{ package zlib 1.1 && package new 2; } | bill four
slipway lock --update=base ctx >changes 2>/dev/null
contains changes '    ~ deb zlib 1.0 -> 1.1'
contains changes '    - deb old 1'
contains changes '    + deb new 2'
# An entry that nothing needs any more goes.
sed -i '/^ADD git/d; s| /git/file||' ctx/Dockerfile
slipway lock ctx >changes 2>/dev/null
contains changes '- git'
lacks ctx/Dockerfile.lock 'git git:'
# A lock edited by hand is not believed in part.
sed -i 's/sha256:./sha256:z/' ctx/Dockerfile.lock
fails 1 ctx
contains log 'is no digest'
matches log 'Dockerfile.lock:[0-9]+'
code=0
slipway lock --update=nothing ctx >/dev/null 2>log || code=$?
same $code 1
