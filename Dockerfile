# The portal as an image: `docker build -t portal .`, or `docker compose up` (compose.yaml, docs/operation.md).

FROM python:3.13-slim-trixie AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /portal
RUN python -m venv /venv
# Exact versions, each checked against its hash (make lock).
COPY requirements.lock .
RUN /venv/bin/pip install --require-hashes -r requirements.lock
# The software bill of materials of the installed packages, in CycloneDX. The tool itself is not in the image.
RUN python -m venv /tools && /tools/bin/pip install cyclonedx-bom==7.5.0 \
    && /tools/bin/cyclonedx-py environment --output-reproducible --output-format JSON --output-file /sbom.cdx.json /venv/bin/python
COPY . .
# Hash and compress static files once. This needs no database and no key.
RUN /venv/bin/python manage.py collectstatic --noinput --verbosity 0 && /venv/bin/python -m compileall -q portal issues projects

FROM python:3.13-slim-trixie
LABEL org.opencontainers.image.title="Central Asia Environment and Cooperation Portal" \
      org.opencontainers.image.licenses="MIT"
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 MALLOC_ARENA_MAX=2 DATA_DIR=/data TMPDIR=/data
# manage.py backup and restore need the client programs, in the version of the database in compose.yaml.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends postgresql-client-17 \
    && rm -rf /var/lib/apt/lists/*
RUN groupadd --gid 10001 portal \
    && useradd --uid 10001 --gid portal --no-create-home --shell /usr/sbin/nologin portal \
    && install -d -o portal -g portal /data
COPY --from=build /venv /venv
COPY --from=build /portal /portal
COPY --from=build /sbom.cdx.json /portal/sbom.cdx.json
WORKDIR /portal
USER 10001:10001
VOLUME /data
EXPOSE 8000
# /healthz says that the process answers. /readyz also checks the database and the search index, for load balancers.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(u.Request('http://127.0.0.1:8000/healthz', headers={'Host': os.environ.get('PUBLIC_URL', '').strip('/ ').rpartition('/')[2] or os.environ.get('ALLOWED_HOSTS', '').split(',')[0] or 'localhost'}), timeout=4)"]
CMD ["gunicorn", "--bind", "0.0.0.0:8000"]
