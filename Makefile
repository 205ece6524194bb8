# Python 3.11 to 3.13 and make are all it takes. `make help` lists the commands.
# HOST, PORT and DATA_DIR work as variables of the environment or of make: make run PORT=9000

PYTHON ?=
VENV := .venv
PY := $(VENV)/bin/python
PIP_OPTIONS := --disable-pip-version-check --no-input --progress-bar off --quiet

.DEFAULT_GOAL := help
.PHONY: help run dev test lint format bench lock clean venv venv-dev

help: ## Show this list
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' \
	  | awk -F'|' '{ printf "%-14s %s\n", $$1, $$2 }'

run: venv ## Start the studio on http://127.0.0.1:8000
	@exec $(PY) manage.py studio

dev: venv ## The same with errors in the browser and a restart on each change
	@DEBUG=1 exec $(PY) manage.py studio --dev

test: venv-dev ## Run the tests, two at a time; ARGS="-k name" picks some
	@$(PY) -m pytest $(or $(ARGS),-n 2 --dist loadfile)

lint: venv-dev ## Format, lint, types, import rules, migrations
	@$(PY) -m ruff format --check --quiet . || { echo 'Run: make format'; exit 1; }
	@$(PY) -m ruff check --quiet .
	@$(PY) -m mypy
	@$(VENV)/bin/lint-imports --no-cache
	@DJANGO_SETTINGS_MODULE=tests.settings $(PY) manage.py makemigrations --check --dry-run

format: venv-dev ## Format the code
	@$(PY) -m ruff format --quiet .
	@$(PY) -m ruff check --fix --quiet .

bench: venv-dev ## Measure; prints a table and writes build/bench.json
	@exec $(PY) -m tests.bench $(ARGS)

lock: ## Resolve the dependencies again (needs uv)
	@command -v uv >/dev/null || { echo 'make lock needs uv: https://docs.astral.sh/uv/'; exit 1; }
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  pyproject.toml -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --extra dev pyproject.toml -c requirements.lock -o requirements-dev.lock

clean: ## Remove the environment and caches; DATA_DIR stays
	rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	find . -name __pycache__ -type d -not -path './var/*' -prune -exec rm -rf {} +

# What is installed is told by a copy of the lock file inside the environment, so the second
# start costs a comparison. The development lock holds the runtime's packages as well.

venv:
	@cmp -s requirements.lock $(VENV)/installed.lock && $(PY) -c '' 2>/dev/null \
	  || $(MAKE) --no-print-directory _install LOCK=requirements.lock

venv-dev:
	@cmp -s requirements-dev.lock $(VENV)/installed-dev.lock && $(PY) -c '' 2>/dev/null \
	  || $(MAKE) --no-print-directory _install LOCK=requirements-dev.lock

.PHONY: _install
_install:
	@set -e; \
	fits='import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'; \
	if ! $(PY) -c '' 2>/dev/null; then \
	  found=''; \
	  for name in $(if $(PYTHON),"$(PYTHON)",python3.13 python3.12 python3.11 python3 python); do \
	    if "$$name" -c "$$fits" >/dev/null 2>&1; then found="$$name"; break; fi; \
	  done; \
	  if [ -z "$$found" ]; then \
	    echo 'Takeroom needs Python 3.11, 3.12 or 3.13$(if $(PYTHON), and $(PYTHON) is none of them).' >&2; \
	    echo 'Install one, or name it: make run PYTHON=/path/to/python3' >&2; exit 1; \
	  fi; \
	  echo "Making $(VENV) with $$("$$found" --version)…"; \
	  rm -rf $(VENV); \
	  if ! "$$found" -m venv $(VENV) >$(VENV).log 2>&1; then \
	    cat $(VENV).log >&2; rm -rf $(VENV) $(VENV).log; \
	    echo "This Python cannot make environments: its venv or ensurepip is missing." >&2; \
	    echo "On Debian or Ubuntu: apt install python3-venv (or python3.12-venv, as the version is)." >&2; \
	    echo "Or name another Python: make run PYTHON=/path/to/python3" >&2; exit 1; \
	  fi; \
	  rm -f $(VENV).log; \
	fi; \
	echo "Installing $(LOCK)…"; \
	$(PY) -m pip install $(PIP_OPTIONS) --require-hashes -r $(LOCK); \
	cp requirements.lock $(VENV)/installed.lock; \
	if [ $(LOCK) = requirements-dev.lock ]; then cp $(LOCK) $(VENV)/installed-dev.lock; \
	else rm -f $(VENV)/installed-dev.lock; fi
