# SPDX-License-Identifier: Apache-2.0
# Here-documents as scripts, as files, with and without expansion.
# shellcheck shell=bash disable=SC2154,SC2034
use_base
dockerfile <<END
FROM $base
ARG NAME=value
RUN <<SCRIPT
set -e
echo one > /out.txt
echo two >> /out.txt
SCRIPT
RUN <<-"SCRIPT" sh
	echo three >> /out.txt
	SCRIPT
COPY <<one.txt <<"two.txt" /files/
\$NAME
one.txt
\$NAME
two.txt
END
build -o out ctx
same "$(cat out/out.txt)" $'one\ntwo\nthree'
same "$(cat out/files/one.txt out/files/two.txt)" $'value\n$NAME'
