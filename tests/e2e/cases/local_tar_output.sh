# SPDX-License-Identifier: Apache-2.0
# -o as a directory, as a tar, to standard output.
# shellcheck shell=bash disable=SC2154,SC2034
use_base
dockerfile <<END
FROM $base AS builder
RUN mkdir /o && echo x > /o/file && chmod 750 /o/file && ln /o/file /o/hard && ln -s file /o/soft && chown app /o/file
FROM scratch
COPY --from=builder /o /
END
build -o type=local,dest=out ctx
same "$(stat -c %a out/file)" 750
same "$(readlink out/soft)" file
same "$(stat -c %i out/file)" "$(stat -c %i out/hard)"
build -o type=tar,dest=out.tar ctx
tar -tvf out.tar >names
matches names '^-rwxr-x--- .* (./)?file$'
slipway build -q -o - ctx >stream.tar 2>log
tar -tf stream.tar >names
contains names soft
build -o type=local,dest=a -o type=tar,dest=b.tar ctx
[ -e a/file ] && [ -e b.tar ] || fail "two outputs were asked for"
