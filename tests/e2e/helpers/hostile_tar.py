#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tars that try to get out of their root: hostile_tar.py VICTIM_DIRECTORY OUT_DIRECTORY

VICTIM_DIRECTORY/victim must stay as it is; nothing called escaped* may appear there, nor
/slipway-e2e-escaped*. Each tar also holds a harmless file, so that unpacking has work to do."""
import io
import os
import sys
import tarfile

TARGET, OUT = os.path.realpath(sys.argv[1]), sys.argv[2]
UP = '../' * 20
os.makedirs(OUT, exist_ok=True)


def entry(name, kind=tarfile.REGTYPE, data=b'evil\n', link='', mode=0o755, pax=None, size=None):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, link, mode
    info.size = size if size is not None else (len(data) if kind == tarfile.REGTYPE else 0)
    info.pax_headers = pax or {}
    return info, data


def write(name, *entries, cut=None, tail=b''):
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode='w', format=tarfile.PAX_FORMAT) as tar:
        for info, data in (entry('harmless', data=b'ok\n'), *entries):
            tar.addfile(info, io.BytesIO(data) if info.type == tarfile.REGTYPE and info.size == len(data) else None)
    data = raw.getvalue()
    with open(os.path.join(OUT, name + '.tar'), 'wb') as f:
        f.write(data[:cut] + tail)


write('dotdot', entry(UP + TARGET[1:] + '/escaped-dotdot'), entry('a/../../../../escaped'))
write('absolute', entry('/slipway-e2e-escaped'), entry(TARGET + '/escaped-absolute'))
write('symlink', entry('link', tarfile.SYMTYPE, link=TARGET), entry('link/escaped-symlink'), entry('link/victim'))
write('symlink-up', entry('up', tarfile.SYMTYPE, link=UP + TARGET[1:]), entry('up/escaped-up'))
write('symlink-chain', entry('a', tarfile.SYMTYPE, link='b'), entry('b', tarfile.SYMTYPE, link='c'),
      entry('c', tarfile.SYMTYPE, link=TARGET), entry('a/escaped-chain'))
write('symlink-then-dir', entry('d', tarfile.SYMTYPE, link=TARGET), entry('d', tarfile.DIRTYPE), entry('d/escaped-dir'))
write('symlink-loop', entry('x', tarfile.SYMTYPE, link='x'), entry('x/escaped-loop'))
write('hardlink', entry('h', tarfile.LNKTYPE, link=TARGET + '/victim'), entry('h'))
write('hardlink-up', entry('h', tarfile.LNKTYPE, link=UP + TARGET[1:] + '/victim'), entry('h'))
write('hardlink-through-symlink', entry('s', tarfile.SYMTYPE, link=TARGET), entry('h', tarfile.LNKTYPE, link='s/victim'),
      entry('h'))
write('file-over-root', entry('.', tarfile.SYMTYPE, link=TARGET), entry('./escaped-root'))
write('whiteout-up', entry('.wh...', data=b''), entry('.wh..', data=b''), entry('a/.wh...', data=b''), entry('.wh.', data=b''))
write('whiteout-link', entry('l', tarfile.SYMTYPE, link=TARGET), entry('l/.wh.victim', data=b''),
      entry('l/.wh..wh..opq', data=b''))
write('pax-path', entry('short', pax={'path': UP + TARGET[1:] + '/escaped-pax'}))
write('pax-link', entry('short', tarfile.SYMTYPE, link='x', pax={'linkpath': TARGET}), entry('short/escaped-paxlink'))
write('device', entry('dev-node', tarfile.CHRTYPE), entry('fifo', tarfile.FIFOTYPE))
write('truncated', entry('big', data=b'z' * 100000), cut=60000)
write('garbage-end', entry('fine'), tail=b'\xff' * 3000)
write('long-name', entry('n' * 5000), entry('/'.join('d' * 200 for _ in range(30))))
write('newline-name', entry('a\nb'), entry('\x1b[2J'))

# Headers that python will not write: a size of eight exabytes, a negative one, a bad checksum.
for name, field in (('giant', b'\x80\x00\x00\x00\x7f\xff\xff\xff\xff\xff\xff\xff'), ('negative', b'\xff' * 12)):
    header = bytearray(tarfile.TarInfo('file').tobuf(tarfile.GNU_FORMAT)[:512])
    header[124:136] = field
    header[148:156] = b' ' * 8
    header[148:156] = b'%06o\0 ' % sum(header)
    with open(os.path.join(OUT, name + '.tar'), 'wb') as f:
        f.write(bytes(header) + b'data' + b'\0' * 2000)
with open(os.path.join(OUT, 'bad-checksum.tar'), 'wb') as f:
    f.write(tarfile.TarInfo('file').tobuf()[:148] + b'0000000 ' + tarfile.TarInfo('file').tobuf()[156:] + b'\0' * 1024)
