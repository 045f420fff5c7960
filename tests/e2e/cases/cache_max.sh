# SPDX-License-Identifier: Apache-2.0
# The store stays within the size it was told, through builds that are all different; what is used by each of them stays;
# what a running build needs is never taken; gc --explain says what goes and why.
# shellcheck shell=bash disable=SC2154,SC2034
need jq
use_base
# SLIPWAY_E2E_BUILDS=300 is the long form, with layers of 20 MB in 500 MB.
count=${SLIPWAY_E2E_BUILDS:-40}
layer=4000000
[ "$count" = 40 ] || layer=20000000
max=$((10 * layer))
[ "$count" = 40 ] || max=500000000
mkdir ctx
# The hot steps are slow to make; the cold ones are a layer each that no other build has.
dockerfile_of() { printf 'FROM %s AS hot\nRUN sleep 0.3; head -c 2000000 /dev/zero | tr "\\0" h > /hot\nFROM hot\nRUN head -c %s /dev/urandom > /cold && echo %s\n' "$base" $layer "$1" >ctx/Dockerfile; }
on_disk() { du -s --block-size=1 "$ROOT" | cut -f1; }
most=0
for ((i = 1; i <= count; i++)); do
  dockerfile_of "$i"
  build --cache-max $max -o type=cacheonly ctx
  if [ "$i" -gt 1 ]; then cached 'sleep 0.3'; fi
  now=$(on_disk)
  [ "$now" -le "$most" ] || most=$now
done
# Beside the cache there are the base image's blob, the databases, logs.
[ "$most" -le $((max + layer + 6000000)) ] || fail "the store grew to $most bytes"
[ "$most" -gt $((max / 2)) ] || fail "the store never held more than $most bytes: nothing was kept"
# The last builds are still there.
build --cache-max $max -o type=cacheonly ctx
cached "head -c $layer"
nothing_mounted

# A build under way keeps what it needs, however small the room: its step waits while another one fills the store.
dockerfile <<END
FROM $base
RUN head -c 3000000 /dev/urandom > /needed
RUN echo waits && sleep 5 && cp /needed /copied
END
(slipway build --progress=plain -o out ctx >first.log 2>&1; echo $? >first.code) &
wait_for_file first.log
for ((i = 0; i < 200; i++)); do ! grep -q ' waits$' first.log || break; sleep 0.05; done
mkdir other && printf 'FROM %s\nRUN head -c 9000000 /dev/urandom > /big\n' "$base" >other/Dockerfile
build --cache-max 5MB -o type=cacheonly other
slipway gc --cache-max 1MB --explain >explained
contains explained 'in use'
wait_for_file first.code
[ "$(cat first.code)" = 0 ] || { cat explained first.log; fail "the build under way broke"; }
cmp out/needed out/copied
slipway doctor --store >whole || { cat whole; fail 'the store is not whole'; }

# What goes, and why; the order is by what it costs to have it again.
slipway prune --all >/dev/null
printf 'FROM %s AS a\nRUN sleep 1; head -c 5000000 /dev/urandom > /dear\nFROM %s AS b\nRUN head -c 5000000 /dev/urandom > /cheap\nFROM scratch\nCOPY --from=a /dear /x\nCOPY --from=b /cheap /y\n' "$base" "$base" >other/Dockerfile
build -o type=cacheonly other
slipway gc --explain >all
contains all 'stays, the next to go first:'
slipway gc --cache-max 12MB --explain --dry-run >explained
contains explained 'would go, in this order:'
matches explained 'RUN .*head -c 5000000.*/cheap.*s to have again'
sed -n '/stays/,$p' explained >stays
contains stays "sleep 1"
slipway gc --cache-max 12MB --json >removed.json
same "$(jq '[.removed[].name | select(contains("sleep 1"))] | length' removed.json)" 0
test "$(jq '.used - .freed' removed.json)" -le 12000000
build -o type=cacheonly other
cached "sleep 1"
ran "> /cheap"
# Everything may go; images stay.
slipway build -q -t kept:1 other >/dev/null
slipway prune --keep 0MB >/dev/null
slipway images | grep -q kept
slipway save -o kept.tar kept:1
SLIPWAY_CACHE_MAX=1MB build -o type=cacheonly other
# What was used lately stays with until.
slipway prune --filter until=1h >/dev/null
build -o type=cacheonly other
cached "sleep 1"
slipway prune --filter until=0s >/dev/null
build -o type=cacheonly other
ran "sleep 1"
# A cache mount is part of the cache.
printf 'FROM %s\nRUN --mount=type=cache,target=/c head -c 8000000 /dev/urandom > /c/x\n' "$base" >other/Dockerfile
build -o type=cacheonly other
slipway gc --explain >all
contains all 'cache-mounts '
slipway gc --cache-max 2MB >/dev/null
slipway gc --explain >all
lacks all 'cache-mounts '
# Mistakes.
fails 1 --cache-max lots other
contains log 'is no size'
code=0 && slipway gc >/dev/null 2>log || code=$?
same "$code" 1
contains log 'SLIPWAY_CACHE_MAX'
code=0 && slipway prune --filter colour=red >/dev/null 2>log || code=$?
same "$code" 1
slipway doctor --store >whole || { cat whole; fail 'the store is not whole'; }
nothing_mounted
