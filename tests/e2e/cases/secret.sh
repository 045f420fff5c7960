# SPDX-License-Identifier: Apache-2.0
# A secret is there for its one step and nowhere else: no layer, config, log, or database.
# shellcheck shell=bash disable=SC2154,SC2034
use_base
secret="s3cr3t-$RANDOM$RANDOM"
printf '%s' "$secret" >token
# Checklist I11: RUN --mount=bind,cache,tmpfs,secret,ssh
dockerfile <<END
FROM $base
RUN --mount=type=secret,id=token wc -c < /run/secrets/token > /length && stat -c %a /run/secrets/token > /mode
RUN --mount=type=secret,id=token,env=TOKEN test -n "\$TOKEN" && ls /run/secrets 2>/dev/null | wc -l > /left
RUN --mount=type=secret,id=missing true
RUN ! test -e /run/secrets/token
END
build --secret id=token,src=token --metadata-file meta.json -t app -o type=oci,dest=image.tar ctx
SECRET=$secret build --secret id=token,env=SECRET -o out ctx
same "$(cat out/length)" "${#secret}"
same "$(cat out/mode)" 400
mkdir image && tar -C image -xf image.tar
for blob in image/blobs/sha256/*; do
  if { zstd -dc "$blob" 2>/dev/null || gzip -dc "$blob" 2>/dev/null || cat "$blob"; } | grep -qF "$secret"; then fail "secret in $blob"; fi
done
if grep -rqF "$secret" "$ROOT" log meta.json; then grep -rlF "$secret" "$ROOT" log meta.json; fail "the secret was kept"; fi
echo other >token # another value does not run the steps again
build --secret id=token,src=token -t app ctx
cached 'wc -c'
# … unless the step asks for it.
dockerfile <<END
FROM $base
RUN --mount=type=secret,id=token,cache=value wc -c < /run/secrets/token
END
build --secret id=token,src=token ctx
build --secret id=token,src=token ctx
cached 'wc -c'
echo rotated >token
build --secret id=token,src=token ctx
ran 'wc -c'
contains log 'value of secret token changed'
if grep -rqF rotated "$ROOT"; then fail "the secret was kept"; fi
# Checklist M7: secret id,target(/run/secrets/id),env,required=false,mode 0400,uid 0,gid 0
printf rotated >token
dockerfile <<END
FROM $base
RUN mkdir /o
RUN --mount=type=secret,id=token stat -c '%a %u %g' /run/secrets/token > /o/default; grep ' /run/secrets/token ' /proc/self/mountinfo > /o/mount
RUN --mount=type=secret,id=token,target=/etc/my.token,mode=0440,uid=12,gid=34 stat -c '%a %u %g' /etc/my.token > /o/own; cat /etc/my.token > /o/text
RUN --mount=type=secret,id=token if echo x 2>/dev/null > /run/secrets/token; then exit 1; fi
RUN --mount=type=secret,id=token,env=TOKEN printf %s "\$TOKEN" > /o/env; ! test -e /run/secrets/token
RUN --mount=type=secret,id=token,env=TOKEN,target=/both cmp /both /o/text; test "\$TOKEN" = "\$(cat /both)"
RUN --mount=type=secret,id=absent,target=/none ! test -e /none
RUN ! test -e /run/secrets/token; ! test -s /etc/my.token
END
build --secret id=token,src=token --secret-leak=warn -o secrets ctx
same "$(cat secrets/o/default secrets/o/own)" $'400 0 0\n440 12 34'
same "$(cat secrets/o/text secrets/o/env)" rotatedrotated
matches secrets/o/mount ' ro,nosuid,nodev,noexec,[a-z,]*( .*)? - tmpfs '
[ ! -e secrets/etc/my.token ] || [ ! -s secrets/etc/my.token ] || fail 'a secret is in the image'
printf 'FROM %s\nRUN --mount=type=secret,id=token,required true\n' "$base" >ctx/Dockerfile
fails 1 ctx
contains log token
