# SPDX-License-Identifier: Apache-2.0
# Checklist F18: proxy-network: all exec traffic through a capturing HTTPS proxy; captured GETs become provenance materials;
# policy applied
# --proxy-network: steps reach the network through a recording proxy alone. What they fetch is in the provenance with its
# digest, also of a cached build; policies judge every request; the host's loopback stays out of reach; nothing of the
# proxy stays in the image; as root and as an ordinary user.
# shellcheck shell=bash disable=SC2154,SC2034,SC2016
need_root
need jq openssl curl nsenter unshare busybox ldd python3
# A network of the case's own, with an address that is none of the loopback's.
site=198.51.100.7
start unshare --net sleep 1000
network=/proc/${background[-1]}/ns/net
for _ in {1..50}; do [ "$(readlink "$network")" = "$(readlink /proc/self/ns/net)" ] || break; sleep 0.1; done
[ "$(readlink "$network")" != "$(readlink /proc/self/ns/net)" ] || skip 'no network namespace can be made'
export NETWORK=$network
there() { nsenter --net="$network" "$@"; }
there busybox ip link set lo up
there busybox ip addr add $site/32 dev lo
slipway() { there "$SLIPWAY" --root "$ROOT" "$@"; }

# Two sites, one with a certificate of a private authority.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -keyout ca.key -out ca.crt -subj /CN=e2e-ca 2>/dev/null
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout tls.key -out tls.csr -subj /CN=site 2>/dev/null
openssl x509 -req -in tls.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -out tls.crt \
  -extfile <(echo "subjectAltName=IP:$site") 2>/dev/null
mkdir served
echo 'over plain http' >served/file
head -c 3000000 /dev/urandom >served/big
start nsenter --net="$network" python3 "$E2E_DIR/helpers/proxied_site.py" 0.0.0.0 80 served plain.log
start nsenter --net="$network" python3 "$E2E_DIR/helpers/proxied_site.py" 0.0.0.0 443 served tls.log tls.crt tls.key
wait_for_file plain.log
wait_for_file tls.log
digest() { sha256sum <"served/$1" | cut -d' ' -f1; }

# The base with curl, and with a bundle of certificates.
mkdir root && tar -xf "$E2E_WORK/base.tar" -C root
# shellcheck disable=SC2046
cp -L --parents "$(command -v curl)" $(ldd "$(command -v curl)" | grep -oE '/[^ ]+') root
mkdir -p root/etc/ssl/certs
printf '# the image trusts nobody yet\n' | tee root/etc/ssl/certs/ca-certificates.crt >bundle
touch -d 2020-02-02 root/etc/ssl/certs root/etc/ssl/certs/ca-certificates.crt
tar --create --file curl.tar --directory root --owner=0 --group=0 --numeric-owner .
slipway import curl.tar local/curl >/dev/null
export SSL_CERT_FILE=$T/ca.crt

proxied() { build --proxy-network --provenance=mode=min -o type=local,dest=out "$@" ctx; }
materials() { jq -r '.predicate.buildDefinition.resolvedDependencies[] | .uri + " " + .digest.sha256' out/provenance.json >materials; }
complete() { jq -c .predicate.runDetails.metadata.buildkit_completeness.resolvedDependencies out/provenance.json; }
reasons() { jq -r '.predicate.runDetails.metadata.buildkit_metadata.network.proxy.incomplete[]? | .reason + " " + (.method // "-") + " " + (.uri // "-")' out/provenance.json; }

dockerfile <<END
FROM local/curl
RUN curl -fsS -o /http http://$site/file
RUN env -u SSL_CERT_FILE -u CURL_CA_BUNDLE curl -fsS -o /https https://$site/big && curl -fsSL -o /moved https://$site/moved
RUN ! curl -sS --noproxy '*' -m 20 http://$site/file 2> /direct; ! nc -w 2 $site 80 < /dev/null; cut -d: -f1 -s /proc/net/dev > /links
RUN --network=none ! env | grep -i _proxy; ! grep -q BEGIN /etc/ssl/certs/ca-certificates.crt
END
proxied
same "$(cat out/http)" 'over plain http'
cmp out/https served/big || fail 'https differs'
same "$(cat out/moved)" 'over plain http'
contains out/direct 'connect'
same "$(tr -d ' \n' <out/links)" lo
materials
contains materials "http://$site/file $(digest file)"
contains materials "https://$site/big $(digest big)"
contains materials "https://$site/file $(digest file)"
contains materials "https://$site/moved $(digest file)"
same "$(complete)" true
same "$(reasons)" ''
same "$(jq -r '.predicate.runDetails.metadata.buildkit_metadata.network.mode' out/provenance.json)" proxy
same "$(jq -r --arg uri "https://$site/big" '.predicate.buildDefinition.resolvedDependencies[] | select(.uri == $uri).annotations.slipway_step' out/provenance.json | cut -c 1-14)" '[3/5] RUN env '
same "$(jq -r '.predicate.runDetails.metadata | .buildkit_hermetic, .slipway_network_steps' out/provenance.json)" $'null\nnull'
contains log "- GET https://$site/big -> 200"
build --proxy-network --provenance=mode=min,complete-materials=true -o out ctx
# The next build runs nothing, and says the same of what it stands on; an unproxied one has steps of its own.
cp materials first
requests=$(cat plain.log tls.log | wc -l)
proxied
cached 'RUN env'
cached 'RUN curl'
materials
cmp materials first || fail 'a cached build stands on something else'
same "$(complete)" true
same "$(cat plain.log tls.log | wc -l)" "$requests"

fails 1 ctx
contains log '← proxy changed'
# A shared cache, whose records do not say what was fetched, has no proxied steps.
proxied --cache-to type=local,dest=cache,mode=max
mv store store.first
slipway import curl.tar local/curl >/dev/null
proxied --cache-from type=local,src=cache
ran 'RUN env'
same "$(complete)" true
rm -rf store && mv store.first store
fails 1 --proxy-network --offline --no-cache ctx
contains log "GET http://$site/file -> 502"

# Nothing of the proxy is in the image, whatever a step does to its certificates; those it leaves alone are in no layer.
! grep -rlE 'BEGIN CERTIFICATE|slipway-proxy' out/etc out/dev out/tmp out/root || fail 'the proxy left something behind'
cmp out/etc/ssl/certs/ca-certificates.crt bundle
same "$(stat -c %y out/etc/ssl/certs | cut -c 1-10)" 2020-02-02
[ ! -e out/dev/slipway-proxy-ca.pem ] || fail 'a mount point is left'
dockerfile <<END
FROM local/curl AS appends
RUN grep -q 'BEGIN CERTIFICATE' /etc/ssl/certs/ca-certificates.crt && echo mine >> /etc/ssl/certs/ca-certificates.crt
FROM local/curl AS replaces
RUN cd /etc/ssl/certs && echo made > new && mv -f new ca-certificates.crt && curl -fsS https://$site/file
FROM local/curl AS removes
RUN rm /etc/ssl/certs/ca-certificates.crt && curl -fsS https://$site/file
FROM local/curl AS other
RUN echo other > /other
FROM scratch
COPY --from=appends /etc/ssl/certs/ca-certificates.crt /appended
COPY --from=replaces /etc/ssl/certs/ca-certificates.crt /replaced
COPY --from=removes /etc/ssl/cert[s] /removed
COPY --from=other / /all
END
proxied
same "$(cat out/appended)" "$(cat bundle; echo mine)"
same "$(cat out/replaced)" made
[ ! -e out/removed/ca-certificates.crt ] || fail 'a removed bundle came back'
cmp out/all/etc/ssl/certs/ca-certificates.crt bundle
build --proxy-network --target other -o type=oci,dest=other,tar=false ctx
manifest=$(jq -r '.manifests[0].digest[7:]' other/index.json)
tar -tf "other/blobs/sha256/$(jq -r '.layers[-1].digest[7:]' "other/blobs/sha256/$manifest")" >layer
same "$(cat layer)" other

# The same where layers are mounted by other means, or copied.
for driver in fuse native; do
  command -v fuse-overlayfs >/dev/null || [ $driver = native ] || continue
  [ -c /dev/fuse ] || [ $driver = native ] || continue
  there "$SLIPWAY" --root "$T/$driver" import curl.tar local/curl >/dev/null
  there "$SLIPWAY" --root "$T/$driver" build --progress=plain --snapshot-driver $driver --proxy-network --target other -o $driver-out - 2>log <<END || { cat log; fail $driver; }
FROM local/curl AS other
RUN env -u SSL_CERT_FILE -u CURL_CA_BUNDLE curl -fsS -o /https https://$site/big
END
  cmp $driver-out/https served/big || fail "$driver: https differs"
  cmp $driver-out/etc/ssl/certs/ca-certificates.crt bundle
done

# What cannot be captured makes the provenance incomplete, and says why; what is secret in an address is nowhere.
printf 'very-secret-value' >token
dockerfile <<END
FROM local/curl
RUN curl -fsS -d sent -o /posted http://$site/form; curl -fsS -r 0-3 -o /part http://$site/file; \\
  curl -fsSI http://$site/big > /dev/null; curl -sS -o /none http://$site/absent; ! curl -sS -o /cut http://$site/cut
RUN --mount=type=secret,id=token curl -fsS http://me:pass-word@$site/file'?a=1&access_token=open-sesame&b='\$(cat /run/secrets/token)
RUN --mount=type=cache,target=/c curl -fsS https://$site/file > /c/file
END
proxied --secret id=token,src=token
same "$(cat out/posted out/part)" sentover
same "$(complete)" false
reasons | sort >found
same "$(cat found)" "body_read_failed GET http://$site/cut
cache_mount - -
method_not_materializable HEAD http://$site/big
method_not_materializable POST http://$site/form
partial_response GET http://$site/file
unsuccessful_response GET http://$site/absent"
fails 3 --proxy-network --provenance=mode=min,complete-materials=true --secret id=token,src=token -o out2 ctx
matches log "^ +\\[stage-0 2/4\\] RUN curl .*: GET http://$site/absent: unsuccessful_response"
[ ! -e out2 ] || fail 'an incomplete provenance was exported'
materials
contains materials "http://$site/file?a=1&access_token=xxxxx&b=*** $(digest file)"
contains plain.log "GET /file?a=1&access_token=open-sesame&b=very-secret-value $site Basic $(printf me:pass-word | base64)"
lacks materials pass-word
lacks materials open-sesame
lacks log very-secret-value
lacks out/provenance.json very-secret-value

# Neither as the proxy spells it, nor as a method.
printf 'Pa$$w0rd^12!xyz' >password
dockerfile <<END
FROM local/curl
RUN --mount=type=secret,id=other curl -fsS "http://$site/file?q=\$(cat /run/secrets/other)"
RUN --mount=type=secret,id=token curl -sS -X "\$(cat /run/secrets/token)" http://$site/file
END
proxied --secret id=token,src=token --secret id=other,src=password
contains plain.log 'GET /file?q=Pa$$w0rd%5E12!xyz'
materials
contains materials "http://$site/file?q=*** $(digest file)"
same "$(reasons)" "method_not_materializable *** http://$site/file"
for file in log out/provenance.json; do
  lacks $file w0rd
  lacks $file very-secret-value
done

# Policies judge every request by its address in normal form; a refused one is told with rule and line.
rule() { jq -n "{rules: [$1]}" >"$2"; }
rule '{action: "DENY", selector: {identifier: "http://'$site'/file*"}}' deny.json
dockerfile <<END
FROM local/curl
RUN true
RUN curl -fsS -o /big http://$site/big && curl -fsS --path-as-is http://$site:80/x/../%66ile
END
before=$(grep -c 'GET /file' plain.log)
fails 3 --proxy-network --source-policy deny.json ctx
contains log "request was refused: source http://$site/file denied by rule 1 of deny.json (DENY http://$site/file*)"
contains log 'Dockerfile:3'
contains log "- GET http://$site/file -> 403"
matches log '^#[0-9]+ [0-9.]+ proxy: GET .* refused: source'
same "$(grep -c 'GET /file' plain.log)" "$before"
for host in 3325256711 198.51.25607 0306.51.100.7 0xc6.0x33.0x64.0x7 '[::ffff:198.51.100.7]'; do
  # As a client says it that does not tidy addresses as curl does.
  printf 'FROM local/curl\nRUN printf "GET http://%s/file HTTP/1.0\\r\\n\\r\\n" | nc 127.0.0.1 3128 | grep -q "HTTP/1.0 200"\n' "$host" | dockerfile
  fails 3 --proxy-network --source-policy deny.json ctx
  contains log "source http://$site/file denied by rule 1"
done
dockerfile <<END
FROM local/curl
RUN curl -fsS http://$site/file
END
build --proxy-network -o out2 ctx
# The digest of the policies is in the key: what was fetched without one is not taken for fetched under it.
fails 3 --proxy-network --source-policy deny.json ctx
# A step that goes on without gets a warning; a rule may take a file from elsewhere.
dockerfile <<END
FROM local/curl
RUN curl -fsS http://$site/file || echo without > /it
END
proxied --source-policy deny.json
same "$(cat out/it)" without
contains log 'a request of the step was refused, and it went on without'
rule '{action: "CONVERT", selector: {identifier: "http://'$site'/file", match_type: "EXACT"}, updates: {identifier: "https://'$site'/big"}}' convert.json
dockerfile <<END
FROM local/curl
RUN curl -fsS -o /taken http://$site/file; curl -sS -o /post -w '%{http_code}' -d x http://$site/file > /status
END
proxied --source-policy convert.json
cmp out/taken served/big || fail 'the file was not taken from elsewhere'
same "$(cat out/status)" 403
materials
contains materials "https://$site/big $(digest big)"
lacks materials "http://$site/file"

# A policy in Rego judges the URL, and nothing is fetched for it to look closer.
cat >rules.rego <<'END'
package docker
default allow := false
allow if not input.http
allow if endswith(input.http.url, "/file")
decision := {"allow": allow, "deny_msg": ["only the file"]}
END
dockerfile <<END
FROM local/curl
RUN curl -fsS -o /taken http://$site/file
RUN curl -fsS -o /big https://$site/big
END
fails 3 --proxy-network --policy filename=cwd://rules.rego ctx
contains log "source https://$site/big denied by cwd://rules.rego: only the file"
contains log 'Dockerfile:3'
sed -i 's/^allow if endswith.*/allow if input.http.checksum/' rules.rego
before=$(grep -c 'GET /file' plain.log)
fails 3 --proxy-network --policy filename=cwd://rules.rego ctx
contains log 'a policy wants to look at more than the name of what a step fetches'
same "$(grep -c 'GET /file' plain.log)" "$before"

# The host's loopback is for steps with the host's network, by whatever name; those still have nothing but the proxy.
there python3 - <<'PYTHON' || fail 'the site does not listen on loopback'
import urllib.request
urllib.request.urlopen("http://127.0.0.1/file").read()
PYTHON
dockerfile <<END
FROM local/curl
RUN for host in 127.0.0.1 localhost 0.0.0.0 2130706433 '[::1]' '[::ffff:127.0.0.1]' '[::ffff:7f00:1]' 169.254.169.254; do \\
    curl -gsS --noproxy none -o /got http://\$host/file -w "%{http_code}\n" >> /statuses; curl -gsS --noproxy none -x \$HTTP_PROXY -p http://\$host/file && exit 1; done; \\
  curl -gsSk --noproxy none https://127.0.0.1/file -w "%{http_code}\n" -o /got >> /statuses; true
END
before=$(wc -l <plain.log)
proxied
same "$(sort -u out/statuses)" 502
contains log '127.0.0.1 leads back to this machine'
same "$(wc -l <plain.log)" "$before"
dockerfile <<END
FROM local/curl
RUN --network=host curl -fsS --noproxy none -o /host http://127.0.0.1/file; ! curl -sS --noproxy '*' http://127.0.0.1/file
END
fails 1 --proxy-network ctx
contains log 'network.host is not allowed'
proxied --allow network.host
same "$(cat out/host)" 'over plain http'

# An upstream that nobody vouches for, a program that does not trust the proxy, what is no request; memory is bounded.
dockerfile <<END
FROM local/curl
RUN curl -sS https://$site/file -o /untrusted -w '%{http_code}' > /status; cat /untrusted
END
SSL_CERT_FILE='' proxied
same "$(cat out/status)" 502
matches log 'proxy: GET https://.* failed: .*certificate'
SSL_CERT_FILE=/nowhere fails 1 --proxy-network ctx
contains log '--proxy-network: SSL_CERT_FILE=/nowhere: '
dockerfile <<END
FROM local/curl
RUN touch /empty; curl -sS --cacert /empty https://$site/file || true
RUN printf 'GET /file HTTP/1.1\r\nHost: $site\r\n\r\n' | nc 127.0.0.1 3128 > /relative; \\
  printf 'nonsense\r\n\r\n' | nc 127.0.0.1 3128 > /nonsense; \\
  printf 'CONNECT $site:443/x HTTP/1.1\r\n\r\n' | nc 127.0.0.1 3128 > /connect; \\
  (printf 'GET http://$site/file HTTP/1.1\r\nX: '; head -c 300000 /dev/zero | tr '\0' x) | nc 127.0.0.1 3128 > /long || true
RUN curl -fsS http://$site/zeros | wc -c > /zeros
END
python3 - "$SLIPWAY" --root "$ROOT" build --progress=plain --proxy-network -o out ctx <<'PYTHON' || { cat log; fail 'the build failed or took too much memory'; }
import os, resource, subprocess, sys
with open("log", "w") as log:
    code = subprocess.run(["nsenter", "--net=" + os.environ["NETWORK"]] + sys.argv[1:], stdin=subprocess.DEVNULL, stderr=log).returncode
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(f"peak {peak} KiB")
sys.exit(code or peak > 150000)
PYTHON
contains log "proxy: CONNECT $site: no TLS came of it"
matches out/relative '^HTTP/1.1 400'
matches out/nonsense '^HTTP/1.1 400'
matches out/connect '^HTTP/1.1 400'
matches out/long '^HTTP/1.1 400'
same "$(tr -d ' ' <out/zeros)" $((256 << 20))

# A stop does not wait for a server that never answers.
printf 'FROM local/curl\nRUN curl -fsS http://%s/hang\n' "$site" | dockerfile
# A background job of a script ignores SIGINT unless it is told not to.
python3 -c 'import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execvp(sys.argv[1], sys.argv[1:])' \
  nsenter --net="$network" "$SLIPWAY" --root "$ROOT" build --progress=plain --proxy-network ctx 2>log &
pid=$!
for _ in {1..100}; do grep -q 'GET /hang' plain.log && break; sleep 0.1; done
kill -INT $pid
code=0
wait $pid || code=$?
same $code 130

# An ordinary user, without slirp4netns or anything like it.
command -v newuidmap runuser useradd >/dev/null || skip 'rootless not tried: needs newuidmap, runuser and useradd'
user=slipproxy$$
useradd --create-home --home-dir "$T/home" --shell /bin/bash "$user" || skip 'rootless not tried: cannot create a user'
trap 'userdel "$user" >/dev/null 2>&1 || true; sed -i "/^$user:/d" /etc/subuid /etc/subgid; end_background' EXIT
chmod 755 "$T" "$T/home"
runuser -u "$user" -- unshare --user true 2>/dev/null || skip 'rootless not tried: user namespaces are shut for ordinary users'
grep -q "^$user:" /etc/subuid || echo "$user:500000:65536" | tee -a /etc/subuid >>/etc/subgid
cp "$SLIPWAY" slipway-bin && chmod 755 slipway-bin
mkdir programs
for program in crun newuidmap newgidmap; do ln -s "$(command -v "$program")" programs/; done
dockerfile <<END
FROM local/curl
RUN curl -fsS -o /http http://$site/file && curl -fsS -o /https https://$site/big && ! curl -sS --noproxy '*' http://$site/file
RUN ! curl -fsS --noproxy none http://127.0.0.1/file; ! curl -sS --noproxy '*' http://127.0.0.1/file
END
chmod -R a+rX ctx curl.tar ca.crt programs
as_user() { there runuser -u "$user" -- env -i HOME="$T/home" PATH="$T/programs" SSL_CERT_FILE="$T/ca.crt" "$T/slipway-bin" "$@"; }
as_user import "$T/curl.tar" local/curl >/dev/null
as_user build --progress=plain --proxy-network --provenance=mode=min -o "$T/home/out" ctx >log 2>&1 || { cat log; fail 'rootless'; }
cmp home/out/https served/big || fail 'rootless: https differs'
rm -rf out && cp -r home/out out
materials
contains materials "http://$site/file $(digest file)"
contains materials "https://$site/big $(digest big)"
cmp out/etc/ssl/certs/ca-certificates.crt bundle
nothing_mounted
