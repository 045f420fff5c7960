# SPDX-License-Identifier: Apache-2.0
# --ssh: an agent's keys for a step that mounts it, to look at and to sign with, and nothing more.
# shellcheck shell=bash disable=SC2154,SC2034
need ssh-agent ssh-add ssh-keygen
use_base
ssh-keygen -q -t ed25519 -N '' -C first -f one
ssh-keygen -q -t ed25519 -N '' -C second -f two
ssh-keygen -q -t ed25519 -N secret -f locked
start ssh-agent -D -a "$T/agent"
wait_for_file agent
SSH_AUTH_SOCK=$T/agent ssh-add -q one
# The tools with the libraries they need, for a base image without them.
mkdir -p ctx/tools
for program in ssh-add ssh-keygen; do
  cp "$(command -v $program)" ctx/tools
  ldd "$(command -v $program)" | grep -oE '/[^ ]+' | xargs -I{} cp -L --parents {} ctx/tools
done
cp one.pub two.pub ctx
header="FROM $base
COPY tools /
ENV PATH=/:/bin
COPY one.pub two.pub /keys/"

# Checklist I11: RUN --mount=bind,cache,tmpfs,secret,ssh
dockerfile <<END
$header
RUN --mount=type=ssh ssh-add -L > /listed && echo text | ssh-keygen -Y sign -n file -f /keys/one.pub > /signature
RUN --mount=type=ssh if ssh-add -D; then exit 1; fi
RUN --mount=type=ssh if ssh-add -x < /dev/null; then exit 1; fi
RUN --mount=type=ssh ssh-add -l
RUN if [ -n "\$SSH_AUTH_SOCK" ]; then exit 1; fi
END
SSH_AUTH_SOCK=$T/agent build --ssh default -o out ctx
same "$(cut -d' ' -f1-2 out/listed)" "$(cut -d' ' -f1-2 one.pub)"
echo "x $(cut -d' ' -f1-2 one.pub)" >allowed
echo text | ssh-keygen -Y verify -f allowed -I x -n file -s out/signature
SSH_AUTH_SOCK=$T/agent ssh-add -l # the agent still has its key
[ -z "$(ls "$ROOT/ssh" 2>/dev/null)" ] || fail "sockets are left"
lacks log "$T/agent"

# Several ids: keys from files, in an agent of the build's own; owner and mode of the socket.
dockerfile <<END
$header
RUN --mount=type=ssh,id=a,target=/a.sock,mode=0666,uid=12,gid=13 stat -c '%a %u %g' /a.sock > /o; SSH_AUTH_SOCK=/a.sock ssh-add -L > /a
RUN --mount=type=ssh,id=b ssh-add -L > /b
END
build --ssh a=one --ssh b=one,two -o out2 ctx
same "$(cat out2/o)" '666 12 13'
same "$(wc -l <out2/a) $(wc -l <out2/b)" '1 2'
if pgrep -f "ssh-agent -D -a $ROOT" >/dev/null; then fail "an agent is left"; fi
[ -z "$(ls "$ROOT/ssh" 2>/dev/null)" ] || fail "sockets are left"

# What cannot be given.
dockerfile <<END
FROM $base
RUN --mount=type=ssh,required=true true
END
fails 1 ctx
contains log 'ssh agent default: not found'
contains log 'pass it with --ssh default'
fails 1 --ssh default=nowhere ctx
contains log 'nowhere does not exist'
fails 1 --ssh default=locked ctx
contains log 'key locked cannot be used'
fails 1 --ssh default=one --ssh default=two ctx
contains log 'default is given twice'
(unset SSH_AUTH_SOCK; fails 1 --ssh default ctx)
contains log 'SSH_AUTH_SOCK is not set'
