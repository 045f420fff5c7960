# SPDX-License-Identifier: Apache-2.0
# The plain instructions of a Dockerfile, each with what it is known to do and what it refuses (docs/checklist.md).
# shellcheck shell=bash disable=SC2154,SC2034,SC2016
need jq
registry
use_base
config() { slipway inspect "$1" | jq -r ".config$2"; }
# made QUERY: builds ctx as `made` and asks its config.
made() { build -t made ctx && config made "$1"; }
# Builds ctx as `made` and into the directory out.
both() { rm -rf out && build -t made -o type=image -o out ctx; }

# Checklist V1: `$v` `${v}`
dockerfile <<END
FROM $base
ARG one=1
ENV two=\${one}2 three=\$one/3 none=[\$missing\${missing}] literal=\\\$one
LABEL from=\$two
WORKDIR /w/\$one/\${two}
END
same "$(made .config.Env | jq -r 'join(" ")' | grep -o 'two=.*')" 'two=12 three=1/3 none=[] literal=$one'
same "$(config made '.config | .WorkingDir, .Labels.from')" $'/w/1/12\n12'
contains log 'UndefinedVar'

# Checklist I1: FROM image[:tag or @digest]
app=127.0.0.1:$port/app
push() { printf 'FROM %s\nRUN echo %s > /version\n' "$base" "$1" | slipway build -q -t "$2" --push --metadata-file meta.json - >/dev/null && slipway rmi "$2" >/dev/null; }
push old "$app:latest"
digest=$(jq -r '.["containerimage.digest"]' meta.json)
push tagged "$app:2"
push new "$app:latest"
for name in "$app new" "$app:2 tagged" "$app@$digest old" "$app:2@$digest old"; do
  printf 'FROM %s\nRUN cp /version /v\n' "${name% *}" >ctx/Dockerfile
  build --pull -o out ctx
  same "$(cat out/v)" "${name#* }"
done
printf 'FROM %s@sha256:%064d\n' "$app" 0 >ctx/Dockerfile
fails 1 ctx
printf 'FROM %s:no:tag\n' "$app" >ctx/Dockerfile
fails 1 ctx
contains log 'invalid reference format'

# Checklist I2: FROM … AS name
dockerfile <<END
FROM $base AS Tools
RUN echo first > /name
FROM $base AS a.b-c_1
RUN echo second > /name
FROM $base AS tools
RUN echo third > /name
FROM scratch
COPY --from=TOOLS /name /last
COPY --from=a.b-c_1 /name /
END
build -o out ctx
same "$(cat out/name out/last)" $'second\nthird'
contains log DuplicateStageName
build --target tools -o out ctx
same "$(cat out/name)" third
for name in 1st a/b -x 'é'; do
  printf 'FROM scratch AS %s\n' "$name" >ctx/Dockerfile
  fails 1 ctx
  contains log 'invalid name for build stage'
done

# Checklist I3: FROM earlier-stage
dockerfile <<END
FROM $base AS parent
ARG built=argument
ENV kept=environment
SHELL ["/bin/sh", "-ec"]
RUN echo files > /files
USER app
WORKDIR /home
ONBUILD RUN echo triggered > /tmp/trigger
FROM parent
RUN echo \$built \$kept \$(cat /files) \$(id -un) \$PWD > /tmp/out
END
both
same "$(cat out/tmp/out out/tmp/trigger)" $'argument environment files app /home\ntriggered'
same "$(config made '.config | .OnBuild, .User, (.Shell | join(" "))')" $'null\napp\n/bin/sh -ec'

# Checklist I4: FROM scratch
printf 'FROM scratch\n' >ctx/Dockerfile
same "$(made '.config | (.Env | join(" ")), .WorkingDir')" $'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n/'
same "$(config made '.rootfs.diff_ids')" null
printf 'FROM scratch\nCOPY --from=%s /etc/passwd /\n' "$base" >ctx/Dockerfile
build -o out2 ctx
same "$(find out2 -mindepth 1)" out2/passwd

# Checklist I10: RUN shell/exec form
dockerfile <<END
FROM $base
RUN echo "\$0 \$HOME" > /shell
RUN ["/bin/sh", "-c", "echo \"\$#: \$1\" > /exec", "zero", "a \$HOME  b"]
RUN ["/bin/busybox", "touch", "/it's \$HOME"]
SHELL ["/bin/sh", "-c", "echo \"shell got: \$0\" > /own; eval \"\$0\""]
RUN echo evaluated > /evaluated
END
build -o out ctx
same "$(cat out/shell out/exec out/own out/evaluated)" $'/bin/sh /root\n1: a $HOME  b\nshell got: echo evaluated > /evaluated\nevaluated'
[ -e "out/it's \$HOME" ] || fail 'the exec form went through a shell'
printf 'FROM %s\nRUN ["no-such-program"]\n' "$base" >ctx/Dockerfile
fails 1 ctx
contains log no-such-program

# Checklist I16: COPY src… dest / JSON
mkdir -p ctx/d/sub
echo a >ctx/a && echo 'b c' >'ctx/b c' && echo x >ctx/d/x && echo y >ctx/d/sub/y
dockerfile <<'END'
FROM scratch
COPY a /renamed
COPY a d /dir/
COPY ["a", "b c", "/json dir/"]
COPY d/* /globbed/
WORKDIR /rel
COPY a in/
END
rm -rf out && build -o out ctx
same "$(cd out && find . -type f | LC_ALL=C sort | tr '\n' ' ')" './dir/a ./dir/sub/y ./dir/x ./globbed/x ./globbed/y ./json dir/a ./json dir/b c ./rel/in/a ./renamed '
printf 'FROM scratch\nCOPY a d /dir\n' >ctx/Dockerfile
fails 1 ctx
contains log 'cannot copy to non-directory: /dir'
printf 'FROM scratch\nCOPY a\n' >ctx/Dockerfile
fails 1 ctx
contains log 'COPY requires at least two arguments'

# Checklist I17: COPY --from= stage / index / image / named context
mkdir -p named && echo context >named/n
dockerfile <<END
FROM $base AS zero
RUN echo zero > /z
FROM $base AS one
RUN echo one > /o
FROM scratch
COPY --from=zero /z /
COPY --from=1 /o /
COPY --from=$app:2 /version /
COPY --from=extra n /
END
rm -rf out && build --build-context extra=named -o out ctx
same "$(cat out/z out/o out/version out/n)" $'zero\none\ntagged\ncontext'
printf 'ARG S=zero\nFROM scratch AS zero\nFROM scratch\nARG S\nCOPY --from=$S / /\n' >ctx/Dockerfile
fails 1 ctx
contains log 'variable expansion is not supported for --from'
printf 'FROM scratch\nCOPY --from=7 / /\n' >ctx/Dockerfile
fails 1 ctx
contains log 'invalid stage index 7'

# Checklist I31: ENV k=v… and legacy `ENV k v`
dockerfile <<END
FROM $base
ENV A=1 B="two words" C=three\ words
ENV legacy  all of  this
ENV A=again D=\$A
RUN echo "\$A|\$B|\$C|\$legacy|\$D" > /env
END
both
same "$(cat out/env)" 'again|two words|three words|all of  this|1'
same "$(config made '.config.Env | map(select(startswith("PATH") | not)) | join(",")')" 'A=again,B=two words,C=three words,legacy=all of  this,D=1'
printf 'FROM scratch\nENV A\n' >ctx/Dockerfile
fails 1 ctx
contains log 'ENV must have two arguments'
printf 'FROM scratch\nENV A=1 B\n' >ctx/Dockerfile
fails 1 ctx

# Checklist I32: ARG k[=d]… several per line
dockerfile <<END
ARG global=g
FROM $base AS first
ARG a=1 b c="three words" global
ARG d=\$a\$c
RUN echo "\$a|\$b|\$c|\$d|\$global" > /args
FROM $base AS other
RUN echo "\$a|\$global" > /args
END
build --target first --build-arg b=given -o first ctx
build --target other --build-arg b=given -o other ctx
same "$(cat first/args other/args)" $'1|given|three words|1three words|g\n|'
build --target other --build-arg unknown=1 ctx
cached 'RUN echo' # an argument that no ARG declares changes nothing

# Checklist I34: CMD, ENTRYPOINT shell/exec
dockerfile <<END
FROM $base AS parent
CMD ["of the parent"]
FROM parent
ENTRYPOINT exec \$HOME/entry
END
same "$(made '.config | .Entrypoint, .Cmd' | jq -c .)" $'["/bin/sh","-c","exec $HOME/entry"]\nnull'
printf 'FROM %s\nENTRYPOINT ["/e", "$x"]\nCMD ["a b", "$x"]\n' "$base" >ctx/Dockerfile
same "$(made '.config | .Entrypoint, .Cmd' | jq -c .)" $'["/e","$x"]\n["a b","$x"]'
printf 'FROM %s\nCMD echo $x  y\n' "$base" >ctx/Dockerfile
same "$(made .config.Cmd | jq -c .)" '["/bin/sh","-c","echo $x  y"]'

# Checklist I37: USER u[:g]
dockerfile <<END
FROM $base
RUN mkdir -m 777 /o
USER app
RUN id -u > /o/name; if touch /root-only 2>/dev/null; then exit 1; fi
USER 1234:4321
RUN id -u > /o/number; id -g >> /o/number; stat -c '%u %g' /o/number > /o/owner
ARG who=app
USER \$who
END
both
same "$(cat out/o/name)" "$(grep '^app:' out/etc/passwd | cut -d: -f3)"
same "$(cat out/o/number out/o/owner)" $'1234\n4321\n1234 4321'
same "$(config made .config.User)" app
printf 'FROM %s\nUSER nobody-here\nRUN true\n' "$base" >ctx/Dockerfile
fails 1 ctx
contains log nobody-here
