#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws what tools/scale_bench.py measured: plot_bench.py RESULTS.json DIRECTORY

One SVG a group (gnuplot), logarithmic on both axes, so that linear growth is a line of slope one; the tables
go to standard output as Markdown."""
import json, os, subprocess, sys


def plot(group, unit, points, path):
    cases = sorted({p['case'] for p in points})
    blocks, curves = [], []
    for i, case in enumerate(cases):
        rows = [p for p in points if p['case'] == case and p['size'] > 0]
        blocks.append('\n'.join(f'{p["size"]} {p["seconds"]} {p["peak_mb"]}' for p in rows))
        curves.append(f'$data index {i} using 1:2 with linespoints lw 2 pt 7 title "{case}"')
    script = f'''set terminal svg size 640,400 font "sans,12" background "white"
set output "{path}"
set logscale xy
set grid
set key left top
set xlabel "{unit}"
set ylabel "seconds"
$data << EOD
''' + '\n\n\n'.join(blocks) + '\nEOD\nplot ' + ', '.join(curves) + '\n'
    subprocess.run(['gnuplot'], input=script, text=True, check=True)


def table(group, unit, points):
    cases = sorted({p['case'] for p in points})
    print(f'\n| {unit} | ' + ' | '.join(f'{c}, s (peak MB)' for c in cases) + ' |')
    print('|---:|' + '---:|' * len(cases))
    for size in sorted({p['size'] for p in points}):
        cells = []
        for case in cases:
            found = [p for p in points if p['size'] == size and p['case'] == case]
            cells.append(f'{found[0]["seconds"]:.3f} ({found[0]["peak_mb"]:.0f})' if found else '')
        print(f'| {size:,} | ' + ' | '.join(cells) + ' |')


def main():
    with open(sys.argv[1]) as f:
        results = json.load(f)
    os.makedirs(sys.argv[2], exist_ok=True)
    machine = results['machine']
    print(f'{machine["cpus"]} CPUs ({machine["cpu"]}), {machine["memory_mb"]} MB, Linux {machine["kernel"]}, {machine["date"]}.')
    for group, unit in results['units'].items():
        points = [p for p in results['points'] if p['group'] == group]
        if points:
            plot(group, unit, points, os.path.join(sys.argv[2], f'scale-{group}.svg'))
            table(group, unit, points)


if __name__ == '__main__':
    main()
