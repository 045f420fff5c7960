# SPDX-License-Identifier: Apache-2.0
# A file that was hashed once is not read again; --paranoid, an edit and a lost index read it.
# shellcheck shell=bash disable=SC2154,SC2034
need strace
dockerfile <<'END'
FROM scratch
COPY d /d
END
mkdir -p ctx/d
for i in $(seq 50); do echo "file $i" >"ctx/d/f$i"; done
sleep 0.05 # else they are too young to be believed at first sight

# Which of the context's files a build opened.
opened() {
  strace -f -e trace=openat,open -o trace "$SLIPWAY" --root "$ROOT" build --progress=plain "$@" ctx >/dev/null 2>log ||
    { cat log; fail build; }
  { grep -oE '"f[0-9]+", O_RDONLY' trace || true; } | sort -u | wc -l
}
same "$(opened)" 50
same "$(opened)" 0
same "$(opened --paranoid)" 50
same "$(opened)" 0
echo changed >ctx/d/f7
opened >/dev/null
same "$(opened)" 0
index=$(find "$ROOT/contexts" -type f ! -name '*.lock')
same "$(wc -l <<<"$index")" 1
: >"$index" # as a full disk would leave it
same "$(opened)" 50
same "$(opened)" 0

slipway prune --all >/dev/null
[ ! -e "$ROOT/contexts" ] || fail "prune --all leaves the index"
