# Everything a newcomer needs: `make demo`, `make test`. Python 3.11 and make are enough.
SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.8
DEMO ?= var/demo
# Great Expectations takes 16 s to import without bytecode and 4 s with it.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo up down roles tls test test-integration test-all test-distributed test-install test-containers check format lock env samples bench docs clean

$(VENV)/.installed: requirements.txt pyproject.toml setup.py
	"$(PYTHON)" -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	VIRTUAL_ENV="$(CURDIR)/$(VENV)" $(BIN)/uv pip sync --quiet --require-hashes --compile-bytecode requirements.txt
	VIRTUAL_ENV="$(CURDIR)/$(VENV)" $(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q plugins dags demo
	touch $@

demo: $(VENV)/.installed
	@$(BIN)/python -m demo --out "$(DEMO)"

up: $(VENV)/.installed
	@$(BIN)/python -m demo --out "$(DEMO)" --stay-up

down:
	@$(BIN)/python -m demo --out "$(DEMO)" --stop

# Each landlord's roles in the Airflow that this shell's AIRFLOW_… variables name (docs/sign-in.md).
roles: $(VENV)/.installed
	@$(BIN)/python -m due_regard.web.roles

# Every day, some five minutes on two cores: policies, assessment, reading, escalation, headlines, a DAG chain.
test: $(VENV)/.installed
	$(BIN)/python -m pytest -q -n 2 --dist worksteal -m "not integration"

# The rest: Great Expectations, packs, both databases, real Airflow, kills, journeys (tests/conftest.py says which and why).
# Three at a time on two cores: those with a real Airflow wait most of their time.
test-integration: $(VENV)/.installed
	$(BIN)/python -m pytest -q -rs -n 3 --dist worksteal -m integration

# Both, in their long forms.
test-all: $(VENV)/.installed
	DUE_REGARD_LONG_TESTS=1 $(BIN)/python -m pytest -q -n 2 --dist worksteal
	$(MAKE) test-distributed

# Two Airflows with CeleryExecutor, Redis (redis-server must be installed), PostgreSQL and an SFTP server, workers killed in
# the second; it says what it struck. Ten minutes on two cores that do nothing else: killed work waits a minute.
test-distributed: $(VENV)/.installed
	DUE_REGARD_DISTRIBUTED=1 $(BIN)/python -m pytest -q -s tests/journeys/test_distributed.py

# The wheel in an empty environment, its dependencies resolved anew over the network: the newest that it allows, then
# the oldest. make test takes those of this environment.
test-install: $(VENV)/.installed
	DUE_REGARD_INSTALL=highest $(BIN)/python -m pytest -q tests/deployment/test_package_install.py
	DUE_REGARD_INSTALL=lowest-direct $(BIN)/python -m pytest -q tests/deployment/test_package_install.py

# The containers themselves, by whichever Docker engine answers here: build, every DAG twice, a kill, an upgrade, a restore,
# then the same with workers (tests/containers). Without an engine nothing was tested, so it fails.
test-containers: $(VENV)/.installed
	@docker compose version >/dev/null 2>&1 && docker info >/dev/null 2>&1 || { \
	  echo "NOT RUN: no Docker engine with compose answers here (docker info); no container was started" >&2; exit 77; }
	DUE_REGARD_CONTAINERS=1 $(BIN)/python -m pytest -q -rs -n 0 tests/containers

check: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

define MAKE_ENV
import base64, os, pathlib, secrets, sys
# Containers do not run as root: root's files go to the number that the image names.
owner = os.getuid() or 50000
def filled(line):
    name, equals, value = line.partition("=")
    if line.startswith("#") or not equals or value:
        return line
    if name == "DUE_REGARD_UID":
        return f"{name}={owner}"
    secret = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode() if "FERNET" in name else secrets.token_hex(24)
    return f"{name}={secret}"
for name in ("var", "var/packs", "drops", "own", "backups"):
    folder = pathlib.Path(name)
    folder.mkdir(mode=0o700, exist_ok=True)
    os.chown(folder, owner, -1)
env, example = pathlib.Path(".env"), pathlib.Path(".env.example").read_text().splitlines()
there = env.read_text().splitlines() if env.exists() else []
had = {line.partition("=")[0] for line in there}
lacking = [line for line in example if line[:1] not in {"", "#"} and line.partition("=")[0] not in had]
if there and not lacking:
    sys.exit(".env is there already; move it away first if you want new secrets (the databases keep the old ones)")
env.touch(mode=0o600)
env.write_text("\n".join([*there, *map(filled, lacking if there else example)]) + "\n")
print(".env has every secret it needs; the folders var, drops, own and backups are there.")
endef
export MAKE_ENV

# Secrets and folders for docker-compose.yaml; never overwrites.
env:
	@"$(PYTHON)" -c "$$MAKE_ENV"

# A certificate for a trial of the proxy, signed by nobody, for HOST; never overwrites. Root's goes to the containers' user.
HOST ?= localhost
TLS ?= tls
tls:
	@test ! -e "$(TLS)/tls.key" || { echo "$(TLS) holds a certificate already; move it away first" >&2; exit 1; }
	@umask 077 && mkdir -p "$(TLS)" && openssl req -x509 -newkey rsa:2048 -nodes -days 90 -subj "/CN=$(HOST)" \
	  -addext "subjectAltName=DNS:$(HOST)" -keyout "$(TLS)/tls.key" -out "$(TLS)/tls.crt" 2>/dev/null
	@chown -R "$$(id -u | sed 's/^0$$/50000/')" "$(TLS)"
	@echo "$(TLS) holds a certificate for $(HOST), for 90 days; browsers warn of it."

# The sample drops, from their seed; the demo and the tests read what is committed.
samples: $(VENV)/.installed
	$(BIN)/python -m demo.samples

lock:
	$(BIN)/uv pip compile requirements.in -o requirements.txt --generate-hashes --python-version 3.11 --custom-compile-command 'make lock' --quiet
	$(BIN)/uv pip compile benchmarks/requirements.in -o benchmarks/requirements.txt --constraint requirements.txt --generate-hashes --python-version 3.11 --custom-compile-command 'make lock' --quiet

bench: $(VENV)/.installed
	VIRTUAL_ENV="$(CURDIR)/$(VENV)" $(BIN)/uv pip install --quiet --require-hashes -r benchmarks/requirements.txt
	$(BIN)/python -m benchmarks

# Pages generated from what they describe; a test fails while one is stale.
docs: $(VENV)/.installed
	DUE_REGARD_OWN_DIR= $(BIN)/due-regard policy rules --out docs/rules.md
	DUE_REGARD_OWN_DIR= $(BIN)/due-regard policy codes --out docs/codes.md

clean:
	rm -rf var .pytest_cache .mypy_cache .ruff_cache
