# SPDX-License-Identifier: Apache-2.0
# BuildKit's 22 rules of `slipway check`, each with a Dockerfile that breaks it, on the line that does, and its twin that
# does not; with --call=check too, which is the other way to ask (docs/checklist.md).
# shellcheck shell=bash disable=SC2154,SC2034,SC2016
need jq
use_base
slipway import --platform linux/arm64 "$E2E_WORK/base.tar" local/arm >/dev/null
mkdir ctx
echo ignored >ctx/ignored && echo kept >ctx/kept && echo ignored >ctx/.dockerignore

findings() { # findings RULE: "line …" of what `slipway check` finds in ctx by that rule
  slipway check --rules "$1" --format json ctx >found.json 2>log || [ $? = 1 ] || { cat log; fail "check --rules $1"; }
  jq -r '.warnings // [] | map(.location.ranges[0].start.line) | sort | join(" ")' found.json
}
tried=0
# breaks RULE LINES TEXT; then the Dockerfile is kept to the rule by the text of standard input: bad, "----", good.
rule() {
  local name=$1 lines=$2 text=$3
  tried=$((tried + 1))
  write both
  sed '/^----$/,$d' both >ctx/Dockerfile
  same "$name $(findings "$name")" "$name $lines"
  same "$(jq -r '[.warnings[].ruleName] | unique | join(" ")' found.json)" "$name"
  contains found.json "$text"
  slipway build --call=check,format=json ctx >called.json 2>log || [ $? = 1 ] || { cat log; fail "--call=check, $name"; }
  jq -e --arg rule "$name" 'any(.warnings[]; .ruleName == $rule)' called.json >/dev/null || { cat called.json; fail "--call=check does not find $name"; }
  sed '1,/^----$/d' both >ctx/Dockerfile
  same "$name $(findings "$name")" "$name "
}

# Checklist StageNameCasing: stage names lower case
rule StageNameCasing 1 "Stage name 'Build' should be lowercase" <<'END'
FROM scratch AS Build
----
FROM scratch AS build
END
# Checklist FromAsCasing: FROM/AS same case
rule FromAsCasing 1 "'as' and 'FROM' keywords' casing do not match" <<'END'
FROM scratch as build
----
from scratch as build
END
# Checklist NoEmptyContinuation: blank line in continuation
rule NoEmptyContinuation 5 'Empty continuation line' <<'END'
FROM scratch
LABEL a=b \
# a comment is none

      c=d
----
FROM scratch
LABEL a=b \
# a comment is none
      c=d
END
# Checklist ConsistentInstructionCasing: majority casing
rule ConsistentInstructionCasing 3 "Command 'label' should match the case of the command majority (uppercase)" <<'END'
FROM scratch
COPY kept /
label a=b
----
from scratch
copy kept /
label a=b
END
# Checklist DuplicateStageName
rule DuplicateStageName 2 'Duplicate stage name \"a\"' <<'END'
FROM scratch AS a
FROM scratch AS A
----
FROM scratch AS a
FROM scratch AS b
END
# Checklist ReservedStageName: `context`, `scratch`
rule ReservedStageName '1 2' 'Stage name should not use the same name as reserved stage \"context\"' <<'END'
FROM scratch AS context
FROM scratch AS scratch
----
FROM scratch AS contexts
END
# Checklist JSONArgsRecommended: shell-form CMD/ENTRYPOINT without SHELL
rule JSONArgsRecommended '2 3' 'JSON arguments recommended for CMD' <<'END'
FROM scratch
CMD echo a
ENTRYPOINT echo b
----
FROM scratch
SHELL ["/bin/sh", "-c"]
CMD echo a
ENTRYPOINT ["echo", "b"]
END
# Checklist MaintainerDeprecated
rule MaintainerDeprecated 2 'Maintainer instruction is deprecated in favor of using label' <<'END'
FROM scratch
MAINTAINER me
----
FROM scratch
LABEL org.opencontainers.image.authors=me
END
# Checklist UndefinedArgInFrom
rule UndefinedArgInFrom 2 "FROM argument 'BAES' is not declared" <<END
ARG BASE=$base
FROM \${BAES:-scratch}
----
ARG BASE=$base
FROM \${BASE:-scratch}
END
# Checklist WorkdirRelativePath: no earlier absolute WORKDIR in file
rule WorkdirRelativePath 2 'Relative workdir \"app\" can have unexpected results' <<'END'
FROM scratch
WORKDIR app
----
FROM scratch
WORKDIR /
WORKDIR app
END
# Checklist UndefinedVar: with suggestion
rule UndefinedVar 3 "Usage of undefined variable '\$VERSOIN' (did you mean \$VERSION?)" <<'END'
FROM scratch
ARG VERSION=1
LABEL v=$VERSOIN
----
FROM scratch
ARG VERSION=1
LABEL v=$VERSION
END
# Checklist MultipleInstructionsDisallowed: second CMD/ENTRYPOINT/HEALTHCHECK
rule MultipleInstructionsDisallowed '2 4 6' 'Multiple CMD instructions should not be used in the same stage' <<'END'
FROM scratch
CMD ["a"]
CMD ["b"]
ENTRYPOINT ["a"]
ENTRYPOINT ["b"]
HEALTHCHECK CMD ["a"]
HEALTHCHECK NONE
----
FROM scratch AS one
CMD ["a"]
FROM one
CMD ["b"]
END
# Checklist LegacyKeyValueFormat: `ENV k v`
rule LegacyKeyValueFormat '2 3' '\"ENV key=value\" should be used instead of legacy \"ENV key value\" format' <<'END'
FROM scratch
ENV a b
LABEL a b
----
FROM scratch
ENV a=b
LABEL a=b
END
# Checklist InvalidBaseImagePlatform: pulled platform ≠ wanted
rule InvalidBaseImagePlatform 1 'Base image local/arm was pulled with platform \"linux/arm64\", expected \"linux/amd64\"' <<'END'
FROM --platform=linux/amd64 local/arm
----
FROM --platform=linux/arm64 local/arm
END
# Checklist RedundantTargetPlatform: `--platform=$TARGETPLATFORM`
rule RedundantTargetPlatform 1 'Setting platform to predefined $TARGETPLATFORM in FROM is redundant' <<END
FROM --platform=\$TARGETPLATFORM $base
----
FROM --platform=\$BUILDPLATFORM $base
END
# Checklist SecretsUsedInArgOrEnv: name tokens; allowed by public/file/version
rule SecretsUsedInArgOrEnv '2 3 4 4 5 5 6' 'Do not use ARG or ENV instructions for sensitive data (ARG \"npm_token\")' <<'END'
FROM scratch
ARG npm_token
ENV AWS_SECRET_ACCESS_KEY=x
ENV DB_PASSWORD=x MY_CREDENTIALS=y
ARG apikey pword
ARG AUTH
----
FROM scratch
ARG token_file public_key password_version
ENV KEYBOARD=us MONKEY=1
END
# Checklist InvalidDefaultArgInFrom: empty/invalid base with defaults
rule InvalidDefaultArgInFrom 2 'Default value for ARG ${BASE}:x results in empty or invalid base image name' <<'END'
ARG BASE
FROM ${BASE}:x
----
ARG BASE=scratch
FROM ${BASE}
END
# Checklist FromPlatformFlagConstDisallowed: constant not in stage name
rule FromPlatformFlagConstDisallowed 1 'FROM --platform flag should not use constant value \"linux/amd64\"' <<END
FROM --platform=linux/amd64 $base AS build
----
FROM --platform=linux/amd64 $base AS build_amd64
END
# Checklist CopyIgnoredFile: source matches .dockerignore; skipped when negations exist
rule CopyIgnoredFile '2 3' 'Attempting to Copy file \"ignored\" that is excluded by .dockerignore' <<'END'
FROM scratch
COPY ignored /
ADD ignored kept /
----
FROM scratch
COPY kept /
END
printf '*\n!kept\n' >ctx/.dockerignore
printf 'FROM scratch\nCOPY ignored /\n' >ctx/Dockerfile
same "$(findings CopyIgnoredFile)" ''
rm ctx/.dockerignore
# Checklist ExposeProtoCasing
rule ExposeProtoCasing 2 "Defined protocol '80/TCP' in EXPOSE instruction should be lowercase" <<'END'
FROM scratch
EXPOSE 80/TCP 81/udp
----
FROM scratch
EXPOSE 80/tcp 81/udp
END
# Checklist ExposeInvalidFormat: IP/host port
rule ExposeInvalidFormat '2 3' 'EXPOSE instruction should not define an IP address or host-port mapping' <<'END'
FROM scratch
EXPOSE 127.0.0.1:80:80
EXPOSE 5000-5001:80-81
----
FROM scratch
EXPOSE 80 5000-5001
END
# Checklist InvalidDefinitionDescription: experimental
rule InvalidDefinitionDescription '4 6' 'Comment for ARG should follow the format' <<'END'
# check=experimental=InvalidDefinitionDescription

# not about it
ARG version=1
# nor this
FROM scratch AS build
----
# check=experimental=InvalidDefinitionDescription

# version of it
ARG version=1
# build makes it

FROM scratch AS build
END
printf '# a comment\nFROM scratch AS build\n' >ctx/Dockerfile
same "$(findings InvalidDefinitionDescription)" ''
same $tried 22

# What BuildKit has no rule for, and slipway has.
own() { # own RULE LINE: as rule, of slipway's own
  local name=$1 line=$2
  write both
  sed '/^----$/,$d' both >ctx/Dockerfile
  same "$name $(findings "$name")" "$name $line"
  sed '1,/^----$/d' both >ctx/Dockerfile
  same "$name $(findings "$name")" "$name "
}
# Checklist missing USER: no builder has it
own FinalStageRunsAsRoot 2 <<'END'
FROM scratch AS build
FROM scratch
COPY kept /app
CMD ["/app"]
----
FROM scratch
COPY kept /app
USER 1000
CMD ["/app"]
END
# Checklist unpinned FROM: no builder has it
own BaseImageNotPinned 1 <<END
FROM $base
----
FROM $base@$(slipway inspect "$base" | jq -r .digest)
END
