#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs one case (its file is the argument) with lib.sh loaded, in $T, and ends what it started.
set -Eeuo pipefail
# shellcheck source=tests/e2e/lib.sh
. "$E2E_DIR/lib.sh"
trap 'echo "failed at ${BASH_SOURCE[0]##*/}:$LINENO: $BASH_COMMAND"' ERR
trap 'end_background' EXIT
cd "$T"
# shellcheck source=/dev/null
. "$1"
