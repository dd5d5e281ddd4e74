# One word for every task. `make help` lists them.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export LAOKE_HOME ?= $(CURDIR)/var
ARGS ?=

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the tasks
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

# The environment: made anew when a lock file changes. The stamp is written last, so an interrupted install is repeated.
$(VENV)/.run: requirements/base.txt pyproject.toml
	$(PYTHON) tools/check_python.py
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/base.txt -r requirements/build.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.dev: $(VENV)/.run requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	touch $@

# Translations: compiled beside their sources whenever a .po file changes.
CATALOGUES := $(wildcard src/laoke/locale/*/LC_MESSAGES/*.po)
$(VENV)/.translations: $(VENV)/.run $(CATALOGUES)
	$(BIN)/python tools/compile_messages.py
	touch $@

.PHONY: install
install: $(VENV)/.run $(VENV)/.translations ## the environment alone: all that production needs

.PHONY: demo
demo: $(VENV)/.run $(VENV)/.translations ## environment, database, a small shop, web and worker: ready to use
	$(BIN)/laoke demo $(ARGS)

.PHONY: test
test: $(VENV)/.dev $(VENV)/.translations ## all tests (ARGS="-k name" narrows)
	$(BIN)/python -m tools.chromium
	$(BIN)/python -m pytest -n auto $(ARGS)

.PHONY: check
check: $(VENV)/.dev $(VENV)/.translations ## format, lint, types, import directions, translations, docs build
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/check_messages.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

.PHONY: fix
fix: $(VENV)/.dev ## format and mend what a machine can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: bench
bench: $(VENV)/.dev $(VENV)/.translations ## the figures, full size; results in benchmarks/results/
	$(BIN)/python -m benchmarks $(ARGS)

.PHONY: screenshots
screenshots: $(VENV)/.dev $(VENV)/.translations ## every page as a picture: docs/images/ and var/screenshots/
	$(BIN)/python -m tools.chromium
	$(BIN)/python -m tools.screenshots $(ARGS)

.PHONY: lock
lock: $(VENV)/.dev ## renew the hash-pinned requirements from the .in files
	$(BIN)/python tools/lock.py $(ARGS)

.PHONY: clean
clean: ## remove the environment and build products (data in var/ stays)
	rm -rf $(VENV) site dist .mypy_cache .ruff_cache .pytest_cache
