# On a fresh machine with Python 3.11 and make: `make demo` runs the main job, `make test` the tests.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin

.PHONY: install demo models test coverage fuzz faults test-slow test-backends test-versions test-lowest check docs format upgrade lock clean

install: .venv/installed

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[test,check,docs]'
	touch $@

demo: install
	$(BIN)/python train.py pooling=cap

# Pretrained weights, into $SEDPOOL_DATA or data/; tests that need them are skipped where they are not.
models: install
	$(BIN)/sedpool models get aisfx

test: install
	$(BIN)/pytest -n auto

coverage: install
	$(BIN)/pytest -n auto --cov=sedpool --cov-report=term:skip-covered --cov-fail-under=85

# Damaged files of every format of labels and audio, 2,000 of each, and 500 damaged runs, packages, scores, stores and
# checkpoints, others every time; SEED=N repeats those of a run.
SEED ?= $(shell date +%s)
fuzz: install
	SEDPOOL_FUZZ=2000 SEDPOOL_FUZZ_RUNS=500 SEDPOOL_FUZZ_SEED=$(SEED) $(BIN)/pytest -n auto -rP \
		tests/formats/test_fuzz.py tests/audio/test_fuzz.py tests/test_fuzz.py

# Every test of a fault, slow ones too, and docs/faults-seen.md from what they saw; `make faults TESTS=fault_75` renews
# the rows of one.
faults: TESTS ?= fault_
faults: install
	$(BIN)/pytest -n auto --faults -m '' -k "$(TESTS)" tests

# Tests that take minutes, then every property with ten times as many examples.
test-slow: install
	$(BIN)/pytest -m slow
	SEDPOOL_EXAMPLES=thorough $(BIN)/pytest -n auto $(shell grep -rl "^@given" tests)

test-backends: .venv/backends
	for backend in tensorflow jax torch; do KERAS_BACKEND=$$backend $(BIN)/pytest tests/pooling || exit 1; done

.venv/backends: .venv/installed
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[jax,torch]'
	touch $@

# The tests (or those of them named by TESTS=) under every Python that is there, then with the oldest dependencies that
# pyproject.toml admits. With pyenv: `PYENV_VERSION=3.11:3.12:3.13 make test-versions`.
test-versions: test-3.11 test-3.12 test-3.13 test-lowest

test-3.%:
	@if ! python3.$* -c '' 2>/dev/null; then echo "Python 3.$* is not there: skipped"; else set -ex; \
	python3.$* -m venv .venv-3.$*; \
	.venv-3.$*/bin/pip install --quiet --constraint constraints.txt --editable '.[test]'; \
	.venv-3.$*/bin/pytest -n auto $(TESTS); fi

# The oldest versions meet the newest of what they need in turn, which warns that it will not bear them for ever. Golden
# tests compare texts and bits as the versions of constraints.txt write them.
test-lowest:
	$(PYTHON) -m venv .venv-lowest
	grep -oE '"[A-Za-z0-9_-]+>=[0-9.]+' pyproject.toml | tr -d '"' | sed 's/>=/==/' > .venv-lowest/lowest.txt
	.venv-lowest/bin/pip install --quiet --constraint .venv-lowest/lowest.txt --editable '.[test]'
	.venv-lowest/bin/pytest -n auto -W ignore::DeprecationWarning --ignore tests/golden $(TESTS)

check: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/shape.py
	$(MAKE) docs

docs: install
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

format: install
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

upgrade: install
	$(BIN)/python scripts/upgrade.py
	$(MAKE) lock

# For releases: the versions of constraints.txt with the hashes of all their files, for every Python and system.
lock:
	$(PYTHON) -m venv .venv-lock
	.venv-lock/bin/pip install --quiet uv
	.venv-lock/bin/uv pip compile pyproject.toml --constraint constraints.txt --universal --python-version 3.11 \
		--generate-hashes --no-annotate --no-header --no-emit-index-url --quiet --output-file requirements.lock

clean:
	rm -rf .venv .venv-* build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache
