# Two commands for a new clone: `make demo` and `make test`. Everything is installed into .venv/.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export HF_HUB_OFFLINE ?= 1
INSTALL = pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: setup demo test check format

# A sweep whose cells failed is done for DVC: only by force does it try them again, and nothing else.
GRIDS = $(shell sed -n 's/^grids: *\[\(.*\)\]/\1/p' params.yaml | tr , ' ')
RETRY = $(if $(shell grep -ls '"status": "failed"' results/*/manifest.json),--force --no-run-cache)

demo: .venv/.run  ## answer the questions of params.yaml, say what was found and where the reports are
	@dvc repro $(RETRY); code=$$?; for grid in $(GRIDS); do \
	  echo; python -m reports.verdict grid=$$grid && echo "Report  results/$$grid.html"; \
	done; exit $$code

setup: .venv/.test  ## everything, for running, testing and checking

test: .venv/.test  ## the whole suite
	pytest -n 2 --dist worksteal

check: .venv/.test  ## formatting, lint, types, import contracts
	ruff format --check
	ruff check
	mypy
	lint-imports

format: .venv/.test
	ruff check --fix
	ruff format

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/.run: pyproject.toml constraints.txt | .venv/bin/python
	$(INSTALL) --editable .
	@touch $@

.venv/.test: .venv/.run
	$(INSTALL) --editable '.[test]'
	@touch $@
