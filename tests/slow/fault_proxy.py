#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Pulls and pushes through a proxy that breaks things: fault_proxy.py SLIPWAY [--count N] [--seed N] [--work DIR].

Behind it is Debian's docker-registry with a password; beside it another host that redirects lead to. Every transfer must
end right, or with a clear error; no blob with other bytes than its name says may be in a store or in the registry; the
password must never reach the other host. Prints what was done to requests and how the transfers ended."""
import argparse
import base64
import collections
import hashlib
import http.client
import io
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import tarfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

parser = argparse.ArgumentParser()
parser.add_argument('slipway')
parser.add_argument('--count', type=int, default=1000)
parser.add_argument('--seed', type=int, default=1)
parser.add_argument('--work', default='/tmp/slipway-faults')
args = parser.parse_args()

USER, PASSWORD = 'user', 'secret-word'
BASIC = 'Basic ' + base64.b64encode(f'{USER}:{PASSWORD}'.encode()).decode()
dice = random.Random(args.seed)
lock = threading.Lock()
done = collections.Counter()
problems = []


def free_port():
    with socket.socket() as sock:
        sock.bind(('127.0.0.1', 0))
        return sock.getsockname()[1]


registry_port, proxy_port, other_port = free_port(), free_port(), free_port()
rate = 0.0  # of requests that are broken


def ask(method, path, headers=None, body=None):
    connection = http.client.HTTPConnection('127.0.0.1', registry_port, timeout=30)
    connection.request(method, path, body, {**(headers or {}), 'Authorization': BASIC})
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    return answer, data


class Quiet(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *_):
        pass

    def send(self, status, headers, data, length=None):
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in ('content-length', 'connection', 'transfer-encoding', 'date'):
                self.send_header(name, value)
        self.send_header('Content-Length', str(len(data) if length is None else length))
        self.end_headers()
        if self.command != 'HEAD':
            self.wfile.write(data)

    def cut(self):
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


class Other(Quiet):
    """Where redirects lead: a storage host, which must see no password."""

    def do_GET(self):
        if 'Authorization' in self.headers:
            with lock:
                problems.append(f'the password was sent to the other host: {self.path}')
        answer, data = ask('GET', self.path)
        self.send(answer.status, answer.getheaders(), data)


class Proxy(Quiet):
    def handle_any(self):
        body = self.rfile.read(int(self.headers.get('Content-Length') or 0))
        with lock:
            fault = dice.choice(FAULTS) if dice.random() < rate else 'none'
            when = dice.random()
            done[fault] += 1
        if fault == 'delay':
            time.sleep(0.3)
        if fault == 'status':
            return self.send(dice.choice((500, 502, 503, 504)), [], b'broken')
        if fault == 'too many':
            return self.send(429, [('Retry-After', '0')], b'{"errors":[{"code":"TOOMANYREQUESTS"}]}')
        if fault == 'cut before':
            return self.cut()
        if fault == 'redirect' and self.command == 'GET' and '/blobs/' in self.path:
            return self.send(307, [('Location', f'http://127.0.0.1:{other_port}{self.path}')], b'')
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ('host', 'connection', 'content-length')}
        connection = http.client.HTTPConnection('127.0.0.1', registry_port, timeout=30)
        connection.request(self.command, self.path, body, headers)
        answer = connection.getresponse()
        data = answer.read()
        length = None
        if self.command == 'HEAD':
            length = int(answer.getheader('Content-Length') or 0)
        given = [(k, v.replace(f'127.0.0.1:{registry_port}', f'127.0.0.1:{proxy_port}')) for k, v in answer.getheaders()]
        connection.close()
        if fault == 'cut after':
            return self.cut()
        if fault == 'cut within' and data:
            self.send(answer.status, given, data[:int(len(data) * when)], len(data))
            return self.cut()
        if fault == 'longer' and data:
            return self.send(answer.status, given, data + b'more')
        if fault == 'shorter' and data:
            return self.send(answer.status, given, data[:-1])
        if fault == 'changed' and data and self.command == 'GET':
            at = int(len(data) * when)
            data = data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]
        if fault == 'other digest':
            given = [(k, 'sha256:' + '0' * 64 if k.lower() == 'docker-content-digest' else v) for k, v in given]
        self.send(answer.status, given, data, length)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = handle_any


FAULTS = ['delay', 'status', 'too many', 'cut before', 'cut after', 'cut within', 'longer', 'shorter', 'changed',
          'redirect', 'other digest']


class Server(ThreadingHTTPServer):
    def handle_error(self, *_):
        pass  # the client went away: that is what is tried here


def serve(port, handler):
    server = Server(('127.0.0.1', port), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()


def sha(data):
    return 'sha256:' + hashlib.sha256(data).hexdigest()


def image(number):
    """An OCI archive with random layers, and the digest of its manifest."""
    source = random.Random(f'{args.seed} image {number}')
    blobs, layers, diff_ids = {}, [], []
    for i in range(source.randint(1, 4)):
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode='w') as tar:
            entry = tarfile.TarInfo(f'file{i}')
            entry.size = source.choice((10, 3000, 200000))
            tar.addfile(entry, io.BytesIO(source.randbytes(entry.size)))
        data = buffer.getvalue()
        blobs[sha(data)] = data
        diff_ids.append(sha(data))
        layers.append({'mediaType': 'application/vnd.oci.image.layer.v1.tar', 'digest': sha(data), 'size': len(data)})
    config = json.dumps({'architecture': 'amd64', 'os': 'linux', 'rootfs': {'type': 'layers', 'diff_ids': diff_ids},
                         'config': {'Labels': {'number': str(number)}}}).encode()
    manifest = json.dumps({'schemaVersion': 2, 'mediaType': 'application/vnd.oci.image.manifest.v1+json',
                           'config': {'mediaType': 'application/vnd.oci.image.config.v1+json', 'digest': sha(config),
                                      'size': len(config)}, 'layers': layers}).encode()
    blobs[sha(config)] = config
    blobs[sha(manifest)] = manifest
    return blobs, sha(manifest), sha(config), manifest


def archive(number, path):
    blobs, digest, _, manifest = image(number)
    index = {'schemaVersion': 2, 'manifests': [{
        'mediaType': 'application/vnd.oci.image.manifest.v1+json', 'digest': digest, 'size': len(manifest),
        'annotations': {'io.containerd.image.name': f'docker.io/local/image{number}:1'}}]}
    with tarfile.open(path, 'w') as tar:
        for name, data in [('oci-layout', b'{"imageLayoutVersion":"1.0.0"}'), ('index.json', json.dumps(index).encode()),
                           *((f'blobs/{d.replace(":", "/")}', data) for d, data in blobs.items())]:
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))


def run(root, *command):
    environment = {**os.environ, 'DOCKER_CONFIG': f'{args.work}/docker', 'HOME': args.work, 'SLIPWAY_REGISTRIES': f'{args.work}/none.conf'}
    return subprocess.run([args.slipway, '--root', root, *command], env=environment, capture_output=True, text=True, timeout=300)


def check_store(root):
    """Every blob is what its name says."""
    top = f'{root}/content/blobs/sha256' if os.path.isdir(f'{root}/content/blobs/sha256') else f'{root}/blobs/sha256'
    count = 0
    for directory, _, files in os.walk(top):
        for name in files:
            digest = (os.path.basename(directory) + name) if len(name) != 64 else name
            with open(f'{directory}/{name}', 'rb') as file:
                if hashlib.sha256(file.read()).hexdigest() != digest:
                    problems.append(f'{directory}/{name} has other bytes')
            count += 1
    return count


def check_pushed(repository, number):
    blobs, digest, _, _ = image(number)
    answer, data = ask('GET', f'/v2/{repository}/manifests/1', {'Accept': 'application/vnd.oci.image.manifest.v1+json'})
    if answer.status != 200 or sha(data) != digest:
        problems.append(f'{repository}: pushed with success, but the registry has {answer.status} {sha(data)}')
        return
    for blob in blobs:
        if blob == digest:
            continue
        answer, data = ask('GET', f'/v2/{repository}/blobs/{blob}')
        if answer.status != 200 or sha(data) != blob:
            problems.append(f'{repository}: pushed with success, but blob {blob} is {answer.status}')


def ended_clearly(what, ran):
    text = ran.stderr
    if ran.returncode != 1 or 'ERROR: ' not in text or 'internal error' in text or PASSWORD in text:
        problems.append(f'{what}: exit code {ran.returncode}: {text[-400:]!r}')


shutil.rmtree(args.work, ignore_errors=True)
os.makedirs(f'{args.work}/docker')
open(f'{args.work}/none.conf', 'w').close()
with open(f'{args.work}/htpasswd', 'w') as out:
    subprocess.run(['htpasswd', '-C', '4', '-Bbn', USER, PASSWORD], stdout=out, check=True)
with open(f'{args.work}/registry.yml', 'w') as out:
    out.write(f'''version: 0.1
log: {{level: error, accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: {args.work}/registry}}}}
http: {{addr: "127.0.0.1:{registry_port}"}}
auth: {{htpasswd: {{realm: faults, path: {args.work}/htpasswd}}}}
''')
registry = subprocess.Popen(['docker-registry', 'serve', f'{args.work}/registry.yml'], stderr=subprocess.DEVNULL)
serve(other_port, Other)
serve(proxy_port, Proxy)
with open(f'{args.work}/docker/config.json', 'w') as out:
    json.dump({'auths': {f'127.0.0.1:{proxy_port}': {'auth': BASIC[6:]}}}, out)
for _ in range(100):
    try:
        if ask('GET', '/v2/')[0].status == 200:
            break
    except OSError:
        time.sleep(0.1)

ends = collections.Counter()
IMAGES = 12
source = f'{args.work}/source'
for number in range(IMAGES):
    archive(number, f'{args.work}/image.tar')
    loaded = run(source, 'load', '-i', f'{args.work}/image.tar')
    assert loaded.returncode == 0, loaded.stderr
    pushed = run(source, 'push', f'local/image{number}:1', f'127.0.0.1:{proxy_port}/pull/image{number}:1')
    assert pushed.returncode == 0, pushed.stderr
    check_pushed(f'pull/image{number}', number)
rate = 0.12
blobs_seen = 0
for turn in range(args.count):
    number = dice.randrange(IMAGES)
    if turn % 2:
        repository = f'push/turn{turn}'
        ran = run(source, 'push', f'local/image{number}:1', f'127.0.0.1:{proxy_port}/{repository}:1')
        if ran.returncode == 0:
            ends['pushed'] += 1
            check_pushed(repository, number)
        else:
            ends['push refused'] += 1
            ended_clearly(f'push {turn}', ran)
    else:
        root = f'{args.work}/store{turn % 10}'  # some are kept over several pulls, with what broken ones left
        if dice.random() < 0.5:
            shutil.rmtree(root, ignore_errors=True)
        ran = run(root, 'pull', f'127.0.0.1:{proxy_port}/pull/image{number}:1')
        if ran.returncode == 0:
            ends['pulled'] += 1
            if ran.stdout.strip() != image(number)[2]:
                problems.append(f'pull {turn}: {ran.stdout!r} instead of {image(number)[2]}')
        else:
            ends['pull refused'] += 1
            ended_clearly(f'pull {turn}', ran)
        blobs_seen += check_store(root)
    if problems:
        break
registry.terminate()
print('requests:', ', '.join(f'{name} {count}' for name, count in done.most_common()))
print('transfers:', ', '.join(f'{name} {count}' for name, count in sorted(ends.items())), f'; {blobs_seen} blobs looked at')
for problem in problems:
    print('PROBLEM', problem)
if blobs_seen == 0:
    problems.append('no blob was looked at')
    print('PROBLEM no blob was looked at')
if not problems:
    shutil.rmtree(args.work, ignore_errors=True)
sys.exit(1 if problems else 0)
