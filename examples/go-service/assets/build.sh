#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes the static files of the service: build.sh DIRECTORY
set -eu
out=$1
mkdir -p "$out"
for file in *.css; do
  tr '\n' ' ' < "$file" | sed -e 's|/\*[^*]*\*/||g' -e 's/  */ /g' -e 's/ *\([{};:,]\) */\1/g' -e 's/^ //' > "$out/$file"
  echo "$file: $(wc -c < "$file") bytes in, $(wc -c < "$out/$file") out"
done
