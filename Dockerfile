# One image for every service of docker-compose.yaml: Python, the lock with its hashes, this repository.
FROM python:3.11-slim-bookworm

# The same uv as in the Makefile and the lock; a test compares.
ARG UV_VERSION=0.13.8
# One store of certificates for whatever opens TLS: pip and uv below, mail and sign-in later.
ENV PYTHONUNBUFFERED=1 \
    PATH=/opt/venv/bin:$PATH \
    VIRTUAL_ENV=/opt/venv \
    AIRFLOW_HOME=/opt/airflow \
    HOME=/opt/airflow \
    USER=airflow \
    SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt \
    REQUESTS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt \
    GX_ANALYTICS_ENABLED=false

# The build secrets `ca` and `index` may be absent (docs/runbook.md). The certificate stays in the image, for it is public
# and mail needs it, too; the index's address, which may hold a password, is in no layer.
RUN --mount=type=secret,id=ca \
    if [ -s /run/secrets/ca ]; then \
        grep -q "BEGIN CERTIFICATE" /run/secrets/ca || { echo "DUE_REGARD_CA_FILE names no certificate in PEM form" >&2; exit 1; }; \
        install -m 644 /run/secrets/ca /usr/local/share/ca-certificates/corporate.crt && update-ca-certificates; \
    fi

# A container runs as the person who starts it, a number that no user here has: group 0 may write Airflow's folder.
RUN --mount=type=secret,id=index \
    if [ -s /run/secrets/index ]; then export PIP_INDEX_URL="$(cat /run/secrets/index)"; fi \
    && python -m venv /opt/venv \
    && python -m pip install --no-cache-dir --disable-pip-version-check uv==${UV_VERSION} \
    && mkdir -p /opt/airflow/logs /opt/due-regard/var \
    && chmod -R g+rwX /opt/airflow

WORKDIR /opt/due-regard
COPY requirements.txt ./
# Without bytecode Airflow's commands take 7 to 12 seconds instead of 2.
RUN --mount=type=secret,id=index \
    if [ -s /run/secrets/index ]; then export UV_DEFAULT_INDEX="$(cat /run/secrets/index)"; fi \
    && uv pip sync --no-cache --require-hashes --compile-bytecode requirements.txt

COPY pyproject.toml setup.py README.md LICENSE ./
COPY plugins ./plugins
COPY dags ./dags
COPY include ./include
COPY deploy ./deploy
RUN uv pip install --no-cache --no-deps --no-build-isolation --editable . \
    && python -m compileall -q plugins dags

USER 50000:0
# Whatever is written, by whichever library, is its owner's alone.
ENTRYPOINT ["/bin/sh", "-c", "umask 077 && exec \"$@\"", "sh"]
CMD ["airflow", "version"]
