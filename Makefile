# HiveWP: make up | test | check | chaos     (needs git, make and Python >= 3.11; everything else is fetched on first use)
.DEFAULT_GOAL := help
SHELL := /bin/sh

# The first Python on PATH that runs and is new enough; a broken shim is passed over.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.14 /usr/bin/python3 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo "$$p"; break; }; done)
READY := .venv/.ready
BIN := .venv/bin

# Compiled once: a run of the tests starts Python some hundred times.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help up test check format synth sizes bench chaos soak clean
help: ## this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

$(READY): pyproject.toml uv.lock local/ministack/uv.lock local/install.py
	@test -n "$(PYTHON)" || { echo "HiveWP needs Python 3.11 or newer on PATH" >&2; exit 1; }
	@"$(PYTHON)" local/install.py

up: $(READY) ## start the whole product on this machine (Ctrl-C stops it, state is kept)
	@exec $(BIN)/hivewp up $(ARGS)

# one process more than cores: many tests wait for what other processes do
test: $(READY) ## all tests, end to end included
	@$(BIN)/python -m pytest -n 3 --dist loadfile $(ARGS)

check: $(READY) ## format, lint, types, import rules, unit tests
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest -q -n logical tests/unit

format: $(READY) ## put the code into its one format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

synth: $(READY) ## the templates of a stage into cdk.out/, without AWS or docker; STAGE=prod
	@$(BIN)/python -m infra $(if $(STAGE),stage=$(STAGE)) $(CONTEXT)

sizes: $(READY) ## what the functions' bundles weigh
	@$(BIN)/python -m infra.sizes

bench: $(READY) ## the benchmark of docs/performance.md, as JSON
	@$(BIN)/hivewp bench $(ARGS)

chaos: $(READY) ## break the running product in every way there is a drill for; writes docs/reliability.md
	@$(BIN)/python -m local.chaos $(ARGS)

soak: $(READY) ## an hour of load and restarts: does anything grow? JSON
	@$(BIN)/hivewp soak $(ARGS)

clean: ## remove what set-up and runs made, except your data in .hivewp
	rm -rf .venv .venv-ministack .tools cdk.out .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
