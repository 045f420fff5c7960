# SPDX-License-Identifier: Apache-2.0
# What a build shows: plain text, JSON lines, nothing, and a live tree on a terminal.
# shellcheck shell=bash disable=SC2154,SC2034
need script
use_base
printf 'FROM %s\nRUN echo visible output\n' "$base" | dockerfile
build ctx
matches log '^#[0-9]+ \[2/2\] RUN echo visible output$'
matches log '^#[0-9]+ [0-9.]+ visible output$'
matches log '^#[0-9]+ DONE [0-9.]+s$'
# Checklist D16: CI use
slipway build --progress=rawjson --no-cache -t x ctx 2>json
python3 - <<'END'
import base64, json
lines = [json.loads(line) for line in open("json")]
assert any("visible output" in base64.b64decode(log["data"]).decode() for l in lines for log in l.get("logs", [])), lines
assert any(v.get("name", "").endswith("RUN echo visible output") for l in lines for v in l.get("vertexes", []))
END
slipway build --progress=quiet --no-cache ctx 2>quiet
lacks quiet visible
TERM=xterm script -qec "stty cols 80 rows 24; '$SLIPWAY' --root '$ROOT' build --no-cache ctx" tty </dev/null >/dev/null
contains tty '[+] Building'
contains tty FINISHED
matches tty ' => \[2/2\] RUN echo visible output'
same "$(grep -o $'\e\[?25l' tty | wc -l)" "$(grep -o $'\e\[?25h' tty | wc -l)"
