# SPDX-License-Identifier: Apache-2.0
# Changes of the context that sizes, times, names and inode numbers hide: every build gives the true bytes.
# shellcheck shell=bash disable=SC2154,SC2034
need python3
suite=$E2E_DIR/../truth/truth.py
mkdir work
python3 "$suite" --work "$T/work" --json outcome.json --build "$SLIPWAY --root $ROOT build --progress=plain" || fail "stale or failed"
[ "$(python3 "$suite" --list --build none | wc -l)" -ge 30 ] || fail "fewer scenarios than promised"

# Without the index, too.
python3 "$suite" --work "$T/work" --build "$SLIPWAY --root $ROOT build --progress=plain --paranoid" \
  restored same_tick flipping overlay_edit || fail "stale or failed with --paranoid"
