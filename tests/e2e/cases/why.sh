# SPDX-License-Identifier: Apache-2.0
# Why a step ran: beside the step, afterwards, and for planted causes of every kind.
# shellcheck shell=bash disable=SC2154,SC2034
need python3 git
use_base
echo one | write ctx/package.json
echo two | write ctx/main.js
dockerfile <<END
FROM $base AS build
COPY package.json /app/
RUN cp /app/package.json /app/installed
COPY main.js /app/
FROM $base
COPY --from=build /app/installed /app/
END
build -t x ctx
lacks log '←' # all of it is new: nothing to explain
build -t x ctx
slipway why >why.txt
contains why.txt 'every step was cached'

echo three >ctx/package.json
build -t x ctx
contains log '← package.json changed'
contains log '← after [build 2/4] COPY package.json /app/'
contains log '← /app/installed changed'
slipway why >why.txt
contains why.txt 'Dockerfile:2  [build 2/4] COPY package.json /app/'
contains why.txt 'package.json changed'
contains why.txt 'that step ran: package.json changed'
slipway why 'COPY --from=build' --json | jq -e '.steps[0].causes[0].subject == "/app/installed"'
slipway why Dockerfile:3 | grep -F 'RUN cp'
same "$(slipway builds | wc -l)" 3
id=$(slipway builds --json | tail -n 1 | jq -r .id)
slipway why --build "$id" >why.txt
contains why.txt 'it was never built before'

# What was pruned is said to be gone, and since when.
slipway prune --all
build -t x ctx
contains log '← its result was removed'
slipway why 'RUN cp' >why.txt
contains why.txt 'its earlier result was evicted on 20'

# A failed build is remembered too.
echo "RUN seq 5000; exit 3" >>ctx/Dockerfile
fails 1 ctx
slipway why 'exit 3' >why.txt
contains why.txt 'failed: process "/bin/sh -c seq 5000; exit 3" did not complete successfully'
log_file=$(grep -F "whole output:" why.txt | cut -d: -f2)
same "$(wc -l <${log_file# })" 5000

# Mistakes.
code=0; slipway why 'no such step' 2>err || code=$?
same $code 1
contains err 'no step of build'
code=0; slipway why --build 1999 2>err || code=$?
same $code 1
contains err 'slipway builds'

mkdir www
serve static_http.py www
export HTTP_URL=http://127.0.0.1:$port
port=$(free_port)
start git daemon --reuseaddr --export-all --base-path="$T" --listen=127.0.0.1 --port="$port" "$T"
wait_for_port "$port"
export GIT_URL=git://127.0.0.1:$port
python3 "$E2E_DIR/helpers/why_scenarios.py" "$SLIPWAY" "$ROOT" "$base" "$T" "${SEED:-1}" "${SCENARIOS:-40}"
