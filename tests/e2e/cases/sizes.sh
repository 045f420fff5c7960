# SPDX-License-Identifier: Apache-2.0
# Size reports: bytes by step, what stayed behind in other stages, waste and doubles; and the statements of an image.
# shellcheck shell=bash disable=SC2154,SC2034
need jq
use_base
dockerfile <<END
FROM $base AS build
RUN mkdir /out && head -c 9000000 /dev/zero > /out/heavy && head -c 6000 /dev/urandom > /out/program
FROM $base
COPY --from=build /out/program /srv/program
RUN cp /srv/program /srv/again && head -c 300000 /dev/zero > /srv/temporary
RUN rm /srv/temporary && echo x > /srv/x
END
build --sizes --provenance=min --sbom -t app ctx
contains log 'left behind'
matches log 'B  stage build$'
matches log '300(\.0)?kB +RUN /bin/sh -c cp|306(\.0)?kB +RUN /bin/sh -c cp'
contains log '(base image)'
contains log 'wasted: 300'
contains log '/srv/temporary'
matches log '/srv/program \(as /srv/again\)|/srv/again \(as /srv/program\)'
slipway sizes --json app >sizes.json 2>/dev/null
same "$(jq -r .wasted sizes.json)" 300000
same "$(jq -r '.layers | length' sizes.json)" 4
same "$(jq -r .twice sizes.json)" 6000
same "$(jq -r '.wasted_files[0] | .path + " " + (.layer | tostring)' sizes.json)" 'srv/temporary 2'
slipway sizes app >text 2>/dev/null
contains text 'in 4 layers'
slipway inspect --attestations app >statements
same "$(jq -r .predicateType statements | sort)" $'https://slsa.dev/provenance/v1\nhttps://spdx.dev/Document'
# They are kept with the image.
slipway prune --all >/dev/null
same "$(slipway inspect --attestations app | jq -r .predicateType | wc -l)" 2
nothing_mounted
