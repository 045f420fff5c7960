# SPDX-License-Identifier: Apache-2.0
# A scanner of one's own makes the SBOM, run as BuildKit runs it: what it sees, where it writes, what becomes of it.
# shellcheck shell=bash disable=SC2154,SC2034
need jq
use_base
registry
mkdir scanner ctx
cat >scanner/scan <<'END'
#!/bin/sh
set -e
name=$(basename "$BUILDKIT_SCAN_SOURCE")
# The image is there to be read, and only that.
if touch "$BUILDKIT_SCAN_SOURCE/x" 2>/dev/null; then exit 9; fi
touch /tmp/room
[ "${BUILDKIT_SCAN_FAIL:-}" = "" ] || { echo "asked to fail: $BUILDKIT_SCAN_FAIL"; exit 3; }
packages=
for file in $(ls "$BUILDKIT_SCAN_SOURCE/opt" 2>/dev/null | sort); do
  packages="$packages${packages:+,}{\"SPDXID\":\"SPDXRef-$file\",\"name\":\"$file\"}"
done
cat >"$BUILDKIT_SCAN_DESTINATION/$name.spdx.json" <<JSON
{"_type": "${TYPE:-https://in-toto.io/Statement/v0.1}", "predicateType": "${PREDICATE:-https://spdx.dev/Document}",
 "predicate": {"spdxVersion": "SPDX-2.3", "name": "$MODE", "packages": [$packages]}}
JSON
for extra in ${BUILDKIT_SCAN_SOURCE_EXTRAS:+"$BUILDKIT_SCAN_SOURCE_EXTRAS"/*}; do
  if touch "$extra/x" 2>/dev/null; then exit 9; fi
  cat >"$BUILDKIT_SCAN_DESTINATION/$(basename "$extra").spdx.json" <<JSON
{"_type": "https://in-toto.io/Statement/v0.1", "predicateType": "https://spdx.dev/Document",
 "predicate": {"spdxVersion": "SPDX-2.3", "name": "$(ls "$extra" | tr '\n' ' ')"}}
JSON
done
END
chmod +x scanner/scan
scanner=127.0.0.1:$port/scanner
make_scanner() { printf 'FROM %s\nENV MODE=own\n%s\nCOPY scan /bin/scan\nWORKDIR /work\nENTRYPOINT ["/bin/scan"]\n' "$base" "$2" | slipway build -q -t "$scanner:$1" --push -f - scanner >/dev/null && slipway rmi "$scanner:$1" >/dev/null; }
# Checklist S1: SBOM
make_scanner 1 ''
printf 'FROM %s\nRUN mkdir /opt && touch /opt/one /opt/two\n' "$base" >ctx/Dockerfile
build --attest "type=sbom,generator=$scanner:1" -o type=oci,name=app:1,dest=layout,tar=false -o type=local,dest=out ctx
contains log "[sbom] scan with $scanner:1"
statement=$(jq -r '.layers[0].digest[7:]' "layout/blobs/sha256/$(jq -r '.manifests[1].digest[7:]' "layout/blobs/sha256/$(jq -r '.manifests[0].digest[7:]' layout/index.json)")")
same "$(jq -r '.predicateType, .predicate.name, (.predicate.packages | map(.name) | join(" "))' "layout/blobs/sha256/$statement")" $'https://spdx.dev/Document\nown\none two'
# Its subject is the image.
same "sha256:$(jq -r '.subject[0].digest.sha256' "layout/blobs/sha256/$statement")" "$(jq -r '.manifests[0].digest' "layout/blobs/sha256/$(jq -r '.manifests[0].digest[7:]' layout/index.json)")"
same "$(jq -r .predicate.packages[1].name out/sbom.spdx.json)" two
[ ! -e out/opt/x ]
# The scan is a step: cached while neither image nor scanner change; its attributes are part of it.
build "--sbom=generator=$scanner:1" -o out ctx
cached 'scan with'
printf 'FROM %s\nRUN mkdir /opt && touch /opt/one /opt/three\n' "$base" >ctx/Dockerfile
build "--sbom=generator=$scanner:1" -o out2 ctx
ran 'scan with'
same "$(jq -r '.predicate.packages | map(.name) | join(" ")' out2/sbom.spdx.json)" 'one three'
# An image without files can be scanned too.
printf 'FROM scratch\nLABEL a=b\n' >ctx/Dockerfile
build "--sbom=generator=$scanner:1" -o type=oci,dest=empty.tar ctx
# Stages and the context are shown to it, each beside the others, when the Dockerfile's ARGs want it: of stages that are
# built.
# Checklist A13: BUILDKIT_SBOM_SCAN_CONTEXT, BUILDKIT_SBOM_SCAN_STAGE
# Checklist S2: SBOM of build stages and context (A13)
echo context >ctx/file
printf 'Dockerfile\n.dockerignore\n' >ctx/.dockerignore
cat >ctx/Dockerfile <<'END'
ARG BUILDKIT_SBOM_SCAN_CONTEXT=true
FROM scratch AS one
ARG BUILDKIT_SBOM_SCAN_STAGE=true
COPY file /from-one
FROM scratch AS two
ARG BUILDKIT_SBOM_SCAN_STAGE=one,two
COPY --from=one /from-one /from-two
FROM scratch AS quiet
COPY file /from-quiet
FROM scratch AS other
ARG BUILDKIT_SBOM_SCAN_STAGE=one,two
COPY file /from-other
FROM scratch AS unbuilt
ARG BUILDKIT_SBOM_SCAN_STAGE=true
RUN does-not-exist
FROM scratch AS mine
ARG BUILDKIT_SBOM_SCAN_STAGE
LABEL scan="x${BUILDKIT_SBOM_SCAN_STAGE}"
COPY --from=two /from-two /
COPY --from=quiet /from-quiet /
COPY --from=other /from-other /
END
scans() { (cd "$1" && for file in sbom*.spdx.json; do jq -r --arg file "$file" '$file + ":" + (.predicate.name | tojson)' "$file"; done | tr '\n' ' '); }
build "--sbom=generator=$scanner:1" -o out4 -o type=oci,name=app:1,dest=four,tar=false ctx
same "$(scans out4)" 'sbom-context.spdx.json:"file " sbom-one.spdx.json:"from-one " sbom-two.spdx.json:"from-two " sbom.spdx.json:"own" '
manifest=$(jq -r '.manifests[0].digest[7:]' "four/blobs/sha256/$(jq -r '.manifests[0].digest[7:]' four/index.json)")
config=four/blobs/sha256/$(jq -r '.config.digest[7:]' "four/blobs/sha256/$manifest")
# They are no variables of the build.
same "$(jq -r '.config.Labels.scan, (.config.Env | map(select(startswith("BUILDKIT"))) | length)' "$config")" $'x\n0'
# Build arguments change what the ARGs say, and only that.
build "--sbom=generator=$scanner:1" --build-arg BUILDKIT_SBOM_SCAN_STAGE=false --build-arg BUILDKIT_SBOM_SCAN_CONTEXT=0 -o out5 ctx
same "$(scans out5)" 'sbom.spdx.json:"own" '
build "--sbom=generator=$scanner:1" --build-arg BUILDKIT_SBOM_SCAN_STAGE=two,quiet --build-arg BUILDKIT_SBOM_SCAN_CONTEXT=two -o out6 ctx
same "$(scans out6)" 'sbom-two.spdx.json:"from-two " sbom.spdx.json:"own" '
# A global ARG is for all stages.
build "--sbom=generator=$scanner:1" -f - -o out7 ctx < <(sed '1s/^/ARG BUILDKIT_SBOM_SCAN_STAGE=t\n/' ctx/Dockerfile)
same "$(scans out7 | grep -o 'sbom-[a-z]*' | tr '\n' ' ')" 'sbom-context sbom-one sbom-quiet sbom-two '
# What is scanned is part of the step.
echo changed >ctx/file
build "--sbom=generator=$scanner:1" -o out8 ctx
ran 'scan with'
build "--sbom=generator=$scanner:1" -o out8 ctx
cached 'scan with'
build "--sbom=generator=$scanner:1" --no-cache-filter two -o out8 ctx
ran 'scan with'
# Scanners that fail, and that write what is no SBOM.
fails 1 "--sbom=generator=$scanner:1,FAIL=because" -o out3 ctx
contains log 'asked to fail: because'
[ ! -e out3 ] || fail 'something was written'
make_scanner 2 'ENV PREDICATE=https://example.org/other'
fails 1 "--sbom=generator=$scanner:2" -o out3 ctx
contains log 'sbom.spdx.json has the predicate type "https://example.org/other"'
make_scanner 3 'ENV TYPE=none'
fails 1 "--sbom=generator=$scanner:3" -o out3 ctx
contains log 'no in-toto statement'
fails 1 "--sbom=generator=$base" -o out3 ctx
contains log 'the scanner'
fails 1 "--sbom=generator=127.0.0.1:$port/none" -o out3 ctx
contains log 'none'
fails 2 --sbom=unknown=1 ctx
# It is held to policies like every image.
echo '{"rules": [{"action": "DENY", "selector": {"identifier": "docker-image://127.0.0.1*"}}]}' >policy.json
fails 3 --source-policy policy.json "--sbom=generator=$scanner:1" -o out3 ctx
contains log 'denied by rule 1 of policy.json'
