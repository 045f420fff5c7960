# SPDX-License-Identifier: Apache-2.0
# A step can be entered: as it is at its start or its end, with its user, environment, mounts and secrets; what is done
# there is thrown away, or is where the build goes on.
# shellcheck shell=bash disable=SC2154,SC2034
need script
use_base
printf 'a secret value' >token
mkdir ctx && echo data >ctx/data
dockerfile <<END
FROM $base
ENV GREETING=hello
RUN echo first > /first
WORKDIR /work
COPY data data
USER app
RUN --mount=type=secret,id=token,uid=1000 --mount=type=tmpfs,target=/scratch \\
    --mount=type=bind,source=data,target=/bound echo second > /tmp/second; exit 3
USER root
RUN cp /tmp/second /third
END
shell() { slipway shell "$@" 2>"$T/shell.log"; }

fails 1 --secret id=token,src=token -t app ctx
# The step that failed, at its start: nothing of it is there.
same "$(shell --at start -c 'id -un; pwd; echo $GREETING; cat /run/secrets/token; echo; ls /tmp; cat /bound; touch /scratch/x && echo writable; cat data')" \
  $'app\n/work\nhello\na secret value\ndata\nwritable\ndata'
# At its end: the step has run again.
same "$(shell -c 'cat /tmp/second')" second
contains shell.log 'exit code: 3'
# A step by its title and its line, from elsewhere; also one that is no RUN; the shell's exit code is passed on.
same "$(cd / && shell 'echo first' -c 'cat /first; id -un')" $'first\nroot'
same "$(shell 3 --at start -c 'ls / | grep -c first || true')" 0
same "$(shell 'COPY data' -c 'pwd; cat data; echo $GREETING')" $'/work\ndata\nhello'
code=0; shell 3 -c 'exit 7' || code=$?; same $code 7
# Standard input is the shell's.
same "$(echo 'echo typed by $(id -un)' | shell --at start)" 'typed by app'
# A terminal of its own, in the size of the outer one, when there is one to stand on.
script -qec "stty rows 41 cols 97; '$SLIPWAY' --root '$ROOT' shell 3 -c 'tty; stty size; read x; echo got \$x'" /dev/null \
  <<<'word' >typed 2>&1
contains typed /dev/pts/
contains typed '41 97'
contains typed 'got word'
# What was done is thrown away …
shell 3 -c 'echo changed > /first'
same "$(shell 3 -c 'cat /first')" first
# … or the build goes on from there, and no other build ever finds it in the cache.
slipway shell --continue -c 'echo by hand > /tmp/second' >continued 2>&1 || { cat continued; fail 'not continued'; }
slipway build -q -o type=local,dest=out --secret id=token,src=token ctx >/dev/null 2>&1 && fail 'the step cannot have succeeded'
slipway save app -o app.tar 2>/dev/null && tar -xOf app.tar manifest.json | grep -q Layers
same "$(echo "FROM app
RUN cat /third" | slipway build --progress=plain - 2>&1 | grep -c 'by hand')" 1
fails 1 --secret id=token,src=token -t app ctx
contains log 'exit code: 3'
# A shell that fails stops the build.
code=0; slipway shell --continue -c 'exit 4' >/dev/null 2>&1 || code=$?; same $code 4

# At once: the wreck of the step that failed, as it is.
code=0
echo 'cat /tmp/second; pwd' | slipway build --progress=plain --on-failure=shell --secret id=token,src=token ctx \
  >entered 2>log || code=$?
same $code 1
same "$(cat entered)" $'second\n/work'
contains log 'exit code: 3'
# On a terminal one may go on with what is there.
script -qec "'$SLIPWAY' --root '$ROOT' build --progress=plain --on-failure=shell --secret id=token,src=token \
  -o type=local,dest=out ctx" /dev/null >typed 2>&1 < <(sleep 1; echo 'echo mended > /tmp/second'; sleep 0.5; echo exit; sleep 1; echo y; sleep 1)
same "$(cat out/third)" mended

# What cannot be entered says why.
code=0; shell nonsense -c true || code=$?; same $code 1
contains shell.log 'no step of build'
code=0; shell RUN -c true || code=$?; same $code 1
contains shell.log 'may be any of these steps'
code=0; shell --build 1999 -c true || code=$?; same $code 1
contains shell.log 'no past build has an id that begins 1999'
sed -i 's/exit 3/exit 5/' ctx/Dockerfile
code=0; shell 7 --at start -c true || code=$?; same $code 1
contains shell.log 'its Dockerfile has changed'
slipway build -q - <ctx/Dockerfile >/dev/null 2>&1 || true
code=0; shell 3 -c true || code=$?; same $code 1
contains shell.log 'standard input'
nothing_mounted
