# SPDX-License-Identifier: Apache-2.0
# Ten images of ten kinds, each built twice in different environments: the same, byte for byte.
# shellcheck shell=bash disable=SC2154,SC2034
need git
use_base
export GIT_CONFIG_GLOBAL=$T/gitconfig
git config --file gitconfig user.name e2e
git config --file gitconfig user.email e2e@localhost
mkdir -p ctx/src/deep/deeper && cd ctx
for n in 1 2 3 4 5 6 7 8 9; do echo "part $n" >src/part$n && cp src/part$n src/deep/p$n && ln -s ../part$n src/deep/link$n; done
chmod 750 src/deep/deeper && ln src/part1 src/hard && printf '#!/bin/sh\necho "hello from $0"\n' >src/tool && chmod 755 src/tool
tar --sort=name --mtime=@1 -czf src.tgz -C src .
git init -q . && git add . && git commit -qm one
cd ..
count=0
# The Dockerfile is standard input.
reproduces() {
  count=$((count + 1))
  cat >ctx/Dockerfile && slipway reproduce "$@" ctx >said 2>log || { cat ctx/Dockerfile said log; fail "image $count does not reproduce"; }
  contains said 'reproducible: '
}
# Checklist S12: reproducible layers
reproduces <<END
# Files alone, on nothing.
FROM scratch
COPY src /srv
COPY --chmod=0444 --chown=7:8 src/part1 /etc/one
ENTRYPOINT ["/srv/tool"]
END
reproduces <<END
# Built in one stage, shipped from another.
FROM $base AS build
WORKDIR /make
COPY src .
RUN mkdir out && for f in part*; do sed s/part/made/ \$f > out/\$f; done
FROM scratch
COPY --from=build /make/out /srv
USER 1000
END
reproduces <<END
# An archive unpacked, and one made with its times and order pinned.
FROM $base
ADD src.tgz /srv/
RUN cd /srv && find . -type f | sort > /names && tar -cf /all.tar \$(cat /names) && rm /names && touch -d @1 /all.tar && tar -tf /all.tar > /listed && rm /all.tar
END
reproduces <<END
# A package list, users and directories, as installers leave them.
FROM $base
RUN mkdir -p /var/lib/app /etc/app.d && echo 'app:x:1000:1000::/home/app:/bin/sh' >> /etc/passwd && mkdir /home/app && chown 1000:1000 /home/app
RUN echo one > /etc/app.d/10 && echo two > /etc/app.d/20 && cat \$(ls /etc/app.d/* | sort) > /etc/app.conf
USER app
END
reproduces <<END
# Heredocs, in files and in steps.
FROM $base
COPY <<one <<two /srv/
first
one
second
two
RUN <<script
set -e
mkdir -p /opt/bin
cat /srv/one /srv/two > /opt/bin/both
chmod 700 /opt/bin/both
script
END
reproduces --build-arg WHO=world <<END
# Arguments, labels and settings.
FROM $base
ARG WHO=nobody
ARG SOURCE_DATE_EPOCH
LABEL org.opencontainers.image.title="greeting" who="\$WHO"
ENV GREETING="hello \$WHO" BUILT_AT=\$SOURCE_DATE_EPOCH
RUN echo "\$GREETING at \$BUILT_AT" > /greeting
EXPOSE 80/tcp 53/udp
VOLUME /data
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s CMD ["true"]
END
reproduces <<END
# Mounts of every kind leave nothing behind.
FROM $base
RUN --mount=type=bind,source=src,target=/in --mount=type=tmpfs,target=/tmp --mount=type=cache,target=/cache cp /in/part* /tmp/ && cat /tmp/part* > /cache/x && cp /cache/x /srv-all && touch /tmp/y
END
reproduces <<END
# Links, hard and soft, devices' neighbours: fifos, empty directories, odd modes and names.
FROM $base
RUN mkdir -p /srv/empty /srv/sticky && chmod 1777 /srv/sticky && mkfifo /srv/pipe && ln -s nowhere /srv/dangling
RUN echo x > "/srv/a b" && ln "/srv/a b" /srv/hard && touch /srv/\$(printf 'caf\303\251') && chmod 4755 /srv/hard
END
reproduces <<END
# What one layer adds another takes away or replaces.
FROM $base
COPY src /srv
RUN rm -r /srv/deep && rm /srv/part2
RUN mkdir /srv/deep && echo new > /srv/deep/p1 && mv /srv/part3 /srv/part2
COPY src/part9 /srv/part1
END
reproduces <<END
# Compressed files without a name and a time in them; stages in parallel, joined in order.
FROM $base AS a
COPY src/part1 src/part2 /in/
RUN mkdir /out && cat /in/* | gzip -n > /out/a.gz
FROM $base AS b
COPY src/part3 src/part4 /in/
RUN mkdir /out && cat /in/* | gzip -n > /out/b.gz
FROM $base
COPY --link --from=a /out /srv/
COPY --link --from=b /out /srv/
WORKDIR /srv/work
END
same $count 10
nothing_mounted
