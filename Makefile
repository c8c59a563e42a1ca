# `make run` and `make test` need Python 3.11 or later and make, nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# A machine may forbid compiled modules: each process of a run would then compile all of them anew.
unexport PYTHONDONTWRITEBYTECODE

# Several processes learn at once, and numpy's threads would spin while they wait for each other.
test test-long coverage: export OPENBLAS_NUM_THREADS = 1

# Where `make interop` installs other people's libraries.
INTEROP := .interop

.PHONY: help run interop test test-long coverage lint audit format lock images bench bench-matching soak clean

help:  ## Show what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: $(VENV)/.run  ## Set everything up and start the bot (or its local preview)
	@exec $(BIN)/python -m bot run

test: $(VENV)/.dev  ## Set everything up and run the tests
	# Three at once on two cores: some of the time is waiting, for browsers, processes and sockets.
	$(BIN)/python -m pytest -n 3 --dist worksteal

test-long: $(VENV)/.dev  ## The tests that take many seconds each: before a release, and after a change near them
	$(BIN)/python -m pytest -n 2 --dist worksteal -m long

interop: $(VENV)/.dev $(INTEROP)/.installed  ## Other libraries (npm, PyPI) against the preview: after a change of bot/preview
	cp interop/programs/* $(INTEROP)/node/
	$(BIN)/python -m interop $(INTEROP)/python/bin/python $(INTEROP)/node

coverage: $(VENV)/.dev  ## The tests, and the lines that they leave out: half as long again
	$(BIN)/python -m pytest -n 3 --dist worksteal --cov --cov-report=term

lint: $(VENV)/.dev  ## Formatting, lint, types, and the direction of imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

audit: $(VENV)/.dev  ## Dependencies: locked, of an allowed licence, without a known weakness
	$(BIN)/python -m pip check --disable-pip-version-check
	$(BIN)/pip-licenses --summary --packages $$(sed -n 's/==.*//p' requirements/run.txt)
	$(BIN)/python -m requirements.audit

format: $(VENV)/.dev  ## Rewrite the code in the project's format
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

bench: $(VENV)/.bench  ## Measure the whole path under load, beside bare echoes
	$(BIN)/python -m benchmarks.load
	$(BIN)/python -m benchmarks.pages --beside

bench-matching: $(VENV)/.bench  ## Measure the matcher beside its peers (QUESTIONS=file.jsonl for others)
	$(BIN)/python -m benchmarks.matching $(QUESTIONS)

soak: $(VENV)/.dev  ## Faults, an attacker, 200 changes of the files, forged updates (see docs/soak.md)
	$(BIN)/python -m benchmarks.soak

lock: $(VENV)/bin/python  ## Choose the exact versions anew from pyproject.toml
	$(BIN)/pip install uv
	# What is measured beside us asks for older versions here and there: all environments agree on them.
	for extra in bench run dev; do \
		$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
			--no-emit-index-url --no-emit-find-links --upgrade --quiet \
			$$( [ $$extra = bench ] || echo --constraint requirements/bench.txt ) \
			--extra semantic $$( [ $$extra = run ] || echo --extra $$extra ) $$( [ $$extra != dev ] || echo --extra report ) pyproject.toml requirements/build.in -o requirements/$$extra.txt; \
	done

images:  ## Name the images of Dockerfile and compose.yaml by what their tags hold now (needs Docker)
	@for image in $$(sed -nE 's/^(FROM| +image:) ([a-z]+:[a-z0-9.-]+)(@sha256:[0-9a-f]+)?( .*)?$$/\2/p' Dockerfile compose.yaml | sort -u); do \
		digest=$$(docker buildx imagetools inspect --format '{{.Manifest.Digest}}' "$$image") || exit 1; \
		sed -i -E "s#($$image)(@sha256:[0-9a-f]+)?( |\$$)#\1@$$digest\3#" Dockerfile compose.yaml; \
		echo "$$image@$$digest"; \
	done

clean:  ## Remove what was set up (never data/)
	rm -rf $(VENV) $(INTEROP) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage*

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run $(VENV)/.dev $(VENV)/.bench: $(VENV)/.%: requirements/%.txt pyproject.toml | $(VENV)/bin/python
	# The lock names everything. Left to look for more, pip meets releases that came after it, and stops.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $<
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(INTEROP)/.installed: interop/package.json interop/requirements.txt
	@command -v node >/dev/null && command -v npm >/dev/null || { echo "Node 20 or later is needed, with npm (Debian: apt install nodejs npm)" >&2; exit 1; }
	$(PYTHON) -m venv $(INTEROP)/python
	$(INTEROP)/python/bin/python -m pip install --quiet --disable-pip-version-check -r interop/requirements.txt
	mkdir -p $(INTEROP)/node
	cp interop/package.json $(INTEROP)/node/
	npm install --prefix $(INTEROP)/node --no-package-lock --no-audit --no-fund --ignore-scripts --loglevel=error
	@touch $@
