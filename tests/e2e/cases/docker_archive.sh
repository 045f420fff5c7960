# SPDX-License-Identifier: Apache-2.0
# The docker archive is what skopeo, and docker and podman where they answer, load.
# shellcheck shell=bash disable=SC2154,SC2034
need skopeo
use_base
dockerfile <<END
FROM $base
LABEL kind=test
CMD ["echo", "from the image"]
END
build -t e2e/docker-archive:1 -o type=docker,dest=image.tar ctx
skopeo inspect docker-archive:image.tar >inspect.json
contains inspect.json '"kind": "test"'
tar -tf image.tar >names
contains names manifest.json
build -t saved:1 ctx
slipway save -o saved.tar saved:1
skopeo inspect docker-archive:saved.tar >/dev/null
for tool in docker podman; do
  if command -v $tool >/dev/null && $tool info >/dev/null 2>&1; then
    $tool load -i image.tar
    $tool image inspect e2e/docker-archive:1 | grep -q '"kind": "test"'
    $tool image rm e2e/docker-archive:1 >/dev/null
  else
    echo "$tool does not answer here"
  fi
done
