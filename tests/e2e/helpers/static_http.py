#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Serves a directory on loopback: static_http.py PORT DIRECTORY"""
import functools
import http.server
import sys


class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def translate_path(self, path):
        return super().translate_path(path.split('?')[0])

    def log_message(self, *args):
        pass


http.server.ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])),
                                functools.partial(Handler, directory=sys.argv[2])).serve_forever()
