# SPDX-License-Identifier: Apache-2.0
# --squash and --layers group layers when they are written; the steps stay cached one by one.
# shellcheck shell=bash disable=SC2154
need umoci
use_base
dockerfile <<END
FROM $base
RUN mkdir /d && echo one >/d/one && echo two >/d/two && ln /d/two /d/hard
RUN rm /d/one && chmod 700 /d/two
RUN echo three >/d/three
ENV A=1
RUN rm -r /d && mkdir /d && echo new >/d/new
END
layers() { tar -xOf "$1" "$(python3 "$E2E_DIR/helpers/config_member.py" "$1")" | python3 -c 'import json, sys
c = json.load(sys.stdin)
print(len(c["rootfs"]["diff_ids"]), sum(not h.get("empty_layer") for h in c["history"]), len(c["history"]))'; }
tree() {
  rm -rf "layout-$1" "bundle-$1" && mkdir "layout-$1" && tar -C "layout-$1" -xf "$1"
  umoci unpack --rootless --image "layout-$1:${2:-latest}" "bundle-$1" >/dev/null 2>&1
  (cd "bundle-$1/rootfs" && find . -mindepth 1 -printf '%p %y %m %n %s %l\n' | sort)
}
out() { build -t sq:latest -o "type=oci,dest=$1" "${@:2}" ctx; }
out plain.tar
same "$(layers plain.tar)" "5 5 6"
tree plain.tar >plain.txt
out final.tar --squash
same "$(cached_steps)" 5
same "$(layers final.tar)" "2 2 6"
tree final.tar | diff plain.txt -
out all.tar --squash=all
same "$(layers all.tar)" "1 1 6"
tree all.tar | diff plain.txt -
out three.tar --layers=max:3
same "$(layers three.tar)" "3 3 6"
tree three.tar | diff plain.txt -
# The same bytes again, also from an empty store.
out again.tar --squash
cmp final.tar again.tar
# Per output, two at once.
build -o type=oci,dest=a.tar,squash=all -o type=oci,dest=b.tar,layers=max:2 ctx
same "$(layers a.tar) $(layers b.tar)" "1 1 6 2 2 6"
# buildah's flag without a value changes nothing.
build -o type=oci,dest=c.tar --layers ctx
same "$(layers c.tar)" "5 5 6"
fails 2 --squash=some ctx
contains log 'invalid squash "some"'
fails 2 --layers=max:0 ctx
contains log 'max:N'
fails 2 -o type=tar,dest=x.tar,squash=all ctx
contains log 'does not apply to type=tar'
