#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills builds at random moments and looks at what is left: kill_campaign.py SLIPWAY BASE.tar [--count N] [--seed S]

Each round starts a build of a Dockerfile drawn by the seed (parallel stages, cache mounts, secrets, steps that fail), and
sends SIGKILL to the builder or to any process below it after a time drawn by the seed. The next build runs undisturbed and
must make the right files; after it no mount, process or cgroup of the round may be left. At the end the store must be
whole (`doctor --store`) and, pruned, hold nothing but the base image.
"""
import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("slipway")
parser.add_argument("base")
parser.add_argument("--count", type=int, default=500)
parser.add_argument("--seed", type=int, default=int(time.time()))
parser.add_argument("--work", default=None)
args = parser.parse_args()
STALE_SECONDS = 12  # src/sandbox/cgroup.cc, and a little more
rng = random.Random(args.seed)
work = tempfile.mkdtemp(prefix="slipway-kill-", dir=args.work)
root = work + "/store"
mark = str(rng.randrange(10**6, 10**7))  # in the command line of every long step: a sleep of so many seconds


def slipway(*words, **more):
    return subprocess.run([args.slipway, "--root", root, *words], capture_output=True, text=True, **more)


def fail(text):
    print(f"FAIL (seed {args.seed}, {work}): {text}")
    sys.exit(1)


def descendants(pid):
    children = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat") as stat:
                parent = int(stat.read().rsplit(")", 1)[1].split()[1])
        except (OSError, IndexError, ValueError):
            continue
        children.setdefault(parent, []).append(int(entry))
    found, todo = [], [pid]
    while todo:
        for child in children.get(todo.pop(), []):
            found.append(child)
            todo.append(child)
    return found


def processes_left():
    left = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) == os.getpid():
            continue
        try:
            with open(f"/proc/{entry}/cmdline", "rb") as file:
                line = file.read().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if root in line or f"sleep 0.{mark}" in line:
            left.append(f"{entry} {line}")
    return left


def mounts_left():
    left = set()
    for entry in os.listdir("/proc"):
        try:
            with open(f"/proc/{entry}/mountinfo") as file:
                left |= {line for line in file if root in line}
        except OSError:
            pass
    return left


def cgroups_left():
    """groups below the one that all builds share"""
    left = []
    for directory, names, _ in os.walk("/sys/fs/cgroup"):
        if os.path.basename(directory) == "slipway":
            left += [directory + "/" + name for name in names]
    return left


def scenario(number):
    """A Dockerfile, flags, and what its output must hold (None: the build fails)."""
    salt = rng.randrange(30)  # few enough that steps are found in the cache, made whole or not at all
    text = f"text {salt}"
    nap = f"sleep 0.{mark}"
    lines = [f"FROM local/base AS one", "COPY in /in", f"RUN echo '{text}' > /a && {nap} && cat /in >> /a"]
    flags = []
    kind = rng.choice(["plain", "stages", "cache", "secret", "fails", "big"])
    if kind == "stages":
        lines += ["FROM local/base AS two", f"RUN {nap} && echo '{text}' > /b", "FROM local/base",
                  "COPY --from=one /a /a", "COPY --from=two /b /b"]
    if kind == "cache":
        lines += [f"RUN --mount=type=cache,target=/c,sharing=locked echo x >> /c/f && {nap} && test -s /c/f"]
    if kind == "secret":
        lines += [f"RUN --mount=type=secret,id=s test -s /run/secrets/s && {nap}"]
        flags = ["--secret", f"id=s,src={work}/secret"]
    if kind == "big":
        lines += [f"RUN dd if=/dev/zero of=/big bs=1M count=20 2>/dev/null && {nap} && rm /big"]
    if kind == "fails":
        lines += [f"RUN {nap}; exit 3"]
    lines.append(f"LABEL number={number}")
    return "\n".join(lines) + "\n", flags, None if kind == "fails" else f"{text}\ninput\n"


def build(flags, out):
    return [args.slipway, "--root", root, "build", "--progress=plain", *flags, "-o", out, work + "/ctx"]


if slipway("import", args.base, "local/base").returncode != 0:
    fail("the base image cannot be imported")
os.makedirs(work + "/ctx")
with open(work + "/ctx/in", "w") as file:
    file.write("input\n")
with open(work + "/secret", "w") as file:
    file.write("a secret value\n")
killed = {"builder": 0, "child": 0, "ended first": 0}
for number in range(args.count):
    dockerfile, flags, expected = scenario(number)
    with open(work + "/ctx/Dockerfile", "w") as file:
        file.write(dockerfile)
    shutil.rmtree(work + "/out", ignore_errors=True)
    with open(work + "/log", "w") as log:
        child = subprocess.Popen(build(flags, work + "/out"), stdout=log, stderr=log)
        time.sleep(rng.random() ** 2 * 0.35)
        below = descendants(child.pid)
        who = rng.choice(["builder", "child"]) if below else "builder"
        victim = child.pid if who == "builder" else rng.choice(below)
        if child.poll() is not None:
            who = "ended first"
        else:
            try:
                os.kill(victim, signal.SIGKILL)
            except ProcessLookupError:
                who = "ended first"
        try:
            code = child.wait(timeout=60)
        except subprocess.TimeoutExpired:
            fail(f"round {number}: the build hangs after its {who} was killed\n{open(work + '/log').read()}")
    killed[who] += 1
    if who == "child" and code not in (0, 1):
        fail(f"round {number}: exit code {code} after a child was killed\n{open(work + '/log').read()}")
    shutil.rmtree(work + "/out", ignore_errors=True)
    again = subprocess.run(build(flags, work + "/out"), capture_output=True, text=True, timeout=60)
    if (again.returncode == 0) != (expected is not None):
        fail(f"round {number}: the next build ended with {again.returncode}\n{again.stderr}")
    if expected is not None:
        with open(work + "/out/a") as file:
            found = file.read()
        if found != expected:
            fail(f"round {number}: the next build made {found!r} instead of {expected!r}")
    for _ in range(100):
        left = processes_left()
        if not left:
            break
        time.sleep(0.02)
    if left:
        fail(f"round {number}: processes are left: {left}")
    if mounts_left():
        fail(f"round {number}: mounts are left: {mounts_left()}")
    if number % 50 == 49:
        print(f"{number + 1} rounds: {killed}", flush=True)
# A group is taken for left behind once it is old enough not to be one that is being made.
time.sleep(STALE_SECONDS)
if slipway("build", "--no-cache", work + "/ctx").returncode not in (0, 1):
    fail("the last build")
if cgroups_left():
    fail(f"cgroups are left: {cgroups_left()}")
checked = slipway("doctor", "--store")
if checked.returncode != 0:
    fail(checked.stdout + checked.stderr)
print(checked.stdout.strip().splitlines()[-1])
if slipway("prune", "--all").returncode != 0:
    fail("the store cannot be pruned")
checked = slipway("doctor", "--store", "--json")
if '"problems": []' not in checked.stdout or '"layers": 0' not in checked.stdout:
    fail(f"after prune: {checked.stdout}")
print(f"{args.count} rounds, seed {args.seed}: {killed}: nothing left, every later build right")
shutil.rmtree(work)
