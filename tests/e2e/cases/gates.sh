# SPDX-License-Identifier: Apache-2.0
# Gates: an image that breaks a rule is neither written nor pushed, exit code 3, each finding with the step that brought
# it in; its twin that keeps the rule passes. As flags, as slipway.toml, on a finished image; text, JSON and SARIF.
# shellcheck shell=bash disable=SC2154,SC2034
need jq
use_base
printf 'known value of the build' >token
good() {
  dockerfile <<END
FROM $base
RUN echo fine > /fine && mkdir -p /srv
USER app
END
}
refused() { # refused RULES TEXT…: a build with those gates is refused and says so
  local code=0 rules=$1
  shift
  rm -rf out
  slipway build --progress=plain --gate "$rules" --secret id=token,src=token -o out ctx >stdout 2>log || code=$?
  [ $code = 3 ] || { cat log; fail "exit code $code, not 3, for $rules"; }
  [ ! -e out ] || fail "$rules: the image was written"
  for text in "$@"; do contains log "$text"; done
}
passes() { build --gate "$1" --secret id=token,src=token -o out ctx || fail "$1 is refused"; }
all=non-root,max-size=20MB,forbid-package=curl,forbid-license=AGPL-*,no-build-tools,no-setuid,no-secrets

# Checklist wish 10: Size/secret/licence gates at graph level
good
slipway lock ctx >/dev/null 2>&1
passes "$all,pinned-bases"
rm ctx/Dockerfile.lock
refused pinned-bases 'local/busybox:latest is named by neither a digest nor the lock file'
printf 'FROM %s\n' "$base" >ctx/Dockerfile
refused non-root 'the image runs as root: it has no USER'
good && sed -i 's/^USER.*/USER 0:1000/' ctx/Dockerfile
refused non-root 'USER 0:1000'
good && sed -i 's|^USER|RUN head -c 30000000 /dev/zero > /srv/large\nUSER|' ctx/Dockerfile
refused max-size=20MB 'gate max-size: the image has'
passes max-size=40MB
good && sed -i 's|^USER|RUN cp /bin/busybox /srv/su \&\& chmod 4755 /srv/su\nUSER|' ctx/Dockerfile
refused no-setuid 'gate no-setuid: /srv/su: set-user-id' 'brought in by RUN /bin/sh -c cp /bin/busybox /srv/su'
good && sed -i 's|^USER|RUN cp /bin/busybox /bin/gcc-12\nUSER|' ctx/Dockerfile
refused no-build-tools '/bin/gcc-12: compiler'
good && sed -i 's|^USER|RUN printf "machine x login y password z" > /srv/.netrc; echo AKIAIOSFODNN7EXAMPLE > /srv/key\nUSER|' ctx/Dockerfile
refused no-secrets '/srv/.netrc: holds a password' '/srv/key: holds an AWS access key'
good && sed -i 's|^USER|RUN --mount=type=secret,id=token cat /run/secrets/token > /srv/copy\nUSER|' ctx/Dockerfile
refused no-secrets '/srv/copy: holds the value of secret token'
good && mkdir -p ctx/m/node_modules/left-pad ctx/m/node_modules/x
echo '{"name":"left-pad","version":"1.0.0","license":"AGPL-3.0"}' >ctx/m/node_modules/left-pad/package.json
echo '{"name":"x","version":"1.0.0"}' >ctx/m/node_modules/x/package.json
sed -i 's|^USER|COPY m /srv\nUSER|' ctx/Dockerfile
refused forbid-package=npm/left-* 'npm/left-pad 1.0.0 is in the image (forbidden: npm/left-*)' 'brought in by COPY m /srv'
refused forbid-license=AGPL-* 'is under AGPL-3.0-only'
refused licensed 'npm/x 1.0.0 declares no licence'
# What a builder stage held and the image does not is nobody's business.
printf 'FROM %s AS build\nCOPY m /srv\nRUN cp /bin/busybox /bin/gcc\nFROM %s\nCOPY --from=build /fine* /etc/passwd /tmp/\nUSER app\n' "$base" "$base" >ctx/Dockerfile
passes "$all,max-size.build=20MB"
refused max-size.build=1kB 'stage build adds'

# The file of the project, with a report for a machine; the registry is not touched.
registry
cat >ctx/slipway.toml <<END
[gate]
non-root = true
forbid-package = ["npm/left-pad"]
END
printf 'FROM %s\nCOPY m /srv\n' "$base" >ctx/Dockerfile
code=0
slipway build --gate-report report.sarif -t "127.0.0.1:$port/app:1" --push ctx >/dev/null 2>log || code=$?
same $code 3
same "$(jq -r '[.runs[0].results[].ruleId] | sort | join(" ")' report.sarif)" 'forbid-package non-root'
same "$(jq -r '.version, .runs[0].results[0].locations[0].physicalLocation.artifactLocation.uri' report.sarif)" $'2.1.0\nDockerfile'
code=0
slipway pull "127.0.0.1:$port/app:1" >/dev/null 2>&1 || code=$?
same $code 1
echo 'non-rot = true' >>ctx/slipway.toml
fails 2 ctx
contains log 'unknown gate "non-rot"'
# What the TOML library would end the program at.
printf '[gate]\nnon-root = true\n[.0"' >ctx/slipway.toml
code=0
slipway build ctx >/dev/null 2>log || code=$?
contains log 'slipway.toml:3: this is no TOML'
[ $code = 1 ] || [ $code = 2 ] || fail "exit code $code"
rm ctx/slipway.toml

# What `slipway check` finds, by BuildKit's rules or by named ones.
printf 'FROM %s as base\nARG API_TOKEN\nCOPY m /srv\nUSER 1\n' "$base" >ctx/Dockerfile
build --gate checked=UnusedStage,non-root -o type=cacheonly ctx
code=0
slipway build --gate checked --gate-report report.sarif -o type=cacheonly ctx >/dev/null 2>log || code=$?
same $code 3
contains log 'gate checked: line 1: FromAsCasing'
same "$(jq -r '.runs[0].results[0].locations[0].physicalLocation.region.startLine' report.sarif)" 1
code=0
slipway build --gate checked=SecretArgInHistory -o type=cacheonly ctx >/dev/null 2>log || code=$?
same $code 3
contains log 'gate checked: line 2: SecretArgInHistory'
lacks log 'gate checked: line 1'
fails 2 --gate checked=NoSuchRule ctx
contains log NoSuchRule
printf 'FROM %s\nCOPY m /srv\n' "$base" >ctx/Dockerfile

# On an image that is there already.
build -t app ctx
code=0
slipway gate app --gate non-root,no-secrets --gate-report report.json >findings || code=$?
same $code 3
contains findings 'gate non-root: the image runs as root'
same "$(jq -r .passed report.json)" false
code=0
slipway gate app --gate checked >findings 2>&1 || code=$?
same $code 3
contains findings 'no Dockerfile'
slipway gate app --gate no-secrets,max-size=20MB >/dev/null 2>&1 || fail 'a good image is refused'
nothing_mounted

# Checklist D16: CI use
# The example for CI, as it stands.
printf 'FROM %s\nCOPY file /srv/file\nUSER app\nCMD ["cat", "/srv/file"]\n' "$base" >ctx/Dockerfile
echo content >ctx/file && rm -rf ctx/m && echo Dockerfile.lock >ctx/.dockerignore
slipway lock ctx >/dev/null 2>&1
printf '#!/bin/sh\nexec "%s" --root "%s" "$@"\n' "$SLIPWAY" "$ROOT" >program && chmod +x program
SLIPWAY=$T/program "$E2E_DIR/../../examples/ci/build.sh" "127.0.0.1:$port/ci:1" ctx >log 2>&1 || { cat log; fail 'the example fails'; }
jq -e '.["containerimage.digest"]' reports/image.json >/dev/null
jq -e '.runs[0].results == []' reports/gates.sarif >/dev/null
jq -e .runs reports/check.sarif >/dev/null
sed -i 's/^USER.*//' ctx/Dockerfile
code=0
SLIPWAY=$T/program "$E2E_DIR/../../examples/ci/build.sh" "127.0.0.1:$port/ci:2" ctx >log 2>&1 || code=$?
same $code 3
