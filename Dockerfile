# Wheels are installed in stages where pip is; the images that run have no pip. BASE: see `make base-digest`.
#   docker build .                           the bot
#   docker build --build-arg LOCK=postgres . the bot, with the driver for PostgreSQL
#   docker build --target offline .          the offline generator, for a bot without a key
ARG BASE=python:3.13-slim

FROM ${BASE} AS build
ARG LOCK=run
COPY requirements/${LOCK}.lock /packages.lock
# wheels only: nothing that is fetched runs before it is in the image; pip's last act is to leave
RUN python -m venv /venv && \
    /venv/bin/pip install --no-cache-dir --only-binary :all: --require-hashes --requirement /packages.lock && \
    /venv/bin/pip uninstall --yes pip

FROM ${BASE} AS offline-build
COPY requirements/sandbox.lock /packages.lock
RUN python -m venv /venv && \
    /venv/bin/pip install --no-cache-dir --only-binary :all: --require-hashes --requirement /packages.lock && \
    /venv/bin/pip uninstall --yes pip

FROM ${BASE} AS offline
RUN python -c "import importlib.util, shutil, pathlib; \
    [shutil.rmtree(pathlib.Path(spec.origin).parent) for name in ('pip', 'ensurepip') \
     if (spec := importlib.util.find_spec(name)) and spec.origin]"
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin compose
COPY --from=offline-build /venv /venv
WORKDIR /app
COPY bot bot
COPY sandbox sandbox
RUN python -m compileall -q --invalidation-mode unchecked-hash bot sandbox
RUN chmod -R a+rX .
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER compose
STOPSIGNAL SIGTERM
# songs and tracks go with the container; whoever can reach it can have songs made, which cost nothing
ENTRYPOINT ["python", "-m", "sandbox", "generation"]
CMD ["--host", "0.0.0.0", "--host-name", "offline", "--port", "8700", "--key", "offline"]

# the last stage is what is built where no target is named
FROM ${BASE} AS bot
# what the base itself carries to install things with, and its copy inside the standard library
RUN python -c "import importlib.util, shutil, pathlib; \
    [shutil.rmtree(pathlib.Path(spec.origin).parent) for name in ('pip', 'ensurepip') \
     if (spec := importlib.util.find_spec(name)) and spec.origin]"
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin compose && \
    mkdir -m 700 /data && chown compose /data
COPY --from=build /venv /venv
WORKDIR /app
COPY bot bot
COPY cogs cogs
# each sound process is a new interpreter, and nothing can be written here later
RUN python -m compileall -q --invalidation-mode unchecked-hash bot cogs
# a clone made under a strict umask has files that its owner alone may read
RUN chmod -R a+rX .
# `data/…`, as .env.example has it, is the volume
RUN ln -s /data data
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    DATABASE_URL=sqlite+aiosqlite:////data/compose.db DATA_DIR=/data HEALTH_PORT=8080 LOG_FORMAT=json
USER compose
VOLUME /data
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ['HEALTH_PORT'] + '/healthz', timeout=4)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["python", "-m", "bot"]
CMD ["run"]
