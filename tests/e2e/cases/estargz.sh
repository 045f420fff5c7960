# SPDX-License-Identifier: Apache-2.0
# Checklist E1: images to the store and to registries, with every attribute
# compression=estargz: layers that a lazy runtime reads file by file, and everybody else as gzip.
# shellcheck shell=bash disable=SC2154
need umoci
use_base
head -c 9000000 /dev/urandom >big && mkdir ctx && mv big ctx/big
dockerfile <<END
FROM $base
RUN mkdir -p /d/empty && echo one >/d/one && ln /d/one /d/hard && ln -s one /d/soft && : >/d/none && mkfifo /d/fifo
COPY big /d/big
RUN rm /d/one
END
layout() { rm -rf "$1" && build -t es:latest -o "type=oci,tar=false,dest=$1,$2" "${@:3}" ctx; }
look() { python3 "$E2E_DIR/helpers/check_estargz.py" "$1" | tr '\n' ';'; }
tree() {
  rm -rf "bundle-$1" && umoci unpack --rootless --image "$1:latest" "bundle-$1" >/dev/null 2>&1
  (cd "bundle-$1/rootfs" && find . -mindepth 1 -printf '%p %y %m %n %s %l\n' | sort)
}
layout plain compression=gzip
same "$(look plain)" "plain;plain;plain;plain;"
# The base image stays as it came, unless it is told to change.
layout lazy compression=estargz
same "$(look lazy)" "plain;7 entries;2 entries;2 entries;"
diff <(tree plain) <(tree lazy)
layout forced compression=estargz,force-compression=true
[[ $(look forced) == [1-9]*" entries;7 entries;2 entries;2 entries;" ]] || fail "$(look forced)"
diff <(tree plain) <(tree forced)
# The same bytes again, from another store too.
stamped() { SOURCE_DATE_EPOCH=1700000000 layout "$1" compression=estargz,force-compression=true,rewrite-timestamp=true; }
stamped one
ROOT=$T/other
use_base
stamped two
ROOT=$T/store
diff -r one two
layout fast compression=estargz,compression-level=1
same "$(look fast)" "$(look lazy)"
if diff -rq lazy fast >/dev/null; then fail "the level changed nothing"; fi

# Others' way: a registry, skopeo's copy of it, and a base image for another machine.
registry
build -t "127.0.0.1:$port/es:1" --push -o type=image,push=true,compression=estargz,force-compression=true ctx
skopeo copy -q --src-tls-verify=false "docker://127.0.0.1:$port/es:1" oci:copied:latest
same "$(look copied)" "$(look forced)"
write next/Dockerfile <<END
FROM 127.0.0.1:$port/es:1
RUN test ! -e /d/one && test "\$(cat /d/hard)" = one && test ! -e /stargz.index.json && cmp /d/big /d/big
RUN echo more >/more
END
ROOT=$T/third
build -t next:latest -o type=oci,tar=false,dest=next-keep next
# Foreign layers go out as they came, but nobody's word is passed on that their tables tell the truth.
same "$(look next-keep)" "plain;plain;plain;plain;plain;plain;"
build -t next:latest -o type=oci,tar=false,dest=next-own,compression=estargz,force-compression=true next
same "$(look next-own)" "$(look forced)0 entries;1 entries;"
build -t next:latest -o type=oci,tar=false,dest=next-gzip,compression=gzip,force-compression=true next
same "$(look next-gzip)" "plain;plain;plain;plain;plain;plain;"
build -t next:latest -o type=oci,tar=false,dest=next-zstd,compression=zstd,force-compression=true next
grep -q 'tar+zstd' next-zstd/blobs/sha256/* || fail "no zstd layer"

# A cache of such layers.
ROOT=$T/store
build --cache-to "type=local,dest=cache,mode=max,compression=estargz,force-compression=true" ctx
ROOT=$T/fourth
use_base
build --cache-from type=local,src=cache -t es:latest -o type=oci,tar=false,dest=from-cache ctx
same "$(cached_steps)" 4
diff <(tree plain) <(tree from-cache)

# What does not go together.
fails 2 -o type=oci,dest=x.tar,compression=estargz,oci-mediatypes=false ctx
contains log 'exporter option "compression=estargz" conflicts with "oci-mediatypes=false"'
fails 2 -o type=oci,dest=x.tar,compression=estargz,compression-level=12 ctx
dockerfile <<END
FROM $base
RUN echo mine >/stargz.index.json
END
fails 1 -o type=oci,dest=x.tar,compression=estargz ctx
contains log 'the layer has a file /stargz.index.json, a name that the format needs for itself'
