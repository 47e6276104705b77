# Two commands for a new clone: `make demo` and `make test`. Everything is installed into .venv/.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export HF_HUB_OFFLINE ?= 1
INSTALL = pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: setup demo test check format

demo: .venv/.run  ## answer the questions of params.yaml and say where the reports are
	@dvc repro --quiet || { dvc repro; exit 1; }

setup: .venv/.test  ## everything, for running, testing and checking

test: .venv/.test  ## the whole suite
	pytest -n 2

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
