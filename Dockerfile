# One image for every service of docker-compose.yaml: Python, the lock with its hashes, this repository.
FROM python:3.11-slim-bookworm

# The same uv as in the Makefile and the lock; a test compares.
ARG UV_VERSION=0.13.8
ENV PYTHONUNBUFFERED=1 \
    PATH=/opt/venv/bin:$PATH \
    VIRTUAL_ENV=/opt/venv \
    AIRFLOW_HOME=/opt/airflow \
    GX_ANALYTICS_ENABLED=false

RUN useradd --create-home --uid 50000 airflow \
    && python -m venv /opt/venv \
    && python -m pip install --no-cache-dir --disable-pip-version-check uv==${UV_VERSION} \
    && mkdir -p /opt/airflow/logs /opt/due-regard/var \
    && chown -R airflow:airflow /opt/airflow /opt/due-regard

WORKDIR /opt/due-regard
COPY requirements.txt ./
# Without bytecode Airflow's commands take 7 to 12 seconds instead of 2.
RUN uv pip sync --no-cache --require-hashes --compile-bytecode requirements.txt

COPY --chown=airflow:airflow pyproject.toml setup.py README.md LICENSE ./
COPY --chown=airflow:airflow plugins ./plugins
COPY --chown=airflow:airflow dags ./dags
COPY --chown=airflow:airflow include ./include
RUN uv pip install --no-cache --no-deps --no-build-isolation --editable . \
    && python -m compileall -q plugins dags

USER airflow
ENTRYPOINT []
CMD ["airflow", "version"]
