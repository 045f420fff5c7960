# SPDX-License-Identifier: Apache-2.0
# -t puts an image into the store: list, look at, rename, take out, put in, remove.
# shellcheck shell=bash disable=SC2154,SC2034
use_base
dockerfile <<END
FROM $base
LABEL kind=test
ENV A=1
CMD ["sh", "-c", "echo hi"]
END
build -t app:1 -t app:latest ctx
slipway images >images
contains images app
matches images 'latest'
slipway inspect app:1 >inspect.json
contains inspect.json '"kind": "test"'
slipway history app:1 >history
contains history 'LABEL kind=test'
slipway tag app:1 other/name:2
slipway images >images
contains images other/name
slipway save -o app.tar app:1
slipway rmi app:1 app:latest other/name:2
slipway images >images
lacks images other/name
slipway load -i app.tar
slipway inspect app:1 >again.json
contains again.json '"kind": "test"'
printf 'FROM app:1\nRUN echo "$A" > /a\n' >ctx/Dockerfile
build -o out ctx
same "$(cat out/a)" 1
