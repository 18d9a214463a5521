# Everything a person or CI does here. `make demo` and `make test` need nothing done before them.

PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# Install Debian packages, where there are such and we may.
install = { command -v apt-get >/dev/null && \
	run=$$([ "$$(id -u)" = 0 ] || echo "sudo -n") && $$run apt-get update -q && \
	DEBIAN_FRONTEND=noninteractive $$run apt-get install -q -y --no-install-recommends $(1); }

.PHONY: setup demo test check format bench locks documents tools secrets clean

setup: .venv/.runtime  ## .venv/bin/racktwin, ready to run

demo: setup  ## a simulated fleet with everything embedded: opens on the address it prints
	$(BIN)/racktwin demo

# An API schema that changed is a failing test; `make documents` writes it anew. What is accepted is
# run as it is; what is covered must be covered by the tests of its own.
CORES := -n logical --dist worksteal
test: check tools  ## everything that CI judges
	rm -f .coverage .coverage.*
	$(BIN)/python -m pytest $(CORES) tests/acceptance
	$(BIN)/coverage run -m pytest $(CORES) --ignore=tests/acceptance
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --include='twin/*,schemas/*' --fail-under=100
	$(BIN)/coverage report --fail-under=95

check: .venv/.dev  ## the house rules: format, lint, types, imports, sizes, mirror
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python .ci/mirror.py
	$(BIN)/python .ci/sizes.py

format: .venv/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup  ## the benchmarks, as ratios measured in one run
	$(BIN)/racktwin bench

documents: .venv/.dev  ## OpenAPI, AsyncAPI and the fault catalogue, written anew from the code
	$(BIN)/python -m services.api.documents
	$(BIN)/python -m services.cli.handbook

LOCK := uv pip compile --generate-hashes --no-emit-index-url --python-version 3.11 --quiet
locks:  ## the lock files, with hashes and without addresses
	$(LOCK) pyproject.toml --extra embedded -o requirements.lock
	$(LOCK) pyproject.toml --extra embedded --group dev -o requirements-dev.lock
	$(LOCK) deploy/build.in -o deploy/build.lock

secrets:  ## random secrets for docker compose, where there are none yet
	sh deploy/make-secrets.sh

clean:
	rm -rf .venv .coverage .coverage.* .hypothesis .mypy_cache .ruff_cache .pytest_cache

# What the tests need beside Python. Installed where that is allowed; a test that misses one says
# so, and fails where CI is set.
TOOLS := mosquitto mosquitto_sub chromium curl influxd victoria-metrics openssl
PACKAGES := mosquitto mosquitto-clients chromium curl influxdb victoria-metrics openssl
tools:
	@missing=; for tool in $(TOOLS); do \
		PATH=$$PATH:/usr/sbin command -v $$tool >/dev/null || missing="$$missing $$tool"; done; \
	[ -z "$$missing" ] || $(call install,$(PACKAGES)) || \
		echo "missing:$$missing (apt-get install $(PACKAGES))"

.venv/bin/python:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "racktwin needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 ..."; exit 1; }
	@"$(PYTHON)" -m venv .venv >/dev/null || { rm -rf .venv; \
		$(call install,python3-venv) && "$(PYTHON)" -m venv .venv; } || { rm -rf .venv; \
		echo "this Python has no venv module: apt-get install python3-venv"; exit 1; }

.venv/.runtime: .venv/bin/python requirements.lock pyproject.toml
	$(BIN)/pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --no-deps -e .
	@touch $@

.venv/.dev: .venv/.runtime requirements-dev.lock
	$(BIN)/pip install --quiet --require-hashes -r requirements-dev.lock
	@touch $@
