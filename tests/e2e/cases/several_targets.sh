# SPDX-License-Identifier: Apache-2.0
# Several stages in one pass: -t NAME=STAGE; what they share runs once; each name gets its stage.
# shellcheck shell=bash disable=SC2154
use_base
dockerfile <<END
FROM $base AS shared
RUN echo shared > /shared
FROM shared AS run
RUN echo run > /what
LABEL what=run
FROM shared AS debug
RUN echo debug > /what
LABEL what=debug
END
build -t app=run -t tools=debug -t app:extra=run --metadata-file meta.json ctx
same "$(grep -cE '^#[0-9]+ \[shared 2/2\] RUN' log)" 1
contains <(slipway inspect app --config) '"what":"run"'
contains <(slipway inspect app:extra --config) '"what":"run"'
contains <(slipway inspect tools --config) '"what":"debug"'
same "$(python3 -c 'import json; m = json.load(open("meta.json")); print(sorted(m), m["run"]["image.name"].count(","))')" "['debug', 'run'] 1"
# Names of one stage are the same as --target with plain names.
slipway build -q -t one=run ctx >id1
slipway build -q --target run ctx >id2
cmp id1 id2
# -q prints an id for each.
slipway build -q -t one=run -t two=debug ctx >ids
same "$(wc -l <ids)" 2
fails 1 -t app=run -t x=nothing ctx
contains log nothing
fails 2 -t app=run -t app=debug ctx
contains log 'given to stage run and to stage debug'
fails 2 -t app=run -t tools=debug -o type=oci,dest=x.tar ctx
contains log 'takes one result'
fails 2 -t app= ctx
