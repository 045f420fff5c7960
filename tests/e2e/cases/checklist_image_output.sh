# SPDX-License-Identifier: Apache-2.0
# Every attribute of -o type=image and type=registry, read back with other tools; wrong ones are refused before the build
# (docs/checklist.md). registry.insecure is tried in mirrors.
# Checklist E1: `image` (buildx `registry` = image+push)
# shellcheck shell=bash disable=SC2154,SC2034
need jq skopeo zstd curl
registry
use_base
app=127.0.0.1:$port/app
dockerfile <<END
FROM $base
RUN head -c 200000 /dev/zero | tr '\\0' x > /file && touch -d @1600000000 /file
END
raw() { skopeo inspect --raw --tls-verify=false "docker://$1"; }
there() { raw "$1" >/dev/null 2>&1; }
named() { slipway images --json | jq -r .name | grep -qF "$1"; }

# name (several, and "*" for what -t says), push, and registry as the short of both.
build -o "type=image,\"name=$app:1,$app:2\"" ctx
named "$app:1" && named "$app:2" || fail 'two names'
if there "$app:1"; then fail 'pushed unasked'; fi
build -o "type=image,\"name=$app:1,$app:2\",push=true" ctx
there "$app:1" && there "$app:2" || fail 'not pushed'
build -t "$app:3" -t "$app:4" -o 'type=registry,name=*' ctx
there "$app:3" && there "$app:4" || fail 'not pushed by the names of -t'
same "$(raw "$app:1" | sha256sum)" "$(raw "$app:4" | sha256sum)"

# store, push-by-digest, name-canonical, dangling-name-prefix, unpack.
build -o "type=registry,name=$app:5,store=false" ctx
there "$app:5" || fail 'not pushed'
if named "$app:5"; then fail 'stored though store=false'; fi
digest=$(raw "$app:1" | sha256sum | cut -d' ' -f1)
other=127.0.0.1:$port/digests
build -o "type=image,name=$other,push=true,push-by-digest=true" ctx
there "$other@sha256:$digest" || fail 'not pushed by digest'
curl -s "http://127.0.0.1:$port/v2/digests/tags/list" >tags
same "$(jq -r '.tags // [] | length' tags)" 0
fails 2 -o "type=image,name=$other:1,push=true,push-by-digest=true" ctx
build -o "type=image,name=canonical:1,name-canonical=true,unpack=true" ctx
named "canonical:1@sha256:$digest" || { slipway images; fail 'no name by digest'; }
build -o type=image,dangling-name-prefix=dangling ctx
named "dangling@sha256:$digest" || { slipway images; fail 'no dangling name'; }
build -o type=image,name=has-name,dangling-name-prefix=extra,danging-name-empty-only=true ctx
if named 'extra@sha256'; then fail 'a dangling name for an image that has one'; fi

# compression, compression-level, force-compression, oci-mediatypes.
layers() { raw "$app:c" | jq -r '[.layers[].mediaType | sub(".*layer.v1.";"") | sub(".*rootfs.";"docker ")] | join(" ")'; }
size() { raw "$app:c" | jq -r '.layers[-1].size'; }
send() { build -o "type=registry,name=$app:c,$1" ctx; }
send compression=gzip,force-compression=true
same "$(layers)" 'tar+gzip tar+gzip'
gzip=$(size)
send compression=gzip,compression-level=1,force-compression=true
[ "$(size)" -gt "$gzip" ] || fail 'level 1 is not larger'
send compression=zstd,force-compression=true
same "$(layers)" 'tar+zstd tar+zstd'
curl -s "http://127.0.0.1:$port/v2/app/blobs/$(raw "$app:c" | jq -r '.layers[-1].digest')" | zstd -dcq | tar -t >listed
contains listed file
send compression=uncompressed,force-compression=true
same "$(layers)" 'tar tar'
# Without force the base's layer stays as it came.
send compression=zstd
same "$(layers | cut -d' ' -f1)" tar+gzip
send oci-mediatypes=false,compression=gzip,force-compression=true
same "$(layers)" 'docker diff.tar.gzip docker diff.tar.gzip'
same "$(raw "$app:c" | jq -r '.mediaType, .config.mediaType')" $'application/vnd.docker.distribution.manifest.v2+json\napplication/vnd.docker.container.image.v1+json'

# rewrite-timestamp, source-date-epoch.
send source-date-epoch=1500000000
same "$(skopeo inspect --config --tls-verify=false "docker://$app:c" | jq -r .created)" 2017-07-14T02:40:00Z
send source-date-epoch=1500000000,rewrite-timestamp=true,compression=gzip
curl -s "http://127.0.0.1:$port/v2/app/blobs/$(raw "$app:c" | jq -r '.layers[-1].digest')" | tar --utc --full-time -tvz >listed
matches listed '2017-07-14 02:40:00 file$'

# annotation[-type][[platform]].key, oci-artifact, attestation-inline.
send annotation.plain=1,annotation-manifest.own=2,'annotation[linux/amd64].here=3'
same "$(raw "$app:c" | jq -c .annotations)" '{"here":"3","own":"2","plain":"1"}'
build --provenance=mode=min,inline-only=true -o "type=registry,name=$app:c,annotation-index.top=4,annotation-manifest-descriptor[linux/amd64].beside=5" ctx
same "$(raw "$app:c" | jq -c '[.annotations, .manifests[0].annotations]')" '[{"top":"4"},{"beside":"5"}]'
attestation() { raw "$app@$(raw "$app:c" | jq -r '.manifests[1].digest')"; }
same "$(attestation | jq -r .artifactType)" application/vnd.docker.attestation.manifest.v1+json
build --provenance=min -o "type=registry,name=$app:c,oci-artifact=false" ctx
same "$(attestation | jq -r '.artifactType, .config.mediaType')" $'null\napplication/vnd.oci.image.config.v1+json'
build --provenance=mode=min,inline-only=true -o "type=registry,name=$app:c,attestation-inline=false" ctx
same "$(raw "$app:c" | jq -r .mediaType)" application/vnd.oci.image.manifest.v1+json
fails 1 -o type=image,name=x,annotation-index.top=1 ctx
fails 1 -o 'type=image,name=x,annotation[linux/s390x].k=1' ctx
contains log 'no platform linux/s390x'

# prefer-nondist-layers: a layer that must not be handed on stays one, or becomes an ordinary one.
slipway save --format oci -o base.oci "$base" && mkdir foreign && tar -C foreign -xf base.oci
python3 - <<'END'
import hashlib, json, os
def blob(path): return 'foreign/blobs/sha256/' + path.split(':')[1]
index = json.load(open('foreign/index.json'))
manifest = json.load(open(blob(index['manifests'][0]['digest'])))
manifest['layers'][0]['mediaType'] = 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip'
text = json.dumps(manifest).encode()
digest = 'sha256:' + hashlib.sha256(text).hexdigest()
open(blob(digest), 'wb').write(text)
index['manifests'][0].update(digest=digest, size=len(text))
json.dump(index, open('foreign/index.json', 'w'))
END
printf 'FROM foreign\nLABEL a=b\n' >ctx/Dockerfile
first_type() { jq -r '.layers[0].mediaType' "$1/blobs/sha256/$(jq -r '.manifests[0].digest[7:]' "$1/index.json")"; }
# A store that does not know the same layer as an ordinary one.
ROOT=$T/fresh
build --build-context foreign=oci-layout://foreign -o type=oci,dest=plain,tar=false -o type=oci,dest=kept,tar=false,prefer-nondist-layers=true ctx
same "$(first_type plain)" application/vnd.oci.image.layer.v1.tar+gzip
same "$(first_type kept)" application/vnd.oci.image.layer.nondistributable.v1.tar+gzip

# What is not known or does not fit.
for wrong in colour=blue compression=brotli compression-level=40 push=perhaps dest=x oci-mediatypes=false,compression=zstd \
  annotation-page.x=1 source-date-epoch=now; do
  fails 2 -o "type=image,name=x,$wrong" ctx
done
fails 2 -o type=image,name=x,compression=nydus ctx
contains log 'unsupported compression type "nydus"'
