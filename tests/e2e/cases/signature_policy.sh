# SPDX-License-Identifier: Apache-2.0
# Who may sign: keys, authorities and transparency logs, asked by hand (slipway verify) and by a policy.json that a build
# is held to. Every refusal has a twin that is let in. openssl makes what an authority and a log would make; cosign, where
# it is installed, is the second opinion about it.
# shellcheck shell=bash disable=SC2154,SC2034,SC2016
need openssl jq curl
use_base
registry
api=http://127.0.0.1:$port/v2
make_key() { openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out "$1.key"; openssl pkey -in "$1.key" -pubout -out "$1.pub"; }
for key in mine theirs root other signer log; do make_key $key; done
digest() { curl -s -I -H 'Accept: application/vnd.oci.image.manifest.v1+json' "$api/$1/manifests/1" | tr -d '\r' | sed -n 's/^[Dd]ocker-[Cc]ontent-[Dd]igest: //p'; }
image() { printf 'FROM %s\nRUN echo %s > /x\n' "$base" "$1" | slipway build -q -t "127.0.0.1:$port/$1:1" --push "${@:2}" - >/dev/null; }
verifies() { slipway verify "127.0.0.1:$port/app:1" "$@" >verified || fail "not verified: $*"; contains verified verified; }
refused() { # refused TEXT flags…
  local code=0
  slipway verify "127.0.0.1:$port/app:1" "${@:2}" >stdout 2>log || code=$?
  [ $code = 3 ] || { cat stdout log; fail "exit code $code instead of 3"; }
  lacks stdout verified
  contains log "$1"
}

# An authority, and a signer it certifies: by name, and by who vouched for the name.
openssl req -x509 -key root.key -subj /CN=root -days 30 -out root.pem
openssl req -x509 -key other.key -subj /CN=root -days 30 -out other.pem
certify() { # certify OUT [openssl flags]
  printf 'basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\nextendedKeyUsage=codeSigning\nsubjectAltName=email:builds@example.org\n1.3.6.1.4.1.57264.1.1=DER:%s\n' "$(printf https://login.example.org | od -An -tx1 | tr -d ' \n')" >ext
  openssl req -new -key signer.key -subj /CN=signer -out csr
  openssl x509 -req -in csr -CA root.pem -CAkey root.key -CAcreateserial -extfile ext -out "$1" "${@:2}" 2>/dev/null
}
certify signer.pem -days 30
certify expired.pem -days -1
# Puts a certificate, and an entry of a log, beside the signature that is there.
annotate() { # annotate CERTIFICATE [ENTRY]
  local name="sha256-$(digest app | cut -d: -f2).sig"
  curl -s -H 'Accept: application/vnd.oci.image.manifest.v1+json' "$api/app/manifests/$name" >sig.json
  jq -c --rawfile certificate "$1" --arg entry "${2:-}" '.layers[0].annotations["dev.sigstore.cosign/certificate"] = $certificate
    | .layers[0].annotations["dev.sigstore.cosign/chain"] = ""
    | if $entry == "" then . else .layers[0].annotations["dev.sigstore.cosign/bundle"] = $entry end' sig.json >new.json
  curl -s -X PUT -H 'Content-Type: application/vnd.oci.image.manifest.v1+json' --data-binary @new.json "$api/app/manifests/$name" >/dev/null
}
image app
slipway sign "127.0.0.1:$port/app:1" --key signer.key >/dev/null
who=(--certificate-identity builds@example.org --certificate-oidc-issuer https://login.example.org)
refused 'no certificate' --ca-roots root.pem "${who[@]}"
annotate signer.pem
verifies --ca-roots root.pem "${who[@]}"
refused 'does not hold' --ca-roots other.pem "${who[@]}"
refused 'the signer is builds@example.org, not ops@example.org' --ca-roots root.pem --certificate-identity ops@example.org
refused 'vouched for by https://login.example.org' --ca-roots root.pem --certificate-identity builds@example.org --certificate-oidc-issuer https://other
annotate expired.pem
refused 'certificate has expired' --ca-roots root.pem "${who[@]}"

# A log that took the signature in while the certificate held: then it counts, and only then.
jq -r '.layers[0].digest' sig.json >blob && curl -s "$api/app/blobs/$(cat blob)" >payload
entry() { # entry CERTIFICATE TIME
  local body
  body=$(jq -cn --arg hash "$(sha256sum payload | cut -d' ' -f1)" --arg signature "$(jq -r '.layers[0].annotations["dev.cosignproject.cosign/signature"]' sig.json)" \
    --arg key "$(base64 -w0 "$1")" '{apiVersion: "0.0.1", kind: "hashedrekord", spec: {data: {hash: {algorithm: "sha256", value: $hash}}, signature: {content: $signature, publicKey: {content: $key}}}}' | tr -d '\n' | base64 -w0)
  local id
  id=$(openssl pkey -pubin -in log.pub -outform DER | sha256sum | cut -d' ' -f1)
  printf '{"body":"%s","integratedTime":%s,"logID":"%s","logIndex":0}' "$body" "$2" "$id" >promised
  jq -c --arg set "$(openssl dgst -sha256 -sign log.key promised | base64 -w0)" '{SignedEntryTimestamp: $set, Payload: {body: .body, integratedTime: .integratedTime, logIndex: .logIndex, logID: .logID}}' promised
}
# A certificate of the past: openssl ca takes its dates as they are given.
held=$(($(date +%s) - 864000))
mkdir authority && : >authority/index && echo 07 >authority/serial
printf '[ca]\ndefault_ca=a\n[a]\ndatabase=authority/index\nserial=authority/serial\nnew_certs_dir=authority\ndefault_md=sha256\npolicy=p\n[p]\ncommonName=optional\n' >ca.cnf
utc() { date -u -d "@$1" +%Y%m%d%H%M%SZ; }
openssl ca -batch -notext -config ca.cnf -cert root.pem -keyfile root.key -in csr -extfile ext -out short.pem -startdate "$(utc $((held - 60)))" -enddate "$(utc $((held + 600)))" 2>/dev/null
# The authority must have been there too.
openssl ca -batch -notext -selfsign -config ca.cnf -keyfile root.key -in <(openssl req -new -key root.key -subj /CN=root) -out root.pem -startdate "$(utc $((held - 864000)))" -enddate "$(utc $((held + 8640000)))" -extfile <(printf 'basicConstraints=critical,CA:TRUE\n') 2>/dev/null
annotate short.pem "$(entry short.pem "$held")"
verifies --ca-roots root.pem "${who[@]}" --log-key log.pub
refused 'signed by no log that is trusted' --ca-roots root.pem "${who[@]}" --log-key mine.pub
annotate short.pem "$(entry short.pem $((held + 864000)))"
refused 'certificate has expired' --ca-roots root.pem "${who[@]}" --log-key log.pub
annotate short.pem
refused 'certificate has expired' --ca-roots root.pem "${who[@]}"
annotate short.pem "$(entry signer.pem "$held")"
refused 'about another signature' --ca-roots root.pem "${who[@]}" --log-key log.pub
if command -v cosign >/dev/null; then
  annotate signer.pem
  second() { cosign verify "${who[@]}" --ca-roots "$1" --insecure-ignore-sct --insecure-ignore-tlog --new-bundle-format=false --allow-http-registry "127.0.0.1:$port/app@$(digest app)" >/dev/null 2>cosign.log; }
  second root.pem || { cat cosign.log; fail 'cosign does not verify with the authority'; }
  if second other.pem; then fail 'cosign takes any authority'; fi
  annotate signer.pem "$(entry signer.pem "$(date +%s)")"
  SIGSTORE_REKOR_PUBLIC_KEY=$PWD/log.pub cosign verify "${who[@]}" --ca-roots root.pem --insecure-ignore-sct --offline --new-bundle-format=false --allow-http-registry "127.0.0.1:$port/app@$(digest app)" >/dev/null 2>cosign.log ||
    { cat cosign.log; fail 'cosign does not take the entry of the log'; }
else
  echo 'not tried: cosign is not installed'
fi
annotate signer.pem
# Flags that do not go together.
code=0 && slipway verify "127.0.0.1:$port/app:1" >/dev/null 2>log || code=$?
same "$code" 2
code=0 && slipway verify "127.0.0.1:$port/app:1" --ca-roots root.pem >/dev/null 2>log || code=$?
same "$code" 2
code=0 && slipway verify "127.0.0.1:$port/app:1" --ca-roots mine.pub --certificate-identity x >/dev/null 2>log || code=$?
same "$code" 1
contains log 'there is no certificate'

# Checklist S9: containers policy.json signatures on pull
# A build held to a policy. Nothing of a refused base is fetched but what says what it is.
for name in signed unsigned; do image $name; done
slipway sign "127.0.0.1:$port/signed:1" --key mine.key >/dev/null
mkdir ctx
policy() { jq -n --arg host "127.0.0.1:$port" "$1" >policy.json; }
from() { printf 'FROM %s\nCOPY --from=%s /x /y\n' "127.0.0.1:$port/$1" "127.0.0.1:$port/$2" >ctx/Dockerfile; }
allowed() { ROOT=$T/fresh build --signature-policy policy.json -o type=cacheonly "${@:1}" ctx; }
denied() { # denied TEXT…
  rm -rf fresh
  ROOT=$T/fresh fails 3 --signature-policy policy.json -o type=cacheonly ctx
  local text
  for text in "$@"; do contains log "$text"; done
}
policy '{default: [{type: "insecureAcceptAnything"}], transports: {docker: {($host + "/unsigned"): [{type: "reject"}]}}}'
from signed:1 signed:1 && allowed
from signed:1 unsigned:1
denied 'is refused by policy.json, scope' 'requirement 1 (reject)' 'Dockerfile:2'
[ -z "$(ls fresh/layers 2>/dev/null)" ] || [ "$(du -s fresh | cut -f1)" -lt 2000 ] || fail 'a refused base was fetched'
# Keys lie beside the policy; cosign's signatures name the repository.
repository='signedIdentity: {type: "matchRepository"}'
policy "{default: [{type: \"reject\"}], transports: {docker: {(\$host): [{type: \"sigstoreSigned\", keyPath: \"mine.pub\", $repository}]}}}"
from signed:1 signed:1 && allowed
from unsigned:1 signed:1 && denied "127.0.0.1:$port/unsigned:1 is refused by policy.json" 'there is no signature of it' 'Dockerfile:1'
policy "{default: [{type: \"sigstoreSigned\", keyPath: \"theirs.pub\", $repository}]}"
from signed:1 signed:1 && denied 'not one of this key'
policy "{default: [{type: \"sigstoreSigned\", keyPaths: [\"theirs.pub\", \"mine.pub\"], $repository}]}" && allowed
policy '{default: [{type: "sigstoreSigned", keyPath: "mine.pub"}]}'
denied 'the signature is for' # a tag that the signature does not name
from "signed@$(digest signed)" "signed@$(digest signed)" && allowed
# Both of two requirements; an authority; GPG is never taken for checked.
policy "{default: [{type: \"sigstoreSigned\", keyPath: \"mine.pub\", $repository}, {type: \"reject\"}]}"
from signed:1 signed:1 && denied 'requirement 2 (reject)'
policy "{default: [{type: \"sigstoreSigned\", pki: {caRootsPath: \"root.pem\", subjectEmail: \"builds@example.org\"}, $repository}]}"
from app:1 app:1 && allowed
from signed:1 app:1 && denied 'no certificate'
policy "{default: [{type: \"sigstoreSigned\", pki: {caRootsPath: \"root.pem\", subjectEmail: \"ops@example.org\"}, $repository}]}"
from app:1 app:1 && denied 'not ops@example.org'
policy '{default: [{type: "signedBy", keyType: "GPGKeys", keyPath: "/k"}]}'
denied 'GPG are not verified here'
# Offline nothing can be looked for; a policy that is wrong is no policy.
policy "{default: [{type: \"sigstoreSigned\", keyPath: \"mine.pub\", $repository}]}"
from signed:1 signed:1 && allowed
ROOT=$T/fresh fails 1 --signature-policy policy.json --offline -o type=cacheonly ctx
contains log 'the build is offline'
policy '{default: [{type: "acceptAnything"}]}'
fails 1 --signature-policy policy.json ctx
contains log 'the type "acceptAnything" is not known'
fails 1 --signature-policy none.json ctx
# The provenance says what the build was held to.
policy "{default: [{type: \"sigstoreSigned\", keyPath: \"mine.pub\", $repository}]}"
allowed --provenance=max -o type=oci,dest=out.tar
mkdir oci && tar -C oci -xf out.tar
grep -aqr "sha256:$(sha256sum policy.json | cut -d' ' -f1)" oci/blobs || fail 'the provenance does not name the policy'
# What was made here is in no registry, and is not asked about; layouts are.
policy '{default: [{type: "reject"}], transports: {oci: {"": [{type: "insecureAcceptAnything"}]}}}'
printf 'FROM %s\n' "$base" >ctx/Dockerfile
build --signature-policy policy.json -o type=oci,dest=layout,tar=false ctx
printf 'FROM lay\n' >ctx/Dockerfile
build --signature-policy policy.json --build-context lay=oci-layout://layout -o type=cacheonly ctx
policy '{default: [{type: "insecureAcceptAnything"}], transports: {oci: {"": [{type: "reject"}]}}}'
fails 3 --signature-policy policy.json --build-context lay=oci-layout://layout -o type=cacheonly ctx
contains log 'transport oci, requirement 1 (reject)'
