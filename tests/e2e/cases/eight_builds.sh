# SPDX-License-Identifier: Apache-2.0
# Eight builds at once on one store: equal steps run once, others do not wait for each other, and every result is the
# one it would have had alone.
# shellcheck shell=bash disable=SC2154,SC2034
use_base
# Steps that only end when all eight are running at once (a shared cache mount is the meeting point): were builds that
# have nothing in common taken one after another, the first would wait in vain.
for i in 1 2 3 4 5 6 7 8; do
  mkdir -p "ctx$i"
  for k in $(seq 40); do echo "file $k of $i" >"ctx$i/f$k"; done
  cat >"ctx$i/Dockerfile" <<END
FROM $base AS common
RUN sleep 1; head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \\n' > /id
FROM common AS own
COPY f* /own/
RUN --mount=type=cache,id=meeting,sharing=shared,target=/m \\
  touch /m/$i; n=0; while [ "\$(ls /m | wc -l)" -lt 2 ]; do n=\$((n + 1)); [ \$n -lt 600 ] || exit 1; sleep 0.05; done; cat /own/* > /all
FROM scratch
COPY --from=own /id /all /
END
done
for i in 1 2 3 4 5 6 7 8; do
  slipway build --progress=plain -o "out$i" "ctx$i" 2>"log$i" & pids[i]=$!
done
for i in 1 2 3 4 5 6 7 8; do wait "${pids[i]}" || { cat "log$i"; fail "build $i"; }; done
for i in 1 2 3 4 5 6 7 8; do
  cmp out1/id "out$i/id"
  same "$(sort <"out$i/all" | md5sum)" "$(cat "ctx$i"/f* | sort | md5sum)"
done
# And a ninth finds all of it.
for i in 1 5 8; do
  build -o "again$i" "ctx$i"
  cmp "out$i/all" "again$i/all"
  cmp out1/id "again$i/id"
  cached 'RUN sleep 1'
done
nothing_mounted
