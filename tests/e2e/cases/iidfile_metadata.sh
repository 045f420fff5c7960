# SPDX-License-Identifier: Apache-2.0
# What was built, for scripts: --iidfile, --metadata-file, -q; only results go to standard output.
# shellcheck shell=bash disable=SC2154,SC2034
use_base
printf 'FROM %s\nLABEL a=b\n' "$base" | dockerfile
# Checklist D16: CI use
build -t app:1 --iidfile id --metadata-file meta.json ctx
matches id '^sha256:[0-9a-f]{64}$'
python3 - <<'END'
import json
meta = json.load(open("meta.json"))
assert meta["containerimage.config.digest"] == open("id").read().strip(), meta
assert meta["containerimage.digest"].startswith("sha256:"), meta
assert meta["image.name"].endswith("app:1"), meta
END
slipway build -q -t app:1 ctx >stdout 2>log
same "$(cat stdout)" "$(cat id)"
same "$(cat log)" ""
build ctx
same "$(cat stdout)" ""
