# Every target sets up what it needs; a fresh machine wants Python 3.11 or newer and make, nothing else.
SHELL := /bin/bash
PYTHON ?= python3
UV := UV_NO_CONFIG=1 UV_PYTHON_DOWNLOADS=never VIRTUAL_ENV=$(CURDIR)/.venv .venv/bin/uv
BIN := .venv/bin
STORE ?= local
SIZE ?= 500
COMPILE := pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url

.DEFAULT_GOAL := help
.PHONY: help demo test check lock bench format openapi fuzz fixture faults case-machine ledger-machine storm mutants clean

help:  ## List what can be made.
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.venv/ready: pyproject.toml requirements.lock uv.lock.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Sancai needs Python 3.11 or newer; name one with: make PYTHON=python3.11 …")'
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r uv.lock.txt
	$(UV) pip install --quiet --require-hashes --no-build --compile-bytecode -r requirements.lock
	$(UV) pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

demo: .venv/ready  ## Run the main job on real data: make demo [ONCE=1] [STORE=minio]
	@$(BIN)/sancai demo --store $(STORE) $(if $(ONCE),--once)

test: .venv/ready  ## Pass every test; obtains a real MinIO by itself.
	@$(BIN)/python -m pytest -n 2 $(PYTEST_ARGS)

check: .venv/ready  ## Lint, types, import contracts, lock and OpenAPI up to date.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PYTHONPATH=. $(BIN)/lint-imports
	$(BIN)/python -m tests.checks.lock_current
	$(BIN)/python -m tests.checks.openapi_current

format: .venv/ready  ## Format the code.
	$(BIN)/ruff check --fix --quiet . || true
	$(BIN)/ruff format --quiet .

openapi: .venv/ready  ## Write docs/openapi.json from the code.
	$(BIN)/python -m tests.checks.openapi_current --write

lock: .venv/ready  ## Renew both locks within what pyproject.toml allows.
	$(UV) $(COMPILE) --extra demo --group dev pyproject.toml -o requirements.lock
	$(UV) $(COMPILE) uv.in -o uv.lock.txt

fuzz: .venv/ready  ## Send SIZE made-up requests to each operation: make fuzz [SIZE=500].
	@SANCAI_FUZZ_SIZE=$(SIZE) $(BIN)/python -m pytest -n 2 tests/api/test_schemathesis.py $(PYTEST_ARGS)

case-machine: .venv/ready  ## Take SIZE random steps of cases against their model: make case-machine [SIZE=50000] [SEED=1].
	@$(BIN)/python -m tests.registry.awards.case_machine $(if $(filter file,$(origin SIZE)),50000,$(SIZE)) $(SEED)

ledger-machine: .venv/ready  ## Take SIZE random steps of vouchers and their ledger against a model: make ledger-machine [SIZE=50000] [SEED=1].
	@$(BIN)/python -m tests.registry.vouchers.ledger_machine $(if $(filter file,$(origin SIZE)),50000,$(SIZE)) $(SEED)

storm: .venv/ready  ## Let 64 workers send SIZE commands each at the edge of every cap: make storm [SIZE=20000] [SEED=1].
	@$(BIN)/python -m tests.registry.vouchers.storm $(if $(filter file,$(origin SIZE)),20000,$(SIZE)) $(SEED)

mutants: .venv/ready  ## Break our own code in known ways, each of which a named test must notice: make mutants [SIZE=5] [SEED=1].
	@$(BIN)/python -m tests.mutants $(if $(filter file,$(origin SIZE)),,--size $(SIZE)) $(if $(SEED),--seed $(SEED))

fixture: .venv/ready  ## Renew the database of this release for the upgrade test; before the release, never after.
	$(BIN)/python -m tests.checks.release_fixture --write

bench: .venv/ready  ## Measure: make bench SUITE=start|publish|… [SIZE=64], in the unit of the suite.
	@$(if $(filter file,$(origin SIZE)),,SANCAI_BENCH_SIZE=$(SIZE)) $(BIN)/python -m benchmarks $(SUITE)

faults: .venv/ready  ## Kill and break things at seeded points: make faults SUITE=publish|ledger [SIZE=126, of the ledger 200] [SEED=1] [POINT=7].
	@$(BIN)/python -m tests.faults $(SUITE) $(if $(filter file,$(origin SIZE)),,--size $(SIZE)) $(if $(SEED),--seed $(SEED)) $(if $(POINT),--point $(POINT))

clean:  ## Remove what was built here.
	rm -rf .venv build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
