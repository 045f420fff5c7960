# SPDX-License-Identifier: Apache-2.0
# Tars that reach out of their root, as ADD archive and as image: nothing outside is touched.
# shellcheck shell=bash disable=SC2154,SC2034
need python3
use_base
echo untouched >"$T/victim"
python3 "$E2E_DIR/helpers/hostile_tar.py" "$T" evil
for archive in evil/*.tar; do
  name=$(basename "$archive" .tar)
  echo "== $name"
  mkdir -p ctx && cp "$archive" ctx/a.tar
  printf 'FROM %s\nADD a.tar /in/\nRUN true\n' "$base" >ctx/Dockerfile
  code=0
  timeout 60 "$SLIPWAY" --root "$ROOT" build --progress=plain -o "out-$name" ctx >stdout 2>log || code=$?
  [ $code -le 1 ] || { cat log; fail "$name: exit code $code"; }
  code=0
  timeout 60 "$SLIPWAY" --root "$ROOT" import "$archive" "evil/$name" 2>log || code=$?
  if [ $code = 0 ]; then
    printf 'FROM evil/%s\nCOPY --from=%s /bin/busybox /bb\n' "$name" "$base" >ctx/Dockerfile
    timeout 60 "$SLIPWAY" --root "$ROOT" build --progress=plain -o "out2-$name" ctx >stdout 2>log || code=$?
  fi
  [ $code -le 1 ] || { cat log; fail "$name: exit code $code"; }
  same "$(cat "$T/victim")" untouched
  same "$(find / -maxdepth 1 -name 'slipway-e2e-escaped*' | wc -l)" 0
  same "$(find "$T" -maxdepth 1 -name 'escaped*' | wc -l)" 0
done
