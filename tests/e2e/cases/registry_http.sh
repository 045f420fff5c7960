# SPDX-License-Identifier: Apache-2.0
# FROM a registry on loopback over plain http, and work without it afterwards.
# shellcheck shell=bash disable=SC2154,SC2034
need skopeo
registry
use_base
slipway save --format oci -o base.oci "$base"
skopeo copy -q --dest-tls-verify=false oci-archive:base.oci "docker://127.0.0.1:$port/team/base:1"
printf 'FROM 127.0.0.1:%s/team/base:1\nRUN echo pulled > /p\n' "$port" | dockerfile
ROOT=$T/fresh
build -o out ctx
same "$(cat out/p)" pulled
slipway pull "127.0.0.1:$port/team/base:1"
slipway images >images
contains images team/base
end_background
background=()
build -o out2 ctx # the tag cannot be resolved again: what is known is used, and said
same "$(cat out2/p)" pulled
build --offline -o out3 ctx
