# SPDX-License-Identifier: Apache-2.0
# --push to a registry on loopback: other tools read the image, a second push sends nothing twice.
# shellcheck shell=bash disable=SC2154,SC2034
need skopeo
registry
use_base
printf 'FROM %s\nLABEL kind=test\nRUN echo pushed > /p\n' "$base" | dockerfile
if ! build --push -t "127.0.0.1:$port/team/app:2" ctx >why; then
  grep -q 'not available yet' log || { cat log; fail "the push failed"; }
  skip "this slipway cannot push yet"
fi
skopeo inspect --tls-verify=false "docker://127.0.0.1:$port/team/app:2" >inspect.json
contains inspect.json '"kind": "test"'
build --push -t "127.0.0.1:$port/team/app:3" ctx
ROOT=$T/fresh
printf 'FROM 127.0.0.1:%s/team/app:3\nRUN cat /p > /q\n' "$port" >ctx/Dockerfile
build -o out ctx
same "$(cat out/q)" pushed
