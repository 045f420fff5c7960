# SPDX-License-Identifier: Apache-2.0
# RUN for another architecture: through the emulator that the kernel knows, whether it holds it open or not; without one
# a message that says what to install, and which stages need none.
# shellcheck shell=bash disable=SC2154,SC2034
need_root
need unshare
[ "$(uname -m)" = x86_64 ] || skip "needs an x86-64 machine"
use_base
mkdir ctx
# A program for arm64: write(1, "hello\n", 6); exit(0).
python3 - ctx/hello <<'END'
import struct, sys
code = [0xd2800020, 0x100000c1, 0xd28000c2, 0xd2800808, 0xd4000001, 0xd2800000, 0xd2800ba8, 0xd4000001]
code[1] = 0x10000000 | (((len(code) - 1) * 4 >> 2) << 5) | 1  # adr x1, text behind the code
body = b''.join(struct.pack('<I', word) for word in code) + b'hello\n'
base, start = 0x400000, 0x78
head = b'\x7fELF\x02\x01\x01' + bytes(9) + struct.pack('<HHIQQQIHHHHHH', 2, 183, 1, base + start, 64, 0, 0, 64, 56, 1, 0, 0, 0)
load = struct.pack('<IIQQQQQQ', 1, 5, 0, base, base, start + len(body), start + len(body), 0x1000)
open(sys.argv[1], 'wb').write(head + load + body)
END
chmod 755 ctx/hello
dockerfile <<'END'
FROM --platform=linux/arm64 scratch
COPY hello /hello
RUN ["/hello"]
END
printf 'FROM --platform=$BUILDPLATFORM %s AS native\nRUN echo native $TARGETARCH\nFROM scratch\nCOPY --from=native /bin/busybox /x\n' \
  "$base" >ctx/native
slipway build --progress=plain --platform linux/arm64 -f ctx/native ctx >/dev/null 2>&1 || fail 'a native stage needs no emulator'
misc=/proc/sys/fs/binfmt_misc
mounted=no
if [ ! -e $misc/register ]; then
  mount -t binfmt_misc binfmt_misc $misc 2>/dev/null || skip "this kernel has no binfmt_misc"
  mounted=yes
fi
registered() { grep -l 'b700$' $misc/[!rs]* 2>/dev/null || true; }
forget() {
  [ ! -e $misc/slipway-test ] || echo -1 >$misc/slipway-test
  [ $mounted = no ] || umount $misc
}
trap 'forget; end_background' EXIT
if [ -z "$(registered)" ]; then
  fails 1 --platform linux/arm64 ctx
  contains log 'the program is for arm64 and this machine has no emulator for that'
  contains log 'exit code: 126'
  contains log 'qemu-user-static'
  contains log "FROM --platform=\$BUILDPLATFORM"
fi
qemu=$(command -v qemu-aarch64-static) || skip "needs qemu-aarch64-static"
for flags in OCF OC; do
  [ ! -e $misc/slipway-test ] || echo -1 >$misc/slipway-test
  printf '%s' ":slipway-test:M::\\x7fELF\\x02\\x01\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02\\x00\\xb7\\x00:\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\x00\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xfe\\xff\\xff\\xff:$qemu:$flags" >$misc/register
  build --platform linux/arm64 --no-cache -o "out-$flags" ctx || fail "flags $flags"
  matches log '^#[0-9]+ [0-9.]+ hello$'
  same "$(cd "out-$flags" && find . -type f)" ./hello
done
nothing_mounted
