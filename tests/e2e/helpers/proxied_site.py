#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A site with files, redirects and slow corners: proxied_site.py ADDRESS PORT DIRECTORY LOG [CERTIFICATE KEY]

GET of a file answers with it, /moved leads to /file, /hang never answers, /cut breaks off, /zeros sends 256 MB; POST
answers with what came. Each request is a line of LOG, which exists once the site listens.
"""
import http.server
import os
import ssl
import sys
import threading

address, port, directory, log = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]


class Site(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def note(self):
        with open(log, "a") as out:
            who = self.headers.get("Authorization", "-")
            out.write(f"{self.command} {self.path} {self.headers.get('Host')} {who}\n")

    def answer(self, status, body, headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_GET(self):
        self.note()
        path = self.path.split("?")[0]
        if path == "/moved":
            return self.answer(302, b"", [("Location", "/file")])
        if path == "/hang":
            threading.Event().wait()
        if path == "/cut":
            self.send_response(200)
            self.send_header("Content-Length", "4000000")
            self.end_headers()
            self.wfile.write(bytes(2000000))
            self.close_connection = True
            return None
        if path == "/zeros":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            piece = bytes(1 << 20)
            for _ in range(256):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")
            return None
        try:
            with open(os.path.join(directory, os.path.basename(path)), "rb") as file:
                body = file.read()
                if self.headers.get("Range") == "bytes=0-3":
                    return self.answer(206, body[:4], [("Content-Range", f"bytes 0-3/{len(body)}")])
                return self.answer(200, body)
        except OSError:
            return self.answer(404, b"nothing here\n")

    do_HEAD = do_GET

    def do_POST(self):
        self.note()
        self.answer(200, self.rfile.read(int(self.headers["Content-Length"])))

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer((address, port), Site)
server.daemon_threads = True
if len(sys.argv) > 5:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[5], sys.argv[6])
    server.socket = context.wrap_socket(server.socket, server_side=True)
open(log, "a").close()
server.serve_forever()
