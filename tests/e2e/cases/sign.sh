# SPDX-License-Identifier: Apache-2.0
# Signatures: written as cosign writes them, in both forms, checked with the right key only; every forgery has a twin that
# verifies. openssl is the second opinion; cosign too where it is installed.
# shellcheck shell=bash disable=SC2154,SC2034
need openssl jq skopeo curl
use_base
registry
api=http://127.0.0.1:$port/v2
accept='Accept: application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json'
make_key() { openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out "$1.key"; openssl pkey -in "$1.key" -pubout -out "$1.pub"; }
make_key mine && make_key theirs
openssl pkcs8 -topk8 -v2 aes-256-cbc -passout pass:locked -in mine.key -out locked.key
image() { printf 'FROM %s\nRUN echo %s > /x\n' "$base" "$1" | slipway build -q -t "127.0.0.1:$port/$1:1" --push "${@:2}" - >/dev/null; }
digest() { skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://127.0.0.1:$port/$1:1"; }
tag() { digest "$1" | tr : -; }
refused() { # refused NAME KEY TEXT
  local code=0
  slipway verify "127.0.0.1:$port/$1:1" --key "$2" >stdout 2>log || code=$?
  [ $code = 3 ] || { cat stdout log; fail "$1: exit code $code instead of 3"; }
  lacks stdout verified
  contains log "$3"
}
image app
refused app mine.pub 'there is no signature of it'
slipway sign "127.0.0.1:$port/app:1" --key mine.key >/dev/null
slipway verify "127.0.0.1:$port/app:1" --key mine.pub >verified
same "$(grep -c verified verified)" 2
contains verified 'verified (signature image)'
contains verified 'verified (bundle)'
refused app theirs.pub 'not one of this key'
# openssl agrees about the bytes.
curl -s -H "$accept" "$api/app/manifests/$(tag app).sig" >sig.json
curl -s "$api/app/blobs/$(jq -r '.layers[0].digest' sig.json)" >payload
jq -r '.layers[0].annotations["dev.cosignproject.cosign/signature"]' sig.json | base64 -d >signature
openssl dgst -sha256 -verify mine.pub -signature signature payload
same "$(jq -r '.critical.image["docker-manifest-digest"]' payload)" "$(digest app)"
curl -s -H "$accept" "$api/app/manifests/$(tag app)" >index.json
manifest=$(jq -r '.manifests[0].digest' index.json)
curl -s -H "$accept" "$api/app/manifests/$manifest" >manifest.json
same "$(jq -r '.subject.digest' manifest.json)" "$(digest app)"
curl -s "$api/app/blobs/$(jq -r '.layers[0].digest' manifest.json)" >bundle.json
jq -r .dsseEnvelope.payload bundle.json | base64 -d >statement
jq -r '.dsseEnvelope.signatures[0].sig' bundle.json | base64 -d >signature
{ printf 'DSSEv1 28 application/vnd.in-toto+json %s ' "$(wc -c <statement | tr -d ' ')"; cat statement; } >message
openssl dgst -sha256 -verify mine.pub -signature signature message
same "$(jq -r '.verificationMaterial.publicKey.hint' bundle.json)" "$(openssl pkey -pubin -in mine.pub -outform DER | openssl dgst -sha256 -binary | base64)"

# A second signer; an encrypted key; a build that signs what it pushes, an index with attestations too.
slipway sign "127.0.0.1:$port/app:1" --key theirs.key >/dev/null
slipway verify "127.0.0.1:$port/app:1" --key mine.pub >/dev/null
slipway verify "127.0.0.1:$port/app:1" --key theirs.pub >/dev/null
image second
code=0
slipway sign "127.0.0.1:$port/second:1" --key locked.key >/dev/null 2>log || code=$?
same $code 1
contains log SLIPWAY_KEY_PASSPHRASE
SLIPWAY_KEY_PASSPHRASE=locked slipway sign "127.0.0.1:$port/second:1" --key locked.key >/dev/null
slipway verify "127.0.0.1:$port/second:1" --key mine.pub >/dev/null
# Checklist S9: containers policy.json signatures on pull; sign-by on push
image third --sign mine.key --provenance=max
slipway verify "127.0.0.1:$port/third:1" --key mine.pub >verified
same "$(grep -c verified verified)" 2

# Signatures of one image put beside another are refused, in each form.
image forged
skopeo copy -q --src-tls-verify=false --dest-tls-verify=false "docker://127.0.0.1:$port/app:$(tag app).sig" "docker://127.0.0.1:$port/forged:$(tag forged).sig"
refused forged mine.pub 'another image'
image listed
for blob in $(jq -r '.config.digest, .layers[].digest' manifest.json); do
  curl -s "$api/app/blobs/$blob" >blob
  location=$(curl -s -i -X POST "$api/listed/blobs/uploads/" | tr -d '\r' | sed -n 's/^[Ll]ocation: //p')
  curl -s -X PUT -H 'Content-Type: application/octet-stream' --data-binary @blob "$location&digest=$blob" >/dev/null
done
curl -s -X PUT -H 'Content-Type: application/vnd.oci.image.manifest.v1+json' --data-binary @manifest.json "$api/listed/manifests/$manifest" >/dev/null
curl -s -X PUT -H 'Content-Type: application/vnd.oci.image.index.v1+json' --data-binary @index.json "$api/listed/manifests/$(tag listed)" >/dev/null
refused listed mine.pub 'names another image'
# A payload that was changed under its signature.
image changed && slipway sign "127.0.0.1:$port/changed:1" --key theirs.key >/dev/null
refused changed mine.pub 'not one of this key'
# Keys that are none.
echo nonsense >no.key
code=0
slipway verify "127.0.0.1:$port/app:1" --key no.key >/dev/null 2>log || code=$?
same $code 1
contains log 'no public key'
fails 2 --sign no.key -t "127.0.0.1:$port/x:1" --push .

if command -v cosign >/dev/null; then
  for form in true false; do
    cosign verify --key mine.pub --insecure-ignore-tlog=true --new-bundle-format=$form --allow-http-registry "127.0.0.1:$port/app@$(digest app)" >/dev/null 2>&1 || fail "cosign does not verify (new bundle: $form)"
  done
else
  echo 'not tried: cosign is not installed'
fi

# A build that stands on signed images only.
mkdir ctx
printf 'FROM 127.0.0.1:%s/app:1\nCOPY --from=127.0.0.1:%s/second:1 /x /y\n' "$port" "$port" >ctx/Dockerfile
build --gate signed-bases=mine.pub -o out ctx
code=0
slipway build --gate signed-bases=theirs.pub -o out2 ctx >/dev/null 2>log || code=$?
same $code 3
contains log "gate signed-bases: 127.0.0.1:$port/second:1"
printf 'FROM 127.0.0.1:%s/forged:1\n' "$port" >ctx/Dockerfile
code=0
slipway build --gate signed-bases=mine.pub -o out3 ctx >/dev/null 2>log || code=$?
same $code 3
[ ! -e out3 ] || fail 'a forged base was let in'
