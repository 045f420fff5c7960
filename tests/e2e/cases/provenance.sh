# SPDX-License-Identifier: Apache-2.0
# Provenance: attached as BuildKit attaches it, beside the image in archives, registries and the store, as a file in
# directories; min and max, both versions; complete in what the build stands on, silent about secrets.
# shellcheck shell=bash disable=SC2154,SC2034
need jq git skopeo
use_base
printf 'very secret value' >token
mkdir ctx served && echo data >ctx/data && echo downloaded >served/file
serve static_http.py served
git init -q repo && (cd repo && git config user.email a@b && git config user.name a && echo tracked >tracked &&
  git add . && git commit -qm one)
commit=$(git -C repo rev-parse HEAD)
dockerfile <<END
FROM $base AS build
ARG VERSION=1
RUN --mount=type=secret,id=token echo \$VERSION > /v
RUN --network=none true
ADD http://127.0.0.1:$port/file /file
FROM scratch
COPY --from=build /v /file /
COPY data /data
END
# Checklist S4: storage
attested() { # attested ARCHIVE: unpacks it, sets $layout, $image, $statement
  layout=$1.d
  mkdir -p "$layout" && tar -xf "$1" -C "$layout"
  local index
  index=$(jq -r '.manifests[0].digest[7:]' "$layout/index.json")
  image=$(jq -r '.manifests[0].digest' "$layout/blobs/sha256/$index")
  local manifest
  manifest=$(jq -r --arg of "$image" '.manifests[] | select(.annotations["vnd.docker.reference.digest"] == $of and
    .annotations["vnd.docker.reference.type"] == "attestation-manifest" and .platform.os == "unknown").digest[7:]' \
    "$layout/blobs/sha256/$index")
  same "$(jq -r .artifactType,.subject.digest "$layout/blobs/sha256/$manifest")" \
    $'application/vnd.docker.attestation.manifest.v1+json\n'"$image"
  statement=$layout/blobs/sha256/$(jq -r '.layers[0].digest[7:]' "$layout/blobs/sha256/$manifest")
}
# Checklist S3: SLSA provenance v1 (default) / v0.2
build --attest type=provenance,mode=max,builder-id=https://ci.example/7 --build-arg VERSION=7 --secret id=token,src=token \
  -t registry.example/app:1 -o type=oci,dest=max.tar ctx
attested max.tar
same "$(jq -r '._type, .predicateType, .subject[0].name, .subject[0].digest.sha256' "$statement")" \
  $'https://in-toto.io/Statement/v1\nhttps://slsa.dev/provenance/v1\npkg:docker/registry.example/app@1?platform=linux%2Famd64\n'"${image#sha256:}"
jq .predicate "$statement" >max.json
same "$(jq -r '.runDetails.builder.id' max.json)" https://ci.example/7
same "$(jq -r '.buildDefinition.externalParameters.request.args["build-arg:VERSION"]' max.json)" 7
same "$(jq -r '.buildDefinition.externalParameters.request.secrets[0].id' max.json)" token
same "$(jq -r '[.buildDefinition.internalParameters.buildConfig.llbDefinition[].op.Op | keys[]] | sort | join(" ")' max.json)" \
  'exec exec file file file source source source'
same "$(jq -r '.runDetails.metadata.buildkit_metadata.source.infos[0].data' max.json | base64 -d)" "$(cat ctx/Dockerfile)"
# What the build stands on, each with its digest; what RUN may have fetched is not there, and that is said.
jq -r '.buildDefinition.resolvedDependencies[] | .uri + " " + .digest.sha256' max.json >materials
matches materials "^pkg:docker/local/busybox@latest\\?platform=linux%2Famd64 [0-9a-f]{64}\$"
contains materials "http://127.0.0.1:$port/file $(sha256sum <served/file | cut -d' ' -f1)"
same "$(jq -c .runDetails.metadata.slipway_network_steps max.json | grep -c 'RUN --mount=type=secret')" 1
lacks max.json 'very secret value'
# Another client reads the image in it.
skopeo inspect "oci-archive:$T/max.tar" >/dev/null 2>&1 || skopeo inspect --raw "oci-archive:$T/max.tar" >/dev/null

build --provenance=mode=min --build-arg VERSION=7 --secret id=token,src=token -o type=oci,dest=min.tar ctx
attested min.tar
jq .predicate "$statement" >min.json
same "$(jq -c '.buildDefinition.externalParameters.request | [.args, .secrets]' min.json)" '[null,null]'
same "$(jq -c '.runDetails.metadata.buildkit_completeness' min.json)" '{"request":false,"resolvedDependencies":false}'
same "$(jq -r '.buildDefinition.internalParameters.buildConfig' min.json)" null

build --attest type=provenance,version=v0.2 -o type=oci,dest=old.tar ctx
attested old.tar
same "$(jq -r '.predicateType, .predicate.buildType' "$statement")" $'https://slsa.dev/provenance/v0.2\nhttps://mobyproject.org/buildkit@v1'

# A repository as the context is where the build came from.
printf 'FROM scratch\nCOPY tracked /\n' >repo/Dockerfile && (cd repo && git add . && git commit -qm two)
git clone -q --bare repo repo.git
commit=$(git -C repo rev-parse HEAD)
gitport=$(free_port)
start git daemon --reuseaddr --listen=127.0.0.1 --port="$gitport" --base-path="$T" --export-all --strict-paths "$T/repo.git"
wait_for_port "$gitport"
build --provenance=max -o type=oci,dest=git.tar "git://127.0.0.1:$gitport/repo.git"
attested git.tar
same "$(jq -r '.predicate.buildDefinition.externalParameters.configSource | .uri, .digest.sha1' "$statement")" \
  "git://127.0.0.1:$gitport/repo.git
$commit"
same "$(jq -c .predicate.runDetails.metadata.buildkit_hermetic "$statement")" true

# Checklist S5: local-exporter files provenance.json/sbom.spdx.json
# Directories have it as a file, the registry and the store as in the archive.
build --provenance=min -o type=local,dest=out,attestation-prefix=x- ctx
same "$(jq -r .predicateType out/x-provenance.json)" https://slsa.dev/provenance/v1
# It is about the files beside it.
same "$(jq -r '.subject[] | .digest.sha256 + "  " + .name' out/x-provenance.json | (cd out && sha256sum -c --quiet 2>&1) )" ''
same "$(jq -r '[.subject[].name] | join(" ")' out/x-provenance.json)" 'data file v'
build --attest type=provenance,mode=min,filename=own.json,reproducible=true --sbom=true -o named ctx
same "$(jq -r .predicate.runDetails.metadata.buildkit_reproducible named/own.json)" true
same "$(jq -r .predicateType named/sbom.spdx.json)" https://spdx.dev/Document
build --provenance=min -o type=tar,dest=out.tar ctx
tar -xOf out.tar provenance.json | jq -e '.predicate.buildDefinition and (.subject | length == 3)' >/dev/null
# Fields of the machine's keeper, in both versions.
echo '{"site": "north", "owner": {"team": "build"}}' | write fields/10-site.json
export SLIPWAY_PROVENANCE_DIR=$T/fields
build --provenance=min -o type=local,dest=kept1 ctx
same "$(jq -c '.predicate.buildDefinition.internalParameters | [.site, .owner.team]' kept1/provenance.json)" '["north","build"]'
build --attest type=provenance,version=v0.2 -o type=local,dest=kept2 ctx
same "$(jq -c .predicate.invocation.environment.site kept2/provenance.json)" '"north"'
echo '{"builderPlatform": "amiga/m68k"}' | write fields/20-forged.json
fails 1 --provenance=min -o type=local,dest=kept3 ctx
contains log 'fields/20-forged.json: the builder itself states builderPlatform'
unset SLIPWAY_PROVENANCE_DIR

registry
build --provenance=max -t "127.0.0.1:$port/app:1" --push ctx
skopeo inspect --raw --tls-verify=false "docker://127.0.0.1:$port/app:1" >pushed
same "$(jq -r '.manifests[1].platform.architecture' pushed)" unknown
skopeo copy -q --src-tls-verify=false "docker://127.0.0.1:$port/app:1" "oci:$T/copied:1"
slipway history "127.0.0.1:$port/app:1" >/dev/null
slipway inspect "127.0.0.1:$port/app:1" >/dev/null
printf 'FROM 127.0.0.1:%s/app:1\nCOPY --from=127.0.0.1:%s/app:1 /data /again\n' "$port" "$port" | slipway build -q - >/dev/null

# For inline use only, as docker buildx asks by default: no file, and no index around an archive's image unless asked for.
build --provenance=mode=min,inline-only=true -o type=local,dest=inline -o type=oci,dest=inline1,tar=false -o type=oci,dest=inline2,tar=false,attestation-inline=true -o type=image,name=inline:1 ctx
[ ! -e inline/provenance.json ] || fail 'a file of what is for inline use'
same "$(for n in 1 2; do jq -r .mediaType "inline$n/blobs/sha256/$(jq -r '.manifests[0].digest[7:]' inline$n/index.json)" | grep -o '[a-z]*.v1'; done | tr '\n' ' ')" 'manifest.v1 index.v1 '
same "$(slipway inspect --attestations inline:1 | jq -r .predicateType)" https://slsa.dev/provenance/v1
build --sbom=true --provenance=mode=min,inline-only=true -o type=oci,dest=inline3,tar=false ctx
same "$(jq -r '.manifests | length' "inline3/blobs/sha256/$(jq -r '.manifests[0].digest[7:]' inline3/index.json)")" 2

# A secret given as an argument, too, is told; what cannot be said is refused.
code=0
build --provenance=max --build-arg "VERSION=very secret value" --secret id=token,src=token --secret-leak=error ctx || code=$?
same $code 1
contains log 'is in'
fails 2 --attest type=provenance,mode=most ctx
fails 2 --attest type=vex ctx
contains log 'want type=provenance or type=sbom'
