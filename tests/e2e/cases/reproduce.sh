# SPDX-License-Identifier: Apache-2.0
# Builds that reproduce say so; planted nondeterminisms are each named with their file, their step and the usual cause.
# shellcheck shell=bash disable=SC2154,SC2034
need jq git
use_base
export GIT_CONFIG_GLOBAL=$T/gitconfig
git config --file gitconfig user.name e2e
git config --file gitconfig user.email e2e@localhost
mkdir -p ctx/data && echo one >ctx/data/a && echo two >ctx/data/b
dockerfile <<END
FROM $base AS build
COPY data /src
RUN mkdir /out && cat /src/* > /out/all && ln /out/all /out/link && touch /out/empty
FROM $base
COPY --from=build /out /srv
WORKDIR /made
RUN sort /srv/all > /srv/sorted
LABEL a=b
END
git init -q ctx && (cd ctx && git add . && git commit -qm one)
# Checklist wish 8: Reproduce-and-blame
slipway reproduce ctx >said 2>log || { cat said log; fail 'it reproduces'; }
contains said 'reproducible: '
# The time is the last commit's.
build --reproducible -o type=oci,dest=out.tar ctx
tar -xf out.tar -C "$(mkdir -p out; echo out)"
config=$(jq -r '.manifests[0].digest[7:]' out/index.json)
config=$(jq -r '.config.digest[7:]' "out/blobs/sha256/$config")
same "$(date -u -d "$(jq -r .created "out/blobs/sha256/$config")" +%s)" "$(git -C ctx log -1 --format=%ct)"
# Another machine's image of the same source, and one that is not of it.
slipway build -q --reproducible -t shipped:1 ctx >/dev/null
slipway reproduce ctx --of shipped:1 >said 2>log || { cat said log; fail 'it is the same'; }
contains said 'reproducible: '
cp -r ctx other && echo backdoor >>other/data/b && git -C other commit -qam two
slipway build -q --reproducible -t other:1 --build-arg SOURCE_DATE_EPOCH="$(git -C ctx log -1 --format=%ct)" other >/dev/null
code=0
slipway reproduce ctx --of=other:1 >said 2>log || code=$?
same $code 1
contains said '/srv/all: content from byte 8'
contains said 'are of another source there'
contains said 'COPY /out /srv'
code=0
slipway reproduce ctx --of "$base" >said 2>log || code=$?
same $code 1
contains log 'layers, the second'
code=0
slipway reproduce ctx --of nowhere:1 --offline >said 2>log || code=$?
same $code 1
contains log 'nowhere:1 is not to be had'
# Without it only the times differ.
code=0
slipway reproduce --as-is --json ctx >said 2>log || code=$?
same $code 1
same "$(jq -r '[.differences[].files[].what] | unique | join(",")' said)" 'time of change'

plant() { # plant FILE CAUSE COMMAND: the file is named, with its step and the cause
  printf 'FROM %s\nRUN mkdir -p /srv /var/log /root/.cache\nRUN %s\nRUN true\n' "$base" "$3" >ctx/Dockerfile
  local code=0
  slipway reproduce --json ctx >said 2>log || code=$?
  [ $code = 1 ] || { cat said log; fail "$1: exit code $code"; }
  same "$(jq -r '[.differences[] | .layer] | join(" ")' said)" "$(jq -r .layers said | awk '{print $1 - 1}')"
  contains said "\"path\": \"$1\""
  jq -r '.differences[0].step' said | grep -qF 'RUN /bin/sh -c' || fail "$1: no step"
  jq -r '.differences[0].files[] | .cause // ""' said | grep -qF "$2" || { cat said; fail "$1: not '$2'"; }
}
plant srv/date 'the time of the build' 'date > /srv/date'
plant srv/seconds 'the time of the build' 'echo built=$(date +%s) > /srv/seconds'
plant srv/id 'a random identifier' 'cat /proc/sys/kernel/random/uuid > /srv/id'
plant srv/random 'random or machine-dependent bytes' 'head -c 64 /dev/urandom > /srv/random'
plant srv/host 'the name of the machine' 'hostname > /srv/host'
plant srv/mounts 'how and where the builder keeps the root' "grep ' / / ' /proc/self/mountinfo | sed 's/.* - //; s/,upperdir.*//' > /srv/mounts"
plant srv/a.tar 'a tar archive keeps times' 'touch /srv/t && tar -cf /srv/a.tar -C /srv t'
plant srv/b.tgz 'a tar archive keeps times' 'touch /srv/t && tar -czf /srv/b.tgz -C /srv t'
plant var/log/setup.log 'a log' 'head -c 9 /dev/urandom | base64 > /var/log/setup.log'
plant root/.cache/x 'a cache' 'head -c 9 /dev/urandom | base64 > /root/.cache/x'
if [ "$(nproc)" -gt 1 ] && [ "$(nproc)" -lt 1000 ]; then plant srv/jobs 'count of processors' 'echo jobs=$(nproc) > /srv/jobs'; fi
if command -v disorderfs >/dev/null && [ -w /dev/fuse ]; then
  plant srv/listed 'the order of the same lines' 'mkdir /srv/d && touch /srv/d/a /srv/d/b /srv/d/c /srv/d/d && find /srv/d > /srv/listed'
else
  echo 'not tried: another order of directories (disorderfs, /dev/fuse)'
fi
printf 'FROM %s\nRUN mkdir -p /srv \\&\\& mktemp /srv/tmp.XXXXXX\n' "$base" | sed 's/\\//g' >ctx/Dockerfile
code=0
slipway reproduce ctx >said 2>log || code=$?
same $code 1
matches said '^  /srv/tmp\.[A-Za-z0-9]+: called srv/tmp\.[A-Za-z0-9]+ in the second build: a name drawn by lot'
# A build that fails is that, and no difference.
printf 'FROM %s\nRUN exit 3\n' "$base" >ctx/Dockerfile
code=0
slipway reproduce ctx >said 2>log || code=$?
same $code 1
contains log 'exit code: 3'
contains log 'the build itself fails'
nothing_mounted
