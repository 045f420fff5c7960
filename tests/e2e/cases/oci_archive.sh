# SPDX-License-Identifier: Apache-2.0
# The OCI archive and layout are what other tools read.
# shellcheck shell=bash disable=SC2154,SC2034
need skopeo umoci
use_base
dockerfile <<END
FROM $base
LABEL kind=test
COPY Dockerfile /etc/
RUN rm /etc/group && ln -s passwd /etc/link
END
build -o type=oci,dest=image.tar ctx
skopeo inspect oci-archive:image.tar >inspect.json
contains inspect.json '"kind": "test"'
mkdir layout && tar -C layout -xf image.tar
tag=$(python3 -c 'import json; print(json.load(open("layout/index.json"))["manifests"][0].get("annotations", {}).get("org.opencontainers.image.ref.name", ""))')
skopeo copy -q oci-archive:image.tar oci:copy:tag
umoci unpack --rootless --image copy:tag bundle >/dev/null
same "$(readlink bundle/rootfs/etc/link)" passwd
[ ! -e bundle/rootfs/etc/group ] || fail "a removed file is still there"
cmp bundle/rootfs/etc/Dockerfile ctx/Dockerfile
build -t named:1 -o type=oci,dest=layout2,tar=false ctx
skopeo inspect --raw oci:layout2 >/dev/null || skopeo inspect --raw oci:layout2:1 >/dev/null
echo "ref.name: $tag"
for compression in gzip zstd uncompressed; do
  build -o "type=oci,dest=$compression.tar,compression=$compression,force-compression=true" ctx
  skopeo copy -q "oci-archive:$compression.tar" "dir:$compression"
done
