# SPDX-License-Identifier: Apache-2.0
# Several platforms are one graph: a stage of the builder's own platform runs once, each target
# platform gets its own ARGs, and the result is one index.
# shellcheck shell=bash disable=SC2154
need skopeo
use_base
dockerfile <<END
FROM --platform=\$BUILDPLATFORM $base AS tools
RUN cat /proc/sys/kernel/random/uuid >/uuid
FROM --platform=\$BUILDPLATFORM $base AS cross
ARG TARGETPLATFORM TARGETARCH TARGETVARIANT
COPY --from=tools /uuid /uuid
RUN echo "\$TARGETPLATFORM \$TARGETARCH \$TARGETVARIANT" >/target
FROM scratch
COPY --from=cross /uuid /target /
END
build --no-cache --platform linux/amd64,linux/arm64 --platform linux/arm/v7 -o type=local,dest=out -o type=oci,dest=i.tar ctx
for platform in linux_amd64 linux_arm64 linux_arm_v7; do [ -f "out/$platform/target" ] || fail "no $platform"; done
same "$(cat out/linux_amd64/target)" "linux/amd64 amd64 "
same "$(cat out/linux_arm64/target)" "linux/arm64 arm64 "
same "$(cat out/linux_arm_v7/target)" "linux/arm/v7 arm v7"
same "$(cat out/*/uuid | sort -u | wc -l)" 1
same "$(grep -c 'RUN cat' log)" 1
skopeo inspect --raw oci-archive:i.tar >index.json
same "$(python3 -c 'import json
for m in json.load(open("index.json"))["manifests"]:
    p = m["platform"]; print("/".join(filter(None, [p["os"], p["architecture"], p.get("variant")])), end=" ")')" \
  "linux/amd64 linux/arm64 linux/arm/v7 "
# Names by digest.
build -o type=image,name=app,name-canonical=true ctx
slipway images | grep -q 'sha256:' || { slipway images; fail "no name by digest"; }
fails 2 -o type=image,name=host/app:1,push-by-digest=true,push=true ctx
contains log "can't push tagged ref"
