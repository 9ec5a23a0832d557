# make run    a server at http://127.0.0.1:18880, from nothing but Python     make help    everything else

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
CLAUDE_INSTALLED := $(VENV)/.installed-claude
DEV_INSTALLED := $(VENV)/.installed-dev
PIP_INSTALL := $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --require-hashes

# Linters and tests know nothing of the developer's own settings, and leave the developer's own data alone.
CLEAN_ROOM := KAKOCLAW_ENV_FILE=/dev/null KAKOCLAW_HOME=$(abspath $(VENV))/home

.PHONY: run run-distributed setup claude test lint schema messages format bench lock help clean
.DEFAULT_GOAL := help

run-distributed: $(INSTALLED) ## Serve with PostgreSQL, Redis, two web processes and two workers, to try it.
	@$(BIN)/python manage.py distributed

run: $(INSTALLED) ## Install, set up, and serve. PYTHON, HOST, PORT and KAKOCLAW_HOME override.
	@$(BIN)/python manage.py setup
	@exec $(BIN)/python manage.py serve --take-terminal

setup: $(INSTALLED) ## Install and set up, without serving.
	@$(BIN)/python manage.py setup

claude: $(CLAUDE_INSTALLED) ## Add the Claude CLI for the agent claude, some 400 MB.

test: $(DEV_INSTALLED) ## Run every test: ARGS="-k cancel" chooses some.
	@PYTHON=$(BIN)/python sh tests/run.sh $(ARGS)

lint: $(DEV_INSTALLED) ## Check style, types, import contracts, migrations, the API's schema and deployment settings.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(CLEAN_ROOM) $(BIN)/mypy
	$(CLEAN_ROOM) $(BIN)/lint-imports --no-cache
	$(CLEAN_ROOM) $(BIN)/python manage.py makemigrations --check --dry-run
	$(CLEAN_ROOM) $(BIN)/python manage.py spectacular --fail-on-warn --validate | diff -u docs/openapi.yaml - || \
		{ echo "The API is not what docs/openapi.yaml says: see the difference, then make schema" >&2; exit 1; }
	$(CLEAN_ROOM) KAKOCLAW_HTTPS=1 $(BIN)/python manage.py check --deploy --fail-level WARNING

schema: $(DEV_INSTALLED) ## Write the API's schema to docs/openapi.yaml.
	$(CLEAN_ROOM) $(BIN)/python manage.py spectacular --fail-on-warn --validate --file docs/openapi.yaml

messages: $(INSTALLED) ## Take the words of the code into the catalogs of Japanese and Spanish. Needs GNU gettext.
	$(CLEAN_ROOM) $(BIN)/python manage.py messages

format: $(DEV_INSTALLED) ## Format the code and mend what the linter can.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(DEV_INSTALLED) ## Measure latency, throughput and memory: ARGS are the benchmarks' own.
	@$(CLEAN_ROOM) $(BIN)/python -m benchmarks $(ARGS)

lock: $(DEV_INSTALLED) ## Write the exact versions of requirements*.txt to requirements*.lock.
	for name in requirements requirements-claude requirements-dev; do \
		$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
			--no-emit-index-url --no-emit-find-links --upgrade $$name.txt --output-file $$name.lock || exit 1; \
	done

clean: ## Remove the virtual environment and caches; data in var/ stays.
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## Show this.
	@sed -n 's/^\([a-z-]*\):.*## /  make \1 /p' Makefile | awk '{ name = $$2; $$1 = $$2 = ""; printf "  make %-16s%s\n", name, $$0 }'

$(INSTALLED): requirements.lock
	@PYTHON="$(PYTHON)" sh .ci/venv $(VENV)
	@echo "Installing into $(VENV) (the first time takes a minute or two)"
	@$(PIP_INSTALL) -r requirements.lock
	@touch $@

$(CLAUDE_INSTALLED): requirements-claude.lock
	@PYTHON="$(PYTHON)" sh .ci/venv $(VENV)
	@echo "Installing the Claude CLI into $(VENV) (a minute or two)"
	@$(PIP_INSTALL) -r requirements-claude.lock
	@touch $@ $(INSTALLED)

$(DEV_INSTALLED): requirements-dev.lock
	@PYTHON="$(PYTHON)" sh .ci/venv $(VENV)
	@echo "Installing into $(VENV) what tests and linters need"
	@$(PIP_INSTALL) -r requirements-dev.lock
	@touch $@ $(INSTALLED) $(CLAUDE_INSTALLED)
