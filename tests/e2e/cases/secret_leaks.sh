# SPDX-License-Identifier: Apache-2.0
# Builds that use a secret in every legal way leave its value nowhere; those that leak it are warned of or refused.
# shellcheck shell=bash disable=SC2154,SC2034
need python3 zstd
use_base
mkdir private home
export TMPDIR=$T/home TOKEN
TOKEN="s3cr/t+$(head -c 12 /dev/urandom | od -An -tx1 | tr -d ' \n')=Z"
printf '%s' "$TOKEN" >private/token
printf 'line one\n%s\nthe last line of it\n' "$TOKEN" >private/lines
search() { python3 "$E2E_DIR/helpers/leak_search.py" "$TOKEN" "$ROOT" home out* log stdout ./*.tar ./*.json; }
clean() { search || fail "the secret is in the files above"; }
# The search itself finds what is there.
mkdir planted && printf 'x%sx' "$TOKEN" | gzip >planted/blob
if python3 "$E2E_DIR/helpers/leak_search.py" "$TOKEN" planted; then fail "a planted leak was not found"; fi
printf '%s' "ab$TOKEN" | base64 -w 0 >planted/blob
if python3 "$E2E_DIR/helpers/leak_search.py" "$TOKEN" planted; then fail "a planted leak in base64 was not found"; fi

# Checklist wish 10: taint tracking of secrets
number=0
# legal FLAGS… : builds the Dockerfile of standard input to all kinds of outputs; nothing may be left.
legal() {
  number=$((number + 1))
  dockerfile
  build "$@" -t "x$number" -o "out$number" ctx
  slipway build --progress=rawjson "$@" -o "type=oci,dest=a$number.tar" --metadata-file "m$number.json" --no-cache ctx 2>"raw$number.json"
  lacks log 'the value of secret'
  slipway why --json >"why$number.json"
  clean
}
file=(--secret "id=t,src=private/token")
legal "${file[@]}" <<END
FROM $base
RUN --mount=type=secret,id=t test -s /run/secrets/t && wc -c < /run/secrets/t > /size
END
legal "${file[@]}" <<END
FROM $base
RUN --mount=type=secret,id=t,target=/etc/token,mode=0444,uid=7 stat -c %a /etc/token > /mode
END
legal --secret id=t,env=TOKEN <<END
FROM $base
RUN --mount=type=secret,id=t,env=T test -n "\$T" && echo "\${#T}" > /length
END
legal --secret id=TOKEN <<END
FROM $base
RUN --mount=type=secret,id=TOKEN,required=true grep -q s3cr /run/secrets/TOKEN
END
# Printed: masked, in every form, whole or in pieces.
legal "${file[@]}" <<END
FROM $base
RUN --mount=type=secret,id=t cat /run/secrets/t; cat /run/secrets/t >&2
RUN --mount=type=secret,id=t base64 /run/secrets/t; od -An -tx1 -v /run/secrets/t | tr -d ' \n'
RUN --mount=type=secret,id=t head -c 9 /run/secrets/t; sleep 0.1; tail -c +10 /run/secrets/t
END
contains log '***'
legal --secret id=t,env=TOKEN <<END
FROM $base
RUN --mount=type=secret,id=t,env=T env
END
contains log 'T=***'
legal --secret id=t,src=private/lines <<END
FROM $base
RUN --mount=type=secret,id=t sed -n 2p /run/secrets/t
END
# In memory of the step only: /dev/shm, a tmpfs, a bind mount that is thrown away.
legal "${file[@]}" <<END
FROM $base
RUN --mount=type=secret,id=t --mount=type=tmpfs,target=/t cp /run/secrets/t /t/ && cp /run/secrets/t /dev/shm/
RUN --mount=type=secret,id=t --mount=type=bind,from=$base,target=/b,rw cp /run/secrets/t /b/
END

# A step that fails while it prints the secret.
dockerfile <<END
FROM $base
RUN --mount=type=secret,id=t cat /run/secrets/t && cat /run/secrets/t >&2 && exit 3
END
fails 1 "${file[@]}" ctx
clean

# leak TEXT FLAGS… : the build says TEXT of the Dockerfile of standard input, and with --secret-leak=error ends there.
leak() {
  local text=$1
  shift
  dockerfile
  fails 1 --secret-leak=error "$@" ctx
  contains log "$text"
  contains log 'write it nowhere'
  clean
  local kept=$ROOT
  ROOT=$T/leaky
  use_base
  build "$@" ctx
  contains log "$text"
  rm -rf "$ROOT"
  ROOT=$kept
}
leak 'the value of secret t is in /kept' "${file[@]}" <<END
FROM $base
RUN --mount=type=secret,id=t cp /run/secrets/t /kept
END
leak 'the value of secret t is in /var/deep/log (base64)' "${file[@]}" <<END
FROM $base
RUN --mount=type=secret,id=t mkdir -p /var/deep && base64 -w 0 /run/secrets/t > /var/deep/log
END
leak 'the value of secret t is in /hex (hexadecimal)' "${file[@]}" <<END
FROM $base
RUN --mount=type=secret,id=t od -An -tx1 -v /run/secrets/t | tr -d ' \n' > /hex
END
leak 'the value of secret t is in /env' --secret id=t,env=TOKEN <<END
FROM $base
RUN --mount=type=secret,id=t,env=T env > /env
END
leak 'the value of secret t is in /a.conf' "${file[@]}" <<END
FROM $base
RUN --mount=type=secret,id=t { head -c 3000000 /dev/zero; cat /run/secrets/t; } > /a.conf
END
leak 'the value of secret t is in /link' "${file[@]}" <<END
FROM $base
RUN --mount=type=secret,id=t ln -s "x\$(tr / _ < /run/secrets/t)" /name && ln -s "\$(cat /run/secrets/t)" /link
END
# The file itself, copied from the context, and the value as a build argument.
cp private/token ctx/token
leak 'the value of secret t is in /app/token' "${file[@]}" <<END
FROM $base
COPY . /app
END
rm ctx/token
leak 'is in the config of the image' "${file[@]}" --build-arg "V=$TOKEN" <<END
FROM $base
ARG V
ENV KEPT=\$V
END
