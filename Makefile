# On a fresh machine with Python 3.11 and make: `make demo` runs the main job, `make test` the tests.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin

.PHONY: install demo test coverage test-slow test-backends check docs format clean

install: .venv/installed

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[test,check,docs]'
	touch $@

demo: install
	$(BIN)/python train.py pooling=cap

test: install
	$(BIN)/pytest -n auto

coverage: install
	$(BIN)/pytest -n auto --cov=sedpool --cov-report=term:skip-covered --cov-fail-under=85

test-slow: install
	$(BIN)/pytest -m slow

test-backends: .venv/backends
	for backend in tensorflow jax torch; do KERAS_BACKEND=$$backend $(BIN)/pytest tests/pooling || exit 1; done

.venv/backends: .venv/installed
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[jax,torch]'
	touch $@

check: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) docs

docs: install
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

format: install
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache
