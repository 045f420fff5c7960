# SPDX-License-Identifier: Apache-2.0
# A registry with its own CA and passwords: the CA comes from certs.d, the password from config.json.
# shellcheck shell=bash disable=SC2154,SC2034
need skopeo openssl htpasswd unshare
need_root
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout ca.key -out ca.crt -subj /CN=e2e-ca 2>/dev/null
openssl req -newkey rsa:2048 -nodes -keyout tls.key -out tls.csr -subj /CN=localhost 2>/dev/null
openssl x509 -req -in tls.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -out tls.crt \
  -extfile <(echo 'subjectAltName=IP:127.0.0.1,DNS:localhost') 2>/dev/null
htpasswd -Bbn user 'pass:word' >htpasswd
registry "tls: {certificate: $T/tls.crt, key: $T/tls.key}" "auth: {htpasswd: {realm: e2e, path: $T/htpasswd}}"
use_base
slipway save --format oci -o base.oci "$base"
skopeo copy -q --dest-tls-verify=false --dest-creds 'user:pass:word' oci-archive:base.oci "docker://127.0.0.1:$port/base:1"
printf 'FROM 127.0.0.1:%s/base:1\nRUN echo pulled > /p\n' "$port" | dockerfile
export DOCKER_CONFIG=$T/docker
write docker/config.json <<<'{}'
ROOT=$T/fresh
fails 1 -o out ctx
matches log 'certificate|tls|TLS|SSL'
# certs.d is looked for in /etc: show it there to this build alone.
mkdir -p certs.d/"127.0.0.1:$port" && cp ca.crt certs.d/"127.0.0.1:$port"/
with_ca() {
  unshare --mount bash -c 'mkdir -p /etc/docker/certs.d && mount --bind "$1" /etc/docker/certs.d && shift && exec "$@"' - "$T/certs.d" "$@"
}
if with_ca "$SLIPWAY" --root "$ROOT" build -o out ctx 2>log; then fail "no password was asked for"; fi
matches log '401|unauthorized|authentication'
printf '{"auths": {"127.0.0.1:%s": {"auth": "%s"}}}' "$port" "$(printf 'user:pass:word' | base64)" >docker/config.json
with_ca "$SLIPWAY" --root "$ROOT" build -o out ctx
same "$(cat out/p)" pulled
