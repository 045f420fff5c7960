#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A registry that serves an OCI layout as repository x, tag 1, and lies: lying_registry.py PORT LAYOUT LIE

honest, wrong-bytes, short-blob, endless-blob, wrong-manifest, dies-in-blob, redirect-loop, not-json"""
import hashlib
import http.server
import json
import os
import re
import sys

PORT, LAYOUT, LIE = int(sys.argv[1]), sys.argv[2], sys.argv[3]
ROOT = json.load(open(os.path.join(LAYOUT, 'index.json')))['manifests'][0]
died = set()


def blob(digest):
    path = os.path.join(LAYOUT, 'blobs', *digest.split(':'))
    return open(path, 'rb').read() if os.path.exists(path) else None


def layers():
    return [l['digest'] for l in json.loads(blob(ROOT['digest'])).get('layers', [])]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *args):
        pass

    def answer(self, code, body=b'', **headers):
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name.replace('_', '-'), value)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        if self.command != 'HEAD':
            self.wfile.write(body)

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        if self.path == '/v2/':
            return self.answer(200, b'{}')
        found = re.fullmatch(r'/v2/x/(manifests|blobs)/(\S+)', self.path)
        if not found:
            return self.answer(404)
        return self.manifest(found[2]) if found[1] == 'manifests' else self.blob(found[2])

    def manifest(self, name):
        digest = ROOT['digest'] if name == '1' else name
        body = blob(digest)
        if body is None:
            return self.answer(404)
        if LIE == 'wrong-manifest':
            # The digest that was promised, other bytes.
            return self.answer(200, body.replace(b'"layers"', b'"Layers"'), Content_Type=ROOT['mediaType'],
                               Docker_Content_Digest=digest)
        if LIE == 'not-json':
            body = b'<html>please log in to the hotel network</html>'
            digest = 'sha256:' + hashlib.sha256(body).hexdigest()
        return self.answer(200, body, Content_Type=ROOT['mediaType'], Docker_Content_Digest=digest)

    def blob(self, digest):
        body = blob(digest)
        if body is None:
            return self.answer(404)
        lie = LIE if digest in layers() else 'honest'
        if lie == 'wrong-bytes':
            body = body[:-1] + bytes([body[-1] ^ 1])
        elif lie == 'short-blob':
            body = body[:len(body) // 2]
        elif lie == 'redirect-loop':
            return self.answer(307, Location=self.path)
        elif lie == 'endless-blob':
            return self.endless(body)
        start = 0
        wanted = re.fullmatch(r'bytes=(\d+)-', self.headers.get('Range', ''))
        if wanted:
            start = int(wanted[1])
        part = body[start:]
        self.send_response(206 if wanted else 200)
        if wanted:
            self.send_header('Content-Range', f'bytes {start}-{len(body) - 1}/{len(body)}')
        self.send_header('Accept-Ranges', 'bytes')
        self.send_header('Content-Length', str(len(part)))
        self.end_headers()
        if self.command == 'HEAD':
            return None
        if lie == 'dies-in-blob' and digest not in died:
            died.add(digest)
            self.wfile.write(part[:len(part) // 2])
            self.wfile.flush()
            self.connection.shutdown(2)
            self.close_connection = True
            return None
        self.wfile.write(part)
        return None

    def endless(self, body):
        self.send_response(200)
        self.send_header('Connection', 'close')
        self.end_headers()
        self.close_connection = True
        try:
            self.wfile.write(body)
            while True:
                self.wfile.write(b'x' * 65536)
        except OSError:
            pass


http.server.ThreadingHTTPServer(('127.0.0.1', PORT), Handler).serve_forever()
