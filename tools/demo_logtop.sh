# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Part of the demo, run by demo_run.sh: pipes a made-up access log through the program.
awk 'BEGIN {
  srand(7)
  split("/ / / /api/links /api/links /static/board.css /slow", path, " ")
  for (i = 0; i < 50000; i++) {
    p = path[int(rand() * 7) + 1]
    status = p == "/slow" && rand() < 0.2 ? 503 : rand() < 0.05 ? 404 : 200
    printf "10.0.%d.%d - - [10/Oct/2024:%02d:%02d:00 +0000] \"GET %s HTTP/1.1\" %d %d \"-\" \"-\" %.3f\n", rand() * 8, rand() * 50, 10 + i / 12500, i / 209 % 60, p, status, 200 + rand() * 9000, -log(1 - rand()) / 25
  }
}' | container --top 4 -
