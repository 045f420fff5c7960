# SPDX-License-Identifier: Apache-2.0
# Attestations beside a plain manifest, as referrers of it: in a registry that lists them, and in one that does not (an
# index under a tag then). Signatures lie in the same list. The image stays one manifest.
# shellcheck shell=bash disable=SC2154,SC2034
need jq curl skopeo openssl
use_base
openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out my.key
openssl pkey -in my.key -pubout -out my.pub
printf 'FROM %s\nRUN echo one > /one\n' "$base" | slipway build -q -t warm - >/dev/null
mkdir ctx && printf 'FROM %s\nRUN echo one > /one\n' "$base" >ctx/Dockerfile
manifest='application/vnd.oci.image.manifest.v1+json'
index='application/vnd.oci.image.index.v1+json'
for kind in tag list; do
  if [ $kind = tag ]; then registry; else serve referrers_registry.py; fi
  name=127.0.0.1:$port/app
  build --provenance=max --sbom=true --sign my.key -o "type=registry,name=$name:1,attestations=referrers" ctx
  curl -s -D headers -H "Accept: $manifest, $index" "http://127.0.0.1:$port/v2/app/manifests/1" >got.json
  same "$(jq -r .mediaType got.json)" "$manifest"
  digest=sha256:$(sha256sum got.json | cut -d' ' -f1)
  if [ $kind = tag ]; then
    curl -s -H "Accept: $index" "http://127.0.0.1:$port/v2/app/manifests/${digest/:/-}" >list.json
    same "$(skopeo inspect --tls-verify=false --raw "docker://$name:1" | jq -r .mediaType)" "$manifest"
  else
    curl -s "http://127.0.0.1:$port/v2/app/referrers/$digest" >list.json
    curl -s "http://127.0.0.1:$port/log" >requests
    if grep -q "PUT /v2/app/manifests/${digest/:/-}\$" requests; then fail 'a tag was written beside the list'; fi
  fi
  same "$(jq -r '.manifests[].artifactType' list.json | sort | tr '\n' ' ')" 'application/vnd.dev.sigstore.bundle.v0.3+json application/vnd.docker.attestation.manifest.v1+json '
  slipway verify "$name:1" --key my.pub >said
  contains said 'verified (bundle)'
  # What is attached is read back, of an image that was never here.
  ROOT=$T/other slipway inspect --attestations "$name:1" >statements
  same "$(jq -r .predicateType statements | sort | tr '\n' ' ')" 'https://slsa.dev/provenance/v1 https://spdx.dev/Document '
  same "$(jq -r '.subject[0].digest.sha256' statements | sort -u)" "${digest#sha256:}"
  # Built again, nothing is listed twice.
  build --provenance=max --sbom=true -o "type=registry,name=$name:1,attestations=index" ctx
  ROOT=$T/other slipway inspect --attestations "$name:1" | jq -r .predicateType | sort -u | tr '\n' ' ' >said
  contains said 'https://slsa.dev/provenance/v1 https://spdx.dev/Document'
  end_background; background=()
done
# In a layout they stand beside the image, and the image is still the only one.
build --provenance=min -o type=oci,tar=false,dest=layout,attestations=referrers ctx
same "$(jq -r '[.manifests[] | .mediaType + " " + (.artifactType // "image")] | sort | join(",")' layout/index.json)" "$manifest application/vnd.docker.attestation.manifest.v1+json,$manifest image"
printf 'FROM lay\nRUN cat /one\n' >ctx/Dockerfile
build --build-context lay=oci-layout://layout -o type=cacheonly ctx
# What cannot be is refused before the build.
fails 2 --provenance=min -o type=image,name=x,attestations=referrers ctx
contains log 'needs push=true'
fails 2 --provenance=min -o type=oci,dest=x.tar,attestations=beside ctx
contains log 'want index or referrers'
fails 2 --provenance=min -o type=oci,dest=x.tar,attestations=referrers,oci-artifact=false ctx
