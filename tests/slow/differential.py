#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Forty images built by slipway and by docker buildx from the same contexts, with SOURCE_DATE_EPOCH and rewrite-timestamp:
the diff ids of every layer must be equal. differential.py SLIPWAY PEERS BASE [WORK]: PEERS is the program that runs docker
(`PEERS in docker …`), BASE an image with a shell that both can pull. Prints every deviation, and how many images agreed."""
import json
import os
import shutil
import subprocess
import sys
import tarfile

slipway, peers, base = sys.argv[1:4]
work = sys.argv[4] if len(sys.argv) > 4 else '/tmp/slipway-differential'
EPOCH = '1700000000'

CASES = {
    'copy-file': 'FROM {b}\nCOPY a.txt /srv/',
    'copy-directory': 'FROM {b}\nCOPY dir /srv/dir',
    'copy-contents': 'FROM {b}\nCOPY dir/ /srv/',
    'copy-several': 'FROM {b}\nCOPY a.txt b.txt /srv/',
    'copy-pattern': 'FROM {b}\nCOPY *.txt /srv/',
    'copy-rename': 'FROM {b}\nCOPY a.txt /srv/renamed',
    'copy-chown': 'FROM {b}\nCOPY --chown=7:8 dir /srv',
    'copy-chmod': 'FROM {b}\nCOPY --chmod=0640 a.txt /srv/',
    'copy-arg': 'FROM {b}\nARG WHERE=/srv\nCOPY a.txt $WHERE/',
    'copy-link': 'FROM {b}\nCOPY --link dir /srv/linked',
    'copy-twice': 'FROM {b}\nCOPY a.txt /srv/\nCOPY a.txt /srv/',
    'copy-file-over-link': 'FROM {b}\nRUN mkdir -p /real && ln -s /real /srv\nCOPY dir /srv/',
    'copy-links': 'FROM {b}\nCOPY links /srv/links',
    'copy-heredoc': 'FROM {b}\nCOPY <<one <<two /srv/\nfirst\none\nsecond\ntwo',
    'copy-over': 'FROM {b}\nCOPY dir /srv\nCOPY other /srv',
    'copy-from-stage': 'FROM {b} AS s\nRUN mkdir /o && echo made > /o/x && ln -s x /o/l && chmod 4755 /o/x\nFROM {b}\nCOPY --from=s /o /srv',
    'copy-to-scratch': 'FROM {b} AS s\nRUN mkdir -p /o/p && echo made > /o/p/x\nFROM scratch\nCOPY --from=s /o /\nCOPY a.txt /',
    'copy-workdir': 'FROM {b}\nWORKDIR /srv/app\nCOPY a.txt .\nCOPY dir ./sub/',
    'add-file': 'FROM {b}\nADD a.txt /srv/',
    'add-tar': 'FROM {b}\nADD tree.tar /srv/',
    'add-tgz': 'FROM {b}\nADD tree.tar.gz /srv/',
    'add-chown': 'FROM {b}\nADD --chown=3:4 tree.tar /srv/',
    'add-two': 'FROM {b}\nADD tree.tar a.txt /srv/',
    'run-files': 'FROM {b}\nRUN mkdir -p /srv/d && echo 1 > /srv/d/1 && echo 2 > /srv/2',
    'run-modes': 'FROM {b}\nRUN mkdir -m 1777 /srv && touch /srv/x && chmod 4711 /srv/x && chown 5:6 /srv/x',
    'run-links': 'FROM {b}\nRUN mkdir /srv && echo x > /srv/x && ln /srv/x /srv/y && ln -s /srv/x /srv/z && mkfifo /srv/p',
    'run-delete': 'FROM {b}\nCOPY dir /srv\nRUN rm /srv/one && rm -r /srv/deep',
    'run-replace': 'FROM {b}\nCOPY dir /srv\nRUN rm -r /srv/deep && mkdir /srv/deep && echo new > /srv/deep/n',
    'run-rename': 'FROM {b}\nCOPY dir /srv\nRUN mv /srv/one /srv/moved && mv /srv/deep /srv/deeper',
    'run-chmod-old': 'FROM {b}\nCOPY dir /srv\nRUN chmod 700 /srv/one && chown 9:9 /srv/deep',
    'run-nothing': 'FROM {b}\nRUN true\nRUN echo > /x',
    'run-append': 'FROM {b}\nCOPY a.txt /x\nRUN echo more >> /x',
    'run-user': 'FROM {b}\nRUN mkdir -m 777 /srv\nUSER 1000:1000\nRUN echo mine > /srv/mine',
    'run-mounts': 'FROM {b}\nRUN --mount=type=bind,target=/ctx --mount=type=tmpfs,target=/t --mount=type=cache,target=/c cp /ctx/a.txt /got && touch /t/x /c/y',
    'run-heredoc': 'FROM {b}\nRUN <<end\nmkdir /srv\necho one > /srv/one\nend',
    'run-sparse': 'FROM {b}\nRUN dd if=/dev/zero of=/sparse bs=1 count=1 seek=1000000 2>/dev/null',
    'run-long-names': 'FROM {b}\nRUN d=/srv; for i in 1 2 3 4 5 6 7 8; do d=$d/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa$i; done; mkdir -p $d && echo x > $d/file',
    'run-unicode': 'FROM {b}\nRUN mkdir /srv && touch "/srv/caf\u00e9" "/srv/\u65e5\u672c" "/srv/with space"',
    'workdir-new': 'FROM {b}\nWORKDIR /new/deep/dir\nRUN echo x > y',
    'stages-and-settings': 'FROM {b} AS one\nENV A=1\nRUN echo $A > /a\nFROM one\nLABEL x=y\nEXPOSE 80\nRUN cat /a > /b\nCMD ["true"]',
}


def make_context(directory):
    os.makedirs(f'{directory}/dir/deep')
    os.makedirs(f'{directory}/other')
    os.makedirs(f'{directory}/links')
    for name, text in (('a.txt', 'a\n'), ('b.txt', 'b\n'), ('dir/one', '1\n'), ('dir/deep/x', 'x\n'),
                       ('dir/two.txt', '2\n'), ('other/one', 'other\n'), ('links/real', 'real\n')):
        with open(f'{directory}/{name}', 'w') as file:
            file.write(text)
    os.symlink('real', f'{directory}/links/soft')
    os.symlink('../nowhere', f'{directory}/links/dangling')
    os.link(f'{directory}/links/real', f'{directory}/links/hard')
    os.chmod(f'{directory}/dir/one', 0o755)
    os.chmod(f'{directory}/dir/deep', 0o750)
    for ending, mode in (('tar', 'w'), ('tar.gz', 'w:gz')):
        with tarfile.open(f'{directory}/tree.{ending}', mode) as tar:
            tar.add(f'{directory}/dir', 'packed')
    for root, directories, files in os.walk(directory):
        for name in directories + files:
            os.utime(f'{root}/{name}', (1600000000, 1600000000), follow_symlinks=False)


def diff_ids(archive):
    with tarfile.open(archive) as tar:
        def read(digest):
            return json.load(tar.extractfile('blobs/' + digest.replace(':', '/')))
        document = json.load(tar.extractfile('index.json'))
        while 'manifests' in document:
            document = read(next(m['digest'] for m in document['manifests']
                                 if m.get('platform', {}).get('os') != 'unknown'))
        config = read(document['config']['digest'])
    steps = [h['created_by'] for h in config['history'] if not h.get('empty_layer')]
    return list(zip(config['rootfs']['diff_ids'], steps[-len(config['rootfs']['diff_ids']):]))


def build(command, archive, environment):
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f'{" ".join(command)}\n{done.stdout}{done.stderr}')
    return diff_ids(archive)


shutil.rmtree(work, ignore_errors=True)
context = f'{work}/context'
os.makedirs(context)
make_context(context)
agreed, layers = 0, 0
for name, text in CASES.items():
    file = f'{work}/{name}.Dockerfile'
    with open(file, 'w') as out:
        out.write(text.replace('{b}', base) + '\n')
    ours, theirs = f'{work}/{name}.ours.tar', f'{work}/{name}.theirs.tar'
    mine = build([slipway, '--root', f'{work}/store', 'build', '-f', file, '-o',
                  f'type=oci,dest={ours},rewrite-timestamp=true', context], ours, {'SOURCE_DATE_EPOCH': EPOCH})
    other = build([peers, 'in', 'env', f'SOURCE_DATE_EPOCH={EPOCH}', 'DOCKER_HOST=' + os.environ['DOCKER_HOST'], 'docker',
                   'buildx', 'build', '--network', 'host', '--provenance=false', '-f', file, '--output',
                   f'type=oci,dest={theirs},rewrite-timestamp=true', context], theirs, {})
    layers += len(other)
    if [d for d, _ in mine] == [d for d, _ in other]:
        agreed += 1
        continue
    print(f'{name}: DIFFERS')
    for (a, step), (b, _) in zip(mine, other):
        print(f'  {"same" if a == b else "DIFF"} {a[7:19]} {b[7:19]} {step}')
    if len(mine) != len(other):
        print(f'  {len(mine)} layers and {len(other)}')
    for archive in (ours, theirs):
        print('  ', archive)
print(f'{agreed} of {len(CASES)} images agree, {layers} layers')
sys.exit(0 if agreed == len(CASES) else 1)
