# SPDX-License-Identifier: Apache-2.0
# Registries that send other bytes, too few, too many, or none: an error that says so, and nothing kept.
# shellcheck shell=bash disable=SC2154,SC2034
need skopeo python3
use_base
slipway save --format oci -o base.oci "$base"
skopeo copy -q oci-archive:base.oci oci:layout:1
for lie in wrong-bytes short-blob endless-blob wrong-manifest dies-in-blob redirect-loop not-json; do
  echo "== $lie"
  serve lying_registry.py layout "$lie"
  printf 'FROM 127.0.0.1:%s/x:1\nRUN true\n' "$port" | dockerfile
  ROOT=$T/store-$lie
  code=0
  timeout 60 "$SLIPWAY" --root "$ROOT" build --progress=plain -t "x:$lie" ctx >stdout 2>log || code=$?
  if [ $lie = dies-in-blob ]; then
    same $code 0 # it dies once in each blob: the rest is asked for again
    continue
  fi
  cat log
  same $code 1
  matches log '^ERROR: '
  contains log "127.0.0.1:$port"
  slipway images >images
  lacks images "x:$lie"
done
serve lying_registry.py layout honest
printf 'FROM 127.0.0.1:%s/x:1\nRUN true\n' "$port" | dockerfile
build -t honest ctx
