# Each target creates .venv and installs what it needs by itself.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo run test check fast format docs bench clean

demo: .venv/runtime
	$(BIN)/photolib demo

run: .venv/runtime
	$(BIN)/photolib $(PHOTOS)

test: .venv/dev
	$(BIN)/pytest -n 2

check: .venv/dev fast
	$(BIN)/pytest -n 2

fast: .venv/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: .venv/dev
	$(BIN)/python -m tests.cli.page

bench: .venv/dev
	$(BIN)/python -m bench

clean:
	rm -rf .venv dist .mypy_cache .ruff_cache .pytest_cache

.venv/created:
	$(PYTHON) -c 'import sys; sys.exit("photolib needs Python 3.11 or newer: make PYTHON=python3.11 ...") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv .venv
	touch $@

.venv/runtime: .venv/created pyproject.toml constraints.txt
	$(PIP) --editable .
	touch $@

.venv/dev: .venv/created pyproject.toml constraints.txt
	$(PIP) --editable '.[dev]'
	touch .venv/runtime $@
