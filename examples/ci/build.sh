#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A build in CI, in a plain shell: nothing unpinned goes in, nothing unfit comes out, and what comes out is accounted for.
# Usage: build.sh IMAGE [CONTEXT]; the reports lie in reports/.
set -eu
image=$1
context=${2:-.}
slipway=${SLIPWAY:-slipway}
mkdir -p reports
"$slipway" check --rules all --format sarif "$context" >reports/check.sarif || echo 'the Dockerfile has findings: reports/check.sarif'
exec "$slipway" build --locked --pull=false \
  --gate non-root,no-secrets,no-build-tools,pinned-bases --gate-report reports/gates.sarif \
  --sbom --provenance=max --secret-leak=error \
  --metadata-file reports/image.json -t "$image" --push "$context"
