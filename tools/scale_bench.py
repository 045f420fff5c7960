#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How cost grows: builds over more and more files, stages, bytes and cache records.

  scale_bench.py --prog build/release/slipway [--only files,stages,layers,records] [--max N] [--runs N]
                 [--work DIR] [--json OUT]

Each point is measured --runs times in a fresh state where that is its meaning (cold) and the median is kept;
peak memory is the largest resident set of any one process of the run. Inputs are made in --work, which needs
room for three times the largest layer: a point that does not fit is left out, and said so. The result is
JSON with facts about the machine; tools/plot_bench.py draws it.
"""
import argparse, json, os, platform, random, shutil, sqlite3, statistics, subprocess, sys, time

POINTS = {'files': [1_000, 10_000, 100_000, 200_000], 'stages': [10, 100, 1_000, 2_000],
          'layers': [1, 5, 20], 'records': [0, 1_000, 10_000, 100_000]}
UNITS = {'files': 'files', 'stages': 'stages', 'layers': 'GB', 'records': 'records'}


def facts(prog):
    cpu = ''
    with open('/proc/cpuinfo') as f:
        cpu = next((line.split(':', 1)[1].strip() for line in f if line.startswith('model name')), '')
    with open('/proc/meminfo') as f:
        memory = int(f.readline().split()[1]) // 1024
    version = subprocess.run(prog + ['version'], stdout=subprocess.PIPE, text=True).stdout.split('\n')[0]
    return {'cpu': cpu, 'cpus': os.cpu_count(), 'memory_mb': memory, 'kernel': platform.release(),
            'slipway': version, 'date': time.strftime('%Y-%m-%d')}


def run(argv):
    """seconds and peak resident megabytes of a command; throws when it fails"""
    begin = time.monotonic()
    child = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    text = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    took = time.monotonic() - begin
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise SystemExit(f'{" ".join(argv)}\n{text.decode(errors="replace")[-2000:]}')
    return took, usage.ru_maxrss / 1024


class Bench:
    def __init__(self, args):
        self.args = args
        self.prog = [os.path.abspath(args.prog)]
        self.work = os.path.abspath(args.work)
        self.rows = []

    def build(self, store, ctx, *more):
        return run(self.prog + ['--root', store, 'build', '--progress=plain', *more, ctx])

    def point(self, group, size, case, samples):
        row = {'group': group, 'size': size, 'case': case, 'seconds': round(statistics.median(s for s, _ in samples), 4),
               'min': round(min(s for s, _ in samples), 4), 'peak_mb': round(max(m for _, m in samples), 1),
               'runs': len(samples)}
        self.rows.append(row)
        print(f'{group:8} {size:>8} {case:9} {row["seconds"]:9.3f} s  {row["peak_mb"]:7.1f} MB', flush=True)

    def store(self):
        self.stores = getattr(self, 'stores', 0) + 1
        return f'{self.work}/store{self.stores}'

    def files(self, count):
        ctx = f'{self.work}/files{count}'
        rnd = random.Random(count)
        blob = rnd.randbytes(1 << 20)
        for i in range(count):
            if i % 200 == 0:
                os.makedirs(f'{ctx}/d{i // 200:04}', exist_ok=True)
            start = rnd.randrange(len(blob) - 8192)
            with open(f'{ctx}/d{i // 200:04}/f{i % 200:03}', 'wb') as f:
                f.write(blob[start:start + rnd.randrange(100, 8192)])
        write(f'{ctx}/Dockerfile', 'FROM scratch\nCOPY . /src\n')
        cold, stores = [], []
        for _ in range(min(2, self.args.runs)):
            stores.append(self.store())
            cold.append(self.build(stores[-1], ctx))
        self.point('files', count, 'cold', cold)
        self.point('files', count, 'warm', [self.build(stores[-1], ctx) for _ in range(self.args.runs)])
        changed = []
        for i in range(min(2, self.args.runs)):
            write(f'{ctx}/d0000/f000', f'changed {i}\n')
            changed.append(self.build(stores[-1], ctx))
        self.point('files', count, 'changed', changed)
        self.drop(ctx, *stores)

    def stages(self, count):
        ctx = f'{self.work}/stages{count}'
        middle = count - 2
        collectors = [range(i, middle, max(1, -(-middle // 100))) for i in range(max(1, -(-middle // 100)))]
        text = 'FROM scratch AS root\nCOPY seed /seed\n'
        text += ''.join(f'FROM root AS m{i}\nCOPY seed /m{i}\n' for i in range(middle))
        for number, members in enumerate(collectors):
            text += f'FROM root AS c{number}\n' + ''.join(f'COPY --from=m{i} /m{i} /\n' for i in members)
        text += 'FROM scratch\n' + ''.join(f'COPY --from=c{i} / /\n' for i in range(len(collectors)))
        write(f'{ctx}/Dockerfile', text)
        write(f'{ctx}/seed', 'x\n')
        store = self.store()
        self.build(store, ctx)
        runs = self.args.runs if count <= 100 else min(2, self.args.runs)
        self.point('stages', count, 'no-cache', [self.build(store, ctx, '--no-cache') for _ in range(runs)])
        self.point('stages', count, 'cached', [self.build(store, ctx) for _ in range(self.args.runs)])
        self.drop(ctx, store)

    def layers(self, size):
        room = os.statvfs(self.work)
        if room.f_bavail * room.f_frsize < 3 * size * 10**9:
            print(f'layers   {size:>8} left out: less than {3 * size} GB free in {self.work}', flush=True)
            return
        ctx = f'{self.work}/layers{size}'
        write(f'{ctx}/Dockerfile', 'FROM scratch\nCOPY data /data\n')
        os.makedirs(f'{ctx}/data')
        block = random.Random(size).randbytes(1 << 20)
        for i in range(size * 10):
            with open(f'{ctx}/data/{i:04}', 'wb') as f:
                for k in range(95):
                    f.write(block[k:] + block[:k])
        store = self.store()
        self.point('layers', size, 'copy', [self.build(store, ctx)])
        self.point('layers', size, 'warm', [self.build(store, ctx) for _ in range(self.args.runs)])
        self.point('layers', size, 'export',
                   [self.build(store, ctx, '-o', 'type=oci,dest=/dev/null,compression=uncompressed')])
        self.drop(ctx, store)

    def records(self, count):
        ctx = f'{self.work}/records'
        write(f'{ctx}/Dockerfile', 'FROM scratch AS a\nCOPY f /\nFROM scratch\nCOPY --from=a /f /\n')
        write(f'{ctx}/f', 'x\n')
        store = self.store()
        self.build(store, ctx)
        fill(f'{store}/meta.db', count)
        self.point('records', count, 'cached', [self.build(store, ctx) for _ in range(self.args.runs)])
        changed = []
        for i in range(self.args.runs):
            write(f'{ctx}/f', f'{count} {i}\n')
            changed.append(self.build(store, ctx))
        self.point('records', count, 'changed', changed)
        self.drop(ctx, store)

    def drop(self, *paths):
        if not self.args.keep:
            for path in paths:
                shutil.rmtree(path, ignore_errors=True)


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w') as f:
        f.write(text)


def fill(path, count):
    """records of other builds, of the size and shape of the real ones, each with two keys and a layer"""
    rnd = random.Random(count)
    with sqlite3.connect(path) as db:
        body, = db.execute('SELECT body FROM records LIMIT 1').fetchone()
        for i in range(count):
            name = f'sha256:{rnd.getrandbits(256):064x}'
            db.execute('INSERT INTO records(id, op, step, place, body, created, used) VALUES(?, ?, ?, ?, ?, ?, ?)',
                       (name, f'sha256:{rnd.getrandbits(256):064x}', f'[stage {i}] RUN make {i}', f'stage {i}', body, i, i))
            for _ in range(2):
                db.execute('INSERT INTO keys(key, record) VALUES(?, ?)', (f'{rnd.getrandbits(256):064x}', name))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--prog', required=True)
    parser.add_argument('--only', default=','.join(POINTS))
    parser.add_argument('--max', type=int, default=10**9, help='leave out points above this size')
    parser.add_argument('--min', type=int, default=0)
    parser.add_argument('--runs', type=int, default=3)
    parser.add_argument('--work', default='/var/tmp/slipway-scale')
    parser.add_argument('--json', help='results; points already in the file are replaced one by one')
    parser.add_argument('--keep', action='store_true', help='leave inputs and stores: removing many files slows what comes after')
    args = parser.parse_args()
    bench = Bench(args)
    os.makedirs(bench.work, exist_ok=True)
    for group in args.only.split(','):
        for size in POINTS[group]:
            if args.min <= size <= args.max:
                getattr(bench, group)(size)
    if args.json:
        rows = []
        if os.path.exists(args.json):
            with open(args.json) as f:
                rows = json.load(f)['points']
        new = {(r['group'], r['size'], r['case']) for r in bench.rows}
        rows = [r for r in rows if (r['group'], r['size'], r['case']) not in new] + bench.rows
        rows.sort(key=lambda r: (r['group'], r['case'], r['size']))
        with open(args.json, 'w') as f:
            json.dump({'machine': facts(bench.prog), 'units': UNITS, 'points': rows}, f, indent=1)
            f.write('\n')


if __name__ == '__main__':
    sys.exit(main())
