# Two stages: wheels are installed where pip is, the image that runs has neither pip's cache nor a shell's worth of tools.
ARG BASE=python:3.13-slim

FROM ${BASE} AS build
COPY requirements/run.lock /run.lock
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes --requirement /run.lock

FROM ${BASE}
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin compose && mkdir /data && chown compose /data
COPY --from=build /venv /venv
WORKDIR /app
COPY bot bot
COPY cogs cogs
# a clone made under a strict umask has files that its owner alone may read
RUN chmod -R a+rX .
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    DATABASE_URL=sqlite+aiosqlite:////data/compose.db DATA_DIR=/data HEALTH_PORT=8080 LOG_FORMAT=json
USER compose
VOLUME /data
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ['HEALTH_PORT'] + '/healthz', timeout=4)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["python", "-m", "bot"]
CMD ["run"]
