# SPDX-License-Identifier: Apache-2.0
# Signed repositories: a source policy names the keys; commits and tags signed by others, unsigned or renamed are
# refused, also when the commit is cached. git itself, with gpg and ssh-keygen, signs.
# shellcheck shell=bash disable=SC2154,SC2034
need git gpg gpg-agent jq ssh-keygen
export GIT_CONFIG_GLOBAL=$T/gitconfig HOME=$T GNUPGHOME=$T/gnupg
mkdir -m 700 gnupg
trap 'gpgconf --homedir "$T/gnupg" --kill all 2>/dev/null || true; end_background' EXIT
git config --file gitconfig user.name e2e
git config --file gitconfig user.email e2e@localhost
git config --file gitconfig init.defaultBranch main
git config --file gitconfig gpg.format ssh
ssh-keygen -q -t ed25519 -N '' -C release -f release
ssh-keygen -q -t ed25519 -N '' -C other -f other
gpg -q --batch --passphrase '' --quick-generate-key team@localhost ed25519 sign never 2>gpg.log || fail "gpg makes no key"
# A year ago, for two months.
gpg -q --batch --passphrase '' --faked-system-time 20250101T000000! --quick-generate-key old@localhost ed25519 sign 2m 2>>gpg.log
gpg -q --armor --export team@localhost >team.asc
gpg -q --armor --export old@localhost >old.asc

git init -q repo
commit() { # NAME GIT-OPTION...
  echo "$1" >repo/file
  git -C repo add file && git -C repo "${@:2}" && git -C repo branch "$1"
}
commit unsigned commit -qm unsigned
git -C repo tag lightweight
git -C repo -c user.signingkey="$T/release" tag -s -m 'signed tag' v1
git -C repo -c user.signingkey="$T/other" tag -s -m 'by another' v1-other
git -C repo tag -a -m 'not signed' v1-plain
commit by-ssh -c user.signingkey="$T/release" commit -q -S -m ssh
commit by-gpg -c gpg.format=openpgp -c user.signingkey=team@localhost commit -q -S -m gpg
printf '#!/bin/sh\nexec gpg --faked-system-time 20250115T000000! "$@"\n' >gpg-then && chmod +x gpg-then
commit by-old -c gpg.format=openpgp -c gpg.program="$T/gpg-then" -c user.signingkey=old@localhost commit -q -S -m old
printf '#!/bin/sh\nexec gpg --digest-algo SHA1 "$@"\n' >gpg-sha1 && chmod +x gpg-sha1
commit by-sha1 -c gpg.format=openpgp -c gpg.program="$T/gpg-sha1" -c user.signingkey=team@localhost commit -q -S -m sha1
# The same key as if it had ended before that commit: then it was no longer valid when it signed.
old=$(gpg -q --with-colons --list-keys old@localhost | awk -F: '$1 == "fpr" { print $10; exit }')
gpg -q --batch --passphrase '' --faked-system-time 20250102T000000! --quick-set-expire "$old" 20250110T000000 2>>gpg.log
gpg -q --armor --export old@localhost >ended.asc
# And revoked as well, which gpg tells only beside the end.
sed 's/^:---/---/' gnupg/openpgp-revocs.d/"$old".rev | gpg -q --batch --import 2>>gpg.log
gpg -q --batch --passphrase '' --faked-system-time 20250102T000000! --quick-set-expire "$old" 2m 2>>gpg.log || true
gpg -q --armor --export old@localhost >revoked.asc
# A commit whose text was changed after it was signed.
forged=$(git -C repo cat-file commit by-gpg | sed 's/^gpg$/evil/' | git -C repo hash-object -t commit -w --stdin)
git -C repo branch forged "$forged"
# The signed tag under another name: what a server would show to take a build back to an older release.
git -C repo update-ref refs/tags/v2 "$(git -C repo rev-parse v1)"
port=$(free_port)
start git daemon --reuseaddr --export-all --base-path="$T" --listen=127.0.0.1 --port="$port" "$T"
wait_for_port "$port"
url=git://127.0.0.1:$port/repo

# Arguments: NAME, KEYFILE, further attributes as jq writes them.
policy() {
  jq -n --rawfile key "$2" '{rules: [{action: "CONVERT", selector: {identifier: "git://*"},
    updates: {attrs: ({"git.sig.pubkey": $key} + {'"${3-}"'})}}]}' >"$1.json"
}
policy ssh release.pub
policy gpg team.asc
policy old old.asc
policy ended ended.asc
policy revoked revoked.asc
policy old-strict old.asc '"git.sig.rejectexpired": "true"'
policy tag release.pub '"git.sig.requiresignedtag": "true"'
policy commit release.pub '"git.sig.ignoresignedtag": "true"'
cat release.pub team.asc >all && policy all all
accepts() { # POLICY REF
  printf 'FROM scratch\nADD %s#%s /\n' "$url" "$2" | dockerfile
  slipway build -q --source-policy "$1.json" -o out ctx >/dev/null 2>log || fail "$1 refuses $2: $(cat log)"
}
refuses() { # POLICY REF REASON
  printf 'FROM scratch\nADD %s#%s /\n' "$url" "$2" | dockerfile
  fails 3 --source-policy "$1.json" ctx
  contains log "$3"
  contains log 'Dockerfile:2'
}
# Checklist C9: git signature check (GPG/SSH; require signed tag, reject expired)
# Checklist S10: http.sig.pubkey / git.sig.* attributes
accepts ssh by-ssh
accepts ssh v1
accepts gpg by-gpg
accepts old by-old
accepts tag v1
accepts all by-ssh
accepts all by-gpg
same "$(cat out/file)" by-gpg

# Everything was built without a policy before, so that nothing but the rule can refuse it.
for ref in unsigned lightweight v1-plain v1-other v2 forged by-old by-sha1; do
  printf 'FROM scratch\nADD %s#%s /\n' "$url" $ref | dockerfile
  build -t x ctx
done
refuses ssh unsigned 'it is not signed'
refuses ssh lightweight 'it is not signed'
refuses ssh v1-plain 'tag refs/tags/v1-plain: it is not signed'
refuses ssh v1-other 'an SSH key signed it that is none of the rule'
refuses ssh v2 'it calls itself v1'
refuses ssh by-gpg "which is none of the rule's"
refuses gpg by-ssh 'an SSH key signed it that is none of the rule'
refuses gpg forged 'its signature does not fit it'
refuses gpg by-sha1 'no longer safe'
refuses gpg by-old "which is none of the rule's"
refuses old-strict by-old 'the key that signed it has expired'
refuses ended by-old 'the key that signed it has expired'
refuses revoked by-old 'revoked'
refuses tag by-ssh 'a signed tag is needed'
refuses tag lightweight 'a signed tag is needed'
refuses commit v1 'it is not signed'
# The user's own keyring and the signers they trust have no say.
sed 's/^/e2e@localhost /' other.pub >signers
git config --file gitconfig gpg.ssh.allowedSignersFile "$T/signers"
refuses gpg v1-other 'an SSH key signed it'

# A server that lies about the commit a tag names. Both commits are here already, from builds without a policy.
lies() { # TAG COMMIT
  git -C repo pack-refs --all
  awk -v tag="refs/tags/$1" -v lie="^$2" '/^\^/ && previous == tag { print lie; next } { previous = $2; print }' repo/.git/packed-refs >packed
  cp packed repo/.git/packed-refs
  contains repo/.git/packed-refs "^$2"
}
printf 'FROM scratch\nADD %s#by-gpg /a/\nADD %s#by-ssh /b/\n' "$url" "$url" | dockerfile
build -t x ctx
truth=$(git -C repo rev-parse v1^{commit})
lies v1 "$(git -C repo rev-parse by-gpg)"
printf 'FROM scratch\nADD %s#v1 /\n' "$url" | dockerfile
fails 1 --source-policy tag.json ctx
contains log 'does not tell the truth'
# Nor does a pin of the tag take its word, even for a commit that is in the cache.
printf 'FROM scratch\nADD --checksum=%s %s#v1 /\n' "$(git -C repo rev-parse v1)" "$url" | dockerfile
fails 1 ctx
contains log 'does not tell the truth'
lies v1 "$truth"
build -t x ctx
lies v1-plain "$(git -C repo rev-parse by-ssh)"
printf 'FROM scratch\nADD --keep-git-dir=true %s#v1-plain /\n' "$url" | dockerfile
fails 1 --source-policy commit.json ctx
contains log 'does not tell the truth'
lies v1-plain "$truth"
accepts tag v1

# A repository as the context, and a lock: what is not signed is not locked; a locked tag is still held to its signature.
printf 'FROM scratch\nCOPY file /\n' >repo/Dockerfile
git -C repo add Dockerfile && git -C repo commit -qm context
fails 3 --source-policy ssh.json "$url"
contains log 'it is not signed'
printf 'FROM scratch\nADD %s#unsigned /\n' "$url" | dockerfile
code=0
slipway lock --source-policy ssh.json ctx 2>log || code=$?
same $code 3
printf 'FROM scratch\nADD %s#v1 /\n' "$url" | dockerfile
slipway lock --source-policy tag.json ctx 2>log || fail "no lock: $(cat log)"
slipway build -q --locked --source-policy tag.json -o out ctx >/dev/null 2>log || fail "locked: $(cat log)"
git -C repo tag -d v1 >/dev/null && git -C repo tag -a -m 'no longer signed' v1 unsigned
fails 3 --locked --source-policy tag.json ctx

# Rules that cannot be kept let nothing pass.
printf 'FROM scratch\nADD %s#by-ssh /\n' "$url" | dockerfile
echo 'cert-authority ssh-ed25519 AAAA' >bad.pub && policy bad bad.pub && fails 1 --source-policy bad.json ctx
contains log 'neither in an OpenPGP key block nor an SSH public key'
policy bad release.pub '"git.sig.requiresignedtag": "yes"' && fails 1 --source-policy bad.json ctx
contains log 'it takes true or false'
: >bad.pub && policy bad bad.pub && fails 1 --source-policy bad.json ctx
{ echo '-----BEGIN PGP PUBLIC KEY BLOCK-----' && echo && echo AAAA && echo '-----END PGP PUBLIC KEY BLOCK-----'; } >bad.pub
policy bad bad.pub && fails 1 --source-policy bad.json ctx
contains log 'has an OpenPGP key that cannot be read'
