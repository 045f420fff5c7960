# SPDX-License-Identifier: Apache-2.0
# SOURCE_DATE_EPOCH: where the time comes from, and what gets it (docs/checklist.md).
# shellcheck shell=bash disable=SC2154,SC2034,SC2016
need jq git python3
use_base
# dated [FLAGS…]: builds ctx into a layout; then $config, and layer N as a file list with times.
dated() {
  rm -rf layout
  build "$@" -o type=oci,dest=layout,tar=false
  manifest=layout/blobs/sha256/$(jq -r '.manifests[0].digest[7:]' layout/index.json)
  config=layout/blobs/sha256/$(jq -r '.config.digest[7:]' "$manifest")
}
created() { date -u -d "$(jq -r .created "$config")" +%s; }
history() { jq -r '.history[-1].created' "$config" | xargs -I{} date -u -d {} +%s; }
top_layer() { tar --utc --full-time -tvzf "layout/blobs/sha256/$(jq -r '.layers[-1].digest[7:]' "$manifest")"; }
mkdir ctx && echo x >ctx/file && touch -d @1500000000 ctx/file
dockerfile <<END
FROM $base
RUN echo made > /made && touch -d @1400000000 /old
END

# Checklist A4: SOURCE_DATE_EPOCH: int, or `context`, or a named context, or a scratch stage with one remote ADD
dated --build-arg SOURCE_DATE_EPOCH=1600000000 ctx
same "$(created) $(history)" '1600000000 1600000000'
# docker buildx hands the variable on; an ARG of the file is the default.
SOURCE_DATE_EPOCH=1600000001 dated ctx
same "$(created)" 1600000001
sed -i '1i ARG SOURCE_DATE_EPOCH=1600000002' ctx/Dockerfile
dated ctx
same "$(created)" 1600000002
sed -i 's/^RUN/ARG SOURCE_DATE_EPOCH\nRUN echo $SOURCE_DATE_EPOCH > \/epoch;/' ctx/Dockerfile
build --build-arg SOURCE_DATE_EPOCH=1600000003 -o out ctx
same "$(cat out/epoch) $(stat -c %Y out/made)" '1600000003 1600000003'
# What has no date sets nothing: a local context.
before=$(date +%s)
dated --build-arg SOURCE_DATE_EPOCH=context ctx
[ "$(created)" -ge "$before" ] || fail 'a local context has no date'
fails 1 --build-arg SOURCE_DATE_EPOCH=yesterday ctx
contains log 'invalid SOURCE_DATE_EPOCH: yesterday'

# The context, a named context, a stage: a commit's time, a download's, the newest file of an archive.
export GIT_CONFIG_GLOBAL=$T/gitconfig HOME=$T
git config --file gitconfig user.name e2e
git config --file gitconfig user.email e2e@localhost
git init -q repo
printf 'FROM scratch\nCOPY file /\n' >repo/Dockerfile && echo tracked >repo/file
git -C repo add . && GIT_COMMITTER_DATE='@1550000000 +0000' git -C repo commit -qm one
gitport=$(free_port)
start git daemon --reuseaddr --export-all --base-path="$T" --listen=127.0.0.1 --port="$gitport" "$T"
wait_for_port "$gitport"
url=git://127.0.0.1:$gitport/repo
mkdir www && echo served >www/file && touch -d @1560000000 www/file
serve static_http.py www
dated --build-arg SOURCE_DATE_EPOCH=context "$url"
same "$(created)" 1550000000
dated --build-arg SOURCE_DATE_EPOCH=upstream --build-context "upstream=$url" ctx
same "$(created)" 1550000000
stage() { printf 'FROM scratch AS dated\n%s\nFROM %s\nRUN true\n' "$1" "$base" >ctx/Dockerfile; }
stage "ADD http://127.0.0.1:$port/file /"
dated --build-arg SOURCE_DATE_EPOCH=dated ctx
same "$(created)" 1560000000
stage "ADD $url /"
dated --build-arg SOURCE_DATE_EPOCH=dated ctx
same "$(created)" 1550000000
for wrong in 'COPY file /' 'RUN true' "ADD http://127.0.0.1:$port/file $url /" 'ADD file /' ''; do
  stage "$wrong"
  fails 1 --build-arg SOURCE_DATE_EPOCH=dated ctx
  contains log 'SOURCE_DATE_EPOCH stage'
done
stage "ADD $url /" && sed -i "s|^FROM scratch AS|FROM $base AS|" ctx/Dockerfile
fails 1 --build-arg SOURCE_DATE_EPOCH=dated ctx
contains log 'SOURCE_DATE_EPOCH stage must use FROM scratch'

# Checklist S12: reproducible layers: rewrite-timestamp
dockerfile <<END
FROM $base
RUN echo made > /made && touch -d @1400000000 /old
END
base_layer=$(slipway inspect "$base" | jq -r .config.rootfs.diff_ids[0])
dated --build-arg SOURCE_DATE_EPOCH=1600000000 ctx
if top_layer | grep -F '2020-09-13 12:26:40' | grep -q made; then fail 'times were rewritten unasked'; fi
rm -rf layout
build --build-arg SOURCE_DATE_EPOCH=1600000000 -o type=oci,dest=layout,tar=false,rewrite-timestamp=true ctx
manifest=layout/blobs/sha256/$(jq -r '.manifests[0].digest[7:]' layout/index.json)
config=layout/blobs/sha256/$(jq -r '.config.digest[7:]' "$manifest")
top_layer >listed
matches listed '2020-09-13 12:26:40 made$'
matches listed '2014-05-13 16:53:20 old$'
same "$(jq -r .rootfs.diff_ids[0] "$config")" "$base_layer"
first=$(basename "$manifest")
slipway prune --all >/dev/null
build --no-cache --build-arg SOURCE_DATE_EPOCH=1600000000 -o type=oci,dest=again,tar=false,rewrite-timestamp=true ctx
same "$(jq -r '.manifests[0].digest[7:]' again/index.json)" "$first"
# The exporter's own attribute.
build -o type=oci,dest=own,tar=false,rewrite-timestamp=true,source-date-epoch=1600000000 ctx
same "$(jq -r '.manifests[0].digest[7:]' own/index.json)" "$first"
