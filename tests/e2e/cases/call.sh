# SPDX-License-Identifier: Apache-2.0
# --check and --call: answers on standard output, nothing built, exit code 1 for findings.
# shellcheck shell=bash disable=SC2154,SC2034
dockerfile <<'END'
# V is the version
ARG V=1
FROM scratch AS Big
MAINTAINER me
ARG V
FROM scratch AS small
RUN --mount=type=secret,id=token,required true
END
fails 1 --check ctx
contains stdout 'Check complete, 2 warnings have been found!'
matches stdout '^WARNING: StageNameCasing - https'
matches stdout '^   4 \| >>> MAINTAINER me'
lacks log 'RUN'
fails 1 --call=check,format=json ctx
same "$(python3 -c 'import json, sys; print(len(json.load(sys.stdin)["warnings"]))' <stdout)" 2
build --call=check,ignorestatus=true ctx
build --check --build-arg BUILDKIT_DOCKERFILE_CHECK=skip=all ctx
contains stdout 'Check complete, no warnings found.'

build --call=outline ctx
matches stdout '^token +true'
build --call=outline,format=json --target big --build-arg V=2 ctx
same "$(python3 -c 'import json, sys; print(json.load(sys.stdin)["args"])' <stdout | grep -c "'value': '2'")" 1
build --call=targets ctx
matches stdout '^small \(default\)'
build --call=subrequests.describe ctx
matches stdout '^outline +1.0.0'

# What would fail the build fails the check, with its line.
printf 'FROM scratch\nCOYP a /\n' >ctx/Dockerfile
fails 1 --check ctx
contains log 'COYP'
contains log 'Dockerfile:2'
lacks stdout 'no warnings found'
# The JSON is whole all the same.
fails 1 --call=lint,format=json ctx
python3 -c 'import json, sys; assert json.load(sys.stdin)["buildError"]' <stdout
fails 2 --call=chek ctx
contains log 'did you mean check?'
fails 2 --call=check,format=yaml ctx
fails 2 --check --call=outline ctx
# Control characters of a Dockerfile do not reach the terminal.
printf 'FROM scratch AS Big\nLABEL x="\033[2Jy"\n' >ctx/Dockerfile
fails 1 --check ctx
if grep -q $'\033' stdout; then fail 'an escape sequence was printed'; fi
