# SPDX-License-Identifier: Apache-2.0
# slipway check: chosen rules, three formats, exit codes; nothing is built.
# shellcheck shell=bash disable=SC2154,SC2034
need jq python3
check() {
  local expected=$1 code=0
  shift
  slipway check "$@" >"$T/stdout" 2>"$T/log" || code=$?
  cat "$T/stdout" "$T/log"
  [ $code = "$expected" ] || fail "exit code $code instead of $expected"
}
dockerfile <<'END'
FROM scratch AS builder
COPY a /a
FROM scratch
ARG NPM_TOKEN
COPY .bash_history /root/
CMD ["/app"]
END
# Slipway's own rules are off unless asked for.
check 1 ctx
contains stdout 'WARNING: SecretsUsedInArgOrEnv - https://'
lacks stdout UnusedStage
check 0 --rules buildkit --skip SecretsUsedInArgOrEnv ctx
contains stdout 'no warnings found'
check 1 --rules practice ctx
for rule in UnusedStage FinalStageRunsAsRoot SecretArgInHistory ShellHistoryInFinalImage; do contains stdout "WARNING: $rule"; done
contains stdout 'fix: '
contains stdout 'Dockerfile:5'
matches stdout '^ +5 \| >>> COPY .bash_history /root/'
contains stdout docs/checks/unused-stage.md
check 1 --rules all --skip UnusedStage,SecretArgInHistory ctx
lacks stdout UnusedStage

check 1 --rules UnusedStage --format json ctx
same "$(jq -r '.warnings[].ruleName' stdout)" UnusedStage
same "$(jq -r '.warnings[0].location.ranges[0].start.line' stdout)" 1
check 1 --rules all --format sarif ctx
same "$(jq -r '.version' stdout)" 2.1.0
same "$(jq -r '.runs[0].results[0].locations[0].physicalLocation.artifactLocation.uri' stdout)" ctx/Dockerfile
same "$(jq -r '[.runs[0].results[] | .ruleId == .ruleIndex] | any' stdout)" false
same "$(jq -r '.runs[0] as $r | [$r.results[] | $r.tool.driver.rules[.ruleIndex].id == .ruleId] | all' stdout)" true

# The target decides which image is meant, and comments which rules are.
check 0 --rules FinalStageRunsAsRoot --target builder ctx
sed -i '1i # check=skip=UnusedStage,FinalStageRunsAsRoot' ctx/Dockerfile
sed -i '/^ARG/i # check=skip=all' ctx/Dockerfile
check 1 --rules practice --format json ctx
same "$(jq -r '.warnings[].ruleName' stdout)" ShellHistoryInFinalImage
check 1 --rules practice - <ctx/Dockerfile

# The working directory is the default; mistakes in the Dockerfile are findings, in the command line usage.
(cd ctx && check 1 --rules ShellHistoryInFinalImage)
printf 'FROM scratch\nRUNN x\n' >ctx/Dockerfile
check 1 --rules all ctx
contains log 'unknown instruction: RUNN'
contains log 'Dockerfile:2'
check 1 --format sarif ctx
same "$(jq -r '.runs[0].invocations[0].executionSuccessful' stdout)" false
check 2 --rules NoSuchRule ctx
contains log 'there is no rule NoSuchRule'
check 2 --format xml ctx
check 1 no-such-directory
