# SPDX-License-Identifier: Apache-2.0
# ARG and ENV reach RUN and the config; an argument that changed runs again what comes after it.
# shellcheck shell=bash disable=SC2154,SC2034
use_base
dockerfile <<END
ARG BASE=$base
FROM \$BASE
ARG WHO=nobody
ENV GREETING="hello \${WHO}" EMPTY=
RUN echo "\$GREETING \${WHO:+set}" > /greeting
WORKDIR /srv/\${WHO}
RUN pwd > /pwd
END
build -o out ctx
same "$(cat out/greeting out/pwd)" $'hello nobody set\n/srv/nobody'
build --build-arg WHO=you -o out ctx
same "$(cat out/greeting out/pwd)" $'hello you set\n/srv/you'
WHO="env" build --build-arg WHO -t args ctx
slipway inspect args >inspect.json
contains inspect.json 'GREETING=hello env'
contains inspect.json '/srv/env'
