# SPDX-License-Identifier: Apache-2.0
# Bills of materials: every package of this very machine as dpkg, Python and Go programs name them, none invented; a
# scratch image's copied files traced to their packages; documents that keep to their specifications.
# shellcheck shell=bash disable=SC2154,SC2034
need jq dpkg-query python3
use_base
# A root filesystem made of what this machine has: dpkg's database and copyrights, Python's packages, Go programs.
mkdir -p tree/var/lib/dpkg tree/usr/share tree/usr/lib tree/usr/bin tree/etc tree/srv/node_modules/@s/x tree/srv/node_modules/y
cp /var/lib/dpkg/status tree/var/lib/dpkg/
cp -r /var/lib/dpkg/info tree/var/lib/dpkg/
cp /etc/os-release tree/etc/
(cd / && find usr/share/doc -name copyright -print0 | tar -c --null -T - -f -) | tar -x -C tree
if [ -d /usr/lib/python3/dist-packages ]; then
  mkdir -p tree/usr/lib/python3 && cp -r /usr/lib/python3/dist-packages tree/usr/lib/python3/
fi
for program in skopeo umoci docker-registry runc; do
  if command -v "$program" >/dev/null; then cp "$(command -v "$program")" tree/usr/bin/; fi
done
echo '{"name":"@s/x","version":"1.2.3","license":"(MIT OR Apache-2.0)"}' >tree/srv/node_modules/@s/x/package.json
echo '{"name":"y","version":"0.1.0","license":"SEE LICENSE IN x"}' >tree/srv/node_modules/y/package.json
tar -C tree -cf tree.tar . && slipway import tree.tar local/machine >/dev/null

# Checklist S1: SBOM
slipway sbom --format spdx local/machine >machine.json 2>/dev/null
python3 "$E2E_DIR/helpers/check_sbom.py" machine.json || fail 'not SPDX'
slipway sbom --format cyclonedx local/machine >machine.cdx 2>/dev/null
python3 "$E2E_DIR/helpers/check_sbom.py" machine.cdx || fail 'not CycloneDX'
jq -r '.packages[] | .externalRefs[0].referenceLocator // empty | select(startswith("pkg:deb/"))' machine.json |
  python3 -c 'import sys, urllib.parse as u
for line in sys.stdin:
    name, rest = line.strip().split("/", 2)[2].split("@", 1)
    version, query = rest.split("?", 1)
    arch = dict(p.split("=") for p in query.split("&"))["arch"]
    print(u.unquote(name), u.unquote(version), arch)' | LC_ALL=C sort >ours
dpkg-query -W -f='${db:Status-Status} ${Package} ${Version} ${Architecture}\n' | sed -n 's/^installed //p' | LC_ALL=C sort >theirs
diff theirs ours || fail 'not what dpkg-query says'
test "$(wc -l <ours)" -gt 100
same "$(jq -r '.packages[] | select(.name == "zlib1g").licenseDeclared' machine.json)" Zlib
# Python: what importlib.metadata finds in the same tree.
if [ -d tree/usr/lib/python3 ]; then
  python3 - tree/usr/lib/python3/dist-packages <<'END' | LC_ALL=C sort -u >theirs
import importlib.metadata as metadata, re, sys
for package in metadata.distributions(path=[sys.argv[1]]):
    if package.metadata['Name'] and package.metadata['Version']:
        print(re.sub(r'[-_.]+', '-', package.metadata['Name']).lower(), package.metadata['Version'])
END
  jq -r '.packages[] | select((.externalRefs[0].referenceLocator // "") | startswith("pkg:pypi/")) | .name + " " + .versionInfo' \
    machine.json | LC_ALL=C sort -u >ours
  diff theirs ours || fail 'not what importlib.metadata says'
fi
# Go: the modules that each program names.
if [ -e tree/usr/bin/skopeo ]; then
  matches machine.json '"pkg:golang/github.com/containers/skopeo/cmd/skopeo"'
  matches machine.json '"pkg:golang/stdlib@go1'
fi
same "$(jq -r '.packages[] | select(.name == "@s/x") | .versionInfo, .licenseDeclared' machine.json)" $'1.2.3\n(MIT OR Apache-2.0)'

# Checklist wish 7: SBOM entries for copied build outputs, with their origin
# A scratch image: what was copied keeps its package; what the build only used is told apart.
library=$(dpkg-query -L zlib1g | grep 'libz\.so\.1\.' | head -n 1)
mkdir -p "tree/$(dirname "$library")" && cp "$library" "tree/$library"
tar -C tree -cf tree.tar . && slipway import tree.tar local/machine >/dev/null
dockerfile <<END
FROM local/machine AS libs
FROM $base AS other
RUN echo own > /own
FROM scratch
COPY --from=libs $library /lib/libz.so.1
COPY --from=other /own /own
END
build --sbom=true --provenance=max -t local/small -o type=oci,dest=small.tar -o type=image ctx
mkdir small && tar -xf small.tar -C small
for blob in small/blobs/sha256/*; do
  if [ "$(head -c 400 "$blob" | grep -c 'spdx.dev/Document')" = 1 ] && grep -q '"spdxVersion"' "$blob"; then cp "$blob" small.json; fi
done
python3 "$E2E_DIR/helpers/check_sbom.py" small.json || fail 'not SPDX'
same "$(jq -r '.predicateType' small.json)" https://spdx.dev/Document
jq -r '.predicate.packages[] | select(.name == "zlib1g").comment' small.json >comment
contains comment 'copied from stage libs: lib/libz.so.1; by COPY'
same "$(jq -r '[.predicate.relationships[] | select(.relationshipType == "CONTAINS")] | length' small.json)" 1
test "$(jq -r '[.predicate.relationships[] | select(.relationshipType == "BUILD_DEPENDENCY_OF")] | length' small.json)" -gt 100
# The same bytes again, with the same time.
SOURCE_DATE_EPOCH=1700000000 build --sbom=true -o one ctx
SOURCE_DATE_EPOCH=1700000000 build --sbom=true --no-cache-filter other -o two ctx
cmp one/sbom.spdx.json two/sbom.spdx.json
build --attest type=sbom,format=cyclonedx -o three ctx
python3 "$E2E_DIR/helpers/check_sbom.py" three/sbom.cdx.json || fail 'not CycloneDX'

# Checklist S2: SBOM of build stages and context (A13)
# Which stages are listed, and the context, is up to the Dockerfile's ARGs; what was copied stays in the bill.
mkdir -p src/app src/node_modules/z
echo '{"packages":{"":{"name":"app","version":"1"},"node_modules/dep":{"version":"3.1.4","license":"MIT"}}}' >src/app/package-lock.json
printf 'module example.org/app\nrequire example.org/lib v1.5.0\n' >src/app/go.mod
echo '{"name":"z","version":"9.0.0"}' >src/node_modules/z/package.json
echo node_modules >src/.dockerignore
cat >src/Dockerfile <<END
FROM local/machine AS libs
FROM libs AS unused
RUN exit 1
FROM scratch AS mounted
COPY --from=libs /srv /srv
FROM $base AS other
RUN --mount=from=mounted,target=/m cp /m/srv/node_modules/y/package.json /own
FROM scratch
COPY --from=libs $library /lib/libz.so.1
COPY --from=other /own /own
END
bill() { build --sbom=true "$@" -o bill src && python3 "$E2E_DIR/helpers/check_sbom.py" bill/sbom.spdx.json >/dev/null; }
# How many packages of an ecosystem are listed with that comment.
listed() { jq -r --arg type "pkg:$1/" --arg comment "$2" '[.predicate.packages[] | select(((.externalRefs // [])[0].referenceLocator // "" | startswith($type)) and ((.comment // "") | contains($comment)))] | length' bill/sbom.spdx.json; }
bill
test "$(listed deb 'in stage libs only')" -gt 100
same "$(listed npm 'in stage mounted only') $(listed npm 'build context')" '0 0'
bill --build-arg BUILDKIT_SBOM_SCAN_STAGE=true
# An ARG that the file does not declare says nothing.
same "$(listed npm 'in stage mounted only')" 0
sed -i '1i ARG BUILDKIT_SBOM_SCAN_STAGE=mounted\nARG BUILDKIT_SBOM_SCAN_CONTEXT=true' src/Dockerfile
bill
same "$(listed npm 'in stage mounted only') $(listed deb 'in stage libs only') $(listed deb 'copied from stage libs')" '2 0 1'
same "$(listed npm 'in the build context only') $(listed golang 'in the build context only')" '1 1'
matches bill/sbom.spdx.json '"pkg:npm/dep@3.1.4"'
lacks bill/sbom.spdx.json 'pkg:npm/z@9.0.0'
bill --build-arg BUILDKIT_SBOM_SCAN_STAGE=false --build-arg BUILDKIT_SBOM_SCAN_CONTEXT=false
same "$(jq '[.predicate.relationships[] | select(.relationshipType == "BUILD_DEPENDENCY_OF")] | length' bill/sbom.spdx.json) $(listed deb 'copied from stage libs')" '0 1'

# What changed between two images.
sed 's/^Version: 0\.1/&/' tree/var/lib/dpkg/status >status
sed -i 's/"version":"1.2.3"/"version":"2.0.0"/' tree/srv/node_modules/@s/x/package.json
rm -r tree/srv/node_modules/y
tar -C tree -cf tree.tar . && slipway import tree.tar local/machine2 >/dev/null
same "$(slipway sbom --diff local/machine local/machine2 2>/dev/null)" $'~ npm @s/x 1.2.3 -> 2.0.0\n- npm y 0.1.0'
code=0
slipway sbom --offline local/missing >/dev/null 2>log || code=$?
same $code 1
contains log local/missing
nothing_mounted
