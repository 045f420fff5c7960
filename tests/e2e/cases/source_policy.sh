# SPDX-License-Identifier: Apache-2.0
# Source policies: BuildKit's rules about images, repositories and downloads; a refusal names rule, source and line, ends
# with 3, and nothing of the source was asked for.
# shellcheck shell=bash disable=SC2154,SC2034
need jq git skopeo
use_base
registry
registry_port=$port
push() { printf 'FROM %s\nRUN echo %s > /version\n' "$base" "$1" | slipway build -q -t "127.0.0.1:$registry_port/$2" --push - >/dev/null; slipway rmi "127.0.0.1:$registry_port/$2" >/dev/null; }
push one team/base:1
push two mirror/base:1
digest=$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://127.0.0.1:$registry_port/team/base:1")
mkdir served && echo one >served/file
port=$(free_port)
start python3 -m http.server --bind 127.0.0.1 --directory served "$port" 2>http.log
wait_for_port "$port"
images=docker-image://127.0.0.1:$registry_port
dockerfile <<END
FROM 127.0.0.1:$registry_port/team/base:1 AS build
FROM scratch
COPY --from=build /version /
ADD http://127.0.0.1:$port/file /http
END
# Arguments: NAME, then rules as jq writes them.
policy() { jq -n "{rules: [$2]}" >"$1.json"; }
deny() { echo "{action: \"DENY\", selector: {identifier: \"$1\"}}"; }
allow() { echo "{action: \"ALLOW\", selector: {identifier: \"$1\"}}"; }

# Checklist S6: source policy JSON: ALLOW/DENY/CONVERT; match WILDCARD/EXACT/REGEX; attr constraints; convert
policy images "$(deny "$images/team/*")"
fails 3 --source-policy images.json ctx
contains log "source $images/team/base:1 denied by rule 1 of images.json (DENY $images/team/*)"
contains log 'Dockerfile:1'
# A step's own source, with its line; also through the variable that docker buildx has, and for several targets at once.
policy http "$(deny 'http://*')"
fails 3 --source-policy-file http.json ctx
contains log "source http://127.0.0.1:$port/file denied by rule 1 of http.json"
contains log 'Dockerfile:4'
EXPERIMENTAL_BUILDKIT_SOURCE_POLICY=http.json fails 3 ctx
contains log 'denied by rule 1 of http.json'
lacks http.log 'GET /file'
# Nor does a lock file ask for what is denied.
code=0
slipway lock --source-policy http.json ctx 2>log || code=$?
same $code 3
contains log 'denied by rule 1 of http.json'
lacks http.log 'GET /file'
# The context is a source, too.
policy local "$(deny 'local://*')"
fails 3 --source-policy local.json ctx
contains log 'local://dockerfile denied'

# What is allowed builds: a later rule, and both policies asked.
policy some "$(deny '*'), $(allow 'local://*'), $(allow "$images/team/*"), $(allow "http://127.0.0.1:$port/*")"
slipway build -q --source-policy some.json -o out ctx >/dev/null
same "$(cat out/version out/http)" $'one\none'
contains http.log 'GET /file'
fails 3 --source-policy some.json --source-policy http.json ctx

# Taken from elsewhere: the mirror's image, and a download held to its digest. The provenance says what was taken.
policy convert "{action: \"CONVERT\", selector: {identifier: \"$images/team/*\"}, updates: {identifier: \"$images/mirror/\${1}\"}}"
slipway build -q --source-policy convert.json -o type=oci,dest=image,tar=false --provenance mode=max -t policy:1 ctx >/dev/null
slipway build -q --source-policy convert.json -o out ctx >/dev/null
same "$(cat out/version)" two
manifest=$(jq -r '.manifests[0].digest' image/index.json | tr : /)
statement=$(jq -r '.manifests[] | select(.annotations["vnd.docker.reference.type"] == "attestation-manifest") | .digest' "image/blobs/$manifest" | tr : /)
provenance=image/blobs/$(jq -r '.layers[0].digest' "image/blobs/$statement" | tr : /)
contains "$provenance" mirror/base
lacks "$provenance" team/base
contains "$provenance" "$(sha256sum <convert.json | cut -d' ' -f1)"
policy pin "{action: \"CONVERT\", selector: {identifier: \"$images/team/base:1\"}, updates: {identifier: \"$images/team/base:1@$digest\"}}"
push three team/base:1
slipway build -q --source-policy pin.json --gate pinned-bases -o out ctx >/dev/null
same "$(cat out/version)" one
policy sum '{action: "CONVERT", selector: {identifier: "http://*"}, updates: {attrs: {"http.checksum": "sha256:'"$(printf '%064d' 7)"'"}}}'
fails 1 --source-policy sum.json ctx
contains log 'digest mismatch'

# An image may be held to a digest as a download is, by an attribute.
# Checklist S11: image.checksum, http.checksum, git.checksum pins
policy image-sum "{action: \"CONVERT\", selector: {identifier: \"$images/team/*\"}, updates: {attrs: {\"image.checksum\": \"$digest\"}}}"
fails 1 --no-cache --pull --source-policy image-sum.json ctx
contains log "does not match expected checksum $digest"
slipway build -q --source-policy image-sum.json --source-policy pin.json -o out ctx >/dev/null
same "$(cat out/version)" one
# Also one that is named exactly, whose name the step's source has with a digest.
for kind in EXACT WILDCARD; do
  policy tag-sum "{action: \"CONVERT\", selector: {identifier: \"$images/team/base:1\", match_type: \"$kind\"}, updates: {attrs: {\"image.checksum\": \"$digest\"}}}"
  fails 1 --no-cache --pull --source-policy tag-sum.json ctx
  contains log "does not match expected checksum $digest"
  contains log 'Dockerfile:1'
done
sed -i "s/$digest/$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://127.0.0.1:$registry_port/team/base:1")/" tag-sum.json
slipway build -q --no-cache --pull --source-policy tag-sum.json -o out ctx >/dev/null
same "$(cat out/version)" three
policy tag-sum "{action: \"CONVERT\", selector: {identifier: \"$images/team/base:1\"}, updates: {attrs: {\"image.checksum\": \"sha256:12\"}}}"
fails 1 --source-policy tag-sum.json ctx
contains log 'source policy tag-sum.json: rule 1: image.checksum: invalid digest "sha256:12"'

# How selectors match: EXACT, REGEX, and by attributes of the source.
match() { echo "{action: \"$1\", selector: {identifier: \"$2\", match_type: \"$3\"${4:+, constraints: [$4]}}}"; }
policy exact "$(match DENY "$images/team/*" EXACT), $(match DENY "http://127.0.0.1:$port/fil" EXACT)"
slipway build -q --source-policy exact.json -o out ctx >/dev/null
policy exact "$(match DENY "http://127.0.0.1:$port/file" EXACT)"
fails 3 --source-policy exact.json ctx
policy regex "$(match DENY '^http://[0-9.]+:[0-9]+/f.le$' REGEX)"
fails 3 --source-policy regex.json ctx
contains log 'denied by rule 1 of regex.json'
policy regex "$(match DENY '^ttp://' REGEX)"
slipway build -q --source-policy regex.json -o out ctx >/dev/null
sum=$(sha256sum served/file | cut -d' ' -f1)
dockerfile <<END
FROM scratch
ADD --checksum=sha256:$sum http://127.0.0.1:$port/file /
END
constraint() { echo "{key: \"http.checksum\", value: \"$1\", condition: \"$2\"}"; }
for kept in "sha256:$sum NOTEQUAL" "sha256:$sum.x EQUAL" "^md5: MATCHES"; do
  policy constraint "$(match DENY 'http://*' WILDCARD "$(constraint "${kept% *}" "${kept#* }")")"
  slipway build -q --source-policy constraint.json -o out ctx >/dev/null || fail "$kept is refused"
done
for refused in "sha256:$sum EQUAL" "other NOTEQUAL" "^sha256:[0-9a-f]*\$ MATCHES"; do
  policy constraint "$(match DENY 'http://*' WILDCARD "$(constraint "${refused% *}" "${refused#* }")")"
  fails 3 --source-policy constraint.json ctx
done

# A policy that cannot be read lets nothing pass.
echo '{"rules": [{"action": "DENY", "selector": {"identifer": "*"}}]}' >typo.json
fails 1 --source-policy typo.json ctx
contains log 'source policy typo.json: rule 1: the selector has a field "identifer", which is not known'
fails 1 --source-policy missing.json ctx
