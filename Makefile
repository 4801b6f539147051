# Every verb sets up what it needs first; `make` alone lists the verbs.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help install serve test test-long integration crash cluster conformance test-endpoint test-uvicorn fmt check proto docs bench wheel clean

BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest
DATA ?= data
PORT ?= 9878
ARGS ?=
ENDPOINT ?=
ADMIN_URL ?=
SUITE ?=
ACCESS_KEY ?= $(O3_ACCESS_KEY)
SECRET_KEY ?= $(O3_SECRET_KEY)

# Keys reach the benchmark and the suites through the environment: never on a command line.
export BENCH_ACCESS_KEY = $(ACCESS_KEY)
export BENCH_SECRET_KEY = $(SECRET_KEY)

# Tests wait for disks and processes a third of their time and more: three at once for two cores.
AT_ONCE := $(shell echo $$(( ($$(nproc) * 3 + 1) / 2 )))
FAST_TESTS := $(wildcard tests/unit tests/contract tests/transcripts tests/sim)
# A store's or a cluster's folder, or the gateways of one elsewhere.
CONFORMANCE_STORE = $(if $(ENDPOINT),$(addprefix --endpoint ,$(ENDPOINT)) --admin-url "$(ADMIN_URL)",--data "$(DATA)")
PYTHON_CODE := gateway metadata hdds recon common cli sim bench tests $(wildcard conformance)

help:                 ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## */\t/' | expand -t 14

install:              ## .venv with the project and all development tools
	@scripts/setup dev

serve:                ## run the store; DATA=folder PORT=9878 ARGS=...
	@scripts/setup run
	@exec $(BIN)/o3 serve --data "$(DATA)" --port $(PORT) $(ARGS)

test: install         ## unit, contract, transcript and integration tests
	$(PYTEST) -n $(AT_ONCE) --dist loadfile $(FAST_TESTS) $(ARGS)
	$(if $(wildcard tests/integration),$(PYTEST) -n $(AT_ONCE) --dist loadfile tests/integration $(ARGS))

test-long: install    ## the tests that take minutes, the crash tests, and S3 on uvicorn's own HTTP protocol
	$(PYTEST) -n auto --dist loadfile -m "slow or crash" $(ARGS)
	$(MAKE) test-uvicorn

integration: install  ## only the integration tests
	$(PYTEST) -n $(AT_ONCE) --dist loadfile tests/integration $(ARGS)

crash: install        ## only the tests that kill -9 a server under load, or take its power away
	$(PYTEST) -m crash $(ARGS)

cluster: install      ## clusters of processes under faults: kill -9, SIGSTOP, partitions (as root, with iproute2)
	$(PYTEST) -m cluster $(ARGS)

test-endpoint: install ## our S3 tests against any endpoint: ENDPOINT=http://... ACCESS_KEY=... SECRET_KEY=...
	@test -n "$(ENDPOINT)" || { echo "usage: make test-endpoint ENDPOINT=http://host:port" >&2; exit 2; }
	$(PYTEST) tests/integration/s3 --endpoint "$(ENDPOINT)" $(ARGS)

test-uvicorn: install ## our S3 tests on uvicorn's own HTTP protocol, but for those listed with a reason
	$(PYTEST) -n auto --dist loadfile tests/integration/s3 --http uvicorn $(ARGS)

conformance: install  ## the public ceph/s3-tests against a running store or cluster: SUITE=path/to/clone DATA=its folder
	@test -n "$(SUITE)" || { echo "usage: make conformance SUITE=path/to/s3-tests DATA=data" >&2; exit 2; }
	$(BIN)/python -m conformance.run --suite "$(SUITE)" $(CONFORMANCE_STORE) $(ARGS)

fmt: install          ## format and sort imports (edits files)
	$(BIN)/ruff check --fix $(PYTHON_CODE)
	$(BIN)/ruff format $(PYTHON_CODE)

check: install        ## format, lint, types, import contracts, generated code (edits nothing)
	$(BIN)/ruff format --check $(PYTHON_CODE)
	$(BIN)/ruff check $(PYTHON_CODE)
	$(BIN)/mypy
	$(BIN)/pyright --project .
	$(BIN)/lint-imports
	scripts/check-proto

proto: install        ## generate Python from the .proto files
	scripts/proto

docs: install         ## writes the reference pages that code gives; commit the result
	$(BIN)/python -m trioxygen.gateway.s3.reference > docs/reference/s3-operations.md
	$(BIN)/python -m trioxygen.gateway.s3.supported > docs/reference/supported.md

bench: install        ## measure ENDPOINT=..., or without it a server of its own; ARGS=...
	$(BIN)/python -m bench $(if $(ENDPOINT),run --endpoint "$(ENDPOINT)",local) --out bench-result.json $(ARGS)

wheel: install        ## dist/*.whl and dist/*.tar.gz
	$(BIN)/python -m build --no-isolation --outdir dist

clean:                ## caches and build results; .venv and data stay
	rm -rf build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage htmlcov
	find $(PYTHON_CODE) proto -name __pycache__ -type d -prune -exec rm -rf {} +
