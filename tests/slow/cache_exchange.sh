#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Build caches exchanged with a real docker buildx, both ways, shown by the steps that run: cache_exchange.sh SLIPWAY PEERS
# BASE. PEERS is the program that runs docker (`PEERS in docker …`, DOCKER_HOST set), BASE an image that both can pull.
set -euo pipefail
slipway=$1 peers=$2 base=$3
work=$(mktemp -d /tmp/slipway-exchange.XXXXXX)
trap 'rm -rf "$work"' EXIT
buildx() { "$peers" in env DOCKER_HOST="$DOCKER_HOST" docker buildx build --network host --provenance=false --progress=plain "$@" 2>&1; }
ours() { "$slipway" --root "$work/$1" build --network host --progress=plain "${@:2}" 2>&1; }
# Steps of the Dockerfile that were cached, and how many there are: "5 of 7" (both print alike).
count() { awk '/^#[0-9]+ \[[^]]*[0-9]+\/[0-9]+\]/ { step[$1] = !/ FROM / } /^#[0-9]+ CACHED/ { if (step[$1]) cached++ } END { for (s in step) all += step[s]; print cached + 0 " of " all + 0 }' "$1"; }
failed=0
expect() { # expect NAME LOG WANTED
  local got
  got=$(count "$2")
  printf '  %-58s %s steps cached\n' "$1" "$got"
  [ "$got" = "$3" ] || { echo "    wanted: $3"; cat "$2"; failed=1; }
}
unique=$(date +%s%N) # nothing of it is in any cache yet
mkdir "$work/ctx" "$work/ctx/dir" && cd "$work"
echo "file $unique" >ctx/file && echo one >ctx/dir/one && ln -s one ctx/dir/link && chmod 750 ctx/dir && touch ctx/empty
mkdir -p ctx/src/deep ctx/sub && echo "$unique" >ctx/src/a.c && echo b >ctx/src/b.o && echo c >ctx/src/deep/c.c && echo d >ctx/src/deep/d.o
echo t >ctx/t.txt && echo u >ctx/u.txt && echo m >ctx/m.md && ln -s t.txt ctx/link.txt && ln -s dir ctx/linked && echo s >ctx/sub/s.c
cat >ctx/Dockerfile <<END
FROM $base AS tools
RUN mkdir -p /made/d1/e /made/d2 && echo $unique > /made/a && ln -s a /made/b && touch /made/d1/e/f
FROM $base
WORKDIR /srv/app
ENV A=1
RUN echo $unique > one
COPY file ./
COPY dir ./dir
COPY --from=tools /made /made
RUN cat file dir/one /made/a > all
RUN --mount=type=cache,target=/c --mount=type=tmpfs,target=/t touch /c/x /t/y && echo mounts > mounts
COPY *.txt *.md ./texts/
COPY --exclude=*.o src/deep/* ./deep/
COPY s*/*.c ./c/
COPY --chown=games:users linked ./linked
COPY --chown=12:13 --link file /linked/file
COPY --from=tools /made/b /made/d1/* /from/
USER 1000
RUN id > /tmp/id || true
END
steps=15
buildx --cache-to type=local,dest="$work/theirs",mode=max -o type=cacheonly ctx >log || { cat log; exit 1; }
ours fresh --cache-from type=local,src=theirs -o type=local,dest=out ctx >log || { cat log; exit 1; }
expect "buildx's cache, read by slipway" log "$steps of $steps"
[ "$(cat out/srv/app/all)" = "$(printf 'file %s\none\n%s' "$unique" "$unique")" ] || { echo 'wrong bytes'; failed=1; }

# The other way: with bytes that buildx has never seen.
unique2=$unique-2
sed -i "s/$unique/$unique2/" ctx/Dockerfile ctx/file
ours made --cache-to type=local,dest=mine,mode=max -o type=cacheonly ctx >log || { cat log; exit 1; }
buildx --cache-from type=local,src="$work/mine" -o type=local,dest="$work/out2" ctx >log || { cat log; exit 1; }
expect "slipway's cache, read by buildx" log "$steps of $steps"
grep -q "$unique2" out2/srv/app/all || { echo 'wrong bytes'; failed=1; }

# A change in the middle: what stands before it is still found, either way.
sed -i 's/^COPY dir .*/COPY dir .\/elsewhere/; s/dir\/one/elsewhere\/one/' ctx/Dockerfile
ours fresh2 --cache-from type=local,src=mine -o type=cacheonly ctx >log || { cat log; exit 1; }
expect "slipway's own, one step changed" log "4 of $steps"
exit $failed
