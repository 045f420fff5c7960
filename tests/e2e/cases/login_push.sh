# SPDX-License-Identifier: Apache-2.0
# login, push and logout: registries with basic and with token auth take the password before it is kept; where it is kept
# is where docker and podman look; push sends what is not there yet and nothing else.
# shellcheck shell=bash disable=SC2154,SC2034,SC2016
need jq htpasswd openssl skopeo curl strace
use_base
export DOCKER_CONFIG=$T/docker HOME=$T/home
mkdir home
login() { printf '%s' "$2" | "$SLIPWAY" login "127.0.0.1:$port" -u "$1" --password-stdin >stdout 2>log; }
refused() { local code=0; "$@" || code=$?; [ $code != 0 ] || fail "taken: $*"; }
auth() { jq -r --arg host "127.0.0.1:$port" '.auths[$host].auth // "none"' docker/config.json; }
printf 'FROM %s\nRUN echo pushed > /p; head -c 3000000 /dev/urandom > /r\n' "$base" | dockerfile
build -t app ctx

htpasswd -Bbn user 'pass:word' >htpasswd
registry '' "auth: {htpasswd: {realm: e2e, path: $T/htpasswd}}"
basic=$port
printf '{"experimental": "enabled", "auths": {"other.example": {"auth": "eDp5"}}}' | write docker/config.json
refused login user wrong
contains log 'does not take this user name and password'
same "$(auth)" none
login user 'pass:word'
contains stdout "logged in to 127.0.0.1:$port as user"
same "$(auth | base64 -d)" user:pass:word
same "$(jq -r '.experimental, .auths["other.example"].auth' docker/config.json)" $'enabled\neDp5'
same "$(stat -c %a docker/config.json)" 600
same "$(slipway push app "127.0.0.1:$port/app:1")" "127.0.0.1:$port/app:1@$(skopeo inspect --tls-verify=false --authfile docker/config.json --format '{{.Digest}}' "docker://127.0.0.1:$port/app:1")"
ROOT=$T/fresh slipway pull "127.0.0.1:$port/app:1" >/dev/null
"$SLIPWAY" logout "127.0.0.1:$port" >stdout
contains stdout 'logged out'
same "$(auth)" none
same "$(jq -r '.auths["other.example"].auth' docker/config.json)" eDp5
refused slipway push app "127.0.0.1:$port/app:2" 2>log
matches log 'log in first|401|unauthorized|authentication'

# A helper keeps it instead of the file, where the file names one.
mkdir bin
cat >bin/docker-credential-box <<'END'
#!/bin/sh
case $1 in
  store) cat >"$BOX" ;;
  get) [ -e "$BOX" ] && cat "$BOX" || { echo "credentials not found in native keychain"; exit 1; } ;;
  erase) rm -f "$BOX" ;;
esac
END
chmod +x bin/docker-credential-box
export PATH=$T/bin:$PATH BOX=$T/box
printf '{"credsStore": "box"}' >docker/config.json
login user 'pass:word'
same "$(jq -r '.ServerURL, .Username, .Secret' box)" "127.0.0.1:$port"$'\nuser\npass:word'
lacks docker/config.json "$(printf user:pass:word | base64)"
slipway push app "127.0.0.1:$port/app:2" >/dev/null
"$SLIPWAY" logout "127.0.0.1:$port" >/dev/null
[ ! -e box ] || fail 'the helper still has it'
# podman's file, where it is the one that was named.
REGISTRY_AUTH_FILE=$T/auth.json login user 'pass:word'
same "$(jq -r '.auths | keys[0]' auth.json)" "127.0.0.1:$port"
REGISTRY_AUTH_FILE=$T/auth.json slipway push app "127.0.0.1:$port/app:3" >/dev/null
skopeo inspect --tls-verify=false --authfile auth.json "docker://127.0.0.1:$port/app:3" >/dev/null

# A token server, as Docker Hub has one.
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout token.key -out token.crt -subj /CN=tokens 2>/dev/null
printf '{}' >docker/config.json
token_port=$(free_port)
start python3 "$E2E_DIR/helpers/token_server.py" "$token_port" e2e-issuer e2e-service token.key token.crt user 'pass:word'
wait_for_port "$token_port"
mv registry registry.basic
registry '' "auth: {token: {realm: \"http://127.0.0.1:$token_port/token\", service: e2e-service, issuer: e2e-issuer, rootcertbundle: $T/token.crt}}"
refused login user wrong
contains log 'wrong password'
login user 'pass:word'
lacks token.log 'scope='
slipway push app "127.0.0.1:$port/deep/app:1" >/dev/null
matches token.log 'scope=repository%3Adeep%2Fapp%3Apull%2Cpush'
"$SLIPWAY" logout "127.0.0.1:$port" >/dev/null
ROOT=$T/fresh2 slipway pull "127.0.0.1:$port/deep/app:1" >/dev/null
refused slipway push app "127.0.0.1:$port/deep/app:2" 2>log

# What is there is not sent again: a server that counts.
serve referrers_registry.py
slipway push app "127.0.0.1:$port/app:1" >/dev/null
curl -s "http://127.0.0.1:$port/log" >before
slipway push app "127.0.0.1:$port/app:2" >/dev/null
curl -s "http://127.0.0.1:$port/log" | tail -n +"$(($(wc -l <before) + 2))" >after
lacks after POST
lacks after 'GET /v2/app/blobs'
same "$(grep -c ^PUT after)" 1

# What another repository of that registry is known to have, the registry takes from there.
registry
slipway push "$base" "127.0.0.1:$port/bases/busybox:1" >/dev/null
printf 'FROM 127.0.0.1:%s/bases/busybox:1\nRUN echo more > /more\n' "$port" | ROOT=$T/mounting slipway build -q -t "127.0.0.1:$port/mounted:1" - >/dev/null
strace -f -o trace -e trace=sendto,write,writev -s 120 "$SLIPWAY" --root "$T/mounting" push "127.0.0.1:$port/mounted:1" >/dev/null
same "$(grep -c 'POST /v2/mounted/blobs/uploads/?mount=sha256' trace)" 1
same "$(grep -c 'PUT /v2/mounted/blobs/uploads/' trace)" 2
ROOT=$T/unmounted slipway pull "127.0.0.1:$port/mounted:1" >/dev/null

# Of an index only what is here can be pushed; several images in one archive.
build --provenance=min -t withindex ctx
slipway push withindex "127.0.0.1:$port/idx:1" >/dev/null
skopeo inspect --tls-verify=false --raw "docker://127.0.0.1:$port/idx:1" | jq -e '.manifests | length == 2' >/dev/null
slipway save -o both.tar app "$base"
tar -xOf both.tar manifest.json | jq -e 'length == 2' >/dev/null
same "$(tar -tf both.tar | sort | uniq -d)" ''
ROOT=$T/again slipway load -i both.tar >loaded
same "$(wc -l <loaded)" 2
same "$(ROOT=$T/again slipway images -q | sort)" "$({ slipway inspect app; slipway inspect "$base"; } | jq -r '.id[7:19]' | sort)"
skopeo copy -q docker-archive:both.tar:app:latest oci:one:app
# Mistakes.
code=0; "$SLIPWAY" login "127.0.0.1:$port" </dev/null >/dev/null 2>log || code=$?
same $code 1
contains log 'no terminal'
refused "$SLIPWAY" login 'not a host' -u x -p y 2>log
contains log 'no name of a registry'
refused slipway push missing "127.0.0.1:$port/x" 2>log
