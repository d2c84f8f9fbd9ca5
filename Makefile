# Two commands for everybody: `make run` and `make test`. `make help` lists the rest.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
ARGS ?=
UV := 0.13.9
LOCK := --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate

.PHONY: help port run test check check-types check-rest format messages docs fuzz lock bill screenshots bench chaos clean

help:  ## list these commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: port .venv/run  ## run the whole hotline with the demo city; Ctrl-C stops all of it
	@exec $(BIN)/python manage.py serve

port:
	@$(PYTHON) hotline/running/ready.py port

test: .venv/dev  ## run every test against real servers of their own; ARGS="-k flags" narrows
	@$(BIN)/python -m pytest $(ARGS)

fuzz: .venv/dev  ## send 10,000 requests that nobody would send to the API, and as many to the pages, as each role
	@$(BIN)/python -m pytest -q -s -n 0 $(ARGS) tests/fuzz/api.py tests/fuzz/forms.py

check: .venv/dev  ## formatting, lint, types, templates, floors of the house, migrations, translations, documents
	@$(MAKE) --no-print-directory --jobs 2 check-types check-rest

check-types: .venv/dev
	$(BIN)/mypy .

check-rest: .venv/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/djlint --quiet --check --lint templates
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python deploy/held.py
	$(BIN)/python manage.py translations
	$(BIN)/python manage.py spectacular --validate --fail-on-warn --file /dev/null
	$(BIN)/python manage.py write_docs --check
	$(BIN)/python deploy/supply.py check
	$(BIN)/python deploy/supply.py audit

format: .venv/dev  ## put code in shape
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

messages: .venv/dev  ## bring the Chinese catalogue up to the source
	$(BIN)/python manage.py translations --update

docs: .venv/dev  ## write the generated documents again
	$(BIN)/python manage.py write_docs

lock:  ## pin what is required and all that it needs by digests, for every Python and platform
	$(PYTHON) -m venv .venv/lock && .venv/lock/bin/pip install --quiet --disable-pip-version-check uv==$(UV)
	.venv/lock/bin/uv pip compile $(LOCK) --output-file requirements.lock requirements.txt
	.venv/lock/bin/uv pip compile $(LOCK) --constraints requirements.lock --output-file requirements-dev.lock requirements-dev.txt

bill: .venv/dev  ## list what the product runs on, with digests, as CycloneDX
	@$(BIN)/python deploy/supply.py bill

screenshots: .venv/dev  ## photograph the pages for the README
	$(BIN)/python docs/screenshots/take.py

bench: .venv/run  ## measure the main pages; ARGS="--tickets 100000"; with --floor how far they are from it
	$(BIN)/python manage.py bench $(ARGS)

chaos: .venv/dev  ## kill, fill and flood a hotline of its own, and prove that nothing is lost; ARGS="--short"
	$(BIN)/python manage.py chaos $(or $(ARGS),--write)

clean:  ## throw away the environment and the demo data
	rm -rf .venv var

.venv/run: requirements.lock
	@PYTHON=$(PYTHON) $(PYTHON) hotline/running/ready.py python
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	@touch $@

.venv/dev: requirements-dev.lock
	@PYTHON=$(PYTHON) $(PYTHON) hotline/running/ready.py python
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-dev.lock
	@touch $@ .venv/run
