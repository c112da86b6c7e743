# Everything a newcomer needs: python3 (3.11 or newer), pip and make.
#
#   make demo       install, lint the fixtures, run them, print what was found beside what was observed
#   make test       the tests, without the slow ones
#   make test-all   all of them
#   make test-libraries   the tables of rules/models against JAX, TensorFlow, autograd, einops and SciPy (downloads them)
#   make lint       ruff, mypy and eiglint itself
#   make bench      times beside other tools (downloads what it compares with)
#   make accuracy   random programs: what is said of them beside what execution shows (long; PROGRAMS=500 for a glance)
#   make mutations  break what is proved invariant in published packages, and lint what moves (downloads them; long)
#   make bench-runtime   what watch costs, beside anomaly mode (about 6 minutes)

PYTHON ?= python3
VENV ?= .venv
# By exact version: a range would let the resolver fetch gigabytes of CUDA.
TORCH ?= torch==2.13.0
PROGRAMS ?= 5000

BIN := $(VENV)/bin
READY := $(VENV)/.ready
# In a place of their own: the libraries are large, and none is needed for anything else.
LIBRARIES := $(VENV)-libraries

.PHONY: venv demo test test-all test-libraries lint bench bench-runtime accuracy mutations clean

venv: $(READY)

$(READY): pyproject.toml Makefile
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "eiglint needs Python 3.11 or newer")'
	@echo "Installing into $(VENV)"
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -c 'import torch' 2>/dev/null || $(BIN)/python -m pip install --quiet $(TORCH)
	$(BIN)/python -m pip install --quiet --editable '.[runtime,flake8]' --group dev
	@touch $@

demo: $(READY)
	$(BIN)/eiglint check fixtures --exit-zero --statistics
	$(BIN)/python -m fixtures.compare
	$(BIN)/python -m fixtures.watched

test: $(READY)
	$(BIN)/python -m pytest -q -m "not slow and not network"

test-all: $(READY)
	$(BIN)/python -m pytest -q -m "not network"

test-libraries: $(LIBRARIES)/.libraries
	$(LIBRARIES)/bin/python -m pytest -q tests/models -rs -m "not slow and not network"

$(LIBRARIES)/.libraries: pyproject.toml Makefile
	$(MAKE) venv VENV=$(LIBRARIES)
	$(LIBRARIES)/bin/python -m pip install --quiet --group libraries
	@touch $@

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict eiglint
	$(BIN)/eiglint check eiglint

bench: $(READY)
	$(BIN)/python bench/static.py

bench-runtime: $(READY)
	$(BIN)/python bench/runtime.py

accuracy: $(READY)
	$(BIN)/python -m accuracy --programs $(PROGRAMS)

mutations: $(READY)
	$(BIN)/python -m pip install --quiet -r bench/mutations.txt
	$(BIN)/python -m pip install --quiet --no-deps -r bench/mutations-alone.txt
	$(BIN)/python bench/mutations.py --write

clean:
	rm -rf $(VENV) $(LIBRARIES) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
