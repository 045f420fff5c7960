#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plants causes and asks `slipway why` for them: why_scenarios.py SLIPWAY STORE BASE DIRECTORY SEED COUNT

Each scenario writes a context, builds it, changes one thing drawn by the seed, builds again, and compares the first
cause that `why --json` gives for a step with what was changed: kind, subject, line and both states.
"""
import json
import os
import random
import shutil
import subprocess
import sys
import tarfile
import io
import hashlib

slipway, store, base, directory, seed, count = sys.argv[1:7]
rng = random.Random(int(seed))


def run(*args):
    done = subprocess.run([slipway, "--root", store, *args], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"slipway {' '.join(args)}: {done.stderr}")
    return done.stdout, done.stderr


def word():
    return "".join(rng.choice("abcdefghijk") for _ in range(6)) + str(rng.randrange(1000))


def digest(text):
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


class World:
    """One scenario: files, a Dockerfile as a list of lines, flags."""

    def __init__(self, number):
        self.context = os.path.join(directory, f"ctx{number}")
        self.files = {}
        self.lines = []
        self.args = []
        self.nop = f"RUN : {word()}"

    def add(self, *lines):
        self.lines += lines
        return len(self.lines)

    def line_of(self, text):
        return next(i + 1 for i, line in enumerate(self.lines) if text in line)

    def write(self):
        shutil.rmtree(self.context, ignore_errors=True)
        os.makedirs(self.context)
        for name, content in self.files.items():
            mode = 0o644
            if isinstance(content, tuple):
                content, mode = content
            path = os.path.join(self.context, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as out:
                out.write(content if isinstance(content, bytes) else content.encode())
            os.chmod(path, mode)
        with open(os.path.join(self.context, "Dockerfile"), "w") as out:
            out.write("\n".join(self.lines) + "\n")

    def build(self):
        self.write()
        run("build", "--progress=plain", *self.args, self.context)


def some_files(world, prefix):
    for _ in range(rng.randint(3, 8)):
        world.files[prefix + rng.choice(["", "d/", "d/e/"]) + word()] = word()
    return [name for name in world.files if name.startswith(prefix)]


def change_file(world, names, shown):
    """Changes, adds or removes one file below what is copied; returns what `why` should say."""
    name = rng.choice(names)
    old = world.files[name]
    kind = rng.choice(["changed", "added", "removed", "mode"] if len(names) > 1 else ["changed", "mode"])
    if kind == "changed":
        world.files[name] = new = old[::-1] + rng.choice("xyz")
        return {"kind": "file", "subject": shown(name), "before": digest(old), "now": digest(new)}
    if kind == "mode":
        world.files[name] = (old, 0o755)
        return {"kind": "file", "subject": shown(name), "text": f"mode of {shown(name)} changed"}
    if kind == "removed" and os.path.dirname(name) in [os.path.dirname(n) for n in names if n != name]:
        del world.files[name]
        return {"kind": "file", "subject": shown(name), "before": digest(old), "now": None}
    added = os.path.join(os.path.dirname(name), "added-" + word())
    world.files[added] = text = word()
    return {"kind": "file", "subject": shown(added), "before": None, "now": digest(text)}


def copy_directory(world):
    names = some_files(world, "src/")
    world.files["other"] = word()
    world.add(f"FROM {base}", "COPY other /other", "COPY src /app", "RUN ls /app")
    world.build()
    return "COPY src", change_file(world, names, lambda n: n)


def copy_all_with_ignore(world):
    names = some_files(world, "src/")
    world.files[".dockerignore"] = "*.log\nDockerfile\n"
    world.files["noise.log"] = word()
    world.add(f"FROM {base}", "WORKDIR /app", "COPY . .")
    world.build()
    world.files["noise.log"] = word()
    return "COPY . .", change_file(world, names, lambda n: n)


def copy_wildcard(world):
    names = [f"part-{word()}.txt" for _ in range(4)]
    for name in names:
        world.files[name] = word()
    world.add(f"FROM {base}", "COPY part-*.txt /parts/")
    world.build()
    name = rng.choice(names)
    old = world.files[name]
    world.files[name] = new = word()
    return "COPY part-*", {"kind": "file", "subject": name, "before": digest(old), "now": digest(new)}


def copy_from_stage(world):
    a, b = word(), word()
    world.files.update({"a": a, "b": b})
    world.add(f"FROM {base} AS build", "COPY a b /in/", "RUN mkdir /out && cp /in/* /out/", f"FROM {base}", "COPY --from=build /out /bin/")
    world.build()
    name = rng.choice(["a", "b"])
    old = world.files[name]
    world.files[name] = new = word()
    return "COPY --from=build", {"kind": "file", "subject": f"/out/{name}", "before": digest(old), "now": digest(new),
                                 "from": "[build 3/3] RUN mkdir /out && cp /in/* /out/"}


def copy_flag(world):
    world.files["a"] = word()
    flag = rng.choice(["--chmod=600", "--chown=7:8"])
    line = world.add(f"FROM {base}", "COPY a /a")
    world.build()
    world.lines[line - 1] = f"COPY {flag} a /a"
    return "COPY", {"kind": "instruction", "line": line, "before": "COPY a /a", "now": f"COPY {flag} a /a"}


def copy_argument_path(world):
    world.files.update({"one": word(), "two": word()})
    line = world.add(f"FROM {base}", "ARG WHICH=one")
    world.add("COPY ${WHICH} /it")
    world.build()
    world.args = ["--build-arg", "WHICH=two"]
    return "COPY", {"kind": "variable", "subject": "WHICH", "before": "one", "now": "two", "line": line}


def copy_named_context(world):
    world.add(f"FROM {base}", "COPY --from=extra f /f")
    extra = world.context + ".extra"
    os.makedirs(extra, exist_ok=True)
    old, new = word(), word()
    world.args = ["--build-context", f"extra={extra}"]
    with open(extra + "/f", "w") as out:
        out.write(old)
    world.build()
    with open(extra + "/f", "w") as out:
        out.write(new)
    return "COPY --from=extra", {"kind": "file", "before": digest(old), "now": digest(new)}


def run_argument(world):
    name = "V" + word().upper()
    line = world.add(f"FROM {base}", f"ARG {name}=1")
    world.add(f"RUN echo ${name} > /v")
    world.build()
    world.args = ["--build-arg", f"{name}=2"]
    return "RUN echo", {"kind": "variable", "subject": name, "before": "1", "now": "2", "line": line}


def run_environment(world):
    name = "E" + word().upper()
    line = world.add(f"FROM {base}", f"ENV A=1 {name}=x")
    world.add(world.nop)
    world.build()
    world.lines[line - 1] = f"ENV A=1 {name}=y"
    return "RUN :", {"kind": "variable", "subject": name, "before": "x", "now": "y", "line": line}


def run_new_environment(world):
    name = "N" + word().upper()
    world.add(f"FROM {base}", world.nop)
    world.build()
    world.lines.insert(1, f"ENV {name}=z")
    return "RUN :", {"kind": "variable", "subject": name, "before": None, "now": "z", "line": 2}


def run_text(world):
    before, now = f"RUN echo {word()}", f"RUN echo {word()}"
    line = world.add(f"FROM {base}", world.nop, before)
    world.build()
    world.lines[line - 1] = now
    return "RUN echo", {"kind": "instruction", "line": line, "before": before, "now": now}


def run_continued(world):
    before, now = f"echo {word()} && \\", f"echo {word()} && \\"
    world.add(f"FROM {base}", "RUN true && \\")
    line = world.add("    " + before)
    world.add("    true")
    world.build()
    world.lines[line - 1] = "    " + now
    return "RUN true &&", {"kind": "instruction", "line": line, "before": before, "now": now}


def run_heredoc(world):
    before, now = f"echo {word()}", f"echo {word()}"
    world.add(f"FROM {base}", "RUN <<END", "set -e", "mkdir -p /x")
    line = world.add(before)
    world.add("END")
    world.build()
    world.lines[line - 1] = now
    return "RUN <<END", {"kind": "instruction", "line": line, "before": before, "now": now}


def run_after_inserted_line(world):
    """A line inserted above moves the step; what changed is still the variable's value."""
    name = "M" + word().upper()
    world.add(f"FROM {base}", f"ARG {name}=1", f"RUN echo ${name} && true")
    world.build()
    world.lines.insert(1, f"LABEL made={word()}")
    world.args = ["--build-arg", f"{name}=2"]
    return "RUN echo", {"kind": "variable", "subject": name, "before": "1", "now": "2", "line": 3}


def run_bind_context(world):
    names = some_files(world, "src/")
    world.add(f"FROM {base}", "RUN --mount=type=bind,source=src,target=/s ls -R /s")
    world.build()
    return "RUN --mount", change_file(world, names, lambda n: n)


def run_bind_stage(world):
    world.files["a"] = word()
    world.add(f"FROM {base} AS made", "COPY a /made/a", f"FROM {base}", "RUN --mount=type=bind,from=made,source=/made,target=/m cat /m/a")
    world.build()
    old = world.files["a"]
    world.files["a"] = new = word()
    return "RUN --mount", {"kind": "file", "subject": "/made/a", "before": digest(old), "now": digest(new), "from": "[made 2/2] COPY a /made/a"}


def run_workdir(world):
    world.add(f"FROM {base}", "WORKDIR /w")
    world.add(world.nop)
    world.build()
    world.lines[1] = "WORKDIR /other"
    return "RUN :", {"kind": "option", "subject": "working directory", "before": "/w", "now": "/other"}, "any"


def run_user(world):
    world.add(f"FROM {base}", "USER 1", world.nop)
    world.build()
    world.lines[1] = "USER 2"
    return "RUN :", {"kind": "option", "subject": "user", "before": "1", "now": "2"}


def run_below_changed(world):
    world.files["a"] = word()
    world.add(f"FROM {base}", "COPY a /a", world.nop)
    world.build()
    world.files["a"] = word()
    return "RUN :", {"kind": "step", "subject": "[2/3] COPY a /a", "now": "ran again"}


def add_local(world):
    world.files["data/x"] = word()
    world.add(f"FROM {base}", "ADD data /data/")
    world.build()
    old = world.files["data/x"]
    world.files["data/x"] = new = word()
    return "ADD data", {"kind": "file", "subject": "data/x", "before": digest(old), "now": digest(new)}


def tar_of(text):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        info = tarfile.TarInfo("inside")
        info.size = len(text)
        tar.addfile(info, io.BytesIO(text.encode()))
    return out.getvalue()


def add_archive(world):
    world.files["a.tar"] = tar_of(word())
    world.add(f"FROM {base}", "ADD a.tar /x/")
    world.build()
    world.files["a.tar"] = tar_of(word() + "!")
    return "ADD a.tar", {"kind": "file", "subject": "a.tar"}


def add_git(world):
    name = "repo-" + word()
    repo = os.path.join(directory, name)
    git = ["git", "-C", repo, "-c", "user.name=x", "-c", "user.email=x@example.com"]
    subprocess.run(["git", "init", "-q", "-b", "main", repo], check=True)

    def commit():
        with open(repo + "/f", "w") as out:
            out.write(word())
        subprocess.run([*git, "add", "-A"], check=True)
        subprocess.run([*git, "commit", "-q", "-m", "x"], check=True)
        return subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()

    before = commit()
    world.add(f"FROM {base}", f"ADD {os.environ['GIT_URL']}/{name}#main /src/")
    world.build()
    now = commit()
    return "ADD git", {"kind": "source", "before": before, "now": now}


def add_url(world):
    name = word()
    path = os.path.join(directory, "www", name)
    with open(path, "w") as out:
        out.write(before := word())
    world.add(f"FROM {base}", f"ADD {os.environ['HTTP_URL']}/{name} /f")
    world.build()
    with open(path, "w") as out:
        out.write(now := word() + "!")
    return "ADD http", {"kind": "source", "before": digest(before), "now": digest(now)}


def heredoc_file(world):
    before, now = word(), word()
    world.add(f"FROM {base}", "COPY <<END /etc/motd", "first")
    line = world.add(before)
    world.add("END")
    world.build()
    world.lines[line - 1] = now
    return "COPY <<END", {"kind": "instruction", "line": line, "before": before, "now": now}


def import_base(name, text):
    path = os.path.join(directory, "moving.tar")
    with tarfile.open(path, "w") as tar:
        info = tarfile.TarInfo("etc/version")
        info.size = len(text)
        tar.addfile(info, io.BytesIO(text.encode()))
    run("import", path, name)


def from_moved(world):
    name = f"local/moving-{word()}"
    import_base(name, word())
    world.files["a"] = word()
    world.add(f"FROM {name}", "COPY a /a")
    world.build()
    import_base(name, word())
    return "COPY a", {"kind": "base", "subject": f"docker.io/{name}:latest"}


def from_argument(world):
    name = f"local/tagged-{word()}"
    import_base(name + ":1", word())
    import_base(name + ":2", word())
    world.files["a"] = word()
    world.add("ARG TAG=1", f"FROM {name}:$TAG", "COPY a /a")
    world.build()
    world.args = ["--build-arg", "TAG=2"]
    return "COPY a", {"kind": "base", "subject": f"docker.io/{name}:2", "before": f"docker.io/{name}:1"}


def from_stage_changed(world):
    world.files["a"] = word()
    world.add(f"FROM {base} AS first", "COPY a /a", "FROM first", world.nop)
    world.build()
    world.files["a"] = word()
    return "RUN :", {"kind": "step", "subject": "[first 2/2] COPY a /a", "now": "ran again"}


def forced(world):
    world.add(f"FROM {base}", world.nop)
    world.build()
    world.args = ["--no-cache"]
    return "RUN :", {"reason": "forced"}


def never(world):
    world.add(f"FROM {base}")
    world.build()
    world.add(f"RUN echo {word()}")
    return "RUN echo", {"reason": "never built"}


SCENARIOS = [copy_directory, copy_all_with_ignore, copy_wildcard, copy_from_stage, copy_flag, copy_argument_path,
             copy_named_context, run_argument, run_environment, run_new_environment, run_text, run_continued, run_heredoc,
             run_after_inserted_line, run_bind_context, run_bind_stage, run_workdir, run_user, run_below_changed, add_local,
             add_archive, heredoc_file, from_moved, from_argument, from_stage_changed, forced, never, add_git, add_url]


def check(name, step, expected, where):
    out, _ = run("why", "--json", step)
    build = json.loads(out)
    found = build["steps"][0]
    assert found["outcome"] == "ran", f"{name}: {found}"
    if "reason" in expected:
        assert found["reason"] == expected["reason"], f"{name}: {found}"
        return
    causes = found.get("causes", [])
    candidates = causes if where == "any" else causes[:1]
    for cause in candidates:
        if all(cause.get(key) == value for key, value in expected.items()):
            return
    sys.exit(f"{name}: expected {expected}\nfound {json.dumps(found, indent=1)}")


for number in range(int(count)):
    scenario = SCENARIOS[number] if number < len(SCENARIOS) else rng.choice(SCENARIOS)
    world = World(number)
    step, expected, *where = scenario(world)
    world.build()
    check(f"{scenario.__name__} (seed {seed}, number {number})", step, expected, where[0] if where else "first")
print(f"{count} scenarios explained")
