#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The truth suite: changes to a build context that a builder could miss, one after another.

  truth.py --build 'slipway --root DIR build --progress=plain' [--json OUT] [PATTERN...]

Every scenario builds, changes the context in a way that hides from sizes, times, names or inode numbers,
builds again, and compares the output with the context as it is then. `stale`: the output is that of an
earlier state. The build command is given `-o type=local,dest=OUT -f DOCKERFILE CONTEXT`. Mounts are made
in this process's mount namespace; --no-mounts leaves those scenarios out (a builder whose client lives in
another namespace would not see them). Exit status 1 when a scenario was stale or failed.
"""
import argparse, json, mmap, os, shlex, shutil, stat, subprocess, sys, tempfile, threading, time

OLD = 1577836800  # 2020-01-01
SCENARIOS = []


class Skip(Exception):
    pass


class Stale(Exception):
    pass


def scenario(title, mounts=False):
    def add(function):
        SCENARIOS.append((function.__name__, title, mounts, function))
        return function
    return add


def write(path, text, mtime=OLD):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'wb') as f:
        f.write(text.encode() if isinstance(text, str) else text)
    if mtime is not None:
        os.utime(path, (mtime, mtime))


def overwrite(path, text, mtime=OLD):
    """in place: the inode stays"""
    with open(path, 'r+b') as f:
        f.write(text.encode())
    if mtime is not None:
        os.utime(path, (mtime, mtime))


def describe(top):
    """all that a copy of a directory shows, apart from times and owners"""
    found = {}
    for directory, names, files in os.walk(top):
        for name in names + files:
            path = os.path.join(directory, name)
            info = os.lstat(path)
            if stat.S_ISLNK(info.st_mode):
                what = 'link ' + os.readlink(path)
            elif stat.S_ISDIR(info.st_mode):
                what = f'dir {stat.S_IMODE(info.st_mode):o}'
            else:
                with open(path, 'rb') as f:
                    what = f'file {stat.S_IMODE(info.st_mode):o} {f.read()!r}'
            found[os.path.relpath(path, top)] = what
    return found


class Case:
    """one scenario's directory, and the builder"""
    def __init__(self, work, command):
        self.work, self.command = work, command
        self.ctx = work + '/ctx'
        self.dockerfile = work + '/Dockerfile'
        self.mounted = []
        os.makedirs(self.ctx)
        write(self.dockerfile, 'FROM scratch\nCOPY . /c\n')

    def at(self, name):
        return f'{self.ctx}/{name}'

    def settle(self):
        """lets every clock tick pass, so that caches may believe what they saw"""
        time.sleep(0.05)

    def build(self, ctx=None, *more, dockerfile=None, ok=True):
        out = self.work + '/out'
        shutil.rmtree(out, ignore_errors=True)
        argv = self.command + ['-o', f'type=local,dest={out}', '-f', dockerfile or self.dockerfile, *more, ctx or self.ctx]
        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            if not ok:
                return None
            raise RuntimeError(f'{shlex.join(argv)}\n{done.stdout.decode(errors="replace")[-3000:]}')
        return out

    def check(self, ctx=None, *more, dockerfile=None, sub='/c', expect=None):
        """builds, and the output must be what the context is"""
        out = describe(self.build(ctx, *more, dockerfile=dockerfile) + sub)
        want = describe(ctx or self.ctx) if expect is None else expect
        if out != want:
            wrong = {k: (want.get(k), out.get(k)) for k in sorted(set(out) | set(want)) if out.get(k) != want.get(k)}
            raise Stale('; '.join(f'{k}: {w} but built {o}' for k, (w, o) in wrong.items())[:300])

    def mount(self, *args):
        done = subprocess.run(['mount', *args], stderr=subprocess.PIPE)
        if done.returncode != 0:
            raise Skip('mount: ' + done.stderr.decode().strip())
        self.mounted.append(args[-1])

    def unmount(self):
        subprocess.run(['umount', self.mounted.pop()], check=True)

    def close(self):
        while self.mounted:
            subprocess.run(['umount', '-l', self.mounted.pop()])


# --- the same name, size and mtime ------------------------------------------------------------
@scenario('edit in place, mtime restored')
def restored_mtime(c):
    write(c.at('a'), 'AAAA')
    c.check()
    c.settle()
    overwrite(c.at('a'), 'BBBB')
    c.check()


@scenario('edit in place right after the build, no mtime restored, five times')
def same_tick(c):
    for letter in 'ABCDE':
        write(c.at('a'), letter * 4, None)
        c.check()


@scenario('edit through a shared memory mapping, mtime restored')
def mapped(c):
    write(c.at('a'), 'A' * 4096)
    c.check()
    c.settle()
    with open(c.at('a'), 'r+b') as f, mmap.mmap(f.fileno(), 4096) as m:
        m[0:4] = b'BBBB'
        m.flush()
    os.utime(c.at('a'), (OLD, OLD))
    c.check()


@scenario('edit with O_DIRECT, mtime restored')
def direct(c):
    write(c.at('a'), 'A' * 4096)
    c.check()
    c.settle()
    write(c.work + '/new', 'B' * 4096)
    done = subprocess.run(['dd', f'if={c.work}/new', f'of={c.at("a")}', 'bs=4096', 'oflag=direct', 'conv=notrunc'],
                          stderr=subprocess.DEVNULL)
    if done.returncode != 0:
        raise Skip('no O_DIRECT here')
    os.utime(c.at('a'), (OLD, OLD))
    c.check()


@scenario('another file renamed over it, same size and mtime')
def renamed_over(c):
    write(c.at('a'), 'AAAA')
    c.check()
    write(c.work + '/new', 'BBBB')
    os.rename(c.work + '/new', c.at('a'))
    c.check()


@scenario('another file made beforehand and renamed over it')
def renamed_over_old(c):
    write(c.at('a'), 'AAAA')
    write(c.work + '/new', 'BBBB')
    c.settle()
    c.check()
    os.rename(c.work + '/new', c.at('a'))
    c.check()


@scenario('removed and made again with the same inode number')
def inode_reuse(c):
    write(c.at('a'), 'AAAA')
    c.check()
    c.settle()
    number = os.stat(c.at('a')).st_ino
    kept = []
    for i in range(2000):
        os.unlink(c.at('a')) if i == 0 else None
        write(f'{c.work}/try{i}', 'BBBB')
        kept.append(f'{c.work}/try{i}')
        if os.stat(kept[-1]).st_ino == number:
            break
    os.rename(kept[-1], c.at('a'))
    c.check()


@scenario('two files swapped, same size and mtime')
def swapped(c):
    write(c.at('a'), 'AAAA')
    write(c.at('b'), 'BBBB')
    c.check()
    c.settle()
    os.rename(c.at('a'), c.work + '/t')
    os.rename(c.at('b'), c.at('a'))
    os.rename(c.work + '/t', c.at('b'))
    c.check()


@scenario('three files rotated, same size and mtime')
def rotated(c):
    for name in 'abc':
        write(c.at(name), name * 4)
    c.check()
    c.settle()
    for a, b in (('a', 't'), ('b', 'a'), ('c', 'b'), ('t', 'c')):
        os.rename(c.at(a), c.at(b))
    c.check()


@scenario('two directories swapped, same names, sizes and mtimes inside')
def swapped_directories(c):
    for name in 'ab':
        write(c.at(f'{name}/f'), name * 4)
        os.utime(c.at(name), (OLD, OLD))
    c.check()
    c.settle()
    os.rename(c.at('a'), c.at('t'))
    os.rename(c.at('b'), c.at('a'))
    os.rename(c.at('t'), c.at('b'))
    c.check()


@scenario('two files exchanged atomically (RENAME_EXCHANGE)')
def exchanged(c):
    import ctypes
    write(c.at('a'), 'AAAA')
    write(c.at('b'), 'BBBB')
    c.check()
    c.settle()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.renameat2(-100, c.at('a').encode(), -100, c.at('b').encode(), 2) != 0:
        raise Skip('no RENAME_EXCHANGE here')
    c.check()


@scenario('edited through a hard link outside the context, mtime restored')
def hard_link_outside(c):
    write(c.at('a'), 'AAAA')
    os.link(c.at('a'), c.work + '/other')
    c.check()
    c.settle()
    overwrite(c.work + '/other', 'BBBB')
    c.check()


@scenario('one of two hard links replaced, same size and mtime')
def hard_link_broken(c):
    write(c.at('a'), 'AAAA')
    os.link(c.at('a'), c.at('b'))
    c.check()
    os.unlink(c.at('b'))
    write(c.at('b'), 'BBBB')
    c.check()


@scenario('an older version copied back with its times (cp -p)')
def copied_back(c):
    write(c.at('a'), 'AAAA')
    c.check()
    write(c.work + '/new', 'BBBB', OLD)
    shutil.copy2(c.work + '/new', c.at('a'))
    c.check()


@scenario('all mtimes fixed (SOURCE_DATE_EPOCH): A, B, A, B')
def toggled(c):
    for i in range(4):
        write(c.at('a'), 'AB'[i % 2] * 4)
        write(c.at('same'), 'same')
        c.check()


@scenario('an archive with old times unpacked over the files')
def unpacked_over(c):
    write(c.at('d/a'), 'AAAA')
    c.check()
    write(c.work + '/t/d/a', 'BBBB')
    subprocess.run(['tar', '-C', c.work + '/t', '-cf', c.work + '/t.tar', 'd'], check=True)
    subprocess.run(['tar', '-C', c.ctx, '-xf', c.work + '/t.tar'], check=True)
    c.check()


@scenario('a hole punched, size and mtime kept')
def hole(c):
    write(c.at('a'), 'A' * 8192)
    c.check()
    c.settle()
    if subprocess.run(['fallocate', '-p', '-o', '0', '-l', '4096', c.at('a')], stderr=subprocess.DEVNULL).returncode != 0:
        raise Skip('cannot punch holes here')
    os.utime(c.at('a'), (OLD, OLD))
    c.check()


@scenario('truncated and extended to its old size, mtime restored')
def truncated(c):
    write(c.at('a'), 'A' * 100)
    c.check()
    c.settle()
    os.truncate(c.at('a'), 50)
    os.truncate(c.at('a'), 100)
    os.utime(c.at('a'), (OLD, OLD))
    c.check()


@scenario('one bit in the middle of a large file, mtime restored')
def large(c):
    write(c.at('a'), bytes(3 << 20))
    c.check()
    c.settle()
    with open(c.at('a'), 'r+b') as f:
        f.seek(2 << 20)
        f.write(b'\x01')
    os.utime(c.at('a'), (OLD, OLD))
    c.check()


# --- times that lie ---------------------------------------------------------------------------
@scenario('mtime in the future, same size')
def future(c):
    write(c.at('a'), 'AAAA', 4102444800)
    c.check()
    c.settle()
    overwrite(c.at('a'), 'BBBB', 4102444800)
    c.check()


@scenario('mtime before 1970, same size')
def past(c):
    write(c.at('a'), 'AAAA', -86400)
    c.check()
    c.settle()
    overwrite(c.at('a'), 'BBBB', -86400)
    c.check()


@scenario('mtime moved backwards with the edit')
def backwards(c):
    write(c.at('a'), 'AAAA', OLD)
    c.check()
    overwrite(c.at('a'), 'BBBB', OLD - 1000)
    c.check()


@scenario('mtime differs only in nanoseconds')
def nanoseconds(c):
    write(c.at('a'), 'AAAA')
    os.utime(c.at('a'), ns=(OLD * 10**9, OLD * 10**9 + 1))
    c.check()
    overwrite(c.at('a'), 'BBBB')
    os.utime(c.at('a'), ns=(OLD * 10**9, OLD * 10**9 + 2))
    c.check()


# --- names, kinds, modes ----------------------------------------------------------------------
@scenario('only the mode changes')
def mode(c):
    write(c.at('a'), 'AAAA')
    c.check()
    os.chmod(c.at('a'), 0o755)
    c.check()


@scenario('renamed by case only')
def case_only(c):
    write(c.at('readme'), 'AAAA')
    c.check()
    os.rename(c.at('readme'), c.at('README'))
    os.utime(c.ctx, (OLD, OLD))
    c.check()


@scenario('renamed to a canonically equal name (é composed, decomposed)')
def normal_form(c):
    write(c.at('caf\u00e9'), 'AAAA')
    c.check()
    os.rename(c.at('caf\u00e9'), c.at('cafe\u0301'))
    c.check()


@scenario('moved to another directory, directory times restored')
def moved(c):
    write(c.at('a/f'), 'AAAA')
    write(c.at('b/g'), 'AAAA')
    c.check()
    os.rename(c.at('a/f'), c.at('b/f'))
    for name in 'ab':
        os.utime(c.at(name), (OLD, OLD))
    c.check()


@scenario('a file removed, directory times restored')
def removed(c):
    write(c.at('d/a'), 'AAAA')
    write(c.at('d/b'), 'AAAA')
    os.utime(c.at('d'), (OLD, OLD))
    c.check()
    os.unlink(c.at('d/b'))
    os.utime(c.at('d'), (OLD, OLD))
    c.check()


@scenario('a file added with an old mtime, directory times restored')
def added(c):
    write(c.at('d/a'), 'AAAA')
    os.utime(c.at('d'), (OLD, OLD))
    c.check()
    write(c.at('d/b'), 'AAAA')
    os.utime(c.at('d'), (OLD, OLD))
    c.check()


@scenario('an empty directory added, parent times restored')
def empty_directory(c):
    write(c.at('a'), 'AAAA')
    c.check()
    os.mkdir(c.at('e'))
    os.utime(c.ctx, (OLD, OLD))
    c.check()


@scenario('a symlink turned to another target of the same length')
def link_target(c):
    write(c.at('a'), 'AAAA')
    os.symlink('a', c.at('l'))
    os.utime(c.at('l'), (OLD, OLD), follow_symlinks=False)
    c.check()
    os.unlink(c.at('l'))
    os.symlink('b', c.at('l'))
    os.utime(c.at('l'), (OLD, OLD), follow_symlinks=False)
    c.check()


@scenario('a file replaced by a symlink to the same bytes')
def file_to_link(c):
    write(c.at('a'), 'AAAA')
    write(c.at('b'), 'AAAA')
    c.check()
    os.unlink(c.at('b'))
    os.symlink('a', c.at('b'))
    c.check()


@scenario('a file replaced by an empty directory of its name')
def file_to_directory(c):
    write(c.at('a'), '')
    write(c.at('b'), 'BBBB')
    c.check()
    os.unlink(c.at('a'))
    os.mkdir(c.at('a'))
    c.check()


@scenario('COPY of a path behind a symlink that was turned')
def behind_link(c):
    write(c.at('v1/f'), 'AAAA')
    write(c.at('v2/f'), 'BBBB')
    os.symlink('v1', c.at('current'))
    write(c.dockerfile, 'FROM scratch\nCOPY current/f /c/f\n')
    c.check(expect={'f': "file 644 b'AAAA'"})
    os.unlink(c.at('current'))
    os.symlink('v2', c.at('current'))
    c.check(expect={'f': "file 644 b'BBBB'"})


# --- which directory it is --------------------------------------------------------------------
@scenario('two contexts with one basename, same names, sizes and mtimes')
def same_basename(c):
    for name in 'ab':
        write(f'{c.work}/{name}/app/f', name * 4)
        os.utime(f'{c.work}/{name}/app', (OLD, OLD))
    for name in 'abab':
        c.check(f'{c.work}/{name}/app')


@scenario('the context directory replaced by another one')
def replaced_context(c):
    write(c.at('a'), 'AAAA')
    write(c.work + '/new/a', 'BBBB')
    c.check()
    os.rename(c.ctx, c.work + '/old')
    os.rename(c.work + '/new', c.ctx)
    c.check()


@scenario('the context is a symlink that was turned')
def linked_context(c):
    write(c.work + '/v1/a', 'AAAA')
    write(c.work + '/v2/a', 'BBBB')
    os.symlink('v1', c.work + '/now')
    c.check(c.work + '/now')
    os.unlink(c.work + '/now')
    os.symlink('v2', c.work + '/now')
    c.check(c.work + '/now')


@scenario('a directory above the context replaced')
def replaced_above(c):
    write(c.work + '/p/app/a', 'AAAA')
    write(c.work + '/q/app/a', 'BBBB')
    c.check(c.work + '/p/app')
    os.rename(c.work + '/p', c.work + '/old')
    os.rename(c.work + '/q', c.work + '/p')
    c.check(c.work + '/p/app')


@scenario('a named context edited, size and mtime kept')
def named_context(c):
    write(c.work + '/extra/a', 'AAAA')
    write(c.dockerfile, 'FROM scratch\nCOPY --from=extra . /c\n')
    more = ('--build-context', f'extra={c.work}/extra')
    c.check(c.ctx, *more, expect=describe(c.work + '/extra'))
    c.settle()
    overwrite(c.work + '/extra/a', 'BBBB')
    c.check(c.ctx, *more, expect=describe(c.work + '/extra'))


@scenario('a bind mount put over a directory of the context', mounts=True)
def bind_directory(c):
    write(c.at('d/f'), 'AAAA')
    write(c.work + '/other/f', 'BBBB')
    c.check()
    c.settle()
    c.mount('--bind', c.work + '/other', c.at('d'))
    c.check()
    c.unmount()
    c.check()


@scenario('a bind mount put over a file of the context', mounts=True)
def bind_file(c):
    write(c.at('a'), 'AAAA')
    write(c.work + '/other', 'BBBB')
    c.check()
    c.settle()
    c.mount('--bind', c.work + '/other', c.at('a'))
    c.check()
    c.unmount()
    c.check()


@scenario('the context is a tmpfs that was mounted anew (same inode numbers)', mounts=True)
def tmpfs_again(c):
    for text in ('AAAA', 'BBBB'):
        c.mount('-t', 'tmpfs', 'none', c.ctx)
        write(c.at('a'), text)
        c.settle()
        c.check()
        c.unmount()


@scenario('an overlay as context: lower file edited (copied up), mtime restored', mounts=True)
def overlay_edit(c):
    for name in ('lower', 'upper', 'work'):
        os.mkdir(f'{c.work}/{name}')
    write(c.work + '/lower/a', 'AAAA')
    c.mount('-t', 'overlay', 'none', '-o', f'lowerdir={c.work}/lower,upperdir={c.work}/upper,workdir={c.work}/work', c.ctx)
    c.settle()
    c.check()
    overwrite(c.at('a'), 'BBBB')
    c.check()


@scenario('an overlay as context, mounted anew over another lower directory', mounts=True)
def overlay_swap(c):
    for text in ('AAAA', 'BBBB'):
        write(f'{c.work}/{text}/a', text)
    os.mkdir(c.work + '/none')
    c.settle()
    for text in ('AAAA', 'BBBB'):
        c.mount('-t', 'overlay', 'none', '-o', f'lowerdir={c.work}/{text}:{c.work}/none', c.ctx)
        c.check()
        c.unmount()


@scenario('a disk image as context, edited block by block while it was not mounted', mounts=True)
def edited_image(c):
    image = c.work + '/disk'
    with open(image, 'wb') as f:
        f.truncate(8 << 20)
    subprocess.run(['mkfs.ext4', '-q', image], check=True)
    c.mount('-o', 'loop', image, c.ctx)
    shutil.rmtree(c.at('lost+found'))
    write(c.at('a'), 'needle-AAAA')
    subprocess.run(['sync', '-f', c.ctx], check=True)
    c.settle()
    c.check()
    c.unmount()
    with open(image, 'r+b') as f:
        data = f.read()
        f.seek(data.index(b'needle-AAAA'))
        f.write(b'needle-BBBB')
    c.mount('-o', 'loop', image, c.ctx)
    c.check()


# --- what steers the build --------------------------------------------------------------------
@scenario('the Dockerfile edited, size and mtime kept')
def dockerfile_edit(c):
    write(c.at('x'), 'AAAA')
    write(c.at('y'), 'BBBB')
    write(c.at('Dockerfile'), 'FROM scratch\nCOPY x /c/f\n')
    inside = c.at('Dockerfile')
    c.check(dockerfile=inside, expect={'f': "file 644 b'AAAA'"})
    c.settle()
    overwrite(inside, 'FROM scratch\nCOPY y /c/f\n')
    c.check(dockerfile=inside, expect={'f': "file 644 b'BBBB'"})


@scenario('the .dockerignore edited, size and mtime kept')
def ignore_edit(c):
    write(c.at('x'), 'AAAA')
    write(c.at('y'), 'BBBB')
    write(c.at('.dockerignore'), 'x\n.dockerignore\n')
    c.check(expect={'y': "file 644 b'BBBB'"})
    c.settle()
    overwrite(c.at('.dockerignore'), 'y\n.dockerignore\n')
    c.check(expect={'x': "file 644 b'AAAA'"})


@scenario('an archive for ADD replaced, size and mtime kept')
def add_archive(c):
    write(c.dockerfile, 'FROM scratch\nADD t.tar /c\n')
    for text in ('AAAA', 'BBBB'):
        write(c.work + '/in/f', text)
        subprocess.run(['tar', '-C', c.work + '/in', '-cf', c.at('t.tar'), 'f'], check=True)
        os.utime(c.at('t.tar'), (OLD, OLD))
        c.check(expect=describe(c.work + '/in'))
        c.settle()


@scenario('COPY of a single file, edited in place, mtime restored')
def single_file(c):
    write(c.dockerfile, 'FROM scratch\nCOPY a /c/\n')
    write(c.at('a'), 'AAAA')
    c.check()
    c.settle()
    overwrite(c.at('a'), 'BBBB')
    c.check()


@scenario('COPY --exclude: a file that was excluded counts again')
def excluded(c):
    write(c.dockerfile, '# syntax=docker/dockerfile:1\nFROM scratch\nCOPY --exclude=b . /c\n'.split('\n', 1)[1])
    write(c.at('a'), 'AAAA')
    write(c.at('b'), 'BBBB')
    c.check(expect={'a': "file 644 b'AAAA'"})
    write(c.dockerfile, 'FROM scratch\nCOPY --exclude=a . /c\n')
    c.check(expect={'b': "file 644 b'BBBB'"})


# --- while it is looked at --------------------------------------------------------------------
@scenario('a file flips between two states of one size and mtime during the builds')
def flipping(c):
    write(c.at('a'), 'A' * 5000)
    for i in range(300):
        write(c.at(f'd/{i:03}'), f'{i}')
    stop = threading.Event()

    def flip():
        state = 0
        while not stop.is_set():
            state ^= 1
            overwrite(c.at('a'), 'AB'[state] * 5000)
            time.sleep(0.004)
    writer = threading.Thread(target=flip)
    writer.start()
    try:
        for _ in range(6):
            out = c.build(ok=False)  # a refusal is a true answer as well
            if out:
                with open(out + '/c/a', 'rb') as f:
                    if len(set(f.read())) != 1:
                        raise Stale('a mixture of two states')
    finally:
        stop.set()
        writer.join()
    for letter in 'ABAB':
        overwrite(c.at('a'), letter * 5000)
        c.check()


@scenario('files move between two directories during the builds')
def moving(c):
    for i in range(50):
        write(c.at(f'a/{i:02}'), f'{i}')
    os.mkdir(c.at('b'))
    stop = threading.Event()

    def move():
        here, there = 'a', 'b'
        while not stop.is_set():
            for i in range(50):
                os.rename(c.at(f'{here}/{i:02}'), c.at(f'{there}/{i:02}'))
            here, there = there, here
    writer = threading.Thread(target=move)
    writer.start()
    try:
        for _ in range(4):
            c.build(ok=False)
    finally:
        stop.set()
        writer.join()
    c.check()
    for name in os.listdir(c.at('b')):
        os.rename(c.at(f'b/{name}'), c.at(f'a/{name}'))
    c.check()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--build', required=True, help='build command, without output, file and context')
    parser.add_argument('--json', help='write {scenario: outcome} here')
    parser.add_argument('--work', default=None, help='where the contexts are made')
    parser.add_argument('--no-mounts', action='store_true')
    parser.add_argument('--list', action='store_true')
    parser.add_argument('patterns', nargs='*')
    args = parser.parse_args()
    outcomes, counts = {}, {}
    for name, title, mounts, run in SCENARIOS:
        if args.patterns and not any(p in name for p in args.patterns):
            continue
        if args.list:
            print(f'{name:22} {title}')
            continue
        work = tempfile.mkdtemp(prefix='truth-', dir=args.work)
        case = Case(work, shlex.split(args.build))
        why = ''
        try:
            if mounts and (args.no_mounts or os.geteuid() != 0):
                raise Skip('needs mounts')
            run(case)
            outcome = 'true'
        except Skip as skip:
            outcome, why = 'skipped', str(skip)
        except Stale as stale:
            outcome, why = 'STALE', str(stale)
        except Exception as error:  # noqa: BLE001 - reported as the scenario's outcome
            outcome, why = 'FAILED', str(error)
        finally:
            case.close()
            shutil.rmtree(work, ignore_errors=True)
        outcomes[name] = {'title': title, 'outcome': outcome, 'why': why}
        counts[outcome] = counts.get(outcome, 0) + 1
        print(f'{outcome:8} {name:22} {title}' + (f'\n         {why}' if why else ''), flush=True)
    print(', '.join(f'{n} {o}' for o, n in sorted(counts.items())))
    if args.json:
        with open(args.json, 'w') as f:
            json.dump(outcomes, f, indent=1)
    return 1 if counts.get('STALE') or counts.get('FAILED') else 0


if __name__ == '__main__':
    sys.exit(main())
