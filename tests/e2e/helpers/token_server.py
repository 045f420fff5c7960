# SPDX-License-Identifier: Apache-2.0
"""A registry's token server: token_server.py PORT ISSUER SERVICE KEY CERT USER PASSWORD. Tokens are JWTs that Debian's
docker-registry takes (auth: token), for whoever gives the password; everybody may pull. Each request's query is a line of
token.log."""
import base64
import json
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

port, issuer, service, key, cert, user, password = sys.argv[1:8]


def pack(data):
    return base64.urlsafe_b64encode(data).rstrip(b'=')


def x5c():
    lines = open(cert).read().strip().split('\n')
    return [''.join(lines[1:-1])]


def token(account, access):
    now = int(time.time())
    header = {'typ': 'JWT', 'alg': 'RS256', 'x5c': x5c()}
    claims = {'iss': issuer, 'sub': account, 'aud': service, 'exp': now + 300, 'nbf': now - 10, 'iat': now,
              'jti': str(now), 'access': access}
    body = b'.'.join(pack(json.dumps(part).encode()) for part in (header, claims))
    signed = subprocess.run(['openssl', 'dgst', '-sha256', '-sign', key], input=body, capture_output=True, check=True)
    return (body + b'.' + pack(signed.stdout)).decode()


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        query = parse_qs(urlparse(self.path).query)
        given = self.headers.get('Authorization', '')
        with open('token.log', 'a') as log:
            log.write(f'{self.path} {"with password" if given else "anonymous"}\n')
        right = given == 'Basic ' + base64.b64encode(f'{user}:{password}'.encode()).decode()
        if given and not right:
            return self.answer(401, {'errors': [{'code': 'UNAUTHORIZED', 'message': 'wrong password'}]})
        access = []
        for scope in query.get('scope', []):
            kind, rest = scope.split(':', 1)
            name, actions = rest.rsplit(':', 1)
            allowed = [a for a in actions.split(',') if right or a == 'pull']
            access.append({'type': kind, 'name': name, 'actions': allowed})
        self.answer(200, {'token': token(user if right else '', access), 'expires_in': 300})

    def answer(self, code, body):
        data = json.dumps(body).encode()
        self.send_response(code)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(data)))
        self.end_headers()
        self.wfile.write(data)


ThreadingHTTPServer(('127.0.0.1', int(port)), Handler).serve_forever()
