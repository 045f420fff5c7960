# SPDX-License-Identifier: Apache-2.0
# --build-context: a directory, an image under another name, an OCI layout.
# shellcheck shell=bash disable=SC2154,SC2034
need skopeo
use_base
echo extra | write more/extra.txt
slipway save --format oci -o base.oci "$base"
skopeo copy -q oci-archive:base.oci oci:layout:tag
dockerfile <<'END'
FROM somebase
COPY --from=more extra.txt /
RUN cat /extra.txt > /copied
END
build --build-context more=more --build-context "somebase=docker-image://$base" -o out ctx
same "$(cat out/copied)" extra
ROOT=$T/fresh
build --build-context more=more --build-context somebase=oci-layout://layout:tag -o out ctx
same "$(cat out/copied)" extra
