# SPDX-License-Identifier: Apache-2.0
# Signed downloads: a source policy gives a key and a detached signature; files that differ, or that another key or none
# signed, are refused, also when they are cached. gpg itself signs.
# shellcheck shell=bash disable=SC2154,SC2034
need gpg gpg-agent jq python3
export HOME=$T GNUPGHOME=$T/gnupg
mkdir -m 700 gnupg
trap 'gpgconf --homedir "$T/gnupg" --kill all 2>/dev/null || true; end_background' EXIT
key() { # NAME FURTHER-ARGUMENTS
  gpg -q --batch --passphrase '' "${@:2}" 2>>gpg.log || fail "gpg makes no key"
  gpg -q --armor --export "$1@localhost" >"$1.pub"
}
key team --quick-generate-key team@localhost ed25519 sign never
key other --quick-generate-key other@localhost ed25519 sign never
key dsa --quick-generate-key dsa@localhost dsa2048 sign never
# A year ago, for two months.
key old --faked-system-time 20250101T000000! --quick-generate-key old@localhost ed25519 sign 2m
echo 'tool 1' | write www/tool
echo 'tool 2' | write www/next
sign() { # KEY OUTPUT FURTHER-ARGUMENTS
  gpg -q --batch --yes -u "$1@localhost" --armor --output "$2" "${@:3}" --detach-sign www/tool 2>>gpg.log || fail "gpg signs nothing"
}
sign team team.asc
sign other other.asc
sign dsa dsa.asc
sign team sha1.asc --digest-algo SHA1
sign old old.asc --faked-system-time 20250115T000000!
sign team both.asc -u other@localhost
# The same key as if it had ended before it signed: then it was no longer valid. And revoked as well.
old=$(gpg -q --with-colons --list-keys old@localhost | awk -F: '$1 == "fpr" { print $10; exit }')
key old --faked-system-time 20250102T000000! --quick-set-expire "$old" 20250110T000000
mv old.pub ended.pub
key old --faked-system-time 20250103T000000! --quick-set-expire "$old" 2m
mv old.pub expired.pub
sed 's/^:---/---/' gnupg/openpgp-revocs.d/"$old".rev | gpg -q --batch --import 2>>gpg.log
gpg -q --armor --export old@localhost >revoked.pub
# The key that may sign has been revoked after it signed what is still valid.
team=$(gpg -q --with-colons --list-keys team@localhost | awk -F: '$1 == "fpr" { print $10; exit }')
mkdir -m 700 second
sed 's/^:---/---/' gnupg/openpgp-revocs.d/"$team".rev | cat team.pub - | gpg -q --homedir "$T/second" --batch --import 2>>gpg.log
gpg -q --homedir "$T/second" --armor --export team@localhost >team-revoked.pub
serve static_http.py www
url=http://127.0.0.1:$port

policy() { # NAME KEYFILE SIGNATUREFILE
  jq -n --rawfile key "$2" --rawfile signature "$3" '{rules: [{action: "CONVERT", selector: {identifier: "http://*"},
    updates: {attrs: {"http.sig.pubkey": $key, "http.sig.signature": $signature}}}]}' >"$1.json"
}
add() { printf 'FROM scratch\nADD %s%s/%s /\n' "${2:+$2 }" "$url" "$1" | dockerfile; } # FILE FLAG
accepts() { # KEYFILE SIGNATUREFILE FILE
  policy good "$1" "$2" && add "$3"
  slipway build -q --source-policy good.json -o out ctx >/dev/null 2>log || fail "$1 refuses $2: $(cat log)"
}
refuses() { # KEYFILE SIGNATUREFILE FILE REASON
  policy bad "$1" "$2" && add "$3"
  fails 3 --source-policy bad.json ctx
  contains log "none of the keys of http.sig.pubkey signed it: $4"
  contains log 'Dockerfile:2'
}
# Checklist S10: http.sig.pubkey / git.sig.* attributes
accepts team.pub team.asc tool
same "$(cat out/tool)" 'tool 1'
cat other.pub team.pub >both.pub
accepts both.pub team.asc tool
# One signature of several is enough, in either order.
accepts team.pub both.asc tool
accepts other.pub both.asc tool
cat other.asc team.asc >two.asc && accepts team.pub two.asc tool
# As with BuildKit and for repositories, the key may have ended since.
accepts expired.pub old.asc tool

# Everything was built without a policy before, so that nothing but the rule can refuse it.
for file in tool next; do
  add $file
  build -t x ctx
done
build -t x ctx
cached 'ADD http'
refuses team.pub other.asc tool 'OpenPGP key'
refuses team.pub team.asc next 'its signature does not fit it'
refuses both.pub both.asc next 'its signature does not fit it'
refuses ended.pub old.asc tool 'the key that signed it has expired'
refuses revoked.pub old.asc tool 'the key that signed it is revoked'
refuses team-revoked.pub team.asc tool 'the key that signed it is revoked'
refuses team.pub sha1.asc tool 'its signature is made with a digest or a key that is no longer safe'
refuses dsa.pub dsa.asc tool 'its signature is made with a digest or a key that is no longer safe'
: >none && refuses team.pub none tool 'the policy has no signature of it'
# The user's own keyring has no say: it holds all of these keys.
refuses other.pub team.asc tool "OpenPGP key ${team: -16} signed it, which is none of the rule's"
# What changes on the server after it was accepted and cached.
accepts team.pub team.asc tool
echo 'tool 1, changed' >www/tool
refuses team.pub team.asc tool 'its signature does not fit it'
echo 'tool 1' >www/tool

# With a checksum, a lock, as the context, and offline.
policy team team.pub team.asc
policy other other.pub team.asc
add tool "--checksum=sha256:$(sha256sum www/tool | cut -d' ' -f1)"
slipway build -q --source-policy team.json ctx >/dev/null 2>log || fail "with a checksum: $(cat log)"
fails 3 --source-policy other.json ctx
add tool
code=0
slipway lock --source-policy other.json ctx 2>log || code=$?
same $code 3
[ ! -e ctx/Dockerfile.lock ] || fail 'what is not signed was locked'
slipway lock --source-policy team.json ctx 2>log || fail "no lock: $(cat log)"
slipway build -q --locked --source-policy team.json -o out ctx >/dev/null 2>log || fail "locked: $(cat log)"
fails 3 --locked --source-policy other.json ctx
fails 1 --offline --source-policy team.json ctx
contains log 'the build is offline'
rm ctx/Dockerfile.lock
mkdir packed && echo 'FROM scratch' >packed/Dockerfile && echo 'COPY Dockerfile /' >>packed/Dockerfile
tar -C packed -cf www/tool Dockerfile
fails 3 --source-policy team.json "$url/tool"
contains log 'its signature does not fit it'
sign team context.asc
policy context team.pub context.asc
slipway build -q --source-policy context.json -o out "$url/tool" >/dev/null 2>log || fail "as the context: $(cat log)"
same "$(head -1 out/Dockerfile)" 'FROM scratch'
printf 'FROM scratch\nCOPY --from=remote context /\n' | dockerfile
slipway build -q --source-policy context.json --build-context "remote=$url/tool" -o out ctx >/dev/null 2>log || fail "as a named context: $(cat log)"
fails 3 --source-policy team.json --build-context "remote=$url/tool" ctx
contains log 'its signature does not fit it'

# Rules that cannot be kept let nothing pass.
cannot() { # KEYFILE SIGNATUREFILE REASON
  policy bad "$1" "$2" && add next
  fails 1 --source-policy bad.json ctx
  contains log "$3"
}
cannot none team.asc 'http.sig.pubkey names no key'
cannot team.asc team.asc 'http.sig.pubkey has a line that is in no armored PGP PUBLIC KEY BLOCK'
cannot team.pub team.pub 'http.sig.signature has a line that is in no armored PGP SIGNATURE'
head -3 team.asc >cut.asc && cannot team.pub cut.asc 'has an OpenPGP signature without an end'
sed '3s/^..../AAAA/' team.asc >garbled.asc && cannot team.pub garbled.asc 'has an OpenPGP signature that cannot be read'
sed '3s/^..../AAAA/' team.pub >garbled.pub && cannot garbled.pub team.asc 'has an OpenPGP key that cannot be read'
# A message that is signed itself says nothing of the file beside it.
gpg -q --batch -u team@localhost --armor --output message.asc --sign www/next 2>>gpg.log
sed 's/PGP MESSAGE/PGP SIGNATURE/' message.asc >disguised.asc && cannot team.pub disguised.asc 'that cannot be read'
# Without gpg.
mkdir no-programs
policy team team.pub team.asc && add next
code=0
PATH=$T/no-programs slipway build --source-policy team.json ctx >stdout 2>log || code=$?
same $code 1
contains log 'gpg is not installed'
