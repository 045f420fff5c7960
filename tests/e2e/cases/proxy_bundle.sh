# SPDX-License-Identifier: Apache-2.0
# --proxy-network and the image's certificates: whatever a step does to its bundle, the certificate of the build's proxy is
# taken out of what it wrote; where that cannot be, a warning names the file; a failed step is told of its one way out.
# shellcheck shell=bash disable=SC2154,SC2034
need_root
need python3
mkdir root && tar -xf "$E2E_WORK/base.tar" -C root
mkdir -p root/etc/ssl/certs
printf '# trusted\n' | tee root/etc/ssl/certs/ca-certificates.crt >bundle
tar --create --file trusting.tar --directory root --owner=0 --group=0 --numeric-owner .
slipway import trusting.tar local/trusting >/dev/null

# Linked, moved with and without its directory, without comments, copied.
dockerfile <<'END'
FROM local/trusting AS linked
RUN cd /etc/ssl/certs && ln ca-certificates.crt /kept && rm ca-certificates.crt && grep -q 'BEGIN CERT' /kept
FROM local/trusting AS moved
RUN mv /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/bundle.old
FROM local/trusting AS directory
RUN mv /etc/ssl /etc/tls
FROM local/trusting AS edited
RUN sed -i '/^#/d' /etc/ssl/certs/ca-certificates.crt && grep -q 'BEGIN CERT' /etc/ssl/certs/ca-certificates.crt
FROM local/trusting AS copied
RUN mkdir -p /rootfs/etc/ssl/certs && cp /etc/ssl/certs/ca-certificates.crt /rootfs/etc/ssl/certs/
FROM scratch
COPY --from=linked /kept /linked
COPY --from=moved /etc/ssl/certs /moved
COPY --from=directory /etc/tls/certs /directory
COPY --from=edited /etc/ssl/certs /edited
COPY --from=copied /rootfs/etc/ssl/certs /copied
END
build --proxy-network -o out ctx
! grep -rl 'CERTIFICATE' out || fail 'the certificate of the proxy is in the image'
for kept in linked moved/bundle.old directory/ca-certificates.crt copied/ca-certificates.crt; do
  cmp "out/$kept" bundle || fail "$kept differs"
done
same "$(tr -d '\n' <out/edited/ca-certificates.crt)" ''
lacks log 'stays in'

# An archive is left alone, and said.
printf 'FROM local/trusting\nRUN tar -cf /all.tar -C /etc ssl && cp /dev/slipway-proxy-ca.pem /own.pem\n' | dockerfile
build --proxy-network -o out2 ctx
contains log "the certificate of the build's proxy stays in /all.tar, where the step put it"
contains log "the certificate of the build's proxy stays in /own.pem, where the step put it"
tar -tf out2/all.tar >/dev/null || fail 'the archive was broken'

# What is too long to be a bundle is not read into memory.
printf 'FROM local/trusting\nRUN truncate -s 300M /etc/ssl/certs/ca-certificates.crt\n' | dockerfile
python3 - "$SLIPWAY" --root "$ROOT" build --progress=plain --proxy-network ctx <<'PYTHON' || { cat log; fail 'the build went on, or took too much memory'; }
import resource, subprocess, sys
with open("log", "w") as log:
    code = subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, stderr=log).returncode
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(f"exit code {code}, peak {peak} KiB")
sys.exit(code != 1 or peak > 150000)
PYTHON
contains log '(--proxy-network) out of /etc/ssl/certs/ca-certificates.crt: the step left 314572800 bytes there'
printf 'FROM local/trusting\nRUN --network=none true\nRUN truncate -s 11M /etc/ssl/certs/ca-certificates.crt\n' | dockerfile
slipway build -q -t local/long ctx >/dev/null
printf 'FROM local/long\nRUN true\n' | dockerfile
fails 1 --proxy-network ctx
contains log '(--proxy-network) to /etc/ssl/certs/ca-certificates.crt: more than 10485760 bytes'

# A program that knows nothing of the proxy finds no network; the failed step says what there is. Others do not.
printf 'FROM local/trusting\nRUN nc -w 2 198.51.100.7 80\n' | dockerfile
fails 1 --proxy-network ctx
contains log "the step's only network is the proxy at http://127.0.0.1:3128, as HTTP_PROXY says (--proxy-network)"
printf 'FROM local/trusting\nRUN --network=none false\n' | dockerfile
fails 1 --proxy-network ctx
lacks log "the step's only network"

# With the native driver the bundle is mounted, and nothing of it is in what a step copies.
slipway() { "$SLIPWAY" --root "$T/native" "$@"; }
slipway import trusting.tar local/trusting >/dev/null
printf 'FROM local/trusting\nRUN cp /etc/ssl/certs/ca-certificates.crt /kept && ! rm /etc/ssl/certs/ca-certificates.crt\n' | dockerfile
build --snapshot-driver native --proxy-network -o out3 ctx
cmp out3/kept bundle || fail 'native: the copy differs'
cmp out3/etc/ssl/certs/ca-certificates.crt bundle || fail 'native: the bundle differs'
nothing_mounted
