# One image for every service of docker-compose.yaml: Python, the lock with its hashes, this repository.
FROM python:3.11-slim-bookworm

# The same uv as in the Makefile and the lock; a test compares.
ARG UV_VERSION=0.13.8
ENV PYTHONUNBUFFERED=1 \
    PATH=/opt/venv/bin:$PATH \
    VIRTUAL_ENV=/opt/venv \
    AIRFLOW_HOME=/opt/airflow \
    HOME=/opt/airflow \
    USER=airflow \
    GX_ANALYTICS_ENABLED=false

# A container runs as the person who starts it, a number that no user here has: group 0 may write Airflow's folder.
RUN python -m venv /opt/venv \
    && python -m pip install --no-cache-dir --disable-pip-version-check uv==${UV_VERSION} \
    && mkdir -p /opt/airflow/logs /opt/due-regard/var \
    && chmod -R g+rwX /opt/airflow

WORKDIR /opt/due-regard
COPY requirements.txt ./
# Without bytecode Airflow's commands take 7 to 12 seconds instead of 2.
RUN uv pip sync --no-cache --require-hashes --compile-bytecode requirements.txt

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
