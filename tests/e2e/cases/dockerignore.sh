# SPDX-License-Identifier: Apache-2.0
# Ignored files are not in the context, and changing them changes nothing.
# shellcheck shell=bash disable=SC2154,SC2034
for file in keep.txt drop.log deep/a/drop.log deep/keep.log.txt node_modules/x/index.js; do echo "$file" | write "ctx/$file"; done
write ctx/.dockerignore <<'END'
# comment
**/*.log
node_modules
!node_modules/x/keep
Dockerfile
END
dockerfile <<'END'
FROM scratch
COPY . /
END
build -o out ctx
same "$(cd out && find . -type f | sort | tr '\n' ' ')" "./.dockerignore ./deep/keep.log.txt ./keep.txt "
echo other >ctx/drop.log
build -t x ctx
cached 'COPY . /'
# FILE.dockerignore goes before .dockerignore.
cp ctx/Dockerfile ctx/other.Dockerfile
echo '*' >ctx/other.Dockerfile.dockerignore
echo '!drop.log' >>ctx/other.Dockerfile.dockerignore
build -f ctx/other.Dockerfile -o out2 ctx
same "$(ls out2)" drop.log
