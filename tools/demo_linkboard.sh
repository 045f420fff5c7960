# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Part of the demo, run by demo_run.sh: starts the service, uses it, asks its health check.
port=$((20000 + RANDOM % 20000))
url=http://127.0.0.1:$port
container_in_background serve --listen "127.0.0.1:$port"
for _ in {1..50}; do
  in_container /linkboard healthcheck --url "$url/healthz" >/dev/null 2>&1 && break
  sleep 0.1
done
request() { # METHOD PATH BODY
  exec 3<>"/dev/tcp/127.0.0.1/$port"
  printf '%s %s HTTP/1.0\r\nHost: demo\r\nContent-Length: %d\r\n\r\n%s' "$1" "$2" "${#3}" "$3" >&3
  tr -d '\r' <&3
  exec 3>&-
}
echo "POST /api/links  $(request POST /api/links '{"name": "go", "url": "https://go.dev/"}' | tail -n 1)"
echo "GET /go          $(request GET /go '' | grep -E '^(HTTP|Location)' | tr '\n' ' ')"
echo "GET /static/…    $(request GET /static/board.css '' | tail -n 1 | cut -c 1-60)…"
echo "healthcheck      $(in_container /linkboard healthcheck --url "$url/healthz")"
