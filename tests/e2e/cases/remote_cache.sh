# SPDX-License-Identifier: Apache-2.0
# --cache-to and --cache-from: a directory, a registry, an image's own config; on a machine that has nothing.
# shellcheck shell=bash disable=SC2154,SC2034
need jq skopeo
use_base
registry
app=127.0.0.1:$port/app
slipway save -o base.oci --format oci "$base"
mkdir base && tar -C base -xf base.oci
echo one | write ctx/a.txt
echo two | write ctx/b.txt
dockerfile <<END
FROM base AS build
COPY a.txt /
RUN cat /a.txt /proc/sys/kernel/random/uuid > /out && head -c 100000 /dev/urandom > /big
FROM base
COPY --from=build /out /out
COPY b.txt /
RUN cat /proc/sys/kernel/random/uuid > /last
END
from_base=(--build-context "base=oci-layout://$T/base")
# A machine with an empty store.
machine=0
fresh() { machine=$((machine + 1)); ROOT=$T/store$machine; }

fresh
build "${from_base[@]}" -o out --cache-to type=local,dest=cache,mode=max --cache-to "type=registry,ref=$app:cache,mode=max" \
  --cache-to "type=local,dest=small" ctx
contains log 'exporting cache to registry'
first=$(cat out/out out/last)

# Nothing runs, and the bytes are the same, wherever the cache comes from.
for cache in type=local,src=cache "type=registry,ref=$app:cache" "$app:cache"; do
  fresh
  build "${from_base[@]}" -o "out$machine" --cache-from "$cache" ctx
  contains log 'importing cache manifest from'
  cached 'RUN cat /a.txt'
  cached 'RUN cat /proc'
  same "$(cat "out$machine/out" "out$machine/last")" "$first"
  # What was fetched is the store's own from now on.
  build "${from_base[@]}" -o again ctx
  cached 'RUN cat /proc'
  same "$(cat again/out again/last)" "$first"
done

# mode=min has the layers of the result only: the build stage is known and not fetched.
[ "$(find small/blobs -type f | wc -l)" -lt "$(find cache/blobs -type f | wc -l)" ] || fail "min is not smaller"
fresh
build "${from_base[@]}" -o outmin --cache-from type=local,src=small ctx
cached 'RUN cat /proc'
same "$(cat outmin/out outmin/last)" "$first"

# Checklist K9: local step cache keyed by graph *and* by content; lazy pull of cached layers
# A hit fetches nothing that nobody needs: without an output no blob moves, and a change behind the build stage leaves it.
fresh
build "${from_base[@]}" --cache-from "type=registry,ref=$app:cache" ctx
cached 'RUN cat /proc'
[ ! -e "$ROOT/snapshots" ] || fail "layers were fetched"
echo three >ctx/b.txt
build "${from_base[@]}" -o outb --cache-from "type=registry,ref=$app:cache" ctx
ran 'COPY b.txt'
ran 'RUN cat /proc'
cached 'RUN cat /a.txt'
same "$(cat outb/out outb/b.txt)" "$(cat out/out)"$'\n'three
echo two >ctx/b.txt

# The same export again, from a machine that has only the imported records: nothing is uploaded but the two documents.
fresh
build "${from_base[@]}" --cache-from "type=registry,ref=$app:cache" --cache-to "type=registry,ref=$app:again,mode=max" ctx
fresh
build "${from_base[@]}" -o outc --cache-from "$app:again" ctx
same "$(cat outc/out outc/last)" "$first"

# inline: the image carries its records; other tools take it as any image.
fresh
build "${from_base[@]}" -t "$app:inline" --push --cache-to type=inline ctx
skopeo inspect --config --tls-verify=false "docker://$app:inline" | jq -e '.rootfs.diff_ids | length == 4'
inline=$(slipway build "${from_base[@]}" -o - ctx 2>/dev/null | tar -xO last)
fresh
build "${from_base[@]}" -o outi --cache-from "$app:inline" ctx
cached 'RUN cat /proc'
same "$(cat outi/last)" "$inline"

# A cache that is not there, or is none, is warned of; the build goes on.
fresh
build "${from_base[@]}" -o outw --cache-from "$app:nothing" --cache-from type=local,src=nowhere ctx
ran 'RUN cat /a.txt'
contains log "the cache $app:nothing is not used"
contains log 'the cache nowhere is not used'
skopeo copy --dest-tls-verify=false "oci:base:$(jq -r '.manifests[0].annotations["org.opencontainers.image.ref.name"] // ""' base/index.json)" "docker://$app:plain" ||
  skopeo copy --dest-tls-verify=false oci:base "docker://$app:plain"
build "${from_base[@]}" --cache-from "$app:plain" ctx
contains log 'is an image without a cache in it'

# A broken blob is refused, never used.
fresh
cp -r cache broken
for blob in broken/blobs/sha256/*; do [ "$(stat -c %s "$blob")" -lt 100000 ] || { chmod u+w "$blob"; printf x | dd of="$blob" bs=1 seek=500 conv=notrunc status=none; }; done
code=0
slipway build --progress=plain "${from_base[@]}" --target build -o outx --cache-from type=local,src=broken ctx 2>err || code=$?
same $code 1
contains err 'taking a step from the cache broken'

# Exports that fail: an error, or a warning where asked for.
fails 1 "${from_base[@]}" --cache-to type=registry,ref=127.0.0.1:1/x ctx
contains log 'exporting the cache to 127.0.0.1:1/x'
build "${from_base[@]}" --cache-to type=registry,ref=127.0.0.1:1/x,ignore-error=true ctx
contains log 'exporting the cache to 127.0.0.1:1/x'
fails 2 --cache-to type=s3,bucket=x ctx
contains log 'use type=registry or type=local'
fails 2 --cache-from type=registry,reff=x ctx
contains log 'did you mean ref?'
