# SPDX-License-Identifier: Apache-2.0
# Mirrors and settings of registries, from registries.conf and buildkitd.toml: asked in order, passed over when they fail,
# never believed about bytes; plain http and unknown certificates only where told.
# shellcheck shell=bash disable=SC2154,SC2034
need jq openssl curl
use_base
export SLIPWAY_REGISTRIES=$T/registries.conf
: >registries.conf
push() { printf 'FROM %s\nRUN echo %s > /version\n' "$base" "$1" | slipway build -q -t "127.0.0.1:$port/$2" --push - >/dev/null; slipway rmi "127.0.0.1:$port/$2" >/dev/null; }
registry
own=$port
push own lib/app:1
push alone lib/alone:1
registry
mirror=$port # the same storage: what it mirrors lies below hub/
push mirrored hub/lib/app:1
dead=$(free_port)
mkdir ctx
from() { printf 'FROM %s\n' "$1" >ctx/Dockerfile; rm -rf out; ROOT=$T/store.$RANDOM build --pull -o out ctx; }
version() { cat out/version; }
from "127.0.0.1:$own/lib/app:1"
same "$(version)" own
mirrors() { printf '[[registry]]\nlocation = "127.0.0.1:%s"\n' "$own" >registries.conf; printf '[[registry.mirror]]\nlocation = "%s"\n' "$@" >>registries.conf; }
mirrors "127.0.0.1:$mirror/hub"
from "127.0.0.1:$own/lib/app:1"
same "$(version)" mirrored
# What a mirror has not, the registry itself gives; so does it for one that is gone.
from "127.0.0.1:$own/lib/alone:1"
same "$(version)" alone
mirrors "127.0.0.1:$dead" "127.0.0.1:$mirror/hub"
from "127.0.0.1:$own/lib/app:1"
same "$(version)" mirrored
mirrors "127.0.0.1:$dead"
from "127.0.0.1:$own/lib/app:1"
same "$(version)" own
# For digests alone it is not asked what a tag means, and serves what that is.
mirrors "127.0.0.1:$mirror/hub"
echo 'pull-from-mirror = "digest-only"' >>registries.conf
from "127.0.0.1:$own/lib/app:1"
same "$(version)" own
digest=$(curl -sI -H 'Accept: application/vnd.oci.image.manifest.v1+json' "http://127.0.0.1:$mirror/v2/hub/lib/app/manifests/1" | tr -d '\r' | sed -n 's/^[Dd]ocker-[Cc]ontent-[Dd]igest: //p')
from "127.0.0.1:$own/lib/app@$digest"
same "$(version)" mirrored
# Pushes go to the registry, not to its mirrors.
mirrors "127.0.0.1:$mirror/hub"
printf 'FROM scratch\nLABEL a=b\n' >ctx/Dockerfile
build -o "type=registry,name=127.0.0.1:$own/lib/pushed:1" ctx
curl -sf -o /dev/null "http://127.0.0.1:$own/v2/lib/pushed/manifests/1" -H 'Accept: application/vnd.oci.image.manifest.v1+json'
code=0; curl -sf -o /dev/null "http://127.0.0.1:$mirror/v2/hub/lib/pushed/manifests/1" || code=$?
[ $code != 0 ] || fail 'the mirror was written to'
# buildkitd.toml says the same in its way; a name can be moved, and blocked.
printf '[registry."127.0.0.1:%s"]\nmirrors = ["127.0.0.1:%s/hub"]\n' "$own" "$mirror" >registries.conf
from "127.0.0.1:$own/lib/app:1"
same "$(version)" mirrored
printf '[[registry]]\nprefix = "images.example/lib"\nlocation = "127.0.0.1:%s/hub/lib"\n[[registry]]\nlocation = "images.example"\nblocked = true\n' "$mirror" >registries.conf
from "images.example/lib/app:1"
same "$(version)" mirrored
printf 'FROM images.example/other:1\n' >ctx/Dockerfile
fails 3 -o out ctx
contains log "is blocked by $T/registries.conf"
contains log 'Dockerfile:1'

# A certificate that nobody vouches for, and plain http beyond loopback's: refused, unless told.
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout tls.key -out tls.crt -subj /CN=localhost -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' 2>/dev/null
registry "tls: {certificate: $T/tls.crt, key: $T/tls.key}"
: >registries.conf
printf 'FROM scratch\nCOPY Dockerfile /version\n' >ctx/Dockerfile
fails 1 -o "type=registry,name=127.0.0.1:$port/x:1" ctx
matches log 'certificate|TLS|SSL|tls'
# Checklist E1: `image` (buildx `registry` = image+push): registry.insecure
build -o "type=registry,name=127.0.0.1:$port/x:1,registry.insecure=true" ctx
printf 'FROM 127.0.0.1:%s/x:1\n' "$port" >ctx/Dockerfile
ROOT=$T/t1 fails 1 -o out ctx
printf '[[registry]]\nlocation = "127.0.0.1:%s"\ninsecure = true\n' "$port" >registries.conf
ROOT=$T/t2 build -o out ctx
printf '[registry."127.0.0.1:%s"]\nca = ["%s/tls.crt"]\n' "$port" "$T" >registries.conf
ROOT=$T/t3 build -o out ctx
# A file that cannot be read is an error, not silence.
echo '[[registry' >registries.conf
fails 1 -o out ctx
contains log "registries.conf:1:"
SLIPWAY_REGISTRIES=$T/none fails 1 -o out ctx
