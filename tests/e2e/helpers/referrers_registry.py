# SPDX-License-Identifier: Apache-2.0
"""A registry in memory that keeps a list of referrers itself (OCI distribution specification 1.1), which Debian's does
not: referrers_registry.py PORT. GET /log answers every request line so far."""
import hashlib
import json
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

blobs, manifests, referrers, log = {}, {}, {}, []
INDEX = 'application/vnd.oci.image.index.v1+json'


def digest_of(data):
    return 'sha256:' + hashlib.sha256(data).hexdigest()


class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *_):
        pass

    def answer(self, code, body=b'', **headers):
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name.replace('_', '-'), value)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        if self.command != 'HEAD':
            self.wfile.write(body)

    def body(self):
        return self.rfile.read(int(self.headers.get('Content-Length') or 0))

    def do_GET(self):
        log.append(f'{self.command} {self.path}')
        path = self.path.split('?')[0]
        if path == '/log':
            return self.answer(200, '\n'.join(log).encode())
        if path == '/v2/':
            return self.answer(200)
        found = re.fullmatch(r'/v2/(.+)/(manifests|blobs|referrers)/([^/]+)', path)
        if not found:
            return self.answer(404)
        name, kind, reference = found.groups()
        if kind == 'referrers':
            index = {'schemaVersion': 2, 'mediaType': INDEX, 'manifests': referrers.get((name, reference), [])}
            return self.answer(200, json.dumps(index).encode(), Content_Type=INDEX)
        if kind == 'manifests':
            if (name, reference) not in manifests:
                return self.answer(404)
            media_type, data = manifests[(name, reference)]
            return self.answer(200, data, Content_Type=media_type, Docker_Content_Digest=digest_of(data))
        if (name, reference) not in blobs:
            return self.answer(404)
        return self.answer(200, blobs[(name, reference)], Content_Type='application/octet-stream')

    do_HEAD = do_GET

    def do_POST(self):
        log.append(f'{self.command} {self.path}')
        self.body()
        name = re.fullmatch(r'/v2/(.+)/blobs/uploads/', self.path.split('?')[0]).group(1)
        self.answer(202, Location=f'/v2/{name}/blobs/uploads/one')

    def do_PUT(self):
        log.append(f'{self.command} {self.path}')
        data = self.body()
        found = re.fullmatch(r'/v2/(.+)/(manifests|blobs)/(?:uploads/)?([^/?]+)(?:\?.*digest=([^&]+))?', self.path)
        name, kind, reference, digest = found.groups()
        if kind == 'blobs':
            blobs[(name, digest.replace('%3A', ':'))] = data
            return self.answer(201)
        media_type = self.headers['Content-Type']
        digest, headers = digest_of(data), {}
        for key in (reference, digest):
            manifests[(name, key)] = (media_type, data)
        manifest = json.loads(data)
        if 'subject' in manifest:
            subject = manifest['subject']['digest']
            entry = {'mediaType': media_type, 'digest': digest, 'size': len(data),
                     'artifactType': manifest.get('artifactType', manifest.get('config', {}).get('mediaType'))}
            listed = referrers.setdefault((name, subject), [])
            if entry not in listed:
                listed.append(entry)
            headers['OCI_Subject'] = subject
        self.answer(201, Docker_Content_Digest=digest, **headers)


ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])), Handler).serve_forever()
