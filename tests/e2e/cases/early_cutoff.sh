# SPDX-License-Identifier: Apache-2.0
# A step that ran again and made the same keeps everything behind it cached, at any depth; one with an effect that its
# layer does not show never does.
# shellcheck shell=bash disable=SC2154,SC2034
use_base
echo 'a  b' | write ctx/source
dockerfile <<END
FROM $base AS compile
COPY source /source
RUN tr -s ' ' < /source > /object && rm /source
FROM compile AS link
RUN cat /object > /linked
RUN cat /proc/sys/kernel/random/uuid >> /linked
FROM $base
COPY --from=link /linked /linked
RUN cat /linked > /last
END
build -o out ctx

# Checklist K9: local step cache keyed by graph *and* by content
# Another flag, the same object: the step runs, nothing behind it does.
sed -i "s/tr -s ' '/tr -d x | tr -s ' '/; s/| tr -s ' ' < .source/< \/source | tr -s ' '/" ctx/Dockerfile
build -o out2 ctx
ran 'RUN tr'
cached 'RUN cat /object'
cached 'RUN cat /proc'
cached 'RUN cat /linked'
same "$(cat out2/last)" "$(cat out/last)"
build -o out3 ctx
cached 'RUN tr'

# A file that is read, with another time and the same text after the step: its input is another, but COPY sees the same.
build --no-cache-filter compile -o out4 ctx
ran 'RUN tr'
cached 'RUN cat /object'
same "$(cat out4/last)" "$(cat out/last)"

# Another object: everything behind it runs.
sed -i 's/tr -d x/tr a z/' ctx/Dockerfile
build -o out5 ctx
ran 'RUN cat /object'
same "$(head -n 1 out5/last)" 'z b'

# What a cache mount holds is in no layer: equal (empty) layers prove nothing to a step that mounts it too.
dockerfile <<END
FROM $base
COPY source /source
RUN --mount=type=cache,target=/t cp /source /t/app
RUN true
RUN --mount=type=cache,target=/t cp /t/app /app
END
build -o cache1 ctx
echo changed >ctx/source
build -o cache2 ctx
same "$(cat cache2/app)" changed
# The same with a step in between, and with the first step's text changed alone.
sed -i 's|cp /source /t/app|sed s/changed/again/ /source > /t/app|' ctx/Dockerfile
build -o cache3 ctx
same "$(cat cache3/app)" again
# A step that only reads the cache may be compared.
dockerfile <<END
FROM $base
RUN --mount=type=cache,target=/t,readonly ls /t > /dev/null
RUN cat /proc/sys/kernel/random/uuid > /id
END
build -o ro1 ctx
sed -i 's/ls /ls -l /' ctx/Dockerfile
build -o ro2 ctx
ran 'RUN --mount'
same "$(cat ro2/id)" "$(cat ro1/id)"
