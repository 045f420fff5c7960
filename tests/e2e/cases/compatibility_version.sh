# SPDX-License-Identifier: Apache-2.0
# --compatibility-version: what BuildKit's releases did where a flag says nothing, media types, the form in which
# attestations are kept, modes of files from git. What a flag says counts in every version.
# Checklist F17: compatibility-version 10/20/30 pins digest-affecting assembly
# shellcheck shell=bash disable=SC2154,SC2034
need jq git
use_base
dockerfile <<END
FROM $base
RUN echo one > /one
END
export SOURCE_DATE_EPOCH=1700000000
blob() { printf '%s/blobs/sha256/%s' "$1" "${2#sha256:}"; }
first() { blob "$1" "$(jq -r '.manifests[0].digest' "$2")"; }
# made TYPE VERSION ARGS…: builds into the layout $out; $root is its index or manifest, $manifest the image's.
made() {
  out=out-$1-$2
  rm -rf "$out"
  build ${2:+--compatibility-version "$2"} "${@:3}" -o "type=$1,name=app:1,dest=$out,tar=false,rewrite-timestamp=true" ctx
  root=$(first "$out" "$out/index.json")
  manifest=$root
  if [ "$(jq -r 'has("manifests")' "$root")" = true ]; then manifest=$(first "$out" "$root"); fi
}
types() { jq -r '[.mediaType, .config.mediaType, .layers[0].mediaType] | join(" ")' "$manifest"; }
oci='application/vnd.oci.image.manifest.v1+json application/vnd.oci.image.config.v1+json application/vnd.oci.image.layer.v1.tar+gzip'
docker='application/vnd.docker.distribution.manifest.v2+json application/vnd.docker.container.image.v1+json application/vnd.docker.image.rootfs.diff.tar.gzip'

# Without attestations: Docker's media types up to 20, OCI's since; a layout has OCI's in all.
for version in 10 20; do
  made docker $version
  same "$(types)" "$docker"
  made oci $version
  same "$(types)" "$oci"
done
made docker 30
same "$(types)" "$oci"
digest=$(basename "$root")
made docker ''
same "$(basename "$root")" "$digest"
made docker 20 -o type=image,name=local/twenty
same "$(slipway inspect local/twenty | jq -r .manifest.mediaType)" application/vnd.docker.distribution.manifest.v2+json

# The config and the layers are the same bytes.
config=$(jq -r '.config.digest, .layers[].digest' "$manifest")
made docker 30
same "$(jq -r '.config.digest, .layers[].digest' "$manifest")" "$config"

# With attestations: OCI's types in all. Theirs is a manifest like an image's up to 20, an artifact with a subject since.
attestation() { blob "$out" "$(jq -r '.manifests[1].digest' "$root")"; }
kept() { jq -r '[.artifactType, .config.mediaType, (.subject.digest != null)] | map(tostring) | join(" ")' "$(attestation)"; }
asked() { jq -r '.predicate.buildDefinition.externalParameters.request.compatibilityVersion' "$(blob "$out" "$(jq -r '.layers[0].digest' "$(attestation)")")"; }
for version in 10 20; do
  made docker $version --provenance=true
  same "$(types)" "$oci"
  same "$(kept)" 'null application/vnd.oci.image.config.v1+json false'
  same "$(jq -r '.manifests[1].annotations["vnd.docker.reference.type"]' "$root")" attestation-manifest
  same "$(jq -r .rootfs.diff_ids[0] "$(blob "$out" "$(jq -r .config.digest "$(attestation)")")")" "$(jq -r .layers[0].digest "$(attestation)")"
  same "$(asked)" $version
done
made oci 30 --provenance=true
same "$(kept)" 'application/vnd.docker.attestation.manifest.v1+json application/vnd.oci.empty.v1+json true'
same "$(asked)" 30
made oci 20 --attest type=provenance,version=v0.2
same "$(jq -r .predicate.invocation.parameters.compatibilityVersion "$(blob "$out" "$(jq -r '.layers[0].digest' "$(attestation)")")")" 20

# What a flag says.
build --compatibility-version 20 -o type=docker,dest=said,tar=false,oci-mediatypes=true ctx
same "$(jq -r .mediaType "$(first said said/index.json)")" application/vnd.oci.image.manifest.v1+json
build --compatibility-version 20 --provenance=true -o type=oci,dest=said2,tar=false,oci-artifact=true ctx
same "$(jq -r .artifactType "$(blob said2 "$(jq -r '.manifests[1].digest' "$(first said2 said2/index.json)")")")" application/vnd.docker.attestation.manifest.v1+json

# Files from git: 0666 in 10, programs and links as they are.
export GIT_CONFIG_GLOBAL=$T/gitconfig HOME=$T
git config --file gitconfig user.name e2e
git config --file gitconfig user.email e2e@localhost
git init -q repo
printf 'FROM scratch\nCOPY . /\n' >repo/Dockerfile
mkdir repo/sub
touch repo/sub/file repo/program && chmod +x repo/program && ln -s program repo/link
git -C repo add . && git -C repo commit -qm one
port=$(free_port)
start git daemon --reuseaddr --export-all --base-path="$T" --listen=127.0.0.1 --port="$port" "$T"
wait_for_port "$port"
modes() { (cd "$1" && stat -c '%A %n' sub sub/file program link Dockerfile | tr '\n' ' '); }
build --compatibility-version 10 -o ten "git://127.0.0.1:$port/repo"
same "$(modes ten)" 'drwxr-xr-x sub -rw-rw-rw- sub/file -rwxr-xr-x program lrwxrwxrwx link -rw-rw-rw- Dockerfile '
for version in 20 30; do
  build --compatibility-version $version -o "git$version" "git://127.0.0.1:$port/repo"
  same "$(modes "git$version")" 'drwxr-xr-x sub -rw-r--r-- sub/file -rwxr-xr-x program lrwxrwxrwx link -rw-r--r-- Dockerfile '
done

# What a version cannot have, and versions that there are not.
fails 2 --compatibility-version 10 -o type=docker,dest=no,tar=false,compression=zstd ctx
contains log 'unsupported compatibility-version 10 feature docker exporter compression=zstd'
fails 2 --compatibility-version 20 -o type=docker,dest=no,tar=false,compression=zstd ctx
contains log 'compression=zstd" conflicts with "oci-mediatypes=false"'
build --compatibility-version 20 --provenance=true -o type=docker,dest=zstd,tar=false,compression=zstd ctx
for version in 11 40 030 ten 0; do
  fails 2 --compatibility-version="$version" -o type=docker,dest=no,tar=false ctx
  contains log "unsupported compatibility-version \"$version\": there are 10, 20 and 30"
done
[ ! -e no ] || fail 'something was written'
