# SPDX-License-Identifier: Apache-2.0
# Checklist S8: buildx policies in Rego: `Dockerfile.rego` auto-loaded, `--policy filename,reset,disabled,strict,log-level`;
# input env/local/image/http/git; functions load_json, verify_git_signature, verify_http_pgp_signature, pin_image
# Policies in Rego, as docker buildx has them: beside the Dockerfile and with --policy; what they read of a source is
# looked up, and what they allow is what is built. A policy that cannot answer lets nothing pass.
# shellcheck shell=bash disable=SC2154,SC2034
need jq git skopeo
use_base
registry
registry_port=$port
push() {
  printf 'FROM %s\nRUN echo %s > /version\nLABEL team=%s\nUSER %s\n' "$base" "$1" "$1" "${3:-root}" |
    slipway build -q -t "127.0.0.1:$registry_port/$2" --push --provenance=true - >/dev/null
  slipway rmi "127.0.0.1:$registry_port/$2" >/dev/null
}
digest_of() { skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://127.0.0.1:$registry_port/$1"; }
push one team/base:1
first=$(digest_of team/base:1)
mkdir served && echo one >served/file
port=$(free_port)
start python3 -m http.server --bind 127.0.0.1 --directory served "$port" 2>http.log
wait_for_port "$port"
image=127.0.0.1:$registry_port/team/base:1
dockerfile <<END
FROM $image AS build
FROM scratch
COPY --from=build /version /
ADD http://127.0.0.1:$port/file /http
END
# The Dockerfile's own policy: standard input, behind what every policy begins with.
policy() {
  { printf 'package docker\n\ndefault allow := false\n\nallow if input.local\n\nallow if input.env.capsRequest\n\n'
    printf 'decision := {"allow": allow, "deny_msg": deny}\n\n'; cat; } >"${1:-ctx/Dockerfile.rego}"
}

# --- a no, with the policy's own words, the source and the Dockerfile's line; nothing was asked for
policy <<'END'
allow if input.http
deny contains msg if {
	not startswith(input.image.repo, "library/")
	msg := sprintf("%s is from outside the library", [input.image.ref])
}
END
fails 3 ctx
contains log "source docker-image://$image denied by Dockerfile.rego: $image is from outside the library"
contains log 'Dockerfile:1'
policy <<END
allow if input.image.host == "127.0.0.1:$registry_port"
deny contains "no downloads" if input.http.host
END
fails 3 ctx
contains log "source http://127.0.0.1:$port/file denied by Dockerfile.rego: no downloads"
contains log 'Dockerfile:4'
lacks http.log 'GET /file'
code=0
slipway lock ctx 2>log || code=$?
same $code 3
slipway build -q --policy disabled=true -o out ctx >/dev/null
same "$(cat out/version out/http)" $'one\none'

# --- a yes, after looking things up: labels and user of the image, the bytes of the download
sum=$(sha256sum <served/file | cut -d' ' -f1)
policy <<END
allow if {
	input.image.labels.team == "one"
	not input.image.user == "root"
}
allow if input.http.checksum == "sha256:$sum"
deny contains "runs as root" if input.image.user == "root"
deny contains sprintf("%s changed", [input.http.url]) if input.http.checksum != "sha256:$sum"
END
fails 3 ctx
contains log 'denied by Dockerfile.rego: runs as root'
push one team/base:1 nobody
second=$(digest_of team/base:1)
build -o out ctx
same "$(cat out/version out/http)" $'one\none'
echo two >served/file
fails 3 ctx
contains log "denied by Dockerfile.rego: http://127.0.0.1:$port/file changed"
echo one >served/file

# What was judged is what is built: another file behind the same address does not come in.
write changing.py <<'END'
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    answers = iter([b"one\n"])
    def do_GET(self):
        body = next(self.answers, b"evil\n")
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_HEAD(self):
        self.send_response(405)
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
END
changing_port=$(free_port)
start python3 changing.py "$changing_port" 2>changing.log
wait_for_port "$changing_port"
mkdir changing && cp ctx/Dockerfile.rego changing/
printf 'FROM scratch\nADD http://127.0.0.1:%s/file /\n' "$changing_port" >changing/Dockerfile
fails 1 changing
contains log 'digest mismatch'

# --- pinned: what the tag stood for once, whatever it is now
policy <<END
allow if pin_image(input.image, "$first")
allow if input.http
deny := set()
END
push two team/base:1
slipway build -q --gate pinned-bases --provenance mode=max -o type=oci,dest=image,tar=false -t pinned ctx >/dev/null 2>log || fail "pinned: $(cat log)"
slipway build -q -o out ctx >/dev/null
same "$(cat out/version)" one
manifest=$(jq -r '.manifests[0].digest' image/index.json | tr : /)
statement=$(jq -r '.manifests[] | select(.annotations["vnd.docker.reference.type"] == "attestation-manifest") | .digest' "image/blobs/$manifest" | tr : /)
provenance=image/blobs/$(jq -r '.layers[0].digest' "image/blobs/$statement" | tr : /)
contains "$provenance" "${first#sha256:}"
contains "$provenance" "$(sha256sum <ctx/Dockerfile.rego | cut -d' ' -f1)"

# --- how the build was called; provenance beside the image
policy <<'END'
allow if {
	input.env.args.RELEASE == "yes"
	input.env.labels.owner == "us"
	input.env.filename == "Dockerfile"
	not input.env.target
	input.image.hasProvenance
	startswith(input.image.provenance.buildType, "https://")
}
allow if input.http
deny := set()
END
fails 3 ctx
slipway build -q --build-arg RELEASE=yes --label owner=us -o out ctx >/dev/null 2>log || fail "$(cat log)"
fails 3 --build-arg RELEASE=no --label owner=us ctx

# --- files of the context, other policies, several at once: all must agree
echo '{"images": ["team/base"]}' >ctx/allowed.json
mkdir -p ctx/lib
write ctx/lib/images.rego <<'END'
package lib.images

known(image) if {
	some name in load_json("allowed.json").images
	endswith(image.fullRepo, name)
}
END
write ctx/images.rego <<'END'
package docker

import data.lib.images

decision := {"allow": allow}

default allow := false

allow if not input.image

allow if images.known(input.image)
END
policy <<'END'
allow := true
deny := set()
END
slipway build -q --policy filename=images.rego -o out ctx >/dev/null 2>log || fail "$(cat log)"
echo '{"images": []}' >ctx/allowed.json
fails 3 --policy filename=images.rego ctx
contains log 'denied by images.rego'
policy no.rego <<'END'
deny contains "never" if input.image
END
fails 3 --policy filename=cwd://no.rego ctx
contains log 'denied by cwd://no.rego: never'
fails 3 --policy reset=true,filename=cwd://no.rego ctx
slipway build -q --policy reset=true -o out ctx >/dev/null 2>log || fail "$(cat log)"
fails 1 --policy filename=missing.rego ctx
contains log 'policy missing.rego is not in the context'
fails 1 --policy filename=../no.rego ctx
fails 2 --policy disabled=true,filename=a.rego ctx
printf 'package docker\n\ndecision := {"allow": true} if print("looking at", object.keys(input))\n' >ctx/print.rego
build --policy filename=print.rego -o out ctx
contains log 'print.rego:3: looking at {"env", "image"}'
build --policy filename=print.rego,log-level=error -o out ctx
lacks log 'looking at'

printf 'FROM moby/buildkit:latest\n' | BUILDX_DEFAULT_POLICY=1 fails 3 -
contains log 'docker.io/moby/buildkit:latest needs a signature that cannot be verified here, or a digest'

# --- what cannot answer lets nothing pass
broken() { # EXPECTED-TEXT, the policy on standard input
  cat >ctx/Dockerfile.rego
  code=0
  slipway build --progress=plain -o out ctx >log 2>&1 || code=$?
  [ $code != 0 ] || fail "built with a policy that $1"
  contains log "$1"
}
broken "Dockerfile.rego:3:22: 'true' stands where ','" <<'END'
package docker

decision := {"allow" true}
END
broken 'the function http.send is not known here' <<'END'
package docker
decision := {"allow": http.send({"url": "http://127.0.0.1"}).ok}
END
broken 'data.docker.decision has no value' <<'END'
package other
decision := {"allow": true}
END
broken 'has two values' <<'END'
package docker
decision := {"allow": true}
decision := {"allow": false} if input.image
END
broken 'needs its own value' <<'END'
package docker
decision := {"allow": allow}
allow if not deny
deny if not allow
END
broken 'neither true nor false' <<'END'
package docker
decision := {"allow": "yes"}
END
broken 'there is no file nowhere.json' <<'END'
package docker
decision := {"allow": load_json("nowhere.json").ok == true}
END
broken 'input.image.signatures cannot be looked up here' <<'END'
package docker
decision := {"allow": allow}
default allow := true
allow := docker_github_builder(input.image, "a/b") if input.image
END
broken 'too much work' <<'END'
package docker
decision := {"allow": count([1 | numbers.range(1, 2000)[_]; numbers.range(1, 2000)[_]]) > 0}
END
broken 'exec.proxy' <<'END'
package docker
decision := {"allow": true, "caps": {"exec.proxy": true}}
END
rm -r out; slipway build -q --policy disabled=true -o out ctx >/dev/null 2>log || fail "$(cat log)"

# --- a download signed with OpenPGP, if gpg is here
if command -v gpg >/dev/null; then
  mkdir -m 700 gnupg
  trap 'gpgconf --homedir "$T/gnupg" --kill all 2>/dev/null || true; end_background' EXIT
  for name in release other; do
    gpg -q --homedir gnupg --batch --passphrase '' --quick-generate-key "$name@localhost" ed25519 sign never 2>gpg.log
    gpg -q --homedir gnupg --armor --export "$name@localhost" >"ctx/$name.asc"
  done
  gpg -q --homedir gnupg --batch --armor --local-user release@localhost -o ctx/file.asc --detach-sign served/file
  pgp_policy() {
    policy <<END
allow if input.image
allow if verify_http_pgp_signature(input.http, "file.asc", "$1.asc")
deny contains "not signed" if not allow
END
  }
  pgp_policy release
  build -o out ctx
  pgp_policy other
  fails 3 ctx
  contains log 'denied by Dockerfile.rego: not signed'
  echo forged >served/file
  pgp_policy release
  fails 3 ctx
  echo one >served/file
  pgp_policy missing
  fails 1 ctx
  contains log 'there is no file missing.asc'
fi

# --- without a build: one source, the tests of a policy, the shape of the input
policy <<'END'
allow if {
	input.image.labels.team == "one"
	input.image.tag != "latest"
}
deny contains sprintf("%s is not of team one", [input.image.ref]) if not allow
END
cd ctx
slipway policy eval "docker-image://127.0.0.1:$registry_port/team/base:1" >../log 2>&1 && fail 'allowed another team'
contains ../log "127.0.0.1:$registry_port/team/base:1 is not of team one"
push one team/base:1
same "$(slipway policy eval -f Dockerfile "docker-image://127.0.0.1:$registry_port/team/base:1")" "allowed: docker-image://127.0.0.1:$registry_port/team/base:1"
same "$(slipway policy eval .)" 'allowed: local://context'
slipway policy eval --print --fields image.labels,image.checksum "docker-image://127.0.0.1:$registry_port/team/base:1" >../input.json 2>../log
same "$(jq -r '.image.labels.team, .image.checksum' ../input.json)" "one
$(digest_of team/base:1)"
contains ../log 'image.hasProvenance'
slipway policy eval --print "http://127.0.0.1:$port/app.git#main" 2>/dev/null | jq -e '.git.host' >/dev/null || fail 'no repository'
write Dockerfile_test.rego <<'END'
package docker
test_latest_is_denied if not allow with input as {"image": {"tag": "latest", "labels": {"team": "one"}}}
test_team_is_allowed if allow with input as {"image": {"tag": "1", "labels": {"team": "one"}}}
test_wrong if allow with input as {"image": {"tag": "1", "labels": {"team": "two"}}}
END
code=0
slipway policy test . >../log || code=$?
same $code 1
contains ../log 'data.docker.test_latest_is_denied: PASS'
contains ../log 'data.docker.test_wrong: FAIL'
contains ../log '2 passed, 1 failed'
slipway policy test --run allowed Dockerfile_test.rego >../log || fail "$(cat ../log)"
contains ../log '1 passed, 0 failed'
slipway policy json-schema | jq -e '.properties.image.properties.checksum' >/dev/null || fail 'no schema'
code=0
slipway policy eval 2>../log || code=$?
same $code 2
cd ..

# --- repositories: commit and signatures; a context that is a repository brings its own policy
need ssh-keygen
export GIT_CONFIG_GLOBAL=$T/gitconfig
git config --file gitconfig user.name dev
git config --file gitconfig user.email dev@example.org
git config --file gitconfig init.defaultBranch main
git config --file gitconfig gpg.format ssh
ssh-keygen -q -t ed25519 -N '' -f signer && ssh-keygen -q -t ed25519 -N '' -f other
git init -q repo
printf 'FROM scratch\nCOPY f /\n' >repo/Dockerfile && echo content >repo/f
git -C repo add . && git -C repo commit -q -m 'the first'
first=$(git -C repo rev-parse HEAD)
git_port=$(free_port)
start git daemon --reuseaddr --listen=127.0.0.1 --port="$git_port" --base-path="$T" --export-all "$T" 2>daemon.log
wait_for_port "$git_port"
dockerfile <<END
FROM scratch
ADD git://127.0.0.1:$git_port/repo/.git#main /app
END
policy <<END
good if {
	input.git.branch == "main"
	input.git.commit.author.email == "dev@example.org"
	input.git.commit.message == "the first"
	input.git.commitChecksum == "$first"
	not input.git.commit.sshSignature
}
allow if good
deny contains "another commit" if not good
END
build -o out ctx
same "$(cat out/app/f)" content
git -C repo -c "user.signingkey=$T/signer" commit -q -S --allow-empty -m signed
fails 3 ctx
contains log 'denied by Dockerfile.rego: another commit'
contains log 'Dockerfile:2'
policy <<'END'
allow if verify_git_signature(input.git.commit, "key.pub")
deny := set()
END
fails 1 ctx
contains log 'verify_git_signature: there is no file key.pub'
# A file without a key is no rule that holds, also of a commit that nobody signed.
signed=$(git -C repo rev-parse HEAD)
git -C repo commit -q --no-gpg-sign --allow-empty -m unsigned
for text in '' $'\n' 'no key'; do
  printf '%s' "$text" >ctx/key.pub
  fails 1 ctx
done
git -C repo reset -q --hard "$signed"
cp other.pub ctx/key.pub
fails 3 ctx
cp signer.pub ctx/key.pub
build -o out ctx
policy repo/Dockerfile.rego <<'END'
allow if input.git.host
deny := set()
END
git -C repo add . && git -C repo commit -q -m policy
slipway build -q -o out "git://127.0.0.1:$git_port/repo/.git" >/dev/null 2>log || fail "remote: $(cat log)"
policy repo/Dockerfile.rego <<'END'
deny contains "says the repository" if input.git
END
git -C repo add . && git -C repo commit -q -m 'another policy'
fails 3 "git://127.0.0.1:$git_port/repo/.git"
contains log 'denied by Dockerfile.rego: says the repository'
slipway build -q --policy disabled=true -o out "git://127.0.0.1:$git_port/repo/.git" >/dev/null 2>log || fail "remote: $(cat log)"
