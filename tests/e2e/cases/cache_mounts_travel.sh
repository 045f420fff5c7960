# SPDX-License-Identifier: Apache-2.0
# Cache mounts that travel with the cache: a fresh machine's first step finds what another one left; what did not change is
# not sent again; a lie about bytes gives an empty mount, not a wrong one.
# shellcheck shell=bash disable=SC2154,SC2034
need jq curl
use_base
mkdir ctx
dockerfile_with() { printf 'FROM %s\nRUN --mount=type=cache,target=/c,id=deps --mount=type=cache,target=/other %s\n' "$base" "$1" >ctx/Dockerfile; }
make='mkdir -p /c/d && head -c 9000000 /dev/urandom > /c/big && echo one > /c/d/one && ln -s one /c/d/link && ln /c/d/one /c/d/hard && chmod 600 /c/d/one && chown 7:8 /c/d/one && echo x > /other/x && echo made > /m'
look='ls -ln /c/d > /seen; md5sum /c/big >> /seen; cat /c/d/link /c/d/hard >> /seen; ls /other > /others'
dockerfile_with "$make"
build --cache-to type=local,dest=cache,mounts=deps -o type=cacheonly ctx
contains log 'writing cache mount deps'
fresh() { # fresh NAME --cache-from…: what a machine that was never here sees
  ROOT=$T/$1
  use_base >/dev/null
  dockerfile_with "$look"
  build "${@:2}" -o "out.$1" ctx
  ROOT=$T/store
}
fresh one --cache-from type=local,src=cache
dockerfile_with "$look"
build -o out.here ctx
diff out.here/seen out.one/seen
same "$(cat out.here/others)" x
[ ! -s out.one/others ] || fail 'a mount that was not named came along'
fresh none
lacks out.none/seen one

# Through a registry, both mounts; a change in one place sends a chunk or two, and what another build wrote stays.
registry
to=type=registry,ref=127.0.0.1:$port/cache:main
build --cache-to "$to,mounts=deps,/other" -o type=cacheonly ctx
fresh two --cache-from "type=registry,ref=127.0.0.1:$port/cache:main"
diff out.here/seen out.two/seen
same "$(cat out.two/others)" x
before=$(find registry -name data -path '*blobs*' | wc -l)
printf 'FROM %s\nRUN --mount=type=cache,target=/c,id=deps echo two > /c/d/two; echo %s\n' "$base" "$RANDOM" >ctx/Dockerfile
build --cache-to "$to,mounts=deps" -o type=cacheonly ctx
added=$(($(find registry -name data -path '*blobs*' | wc -l) - before))
[ $added -le 7 ] || fail "$added blobs were sent for a small change"
fresh three --cache-from "type=registry,ref=127.0.0.1:$port/cache:main"
contains out.three/seen two
same "$(cat out.three/others)" x
# A mount that is here already is not touched.
dockerfile_with "$look; ls /c/d >> /seen"
build --cache-from type=local,src=cache -o out.mine ctx
contains out.mine/seen two

# Chunks that are not what they say, and a list that lies about the whole.
chunk=$(jq -r '.layers[0].digest[7:]' "cache/blobs/sha256/$(jq -r '.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == "latest-mounts").digest[7:]' cache/index.json)")
cp -r cache lying && chmod +w "lying/blobs/sha256/$chunk" && printf x | dd of="lying/blobs/sha256/$chunk" bs=1 seek=100 conv=notrunc 2>/dev/null
fresh four --cache-from type=local,src=lying
contains log 'cache mount /deps begins empty'
lacks out.four/seen one
# Mistakes.
fails 1 --cache-to type=local,dest=cache2,mounts=nosuch -o type=cacheonly ctx
contains log 'no step of this store has a cache mount nosuch'
build --cache-to type=local,dest=cache2,mounts=nosuch,ignore-error=true -o type=cacheonly ctx
nothing_mounted
